"""What is told of a webinar, and when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rooms.agenda.reminders import (
    News,
    Place,
    Reminder,
    news,
    reminder,
    sequence_after,
)

START = datetime(2026, 10, 26, 9, 0, tzinfo=UTC)
BEFORE = START - timedelta(days=10)
IN = Place(True, START, START + timedelta(hours=1), "Build a dyke")
OUT = replace(IN, is_in=False)
LATER = replace(IN, starts_at=START + timedelta(days=7), ends_at=IN.ends_at + timedelta(days=7))


@pytest.mark.parametrize(
    ("told", "held", "wanted"),
    [
        (None, IN, News.INVITED),
        (None, OUT, None),
        (IN, IN, None),
        (IN, LATER, News.CHANGED),
        (IN, replace(IN, title="Build two dykes"), News.CHANGED),
        (IN, replace(IN, ends_at=IN.ends_at + timedelta(minutes=5)), News.CHANGED),
        (IN, OUT, News.CANCELLED),
        (OUT, OUT, None),
        (OUT, IN, News.INVITED),
        (OUT, LATER, News.INVITED),
    ],
)
def test_the_difference_is_the_news(told: Place | None, held: Place, wanted: News | None) -> None:
    assert news(told, held, BEFORE) == wanted


@pytest.mark.parametrize(("told", "held"), [(None, IN), (IN, OUT), (OUT, IN), (IN, IN)])
def test_what_is_over_is_no_news(told: Place | None, held: Place) -> None:
    assert news(told, held, IN.ends_at) is None


def test_moved_to_the_past_is_not_told_but_moved_out_of_it_is() -> None:
    now = START + timedelta(days=1)
    assert news(LATER, IN, now) is None
    assert news(IN, LATER, now) is News.CHANGED


@pytest.mark.parametrize(
    ("told", "own", "wanted"), [(None, 0, 0), (None, 4, 4), (4, 4, 5), (2, 7, 7), (9, 3, 10)]
)
def test_an_entry_only_grows(told: int | None, own: int, wanted: int) -> None:
    assert sequence_after(told, own) == wanted


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        (timedelta(hours=25), None),
        (timedelta(hours=24), Reminder.DAY),
        (timedelta(hours=4), Reminder.DAY),
        (timedelta(hours=3), None),
        (timedelta(minutes=61), None),
        (timedelta(minutes=60), Reminder.HOUR),
        (timedelta(minutes=11), Reminder.HOUR),
        (timedelta(minutes=10), None),
        (-timedelta(minutes=1), None),
    ],
)
def test_reminders_have_their_time(before: timedelta, wanted: Reminder | None) -> None:
    assert reminder(START, BEFORE, START - before) == wanted


def test_who_was_told_just_before_is_not_reminded_of_it() -> None:
    the_evening_before = START - timedelta(hours=20)
    assert reminder(START, the_evening_before, START - timedelta(hours=10)) is None
    assert reminder(START, the_evening_before, START - timedelta(minutes=59)) is Reminder.HOUR
    assert reminder(START, START - timedelta(hours=24), START - timedelta(hours=24)) is None
    at_the_door = START - timedelta(minutes=40)
    assert reminder(START, at_the_door, START - timedelta(minutes=30)) is None


def test_over_a_clock_change_a_day_before_is_24_hours_before() -> None:
    """The webinar is on the Sunday on which the clocks go back; moments are not clocks."""
    start = datetime(2026, 10, 25, 9, 0, tzinfo=UTC)
    assert reminder(start, BEFORE, start - timedelta(hours=24)) is Reminder.DAY
    assert reminder(start, BEFORE, start - timedelta(hours=24, seconds=1)) is None
