"""A tour session's life: planned or shown at once, running, ended. A plan is no deadline.

Showing without planning makes the session by itself. A session that nobody ends ends itself,
at the moment something was last seen, never at the moment the sweep came by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rooms.errors import Conflict


class State(StrEnum):
    """Where one sitting of a tour stands."""

    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"
    CANCELLED = "cancelled"


class Verb(StrEnum):
    """What can happen to a sitting; None stands for one that is not there yet."""

    PLAN = "plan"
    SHOW = "show"
    END = "end"
    CANCEL = "cancel"
    LAPSE = "lapse"
    """The planned period went by and nothing was shown."""


class EndReason(StrEnum):
    """Why a session is over."""

    TEACHER = "teacher"
    IDLE = "idle"
    HOME_TIME_OVER = "home_time_over"
    NOT_SHOWN = "not_shown"
    ROOM_CLOSED = "room_closed"


TABLE: dict[tuple[State | None, Verb], State] = {
    (None, Verb.PLAN): State.PLANNED,
    (None, Verb.SHOW): State.RUNNING,
    (State.PLANNED, Verb.PLAN): State.PLANNED,
    (State.PLANNED, Verb.SHOW): State.RUNNING,
    (State.PLANNED, Verb.CANCEL): State.CANCELLED,
    (State.PLANNED, Verb.LAPSE): State.ENDED,
    # Showing again what is running already is a reload, not a second session.
    (State.RUNNING, Verb.SHOW): State.RUNNING,
    (State.RUNNING, Verb.END): State.ENDED,
    (State.ENDED, Verb.END): State.ENDED,
}

IDLE_AFTER = timedelta(minutes=30)
"""A break between two lessons fits in; the next class's lesson does not."""

LAPSES_AFTER = timedelta(days=7)
"""A planned day is no deadline: it may be shown later in the week, and then counts as planned."""


def move(state: State | None, verb: Verb) -> State:
    """The state afterwards; raises `Conflict` `session_state` when there is no such move."""
    if (state, verb) not in TABLE:
        was = state.value if state else "none"
        raise Conflict("session_state", state=was, verb=verb.value)
    return TABLE[state, verb]


def verbs(state: State | None) -> tuple[Verb, ...]:
    """What can be done from here, in the table's order."""
    return tuple(verb for at, verb in TABLE if at is state)


@dataclass(frozen=True)
class Sitting:
    """What the sweep has to know of a session."""

    state: State
    planned_until: datetime | None = None
    """End of the planned period; None for one shown without planning."""
    started_at: datetime | None = None
    last_seen_at: datetime | None = None
    """The latest beat of any of its seats."""
    home_until: datetime | None = None
    """"At home too, until …", the teacher's choice."""


@dataclass(frozen=True)
class Ending:
    """That a session is over, since when and why."""

    verb: Verb
    at: datetime
    reason: EndReason


def due_ending(sitting: Sitting, now: datetime) -> Ending | None:
    """The ending that is due by itself at `now`, or None."""
    if sitting.state is State.PLANNED:
        return _lapse(sitting, now)
    if sitting.state is State.RUNNING:
        return _home_over(sitting, now) if sitting.home_until else _idle(sitting, now)
    return None


def _lapse(sitting: Sitting, now: datetime) -> Ending | None:
    until = sitting.planned_until
    if until is None:
        return None
    # Open at home for longer than the week, it can still be shown there until that day is over.
    closes = max(until, sitting.home_until or until)
    if now < max(until + LAPSES_AFTER, closes):
        return None
    return Ending(Verb.LAPSE, closes, EndReason.NOT_SHOWN)


def _home_over(sitting: Sitting, now: datetime) -> Ending | None:
    until = sitting.home_until
    if until is None or now < until:
        return None
    return Ending(Verb.END, until, EndReason.HOME_TIME_OVER)


def _idle(sitting: Sitting, now: datetime) -> Ending | None:
    seen = [moment for moment in (sitting.last_seen_at, sitting.started_at) if moment]
    if not seen or now - max(seen) < IDLE_AFTER:
        return None
    return Ending(Verb.END, max(seen), EndReason.IDLE)
