"""RTP by arithmetic: reading and writing headers, wrapping numbers, the packets sent lately; pure.

Every number RTP counts with wraps around, and packets arrive in any order, so nothing in here
compares two of them directly. What goes out to a viewer is what came in plus fixed `Offsets`;
those change only where a viewer's picture goes on with another encoding (`splice`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

LARGEST_PAYLOAD_BYTES = 1400
"""Of one packet of a feed. WebRTC senders stay under 1,200; more would not fit an Ethernet frame
with everything that is put around it."""

BUFFER_BYTES = 1600
"""Holds any outgoing packet of `write_header` with room for its SRTP tag."""

SEND_TIME_AT = 17
"""Where the 3 bytes of abs-send-time stand in what `write_header` wrote, if asked for."""

_HEADER_BYTES = 12
_WITH_SEND_TIME_BYTES = 20
_ONE_BYTE = 0xBEDE  # RFC 8285 §4.2
_TWO_BYTES = 0x1000  # §4.3; its last four bits are the application's

_header = struct.Struct("!BBHLL")
_header_send_time = struct.Struct("!BBHLLHHB3x")
_extension = struct.Struct("!HH")


def newer(a: int, b: int) -> int:
    """How far 16-bit number `a` is ahead of `b`, the shorter way round: -32768 to 32767."""
    return ((a - b + 0x8000) & 0xFFFF) - 0x8000


class Unwrapped:
    """Goes on counting where numbers of `bits` bits wrap around.

    Each number is taken to be the nearest to the highest one seen, so one that comes late, even
    from before the wrap, is told apart from one that is new. The first is counted one round up:
    nothing that comes later is negative.
    """

    __slots__ = ("_half", "_mask", "highest")

    def __init__(self, bits: int = 16) -> None:
        self._half = 1 << (bits - 1)
        self._mask = (1 << bits) - 1
        self.highest = -1  # nothing yet

    def extend(self, value: int) -> int:
        """The same number, not wrapped. Modulo 2^bits it is `value` again."""
        if self.highest < 0:
            self.highest = value + self._mask + 1
            return self.highest
        half = self._half
        ahead = ((value - self.highest + half) & self._mask) - half
        if ahead <= 0:
            return self.highest + ahead
        self.highest += ahead
        return self.highest


@dataclass(slots=True)
class Header:
    """The header of a received packet. `extensions`: id -> (start, length) in the buffer read.

    The payload without padding stands from `payload_at` up to `payload_end`; it may be empty.
    """

    marker: bool
    payload_type: int
    seq: int
    timestamp: int
    ssrc: int
    payload_at: int
    payload_end: int
    extensions: dict[int, tuple[int, int]]


def read_header(data: memoryview | bytes | bytearray, length: int) -> Header | None:
    """The header of the packet in the first `length` bytes (RFC 3550 §5.1, RFC 8285).

    None for whatever is not a well-formed RTP packet; never raises.
    """
    if not _HEADER_BYTES <= length <= len(data):
        return None
    first, second, seq, timestamp, ssrc = _header.unpack_from(data)
    if first & 0xC0 != 0x80:
        return None
    payload_at = _HEADER_BYTES + (first & 0x0F) * 4
    extensions: dict[int, tuple[int, int]] = {}
    if first & 0x10:
        payload_at = _read_extensions(data, payload_at, length, extensions)
    payload_end = length
    if first & 0x20:
        padding = data[length - 1]
        payload_end = length - padding if padding else -1
    if payload_end < payload_at:
        return None
    return Header(
        second > 0x7F, second & 0x7F, seq, timestamp, ssrc, payload_at, payload_end, extensions
    )


_BEYOND = 1 << 30  # a payload that starts here starts behind every packet


def _read_extensions(
    data: memoryview | bytes | bytearray, at: int, length: int, into: dict[int, tuple[int, int]]
) -> int:
    """Where the payload starts; `_BEYOND` if the extension is malformed."""
    if at + 4 > length:
        return _BEYOND
    profile, words = _extension.unpack_from(data, at)
    at += 4
    end: int = at + words * 4
    if end > length:
        return _BEYOND
    if profile == _ONE_BYTE:
        return end if _read_one_byte(data, at, end, into) else _BEYOND
    if profile & 0xFFF0 == _TWO_BYTES:
        return end if _read_two_bytes(data, at, end, into) else _BEYOND
    return end  # somebody's own: skipped as RFC 3550 §5.3.1 wants


def _read_one_byte(
    data: memoryview | bytes | bytearray, at: int, end: int, into: dict[int, tuple[int, int]]
) -> bool:
    while at < end:
        head = data[at]
        at += 1
        if not head:
            continue  # padding
        if head < 0x10 or head >= 0xF0:
            return True  # ids 0 and 15 end the list (RFC 8285 §4.2)
        size = (head & 0x0F) + 1
        if at + size > end:
            return False
        into[head >> 4] = (at, size)
        at += size
    return True


def _read_two_bytes(
    data: memoryview | bytes | bytearray, at: int, end: int, into: dict[int, tuple[int, int]]
) -> bool:
    while at < end:
        name = data[at]
        at += 1
        if not name:
            continue  # padding
        if at == end:
            return False
        size = data[at]
        at += 1
        if at + size > end:
            return False
        into[name] = (at, size)
        at += size
    return True


@dataclass(slots=True)
class Packet:
    """One packet of a feed, as its readers get it; nobody changes it.

    `seq` is extended (`Unwrapped`): modulo 65536 it is the publisher's. `timestamp` is 32 bits as
    sent. `arrived`: seconds of the feed's clock. `starts_key`: a decoder can start here.
    `picture_id`, `tl0`: of VP8 and VP9, -1 and 0 where there is none; `picture_id_at` and
    `tl0_at` are where they stand in the payload, 0 where there is nothing to rewrite. A PictureID
    that can be rewritten always has its 15-bit form.
    """

    seq: int
    timestamp: int
    marker: bool
    payload: bytes
    arrived: float
    starts_key: bool = False
    picture_id: int = -1
    picture_id_at: int = 0
    tl0: int = 0
    tl0_at: int = 0


class RecentPackets:
    """The last `size` packets of a feed, to be sent again to who lost one."""

    __slots__ = ("_slots", "newest")

    def __init__(self, size: int = 1024) -> None:
        self._slots: list[Packet | None] = [None] * size
        self.newest: Packet | None = None  # the highest seq, not the last that came

    def put(self, packet: Packet) -> None:
        """Keeps it, unless something newer has its place."""
        slots = self._slots
        at = packet.seq % len(slots)
        held = slots[at]
        if held is None or held.seq <= packet.seq:
            slots[at] = packet
        if self.newest is None or packet.seq > self.newest.seq:
            self.newest = packet

    def get(self, seq16: int) -> Packet | None:
        """Exactly the packet that had this number on the wire last, or None."""
        if self.newest is None:
            return None
        seq = self.newest.seq + newer(seq16, self.newest.seq)
        held = self._slots[seq % len(self._slots)]
        return held if held is not None and held.seq == seq else None


@dataclass(frozen=True, slots=True)
class Offsets:
    """What is added on the way to a viewer: modulo 2^16, 2^32, 2^15 and 2^8."""

    seq: int = 0
    timestamp: int = 0
    picture_id: int = 0
    tl0: int = 0


def splice(offsets: Offsets, last: Packet, first: Packet, timestamp_gap: int) -> Offsets:
    """How to go on with `first` of another feed for a viewer who has `last` under `offsets`.

    Sequence number, PictureID and TL0PICIDX go on by one, the timestamp by `timestamp_gap`
    (clock ticks, at least 1). `last` is the newest packet sent, not the last one; packets of the
    new feed from before `first` must not be sent: their numbers are taken.
    """
    has_pictures = last.picture_id >= 0 and first.picture_id >= 0
    return Offsets(
        seq=(last.seq + offsets.seq + 1 - first.seq) & 0xFFFF,
        timestamp=(last.timestamp + offsets.timestamp + max(1, timestamp_gap) - first.timestamp)
        & 0xFFFFFFFF,
        picture_id=(last.picture_id + offsets.picture_id + 1 - first.picture_id) & 0x7FFF
        if has_pictures
        else 0,
        tl0=(last.tl0 + offsets.tl0 + 1 - first.tl0) & 0xFF,
    )


def write_header(
    buffer: bytearray | memoryview,
    packet: Packet,
    payload_type: int,
    ssrc: int,
    offsets: Offsets,
    send_time_id: int,
) -> int:
    """Writes the whole outgoing packet at the start of `buffer`; its length.

    With a `send_time_id` (1 to 14) it has room for abs-send-time, left zero, at `SEND_TIME_AT`.
    The buffer has `BUFFER_BYTES`; the payload at most `LARGEST_PAYLOAD_BYTES`.
    """
    payload = packet.payload
    second = payload_type | 0x80 if packet.marker else payload_type
    seq = (packet.seq + offsets.seq) & 0xFFFF
    timestamp = (packet.timestamp + offsets.timestamp) & 0xFFFFFFFF
    if send_time_id:
        at = _WITH_SEND_TIME_BYTES
        _header_send_time.pack_into(
            buffer, 0, 0x90, second, seq, timestamp, ssrc, _ONE_BYTE, 1, send_time_id << 4 | 2
        )
    else:
        at = _HEADER_BYTES
        _header.pack_into(buffer, 0, 0x80, second, seq, timestamp, ssrc)
    end = at + len(payload)
    buffer[at:end] = payload
    if packet.picture_id_at:
        picture_id = (packet.picture_id + offsets.picture_id) & 0x7FFF
        buffer[at + packet.picture_id_at] = 0x80 | picture_id >> 8
        buffer[at + packet.picture_id_at + 1] = picture_id & 0xFF
    if packet.tl0_at:
        buffer[at + packet.tl0_at] = (packet.tl0 + offsets.tl0) & 0xFF
    return end


def send_time(now: float) -> int:
    """Seconds as abs-send-time: 24 bits, 6 of them whole seconds, wrapping every 64 s."""
    return int(now * 262_144) & 0xFFFFFF


def write_rtx(
    packet: Packet,
    payload_type: int,
    ssrc: int,
    seq: int,
    offsets: Offsets,
    send_time_id: int = 0,
    sent_at: float = 0.0,
) -> bytes:
    """The packet once more, as a retransmission (RFC 4588 §4).

    `payload_type`, `ssrc` and `seq` (16 bits) are the retransmission stream's own; `offsets` those
    the packet first went out with. `sent_at`: for abs-send-time, if it has an id.
    """
    buffer = bytearray(BUFFER_BYTES)
    end = write_header(buffer, packet, payload_type, ssrc, offsets, send_time_id)
    at = end - len(packet.payload)
    if send_time_id:
        buffer[SEND_TIME_AT:at] = send_time(sent_at).to_bytes(3, "big")
    original_seq = buffer[2:4]
    buffer[2:4] = seq.to_bytes(2, "big")
    return bytes(buffer[:at] + original_seq + buffer[at:end])
