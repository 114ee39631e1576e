from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.live.pacer import BURST_BYTES, STEP_S, Pacer

SIZE = 1200
MOST_S = 0.020


def run(
    arrivals: list[tuple[float, int]], *, wakes_late_s: float = 0.0, pacer: Pacer | None = None
) -> tuple[list[float], int]:
    """When each packet leaves, and how often a timer was needed; the loop wakes late by so much."""
    pacer = pacer or Pacer(MOST_S)
    left: list[float] = []
    queued, timers = 0, 0
    coming = list(arrivals)
    wake: float | None = None
    while coming or wake is not None:
        if wake is not None and (not coming or wake + wakes_late_s <= coming[0][0]):
            now = wake + wakes_late_s
            timers += 1
            released = pacer.release(now)
        else:
            now, size = coming.pop(0)
            released = pacer.release(now) if queued else 0
            left += [now] * released
            queued -= released
            released = 0
            if pacer.offer(now, size, True):
                assert not queued, "overtook what is queued"
                left.append(now)
            else:
                queued += 1
        left += [now] * released
        queued -= released
        assert queued >= 0
        due = pacer.next_at(now)
        assert (due is None) == (queued == 0)
        if due is not None and (wake is None or wake <= now):
            wake = due
        elif due is None:
            wake = None
    return left, timers


def steady(bps: int, fps: int, seconds: float, start: float = 50.0) -> list[tuple[float, int]]:
    """Frames that come at once, each as full packets and a rest."""
    arrivals = []
    for number in range(int(fps * seconds)):
        left = bps // 8 // fps
        while left > 0:
            arrivals.append((start + number / fps, min(SIZE, left)))
            left -= SIZE
    return arrivals


def delays(arrivals: list[tuple[float, int]], left: list[float]) -> list[float]:
    assert len(left) == len(arrivals)
    return [out - came for out, (came, _) in zip(left, arrivals, strict=True)]


def groups(left: list[float]) -> list[int]:
    """How many left at each moment."""
    return [left.count(moment) for moment in sorted(set(left))]


@pytest.mark.parametrize(
    ("bps", "fps"),
    [(150_000, 15), (500_000, 30), (1_200_000, 30), (2_200_000, 30), (4_000_000, 60)],
)
def test_a_steady_picture_passes_without_delay_or_timer(bps: int, fps: int) -> None:
    arrivals = steady(bps, fps, 5)
    left, timers = run(arrivals)
    assert max(delays(arrivals, left)) == 0
    assert timers == 0


def test_packets_one_by_one_pass_at_any_rate_that_grows_slowly() -> None:
    arrivals, now, gap = [], 50.0, 0.01
    while gap > 0.0005:  # up to 19 Mbit/s
        arrivals.append((now, SIZE))
        now += gap
        gap -= 1.2 * gap * gap  # the rate grows to e^1.2 times itself each second
    left, timers = run(arrivals)
    assert max(delays(arrivals, left)) == 0
    assert timers == 0


def test_eight_packets_at_once_pass() -> None:
    assert run([(1.0, SIZE)] * 8) == ([1.0] * 8, 0)
    assert BURST_BYTES >= 8 * SIZE


def test_a_keyframe_that_comes_at_once_leaves_in_small_groups_in_time() -> None:
    arrivals = [*steady(600_000, 30, 3), *[(53.0, SIZE)] * 79]
    left, _ = run(arrivals)
    late = delays(arrivals, left)[-79:]
    assert late[0] == 0
    assert max(late) <= MOST_S
    sizes = groups(left[-79:])
    assert max(sizes) <= 12
    assert len(sizes) >= 7


def test_the_very_first_keyframe_too() -> None:
    arrivals = [(1.0, SIZE)] * 79
    left, _ = run(arrivals)
    assert max(delays(arrivals, left)) <= MOST_S
    assert max(groups(left)) <= 12


