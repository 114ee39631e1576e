from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.live.layers import FIRST_WAIT_S, LONGEST_WAIT_S, Choice, steady
from media.live.messages import Wish

CAMERA = (150_000, 500_000, 1_700_000)  # q, h, f of a 720p camera
SOUND = 40_000
STEP_S = 0.1
START = 500.0


class Line:
    """A viewer's line and browser: how its estimate and its losses answer to what it is sent.

    The estimate is libwebrtc's (aimd_rate_control): up by 8 % a second, never beyond 1.5 times
    what comes in; when a queue builds up it falls to 0.85 of what came through, and holds.
    """

    def __init__(
        self, capacity_bps: float, *, has_estimate: bool = True, loss: float = 0.0
    ) -> None:
        self.capacity_bps = capacity_bps
        self.estimate_bps = 0.0
        self.loss = loss  # at random, whatever is sent
        self._has_estimate = has_estimate
        self._queue_s = 0.0
        self._sent = self._lost = 0.0
        self._next_report = self._next_estimate = 0.0
        self._age_s = 0.0

    def carry(self, sent_bps: float, choice: Choice, now: float) -> None:
        """One step of time with so much sent."""
        self._age_s += STEP_S
        self._queue_s += (sent_bps / self.capacity_bps - 1) * STEP_S
        dropped = max(0.0, self._queue_s - 0.5)  # half a second fits the queue
        self._queue_s = max(0.0, self._queue_s - dropped)
        self._sent += sent_bps
        self._lost += sent_bps * self.loss + dropped / STEP_S * self.capacity_bps
        through = min(sent_bps, self.capacity_bps)
        if self._queue_s > 0.1:
            if self.estimate_bps == 0 or 0.85 * through < self.estimate_bps:
                self.estimate_bps = 0.85 * through
        elif self._age_s > 5:
            ceiling = 1.5 * through + 10_000
            if self.estimate_bps == 0:
                self.estimate_bps = through
            elif self.estimate_bps < ceiling:
                self.estimate_bps = min(self.estimate_bps * 1.08**STEP_S, ceiling)
        if self._has_estimate and self.estimate_bps and now >= self._next_estimate:
            choice.estimate(round(self.estimate_bps), now)
            self._next_estimate = now + 0.4
        if now >= self._next_report:
            choice.loss(min(1.0, self._lost / self._sent) if self._sent else 0.0, now)
            self._sent = self._lost = 0.0
            self._next_report = now + 1.0


def watch(
    line: Line,
    seconds: float,
    *,
    rates: Callable[[float], Sequence[int]] | Sequence[int] = CAMERA,
    wish: Wish = "auto",
    choice: Choice | None = None,
    start: float = START,
    can_probe: bool = False,
    may_probe: bool = True,
    probes: list[int] | None = None,
) -> list[int | None]:
    """The layer at each step; `probes` gets what was repeated beside it, in bit/s."""
    choice = choice or Choice(start)
    choice.wish = wish
    choice.can_probe, choice.may_probe = can_probe, may_probe
    layers = []
    for step in range(round(seconds / STEP_S)):
        now = start + step * STEP_S
        present = rates(now - start) if callable(rates) else rates
        layer = choice.pick(present, SOUND, now)
        layers.append(layer)
        beside = SOUND + choice.probe_bps
        line.carry(beside + (0 if layer is None else present[layer]), choice, now)
        if probes is not None:
            probes.append(choice.probe_bps)
    return layers


def changes(layers: Sequence[int | None]) -> list[tuple[float, int | None]]:
    """(from when in seconds, layer) of each stretch."""
    found, at = [], 0
    for layer, stretch in groupby(layers):
        found.append((round(at * STEP_S, 1), layer))
        at += len(list(stretch))
    return found


def begins(probes: Sequence[int]) -> list[float]:
    """When each probe began, in seconds."""
    return [at for at, bps in changes(probes) if bps]


def share(layers: Sequence[int | None], layer: int | None) -> float:
    return layers.count(layer) / len(layers)


# --- the start -----------------------------------------------------------------------------------


