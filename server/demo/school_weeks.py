"""When the demo's schools are open, in whatever week it is started. Pure.

Holidays are not known to Porthole, and differ by year and by region; what the demo plans lies
outside those of all Dutch regions in any year: nobody who tries it reads of a lesson at Christmas.
"""

from datetime import date, timedelta

from rooms import working_days
from rooms.agenda.request_drafts import weeks_from

# (first, last) day as (month, day), both included.
HOLIDAYS = (
    ((2, 13), (3, 5)),
    ((4, 22), (5, 9)),
    ((7, 4), (9, 5)),
    ((10, 10), (11, 1)),
    ((12, 19), (12, 31)),
    ((1, 1), (1, 9)),
)


def is_school_day(day: date) -> bool:
    """Whether it is a working day outside all holidays."""
    at = (day.month, day.day)
    return working_days.is_working_day(day) and not any(
        first <= at <= last for first, last in HOLIDAYS
    )


def first_after(day: date) -> date:
    """The first school day after a day."""
    day += timedelta(days=1)
    while not is_school_day(day):
        day += timedelta(days=1)
    return day


def weeks_to_choose(today: date, count: int) -> tuple[date, ...]:
    """So many Mondays of whole school weeks among those a teacher can choose from; none of the two
    weeks to come, as a company needs time to answer."""
    whole = (
        monday
        for monday in weeks_from(today)[2:]
        if all(is_school_day(monday + timedelta(days=number)) for number in range(5))
    )
    return tuple(monday for monday, _ in zip(whole, range(count), strict=False))