@pytest.mark.parametrize("late_s", [0.0005, 0.001, 0.003])
def test_a_loop_that_wakes_late_still_keeps_the_time(late_s: float) -> None:
    arrivals = [(1.0, SIZE)] * 79
    left, _ = run(arrivals, wakes_late_s=late_s)
    assert max(delays(arrivals, left)) <= MOST_S + late_s
    assert max(groups(left)) <= 25


def test_a_keyframe_that_trickles_in_is_not_held_up_much() -> None:
    arrivals = [(1.0 + number * 0.0002, SIZE) for number in range(79)]
    left, _ = run(arrivals)
    assert max(delays(arrivals, left)) <= MOST_S
    assert left[-1] <= arrivals[-1][0] + MOST_S


def test_a_loop_that_slept_lets_go_of_all_that_is_overdue() -> None:
    pacer = Pacer(MOST_S)
    assert sum(pacer.offer(1.0, SIZE, True) for _ in range(100)) == 8
    assert pacer.release(1.0 + MOST_S) == 92
    assert pacer.next_at(1.0 + MOST_S) is None


def test_nothing_overtakes_what_is_queued_however_small() -> None:
    pacer = Pacer(MOST_S)
    while pacer.offer(1.0, SIZE, True):
        pass
    assert not pacer.offer(1.0, 1, True)
    assert not pacer.offer(1.0005, 0, True)


def test_sound_is_never_queued() -> None:
    pacer = Pacer(MOST_S)
    assert all(pacer.offer(1.0, SIZE, False) for _ in range(500))
    while pacer.offer(1.0, SIZE, True):
        pass
    assert pacer.offer(1.0, SIZE, False)
    assert pacer.release(1.0) == 0


def test_there_is_no_timer_while_nothing_is_queued() -> None:
    pacer = Pacer(MOST_S)
    assert pacer.next_at(1.0) is None
    assert pacer.release(1.0) == 0
    assert pacer.offer(1.0, SIZE, True)
    assert pacer.next_at(1.0) is None


def test_the_next_look_is_soon_and_never_after_the_first_must_go() -> None:
    pacer = Pacer(MOST_S)
    while pacer.offer(1.0, SIZE, True):
        pass
    assert pacer.next_at(1.0) == pytest.approx(1.0 + STEP_S)
    assert pacer.next_at(1.019) == pytest.approx(1.0 + MOST_S)


def test_a_clock_that_stands_still_or_steps_back_does_no_harm() -> None:
    pacer = Pacer(MOST_S)
    while pacer.offer(10.0, SIZE, True):
        pass
    assert pacer.release(9.0) == 0
    assert pacer.release(10.0) == 0
    assert pacer.release(10.0 + MOST_S) == 1


bursts = st.lists(
    st.tuples(st.floats(0, 0.2), st.integers(1, 120), st.integers(0, 1400)), min_size=1, max_size=25
)


@settings(max_examples=60)
@given(bursts, st.sampled_from([0.0, 0.001, 0.004]))
def test_whatever_comes_leaves_in_time_and_all_of_it(
    pattern: list[tuple[float, int, int]], late_s: float
) -> None:
    arrivals, now = [], 5.0
    for gap, count, size in pattern:
        now += gap
        arrivals += [(now, size)] * count
    left, _ = run(arrivals, wakes_late_s=late_s)
    late = delays(arrivals, left)
    assert min(late) >= 0
    assert max(late) <= MOST_S + late_s + 1e-9
    assert all(before <= after for before, after in pairwise(left))


@settings(max_examples=30)
@given(st.integers(20, 400), st.integers(300, 1400))
def test_a_burst_is_spread_evenly(count: int, size: int) -> None:
    left, _ = run([(1.0, size)] * count)
    at_once = BURST_BYTES // size
    steps = 0.8 * MOST_S / STEP_S
    at_least = STEP_S * 1_000_000 / size  # what 8 Mbit/s are
    for together in groups(left)[1:]:
        assert together <= 1 + max(at_least, (count - at_once) / steps)
