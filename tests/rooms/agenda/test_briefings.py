"""The briefing: what follows from a class's year and the hour of its lesson."""

import pytest

from rooms.agenda import briefings


@pytest.mark.parametrize(
    ("level", "grade", "about"),
    [
        ("havo", 3, (14, 15)),
        ("vmbo", 1, (12, 13)),
        ("po", 7, (10, 11)),
        ("mbo", 2, None),
        ("vwo", None, None),
    ],
)
def test_about_how_old_they_are(level: str, grade: int | None, about: object) -> None:
    assert briefings.ages(level, grade) == about


def test_each_rule_is_for_a_kind_that_exists() -> None:
    assert set(briefings.DO_OF_KIND) == set(briefings.DO_NOT_OF_KIND) == {
        "guest_lesson", "live_tour",
    }  # fmt: skip
