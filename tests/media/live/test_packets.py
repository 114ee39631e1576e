from __future__ import annotations

import struct
from dataclasses import astuple, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from media.live.packets import (
    BUFFER_BYTES,
    LARGEST_PAYLOAD_BYTES,
    SEND_TIME_AT,
    Header,
    Offsets,
    Packet,
    RecentPackets,
    Unwrapped,
    newer,
    read_header,
    send_time,
    splice,
    write_header,
    write_rtx,
)

U8, U15, U16, U32 = (st.integers(0, 2**bits - 1) for bits in (8, 15, 16, 32))
OFFSETS = st.builds(Offsets, seq=U16, timestamp=U32, picture_id=U15, tl0=U8)
PLAIN = Packet(seq=65536, timestamp=0, marker=False, payload=b"payload", arrived=1.0)


def vp8(seq: int, picture_id: int, tl0: int, *, timestamp: int = 0, key: bool = False) -> Packet:
    """As a feed makes it of a VP8 payload with every number there is."""
    start = struct.pack("!BBHBB", 0x90, 0xF0, 0x8000 | picture_id, tl0, 0x20)
    return Packet(
        seq, timestamp, True, start + (b"\x00" if key else b"\x01") * 30, 1.0, key,
        picture_id, 2, tl0, 4,
    )  # fmt: skip


def numbers(wire: bytes) -> tuple[int, int, int, int]:
    """Sequence number, timestamp, PictureID and TL0PICIDX of a written `vp8` packet."""
    header = read_header(wire, len(wire))
    assert header is not None
    _, _, picture_id, tl0 = struct.unpack_from("!BBHB", wire, header.payload_at)
    return header.seq, header.timestamp, picture_id & 0x7FFF, tl0


def written(packet: Packet, offsets: Offsets, send_time_id: int = 0) -> bytes:
    buffer = bytearray(BUFFER_BYTES)
    return bytes(buffer[: write_header(buffer, packet, 96, 0x1234, offsets, send_time_id)])


# --- numbers that wrap ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "ahead"),
    [(1, 0, 1), (0, 65535, 1), (65535, 0, -1), (5, 5, 0), (0, 32768, -32768), (32767, 0, 32767)],
)
def test_newer_is_the_shorter_way_round(a: int, b: int, ahead: int) -> None:
    assert newer(a, b) == ahead


@given(U16, st.integers(-32768, 32767))
def test_newer_finds_any_distance_again(a: int, ahead: int) -> None:
    assert newer((a + ahead) & 0xFFFF, a) == ahead


@given(U16, U16)
def test_newer_is_opposite_the_other_way_except_half_way_round(a: int, b: int) -> None:
    if newer(a, b) != -32768:
        assert newer(a, b) == -newer(b, a)


@given(st.integers(0, 10_000_000), st.lists(st.integers(-2000, 3000), max_size=200))
def test_sixteen_bits_are_counted_on_through_any_disorder(start: int, jumps: list[int]) -> None:
    unwrapped = Unwrapped(16)
    first = unwrapped.extend(start & 0xFFFF)
    highest = true = start
    for jump in jumps:
        true = max(0, highest + jump)
        assert unwrapped.extend(true & 0xFFFF) - first == true - start
        highest = max(highest, true)
    assert unwrapped.highest - first == highest - start


@given(U32, st.lists(st.integers(-(2**31) + 1, 2**31 - 1), max_size=50))
def test_thirty_two_bits_too(start: int, jumps: list[int]) -> None:
    unwrapped = Unwrapped(32)
    highest = unwrapped.extend(start)
    for jump in jumps:
        value = (highest + jump) & 0xFFFFFFFF
        assert unwrapped.extend(value) == highest + jump
        highest = max(highest, highest + jump)


@given(st.lists(U16, min_size=1, max_size=300))
def test_whatever_comes_nothing_is_negative_and_all_is_the_wires_number(values: list[int]) -> None:
    unwrapped = Unwrapped()
    highest = -1
    for value in values:
        extended = unwrapped.extend(value)
        assert extended >= 0
        assert extended % 65536 == value
        assert unwrapped.highest >= highest
        highest = unwrapped.highest