def test_it_starts_with_the_highest_layer_that_fits_a_megabit() -> None:
    assert Choice(START).pick(CAMERA, SOUND, START) == 1
    assert Choice(START).pick((100_000, 300_000, 900_000), SOUND, START) == 2
    assert Choice(START).pick((2_000_000, 3_000_000, 4_000_000), SOUND, START) == 0
    assert Choice(START).pick((0, 500_000, 1_700_000), SOUND, START) == 1
    assert Choice(START).pick((0, 0, 1_700_000), SOUND, START) == 2


def test_what_else_is_sent_takes_its_room() -> None:
    assert Choice(START).pick(CAMERA, 600_000, START) == 0


def test_a_low_estimate_counts_from_the_start() -> None:
    choice = Choice(START)
    choice.estimate(300_000, START)
    assert choice.pick(CAMERA, SOUND, START) == 0


def test_nothing_flows_yet_and_then_it_starts() -> None:
    choice = Choice(START)
    assert choice.pick((0, 0, 0), SOUND, START) == 0
    assert choice.pick(CAMERA, SOUND, START + 1) == 1


def test_without_a_layer_there_is_none() -> None:
    assert Choice(START).pick((), SOUND, START) is None


# --- one layer -----------------------------------------------------------------------------------


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from(["estimate", "loss", "rate"]), st.floats(0, 1), st.floats(0, 10)),
        max_size=60,
    ),
    st.sampled_from(["auto", "low", "high"]),
)
def test_a_single_layer_stays_whatever_happens(
    events: list[tuple[str, float, float]], wish: Wish
) -> None:
    choice, now, rate = Choice(START), START, 1_000_000
    choice.wish = wish
    for kind, value, pause in events:
        now += pause
        if kind == "estimate":
            choice.estimate(round(value * 2_000_000), now)
        elif kind == "loss":
            choice.loss(value, now)
        else:
            rate = round(value * 3_000_000)
        assert choice.pick((rate,), SOUND, now) == 0


# --- going up ------------------------------------------------------------------------------------


def test_a_wide_line_gets_the_best_picture_soon_and_keeps_it() -> None:
    layers = watch(Line(20_000_000), 120)
    assert changes(layers) == [(0, 1), (pytest.approx(3.0, abs=0.2), 2)]


def test_a_viewer_who_tells_no_estimate_gets_it_too() -> None:
    layers = watch(Line(20_000_000, has_estimate=False), 60)
    assert [layer for _, layer in changes(layers)] == [1, 2]


def test_from_the_lowest_it_goes_up_one_by_one() -> None:
    line = Line(20_000_000)
    choice = Choice(START)
    watch(line, 10, choice=choice, wish="low")
    choice.estimate(200_000, START + 10)
    layers = watch(line, 60, choice=choice, start=START + 10)
    assert [layer for _, layer in changes(layers)] in ([0, 1, 2], [1, 2])
    times = [at for at, _ in changes(layers)]
    assert all(after - before >= 2.9 for before, after in pairwise(times))


def test_an_estimate_without_room_keeps_it_down() -> None:
    choice = Choice(START)
    for second in range(60):
        choice.estimate(round(1.1 * CAMERA[1]) + SOUND, START + second)
        assert choice.pick(CAMERA, SOUND, START + second) == 1


@pytest.mark.parametrize(("loss", "goes_up"), [(0.0, True), (0.02, True), (0.03, False)])
def test_a_little_loss_keeps_it_down(loss: float, goes_up: bool) -> None:
    layers = watch(Line(20_000_000, loss=loss), 40)
    assert layers[-1] == (2 if goes_up else 1)


def test_five_percent_of_random_loss_changes_nothing() -> None:
    assert changes(watch(Line(20_000_000, loss=0.05), 120)) == [(0, 1)]


def test_a_layer_that_does_not_flow_is_stepped_over() -> None:
    layers = watch(Line(20_000_000), 20, rates=(150_000, 0, 1_700_000))
    assert [layer for _, layer in changes(layers)] == [0, 2]


# --- trials that fail ----------------------------------------------------------------------------


@pytest.mark.parametrize("has_estimate", [True, False])
def test_a_line_of_a_megabit_and_a_half_keeps_the_middle(has_estimate: bool) -> None:
    layers = watch(Line(1_500_000, has_estimate=has_estimate), 300)
    assert share(layers, 1) >= 0.85
    tried = [at for at, layer in changes(layers) if layer == 2]
    assert len(tried) <= 8
    ends = [at for at, layer in changes(layers) if layer == 1][1:]
    assert all(end - begin <= 6 for begin, end in zip(tried, ends, strict=False))
    pauses = [after - end for end, after in zip(ends, tried[1:], strict=False)]
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 40


