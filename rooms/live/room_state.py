"""What is so in a room, without I/O: the sum of its log's lines, and how each line adds to it.

A line is `(kind, data)` as it stands in the log; its data is what JSON holds. A kind that is not
known here changes nothing: other lines stand in the same log.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from rooms.live.protocol import Checker, HeldFor, Phase, Quality, QuestionState

PUBLIC: frozenset[QuestionState] = frozenset({"shown", "on_stage", "answered"})
AT_TEACHER: frozenset[QuestionState] = frozenset({"asked", "held", "not_now"})
AT_MODERATOR: frozenset[QuestionState] = frozenset({"passed", "declined"})


@dataclass(frozen=True, slots=True)
class Happening:
    """What was decided, before it has its number in the log."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


# --- who and what stands beside the log ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Who:
    """Who says something. `owner`: her seat or person, for limits. `parts`: classes she teaches.

    `part`: the class of the device's seat; `is_screen`: it is the classroom screen. `member`: her
    place among presenters and moderators. `person`: who is signed in. `captioner`: who types.
    """

    owner: UUID
    is_moderator: bool = False
    is_presenter: bool = False
    parts: frozenset[UUID] = frozenset()
    part: UUID | None = None
    seat: UUID | None = None
    is_screen: bool = False
    member: UUID | None = None
    person: UUID | None = None
    captioner: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A class as its row tells it. `is_in`: it takes part now. `headcount` None: nobody told.

    `teachers`: the persons who teach it.
    """

    part: UUID
    class_name: str = ""
    region: str = ""
    headcount: int | None = None
    is_in: bool = True
    has_adult: bool = False
    teachers: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """What rows tell that are not the log. `expected`: classes that said they come.

    `phases`: those that its webinar allows now, its own first; empty: any. `captions_in`: the
    languages in which captioners said that they type.
    """

    classes: Mapping[UUID, ClassFacts] = field(default_factory=dict)
    expected: int = 0
    is_host_here: bool = False
    phases: tuple[Phase, ...] = ()
    captions_in: tuple[str, ...] = ()

    @property
    def is_several(self) -> bool:
        """Whether a moderator is needed: more than one class is there or will be."""
        return max(self.expected, sum(one.is_in for one in self.classes.values())) > 1

    def now(self, who: Who) -> Who:
        """Her with the classes she teaches by now."""
        if who.person is None:
            return who
        parts = frozenset(part for part, one in self.classes.items() if who.person in one.teachers)
        return who if parts == who.parts else replace(who, parts=parts)

    def moderates(self, who: Who) -> bool:
        """Whether she moderates now: with one class its teacher does."""
        if who.is_moderator or not who.parts:  # of a thousand pages nearly all are neither
            return who.is_moderator
        there = {one.part for one in self.classes.values() if one.is_in}
        return not self.is_several and bool(there) and there <= who.parts

    def teaches(self, who: Who, part: UUID) -> bool:
        """Whether the class is there and hers."""
        found = self.classes.get(part)
        return found is not None and found.is_in and part in who.parts


@dataclass(frozen=True, slots=True)
class HereNow:
    """A class's devices that answer now. `worst`: how well the stage comes in at the worst of those
    that are `watching`, `worst_count` of them; `by_relay`: how many come by a detour."""

    phones: int
    has_screen: bool
    watching: int = 0
    worst: Quality | None = None
    worst_count: int = 0
    by_relay: int = 0


# --- what the log adds up to --------------------------------------------------------------------


@dataclass(slots=True)
class Question:
    """Where a question is. `by_moderator`: a moderator let it through to everybody."""

    id: UUID
    part: UUID
    seat: UUID | None
    state: QuestionState
    held_for: tuple[HeldFor, ...]
    at: int
    by_moderator: bool = False
    is_pinned: bool = False
    upvotes: set[UUID] = field(default_factory=set)


@dataclass(slots=True)
class Vote:
    """One device's vote."""

    part: UUID
    choices: tuple[int, ...]


@dataclass(slots=True)
class Poll:
    """A poll, its votes by seat and the hands counted by class."""

    id: UUID
    text: str
    choices: tuple[str, ...]
    is_multiple: bool
    is_open: bool = True
    is_shown: bool = False
    votes: dict[UUID, Vote] = field(default_factory=dict)
    hands: dict[UUID, tuple[int, ...]] = field(default_factory=dict)

    def counts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """For each choice, of devices and of hands."""
        devices = [0] * len(self.choices)
        for vote in self.votes.values():
            for choice in vote.choices:
                devices[choice] += 1
        hands = [sum(row) for row in zip(*self.hands.values(), strict=True)]
        return tuple(devices), tuple(hands) if hands else (0,) * len(self.choices)


@dataclass(slots=True)
class ClassNow:
    """What is so of a class. It is frozen until an adult of it was seen."""

    is_frozen: bool = True
    is_muted: bool = False
    first_check: Checker = "teacher"
    has_consent: bool = False
    is_on_stage: bool = False
    hands: dict[UUID, int] = field(default_factory=dict)  # seat → since when, the first first


@dataclass(slots=True)
class RoomState:
    """`number`: of the last line taken in."""

    number: int = 0
    phase: Phase = "live"
    phase_at: int = 0
    questions: dict[UUID, Question] = field(default_factory=dict)
    asked_at: dict[UUID, list[int]] = field(default_factory=dict)  # seat → when, the newest last
    polls: dict[UUID, Poll] = field(default_factory=dict)
    classes: dict[UUID, ClassNow] = field(default_factory=dict)
    banned: set[UUID] = field(default_factory=set)
    host: UUID | None = None
    items: tuple[tuple[str, int], ...] = ()
    item: int | None = None
    item_at: int | None = None
    timer_until: int | None = None

    def of_class(self, part: UUID) -> ClassNow:
        """What is so of a class; as it comes in when nothing has happened to it."""
        return self.classes.get(part) or ClassNow()

    def on_stage(self) -> Question | None:
        """The question on the stage."""
        return next((one for one in self.questions.values() if one.state == "on_stage"), None)

    def apply(self, number: int, at: int, happened: Happening) -> None:
        """Takes in the next line; one that was taken in already changes nothing."""
        if number <= self.number:
            return
        self.number = number
        known = _APPLY.get(happened.kind)
        if known is not None:
            known(self, happened.data, at)


