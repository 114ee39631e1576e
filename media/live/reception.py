"""What came of one stream, and what is missing of it; pure.

Time comes in as seconds of a monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from media.live.feedback import SEQS, Block

MOST_OPEN = 128
"""Missing packets of a stream that are still hoped for; with more, a keyframe is cheaper."""
MOST_ASKS = 5
LEAST_BETWEEN_ASKS_S = 0.020
FORGOTTEN_AFTER_S = 0.600

# Beyond these a jump is no loss and no late packet but a stream that began anew (RFC 3550, A.1).
MOST_DROPPED = 3_000
MOST_MISORDERED = 2_000


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
