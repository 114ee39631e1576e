"""The table of what is kept: each kind is told, purged by it, and proven so that nothing can go."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rooms.attendance import retention
from rooms.safety import purges
from rooms.safety.kept import KEPT, Calendar, Period, kept_from
from rooms.safety.purges import Purge
from server import kept_words

NOW = datetime(2026, 11, 28, 19, 0, tzinfo=UTC)
AT = Calendar(NOW, "Europe/Amsterdam", 8)


@pytest.mark.parametrize(
    ("period", "first"),
    [
        (Period.QUARTER, NOW - timedelta(minutes=15)),
        (Period.MONTH, NOW - timedelta(days=30)),
        (Period.SCHOOL_YEAR, datetime(2026, 7, 31, 22, tzinfo=UTC)),
        (Period.TWO_YEARS, datetime(2024, 7, 31, 22, tzinfo=UTC)),
        (Period.STAYS, None),
        (Period.RIGHTS, None),
    ],
)
def test_a_period_says_what_stays(period: Period, first: datetime | None) -> None:
    assert kept_from(period, AT) == first


def test_every_kind_is_told_in_words_and_what_is_purged_stands_in_the_table() -> None:
    assert set(kept_words.WHAT) == set(KEPT)
    assert set(kept_words.PERIODS) == set(Period)
    assert set(kept_words.NOTES) <= set(KEPT)
    assert all(kept_from(KEPT[what], AT) is not None for what in retention.DROPS)
    assert {one[0] for one in kept_words.lines("nl")} == set(KEPT)
    assert kept_words.line("en", "questions").endswith(": 30 days.")


def chain(count: int) -> list[Purge]:
    """Lines as they are written night after night."""
    lines: list[Purge] = [Purge("questions", 1, NOW, NOW, "")]
    previous = ""
    for night in range(count):
        at = NOW + timedelta(days=night)
        previous = purges.proof_of(previous, "questions", night + 1, at, at)
        lines.append(Purge("questions", night + 1, at, at, previous))
    return lines


def test_no_line_of_the_proof_can_be_changed_or_left_out() -> None:
    lines = chain(5)
    assert purges.is_whole(lines) and purges.is_whole(lines[:3]) and purges.is_whole([])
    for place in range(1, 5):
        assert not purges.is_whole(lines[:place] + lines[place + 1 :])
        changed = replace(lines[place], removed=99)
        assert not purges.is_whole([*lines[:place], changed, *lines[place + 1 :]])
    assert not purges.is_whole([*lines, lines[0]])
