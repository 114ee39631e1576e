"""An invitation's way to a lesson: who may do what in which state, and when it ends by itself.

A teacher asks a company. The company says yes with a date in one of the weeks that suit, says no
with a reason, or proposes another date; then it is the teacher's turn. Whoever is asked has ten
working days; after five the coordinators hear of it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from rooms import working_days
from rooms.errors import Conflict, Refused

WORD_AFTER = 5
"""Working days without an answer after which the coordinators get word."""
LASTS = 10
"""Working days in which an answer may come."""


class State(StrEnum):
    """Where an invitation stands."""

    ASKED = "asked"
    """It is the company's turn."""
    PROPOSED = "proposed"
    """The company proposed another date; it is the teacher's turn."""
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Verb(StrEnum):
    """What can be done with an invitation."""

    ACCEPT = "accept"
    """The company's yes, with a date in one of the weeks that suit."""
    PROPOSE = "propose"
    DECLINE = "decline"
    ACCEPT_DATE = "accept_date"
    """The teacher's yes to the proposed date."""
    DECLINE_DATE = "decline_date"
    """The proposed date does not suit; the company may think of another."""
    WITHDRAW = "withdraw"
    CANCEL = "cancel"
    """The lesson that was agreed to does not take place; either side may say so, and why."""
    EXPIRE = "expire"


class Actor(StrEnum):
    """In what role somebody acts on this very invitation."""

    TEACHER = "teacher"
    COMPANY = "company"
    SYSTEM = "system"


_TEACHER = frozenset({Actor.TEACHER})
_COMPANY = frozenset({Actor.COMPANY})
_SYSTEM = frozenset({Actor.SYSTEM})

TABLE: dict[tuple[State, Verb], tuple[State, frozenset[Actor]]] = {
    (State.ASKED, Verb.ACCEPT): (State.ACCEPTED, _COMPANY),
    (State.ASKED, Verb.PROPOSE): (State.PROPOSED, _COMPANY),
    (State.ASKED, Verb.DECLINE): (State.DECLINED, _COMPANY),
    (State.ASKED, Verb.WITHDRAW): (State.WITHDRAWN, _TEACHER),
    (State.ASKED, Verb.EXPIRE): (State.EXPIRED, _SYSTEM),
    (State.PROPOSED, Verb.ACCEPT_DATE): (State.ACCEPTED, _TEACHER),
    (State.PROPOSED, Verb.DECLINE_DATE): (State.ASKED, _TEACHER),
    (State.PROPOSED, Verb.WITHDRAW): (State.WITHDRAWN, _TEACHER),
    # The date the company had in mind is gone.
    (State.PROPOSED, Verb.PROPOSE): (State.PROPOSED, _COMPANY),
    (State.PROPOSED, Verb.DECLINE): (State.DECLINED, _COMPANY),
    (State.PROPOSED, Verb.EXPIRE): (State.EXPIRED, _SYSTEM),
    # What was agreed stays known as agreed; the lesson itself is cancelled.
    (State.ACCEPTED, Verb.CANCEL): (State.ACCEPTED, _TEACHER | _COMPANY),
}

OPEN = frozenset({State.ASKED, State.PROPOSED})
"""The states in which somebody is waited for."""

_WITH_REASON = frozenset({Verb.DECLINE, Verb.CANCEL})


def may(state: State, verb: Verb, actors: frozenset[Actor]) -> bool:
    """Whether one of these actors may make this move."""
    return (state, verb) in TABLE and not TABLE[state, verb][1].isdisjoint(actors)


def verbs(state: State, actors: frozenset[Actor]) -> tuple[Verb, ...]:
    """What to offer these actors, in the table's order."""
    return tuple(verb for at, verb in TABLE if at is state and may(state, verb, actors))


def move(state: State, verb: Verb, actors: frozenset[Actor], *, reason: str = "") -> State:
    """The state after a move.

    Raises `Conflict` `request_state` when the state knows no such move (it may have changed
    meanwhile), `Refused` `request_actor` when it is another's to make, and `request_reason` for
    a no, or a lesson called off, that does not say why.
    """
    if (state, verb) not in TABLE:
        raise Conflict("request_state", state=state.value, verb=verb.value)
    if not may(state, verb, actors):
        raise Refused("request_actor", verb=verb.value)
    if verb in _WITH_REASON and not reason.strip():
        raise Refused("request_reason")
    return TABLE[state, verb][0]


@dataclass(frozen=True, slots=True)
class Term:
    """Until when an answer may come, in the programme's own days.

    `word_on`: the last day before the coordinators get word; `last_day`: the last one of all.
    """

    word_on: date
    last_day: date


def term(since: datetime, zone: str) -> Term:
    """The term that begins when somebody gets the turn."""
    day = since.astimezone(ZoneInfo(zone)).date()
    return Term(working_days.after(day, WORD_AFTER), working_days.after(day, LASTS))
