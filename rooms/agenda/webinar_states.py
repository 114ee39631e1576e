"""A webinar's life: who may do what in which state. Pure; one table says it all.

`announced`: it stands in the list, classes register, presenters try the stage. `open`: the doors
are open, classes come in and see a lobby. `live`: it is on air, pauses included. Doors open by
themselves a quarter of an hour before the start; what nobody ends ends itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rooms.errors import Conflict, Refused


class State(StrEnum):
    """Where a webinar stands; a draft is seen by those who make it only."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    OPEN = "open"
    LIVE = "live"
    ENDED = "ended"
    ARCHIVED = "archived"
    CANCELLED = "cancelled"


class Verb(StrEnum):
    """What can be done with a webinar; most leave its state as it is."""

    EDIT = "edit"
    INVITE = "invite"
    """Presenters, captioners and moderators put on and taken off; moderators only by who leads."""
    ANNOUNCE = "announce"
    RESCHEDULE = "reschedule"
    REGISTER = "register"
    """A class, or a teacher herself; changing and cancelling that too."""
    LET_IN = "let_in"
    """From the list of those who wait."""
    REHEARSE = "rehearse"
    """On the stage before the doors open."""
    OPEN = "open"
    COME = "come"
    """A registered class comes into the room."""
    PRESENT = "present"
    """On the stage while classes are there."""
    GO_LIVE = "go_live"
    END = "end"
    CANCEL = "cancel"
    """A lesson that was agreed to is called off by either side (`request_states.py`)."""
    LAPSE = "lapse"
    """Its time went by and nobody opened it."""
    ARCHIVE = "archive"
    COPY = "copy"
    """To the next date: a new draft in the same series."""


class Actor(StrEnum):
    """In what role somebody acts on this very webinar; one person may be several.

    `office`: the bureau, its region's coordinators, the programme's moderators. `moderator`: put on
    this webinar; in a guest lesson that is the class's teacher.
    """

    OFFICE = "office"
    MODERATOR = "moderator"
    COMPANY = "company"
    PRESENTER = "presenter"
    TEACHER = "teacher"
    SYSTEM = "system"


_LEAD = frozenset({Actor.OFFICE, Actor.MODERATOR})
_MAKER = _LEAD | {Actor.COMPANY}
_STAGE = _LEAD | {Actor.PRESENTER}
_TEACHER = frozenset({Actor.TEACHER})
_SYSTEM = frozenset({Actor.SYSTEM})

