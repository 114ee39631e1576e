"""When packets came, for a sender that finds its bitrate from it (transport-wide congestion
control); pure. Time comes in as seconds of a monotonic clock.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from media.live import feedback
from media.live.feedback import SEQS

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
        head = struct.pack(
            "!HHL", base % SEQS, len(symbols), reference % (1 << 24) << 8 | self._count % 256
        )
        self._count += 1
        told = head + b"".join(_chunks(bytes(symbols))) + deltas
        return feedback.transport_cc(own, media, told)

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
