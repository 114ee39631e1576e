"""Polls, without I/O: one vote for each device, or hands counted for a class without phones."""

from uuid import UUID

from rooms.errors import Refused
from rooms.live import protocol
from rooms.live.room_rule import check_class, check_moderates, check_open, class_of_seat

from rooms.live.room_rule import happened, on  # isort: skip
from rooms.live.room_state import Facts, Happening, Poll, RoomState, Who

MOST_POLLS = 100


def open_poll(
    room: RoomState, who: Who, command: protocol.OpenPoll, facts: Facts
) -> tuple[Happening, ...]:
    """The one that was open closes. Raises `Refused` `not_allowed`, `too_many`, `room_closed`."""
    check_moderates(who, facts)
    if room.phase == "ended":
        raise Refused("room_closed")
    if command.poll in room.polls:
        return ()
    if len(room.polls) >= MOST_POLLS:
        raise Refused("too_many")
    done = [happened("poll_closed", poll=one.id) for one in room.polls.values() if one.is_open]
    done.append(
        happened(
            "poll_opened",
            poll=command.poll,
            text=command.text,
            choices=list(command.choices),
            multiple=command.is_multiple,
        )
    )
    return tuple(done)


def close_poll(
    room: RoomState, who: Who, command: protocol.ClosePoll, facts: Facts
) -> tuple[Happening, ...]:
    """Raises `Refused` `not_allowed`, `not_now`."""
    check_moderates(who, facts)
    poll = _known(room, command.poll)
    return (happened("poll_closed", poll=poll.id),) if poll.is_open else ()


def show_poll(
    room: RoomState, who: Who, command: protocol.ShowPoll, facts: Facts
) -> tuple[Happening, ...]:
    """Raises `Refused` `not_allowed`, `not_now`."""
    check_moderates(who, facts)
    poll = _known(room, command.poll)
    if poll.is_shown == command.is_on:
        return ()
    return (happened("poll_shown", poll=poll.id, **on(command.is_on)),)


def _known(room: RoomState, poll_id: UUID) -> Poll:
    poll = room.polls.get(poll_id)
    if poll is None:
        raise Refused("not_now")
    return poll


def _open(room: RoomState, poll_id: UUID) -> Poll:
    poll = _known(room, poll_id)
    if not poll.is_open:
        raise Refused("not_now")
    return poll


def vote(room: RoomState, who: Who, command: protocol.Vote, facts: Facts) -> tuple[Happening, ...]:
    """Raises `Refused` `not_now`, `bad_command`, `hands_beside_phones`, and as for any device."""
    part = class_of_seat(room, who, facts)
    poll = _open(room, command.poll)
    chosen = tuple(sorted(set(command.choices)))
    if any(one >= len(poll.choices) for one in chosen):
        raise Refused("bad_command")
    if len(chosen) > 1 and not poll.is_multiple:
        raise Refused("bad_command")
    if part in poll.hands:
        raise Refused("hands_beside_phones")
    assert who.seat is not None
    before = poll.votes.get(who.seat)
    if (before.choices if before is not None else ()) == chosen:
        return ()
    return (happened("voted", poll=poll.id, part=part, seat=who.seat, choices=list(chosen)),)


def count_hands(
    room: RoomState, who: Who, command: protocol.CountHands, facts: Facts
) -> tuple[Happening, ...]:
    """Raises `Refused` `not_allowed`, `not_now`, `hands_many`, `hands_beside_phones`."""
    if not facts.teaches(who, command.part):
        raise Refused("not_allowed")
    check_open(room)
    check_class(room, command.part)
    poll = _open(room, command.poll)
    if len(command.counts) != len(poll.choices):
        raise Refused("bad_command")
    if any(one.part == command.part for one in poll.votes.values()):
        raise Refused("hands_beside_phones")
    together = max(command.counts) if poll.is_multiple else sum(command.counts)
    if together > (facts.classes[command.part].headcount or 0):
        raise Refused("hands_many")
    if poll.hands.get(command.part) == command.counts:
        return ()
    return (
        happened("hands_counted", poll=poll.id, part=command.part, counts=list(command.counts)),
    )
