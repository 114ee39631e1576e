"""What is so in a room, as orders to its live process: who is off the stage, and when it is dark.

Every process gives the same orders; given twice they change nothing. A live process that was away
comes back with an empty stage.
"""

import contextlib
from uuid import UUID

from media.errors import LiveError
from media.live.messages import Done, Hide, RemoveMember
from rooms.live.protocol import Phase
from server.live_rooms import LiveRooms

# Nothing of the stage goes out then. Before it is live only those on it may watch at all.
DARK: frozenset[Phase] = frozenset({"paused"})


async def cut(live: LiveRooms, programme_id: UUID, room_id: UUID, member: UUID) -> None:
    """Nothing of this member is sent or got any more."""

    def removal(epoch: int) -> RemoveMember:
        return RemoveMember(room_id, epoch, member)

    with contextlib.suppress(LiveError):
        await live.ask(programme_id, room_id, removal, Done)


async def veil(
    live: LiveRooms, programme_id: UUID, room_id: UUID, phase: Phase, veiled: set[UUID]
) -> set[UUID]:
    """In a pause everybody on the stage is hidden; returns who is by this.

    Live again, those come back; what a presenter had hidden herself does not.
    """
    stage = live.stages.get(room_id)
    tracks = stage.tracks if stage is not None else ()
    if phase in DARK:
        due = {one.member for one in tracks if one.state != "hidden"}
        after = veiled | due
    else:
        due, after = veiled & {one.member for one in tracks}, set[UUID]()
    for member in sorted(due):
        await _hide(live, programme_id, room_id, member, is_hidden=phase in DARK)
    return after


async def _hide(
    live: LiveRooms, programme_id: UUID, room_id: UUID, member: UUID, *, is_hidden: bool
) -> None:
    def hiding(epoch: int) -> Hide:
        return Hide(room_id, epoch, member, is_hidden)

    with contextlib.suppress(LiveError):
        await live.ask(programme_id, room_id, hiding, Done)
