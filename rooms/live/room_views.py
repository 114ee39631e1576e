"""Who is told what of a room, without I/O: each line of the log as events, each for its audience.

An event carries the whole of what changed as it is now, so that told twice it is the same. The
text of a question that nobody has let through goes to whoever has it in her queue, and to nobody
else; a device hears of its own question without it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from rooms.errors import Refused
from rooms.live import protocol
from rooms.live.room import Line
from rooms.live.room_rule import class_of_seat
from rooms.live.room_state import (
    AT_MODERATOR,
    AT_TEACHER,
    PUBLIC,
    ClassFacts,
    Facts,
    HereNow,
    Poll,
    Question,
    RoomState,
    Who,
)

Texts = Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class Audience:
    """`all`: everybody in the room; `crew`: moderators and presenters; `class`: devices of `part`,
    its teacher and the moderators; `keepers`: its teacher and the moderators.
    """

    kind: Literal["all", "moderators", "crew", "teacher", "keepers", "class", "seat"]
    part: UUID | None = None
    seat: UUID | None = None

    def has(self, who: Who, facts: Facts) -> bool:
        """Whether she belongs to it now."""
        if self.kind == "all":
            return True
        if self.kind == "seat":
            return who.seat == self.seat and self.seat is not None
        is_hers = self.part in who.parts
        if self.kind == "teacher":
            return is_hers
        is_among = {
            "moderators": False,
            "crew": who.is_presenter,
            "class": is_hers or self.part == who.part,
            "keepers": is_hers,
        }[self.kind]
        return is_among or facts.moderates(who)


Told = tuple[Audience, protocol.Event]

ALL, CREW, MODERATORS = Audience("all"), Audience("crew"), Audience("moderators")


def wanted_texts(lines: Iterable[Line]) -> set[UUID]:
    """The questions whose texts are needed to tell these lines."""
    return {
        UUID(line.happened.data["question"])
        for line in lines
        if line.happened.kind.startswith("question_") and line.happened.kind != "question_upvoted"
    }


def told(
    room: RoomState, before: Mapping[UUID, str], line: Line, facts: Facts, texts: Texts
) -> Iterator[Told]:
    """The events of a line that `room` has just taken in.

    `before`: where each question was before it. Votes and upvotes are told as counts.
    """
    data, number = line.happened.data, line.number
    match line.happened.kind:
        case "question_asked" | "question_moved":
            question = room.questions.get(UUID(data["question"]))
            if question is not None:
                yield from _question(before.get(question.id, ""), question, number, facts, texts)
        case "question_pinned":
            question = room.questions.get(UUID(data["question"]))
            if question is not None and question.state in PUBLIC:
                yield ALL, protocol.QuestionTold(number, public(question, facts, texts))
        case "poll_opened" | "poll_closed" | "poll_shown":
            poll = room.polls.get(UUID(data["poll"]))
            if poll is not None:
                yield ALL, protocol.PollTold(number, _poll(poll))
        case "hand":
            yield from _hand(room, data, number)
        case "first_check" | "consent" | "class_muted" | "class_frozen" | "class_on_stage":
            yield _class(room, line)
        case _:
            yield from _flow(room, line)


def _class(room: RoomState, line: Line) -> Told:
    part = UUID(line.happened.data["part"])
    return Audience("class", part), protocol.ClassTold(line.number, class_state(room, part))


def _hand(room: RoomState, data: Mapping[str, Any], number: int) -> Iterator[Told]:
    part, seat = UUID(data["part"]), UUID(data["seat"])
    hands = tuple(protocol.Hand(*one) for one in room.of_class(part).hands.items())
    yield Audience("keepers", part), protocol.Hands(number, part, hands)
    yield Audience("seat", part, seat), protocol.OwnHand(number, bool(data["on"]))


def _flow(room: RoomState, line: Line) -> Iterator[Told]:
    data, number, at = line.happened.data, line.number, line.at
    match line.happened.kind:
        case "phase":
            yield ALL, protocol.PhaseTold(number, at, data["to"])
        case "order" | "item":
            yield CREW, protocol.OrderTold(number, _items(room), room.item, room.item_at)
        case "timer":
            yield CREW, protocol.TimerTold(number, room.timer_until)
        case "cue":
            yield CREW, protocol.CueTold(number, at, data["cue"])


def _items(room: RoomState) -> tuple[protocol.Item, ...]:
    return tuple(protocol.Item(title, minutes) for title, minutes in room.items)


# --- questions ----------------------------------------------------------------------------------


def _question(
    before: str, question: Question, number: int, facts: Facts, texts: Texts
) -> Iterator[Told]:
    teacher = Audience("teacher", question.part)
    if question.state in AT_TEACHER:
        yield teacher, protocol.WaitingTold(number, _waiting(question, facts, texts))
    elif before in AT_TEACHER:
        yield teacher, protocol.Gone(number, question.id, question.state)
    if question.state in AT_MODERATOR:
        yield MODERATORS, protocol.WaitingTold(number, _waiting(question, facts, texts))
    elif before in AT_MODERATOR:
        yield MODERATORS, protocol.Gone(number, question.id, question.state)
    if question.state in PUBLIC or before in PUBLIC:
        yield ALL, protocol.QuestionTold(number, public(question, facts, texts))
    if question.seat is not None:
        seat = Audience("seat", question.part, question.seat)
        yield seat, protocol.OwnQuestionTold(number, _own(question))


def public(question: Question, facts: Facts, texts: Texts) -> protocol.Question:
    """A question as everybody sees it; without its text once it is with everybody no more."""
    one = _of(facts, question.part)
    return protocol.Question(
        question.id,
        one.class_name,
        one.region,
        texts.get(question.id, "") if question.state in PUBLIC else "",
        question.state,
        question.is_pinned,
        len(question.upvotes),
        question.at,
    )


def _waiting(question: Question, facts: Facts, texts: Texts) -> protocol.Waiting:
    one = _of(facts, question.part)
    return protocol.Waiting(
        question.id,
        question.part,
        one.class_name,
        one.region,
        question.seat,
        texts.get(question.id, ""),
        question.state,
        question.held_for,
        question.at,
    )


def _own(question: Question) -> protocol.OwnQuestion:
    return protocol.OwnQuestion(question.id, question.state, question.held_for)


def _of(facts: Facts, part: UUID) -> ClassFacts:
    return facts.classes.get(part) or ClassFacts(part)


# --- all of it ----------------------------------------------------------------------------------


def class_state(room: RoomState, part: UUID) -> protocol.ClassState:
    """What is so of a class."""
    now = room.of_class(part)
    return protocol.ClassState(
        part, now.is_frozen, now.is_muted, now.first_check, now.has_consent, now.is_on_stage
    )


def _poll(poll: Poll) -> protocol.Poll:
    return protocol.Poll(
        poll.id, poll.text, poll.choices, poll.is_multiple, poll.is_open, poll.is_shown
    )


def sees(question: Question, who: Who, facts: Facts) -> bool:
    """Whether this question stands in her queue, with its text."""
    if question.state in AT_TEACHER:
        return question.part in who.parts
    return question.state in AT_MODERATOR and facts.moderates(who)


def snapshot(
    room: RoomState,
    who: Who,
    facts: Facts,
    texts: Texts,
    captions: tuple[protocol.Caption, ...] = (),
) -> protocol.RoomNow:
    """All of the room that she may see. `captions`: those that everybody may."""
    questions = room.questions.values()
    is_crew = who.is_presenter or facts.moderates(who)
    seat = who.seat
    return protocol.RoomNow(
        as_of=room.number,
        phase=_phase(room, facts),
        phase_at=room.phase_at,
        questions=tuple(public(one, facts, texts) for one in questions if one.state in PUBLIC),
        own_questions=tuple(_own(one) for one in questions if seat and one.seat == seat),
        upvoted=tuple(one.id for one in questions if seat in one.upvotes),
        waiting=tuple(_waiting(one, facts, texts) for one in questions if sees(one, who, facts)),
        polls=tuple(_poll(one) for one in room.polls.values()),
        voted=tuple(one.id for one in room.polls.values() if seat in one.votes),
        is_hand_up=any(seat in one.hands for one in room.classes.values()),
        classes=tuple(class_state(room, part) for part in _parts_of(who, facts)),
        host=room.host if is_crew else None,
        items=_items(room) if is_crew else (),
        item=room.item if is_crew else None,
        item_at=room.item_at if is_crew else None,
        timer_until=room.timer_until if is_crew else None,
        captions=captions,
        captions_in=facts.captions_in,
    )


def _phase(room: RoomState, facts: Facts) -> protocol.Phase:
    """The room's; before its first line that of its webinar."""
    is_followed = not facts.phases or room.phase in facts.phases
    return room.phase if is_followed else facts.phases[0]


