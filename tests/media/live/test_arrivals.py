from __future__ import annotations

import struct
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from media.live.arrivals import MOST_TOLD, WINDOW, ArrivalTimes

U16 = st.integers(0, 2**16 - 1)


# --- when packets came -------------------------------------------------------------------------


@dataclass
class Told:
    """A transport-wide feedback packet, read by the letter of the draft."""

    own: int
    media: int
    base: int
    count: int
    number: int
    came: dict[int, int]  # sequence number -> ticks of 250 us
    missing: list[int]


def told(data: bytes) -> Told:
    """draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1, every chunk kind."""
    first, kind, words = struct.unpack_from("!BBH", data)
    assert (first & 0xDF, kind) == (0x8F, 205)
    assert len(data) == 4 + 4 * words and len(data) <= 1_250
    body = data[4:]
    if first & 0x20:
        assert 1 <= body[-1] <= 3 and not any(body[-body[-1] : -1])
        body = body[: -body[-1]]
    own, media, base, count, last = struct.unpack_from("!LLHHL", body)
    at, symbols = 16, list[int]()
    while len(symbols) < count:
        (chunk,) = struct.unpack_from("!H", body, at)
        at += 2
        if not chunk & 0x8000:
            assert (chunk >> 13) & 3 != 3 and chunk & 0x1FFF
            symbols += [(chunk >> 13) & 3] * (chunk & 0x1FFF)
        elif chunk & 0x4000:
            symbols += [(chunk >> (12 - 2 * place)) & 3 for place in range(7)]
        else:
            symbols += [(chunk >> (13 - place)) & 1 for place in range(14)]
    assert not any(symbols[count:])
    ticks = (last >> 8) * 256
    came: dict[int, int] = {}
    missing: list[int] = []
    for place, symbol in enumerate(symbols[:count]):
        seq = (base + place) % 65_536
        if symbol == 0:
            missing.append(seq)
            continue
        size = symbol
        ticks += int.from_bytes(body[at : at + size], signed=symbol == 2)
        at += size
        came[seq] = ticks
    assert at == len(body)
    assert came
    return Told(own, media, base, count, last & 0xFF, came, missing)


def test_an_even_stream_is_told_in_few_bytes() -> None:
    arrivals = ArrivalTimes()
    for seq in range(13):
        arrivals.note(seq, 64.0001 + seq * 0.004)
    (data,) = arrivals.feedback(7, 8, 64.05)
    assert data.hex() == (
        "afcd0008" "00000007" "00000008" "0000000d" "0003e800"
        "200d" "00" + "10" * 12 + "01"
    )  # fmt: skip
    report = told(data)
    assert (report.own, report.media, report.base, report.number) == (7, 8, 0, 0)
    assert report.came == {seq: (64_000 + seq * 4) * 4 for seq in range(13)}
    assert arrivals.feedback(7, 8, 64.1) == []


def test_losses_lie_between_what_came_and_rounds_join_without_a_hole() -> None:
    arrivals = ArrivalTimes()
    for seq in (65_533, 65_535, 2):
        arrivals.note(seq, 1.0)
    first = told(arrivals.feedback(1, 2, 1.05)[0])
    assert (first.base, list(first.came), first.missing) == (
        65_533,
        [65_533, 65_535, 2],
        [65_534, 0, 1],
    )
    arrivals.note(5, 1.1)
    second = told(arrivals.feedback(1, 2, 1.15)[0])
    assert (second.base, second.missing, list(second.came)) == (3, [3, 4], [5])
    assert (first.number, second.number) == (0, 1)


def test_a_packet_that_comes_late_is_told_of_beside_its_neighbours() -> None:
    arrivals = ArrivalTimes()
    for seq in (10, 11, 13, 14):
        arrivals.note(seq, 1.0 + seq / 1_000)
    assert told(arrivals.feedback(1, 2, 1.05)[0]).missing == [12]
    arrivals.note(12, 1.06)
    arrivals.note(15, 1.07)
    late = told(arrivals.feedback(1, 2, 1.10)[0])
    assert (late.base, list(late.came), late.missing) == (12, [12, 13, 14, 15], [])
    assert late.came[13] < late.came[12]  # 12 came after 13: a delta below zero


def test_one_that_comes_after_its_neighbours_are_forgotten_is_not_told_of() -> None:
    arrivals = ArrivalTimes()
    for seq in (10, 11, 13, 14):
        arrivals.note(seq, 1.0)
    arrivals.feedback(1, 2, 1.05)
    arrivals.note(20, 2.0)
    arrivals.feedback(1, 2, 2.05)
    arrivals.note(12, 2.06)
    assert arrivals.feedback(1, 2, 2.10) == []


def test_packets_before_the_very_first_are_told_of() -> None:
    arrivals = ArrivalTimes()
    for seq in (3, 65_535, 1):
        arrivals.note(seq, 1.0)
    report = told(arrivals.feedback(1, 2, 1.05)[0])
    assert (report.base, list(report.came)) == (65_535, [65_535, 1, 3])


