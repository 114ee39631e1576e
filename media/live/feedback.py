"""RTCP (RFC 3550, RFC 4585): what comes back about media, read and written.

`read` takes what others say; the functions below it write what we say. `Reception` keeps what came
of one stream and what is missing of it; `ArrivalTimes` keeps when packets came, for a sender that
finds its bitrate from that. All arithmetic: time comes in as seconds of a monotonic clock.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MOST_PACKETS = 32
"""How many RTCP packets of one compound are read; the rest is left unread."""
MOST_SEQS = 200
MOST_SSRCS = 31

MOST_OPEN = 128
"""Missing packets of a stream that are still hoped for; with more, a keyframe is cheaper."""
MOST_ASKS = 5
LEAST_BETWEEN_ASKS_S = 0.020
FORGOTTEN_AFTER_S = 0.600

SEQS = 1 << 16
# Beyond these a jump is no loss and no late packet but a stream that began anew (RFC 3550, A.1).
MOST_DROPPED = 3_000
MOST_MISORDERED = 2_000

SR, RR, SDES, BYE, RTPFB, PSFB = 200, 201, 202, 203, 205, 206
NACK, TRANSPORT_CC = 1, 15  # of RTPFB
PLI, FIR, APPLICATION = 1, 4, 15  # of PSFB
CNAME = 1

_HEADER = struct.Struct("!BBH")
_LONG = struct.Struct("!L")
_TWO_LONGS = struct.Struct("!LL")
_SENDER = struct.Struct("!QLLL")
_BLOCK = struct.Struct("!LLLLLL")
_NACK = struct.Struct("!HH")


# --- what others say ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """What one receiver got of one stream (RFC 3550, section 6.4.1).

    `fraction`: lost since the block before, 0 to 1. `jitter`: in timestamp units. `lsr`: the middle
    32 bits of the last sender report's NTP time, 0 for none; `dlsr`: 1/65536 s since it came.
    """

    ssrc: int
    fraction: float
    lost: int
    highest: int
    jitter: int
    lsr: int
    dlsr: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """That `timestamp` of the stream was at `ntp`: 32.32 bits, `ntp_s` in seconds, since 1900."""

    ssrc: int
    ntp_s: float
    ntp: int
    timestamp: int
    packets: int
    octets: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Nack:
    """Packets asked for again; more than `MOST_SEQS` are left out."""

    media_ssrc: int
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeWanted:
    """A PLI, or a FIR, which may name several."""

    media_ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A REMB: what the receiver thinks its link carries, in bit/s over all streams."""

    bps: int
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]


Report = SenderReport | ReceiverReport | Nack | KeyframeWanted | Estimate | Bye


def read(data: bytes) -> list[Report]:
    """The reports of a compound packet that we act on. Never raises: reading ends at nonsense."""
    reports: list[Report] = []
    for count, kind, body in _packets(data):
        try:
            report = _report(count, kind, body)
        except (struct.error, IndexError):
            break
        if report is not None:
            reports.append(report)
    return reports


