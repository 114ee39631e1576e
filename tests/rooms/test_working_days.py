"""Working days: weekends are jumped over, wherever the term begins."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms import working_days


@pytest.mark.parametrize(
    ("day", "count", "then"),
    [
        (date(2026, 11, 30), 0, date(2026, 11, 30)),  # a Monday
        (date(2026, 11, 30), 4, date(2026, 12, 4)),
        (date(2026, 11, 30), 5, date(2026, 12, 7)),
        (date(2026, 12, 4), 1, date(2026, 12, 7)),  # a Friday
        (date(2026, 12, 5), 1, date(2026, 12, 7)),  # a Saturday
        (date(2026, 12, 6), 10, date(2026, 12, 18)),  # a Sunday
        (date(2026, 12, 18), 10, date(2027, 1, 1)),  # holidays are not known
    ],
)
def test_a_term_in_working_days(day: date, count: int, then: date) -> None:
    assert working_days.after(day, count) == then


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 60))
def test_it_counts_exactly_the_working_days_between(day: date, count: int) -> None:
    then = working_days.after(day, count)
    between = [day + timedelta(days=number) for number in range(1, (then - day).days + 1)]
    assert sum(working_days.is_working_day(one) for one in between) == count
    assert working_days.is_working_day(then)