def _parts_of(who: Who, facts: Facts) -> list[UUID]:
    if facts.moderates(who):
        return [part for part, one in facts.classes.items() if one.is_in]
    return [part for part in facts.classes if part in {who.part, *who.parts}]


def needed_texts(room: RoomState, who: Who, facts: Facts) -> set[UUID]:
    """The questions whose texts her snapshot holds."""
    return {
        one.id for one in room.questions.values() if one.state in PUBLIC or sees(one, who, facts)
    }


def hands_up(room: RoomState, who: Who, facts: Facts) -> list[protocol.Hands]:
    """The raised hands she looks after, for whoever has just come."""
    return [
        protocol.Hands(room.number, part, tuple(protocol.Hand(*one) for one in now.hands.items()))
        for part, now in room.classes.items()
        if now.hands and Audience("keepers", part).has(who, facts)
    ]


# --- figures ------------------------------------------------------------------------------------


def counts(room: RoomState, who: Who, facts: Facts) -> protocol.CountsTold:
    """Figures that change often, as far as she sees them."""
    votes = {
        str(one.id): len(one.upvotes)
        for one in room.questions.values()
        if one.state in {"shown", "on_stage"}
    }
    return protocol.CountsTold(votes, _how_many_wait(room, who, facts))


def _how_many_wait(room: RoomState, who: Who, facts: Facts) -> int:
    if facts.moderates(who) and not who.parts:
        return sum(one.state == "passed" for one in room.questions.values())
    parts = {*who.parts, *({who.part} if who.is_screen else ())}
    waits = {"asked", "held", *(("passed",) if facts.moderates(who) else ())}
    return sum(one.state in waits and one.part in parts for one in room.questions.values())


