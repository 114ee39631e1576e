from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.live.feedback import Block, read, receiver_report
from media.live.reception import (
    FORGOTTEN_AFTER_S,
    MOST_ASKS,
    MOST_OPEN,
    Reception,
)

U16 = st.integers(0, 2**16 - 1)


# --- what came, and what is missing ------------------------------------------------------------


def received(seqs: list[int], *, every_s: float = 0.01, clock_rate: int = 90_000) -> Reception:
    """A stream of which these packets came, at an even pace."""
    reception = Reception(clock_rate)
    for place, seq in enumerate(seqs):
        at = 100.0 + place * every_s
        reception.note(seq % 65_536, round(at * clock_rate) % (1 << 32), at)
    return reception


def test_losses_are_counted_since_the_block_before() -> None:
    reception = Reception(90_000)
    for seq in (0, 1, 2, 5, 6, 7, 8, 9):
        reception.note(seq, seq * 3_000, 10.0 + seq / 30)
    first = reception.block(7, 11.0)
    assert (first.ssrc, first.fraction, first.lost, first.highest) == (7, 0.2, 2, 9)
    assert (first.lsr, first.dlsr) == (0, 0)
    again = reception.block(7, 11.0)
    assert (again.fraction, again.lost) == (0.0, 2)
    for seq in (10, 12):
        reception.note(seq, seq * 3_000, 10.0 + seq / 30)
    assert reception.block(7, 12.0).fraction == pytest.approx(1 / 3)


def test_the_highest_number_counts_its_wraps() -> None:
    assert received(list(range(65_530, 65_540))).block(1, 200.0).highest == (1 << 16) + 3
    assert received([0]).block(1, 200.0).highest == 0
    assert Reception(90_000).block(1, 200.0) == Block(1, 0.0, 0, 0, 0, 0, 0)
    twice = received(list(range(0, 65_536 * 2 + 1, 64)))
    assert twice.block(1, 2e4).highest == 65_536 * 2


def test_duplicates_make_the_loss_negative_but_not_the_fraction() -> None:
    block = received([1, 2, 2, 2, 3]).block(1, 200.0)
    assert (block.lost, block.fraction) == (-2, 0.0)


def test_an_even_stream_has_no_jitter_and_an_uneven_one_what_rfc_3550_says() -> None:
    assert received(list(range(200))).block(1, 200.0).jitter == 0
    reception = Reception(90_000)
    for seq in range(400):
        late = 0.004 if seq % 2 else 0.0
        reception.note(seq, seq * 3_000, 10.0 + seq / 30 + late)
    # Each packet differs by 4 ms from the one before: 360 units of 1/90,000 s.
    assert reception.block(1, 30.0).jitter == pytest.approx(360, abs=2)


def test_timestamps_that_wrap_do_not_jitter() -> None:
    reception = Reception(90_000)
    for seq in range(100):
        reception.note(seq, (2**32 - 100_000 + seq * 3_000) % 2**32, 10.0 + seq / 30)
    assert reception.block(1, 30.0).jitter == 0


def test_the_last_sender_report_is_echoed() -> None:
    reception = received([1, 2])
    reception.note_report(0x1122_3344_5566_7788, 100.0)
    block = reception.block(1, 102.5)
    assert (block.lsr, block.dlsr) == (0x3344_5566, int(2.5 * 65_536))
    assert reception.block(1, 99.0).dlsr == 0


def test_a_missing_packet_is_asked_for_at_once_and_found() -> None:
    reception = Reception(90_000)
    assert not reception.note(65_534, 0, 1.00)
    assert reception.note(1, 0, 1.01)
    assert reception.wanted(1.01) == [65_535, 0]
    assert reception.wanted(1.02) == []
    assert not reception.note(65_535, 0, 1.05, is_repair=True)
    assert not reception.note(0, 0, 1.06, is_repair=True)
    assert reception.wanted(2.0) == []
    assert (reception.recovered, reception.given_up, reception.lost_track) == (2, 0, False)
    # The repair says nothing about the network, so the loss stays in the report.
    assert reception.block(1, 2.0).lost == 2


def test_a_packet_that_was_only_late_was_not_recovered() -> None:
    reception = Reception(90_000)
    for seq in (1, 3, 2):
        reception.note(seq, 0, 1.0)
    assert reception.wanted(1.0) == []
    assert (reception.recovered, reception.block(1, 2.0).lost) == (0, 0)


def test_each_is_asked_for_five_times_a_round_trip_apart() -> None:
    reception = Reception(90_000)
    reception.round_trip_s = 0.080
    reception.note(1, 0, 0.0)
    reception.note(3, 0, 0.0)
    asks = [ms for ms in range(0, 2_000) if reception.wanted(ms / 1_000) == [2]]
    assert len(asks) == MOST_ASKS
    assert all(99 <= later - ask <= 101 for ask, later in pairwise(asks))
    assert reception.given_up == 1


