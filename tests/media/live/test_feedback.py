from __future__ import annotations

import struct
import time

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
    MOST_PACKETS,
    MOST_SEQS,
    Block,
    Bye,
    Estimate,
    KeyframeWanted,
    Nack,
    ReceiverReport,
    Report,
    SenderReport,
    keyframe_wanted,
    nack,
    read,
    receiver_report,
    sender_report,
)
from media.live.reception import (
    MOST_OPEN,
    Reception,
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
