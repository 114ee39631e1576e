"""What several rules of a room ask first, without I/O."""

from typing import Any
from uuid import UUID

from rooms.errors import Refused
from rooms.live.room_state import Facts, Happening, RoomState, Who


def happened(kind: str, **data: Any) -> Happening:
    """A line to be, with ids as the log holds them."""
    told = {name: str(one) if isinstance(one, UUID) else one for name, one in data.items()}
    return Happening(kind, told)


def on(is_on: bool) -> dict[str, bool]:
    """The switch of a line."""
    return {"on": is_on}


def check_moderates(who: Who, facts: Facts) -> None:
    """Raises `Refused` `not_allowed` for whoever does not moderate now."""
    if not facts.moderates(who):
        raise Refused("not_allowed")


def check_looks_after(who: Who, part: UUID, facts: Facts) -> None:
    """The class's teacher, or a moderator of a room it is in; raises `Refused` `not_allowed`."""
    if not (facts.teaches(who, part) or (part in facts.classes and facts.moderates(who))):
        raise Refused("not_allowed")


def check_open(room: RoomState) -> None:
    """Raises `Refused` `not_open` before the doors open, `room_closed` after they closed."""
    if room.phase == "ended":
        raise Refused("room_closed")
    if room.phase == "green":
        raise Refused("not_open")


def class_of_seat(room: RoomState, who: Who, facts: Facts) -> UUID:
    """The class for which this device may ask, vote and raise a hand now.

    The classroom screen may not: it is nobody's. Raises `Refused` `not_allowed`, `not_open`,
    `class_frozen`, `class_muted`.
    """
    found = facts.classes.get(who.part) if who.part is not None else None
    is_out = who.seat is None or who.is_screen or who.seat in room.banned
    if is_out or found is None or not found.is_in:
        raise Refused("not_allowed")
    check_open(room)
    check_class(room, found.part)
    return found.part


def check_class(room: RoomState, part: UUID) -> None:
    """Raises `Refused` `class_muted`, `class_frozen`."""
    now = room.of_class(part)
    if now.is_muted:
        raise Refused("class_muted")
    if now.is_frozen:
        raise Refused("class_frozen")
