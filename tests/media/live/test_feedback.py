from __future__ import annotations

import struct
import time
from dataclasses import dataclass
from itertools import pairwise

import pytest
from aiortc.rtp import (
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSrPacket,
    pack_remb_fci,
    unpack_remb_fci,
)
from hypothesis import example, given
from hypothesis import strategies as st

from media.live.feedback import (
    FORGOTTEN_AFTER_S,
    MOST_ASKS,
    MOST_OPEN,
    MOST_PACKETS,
    MOST_SEQS,
    MOST_TOLD,
    WINDOW,
    ArrivalTimes,
    Block,
    Bye,
    Estimate,
    KeyframeWanted,
    Nack,
    ReceiverReport,
    Reception,
    Report,
    SenderReport,
    keyframe_wanted,
    nack,
    read,
    receiver_report,
    sender_report,
)
from tests.support.live.wire import estimate

U8, U16, U32 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))
BLOCK = st.builds(
    Block,
    ssrc=U32,
    fraction=st.integers(0, 255).map(lambda lost: lost / 256),
    lost=st.integers(-(1 << 23), (1 << 23) - 1),
    highest=U32,
    jitter=U32,
    lsr=U32,
    dlsr=U32,
)


def only(data: bytes) -> Report:
    (report,) = read(data)
    return report


# --- reading and writing -----------------------------------------------------------------------


@given(U32, st.floats(0, 2**32 - 1), U32, U32, U32, st.text(max_size=20))
def test_a_sender_report_says_what_it_was_given(
    ssrc: int, ntp_s: float, timestamp: int, packets: int, octets: int, cname: str
) -> None:
    data = sender_report(ssrc, ntp_s, timestamp, packets, octets, cname)
    report = only(data)
    assert isinstance(report, SenderReport)
    assert report.ntp_s == pytest.approx(ntp_s, abs=1e-6)
    assert report.ntp_s == report.ntp / (1 << 32)
    assert (report.ssrc, report.timestamp, report.blocks) == (ssrc, timestamp, ())
    assert (report.packets, report.octets) == (packets, octets)
    sent, described = RtcpPacket.parse(data)
    assert isinstance(sent, RtcpSrPacket) and isinstance(described, RtcpSdesPacket)
    assert sent.sender_info.ntp_timestamp == report.ntp
    assert described.chunks[0].ssrc == ssrc
    assert described.chunks[0].items == [(1, cname.encode())]


def test_counters_and_clocks_wrap() -> None:
    report = only(sender_report(1, 2.0**32 + 1.5, 2**32 + 2, 2**32 + 3, 2**32 + 4, "x"))
    assert isinstance(report, SenderReport)
    assert (report.ntp_s, report.timestamp, report.packets, report.octets) == (1.5, 2, 3, 4)


def test_a_name_that_is_too_long_is_cut() -> None:
    data = sender_report(1, 0.0, 0, 0, 0, "n" * 400)
    described = RtcpPacket.parse(data)[1]
    assert isinstance(described, RtcpSdesPacket)
    assert described.chunks[0].items == [(1, b"n" * 255)]


@given(U32, st.lists(BLOCK, max_size=31))
def test_a_receiver_report_says_what_it_was_given(own: int, blocks: list[Block]) -> None:
    data = receiver_report(own, blocks)
    assert only(data) == ReceiverReport(own, tuple(blocks))
    (parsed,) = RtcpPacket.parse(data)
    assert isinstance(parsed, RtcpRrPacket)
    assert [(r.ssrc, r.packets_lost, r.fraction_lost / 256) for r in parsed.reports] == [
        (b.ssrc, b.lost, b.fraction) for b in blocks
    ]


def test_a_report_holds_at_most_31_blocks_and_clamps_them() -> None:
    wild = Block(1, 2.0, 1 << 30, 0, 0, 0, 0)
    report = only(receiver_report(9, [wild] * 40))
    assert isinstance(report, ReceiverReport)
    assert len(report.blocks) == 31
    assert (report.blocks[0].fraction, report.blocks[0].lost) == (255 / 256, (1 << 23) - 1)
    below = only(receiver_report(9, [Block(1, -1.0, -(1 << 30), 0, 0, 0, 0)]))
    assert isinstance(below, ReceiverReport)
    assert (below.blocks[0].fraction, below.blocks[0].lost) == (0.0, -(1 << 23))


@given(U16, st.sets(st.integers(0, 3_000), min_size=1, max_size=MOST_OPEN))
@example(65_530, {0, 1, 5, 6, 7, 22, 23})
@example(0, {0, 16, 17, 33})
def test_a_nack_asks_for_exactly_these_across_the_wrap(first: int, places: set[int]) -> None:
    seqs = [(first + place) % 65_536 for place in sorted(places)]
    assert only(nack(1, 2, seqs)) == Nack(2, tuple(seqs))


def test_a_nack_of_neighbours_is_one_pair_and_read_by_others() -> None:
    data = nack(1, 2, [100, 101, 116])
    assert len(data) == 16
    (parsed,) = RtcpPacket.parse(data)
    assert isinstance(parsed, RtcpRtpfbPacket)
    assert (parsed.ssrc, parsed.media_ssrc, parsed.lost) == (1, 2, [100, 101, 116])
    assert nack(1, 2, [100, 100]) == nack(1, 2, [100])


