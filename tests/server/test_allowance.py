"""Allowances: a burst, then so many a second, for each, in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from server.allowance import Allowance, Allowances


def test_a_burst_then_so_many_a_second() -> None:
    allowance = Allowance(0.0, most=3, per_s=2)
    assert [allowance.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [allowance.take(0.5), allowance.take(0.5)] == [True, False]
    assert [allowance.take(100.0) for _ in range(4)] == [True, True, True, False]


@given(st.lists(st.floats(0, 5), max_size=60))
def test_never_more_than_that(pauses: list[float]) -> None:
    allowance, now, taken = Allowance(0.0, most=5, per_s=1.5), 0.0, 0
    for pause in pauses:
        now += pause
        taken += allowance.take(now)
        assert taken <= 5 + 1.5 * now + 1e-6


def test_each_has_its_own_and_the_oldest_are_forgotten() -> None:
    allowances = Allowances(1, 0, keeps=2)
    assert allowances.take("a", 0)
    assert not allowances.take("a", 0)
    assert allowances.take("b", 0)
    assert not allowances.take("a", 0)
    assert allowances.take("c", 0)
    assert not allowances.take("a", 0)
    assert allowances.take("b", 0)
