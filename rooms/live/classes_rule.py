"""A class as a whole, without I/O: hands, the stage, mute, removal, and the interlock."""

from uuid import UUID

from rooms.errors import Refused
from rooms.live import protocol
from rooms.live.room_rule import check_class, check_looks_after, check_moderates, check_open

from rooms.live.room_rule import class_of_seat, happened, on  # isort: skip
from rooms.live.room_state import Facts, Happening, RoomState, Who


def raise_hand(
    room: RoomState, who: Who, command: protocol.RaiseHand, facts: Facts
) -> tuple[Happening, ...]:
    """Raises `Refused` as for anything of a device."""
    part = class_of_seat(room, who, facts)
    if (who.seat in room.of_class(part).hands) == command.is_on:
        return ()
    return (happened("hand", part=part, seat=who.seat, **on(command.is_on)),)


def lower_hand(
    room: RoomState, who: Who, command: protocol.LowerHand, facts: Facts
) -> tuple[Happening, ...]:
    """Raises `Refused` `not_allowed`."""
    check_looks_after(who, command.part, facts)
    return _lowered(room, command.part, command.seat)


def _lowered(room: RoomState, part: UUID, seat: UUID | None) -> tuple[Happening, ...]:
    return tuple(
        happened("hand", part=part, seat=one, **on(False))
        for one in room.of_class(part).hands
        if seat in {None, one}
    )


def consent(
    room: RoomState, who: Who, command: protocol.Consent, facts: Facts
) -> tuple[Happening, ...]:
    """The teacher's alone, for this session. Raises `Refused` `not_allowed`."""
    if not facts.teaches(who, command.part):
        raise Refused("not_allowed")
    if room.of_class(command.part).has_consent == command.is_on:
        return ()
    agreed = happened("consent", part=command.part, **on(command.is_on))
    return (agreed, *(() if command.is_on else off_stage(room, command.part)))


def put_on_stage(
    room: RoomState, who: Who, command: protocol.PutOnStage, facts: Facts
) -> tuple[Happening, ...]:
    """Raises `Refused` `not_allowed`, `not_open`, `no_consent`, `class_frozen`, `class_muted`."""
    check_moderates(who, facts)
    found = facts.classes.get(command.part)
    if found is None or not found.is_in:
        raise Refused("not_allowed")
    check_open(room)
    if not room.of_class(command.part).has_consent:
        raise Refused("no_consent")
    check_class(room, command.part)
    if room.of_class(command.part).is_on_stage:
        return ()
    return (happened("class_on_stage", part=command.part, **on(True)),)


def cut(room: RoomState, who: Who, command: protocol.Cut, facts: Facts) -> tuple[Happening, ...]:
    """Raises `Refused` `not_allowed`."""
    check_looks_after(who, command.part, facts)
    return off_stage(room, command.part)


def off_stage(room: RoomState, part: UUID) -> tuple[Happening, ...]:
    """A class that is on the stage is not any more."""
    if not room.of_class(part).is_on_stage:
        return ()
    return (happened("class_on_stage", part=part, **on(False)),)


def mute_class(
    room: RoomState, who: Who, command: protocol.MuteClass, facts: Facts
) -> tuple[Happening, ...]:
    """Its hands go down and it is off the stage. Raises `Refused` `not_allowed`."""
    check_looks_after(who, command.part, facts)
    if room.of_class(command.part).is_muted == command.is_on:
        return ()
    muted = happened("class_muted", part=command.part, **on(command.is_on))
    if not command.is_on:
        return (muted,)
    return (muted, *_lowered(room, command.part, None), *off_stage(room, command.part))


def ban(room: RoomState, who: Who, command: protocol.Ban, facts: Facts) -> tuple[Happening, ...]:
    """A device that asked here or has its hand up. Raises `Refused` `not_allowed`."""
    part = _class_of(room, command.seat)
    if part is None:
        raise Refused("not_allowed")
    check_looks_after(who, part, facts)
    if command.seat in room.banned:
        return ()
    banned = happened("banned", part=part, seat=command.seat)
    return (banned, *_lowered(room, part, command.seat), *_silenced(room, command.seat))


def _class_of(room: RoomState, seat: UUID) -> UUID | None:
    """The class of a device of which something is known."""
    asked = {one.seat: one.part for one in room.questions.values()}
    raised = {one: part for part, now in room.classes.items() for one in now.hands}
    return asked.get(seat) or raised.get(seat)


def _silenced(room: RoomState, seat: UUID) -> tuple[Happening, ...]:
    """What a removed device has on its way goes nowhere."""
    waiting = {"asked", "held", "not_now", "passed", "declined"}
    return tuple(
        happened("question_moved", question=one.id, to="archived", by_moderator=False)
        for one in room.questions.values()
        if one.seat == seat and one.state in waiting
    )


def check_adults(room: RoomState, facts: Facts) -> tuple[Happening, ...]:
    """The interlock: a class without an adult freezes and is off the stage; it lifts with one."""
    done: list[Happening] = []
    for part, one in facts.classes.items():
        if one.is_in and room.of_class(part).is_frozen == one.has_adult:
            done.append(happened("class_frozen", part=part, **on(not one.has_adult)))
        if not (one.is_in and one.has_adult):
            done += off_stage(room, part)
    return tuple(done)