def test_a_late_number_from_before_the_wrap_goes_back_over_it() -> None:
    unwrapped = Unwrapped()
    assert [unwrapped.extend(value) - 65536 for value in (65534, 1, 65535, 2, 65533)] == [
        65534, 65537, 65535, 65538, 65533,
    ]  # fmt: skip


# --- reading -------------------------------------------------------------------------------------


def rtp(
    *,
    first: int = 0x80,
    second: int = 96,
    sources: int = 0,
    extension: bytes = b"",
    payload: bytes = b"payload",
) -> bytes:
    fixed = struct.pack("!BBHLL", first | sources, second, 7, 8, 9)
    return fixed + b"\xaa" * 4 * sources + extension + payload


def extended(profile: int, elements: bytes) -> bytes:
    assert len(elements) % 4 == 0
    return struct.pack("!HH", profile, len(elements) // 4) + elements


def read(data: bytes) -> Header | None:
    return read_header(memoryview(data), len(data))


def test_a_plain_header_is_read() -> None:
    assert read(rtp(second=0x80 | 111)) == Header(True, 111, 7, 8, 9, 12, 19, {})


def test_contributing_sources_are_passed_over() -> None:
    header = read(rtp(sources=15))
    assert header is not None
    assert header.payload_at == 12 + 15 * 4


def test_one_byte_elements_are_found_between_padding() -> None:
    elements = b"\x10\x41" + b"\x00" + b"\x32abc" + b"\x00\x40\x01" + b"\x00\x00"
    data = rtp(first=0x90, extension=extended(0xBEDE, elements))
    header = read(data)
    assert header is not None
    assert {name: data[at : at + size] for name, (at, size) in header.extensions.items()} == {
        1: b"\x41", 3: b"abc", 4: b"\x01",
    }  # fmt: skip
    assert data[header.payload_at : header.payload_end] == b"payload"


@pytest.mark.parametrize("end", [b"\xf0", b"\xff", b"\x02"])
def test_ids_15_and_0_with_a_length_end_the_list(end: bytes) -> None:
    header = read(
        rtp(first=0x90, extension=extended(0xBEDE, b"\x10\x41" + end + b"\x50\x01\x02\x03\x00"))
    )
    assert header is not None
    assert list(header.extensions) == [1]


@pytest.mark.parametrize("profile", [0x1000, 0x100F])
def test_two_byte_elements_are_found_empty_ones_too(profile: int) -> None:
    elements = b"\x01\x00" + b"\x00" + b"\xf0\x03abc" + b"\x20\x01z" + b"\x00"
    data = rtp(first=0x90, extension=extended(profile, elements))
    header = read(data)
    assert header is not None
    assert {name: data[at : at + size] for name, (at, size) in header.extensions.items()} == {
        1: b"", 240: b"abc", 32: b"z",
    }  # fmt: skip


def test_an_extension_of_somebody_elses_is_passed_over() -> None:
    header = read(rtp(first=0x90, extension=extended(0x4242, b"\x10\x41\x42\x43")))
    assert header is not None
    assert header.extensions == {}
    assert header.payload_at == 20


def test_padding_is_left_out() -> None:
    data = rtp(first=0xA0, payload=b"payload\x00\x00\x03")
    header = read(data)
    assert header is not None
    assert data[header.payload_at : header.payload_end] == b"payload"


def test_padding_alone_is_an_empty_payload() -> None:
    header = read(rtp(first=0xA0, payload=b"\x00" * 223 + b"\xe0"))
    assert header is not None
    assert header.payload_at == header.payload_end == 12


@pytest.mark.parametrize(
    "data",
    [
        b"",
        rtp(payload=b"")[:11],
        rtp(first=0x00),
        rtp(first=0x40),
        rtp(first=0xC0),
        rtp(payload=b"") [:12].replace(b"\x80", b"\x8f", 1),
        rtp(first=0x90, payload=b"\xbe\xde"),
        rtp(first=0x90, payload=b"\xbe\xde\x00\x02\x10\x41\x00\x00"),
        rtp(first=0x90, extension=extended(0xBEDE, b"\x10\x41\x0f\x00"), payload=b"")[:-1],
        rtp(first=0x90, extension=extended(0xBEDE, b"\x1f\x41\x00\x00")),
        rtp(first=0x90, extension=extended(0x1000, b"\x01\x09\x00\x00")),
        rtp(first=0x90, extension=extended(0x1000, b"\x01\x01a\x02")),
        rtp(first=0xA0, payload=b"payload\x00"),
        rtp(first=0xA0, payload=b"\x09"),
        rtp(first=0xA0, payload=b""),
    ],
)  # fmt: skip
def test_what_is_malformed_is_nothing(data: bytes) -> None:
    assert read(data) is None


def test_a_length_beyond_the_buffer_is_nothing() -> None:
    assert read_header(memoryview(rtp()), 1000) is None


def test_only_the_length_counts_not_the_buffer() -> None:
    header = read_header(memoryview(rtp() + b"left from before"), 14)
    assert header is not None
    assert header.payload_end == 14


@given(st.binary(max_size=80), st.integers(-5, 100))
@example(b"\xb0" + b"\xff" * 79, 80)
def test_junk_is_never_more_than_nothing(data: bytes, length: int) -> None:
    assert_within(read_header(memoryview(data), length), length)


@given(st.integers(0, 63), st.binary(min_size=11, max_size=80))
def test_junk_that_starts_like_rtp_stays_within_itself(first: int, rest: bytes) -> None:
    data = bytes([0x80 | first]) + rest
    assert_within(read(data), len(data))


def assert_within(header: Header | None, length: int) -> None:
    if header is not None:
        assert 12 <= header.payload_at <= header.payload_end <= length
        for at, size in header.extensions.values():
            assert 12 <= at <= at + size <= header.payload_at


# --- the packets sent lately ---------------------------------------------------------------------


def test_nothing_is_recent_at_first() -> None:
    recent = RecentPackets(8)
    assert recent.newest is None
    assert recent.get(0) is None


def test_what_is_kept_is_found_by_its_number_across_the_wrap() -> None:
    recent = RecentPackets(8)
    packets = [replace(PLAIN, seq=seq) for seq in range(131_070, 131_076)]
    for packet in packets:
        recent.put(packet)
    assert [recent.get(seq16) for seq16 in (65534, 65535, 0, 1, 2, 3)] == packets
    assert recent.get(4) is None
    assert recent.newest is packets[-1]


def test_a_late_packet_takes_no_newer_ones_place() -> None:
    recent = RecentPackets(8)
    newer_one, late = replace(PLAIN, seq=65_546), replace(PLAIN, seq=65_538)
    recent.put(newer_one)
    recent.put(late)
    assert recent.get(10) is newer_one
    assert recent.get(2) is None
    assert recent.newest is newer_one


def test_a_packet_from_a_round_ago_is_not_mistaken_for_this_rounds() -> None:
    recent = RecentPackets(1024)
    recent.put(replace(PLAIN, seq=65_536 + 5))
    recent.put(replace(PLAIN, seq=2 * 65_536 + 4))
    assert recent.get(5) is None


@given(st.lists(st.integers(0, 400), min_size=1, max_size=120), st.integers(1, 64))
def test_exactly_the_packet_asked_for_or_none(seqs: list[int], size: int) -> None:
    recent = RecentPackets(size)
    put: dict[int, Packet] = {}
    for seq in (65_300 + seq for seq in seqs):
        put[seq] = replace(PLAIN, seq=seq)
        recent.put(put[seq])
    newest = max(put)
    assert recent.newest is not None
    assert recent.newest.seq == newest
    for seq, packet in put.items():
        held = recent.get(seq & 0xFFFF)
        if held is not None:
            assert held is packet
        same_place = [other for other in put if other % size == seq % size]
        assert (held is packet) == (seq == max(same_place))


# --- rewriting -----------------------------------------------------------------------------------


def test_a_packet_goes_out_as_it_came_without_offsets() -> None:
    packet = replace(PLAIN, seq=65536 + 7, timestamp=8, marker=True)
    assert (
        written(packet, Offsets())
        == struct.pack("!BBHLL", 0x80, 0x80 | 96, 7, 8, 0x1234) + b"payload"
    )


def test_the_senders_time_has_its_place() -> None:
    wire = written(PLAIN, Offsets(), send_time_id=3)
    header = read_header(wire, len(wire))
    assert header is not None
    assert header.extensions == {3: (SEND_TIME_AT, 3)}
    assert wire[SEND_TIME_AT : SEND_TIME_AT + 3] == b"\0\0\0"
    assert wire[header.payload_at :] == b"payload"


def test_what_was_in_the_buffer_does_not_show() -> None:
    buffer = bytearray(b"\xff" * BUFFER_BYTES)
    end = write_header(buffer, PLAIN, 96, 0x1234, Offsets(), 3)
    assert bytes(buffer[:end]) == written(PLAIN, Offsets(), 3)
    assert len(buffer) == BUFFER_BYTES


def test_it_writes_into_memory_of_others_too() -> None:
    buffer = bytearray(BUFFER_BYTES)
    end = write_header(memoryview(buffer), PLAIN, 96, 0x1234, Offsets(), 3)
    assert bytes(buffer[:end]) == written(PLAIN, Offsets(), 3)


def test_the_largest_packet_fits_its_buffer() -> None:
    packet = replace(PLAIN, payload=bytes(LARGEST_PAYLOAD_BYTES))
    buffer = bytearray(BUFFER_BYTES)
    assert write_header(buffer, packet, 96, 1, Offsets(), 3) + 64 < BUFFER_BYTES == len(buffer)


@given(U16, U32, U15, U8, OFFSETS, st.booleans())
def test_every_number_is_moved_modulo_its_size_and_nothing_else(
    seq: int, timestamp: int, picture_id: int, tl0: int, offsets: Offsets, has_time: bool
) -> None:
    packet = vp8(65536 + seq, picture_id, tl0, timestamp=timestamp)
    wire = written(packet, offsets, 3 if has_time else 0)
    assert numbers(wire) == (
        (seq + offsets.seq) % 2**16,
        (timestamp + offsets.timestamp) % 2**32,
        (picture_id + offsets.picture_id) % 2**15,
        (tl0 + offsets.tl0) % 2**8,
    )
    payload = wire[-len(packet.payload) :]
    assert payload[:2] == packet.payload[:2]
    assert payload[2] & 0x80  # still the 15-bit form
    assert payload[5:] == packet.payload[5:]


@given(OFFSETS, st.binary(max_size=60))
def test_a_payload_without_numbers_is_left_alone(offsets: Offsets, payload: bytes) -> None:
    assert written(replace(PLAIN, payload=payload), offsets)[12:] == payload


@given(U16, U32, U15, U8, OFFSETS)
def test_offsets_that_undo_each_other_give_the_packet_back(
    seq: int, timestamp: int, picture_id: int, tl0: int, there: Offsets
) -> None:
    packet = vp8(65536 + seq, picture_id, tl0, timestamp=timestamp)
    moved = numbers(written(packet, there))
    again = vp8(65536 + moved[0], moved[2], moved[3], timestamp=moved[1])
    back = Offsets(*(-value for value in astuple(there)))
    assert written(again, back) == written(packet, Offsets())


def test_offsets_can_name_a_group_of_viewers() -> None:
    assert len({Offsets(1, 2), Offsets(1, 2), Offsets(1, 3)}) == 2


# --- going over to another feed ------------------------------------------------------------------


@given(OFFSETS, U16, U32, U15, U8, U16, U32, U15, U8, st.integers(-100, 90_000))
def test_a_viewer_sees_no_seam(
    offsets: Offsets, seq_a: int, time_a: int, picture_a: int, tl0_a: int,
    seq_b: int, time_b: int, picture_b: int, tl0_b: int, gap: int,
) -> None:  # fmt: skip
    last = vp8(65536 + seq_a, picture_a, tl0_a, timestamp=time_a)
    first = vp8(65536 + seq_b, picture_b, tl0_b, timestamp=time_b, key=True)
    before = numbers(written(last, offsets))
    after = numbers(written(first, splice(offsets, last, first, gap)))
    assert after == (
        (before[0] + 1) % 2**16,
        (before[1] + max(1, gap)) % 2**32,
        (before[2] + 1) % 2**15,
        (before[3] + 1) % 2**8,
    )


@given(st.lists(st.tuples(U16, U32, U15, U8, st.integers(1, 40)), min_size=2, max_size=12))
def test_the_numbers_run_on_however_often_a_viewer_switches(
    feeds: list[tuple[int, int, int, int, int]],
) -> None:
    offsets = Offsets()
    last: Packet | None = None
    seen: list[tuple[int, int, int, int]] = []
    for seq, timestamp, picture_id, tl0, count in feeds:
        for step in range(count):
            packet = vp8(
                65536 + seq + step, (picture_id + step) % 2**15, (tl0 + step) % 2**8,
                timestamp=(timestamp + 3000 * step) % 2**32, key=not step,
            )  # fmt: skip
            if last is not None and not step:
                offsets = splice(offsets, last, packet, 3000)
            seen.append(numbers(written(packet, offsets)))
            last = packet
    start = seen[0]
    assert seen == [
        (
            (start[0] + n) % 2**16,
            (start[1] + 3000 * n) % 2**32,
            (start[2] + n) % 2**15,
            (start[3] + n) % 2**8,
        )
        for n in range(len(seen))
    ]


def test_offsets_are_always_reduced_so_that_equal_ones_are_equal() -> None:
    offsets = splice(Offsets(), vp8(65536, 0, 0), vp8(5 * 65536 + 9, 9, 9, timestamp=99), 1)
    assert offsets == Offsets(65536 - 8, 2**32 - 98, 2**15 - 8, 2**8 - 8)


@pytest.mark.parametrize("which", ["last", "first"])
def test_without_a_picture_number_on_either_side_none_is_moved(which: str) -> None:
    packets = {"last": vp8(65536, 10, 1), "first": vp8(65600, 500, 2)}
    packets[which] = replace(packets[which], picture_id=-1, picture_id_at=0)
    assert splice(Offsets(picture_id=77), packets["last"], packets["first"], 1).picture_id == 0


# --- sending again -------------------------------------------------------------------------------


@given(U16, U16, U32, OFFSETS, st.booleans())
def test_a_retransmission_unpacks_to_what_the_viewer_lost(
    seq: int, rtx_seq: int, timestamp: int, offsets: Offsets, has_time: bool
) -> None:
    packet = vp8(65536 + seq, 5, 6, timestamp=timestamp)
    send_time_id = 3 if has_time else 0
    lost = written(packet, offsets, send_time_id)
    again = write_rtx(packet, 97, 0x5678, rtx_seq, offsets, send_time_id, sent_at=10.5)
    header, original = read_header(again, len(again)), read_header(lost, len(lost))
    assert header is not None
    assert original is not None
    assert (header.payload_type, header.ssrc, header.seq) == (97, 0x5678, rtx_seq)
    assert (header.timestamp, header.marker) == (original.timestamp, original.marker)
    assert int.from_bytes(again[header.payload_at : header.payload_at + 2], "big") == original.seq
    assert again[header.payload_at + 2 :] == lost[original.payload_at :]
    if has_time:
        at, size = header.extensions[3]
        assert again[at : at + size] == send_time(10.5).to_bytes(3, "big")


def test_an_empty_payload_is_sent_again_as_its_number_alone() -> None:
    again = write_rtx(replace(PLAIN, payload=b""), 97, 1, 2, Offsets())
    assert again[12:] == b"\x00\x00"


@pytest.mark.parametrize(
    ("now", "bits"), [(0.0, 0), (1.0, 1 << 18), (63.999999, 0xFFFFFF), (64.0, 0), (65.5, 3 << 17)]
)
def test_the_senders_time_is_six_bits_of_seconds_and_eighteen_of_parts(
    now: float, bits: int
) -> None:
    assert send_time(now) == bits


@given(st.floats(0, 1e6))
def test_the_senders_time_is_24_bits_and_as_good_as_they_allow(now: float) -> None:
    stamped = send_time(now)
    assert 0 <= stamped < 2**24
    assert (now - stamped / 2**18) % 64 < 2**-18 + 1e-9
