"""What of a webinar is to be told to somebody who has it in her agenda. Pure.

What a person was told last is a row; what holds now is another. Their difference is the news, so
that nothing is lost when the one who makes the change dies right after it, and nothing is told
twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

A_DAY = timedelta(hours=24)
AN_HOUR = timedelta(hours=1)
# A reminder that could not be written in time is of no use any more.
DAY_UNTIL = timedelta(hours=3)
HOUR_UNTIL = timedelta(minutes=10)
# The thanks wait until the last visit is written, and are no longer due when the day is forgotten.
THANKS_AFTER = timedelta(minutes=5)
THANKS_UNTIL = timedelta(days=3)


class News(StrEnum):
    """Why a mail about an entry is written."""

    INVITED = "invited"
    CHANGED = "changed"
    CANCELLED = "cancelled"


class Reminder(StrEnum):
    """How long before the start."""

    DAY = "day"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Place:
    """An entry in somebody's agenda, as it was told or as it holds now. `is_in` False: it is in
    her agenda no more."""

    is_in: bool
    starts_at: datetime
    ends_at: datetime
    title: str

    @property
    def words(self) -> tuple[datetime, datetime, str]:
        """What a reader would notice."""
        return self.starts_at, self.ends_at, self.title


def news(told: Place | None, held: Place, now: datetime) -> News | None:
    """What is to be told of the difference; None where there is none, or it is over by now."""
    was_in = told is not None and told.is_in
    if was_in and not held.is_in:
        return News.CANCELLED if _is_ahead(told, now) else None
    if not held.is_in or not _is_ahead(held, now):
        return None
    if not was_in:
        return News.INVITED
    return News.CHANGED if told is not None and told.words != held.words else None


def _is_ahead(place: Place | None, now: datetime) -> bool:
    return place is not None and now < place.ends_at


def sequence_after(told: int | None, webinars: int) -> int:
    """The number of a person's entry with the next mail: above her last one, and never below
    the webinar's own, so that no calendar takes it for old."""
    return webinars if told is None else max(told + 1, webinars)


def reminder(starts_at: datetime, told_at: datetime, now: datetime) -> Reminder | None:
    """The reminder that is due now; none when she was told so late that it would be the same."""
    left = starts_at - now
    if DAY_UNTIL < left <= A_DAY and told_at < starts_at - A_DAY:
        return Reminder.DAY
    if HOUR_UNTIL < left <= AN_HOUR and told_at < starts_at - AN_HOUR:
        return Reminder.HOUR
    return None