def test_a_failed_trial_does_not_pull_the_layer_below_down() -> None:
    for capacity in (700_000, 900_000, 1_200_000):
        assert {layer for _, layer in changes(watch(Line(capacity), 240))} == {1, 2}


def test_a_layer_below_that_holds_does_not_shorten_the_pauses() -> None:
    tried = [at for at, layer in changes(watch(Line(1_200_000), 300)) if layer == 2]
    gaps = [after - before for before, after in pairwise(tried)]
    assert gaps == sorted(gaps)


def test_pauses_double_up_to_a_minute() -> None:
    choice, now = Choice(START), START
    pauses: list[float] = []
    came_down = START
    layer = choice.pick(CAMERA, SOUND, now)
    while len(pauses) < 8:
        now += STEP_S
        before, layer = layer, choice.pick(CAMERA, SOUND, now)
        if (before, layer) == (1, 2):
            pauses.append(now - came_down)
            choice.loss(0.2, now + 0.05)
        elif (before, layer) == (2, 1):
            came_down = now
            choice.loss(0.0, now + 0.05)
    assert pauses == pytest.approx([3, 6, 12, 24, 48, 60, 60, 60], abs=0.3)
    assert LONGEST_WAIT_S == 60


def test_a_trial_that_loses_ends_at_the_first_report() -> None:
    choice = Choice(START)
    assert choice.pick(CAMERA, SOUND, START) == 1
    assert choice.pick(CAMERA, SOUND, START + 3) == 2
    choice.loss(0.09, START + 3.5)
    assert choice.pick(CAMERA, SOUND, START + 3.5) == 1


def test_a_report_from_before_a_trial_does_not_end_it() -> None:
    choice = Choice(START)
    choice.loss(0.0, START)
    assert choice.pick(CAMERA, SOUND, START) == 1
    assert choice.pick(CAMERA, SOUND, START + 3) == 2
    assert choice.pick(CAMERA, SOUND, START + 3.1) == 2


def test_a_trial_whose_estimate_falls_ends_at_once() -> None:
    choice = Choice(START)
    choice.estimate(900_000, START)
    assert choice.pick(CAMERA, SOUND, START) == 1
    assert choice.pick(CAMERA, SOUND, START + 3) == 2
    choice.estimate(800_000, START + 3.3)
    assert choice.pick(CAMERA, SOUND, START + 3.3) == 1


def test_a_trial_whose_estimate_climbs_is_given_its_time() -> None:
    choice = Choice(START)
    estimate = 800_000.0
    choice.estimate(round(estimate), START)
    assert choice.pick(CAMERA, SOUND, START) == 1
    for step in range(100):
        now = START + 3 + step * STEP_S
        assert choice.pick(CAMERA, SOUND, now) == 2
        estimate *= 1.08**STEP_S
        choice.estimate(round(estimate), now)


def test_a_trial_whose_estimate_stands_still_ends() -> None:
    choice = Choice(START)
    choice.estimate(900_000, START)
    assert choice.pick(CAMERA, SOUND, START) == 1
    ended = None
    for step in range(60):
        now = START + 3 + step * STEP_S
        choice.estimate(900_000, now)
        if choice.pick(CAMERA, SOUND, now) == 1:
            ended = now - START - 3
            break
    assert ended == pytest.approx(1.5, abs=0.2)


def test_a_layer_that_was_held_makes_the_next_trial_short_again() -> None:
    line = Line(1_500_000)
    choice = Choice(START)
    watch(line, 120, choice=choice)
    line.capacity_bps = 20_000_000
    layers = watch(line, 120, choice=choice, start=START + 120)
    assert layers[-1] == 2
    line.capacity_bps = 1_200_000
    down = watch(line, 3, choice=choice, start=START + 240)
    assert down[-1] == 1
    line.capacity_bps = 20_000_000
    up = watch(line, 15, choice=choice, start=START + 243)
    assert up[-1] == 2


