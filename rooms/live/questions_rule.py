"""Who may move a question from where to where, without I/O.

A class's teacher looks first, then a moderator; nothing passes by waiting. With one class its
teacher is the moderator and moves from where a question is at once.
"""

from uuid import UUID

from rooms.errors import Refused
from rooms.live import protocol
from rooms.live.protocol import HeldFor, QuestionState
from rooms.live.room_rule import check_open, class_of_seat, happened, on
from rooms.live.room_state import PUBLIC, Facts, Happening, Question, RoomState, Who

MOST_A_MINUTE = 3
MINUTE_MS = 60_000
MOST_QUESTIONS = 2_000

_BY_TEACHER: dict[QuestionState, frozenset[QuestionState]] = {
    "asked": frozenset({"passed", "not_now", "archived"}),
    "held": frozenset({"passed", "not_now", "archived"}),
    "not_now": frozenset({"passed", "archived"}),
}
_BY_MODERATOR: dict[QuestionState, frozenset[QuestionState]] = {
    "passed": frozenset({"shown", "on_stage", "declined", "archived"}),
    "declined": frozenset({"shown", "on_stage", "archived"}),
    "shown": frozenset({"on_stage", "answered", "archived"}),
    "on_stage": frozenset({"shown", "answered", "archived"}),
    "answered": frozenset({"on_stage", "archived"}),
}
_AT_ONCE: frozenset[QuestionState] = frozenset({"shown", "on_stage"})


def ways(
    question: Question, *, is_teacher: bool, is_moderator: bool, is_several: bool
) -> frozenset[QuestionState]:
    """Where somebody may move a question from where it is."""
    found: frozenset[QuestionState] = frozenset()
    if is_teacher:
        found |= _BY_TEACHER.get(question.state, frozenset())
    if is_moderator:
        found |= _BY_MODERATOR.get(question.state, frozenset())
    if is_teacher and is_moderator and not is_several and question.state in _BY_TEACHER:
        found |= _AT_ONCE
    return found


def ask(
    room: RoomState,
    who: Who,
    command: protocol.Ask,
    facts: Facts,
    held_for: tuple[HeldFor, ...],
    now: int,
) -> tuple[Happening, ...]:
    """A device's question waits at the teacher, or where she left the first check; hers passes on.

    Raises `Refused` `not_allowed`, `not_open`, `class_frozen`, `class_muted`, `too_many`.
    """
    if command.question in room.questions:
        return _again(room, who, command)
    if who.seat is None:
        return _ask_for_class(room, who, command, facts, held_for)
    part = class_of_seat(room, who, facts)
    if len(room.questions) >= MOST_QUESTIONS or _is_fast(room, who.seat, now):
        raise Refused("too_many")
    state: QuestionState = "held" if held_for else "asked"
    if room.of_class(part).first_check == "moderator":
        state = "passed"
    return (_asked(command.question, part, who.seat, state, held_for),)


def _again(room: RoomState, who: Who, command: protocol.Ask) -> tuple[Happening, ...]:
    """The same question once more changes nothing; somebody else's name is not there to take."""
    known = room.questions[command.question]
    is_own = known.seat == who.seat if who.seat is not None else known.part in who.parts
    if not is_own:
        raise Refused("not_allowed")
    return ()


def _ask_for_class(
    room: RoomState,
    who: Who,
    command: protocol.Ask,
    facts: Facts,
    held_for: tuple[HeldFor, ...],
) -> tuple[Happening, ...]:
    """Of several she says for which; it must be one of hers."""
    parts = {part for part in who.parts if facts.teaches(who, part)}
    if command.part is not None:
        parts &= {command.part}
    if len(parts) != 1:
        raise Refused("not_allowed")
    check_open(room)
    if len(room.questions) >= MOST_QUESTIONS:
        raise Refused("too_many")
    return (_asked(command.question, parts.pop(), None, "passed", held_for),)


