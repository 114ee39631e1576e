"""What waits for a coordinator: its order and its days, without a database."""

from datetime import date
from uuid import UUID

import pytest

from rooms.attendance.needs import ANSWER_DAYS, Kind, Need, due_on, sorted_needs

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("kind", "own", "due"),
    [
        (Kind.TOUR_REVIEW, None, date(2026, 11, 27)),
        (Kind.NO_SHOW, None, date(2026, 12, 4)),
        (Kind.RIGHTS, date(2026, 12, 1), date(2026, 12, 1)),
        (Kind.REQUEST, date(2026, 11, 23), date(2026, 11, 23)),
    ],
)
def test_a_day_is_its_own_or_counted_in_working_days(
    kind: Kind, own: date | None, due: date
) -> None:
    assert due_on(kind, FRIDAY, own) == due


def test_every_kind_has_a_day() -> None:
    brings_its_own = {Kind.REQUEST, Kind.PRESENTER, Kind.RIGHTS}
    assert set(ANSWER_DAYS) | brings_its_own == set(Kind)


def test_the_oldest_stands_first_and_of_one_day_the_most_pressing() -> None:
    def need(number: int, since: date, due: date) -> Need:
        return Need(Kind.RIGHTS, UUID(int=number), "", "", since, due)

    old = need(1, date(2026, 1, 5), date(2026, 6, 1))
    pressing = need(2, FRIDAY, FRIDAY)
    later = need(3, FRIDAY, date(2026, 12, 1))
    assert sorted_needs([later, pressing, old]) == (old, pressing, later)
    assert pressing.is_late(date(2026, 11, 21)) and not pressing.is_late(FRIDAY)
