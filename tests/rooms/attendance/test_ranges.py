from hypothesis import given
from hypothesis import strategies as st

from rooms.attendance.ranges import (
    Range,
    close_holes,
    difference,
    intersection,
    length_ms,
    merge_beats,
    middles,
    shift,
    union,
)

edges = st.integers(-50, 200)
some_ranges = st.lists(st.tuples(edges, edges), max_size=12)


def moments(ranges: list[Range] | tuple[Range, ...]) -> set[int]:
    """The slow truth the arithmetic is held against: each millisecond by itself."""
    return {ms for start, end in ranges for ms in range(start, end)}


def is_normal(ranges: tuple[Range, ...]) -> bool:
    return all(a < b for a, b in ranges) and all(
        ranges[i][1] < ranges[i + 1][0] for i in range(len(ranges) - 1)
    )


@given(some_ranges, some_ranges)
def test_agrees_with_sets_of_moments(a: list[Range], b: list[Range]) -> None:
    for answer, truth in (
        (union(a, b), moments(a) | moments(b)),
        (intersection(a, b), moments(a) & moments(b)),
        (difference(a, b), moments(a) - moments(b)),
    ):
        assert moments(answer) == truth
        assert is_normal(answer)
        assert length_ms(answer) == len(truth)


@given(some_ranges, st.integers(0, 30))
def test_closing_holes_fills_exactly_the_short_ones(a: list[Range], grace: int) -> None:
    before, after = union(a), close_holes(a, grace)
    holes = [(before[i][1], before[i + 1][0]) for i in range(len(before) - 1)]
    short = [hole for hole in holes if hole[1] - hole[0] <= grace]
    assert moments(after) == moments(before) | moments(short)


def test_touching_ranges_become_one() -> None:
    assert union([(5, 9), (0, 5)]) == ((0, 9),)


def test_empty_and_reversed_ranges_hold_nothing() -> None:
    assert union([(4, 4), (9, 2)]) == ()
    assert difference([], [(1, 2)]) == ()


def test_shift_moves_all() -> None:
    assert shift([(0, 5), (10, 12)], -3) == ((-3, 2), (7, 9))


def test_beats_are_clipped_to_the_film_and_count_once() -> None:
    beats = [[(0, 2000)], [(1000, 4000)], [(0, 2000)], [(9000, 99000)], [(-50, 100)]]
    assert merge_beats(beats, 10_000) == ((0, 4000), (9000, 10_000))


@given(some_ranges, st.integers(1, 40))
def test_middles_lie_inside_and_in_order(a: list[Range], parts: int) -> None:
    found = middles(a, parts)
    assert len(found) == (parts if moments(a) else 0)
    assert set(found) <= moments(a)
    assert list(found) == sorted(found)


def test_middles_leave_holes_out() -> None:
    assert middles([(1000, 1100), (5000, 5100)], 4) == (1025, 1075, 5025, 5075)