def _is_fast(room: RoomState, seat: UUID, now: int) -> bool:
    lately = [at for at in room.asked_at.get(seat, ()) if at > now - MINUTE_MS]
    return len(lately) >= MOST_A_MINUTE


def _asked(
    question: UUID,
    part: UUID,
    seat: UUID | None,
    state: QuestionState,
    held_for: tuple[HeldFor, ...],
) -> Happening:
    return happened(
        "question_asked", question=question, part=part, seat=seat, state=state, held=list(held_for)
    )


def upvote(
    room: RoomState, who: Who, command: protocol.Upvote, facts: Facts
) -> tuple[Happening, ...]:
    """One for each device, for what everybody sees. Raises `Refused`."""
    class_of_seat(room, who, facts)
    question = room.questions.get(command.question)
    if question is None or question.state not in {"shown", "on_stage"}:
        raise Refused("not_now")
    if (who.seat in question.upvotes) == command.is_on:
        return ()
    return (happened("question_upvoted", question=question.id, seat=who.seat, **on(command.is_on)),)


def move(room: RoomState, who: Who, command: protocol.Move, facts: Facts) -> tuple[Happening, ...]:
    """Raises `Refused` `not_allowed`, or `not_now` for a way that there is not from where it is."""
    question = room.questions.get(command.question)
    is_moderator = facts.moderates(who)
    is_teacher = question is not None and facts.teaches(who, question.part)
    if question is None or not (is_teacher or is_moderator):
        raise Refused("not_allowed")
    if question.state == command.to:
        return ()
    if command.to not in ways(
        question, is_teacher=is_teacher, is_moderator=is_moderator, is_several=facts.is_several
    ):
        raise Refused("not_now")
    done = [_moved(question.id, command.to, by_moderator=who.is_moderator)]
    before = room.on_stage()
    if command.to == "on_stage" and before is not None:
        done.insert(0, _moved(before.id, "answered", by_moderator=who.is_moderator))
    return tuple(done)


def _moved(question: UUID, to: QuestionState, *, by_moderator: bool) -> Happening:
    return happened("question_moved", question=question, to=to, by_moderator=by_moderator)


def pass_all(
    room: RoomState, who: Who, command: protocol.PassAll, facts: Facts
) -> tuple[Happening, ...]:
    """What waits unheld at the teacher goes on. Raises `Refused` `not_allowed`."""
    if not facts.teaches(who, command.part):
        raise Refused("not_allowed")
    return tuple(
        _moved(one.id, "passed", by_moderator=False)
        for one in room.questions.values()
        if one.part == command.part and one.state == "asked"
    )


def pin(room: RoomState, who: Who, command: protocol.Pin, facts: Facts) -> tuple[Happening, ...]:
    """Raises `Refused` `not_allowed`, `not_now`."""
    if not facts.moderates(who):
        raise Refused("not_allowed")
    question = room.questions.get(command.question)
    if question is None or question.state not in PUBLIC:
        raise Refused("not_now")
    if question.is_pinned == command.is_on:
        return ()
    return (happened("question_pinned", question=question.id, **on(command.is_on)),)


def first_check(
    room: RoomState, who: Who, command: protocol.FirstCheck, facts: Facts
) -> tuple[Happening, ...]:
    """Left to the moderator, what waits goes there too. Raises `Refused` `not_allowed`."""
    if not facts.teaches(who, command.part):
        raise Refused("not_allowed")
    if room.of_class(command.part).first_check == command.by:
        return ()
    done = [happened("first_check", part=command.part, by=command.by)]
    if command.by == "moderator":
        done += [
            _moved(one.id, "passed", by_moderator=False)
            for one in room.questions.values()
            if one.part == command.part and one.state in {"asked", "held"}
        ]
    return tuple(done)


def settle(room: RoomState, facts: Facts) -> tuple[Happening, ...]:
    """With more than one class, what no moderator let through goes back to the moderator."""
    if not facts.is_several:
        return ()
    return tuple(
        _moved(one.id, "passed", by_moderator=False)
        for one in room.questions.values()
        if one.state in PUBLIC and not one.by_moderator
    )