def test_asks_are_never_less_than_20_ms_apart() -> None:
    reception = Reception(90_000)
    reception.round_trip_s = 0.0
    reception.note(1, 0, 0.0)
    reception.note(3, 0, 0.0)
    asks = [ms for ms in range(0, 2_000) if reception.wanted(ms / 1_000)]
    assert len(asks) == MOST_ASKS
    assert all(20 <= later - ask <= 21 for ask, later in pairwise(asks))


def test_what_is_too_old_is_forgotten_however_seldom_it_was_asked_for() -> None:
    reception = Reception(90_000)
    reception.round_trip_s = 0.400
    reception.note(1, 0, 0.0)
    reception.note(3, 0, 0.0)
    assert [reception.wanted(at) for at in (0.0, 0.5, 1.1)] == [[2], [2], []]
    assert reception.given_up == 1
    assert FORGOTTEN_AFTER_S == 0.6


def test_the_round_trip_is_learned_from_answers_to_a_single_ask() -> None:
    reception = Reception(90_000)
    at = 0.0
    for seq in range(0, 400, 2):
        reception.note(seq, 0, at)
        reception.wanted(at)
        reception.note((seq - 1) % 65_536, 0, at + 0.012, is_repair=True)
        at += 0.033
    assert reception.round_trip_s == pytest.approx(0.012, abs=1e-4)


def test_too_much_missing_is_answered_with_one_keyframe() -> None:
    reception = Reception(90_000)
    reception.note(0, 0, 0.0)
    reception.note(MOST_OPEN + 1, 0, 0.0)
    assert len(reception.wanted(0.0)) == MOST_OPEN and not reception.lost_track
    assert not reception.note(MOST_OPEN + 3, 0, 0.0)
    assert reception.lost_track and reception.wanted(1.0) == []
    reception.lost_track = False
    reception.note(MOST_OPEN + 4, 0, 0.0)
    reception.note(MOST_OPEN + 6, 0, 0.0)
    assert reception.wanted(0.0) == [MOST_OPEN + 5] and not reception.lost_track


def test_a_wild_number_is_ignored_until_the_next_one_confirms_it() -> None:
    reception = received([10, 11, 12])
    reception.note(40_000, 0, 101.0)
    reception.note(13, 0, 101.0)
    assert (reception.block(1, 102.0).highest, reception.lost_track) == (13, False)
    reception.note(30_000, 0, 103.0)
    reception.note(30_001, 0, 103.0)
    assert reception.lost_track
    block = reception.block(1, 104.0)
    assert (block.highest, block.lost, block.fraction) == (30_001, 0, 0.0)


def test_a_repair_never_confirms_a_wild_number() -> None:
    reception = received([10, 11, 12])
    reception.note(30_000, 0, 103.0)
    reception.note(30_001, 0, 103.0, is_repair=True)
    assert reception.block(1, 104.0).highest == 12 and not reception.lost_track


@given(U16, st.lists(st.integers(1, 12), min_size=1, max_size=60), st.randoms())
def test_exactly_what_is_missing_is_wanted(start: int, steps: list[int], dice: object) -> None:
    reception = Reception(90_000)
    seq, missing = start, []
    reception.note(start, 0, 0.0)
    for step in steps:
        missing += [(seq + k) % 65_536 for k in range(1, step)]
        seq = (seq + step) % 65_536
        if len(missing) > MOST_OPEN:
            return
        reception.note(seq, 0, 0.0)
    assert reception.wanted(0.0) == missing
    expected = sum(steps) + 1
    block = reception.block(1, 1.0)
    assert block.lost == len(missing)
    assert block.fraction == pytest.approx(len(missing) / expected)
    assert block.highest == start + sum(steps)
    dice.shuffle(missing)  # type: ignore[attr-defined]
    for late in missing:
        reception.note(late, 0, 0.01, is_repair=True)
    assert reception.recovered == len(missing)
    assert reception.wanted(1.0) == []


@given(st.lists(st.tuples(U16, st.booleans(), st.floats(0, 2)), max_size=400))
def test_whatever_comes_memory_stays_bounded(came: list[tuple[int, bool, float]]) -> None:
    reception = Reception(48_000)
    now = 0.0
    for seq, is_repair, passed in came:
        now += passed
        reception.note(seq, seq * 960, now, is_repair=is_repair)
        assert len(reception.wanted(now)) <= MOST_OPEN
        assert len(reception._gaps) <= MOST_OPEN
        assert len(list(read(receiver_report(1, [reception.block(2, now)])))) == 1
