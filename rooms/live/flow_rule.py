"""How a session goes, without I/O: phases, host, running order, timer and cues."""

from rooms.errors import Refused
from rooms.live import protocol
from rooms.live.protocol import Phase
from rooms.live.room_rule import check_moderates, happened
from rooms.live.room_state import Facts, Happening, RoomState, Who

WAYS: dict[Phase, frozenset[Phase]] = {
    "green": frozenset({"lobby", "live", "ended"}),
    "lobby": frozenset({"live", "ended"}),
    "live": frozenset({"paused", "ended"}),
    "paused": frozenset({"live", "ended"}),
    "ended": frozenset(),
}


def set_phase(
    room: RoomState, who: Who, command: protocol.SetPhase, facts: Facts
) -> tuple[Happening, ...]:
    """Who opens first is the host. Raises `Refused` `not_allowed`, `not_now`."""
    check_moderates(who, facts)
    if room.phase == command.to:
        return ()
    if command.to not in WAYS[room.phase]:
        raise Refused("room_closed" if room.phase == "ended" else "not_now")
    moved = happened("phase", to=command.to)
    if room.host is None and who.is_moderator and who.member is not None:
        return (happened("host", member=who.member), moved)
    return (moved,)


def take_over(
    room: RoomState, who: Who, command: protocol.TakeOver, facts: Facts
) -> tuple[Happening, ...]:
    """Raises `Refused` `not_allowed`, `host_here`."""
    if not who.is_moderator or who.member is None:
        raise Refused("not_allowed")
    if room.host == who.member:
        return ()
    if room.host is not None and facts.is_host_here:
        raise Refused("host_here")
    return (happened("host", member=who.member),)


def set_order(
    room: RoomState, who: Who, command: protocol.SetOrder, facts: Facts
) -> tuple[Happening, ...]:
    """Raises `Refused` `not_allowed`."""
    check_moderates(who, facts)
    items = [{"title": one.title, "minutes": one.minutes} for one in command.items]
    return (happened("order", items=items),)


def go_to(room: RoomState, who: Who, command: protocol.GoTo, facts: Facts) -> tuple[Happening, ...]:
    """Raises `Refused` `not_allowed`, `not_now` for a line that is not there."""
    check_moderates(who, facts)
    if command.item >= len(room.items):
        raise Refused("not_now")
    return (happened("item", item=command.item),) if command.item != room.item else ()


def set_timer(
    room: RoomState, who: Who, command: protocol.SetTimer, facts: Facts, now: int
) -> tuple[Happening, ...]:
    """Raises `Refused` `not_allowed`."""
    check_moderates(who, facts)
    until = now + command.seconds * 1000 if command.seconds else None
    return (happened("timer", until=until),) if until != room.timer_until else ()


def send_cue(
    room: RoomState, who: Who, command: protocol.SendCue, facts: Facts
) -> tuple[Happening, ...]:
    """Raises `Refused` `not_allowed`."""
    check_moderates(who, facts)
    return (happened("cue", cue=command.cue),)


def follow(room: RoomState, facts: Facts) -> tuple[Happening, ...]:
    """A webinar whose doors open, that goes live or ends by its own page takes its room along."""
    if not facts.phases or room.phase in facts.phases:
        return ()
    return (happened("phase", to=facts.phases[0]),)