# --- probes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_estimate", [True, False])
def test_a_thin_line_is_only_probed(has_estimate: bool) -> None:
    line, probes = Line(1_500_000, has_estimate=has_estimate), list[int]()
    layers = watch(line, 300, can_probe=True, probes=probes)
    found = [layer for _, layer in changes(layers)]
    assert found == ([1] if has_estimate else [1, 2, 1])  # once, when nothing was known
    assert set(probes) == {0, CAMERA[2] - CAMERA[1]}
    pauses = [round(after - before, 1) for before, after in pairwise(begins(probes))]
    assert pauses == sorted(pauses)
    assert LONGEST_WAIT_S <= pauses[-1] <= LONGEST_WAIT_S + 5
    assert sum(map(bool, probes)) * STEP_S <= 5 * len(begins(probes))


@pytest.mark.parametrize("has_estimate", [True, False])
def test_a_wide_line_is_probed_once_and_soon(has_estimate: bool) -> None:
    probes: list[int] = []
    line = Line(20_000_000, has_estimate=has_estimate)
    layers = watch(line, 120, can_probe=True, probes=probes)
    assert changes(layers) == [(0, 1), (pytest.approx(4.0, abs=0.2), 2)]
    assert begins(probes) == [pytest.approx(1.0, abs=0.2)]


def test_while_many_are_probed_a_trial_goes_without_and_seldom_again() -> None:
    probes: list[int] = []
    layers = watch(Line(1_500_000), 240, can_probe=True, may_probe=False, probes=probes)
    tried = [at for at, layer in changes(layers) if layer == 2]
    assert all(after - before > LONGEST_WAIT_S for before, after in pairwise(tried))
    assert tried[0] == pytest.approx(FIRST_WAIT_S, abs=0.2)
    assert not any(probes)


def test_a_probe_goes_on_when_many_others_have_begun() -> None:
    choice, now = probing()
    choice.may_probe = False
    assert choice.pick(CAMERA, SOUND, now + 1) == 1
    assert choice.probe_bps


def test_who_gets_no_turn_for_a_probe_goes_up_in_the_end() -> None:
    line, choice = Line(1_500_000), Choice(START)
    assert watch(line, 20, choice=choice, can_probe=True)[-1] == 1
    line.capacity_bps = 20_000_000
    layers = watch(line, 120, choice=choice, start=START + 20, can_probe=True, may_probe=False)
    [(_, before), (up, after)] = changes(layers)
    assert (before, after) == (1, 2)
    assert up >= LONGEST_WAIT_S - 20


def test_a_picture_that_stops_ends_its_probe() -> None:
    choice, now = probing()
    assert choice.pick((0, 0, 0), SOUND, now + 0.1) == 1
    assert choice.probe_bps == 0
    assert choice.pick(CAMERA, SOUND, now + 60) == 1


def test_a_line_that_has_become_wide_passes_the_probe() -> None:
    line, choice = Line(1_500_000), Choice(START)
    assert watch(line, 20, choice=choice, can_probe=True)[-1] == 1
    line.capacity_bps = 20_000_000
    probes: list[int] = []
    layers = watch(line, 40, choice=choice, start=START + 20, can_probe=True, probes=probes)
    [(_, before), (up, after)] = changes(layers)
    assert (before, after) == (1, 2)
    assert up - begins(probes)[0] == pytest.approx(5, abs=0.2)
    assert not any(probes[round(up / STEP_S) :])


def probing() -> tuple[Choice, float]:
    """A choice that has just begun to probe once more for the highest layer, and when."""
    choice = Choice(START)
    choice.can_probe = True
    assert choice.pick(CAMERA, SOUND, START) == 1
    assert choice.pick(CAMERA, SOUND, START + 1) == 1
    assert choice.probe_bps
    choice.loss(0.5, START + 1.5)
    assert choice.pick(CAMERA, SOUND, START + 1.5) == 1
    assert not choice.probe_bps
    choice.loss(0.0, START + 2)
    now = START + 1.5 + 2 * FIRST_WAIT_S
    assert choice.pick(CAMERA, SOUND, now) == 1
    assert choice.probe_bps == CAMERA[2] - CAMERA[1]
    return choice, now


