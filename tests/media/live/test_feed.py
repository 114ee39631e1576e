from __future__ import annotations

import heapq
import itertools
import logging
import random
import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.live.feed import KEYFRAME_EVERY_S, RECENT_PACKETS, Feed, Reader
from media.live.packets import (
    BUFFER_BYTES,
    LARGEST_PAYLOAD_BYTES,
    Header,
    Offsets,
    Packet,
    read_header,
    write_header,
)
from tests.support.readers import CountingReader

NTP = 4e9
START = 1000.0


class Loop:
    """An event loop of which only the clock moves, and only when told."""

    def __init__(self) -> None:
        self.now = START
        self.timers = 0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def clock(self) -> float:
        return self.now

    def later(self, delay_s: float, callback: Callable[[], None]) -> object:
        assert delay_s >= 0
        self.timers += 1
        heapq.heappush(self._due, (self.now + delay_s, next(self._numbers), callback))
        return None

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._due and self._due[0][0] <= end:
            self.now, _, callback = heapq.heappop(self._due)
            callback()
        self.now = end

    @property
    def pending(self) -> int:
        return len(self._due)


@pytest.fixture
def loop() -> Loop:
    return Loop()


def made(loop: Loop, codec: str = "VP8", clock_rate: int = 90_000) -> Feed:
    return Feed(codec, clock_rate, 0xABCD, "h", later=loop.later, clock=loop.clock)


def header(seq: int, timestamp: int = 0, marker: bool = False) -> Header:
    return Header(marker, 96, seq & 0xFFFF, timestamp, 0xABCD, 12, 12, {})


def vp8(picture_id: int, *, key: bool = False, first: bool = True, size: int = 40) -> bytes:
    """With a 15-bit PictureID and TL0PICIDX."""
    start = struct.pack(
        "!BBHB", 0x90 if first else 0x80, 0xC0, 0x8000 | picture_id, picture_id & 0xFF
    )
    return start + (b"\0" if key else b"\1") * size


def narrow(picture_id: int) -> bytes:
    return bytes([0x90, 0x80, picture_id & 0x7F, 1]) + b"frame"


def push(feed: Feed, loop: Loop, seq: int, payload: bytes = b"sound", timestamp: int = 0) -> None:
    feed.push(header(seq, timestamp), payload, loop.now)


# --- in order, once, to everybody ----------------------------------------------------------------


def test_every_reader_gets_what_comes_as_it_came(loop: Loop) -> None:
    feed, readers = made(loop), [CountingReader(), CountingReader()]
    for reader in readers:
        feed.add(reader)
    feed.push(header(7, 1234, marker=True), vp8(5, key=True), START)
    for reader in readers:
        assert reader.drain() == [
            Packet(65536 + 7, 1234, True, vp8(5, key=True), START, True, 5, 2, 5, 4)
        ]


