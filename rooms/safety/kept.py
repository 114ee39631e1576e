"""How long everything is kept: the one table that purges and that every page tells from.

Pure: a period says from which moment on things of its kind stay, seen from "now".
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from rooms.people.codes import school_year_on


class Period(StrEnum):
    """How long. The first four are counted from when it was made."""

    QUARTER = "quarter_of_an_hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    SCHOOL_YEAR = "school_year"
    """To the end of the school year and a month more."""
    TWO_YEARS = "two_school_years"
    """Two more school years after the one in which it was."""
    RIGHTS = "rights"
    """Until the company's own end date."""
    HERS = "hers"
    """Until the person takes it back herself."""
    STAYS = "stays"
    """Without anybody's name."""


SPANS = {
    Period.QUARTER: timedelta(minutes=15),
    Period.DAY: timedelta(days=1),
    Period.MONTH: timedelta(days=30),
    Period.YEAR: timedelta(days=365),
}
NAMES_KEPT_YEARS = 2

# What is kept of each kind, in the order in which a page tells it: pupils' first.
KEPT: dict[str, Period] = {
    "unseen_questions": Period.DAY,
    "questions": Period.MONTH,
    "live_captions": Period.QUARTER,
    "visit_events": Period.MONTH,
    "room_events": Period.MONTH,
    "seat_intervals": Period.SCHOOL_YEAR,
    "class_names": Period.TWO_YEARS,
    "results": Period.STAYS,
    "incident_words": Period.MONTH,
    "incidents": Period.TWO_YEARS,
    "person_visits": Period.SCHOOL_YEAR,
    "person_results": Period.TWO_YEARS,
    "requests": Period.TWO_YEARS,
    "webinar_people": Period.TWO_YEARS,
    "presenters": Period.TWO_YEARS,
    "stream_keys": Period.MONTH,
    "accounts": Period.HERS,
    "exports": Period.TWO_YEARS,
    "export_files": Period.DAY,
    "school_checks": Period.YEAR,
    "films": Period.RIGHTS,
    "releases": Period.STAYS,
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """Today in a programme: its zone, and the month in which its school year starts."""

    now: datetime
    zone: str
    start_month: int

    @property
    def today(self) -> date:
        """The local date."""
        return self.now.astimezone(ZoneInfo(self.zone)).date()

    def begins(self, day: date) -> datetime:
        """The first moment of a local day."""
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone))


def kept_from(period: Period, at: Calendar) -> datetime | None:
    """The first moment whose things stay; None where time alone takes nothing."""
    if period in SPANS:
        return at.now - SPANS[period]
    if period is Period.SCHOOL_YEAR:
        return at.begins(seats_kept_from(at.today, at.start_month))
    if period is Period.TWO_YEARS:
        return at.begins(names_kept_from(at.today, at.start_month))
    return None


def seats_kept_from(today: date, start_month: int) -> date:
    """The first day whose seats and visits stay: a school year's go a month after its end."""
    return school_year_on(_month_before(today), "UTC", start_month).first_day


def names_kept_from(today: date, start_month: int) -> date:
    """The first day whose class names stay: a school year's go two school years after it."""
    first_day = school_year_on(today, "UTC", start_month).first_day
    return first_day.replace(year=first_day.year - NAMES_KEPT_YEARS)


def _month_before(day: date) -> date:
    year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    return date(year, month, min(day.day, monthrange(year, month)[1]))