def test_a_probe_that_drowns_ends_before_any_report() -> None:
    choice, now = probing()
    assert not choice.asked_again(10, now + 0.3)
    assert choice.asked_again(10, now + 0.4)
    assert choice.pick(CAMERA, SOUND, now + 0.4) == 1
    assert choice.probe_bps == 0
    assert choice.pick(CAMERA, SOUND, now + 4 * FIRST_WAIT_S) == 1
    assert choice.probe_bps == 0
    choice.pick(CAMERA, SOUND, now + 0.4 + 4 * FIRST_WAIT_S)
    assert choice.probe_bps


def test_a_trial_whose_keyframe_drowns_ends_before_any_report() -> None:
    choice = Choice(START)
    choice.pick(CAMERA, SOUND, START)
    assert choice.pick(CAMERA, SOUND, START + 3) == 2
    assert choice.asked_again(40, START + 3.3)
    assert choice.pick(CAMERA, SOUND, START + 3.3) == 1


def test_what_is_asked_again_now_and_then_is_borne() -> None:
    choice = Choice(START)
    choice.pick(CAMERA, SOUND, START)
    for step in range(80):
        now = START + 3 + step * STEP_S
        assert choice.pick(CAMERA, SOUND, now) == 2
        assert not choice.asked_again(1, now)


def test_nothing_is_probed_for_a_wish_that_needs_none() -> None:
    for wish in ("low", "audio", "high"):
        choice, now = probing()
        choice.wish = wish  # type: ignore[assignment]
        choice.pick(CAMERA, SOUND, now + 0.1)
        assert choice.probe_bps == 0


def test_a_layer_that_ends_is_probed_for_no_longer() -> None:
    choice, now = probing()
    assert choice.pick((*CAMERA[:2], 0), SOUND, now + 0.1) == 1
    assert choice.probe_bps == 0


def test_another_codec_without_repeats_ends_the_probe() -> None:
    choice, now = probing()
    choice.can_probe = False
    choice.pick(CAMERA, SOUND, now + 0.1)
    assert choice.probe_bps == 0


@pytest.mark.parametrize("rates", [CAMERA[:2], (CAMERA[0],), (0,)])
def test_another_picture_without_that_layer_ends_the_probe(rates: Sequence[int]) -> None:
    choice, now = probing()
    assert choice.pick(rates, SOUND, now + 0.1) == len(rates) - 1
    assert choice.probe_bps == 0


# --- going down ----------------------------------------------------------------------------------


def test_a_line_that_narrows_steps_down_before_it_loses_much() -> None:
    line = Line(20_000_000)
    choice = Choice(START)
    assert watch(line, 60, choice=choice)[-1] == 2
    line.capacity_bps = 1_000_000
    layers = watch(line, 20, choice=choice, start=START + 60)
    at, layer = changes(layers)[1]
    assert at <= 2
    assert layer == 1
    assert share(layers[round(at / STEP_S) :], 2) < 0.1


def test_a_line_that_breaks_down_goes_to_the_lowest() -> None:
    line = Line(20_000_000)
    choice = Choice(START)
    watch(line, 60, choice=choice)
    line.capacity_bps = 250_000
    layers = watch(line, 20, choice=choice, start=START + 60)
    at, layer = changes(layers)[1]
    assert at == pytest.approx(1, abs=0.3)
    assert layer == 0
    assert share(layers[10:], 0) > 0.9


def test_a_dip_of_the_estimate_is_waited_out() -> None:
    choice = Choice(START)
    now = START
    for step in range(200):
        now = START + step * STEP_S
        choice.estimate(3_000_000, now)
        choice.pick(CAMERA, SOUND, now)
    choice.estimate(1_000_000, now)
    assert choice.pick(CAMERA, SOUND, now) == 2
    assert choice.pick(CAMERA, SOUND, now + 0.4) == 2
    choice.estimate(3_000_000, now + 0.5)
    assert choice.pick(CAMERA, SOUND, now + 0.5) == 2
    choice.estimate(1_000_000, now + 5)
    assert choice.pick(CAMERA, SOUND, now + 5) == 2
    assert choice.pick(CAMERA, SOUND, now + 5.65) == 1