TABLE: dict[tuple[State, Verb], tuple[State, frozenset[Actor]]] = {
    (State.DRAFT, Verb.EDIT): (State.DRAFT, _MAKER),
    (State.DRAFT, Verb.RESCHEDULE): (State.DRAFT, _MAKER),
    (State.DRAFT, Verb.INVITE): (State.DRAFT, _MAKER),
    (State.DRAFT, Verb.ANNOUNCE): (State.ANNOUNCED, _LEAD | _SYSTEM),
    (State.DRAFT, Verb.CANCEL): (State.CANCELLED, _LEAD),
    (State.DRAFT, Verb.COPY): (State.DRAFT, _LEAD),
    (State.ANNOUNCED, Verb.EDIT): (State.ANNOUNCED, _LEAD),
    (State.ANNOUNCED, Verb.RESCHEDULE): (State.ANNOUNCED, _LEAD),
    (State.ANNOUNCED, Verb.INVITE): (State.ANNOUNCED, _MAKER),
    (State.ANNOUNCED, Verb.REGISTER): (State.ANNOUNCED, _TEACHER),
    (State.ANNOUNCED, Verb.LET_IN): (State.ANNOUNCED, _LEAD),
    (State.ANNOUNCED, Verb.REHEARSE): (State.ANNOUNCED, _STAGE),
    (State.ANNOUNCED, Verb.OPEN): (State.OPEN, _LEAD | _SYSTEM),
    (State.ANNOUNCED, Verb.CANCEL): (State.CANCELLED, _LEAD | _SYSTEM),
    (State.ANNOUNCED, Verb.LAPSE): (State.ENDED, _SYSTEM),
    (State.ANNOUNCED, Verb.COPY): (State.ANNOUNCED, _LEAD),
    (State.OPEN, Verb.EDIT): (State.OPEN, _LEAD),
    (State.OPEN, Verb.INVITE): (State.OPEN, _LEAD),
    (State.OPEN, Verb.REGISTER): (State.OPEN, _TEACHER),
    (State.OPEN, Verb.LET_IN): (State.OPEN, _LEAD),
    (State.OPEN, Verb.COME): (State.OPEN, _TEACHER | _SYSTEM),
    (State.OPEN, Verb.PRESENT): (State.OPEN, _STAGE),
    (State.OPEN, Verb.GO_LIVE): (State.LIVE, _LEAD),
    (State.OPEN, Verb.END): (State.ENDED, _LEAD | _SYSTEM),
    (State.OPEN, Verb.CANCEL): (State.CANCELLED, _LEAD | _SYSTEM),
    (State.OPEN, Verb.COPY): (State.OPEN, _LEAD),
    (State.LIVE, Verb.INVITE): (State.LIVE, _LEAD),
    (State.LIVE, Verb.REGISTER): (State.LIVE, _TEACHER),
    (State.LIVE, Verb.LET_IN): (State.LIVE, _LEAD),
    (State.LIVE, Verb.COME): (State.LIVE, _TEACHER | _SYSTEM),
    (State.LIVE, Verb.PRESENT): (State.LIVE, _STAGE),
    # On air again after a pause.
    (State.LIVE, Verb.GO_LIVE): (State.LIVE, _LEAD),
    (State.LIVE, Verb.END): (State.ENDED, _LEAD | _SYSTEM),
    (State.LIVE, Verb.COPY): (State.LIVE, _LEAD),
    (State.ENDED, Verb.COPY): (State.ENDED, _LEAD),
    (State.ENDED, Verb.ARCHIVE): (State.ARCHIVED, _LEAD | _SYSTEM),
    (State.ARCHIVED, Verb.COPY): (State.ARCHIVED, _LEAD),
    (State.CANCELLED, Verb.COPY): (State.CANCELLED, _LEAD),
}

DOORS_OPEN_BEFORE = timedelta(minutes=15)
"""As a class code leads into what starts this soon."""

OVERRUNS_BY = timedelta(hours=2)
"""So long after its planned end it ends itself: nobody pressed the button."""

ARCHIVED_AFTER = timedelta(days=90)
"""Answers to the questions that had no turn still appear on its page."""

TRIED_BEFORE = timedelta(days=14)
"""From when on presenters may try the stage."""


def may(state: State, verb: Verb, actors: frozenset[Actor]) -> bool:
    """Whether the table has such a move for somebody who is all of `actors`."""
    return (state, verb) in TABLE and not actors.isdisjoint(TABLE[state, verb][1])


def verbs(state: State, actors: frozenset[Actor]) -> tuple[Verb, ...]:
    """What to offer her, in the table's order."""
    return tuple(verb for at, verb in TABLE if at is state and may(state, verb, actors))


def move(state: State, verb: Verb, actors: frozenset[Actor]) -> State:
    """The state after a move.

    Raises `Conflict` `webinar_state` when the state knows no such move (it may have changed
    meanwhile), `Refused` `webinar_actor` when it is another's to make.
    """
    if (state, verb) not in TABLE:
        raise Conflict("webinar_state", state=state.value, verb=verb.value)
    if not may(state, verb, actors):
        raise Refused("webinar_actor", verb=verb.value)
    return TABLE[state, verb][0]


@dataclass(frozen=True, slots=True)
class Times:
    """What decides on moves that nobody makes."""

    state: State
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    is_on_air: bool = False


def due(times: Times, now: datetime) -> Verb | None:
    """The move that is due by itself at `now`, or None."""
    is_over = now >= times.ends_at + OVERRUNS_BY
    match times.state:
        case State.ANNOUNCED if now >= times.ends_at:
            return Verb.LAPSE
        case State.ANNOUNCED if now >= times.starts_at - DOORS_OPEN_BEFORE:
            return Verb.OPEN
        case State.OPEN | State.LIVE if is_over and not times.is_on_air:
            return Verb.END
        case State.ENDED if times.ended_at and now >= times.ended_at + ARCHIVED_AFTER:
            return Verb.ARCHIVE
        case _:
            return None