def _packets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Count or format, type and body of each packet, without padding."""
    at = 0
    for _ in range(MOST_PACKETS):
        if at + 4 > len(data):
            return
        first, kind, words = _HEADER.unpack_from(data, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            return
        body = data[at + 4 : end]
        if first & 0x20:
            padding = body[-1] if body else 0
            if not 0 < padding <= len(body):
                return
            body = body[:-padding]
        yield first & 0x1F, kind, body
        at = end


def _report(count: int, kind: int, body: bytes) -> Report | None:
    if kind == SR:
        return _sender_report(count, body)
    if kind == RR:
        return ReceiverReport(_LONG.unpack_from(body)[0], _blocks(count, body, 4))
    if kind == BYE:
        return Bye(_longs(body, 0, count))
    if kind == RTPFB and count == NACK:
        return _nack(body)
    if kind == PSFB:
        return _payload_feedback(count, body)
    return None


def _sender_report(count: int, body: bytes) -> SenderReport:
    (ssrc,) = _LONG.unpack_from(body)
    ntp, timestamp, packets, octets = _SENDER.unpack_from(body, 4)
    blocks = _blocks(count, body, 24)
    return SenderReport(ssrc, ntp / (1 << 32), ntp, timestamp, packets, octets, blocks)


def _blocks(count: int, body: bytes, at: int) -> tuple[Block, ...]:
    return tuple(_block(body, at + 24 * index) for index in range(count))


def _block(body: bytes, at: int) -> Block:
    ssrc, losses, highest, jitter, lsr, dlsr = _BLOCK.unpack_from(body, at)
    lost = losses & 0xFF_FFFF
    lost -= (lost & 0x80_0000) << 1  # 24 bits with a sign: duplicates make it negative
    return Block(ssrc, (losses >> 24) / 256, lost, highest, jitter, lsr, dlsr)


def _longs(body: bytes, at: int, count: int) -> tuple[int, ...]:
    return struct.unpack_from(f"!{count}L", body, at)


def _nack(body: bytes) -> Nack:
    _, media = _TWO_LONGS.unpack_from(body)
    seqs: dict[int, None] = {}
    for at in range(8, len(body) - 3, 4):
        first, mask = _NACK.unpack_from(body, at)
        seqs[first] = None
        for bit in range(16):
            if mask >> bit & 1:
                seqs[(first + bit + 1) % SEQS] = None
        if len(seqs) >= MOST_SEQS:
            break
    return Nack(media, tuple(seqs)[:MOST_SEQS])


def _payload_feedback(count: int, body: bytes) -> Report | None:
    _, media = _TWO_LONGS.unpack_from(body)
    if count == PLI:
        return KeyframeWanted((media,))
    if count == FIR:
        entries = min((len(body) - 8) // 8, MOST_SSRCS)
        return KeyframeWanted(tuple(_longs(body, 8 + 8 * entry, 1)[0] for entry in range(entries)))
    if count == APPLICATION and body[8:12] == b"REMB":
        ssrcs = _longs(body, 16, min(body[12], MOST_SSRCS))
        (packed,) = _LONG.unpack_from(body, 12)
        return Estimate((packed & 0x3_FFFF) << (packed >> 18 & 0x3F), ssrcs)
    return None


# --- what we say -------------------------------------------------------------------------------


def sender_report(
    ssrc: int, ntp_s: float, timestamp: int, packets: int, octets: int, cname: str
) -> bytes:
    """That `timestamp` was at `ntp_s` (seconds since 1900), and a name that the streams of one
    sender share: what a receiver puts sound and picture in time by."""
    name = cname.encode()[:255]
    report = _LONG.pack(ssrc) + _SENDER.pack(
        ntp_bits(ntp_s), timestamp % (1 << 32), packets % (1 << 32), octets % (1 << 32)
    )
    item = _LONG.pack(ssrc) + bytes((CNAME, len(name))) + name + b"\0"
    return _packet(SR, 0, report) + _packet(SDES, 1, item + bytes(-len(item) % 4))


def receiver_report(own: int, blocks: Sequence[Block]) -> bytes:
    """What we got; at most 31 blocks, as many as a report holds."""
    kept = blocks[:31]
    return _packet(RR, len(kept), _LONG.pack(own) + b"".join(_packed(block) for block in kept))


def _packed(block: Block) -> bytes:
    fraction = max(0, min(255, int(block.fraction * 256)))
    lost = max(-0x80_0000, min(0x7F_FFFF, block.lost)) & 0xFF_FFFF
    return _BLOCK.pack(
        block.ssrc, fraction << 24 | lost, block.highest, block.jitter, block.lsr, block.dlsr
    )


def nack(own: int, media: int, seqs: Sequence[int]) -> bytes:
    """Asks for these packets again: 16-bit numbers from old to new, the wrap included."""
    pairs: list[list[int]] = []
    for seq in seqs:
        ahead = (seq - pairs[-1][0]) % SEQS if pairs else SEQS
        if 0 < ahead <= 16:
            pairs[-1][1] |= 1 << (ahead - 1)
        elif ahead:
            pairs.append([seq % SEQS, 0])
    body = b"".join(_NACK.pack(first, mask) for first, mask in pairs)
    return _packet(RTPFB, NACK, _TWO_LONGS.pack(own, media) + body)


def keyframe_wanted(own: int, media: int) -> bytes:
    """A PLI: the picture cannot go on without a keyframe."""
    return _packet(PSFB, PLI, _TWO_LONGS.pack(own, media))


def _packet(kind: int, count: int, body: bytes, padding: int = 0) -> bytes:
    first = 0x80 | (0x20 if padding else 0) | count
    return _HEADER.pack(first, kind, len(body) // 4) + body


# --- clocks ------------------------------------------------------------------------------------


def ntp_bits(ntp_s: float) -> int:
    """NTP's seconds as 32.32 bits; they begin anew in 2036."""
    return int(ntp_s * (1 << 32)) % (1 << 64)