def test_an_estimate_a_little_short_is_borne() -> None:
    choice = Choice(START)
    for step in range(300):
        now = START + step * STEP_S
        choice.estimate(3_000_000 if step < 200 else round(0.92 * CAMERA[2]) + SOUND, now)
        layer = choice.pick(CAMERA, SOUND, now)
    assert layer == 2


def settled() -> tuple[Choice, float]:
    """A choice that has had the highest layer for long, and when."""
    choice = Choice(START)
    for step in range(200):
        choice.pick(CAMERA, SOUND, START + step * STEP_S)
    assert choice.layer == 2
    return choice, START + 20


def test_a_line_that_drowns_steps_down_before_any_report() -> None:
    choice, now = settled()
    choice.estimate(1_200_000, now)
    assert not choice.asked_again(50, now)
    assert choice.pick(CAMERA, SOUND, now) == 2
    assert choice.asked_again(50, now + 0.2)
    assert choice.pick(CAMERA, SOUND, now + 0.2) == 1
    choice.estimate(300_000, now + 0.3)
    assert not choice.asked_again(100, now + 0.3)  # lost before the step
    assert choice.pick(CAMERA, SOUND, now + 0.3) == 1


def test_a_moment_without_packets_on_a_wide_line_is_borne() -> None:
    choice, now = settled()
    choice.estimate(3_000_000, now)
    choice.asked_again(100, now)
    assert choice.pick(CAMERA, SOUND, now) == 2


def test_what_was_asked_again_long_ago_says_nothing_of_now() -> None:
    choice, now = settled()
    choice.estimate(3_000_000, now)
    choice.asked_again(100, now)
    choice.estimate(1_200_000, now + 1.5)
    assert choice.pick(CAMERA, SOUND, now + 1.5) == 2


def test_what_a_step_down_lost_takes_no_further_step_later() -> None:
    choice, now = settled()
    choice.estimate(1_200_000, now)
    choice.asked_again(100, now)
    assert choice.pick(CAMERA, SOUND, now) == 1
    choice.asked_again(100, now + 0.3)
    choice.estimate(round(0.97 * CAMERA[1]) + SOUND, now + 2.1)
    assert choice.pick(CAMERA, SOUND, now + 2.1) == 1


def test_an_estimate_a_little_short_is_borne_whatever_is_asked_again() -> None:
    choice, now = settled()
    choice.estimate(round(0.97 * CAMERA[2]) + SOUND, now)
    choice.asked_again(100, now)
    assert choice.pick(CAMERA, SOUND, now) == 2


def test_much_loss_for_a_second_steps_one_down() -> None:
    choice, now = settled()
    choice.loss(0.15, now)
    assert choice.pick(CAMERA, SOUND, now + 0.5) == 2
    choice.loss(0.05, now + 0.9)
    assert choice.pick(CAMERA, SOUND, now + 1.2) == 2
    choice.loss(0.15, now + 2)
    choice.loss(0.15, now + 3)
    assert choice.pick(CAMERA, SOUND, now + 3.1) == 1


def test_what_was_lost_before_a_step_down_does_not_cause_the_next() -> None:
    choice = Choice(START)
    choice.pick(CAMERA, SOUND, START)
    choice.wish = "high"
    choice.pick(CAMERA, SOUND, START)
    choice.loss(0.3, START + 1)
    assert choice.pick(CAMERA, SOUND, START + 1) == 1
    for second in (2, 3):
        choice.loss(0.3, START + second)
        assert choice.pick(CAMERA, SOUND, START + second) == 1
    choice.loss(0.3, START + 4)
    assert choice.pick(CAMERA, SOUND, START + 4) == 0


def test_a_queue_that_overflows_a_little_is_too_much_however_the_estimate_rises() -> None:
    """A full queue delays no more than before: the estimate rises again, into the next loss."""
    choice, estimate = Choice(START), 3_000_000.0
    for step in range(200):
        choice.estimate(round(estimate), START + step * STEP_S)
        assert choice.pick(CAMERA, SOUND, START + step * STEP_S) in {1, 2}
    now, estimate = START + 20, 1_600_000.0
    choice.loss(0.06, now)
    for step in range(9):
        estimate *= 1.02
        choice.estimate(min(round(estimate), 1_700_000), now + step * STEP_S)
        layer = choice.pick(CAMERA, SOUND, now + step * STEP_S)
    assert layer == 1


