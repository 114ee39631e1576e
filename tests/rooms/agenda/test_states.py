from datetime import UTC, datetime, timedelta

import pytest

from rooms.agenda.states import (
    IDLE_AFTER,
    LAPSES_AFTER,
    TABLE,
    Ending,
    EndReason,
    Sitting,
    State,
    Verb,
    due_ending,
    move,
    verbs,
)
from rooms.errors import Conflict

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
A_MOMENT = timedelta(seconds=1)


def test_planned_then_shown_then_ended() -> None:
    state: State | None = None
    for verb, expected in (
        (Verb.PLAN, State.PLANNED),
        (Verb.PLAN, State.PLANNED),
        (Verb.SHOW, State.RUNNING),
        (Verb.SHOW, State.RUNNING),
        (Verb.END, State.ENDED),
        (Verb.END, State.ENDED),
    ):
        state = move(state, verb)
        assert state is expected


def test_showing_needs_no_plan() -> None:
    assert move(None, Verb.SHOW) is State.RUNNING


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        (None, Verb.END),
        (State.PLANNED, Verb.END),
        (State.RUNNING, Verb.CANCEL),
        (State.RUNNING, Verb.LAPSE),
        (State.ENDED, Verb.SHOW),
        (State.CANCELLED, Verb.SHOW),
    ],
)
def test_what_is_not_in_the_table_is_a_conflict(state: State | None, verb: Verb) -> None:
    with pytest.raises(Conflict) as conflict:
        move(state, verb)
    assert conflict.value.code == "session_state"


def test_what_has_ended_never_runs_again() -> None:
    for over in (State.ENDED, State.CANCELLED):
        assert all(to is over for (at, _), to in TABLE.items() if at is over)
    assert verbs(State.PLANNED) == (Verb.PLAN, Verb.SHOW, Verb.CANCEL, Verb.LAPSE)


def test_an_idle_session_ends_when_it_was_last_seen() -> None:
    running = Sitting(State.RUNNING, started_at=NOON - timedelta(hours=1), last_seen_at=NOON)
    assert due_ending(running, NOON + IDLE_AFTER - A_MOMENT) is None
    assert due_ending(running, NOON + IDLE_AFTER) == Ending(Verb.END, NOON, EndReason.IDLE)


def test_a_session_nobody_joined_ends_when_it_started() -> None:
    running = Sitting(State.RUNNING, started_at=NOON)
    assert due_ending(running, NOON + IDLE_AFTER) == Ending(Verb.END, NOON, EndReason.IDLE)


def test_at_home_too_keeps_it_open_until_then_and_no_longer() -> None:
    until = NOON + timedelta(days=2)
    running = Sitting(State.RUNNING, started_at=NOON, last_seen_at=NOON, home_until=until)
    assert due_ending(running, until - A_MOMENT) is None
    assert due_ending(running, until) == Ending(Verb.END, until, EndReason.HOME_TIME_OVER)


def test_a_plan_that_was_never_shown_lapses_after_a_week() -> None:
    planned = Sitting(State.PLANNED, planned_until=NOON)
    assert due_ending(planned, NOON + LAPSES_AFTER - A_MOMENT) is None
    assert due_ending(planned, NOON + LAPSES_AFTER) == Ending(Verb.LAPSE, NOON, EndReason.NOT_SHOWN)


def test_a_plan_open_at_home_for_longer_does_not_lapse_before_that_is_over() -> None:
    until = NOON + timedelta(days=20)
    planned = Sitting(State.PLANNED, planned_until=NOON, home_until=until)
    assert due_ending(planned, NOON + LAPSES_AFTER) is None
    assert due_ending(planned, until - A_MOMENT) is None
    assert due_ending(planned, until) == Ending(Verb.LAPSE, until, EndReason.NOT_SHOWN)


def test_a_plan_open_at_home_for_a_day_still_has_its_week() -> None:
    until = NOON + timedelta(days=1)
    planned = Sitting(State.PLANNED, planned_until=NOON, home_until=until)
    assert due_ending(planned, NOON + LAPSES_AFTER - A_MOMENT) is None
    assert due_ending(planned, NOON + LAPSES_AFTER) == Ending(
        Verb.LAPSE, until, EndReason.NOT_SHOWN
    )


def test_every_due_ending_is_a_move_of_the_table() -> None:
    later = NOON + timedelta(days=30)
    for sitting in (
        Sitting(State.PLANNED, planned_until=NOON),
        Sitting(State.RUNNING, started_at=NOON),
        Sitting(State.RUNNING, started_at=NOON, home_until=NOON),
    ):
        ending = due_ending(sitting, later)
        assert ending is not None
        assert move(sitting.state, ending.verb) is State.ENDED


@pytest.mark.parametrize("state", [State.ENDED, State.CANCELLED])
def test_what_is_over_has_no_ending_due(state: State) -> None:
    assert due_ending(Sitting(state, started_at=NOON), NOON + timedelta(days=99)) is None
