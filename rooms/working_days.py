"""Working days: Monday to Friday. Public holidays and school holidays are not known here.

A term that is counted in them may therefore be short where a holiday falls into it, never long.
"""

from datetime import date, timedelta


def is_working_day(day: date) -> bool:
    """Whether a day is neither a Saturday nor a Sunday."""
    return day.weekday() < 5


def after(day: date, count: int) -> date:
    """The `count`-th working day after `day`; `day` itself is not counted, 0 gives it back."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day