def test_an_old_report_of_loss_says_nothing_of_now() -> None:
    choice = Choice(START)
    choice.pick(CAMERA, SOUND, START)
    choice.loss(0.5, START)
    assert choice.pick(CAMERA, SOUND, START + 6) != 0


def test_the_lowest_layer_is_kept_on_the_worst_line() -> None:
    layers = watch(Line(60_000, loss=0.3), 60)
    assert share(layers[50:], 0) == 1
    assert None not in layers


# --- layers that come and go ---------------------------------------------------------------------


def test_a_layer_that_ends_is_left_for_the_next_lower_one() -> None:
    layers = watch(
        Line(20_000_000), 40, rates=lambda at: CAMERA if at < 20 else (150_000, 500_000, 0)
    )
    assert [layer for _, layer in changes(layers)] == [1, 2, 1]


def test_a_layer_that_comes_and_goes_is_not_run_after() -> None:
    """The presenter's uplink does not carry it: each time it ends a viewer's picture stands."""
    layers = watch(
        Line(20_000_000), 120, rates=lambda at: CAMERA if at % 8 < 6 else (150_000, 500_000, 0)
    )
    assert [layer for _, layer in changes(layers)].count(2) <= 6
    assert share(layers[600:], 2) < 0.2


def test_after_a_pause_the_largest_layer_may_be_the_last_to_come() -> None:
    def rates(at: float) -> tuple[int, ...]:
        if 20 < at < 40:
            return (0, 0, 0)
        return (150_000, 0, 0) if 40 <= at < 40.5 else CAMERA

    at_last = [at for at, layer in changes(watch(Line(20_000_000), 60, rates=rates)) if layer == 2]
    assert at_last[-1] <= 40.5 + 2 * FIRST_WAIT_S + 1


@pytest.mark.parametrize(
    ("pictures_s", "present", "kept"),
    [
        # what a share of the lower layer's pictures says
        ((15, 30, 30), 0, (1, 1, 1)),
        ((30, 20, 16), 0, (1, 1, 1)),
        ((10, 4, 4), 0, (1, 1, 1)),
        ((10, 3.5, 3), 1, (1, 1, 0)),
        ((10, 3.5, 3), 0, (1, 0, 0)),
        ((5, 5, 5), 0, (1, 1, 1)),  # a screen that is shared
        ((1, 1, 1), 0, (1, 1, 1)),
        ((0, 0, 0), 0, (1, 1, 1)),
        # one that stands still beside one that moves, whether it is watched or gone up to
        ((30, 30, 1), 2, (1, 1, 0)),
        ((30, 5, 30), 1, (1, 0, 1)),
        ((30, 12, 5.5), 2, (1, 1, 0)),
        # one that moves, whatever the one below it does
        ((30, 12, 8), 1, (1, 1, 1)),
        ((30, 8, 8), 0, (1, 1, 1)),
        ((30, 7.5, 7.5), 0, (1, 0, 0)),
        ((30, 7.5, 6), 2, (1, 1, 1)),
        ((60, 8, 15), 0, (1, 1, 1)),
        ((30, 7, 7), None, (1, 1, 1)),
        ((), None, ()),
    ],
)
def test_a_layer_that_hardly_moves_beside_a_lower_one_does_not_flow(
    pictures_s: tuple[float, ...], present: int | None, kept: tuple[int, ...]
) -> None:
    rates = CAMERA[: len(pictures_s)]
    assert steady(rates, pictures_s, present) == [r * k for r, k in zip(rates, kept, strict=True)]


def test_a_lowest_layer_that_ends_is_left_for_the_one_above() -> None:
    choice = Choice(START)
    choice.wish = "low"
    assert choice.pick(CAMERA, SOUND, START) == 0
    assert choice.pick((0, 500_000, 0), SOUND, START + 1) == 1
    assert choice.pick(CAMERA, SOUND, START + 2) == 0


def test_while_nothing_flows_the_layer_stays() -> None:
    layers = watch(Line(20_000_000), 40, rates=lambda at: (0, 0, 0) if 20 < at < 30 else CAMERA)
    assert [layer for _, layer in changes(layers)] == [1, 2]