def test_a_packet_that_comes_twice_goes_out_once(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader()
    feed.add(reader)
    for seq in (1, 2, 2, 1, 3, 3):
        push(feed, loop, seq)
    assert [packet.seq - 65536 for packet in reader.drain()] == [1, 2, 3]
    assert (feed.packets, feed.duplicates, feed.octets) == (3, 3, 15)


def test_a_late_packet_goes_out_when_it_comes(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader()
    feed.add(reader)
    for seq in (65534, 0, 1, 65535):
        push(feed, loop, seq)
    assert [packet.seq for packet in reader.drain()] == [131_070, 131_072, 131_073, 131_071]
    assert feed.newest is not None
    assert feed.newest.seq == 131_073


def test_what_comes_too_late_for_the_cache_is_left_out(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader()
    feed.add(reader)
    push(feed, loop, 5000)
    push(feed, loop, 5000 - RECENT_PACKETS)
    push(feed, loop, 5001 - RECENT_PACKETS)
    assert feed.late == 1
    assert reader.taken == 2


def test_a_packet_that_would_fit_no_frame_is_left_out(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader()
    feed.add(reader)
    push(feed, loop, 1, bytes(LARGEST_PAYLOAD_BYTES + 1))
    push(feed, loop, 2, bytes(LARGEST_PAYLOAD_BYTES))
    push(feed, loop, 3, narrow(1).ljust(LARGEST_PAYLOAD_BYTES, b"x"))  # one more once widened
    assert (feed.oversized, feed.packets, reader.taken) == (2, 1, 1)


def test_what_was_sent_can_be_sent_again(loop: Loop) -> None:
    feed = made(loop)
    push(feed, loop, 65535)
    push(feed, loop, 0)
    first, second = feed.recent.get(65535), feed.recent.get(0)
    assert first is not None
    assert second is not None
    assert (first.seq, second.seq) == (131_071, 131_072)
    assert feed.recent.get(1) is None


def test_padding_goes_out_and_pictures_are_counted_on_over_it(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader()
    feed.add(reader)
    push(feed, loop, 1, vp8(9))
    push(feed, loop, 2, b"")
    padding = reader.drain()[1]
    assert (padding.payload, padding.picture_id, padding.tl0) == (b"", 9, 9)
    assert padding.picture_id_at == padding.tl0_at == 0


def test_padding_before_all_else_has_no_picture(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader()
    feed.add(reader)
    push(feed, loop, 1, b"")
    assert reader.drain()[0].picture_id == -1


@settings(max_examples=60)
@given(st.integers(0, 65535), st.lists(st.integers(0, 300), max_size=150))
def test_each_packet_goes_out_exactly_once_in_any_disorder(start: int, order: list[int]) -> None:
    loop = Loop()
    feed, reader = made(loop, "opus", 48_000), CountingReader(most=1000)
    feed.add(reader)
    for number in order:
        push(feed, loop, start + number)
    out = [packet.seq - 65536 - start for packet in reader.drain()]
    if order:
        shift = out[0] - order[0]  # the first packet may be one from before a wrap
        assert [number - shift for number in out] == list(dict.fromkeys(order))
    assert feed.packets + feed.duplicates == len(order)


@given(
    st.sampled_from(["VP8", "VP9", "H264", "AV1", "opus", "unheard of"]),
    st.lists(st.tuples(st.integers(0, 65535), st.binary(max_size=30)), max_size=60),
)
def test_junk_from_a_publisher_is_no_trouble(codec: str, packets: list[tuple[int, bytes]]) -> None:
    loop = Loop()
    feed, reader = made(loop, codec), CountingReader()
    feed.add(reader)
    for seq, payload in packets:
        push(feed, loop, seq, payload)
    loop.run(1)
    assert feed.packets == reader.taken
    assert feed.packets + feed.duplicates + feed.late == len(packets)


# --- numbers of pictures -------------------------------------------------------------------------


def out_ids(feed: Feed, reader: CountingReader) -> list[int]:
    packets = reader.drain()
    buffer = bytearray(BUFFER_BYTES)
    ids = []
    for packet in packets:
        assert packet.picture_id_at
        length = write_header(buffer, packet, 96, 1, Offsets(), 0)
        read = read_header(buffer, length)
        assert read is not None
        at = read.payload_at + packet.picture_id_at
        ids.append(int.from_bytes(buffer[at : at + 2], "big") & 0x7FFF)
        assert ids[-1] == packet.picture_id
        assert bytes(buffer[:length]).endswith(b"frame")
    return ids


def test_seven_bits_are_widened_and_counted_on_over_their_wrap(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader(most=1000)
    feed.add(reader)
    for number in range(300):
        loop.run(0.02)
        push(feed, loop, number, narrow(number))
    assert out_ids(feed, reader) == list(range(300))


def test_a_sender_that_uses_both_lengths_keeps_its_own_numbers(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader(most=1000)
    feed.add(reader)
    numbers = [*range(32_700, 32_768), *range(200)]  # as aiortc counts: short ones below 128
    for seq, number in enumerate(numbers):
        loop.run(0.02)
        push(feed, loop, seq, narrow(number) if number < 128 else vp8(number)[:5] + b"\1frame")
    assert out_ids(feed, reader) == numbers


def test_packets_of_one_picture_that_come_in_disorder_keep_its_number(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader()
    feed.add(reader)
    for seq, number in [(0, 126), (1, 127), (3, 128), (2, 127), (4, 128)]:
        push(feed, loop, seq, narrow(number))
    assert out_ids(feed, reader) == [126, 127, 128, 127, 128]


# --- readers -------------------------------------------------------------------------------------


def test_a_reader_takes_from_when_it_comes_until_it_goes(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader()
    push(feed, loop, 1)
    feed.add(reader)
    feed.add(reader)
    push(feed, loop, 2)
    feed.remove(reader)
    feed.remove(reader)
    push(feed, loop, 3)
    assert [packet.seq - 65536 for packet in reader.drain()] == [2]
    assert list(feed.readers) == []


def test_a_slow_reader_loses_and_counts_and_holds_no_more(loop: Loop) -> None:
    feed, slow, quick = made(loop), CountingReader(most=10), CountingReader(most=10)
    feed.add(slow)
    feed.add(quick)
    got = []
    for seq in range(100):
        loop.run(0.01)
        push(feed, loop, seq)
        got += quick.drain()
    assert len(got) == 100
    assert (slow.taken, slow.lost) == (100, 90)
    assert [packet.seq - 65536 for packet in slow.drain()] == list(range(90, 100))


class Failing:
    def take(self, packet: Packet) -> None:
        raise RuntimeError("no room")


def test_a_reader_that_raises_is_removed_and_counted(
    loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    feed, before, after = made(loop), CountingReader(), CountingReader()
    for reader in (before, Failing(), after):
        feed.add(reader)
    with caplog.at_level(logging.ERROR):
        push(feed, loop, 1)
        push(feed, loop, 2)
    assert before.taken == after.taken == 2
    assert feed.failed_readers == 1
    assert list(feed.readers) == [before, after]
    assert len(caplog.records) == 1


class Doing:
    """Does something with the feed while it takes."""

    def __init__(self, *actions: Callable[[], None]) -> None:
        self.actions = actions
        self.taken = 0

    def take(self, packet: Packet) -> None:
        self.taken += 1
        for action in self.actions:
            action()


def test_readers_may_come_and_go_while_a_packet_is_handed_out(loop: Loop) -> None:
    feed, coming, going, staying = made(loop), CountingReader(), CountingReader(), CountingReader()
    leaving = Doing(lambda: feed.remove(leaving))
    changing = Doing(lambda: feed.remove(going), lambda: feed.add(coming))
    for reader in (leaving, changing, going, staying):
        feed.add(reader)
    push(feed, loop, 1)
    assert (leaving.taken, changing.taken, going.taken) == (1, 1, 0)
    assert (coming.taken, staying.taken) == (0, 1)
    push(feed, loop, 2)
    assert (leaving.taken, changing.taken, going.taken) == (1, 2, 0)
    assert (coming.taken, staying.taken) == (1, 2)


def test_a_reader_may_close_the_feed(loop: Loop) -> None:
    feed, after = made(loop), CountingReader()
    feed.add(Doing(feed.close))
    feed.add(after)
    push(feed, loop, 1)
    push(feed, loop, 2)
    assert after.taken == 0


def test_a_counting_reader_is_a_reader() -> None:
    reader: Reader = CountingReader()
    assert reader is not None


# --- bursts --------------------------------------------------------------------------------------


def burst(feed: Feed, loop: Loop, count: int, start: int = 0) -> None:
    for number in range(count):
        push(feed, loop, start + number, vp8(1, key=not number, first=not number, size=1100))


def test_a_keyframe_is_spread_over_at_most_twenty_milliseconds(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader()
    feed.add(reader)
    burst(feed, loop, 79)
    at_once = reader.taken
    assert at_once <= 9
    loop.run(0.010)
    assert at_once < reader.taken < 79
    loop.run(0.010)
    assert reader.taken == 79
    assert [packet.seq - 65536 for packet in reader.drain()] == list(range(79))
    assert loop.pending == 0


def test_what_waits_can_be_asked_for_but_is_not_the_newest_yet(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader()
    feed.add(reader)
    burst(feed, loop, 79)
    passed = reader.drain()[-1]
    assert feed.newest is passed
    assert feed.recent.newest is not None
    assert feed.recent.newest.seq == 65536 + 78
    loop.run(0.02)
    assert feed.newest is feed.recent.newest


def test_what_comes_behind_a_burst_waits_for_it(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader()
    feed.add(reader)
    burst(feed, loop, 40)
    loop.run(0.004)
    push(feed, loop, 40, vp8(2))
    loop.run(0.02)
    assert [packet.seq - 65536 for packet in reader.drain()] == list(range(41))


def test_a_loop_that_does_not_call_back_lets_nothing_pile_up() -> None:
    stuck = Loop()
    feed, reader = made(stuck), CountingReader(most=5000)
    feed.add(reader)
    for number in range(3000):
        stuck.now += 0.001
        push(feed, stuck, number, vp8(1, size=1300))
        assert number + 1 - reader.taken <= 21


def test_a_steady_picture_needs_no_timer(loop: Loop) -> None:
    feed, reader = made(loop), CountingReader(most=5000)
    feed.add(reader)
    for number in range(900):
        if number % 8 == 0:
            loop.run(1 / 30)
        push(feed, loop, number, vp8(number // 8, size=1100))
    assert reader.taken == 900
    assert loop.timers == 0


def test_sound_is_never_held_back(loop: Loop) -> None:
    feed, reader = made(loop, "opus", 48_000), CountingReader(most=500)
    feed.add(reader)
    for number in range(300):
        push(feed, loop, number, bytes(1200))
    assert reader.taken == 300
    assert loop.timers == 0
    assert not feed.has_keys


def test_a_closed_feed_lets_nothing_out_and_asks_for_nothing(loop: Loop) -> None:
    feed, reader, asked = made(loop), CountingReader(), []
    feed.ask_keyframe = lambda: asked.append(loop.now)
    feed.add(reader)
    burst(feed, loop, 79)
    feed.want_keyframe(loop.now)
    taken = reader.taken
    feed.close()
    feed.close()
    burst(feed, loop, 79, start=100)
    feed.want_keyframe(loop.now)
    loop.run(5)
    assert reader.taken == taken
    assert len(asked) == 1
    assert loop.pending == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_nothing_is_lost_or_overtakes_in_bursts(seed: int) -> None:
    dice, loop = random.Random(seed), Loop()
    feed, reader = made(loop), CountingReader(most=5000)
    feed.add(reader)
    came: dict[int, float] = {}
    left: dict[int, float] = {}
    seq = dice.randrange(65536)
    start = 65536 + seq
    for _ in range(15):
        for _ in range(dice.choice((1, 3, 8, 40, 90))):
            push(feed, loop, seq, vp8(seq & 0x7FFF, size=dice.randrange(1, 1300)))
            came[len(came)] = loop.now
            seq += 1
        for _ in range(dice.randrange(1, 60)):
            left.update((packet.seq - start, loop.now) for packet in reader.drain())
            loop.run(0.001)
    for _ in range(25):
        left.update((packet.seq - start, loop.now) for packet in reader.drain())
        loop.run(0.001)
    assert list(left) == list(came)
    assert max(left[number] - came[number] for number in came) <= 0.0225


# --- keyframes -----------------------------------------------------------------------------------


class Publisher:
    def __init__(self, feed: Feed, loop: Loop) -> None:
        self.asked: list[float] = []
        self._loop = loop
        feed.ask_keyframe = self.ask

    def ask(self) -> None:
        self.asked.append(round(self._loop.now - START, 6))


def flow(feed: Feed, loop: Loop, seconds: float, first_seq: int) -> int:
    """Pictures without a key, 25 a second; the next sequence number."""
    for number in range(round(seconds * 25)):
        push(feed, loop, first_seq + number, vp8(1))
        loop.run(0.04)
    return first_seq + round(seconds * 25)


def test_hundreds_of_wishes_are_one_question(loop: Loop) -> None:
    feed = made(loop)
    publisher = Publisher(feed, loop)
    for _ in range(300):
        feed.want_keyframe(loop.now)
    assert publisher.asked == [0]


def test_the_first_packet_of_the_key_ends_the_asking(loop: Loop) -> None:
    feed = made(loop)
    publisher = Publisher(feed, loop)
    feed.want_keyframe(loop.now)
    seq = flow(feed, loop, 0.2, 0)
    push(feed, loop, seq, vp8(2, key=True))
    flow(feed, loop, 3, seq + 1)
    assert publisher.asked == [0]
    assert feed.keyframes == feed.keyframes_asked == 1


def test_a_question_that_was_lost_is_asked_again(loop: Loop) -> None:
    feed = made(loop)
    publisher = Publisher(feed, loop)
    feed.want_keyframe(loop.now)
    flow(feed, loop, 1.8, 0)
    assert publisher.asked == [0, 0.5, 1.0, 1.5]


def test_a_wish_that_came_too_soon_is_asked_when_it_may(loop: Loop) -> None:
    feed = made(loop)
    publisher = Publisher(feed, loop)
    feed.want_keyframe(loop.now)
    push(feed, loop, 0, vp8(1, key=True))
    loop.run(0.1)
    feed.want_keyframe(loop.now)  # this one lost it
    seq = flow(feed, loop, 0.48, 1)
    assert publisher.asked == [0, 0.5]
    push(feed, loop, seq, vp8(2, key=True))
    flow(feed, loop, 2, seq + 1)
    assert publisher.asked == [0, 0.5]


def test_a_wish_after_a_while_is_asked_at_once(loop: Loop) -> None:
    feed = made(loop)
    publisher = Publisher(feed, loop)
    feed.want_keyframe(loop.now)
    push(feed, loop, 0, vp8(1, key=True))
    loop.run(KEYFRAME_EVERY_S)
    feed.want_keyframe(loop.now)
    assert publisher.asked == [0, 0.5]


def test_a_publisher_that_went_quiet_is_left_in_peace_until_it_comes_back(loop: Loop) -> None:
    feed = made(loop)
    publisher = Publisher(feed, loop)
    push(feed, loop, 0, vp8(1))
    feed.want_keyframe(loop.now)
    loop.run(60)
    assert publisher.asked == [0, 0.5, 1.0, 1.5]
    assert loop.pending == 0
    push(feed, loop, 1, vp8(1))
    assert publisher.asked[4:] == [60]
    push(feed, loop, 2, vp8(2, key=True))
    loop.run(60)
    assert len(publisher.asked) == 5


def test_without_a_publisher_nobody_is_asked(loop: Loop) -> None:
    feed = made(loop)
    feed.want_keyframe(loop.now)
    loop.run(1)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60))
def test_never_more_than_one_question_in_half_a_second(steps: list[tuple[float, bool]]) -> None:
    loop = Loop()
    feed = made(loop)
    publisher = Publisher(feed, loop)
    for seq, (pause, is_key) in enumerate(steps):
        feed.want_keyframe(loop.now)
        push(feed, loop, seq, vp8(1, key=is_key))
        loop.run(pause)
    gaps = [after - before for before, after in itertools.pairwise(publisher.asked)]
    assert all(gap >= KEYFRAME_EVERY_S - 1e-5 for gap in gaps)
    assert loop.pending <= 2


# --- what is known of it -------------------------------------------------------------------------


def test_b_frames_are_noticed_in_h264_only(loop: Loop) -> None:
    b_slice = bytes([0x41, 0b1_010_1111, 0xFF])  # first macroblock 0, slice type 1
    seen, other, plain = made(loop, "H264"), made(loop, "VP8"), made(loop, "H264")
    for feed in (seen, other):
        push(feed, loop, 1, b_slice)
    push(plain, loop, 1, bytes([0x41, 0b1_1_111111, 0xFF]))
    assert [feed.has_b_frames for feed in (seen, other, plain)] == [True, False, False]


def test_the_bitrate_is_that_of_the_last_second(loop: Loop) -> None:
    feed = made(loop, "opus", 48_000)
    assert feed.bitrate_bps(loop.now) == 0
    for seq in range(150):
        push(feed, loop, seq, bytes(125))
        loop.run(0.02)
    assert feed.bitrate_bps(loop.now) == pytest.approx(50_000, rel=0.02)
    loop.run(0.5)
    assert feed.bitrate_bps(loop.now) == pytest.approx(25_000, rel=0.25)
    loop.run(0.7)
    assert feed.bitrate_bps(loop.now) == 0
    loop.run(1e6)
    assert feed.bitrate_bps(loop.now) == 0


def test_pictures_are_counted_by_their_ends(loop: Loop) -> None:
    feed, sound = made(loop), made(loop, "opus", 48_000)
    assert feed.pictures_s(loop.now) == 0
    for seq in range(120):
        feed.push(header(seq, marker=seq % 3 == 2), vp8(seq), loop.now)
        sound.push(header(seq, marker=True), b"sound", loop.now)
        loop.run(0.02)
    assert feed.pictures_s(loop.now) == pytest.approx(50 / 3, abs=1)
    assert sound.pictures_s(loop.now) == 0
    loop.run(1.0)
    assert feed.pictures_s(loop.now) == pytest.approx(25 / 3, abs=1)
    loop.run(1.2)
    assert feed.pictures_s(loop.now) == 0


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 1400)), min_size=1, max_size=80))
def test_the_bitrate_counts_each_packet_for_one_second(steps: list[tuple[float, int]]) -> None:
    loop = Loop()
    feed = made(loop, "opus", 48_000)
    came: list[tuple[float, int]] = []
    for seq, (pause, size) in enumerate(steps):
        loop.run(pause)
        push(feed, loop, seq, bytes(size))
        came.append((loop.now, size))
    loop.run(0.05)
    tenth = int(loop.now * 10)
    assert feed.bitrate_bps(loop.now) == 8 * sum(
        size for at, size in came if tenth - 10 <= int(at * 10) < tenth
    )


def test_a_feed_flows_while_something_came_lately(loop: Loop) -> None:
    feed = made(loop)
    assert not feed.is_flowing(loop.now)
    push(feed, loop, 1)
    loop.run(1.5)
    assert feed.is_flowing(loop.now)
    assert not feed.is_flowing(loop.now, within=1.0)
    loop.run(0.1)
    assert not feed.is_flowing(loop.now)
    push(feed, loop, 1)  # the same again tells nothing
    assert not feed.is_flowing(loop.now)


def test_a_report_is_put_beside_the_newest_packet_and_a_silence_is_noticed(loop: Loop) -> None:
    feed = made(loop, "opus", 48_000)
    push(feed, loop, 1, timestamp=0)
    feed.note_report(NTP, 0)
    loop.run(3)
    push(feed, loop, 2, timestamp=960)  # counted on from before the silence
    loop.run(0.4)
    push(feed, loop, 3, timestamp=1920)
    assert feed.sender.ntp_of(1920) == pytest.approx(NTP + 3.4)
