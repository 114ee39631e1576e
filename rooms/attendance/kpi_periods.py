"""The periods KPIs are asked for: a school year, a quarter or a month of it, or any days."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from rooms.errors import Refused
from rooms.people.codes import SchoolYear, school_year_on

# Five school years and one more day are enough for any page, and keep it fast.
LONGEST = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both included."""

    since: date
    until: date

    def is_open(self, today: date) -> bool:
        """Whether something may still happen in it: its figures are provisional."""
        return today <= self.until

    def overlaps(self, other: "Period") -> bool:
        """Whether a day is in both."""
        return self.since <= other.until and other.since <= self.until

    def in_month(self, month: str) -> "Period":
        """Its days in a month, 'YYYY-MM', of which it has one."""
        first = date.fromisoformat(f"{month}-01")
        last = first.replace(day=monthrange(first.year, first.month)[1])
        return Period(max(first, self.since), min(last, self.until))


def free(since: date, until: date) -> Period:
    """Any days. Raises `Refused` `period_backwards`, `period_long`."""
    if until < since:
        raise Refused("period_backwards")
    if until - since > LONGEST:
        raise Refused("period_long")
    return Period(since, until)


def of_year(year: SchoolYear) -> Period:
    """A whole school year."""
    return Period(year.first_day, year.last_day)


def quarters(year: SchoolYear) -> tuple[Period, ...]:
    """The four quarters of a school year, from its own first month on."""
    starts = [_month_on(year.first_day, months) for months in (0, 3, 6, 9)]
    ends = [*(start - timedelta(days=1) for start in starts[1:]), year.last_day]
    return tuple(Period(start, end) for start, end in zip(starts, ends, strict=True))


def months(year: SchoolYear) -> tuple[Period, ...]:
    """The twelve months of a school year."""
    starts = [_month_on(year.first_day, number) for number in range(12)]
    ends = [*(start - timedelta(days=1) for start in starts[1:]), year.last_day]
    return tuple(Period(start, end) for start, end in zip(starts, ends, strict=True))


def _month_on(first: date, by: int) -> date:
    month = first.month - 1 + by
    return date(first.year + month // 12, month % 12 + 1, 1)


def years(first: date | None, today: date, start_month: int) -> tuple[SchoolYear, ...]:
    """The school years since a day, the present one first; at most five."""
    found = [school_year_on(today, "UTC", start_month)]
    while first is not None and first < found[-1].first_day and len(found) < 5:
        found.append(school_year_on(found[-1].first_day - timedelta(days=1), "UTC", start_month))
    return tuple(found)


def named(year: str, part: str, today: date, start_month: int) -> Period:
    """What an address asks for: `2025` with `q1` to `q4`, `m1` to `m12` or nothing."""
    chosen = school_year_on(today, "UTC", start_month)
    if year.isdecimal() and len(year) == 4 and 1900 < int(year) < 2200:
        chosen = school_year_on(date(int(year), start_month, 1), "UTC", start_month)
    parts = {
        **{f"q{number}": one for number, one in enumerate(quarters(chosen), 1)},
        **{f"m{number}": one for number, one in enumerate(months(chosen), 1)},
    }
    return parts.get(part, of_year(chosen))