def test_a_feed_with_fewer_layers_is_no_trouble() -> None:
    choice = Choice(START)
    for step in range(100):
        choice.pick(CAMERA, SOUND, START + step * STEP_S)
    assert choice.pick((0,), SOUND, START + 11) == 0
    assert choice.pick((400_000, 900_000), SOUND, START + 12) == 1


# --- wishes --------------------------------------------------------------------------------------


def test_sound_alone_is_no_picture_until_it_is_wished_for_again() -> None:
    choice = Choice(START)
    choice.wish = "audio"
    assert choice.pick(CAMERA, SOUND, START) is None
    assert choice.pick((1_000_000,), SOUND, START) is None
    choice.wish = "auto"
    assert choice.pick(CAMERA, SOUND, START + 1) == 1


def test_low_is_the_lowest_on_any_line() -> None:
    assert set(watch(Line(20_000_000), 60, wish="low")) == {0}


def test_high_is_the_highest_at_once() -> None:
    choice = Choice(START)
    choice.pick(CAMERA, SOUND, START)
    choice.wish = "high"
    assert choice.pick(CAMERA, SOUND, START + 0.1) == 2


def test_high_steps_down_where_the_line_does_not_carry_it() -> None:
    layers = watch(Line(1_000_000), 60, wish="high")
    assert layers[0] == 2
    assert share(layers, 2) < 0.25
    assert layers[-1] in (0, 1)


def test_the_same_wish_again_changes_nothing() -> None:
    choice = Choice(START)
    choice.wish = "high"
    assert choice.pick(CAMERA, SOUND, START) == 2
    choice.loss(0.5, START + 1)
    assert choice.pick(CAMERA, SOUND, START + 1) == 1
    choice.wish = "high"
    assert choice.pick(CAMERA, SOUND, START + 1.1) == 1


# --- whatever happens ----------------------------------------------------------------------------

events = st.lists(
    st.tuples(
        st.sampled_from(["estimate", "loss", "rates", "wish", "wait"]),
        st.integers(0, 4_000_000),
        st.lists(st.integers(0, 3_000_000), max_size=4),
        st.floats(0, 12),
    ),
    max_size=80,
)


@given(events)
def test_the_choice_is_always_a_layer_that_flows_if_one_does(
    happenings: list[tuple[str, int, list[int], float]],
) -> None:
    choice, now, rates = Choice(START), START, list(CAMERA)
    wishes: tuple[Wish, ...] = ("auto", "audio", "low", "high")
    for kind, number, others, pause in happenings:
        now += pause
        if kind == "estimate":
            choice.estimate(number, now)
        elif kind == "loss":
            choice.loss(number / 4_000_000, now)
        elif kind == "rates":
            rates = others
        elif kind == "wish":
            choice.wish = wishes[number % 4]
        layer = choice.pick(rates, SOUND, now)
        if choice.wish == "audio" or not rates:
            assert layer is None
        elif any(rates):
            assert layer is not None
            assert rates[layer] > 0
            if choice.wish == "low":
                assert not any(rates[:layer])
        else:
            assert layer is not None
            assert 0 <= layer < len(rates)


@settings(max_examples=30, deadline=None)
@given(st.integers(100_000, 6_000_000), st.floats(0, 0.06), st.booleans(), st.booleans())
def test_no_line_makes_it_flap(
    capacity: int, loss: float, has_estimate: bool, can_probe: bool
) -> None:
    line = Line(capacity, has_estimate=has_estimate, loss=loss)
    layers = watch(line, 180, can_probe=can_probe)
    assert len(changes(layers)) <= 20
    last_minute = changes(layers[-600:])
    assert len(last_minute) <= 6


@settings(max_examples=20, deadline=None)
@given(st.integers(250_000, 8_000_000), st.booleans())
def test_in_the_end_each_line_gets_about_what_it_carries(capacity: int, can_probe: bool) -> None:
    layers = watch(Line(capacity), 240, can_probe=can_probe)[-900:]
    # a line that is hardly wide enough may count as either
    fits = max(layer for layer, rate in enumerate(CAMERA) if rate + SOUND <= capacity * 1.03)
    assert share(layers, fits) + share(layers, fits - 1) >= 0.85
    if all(abs(capacity - rate - SOUND) > 0.35 * rate for rate in CAMERA):
        assert share(layers, fits) >= 0.75