# --- what came, and what is missing ------------------------------------------------------------


@dataclass(slots=True)
class _Gap:
    """A packet that has not come."""

    noticed: float
    asked: int = 0
    asked_at: float = 0.0


class Reception:
    """What came of one stream: its receiver report block, and which packets to ask for again."""

    def __init__(self, clock_rate: int) -> None:
        self.clock_rate = clock_rate
        self.received = 0
        """Packets that came by themselves, duplicates included."""
        self.recovered = 0
        """Packets that came after they were asked for."""
        self.given_up = 0
        """Packets that were asked for in vain."""
        self.lost_track = False
        """So much is missing that only a keyframe helps. Whoever asked for one sets it back."""
        self.round_trip_s = 0.050
        """How long an ask takes to be answered: a guess until the first one is."""
        # Numbers are extended by their wraps, and by one more, so that none is below zero.
        self._base = 0
        self._highest = -1  # -1: nothing came yet
        self._restarts_at = -1  # after a wild jump: the number that would confirm it
        self._gaps: dict[int, _Gap] = {}
        self._jitter = 0.0
        self._transit: float | None = None
        self._expected_before = 0
        self._received_before = 0
        self._report: tuple[int, float] | None = None  # middle NTP bits, and when they came

    def note(self, seq16: int, timestamp: int, now: float, *, is_repair: bool = False) -> bool:
        """A packet came; whether others are missing since, and worth an ask at once.

        `is_repair`: it came as a retransmission (RFC 4588), which says nothing about the network.
        """
        if self._highest < 0:
            self._begin(seq16)
        ahead = (seq16 - self._highest + SEQS // 2) % SEQS - SEQS // 2
        if not -MOST_MISORDERED < ahead <= MOST_DROPPED:
            if is_repair:
                return False
            if seq16 != self._restarts_at:
                self._restarts_at = (seq16 + 1) % SEQS
                return False
            self._begin(seq16)
            self.lost_track = True
            ahead = 1
        seq = self._highest + ahead
        if ahead > 0:
            self._miss(self._highest + 1, seq, now)
            self._highest = seq
        else:
            self._found(seq, now)
        if not is_repair:
            self.received += 1
            self._note_transit(timestamp, now)
        return ahead > 1 and bool(self._gaps)

    def _begin(self, seq16: int) -> None:
        """The stream begins with this packet, which is about to be counted."""
        self._base = SEQS + seq16
        self._highest = self._base - 1
        self._gaps.clear()
        self.received = self._received_before = self._expected_before = 0
        self._transit = None
        self._restarts_at = -1

    def _miss(self, first: int, end: int, now: float) -> None:
        if len(self._gaps) + end - first > MOST_OPEN:
            self._gaps.clear()
            self.lost_track = True
            return
        for seq in range(first, end):
            self._gaps[seq] = _Gap(now)

    def _found(self, seq: int, now: float) -> None:
        gap = self._gaps.pop(seq, None)
        if gap is None or not gap.asked:
            return
        self.recovered += 1
        if gap.asked == 1:  # of several asks nobody knows which one was answered
            self.round_trip_s += (now - gap.asked_at - self.round_trip_s) / 8

    def _note_transit(self, timestamp: int, now: float) -> None:
        """RFC 3550, A.8: how much the way of one packet differs from that of the one before."""
        transit = (now * self.clock_rate - timestamp) % (1 << 32)
        if self._transit is not None:
            step = (transit - self._transit + (1 << 31)) % (1 << 32) - (1 << 31)
            self._jitter += (abs(step) - self._jitter) / 16
        self._transit = transit

    def note_report(self, ntp: int, now: float) -> None:
        """A sender report of this stream came, with this NTP time (32.32 bits)."""
        self._report = (ntp >> 16 & 0xFFFF_FFFF, now)

    def block(self, ssrc: int, now: float) -> Block:
        """What to report about it; the fraction is counted from the block before (A.3)."""
        expected = self._highest - self._base + 1 if self._highest >= 0 else 0
        expected_since = expected - self._expected_before
        received_since = self.received - self._received_before
        self._expected_before, self._received_before = expected, self.received
        lost_since = max(0, expected_since - received_since)
        lsr, reported_at = self._report or (0, now)
        return Block(
            ssrc=ssrc,
            fraction=lost_since / expected_since if expected_since > 0 else 0.0,
            lost=max(-0x80_0000, min(0x7F_FFFF, expected - self.received)),
            highest=max(0, self._highest - SEQS) % (1 << 32),
            jitter=min(int(self._jitter), 0xFFFF_FFFF),
            lsr=lsr,
            dlsr=int(max(0.0, now - reported_at) * 65_536) % (1 << 32),
        )

    def wanted(self, now: float) -> list[int]:
        """The packets to ask for now, from old to new, and notes that they were asked for."""
        if not self._gaps:
            return []
        pause = max(LEAST_BETWEEN_ASKS_S, 1.25 * self.round_trip_s)
        wanted: list[int] = []
        for seq, gap in list(self._gaps.items()):
            is_due = not gap.asked or now - gap.asked_at >= pause
            if now - gap.noticed > FORGOTTEN_AFTER_S or (is_due and gap.asked >= MOST_ASKS):
                del self._gaps[seq]
                self.given_up += 1
            elif is_due:
                gap.asked += 1
                gap.asked_at = now
                wanted.append(seq % SEQS)
        return wanted


# --- when packets came -------------------------------------------------------------------------

TICKS_A_SECOND = 4_000  # 250 us
TICKS_OF_REFERENCE = 256  # 64 ms
WINDOW = 4_096
"""Packets that one round of feedback spans at most; with more, what was not told is forgotten."""
REMEMBERED = 2_048
REMEMBERED_S = 0.5
"""What was told stays known so long, so that a packet that comes late is told of beside it."""
MOST_EARLY = 64
"""How many may come after the very first packet though they were sent before it."""
MOST_TOLD = 200
"""Arrivals in one packet: with everything around them it stays below 1,250 bytes."""

_MISSING, _SMALL, _LARGE = 0, 1, 2


class ArrivalTimes:
    """When each packet of a transport came, for a sender that finds its bitrate from it.

    Transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    """

    def __init__(self) -> None:
        # Numbers are extended by their wraps, and by one more, so that none is below zero.
        self._arrived: dict[int, int] = {}  # number -> ticks
        self._floor = 0  # of what came from here on everything is known
        self._next = 0  # the first that was not told of
        self._highest = -1  # -1: nothing came yet
        self._count = 0

    def note(self, seq16: int, now: float) -> None:
        """The packet with this transport-wide number came. The first time counts."""
        if self._highest < 0:
            self._highest = self._next = SEQS + seq16
            self._floor = self._next - MOST_EARLY
        ahead = (seq16 - self._highest + SEQS // 2) % SEQS - SEQS // 2
        seq = self._highest + ahead
        if seq < self._floor or seq in self._arrived:
            return
        if seq - self._next >= WINDOW:
            self._arrived.clear()
            self._next = self._floor = seq
        self._highest = max(self._highest, seq)
        self._next = min(self._next, seq)
        self._arrived[seq] = int(now * TICKS_A_SECOND)

    def feedback(self, own: int, media: int, now: float) -> list[bytes]:
        """The packets that tell of what came since the last time; none when nothing did."""
        came = sorted(seq for seq in self._arrived if seq >= self._next)
        packets: list[bytes] = []
        while came:
            told = self._told(came)
            packets.append(self._write(own, media, came[:told]))
            self._next = came[told - 1] + 1
            came = came[told:]
        self._forget(int((now - REMEMBERED_S) * TICKS_A_SECOND))
        return packets

    def _told(self, came: Sequence[int]) -> int:
        """How many of these fit in one packet: in bytes, and in what a delta can say."""
        for place in range(1, min(len(came), MOST_TOLD)):
            delta = self._arrived[came[place]] - self._arrived[came[place - 1]]
            if not -0x8000 <= delta < 0x8000:
                return place
        return min(len(came), MOST_TOLD)

    def _write(self, own: int, media: int, came: Sequence[int]) -> bytes:
        base, end = self._next, came[-1] + 1
        reference = self._arrived[came[0]] // TICKS_OF_REFERENCE
        symbols = bytearray(end - base)
        deltas = bytearray()
        before = reference * TICKS_OF_REFERENCE
        for seq in came:
            delta = self._arrived[seq] - before
            before += delta
            is_small = 0 <= delta < 256
            symbols[seq - base] = _SMALL if is_small else _LARGE
            deltas += delta.to_bytes(1) if is_small else struct.pack("!h", delta)
        head = _TWO_LONGS.pack(own, media) + struct.pack(
            "!HHL", base % SEQS, len(symbols), reference % (1 << 24) << 8 | self._count % 256
        )
        self._count += 1
        body = head + b"".join(_chunks(bytes(symbols))) + deltas
        padding = -len(body) % 4
        if padding:
            body += bytes(padding - 1) + bytes((padding,))
        return _packet(RTPFB, TRANSPORT_CC, body, padding)

    def _forget(self, before: int) -> None:
        for seq in range(self._floor, self._next):
            arrived = self._arrived.get(seq)
            if arrived is None:
                continue
            if arrived >= before and self._next - seq <= REMEMBERED:
                return
            del self._arrived[seq]
            self._floor = seq + 1


def _chunks(symbols: bytes) -> Iterable[bytes]:
    """Packet statuses as run-length chunks and status vectors, whichever says more."""
    at = 0
    while at < len(symbols):
        run = _run(symbols, at)
        following = symbols[at : at + 14]
        if run >= 14 or run == len(symbols) - at or (run >= 7 and _LARGE in following):
            yield struct.pack("!H", symbols[at] << 13 | run)
            at += run
        elif _LARGE in following:
            yield _vector(symbols[at : at + 7], 2)
            at += 7
        else:
            yield _vector(following, 1)
            at += 14


def _run(symbols: bytes, at: int) -> int:
    end = at + 1
    while end < len(symbols) and symbols[end] == symbols[at] and end - at < 0x1FFF:
        end += 1
    return end - at


def _vector(symbols: bytes, bits: int) -> bytes:
    packed = 0x8000 | (0x4000 if bits == 2 else 0)
    for place, symbol in enumerate(symbols):
        packed |= symbol << (14 - bits * (place + 1))
    return struct.pack("!H", packed)