# --- how each kind of line adds to it -----------------------------------------------------------

_Data = Mapping[str, Any]


def _class(room: RoomState, data: _Data) -> ClassNow:
    return room.classes.setdefault(UUID(data["part"]), ClassNow())


def _asked(room: RoomState, data: _Data, at: int) -> None:
    seat = UUID(data["seat"]) if data.get("seat") else None
    question = Question(
        UUID(data["question"]), UUID(data["part"]), seat, data["state"], tuple(data["held"]), at
    )
    room.questions[question.id] = question
    if seat is not None:
        room.asked_at.setdefault(seat, []).append(at)


def _moved(room: RoomState, data: _Data, at: int) -> None:
    question = room.questions.get(UUID(data["question"]))
    if question is None:
        return
    question.state = data["to"]
    if question.state not in PUBLIC:
        question.is_pinned, question.by_moderator = False, False
        question.upvotes.clear()
    elif data.get("by_moderator"):
        question.by_moderator = True


def _upvoted(room: RoomState, data: _Data, at: int) -> None:
    question, seat = room.questions.get(UUID(data["question"])), UUID(data["seat"])
    if question is not None:
        (question.upvotes.add if data["on"] else question.upvotes.discard)(seat)


def _pinned(room: RoomState, data: _Data, at: int) -> None:
    question = room.questions.get(UUID(data["question"]))
    if question is not None:
        question.is_pinned = data["on"]


def _first_check(room: RoomState, data: _Data, at: int) -> None:
    _class(room, data).first_check = data["by"]


def _poll_opened(room: RoomState, data: _Data, at: int) -> None:
    poll = Poll(UUID(data["poll"]), data["text"], tuple(data["choices"]), data["multiple"])
    room.polls[poll.id] = poll


def _poll_closed(room: RoomState, data: _Data, at: int) -> None:
    poll = room.polls.get(UUID(data["poll"]))
    if poll is not None:
        poll.is_open = False


def _poll_shown(room: RoomState, data: _Data, at: int) -> None:
    poll = room.polls.get(UUID(data["poll"]))
    if poll is not None:
        poll.is_shown = data["on"]


def _voted(room: RoomState, data: _Data, at: int) -> None:
    poll, seat = room.polls.get(UUID(data["poll"])), UUID(data["seat"])
    if poll is None:
        return
    if data["choices"]:
        poll.votes[seat] = Vote(UUID(data["part"]), tuple(data["choices"]))
    else:
        poll.votes.pop(seat, None)


def _hands_counted(room: RoomState, data: _Data, at: int) -> None:
    poll, part = room.polls.get(UUID(data["poll"])), UUID(data["part"])
    if poll is None:
        return
    if any(data["counts"]):
        poll.hands[part] = tuple(data["counts"])
    else:
        poll.hands.pop(part, None)


def _hand(room: RoomState, data: _Data, at: int) -> None:
    hands, seat = _class(room, data).hands, UUID(data["seat"])
    if data["on"]:
        hands.setdefault(seat, at)
    else:
        hands.pop(seat, None)


def _consent(room: RoomState, data: _Data, at: int) -> None:
    _class(room, data).has_consent = data["on"]


def _on_stage(room: RoomState, data: _Data, at: int) -> None:
    _class(room, data).is_on_stage = data["on"]


def _muted(room: RoomState, data: _Data, at: int) -> None:
    _class(room, data).is_muted = data["on"]


def _frozen(room: RoomState, data: _Data, at: int) -> None:
    _class(room, data).is_frozen = data["on"]


def _banned(room: RoomState, data: _Data, at: int) -> None:
    room.banned.add(UUID(data["seat"]))


def _phase(room: RoomState, data: _Data, at: int) -> None:
    room.phase, room.phase_at = data["to"], at


def _closed(room: RoomState, data: _Data, at: int) -> None:
    room.phase, room.phase_at = "ended", at


def _host(room: RoomState, data: _Data, at: int) -> None:
    room.host = UUID(data["member"])


def _order(room: RoomState, data: _Data, at: int) -> None:
    room.items = tuple((one["title"], one["minutes"]) for one in data["items"])
    if room.item is not None and room.item >= len(room.items):
        room.item = room.item_at = None


def _item(room: RoomState, data: _Data, at: int) -> None:
    room.item, room.item_at = data["item"], at


def _timer(room: RoomState, data: _Data, at: int) -> None:
    room.timer_until = data["until"]


_APPLY: dict[str, Callable[[RoomState, _Data, int], None]] = {
    "question_asked": _asked,
    "question_moved": _moved,
    "question_upvoted": _upvoted,
    "question_pinned": _pinned,
    "first_check": _first_check,
    "poll_opened": _poll_opened,
    "poll_closed": _poll_closed,
    "poll_shown": _poll_shown,
    "voted": _voted,
    "hands_counted": _hands_counted,
    "hand": _hand,
    "consent": _consent,
    "class_on_stage": _on_stage,
    "class_muted": _muted,
    "class_frozen": _frozen,
    "banned": _banned,
    "phase": _phase,
    "closed": _closed,
    "host": _host,
    "order": _order,
    "item": _item,
    "timer": _timer,
}
