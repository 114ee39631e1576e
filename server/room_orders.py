"""What is so in a room, as orders to its live process: who is off the stage, and when it is dark.

Every process gives the same orders; given twice they change nothing, and what they follow from is
in the database: a process that dies takes nothing of it along. A live process that was away comes
back with an empty stage.
"""

from collections.abc import Callable
from uuid import UUID

from media.errors import LiveError
from media.live.messages import Do, Done, Hide, Mute, RemoveCreator, RemoveMember, Stage
from rooms.live.protocol import Phase
from server.live_rooms import LiveRooms

# Nothing of the stage goes out then. Before it is live only those on it may watch at all.
DARK: frozenset[Phase] = frozenset({"paused"})


async def cut(live: LiveRooms, programme_id: UUID, room_id: UUID, member: UUID) -> bool:
    """Nothing of this member is sent or got any more; False: the live process did not hear it."""

    def removal(epoch: int) -> RemoveMember:
        return RemoveMember(room_id, epoch, member)

    return await _is_done(live, programme_id, room_id, removal)


async def _is_done(
    live: LiveRooms, programme_id: UUID, room_id: UUID, make: Callable[[int], Do]
) -> bool:
    try:
        await live.ask(programme_id, room_id, make, Done)
    except LiveError:
        return False
    return True


# Whose a peer connection is, whatever she calls it: a device's, a captioner's, a person's on all
# her devices, a sign-in's, a stream key's. What has several of these names ends with each of them;
# which of them still stand is known by the rows (`rooms/live/rights.py`).


def of_seat(seat_id: UUID) -> str:
    """What a device watches by, and a player with its token; a class's screen sends so too."""
    return f"seat:{seat_id}"


def of_captioner(captioner_id: UUID) -> str:
    """What a captioner watches by."""
    return f"captioner:{captioner_id}"


def of_person(person_id: UUID) -> str:
    """What somebody who is signed in watches by. What she sends goes with her place."""
    return f"person:{person_id}"


def of_sign_in(sign_in_id: UUID) -> str:
    """What a browser sends and watches by while it is signed in."""
    return f"sign-in:{sign_in_id}"


def of_key(key_id: UUID) -> str:
    """What a program sends by."""
    return f"key:{key_id}"


async def cut_creator(live: LiveRooms, programme_id: UUID, room_id: UUID, creator: str) -> bool:
    """Nothing is sent to or got from her any more; False as for `cut`."""

    def removal(epoch: int) -> RemoveCreator:
        return RemoveCreator(room_id, epoch, creator)

    return await _is_done(live, programme_id, room_id, removal)


def is_veil_due(stage: Stage | None, phase: Phase) -> bool:
    """Whether somebody on the stage may have to be hidden, or to come back."""
    tracks = stage.tracks if stage is not None else ()
    return any((one.state == "hidden") != (phase in DARK) for one in tracks)


async def veil(
    live: LiveRooms, programme_id: UUID, room_id: UUID, phase: Phase, hidden: frozenset[UUID]
) -> bool:
    """In a pause everybody on the stage is hidden; else those in `hidden`, who hid themselves.
    False: the live process did not hear all of it."""
    is_heard = True
    stage = live.stages.get(room_id)
    is_hidden = {one.member: one.state == "hidden" for one in (stage.tracks if stage else ())}
    for member, is_now in sorted(is_hidden.items()):
        wanted = phase in DARK or member in hidden
        if is_now != wanted:
            is_heard &= await hide(live, programme_id, room_id, member, is_hidden=wanted)
    return is_heard


async def hide(
    live: LiveRooms, programme_id: UUID, room_id: UUID, member: UUID, *, is_hidden: bool
) -> bool:
    """Nothing of this member's picture and sound goes out, or it goes on; False as for `cut`."""

    def hiding(epoch: int) -> Hide:
        return Hide(room_id, epoch, member, is_hidden)

    return await _is_done(live, programme_id, room_id, hiding)


async def unmute(live: LiveRooms, programme_id: UUID, room_id: UUID, member: UUID) -> None:
    """This member is heard again."""

    def unmuting(epoch: int) -> Mute:
        return Mute(room_id, epoch, member, is_muted=False)

    await _is_done(live, programme_id, room_id, unmuting)