def test_a_duplicate_does_not_change_when_it_came() -> None:
    arrivals = ArrivalTimes()
    arrivals.note(1, 1.0)
    arrivals.note(1, 1.02)
    assert told(arrivals.feedback(1, 2, 1.05)[0]).came == {1: 4_000}


def test_a_silence_longer_than_a_delta_begins_a_packet() -> None:
    arrivals = ArrivalTimes()
    for seq, at in ((1, 10.0), (2, 18.0), (3, 27.0), (4, 27.1)):
        arrivals.note(seq, at)
    reports = [told(data) for data in arrivals.feedback(1, 2, 28.0)]
    assert [list(report.came) for report in reports] == [[1, 2], [3, 4]]
    assert reports[1].came == {3: 108_000, 4: 108_400}


def test_the_reference_time_wraps_after_twelve_days() -> None:
    arrivals = ArrivalTimes()
    late = (1 << 24) * 0.064 + 1.0
    arrivals.note(1, late)
    assert told(arrivals.feedback(1, 2, late)[0]).came == {1: 4_000}


def test_numbers_of_feedback_wrap() -> None:
    arrivals = ArrivalTimes()
    numbers = []
    for seq in range(300):
        arrivals.note(seq, float(seq))
        numbers.append(told(arrivals.feedback(1, 2, seq + 0.01)[0]).number)
    assert numbers == [n % 256 for n in range(300)]


def test_a_burst_is_told_in_several_packets() -> None:
    arrivals = ArrivalTimes()
    for seq in range(1_000):
        arrivals.note(seq, 1.0 + seq / 100_000)
    reports = [told(data) for data in arrivals.feedback(1, 2, 1.05)]
    assert [report.count for report in reports] == [MOST_TOLD] * 5
    assert [seq for report in reports for seq in report.came] == list(range(1_000))


def test_a_jump_beyond_all_measure_forgets_what_was_not_told() -> None:
    arrivals = ArrivalTimes()
    arrivals.note(1, 1.0)
    arrivals.note(WINDOW + 1, 1.01)
    assert [told(d).base for d in arrivals.feedback(1, 2, 1.05)] == [WINDOW + 1]


def walked(
    start: int, order: list[tuple[int, float]], every: int
) -> tuple[dict[int, int], dict[int, int]]:
    """What arrived, and what the sender learned of it, with feedback after `every` packets."""
    arrivals = ArrivalTimes()
    now = 5.0
    sent: dict[int, int] = {}
    learned: dict[int, int] = {}
    for place, (seq, waited) in enumerate(order):
        now += waited
        number = (start + seq) % 65_536
        arrivals.note(number, now)
        sent[number] = int(now * 4_000)
        if place % every == 0 or place == len(order) - 1:
            for report in map(told, arrivals.feedback(1, 2, now)):
                for came, ticks in report.came.items():
                    assert learned.setdefault(came, ticks) == ticks
                # What was told as there is never taken back.
                assert not learned.keys() & set(report.missing)
    return sent, learned


LOST = st.integers(0, 12)
EVERY = st.integers(1, 40)
SILENCES = st.sampled_from([0.0, 0.0001, 0.004, 0.063_75, 0.064, 0.3, 8.19, 8.2, 9.0, 70.0])


@given(U16, st.lists(st.tuples(LOST, SILENCES), min_size=1, max_size=150), EVERY)
def test_loss_and_silence_and_wrap_are_told_to_the_quarter_millisecond(
    start: int, path: list[tuple[int, float]], every: int
) -> None:
    order: list[tuple[int, float]] = []
    for lost, waited in path:
        order.append(((order[-1][0] if order else 0) + lost + 1, waited))
    sent, learned = walked(start, order, every)
    assert learned == sent


@given(
    U16,
    st.lists(st.tuples(LOST, st.floats(0, 0.03), st.integers(0, 4)), min_size=1, max_size=150),
    EVERY,
)
def test_what_was_overtaken_is_told_of_as_well(
    start: int, path: list[tuple[int, float, int]], every: int
) -> None:
    order: list[tuple[int, float]] = []
    seq = 0
    for lost, waited, overtakes in path:
        seq += lost + 1
        order.insert(max(0, len(order) - overtakes), (seq, waited))
    sent, learned = walked(start, order, every)
    assert learned == sent


@given(st.lists(st.tuples(U16, st.floats(0, 1)), max_size=300))
def test_whatever_numbers_come_memory_stays_bounded(came: list[tuple[int, float]]) -> None:
    arrivals = ArrivalTimes()
    now = 0.0
    for place, (seq, passed) in enumerate(came):
        now += passed
        arrivals.note(seq, now)
        if place % 7 == 0:
            for data in arrivals.feedback(1, 2, now):
                told(data)
        assert len(arrivals._arrived) <= 2 * WINDOW


def test_without_anybody_asking_memory_stays_bounded() -> None:
    arrivals = ArrivalTimes()
    for seq in range(50_000):
        arrivals.note(seq % 65_536, seq / 5_000)
    assert len(arrivals._arrived) <= WINDOW
    reports = [told(data) for data in arrivals.feedback(1, 2, 10.0)]
    assert reports[-1].base + reports[-1].count == 50_000