def poll_results(room: RoomState, who: Who, facts: Facts) -> list[protocol.PollResult]:
    """What was voted, as far as she sees it: moderators in every poll, open or closed, before they
    show it; all others in those that are shown."""
    sees_all = facts.moderates(who)
    return [
        protocol.PollResult(poll.id, *poll.counts(), len(poll.votes))
        for poll in room.polls.values()
        if poll.is_shown or sees_all
    ]


def classes(
    room: RoomState, who: Who, facts: Facts, devices: Mapping[UUID, HereNow]
) -> protocol.Classes | None:
    """Who is here of the classes she looks after; None for whoever looks after none."""
    sees_all = facts.moderates(who)
    if not (sees_all or who.parts):
        return None
    return protocol.Classes(
        tuple(
            _count(room, one, devices.get(part))
            for part, one in facts.classes.items()
            if sees_all or part in who.parts
        )
    )


def _count(room: RoomState, one: ClassFacts, here: HereNow | None) -> protocol.ClassCount:
    waits = {"asked", "held"}
    return protocol.ClassCount(
        one.part,
        one.class_name,
        one.region,
        one.headcount,
        here.phones if here is not None else 0,
        here is not None and here.has_screen,
        one.has_adult,
        len(room.of_class(one.part).hands),
        sum(q.part == one.part and q.state in waits for q in room.questions.values()),
        not one.is_in,
        *((here.watching, here.worst, here.worst_count, here.by_relay) if here is not None else ()),
    )


def reads_captions(room: RoomState, who: Who, facts: Facts) -> bool:
    """Whether lines of what is said come to her: before the stage is everybody's they are tried."""
    if _phase(room, facts) in {"live", "paused"}:
        return True
    return who.captioner is not None or who.is_presenter or facts.moderates(who)


def may_react(room: RoomState, who: Who, facts: Facts) -> bool:
    """Whether this device's reaction counts now."""
    try:
        class_of_seat(room, who, facts)
    except Refused:
        return False
    return True