def test_a_nack_for_the_world_is_read_in_part() -> None:
    pairs = b"".join(struct.pack("!HH", first, 0xFFFF) for first in range(0, 60_000, 17))
    data = struct.pack("!BBHLL", 0x81, 205, 2 + len(pairs) // 4, 1, 2) + pairs
    report = only(data)
    assert isinstance(report, Nack)
    assert report.seqs == tuple(range(MOST_SEQS))


@given(U32, U32)
def test_keyframes_are_wanted_by_pli(own: int, media: int) -> None:
    data = keyframe_wanted(own, media)
    assert only(data) == KeyframeWanted((media,))
    assert bytes(RtcpPsfbPacket(fmt=1, ssrc=own, media_ssrc=media)) == data


def test_and_by_fir_which_may_name_several() -> None:
    fci = struct.pack("!LLLL", 5, 1 << 24, 6, 2 << 24)
    assert only(bytes(RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=fci))) == KeyframeWanted(
        (5, 6)
    )
    many = struct.pack("!LL", 7, 0) * 300
    report = only(bytes(RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=many)))
    assert report == KeyframeWanted((7,) * 31)


@given(U32, st.integers(0, 1 << 40), st.lists(U32, max_size=8))
def test_an_estimate_is_rounded_down_a_little(own: int, bps: int, ssrcs: list[int]) -> None:
    data = estimate(own, bps, ssrcs)
    report = only(data)
    assert isinstance(report, Estimate)
    assert report.ssrcs == tuple(ssrcs)
    assert 0 <= bps - report.bps <= bps / (1 << 17)
    assert data == bytes(
        RtcpPsfbPacket(fmt=15, ssrc=own, media_ssrc=0, fci=pack_remb_fci(bps, ssrcs))
    )
    assert unpack_remb_fci(data[12:]) == (report.bps, ssrcs)


def test_byes_and_reports_of_a_compound_are_all_read() -> None:
    bye = struct.pack("!BBHLL", 0x82, 203, 2, 7, 8)
    xr = struct.pack("!BBHL", 0x80, 207, 1, 7)
    twcc = struct.pack("!BBHLL", 0x8F, 205, 2, 1, 2)
    afb = struct.pack("!BBHLL4s", 0x8F, 206, 3, 1, 2, b"BMER")
    data = receiver_report(1, []) + xr + twcc + afb + keyframe_wanted(1, 2) + bye
    assert read(data) == [ReceiverReport(1, ()), KeyframeWanted((2,)), Bye((7, 8))]


def test_padding_is_not_content() -> None:
    data = bytearray(nack(1, 2, [5]) + b"\0\0\0\4")
    data[0] |= 0x20
    data[3] += 1
    assert only(bytes(data)) == Nack(2, (5,))
    data[-1] = 0
    assert read(bytes(data)) == []
    data[-1] = 200
    assert read(bytes(data)) == []
    assert read(bytes([0xA0, 203, 0, 0])) == []  # padding in nothing


# --- what is malformed -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81",
        b"\x81\xcd\x00",
        nack(1, 2, [5])[:-1],
        b"\x01" + nack(1, 2, [5])[1:],  # version 0
        b"\x9f\xc9\x00\x01\x00\x00\x00\x01",  # 31 blocks announced, none there
        b"\x80\xc8\x00\x01\x00\x00\x00\x01",  # a sender report without its sender
        b"\x81\xcd\x00\x01\x00\x00\x00\x01",  # a NACK without a media source
        b"\x81\xce\x00\x01\x00\x00\x00\x01",
        b"\x82\xcb\x00\x01\x00\x00\x00\x01",  # two leave, one is named
        struct.pack("!BBHLL4sL", 0x8F, 206, 4, 1, 2, b"REMB", 200 << 24),  # 200 named, none there
        struct.pack("!BBHLL4s", 0x8F, 206, 3, 1, 2, b"REMB"),
    ],
)
def test_nonsense_is_read_as_nothing(data: bytes) -> None:
    assert read(data) == []
    good = keyframe_wanted(1, 2)
    assert read(good + data) == [KeyframeWanted((2,))]


def test_a_nack_that_asks_for_nothing_is_harmless() -> None:
    assert read(struct.pack("!BBHLL", 0x81, 205, 2, 1, 2)) == [Nack(2, ())]


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    read(data)


@given(st.integers(0, 2**31), st.lists(st.tuples(st.integers(0, 200), U8), max_size=6))
def test_no_broken_report_makes_it_raise(start: int, changes: list[tuple[int, int]]) -> None:
    block = Block(1, 0.5, 3, 4, 5, 6, 7)
    whole = bytearray(
        sender_report(1, 2.0, 3, 4, 5, "cname")
        + receiver_report(1, [block] * 2)
        + nack(1, 2, [3, 9, 70])
        + estimate(1, 1_000_000, [1, 2])
    )
    for place, value in changes:
        whole[place % len(whole)] = value
    read(bytes(whole[: start % (len(whole) + 1)]))


def test_a_flood_of_reports_is_read_in_part() -> None:
    assert len(read(keyframe_wanted(1, 2) * 5_000)) == MOST_PACKETS
    worst = struct.pack("!BBHLL", 0x81, 205, 2 + 300, 1, 2) + b"\0\0\xff\xff" * 300
    began = time.process_time()
    read(worst * 50)
    assert time.process_time() - began < 0.2


# --- clocks ------------------------------------------------------------------------------------


def test_a_report_is_echoed_with_how_long_it_was_kept() -> None:
    report = only(sender_report(1, 4e9 + 0.25, 0, 0, 0, "x"))
    assert isinstance(report, SenderReport)
    receiver = Reception(90_000)
    receiver.note_report(report.ntp, 50.0)
    block = receiver.block(1, 50.5)
    assert block.lsr == int((4e9 + 0.25) * 65_536) % (1 << 32)
    assert block.dlsr == 32_768
    assert Reception(90_000).block(1, 50.5).lsr == 0


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
        only(receiver_report(1, [reception.block(2, now)]))


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
