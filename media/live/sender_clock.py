"""How a sender's timestamps belong to its clock, from its reports and over its silences; pure.

Timestamps of sound count samples. A microphone that was stopped, by a call or by "hide", goes on
counting where it stopped, and the next report that says so may be five seconds away; receivers
take seconds more to believe it. Where the packets say when they were sent, the silence is therefore
put into the timestamps themselves: to a viewer nothing has happened. Where they do not, the clock
is put where the packets arrive, once what a network held back meanwhile has come.
"""

from __future__ import annotations

SILENCE_S = 0.5
"""Nothing came for so long: the next packet may be counted on from before."""

SETTLES_S = 0.4
"""What a network held back during the silence comes at once, and is not what will come."""

WRONG_BY_S = 0.25
"""No network's delay changes by so much, a stopped microphone's count does."""

_NOTICED_S = 0.040  # what a report changes by less is how clocks drift


_SEND_TICKS_S = 1 << 18  # of abs-send-time in a second
_SEND_WRAPS_S = 64


class SenderClock:
    """Of one encoding. Seconds since 1900 are the sender's, `arrived` is seconds of our own clock.

    Timestamps are those that `came` has put right. `changes` counts how often what was said of them
    before turned out to be wrong.
    """

    __slots__ = (
        "_ahead_s", "_came_at", "_highest", "_rate", "_report", "_sent", "_settles_at", "_shift",
        "_shift_before", "_shift_from", "_timestamp", "changes",
    )  # fmt: skip

    def __init__(self, clock_rate: int) -> None:
        self.changes = 0
        self._rate = clock_rate
        self._report: tuple[float, int] | None = None  # the last (seconds since 1900, timestamp)
        self._ahead_s: float | None = None  # its clock before ours, the way here included
        self._came_at = float("inf")
        self._highest = -1  # seq of the newest packet; its timestamp as sent, its abs-send-time
        self._timestamp = 0
        self._sent: int | None = None
        self._shift = self._shift_before = 0  # ticks that its silences were longer than it counted
        self._shift_from = 0  # seq of the first packet with the present shift
        self._settles_at: float | None = None  # after a silence

    def note_report(self, ntp: float, rtp: int, newest: tuple[int, float] | None) -> None:
        """It stood at `ntp` at its own timestamp `rtp`. `newest`: timestamp and arrival of one."""
        if ntp <= 0:  # the sender has no clock (RFC 3550, 6.4.1)
            return
        rtp = (rtp + self._shift) & 0xFFFFFFFF
        before = self.ntp_of(rtp)
        self._report = (ntp, rtp)
        if before is not None and abs(before - ntp) > _NOTICED_S:
            self.changes += 1
        if newest is not None and self._settles_at is None:
            self._ahead_s = self._ntp(newest[0], ntp, rtp) - newest[1]

    def came(self, seq: int, timestamp: int, arrived: float, sent: int | None = None) -> int:
        """One packet more: its timestamp, put right. `seq` is extended; `sent`: abs-send-time."""
        if seq <= self._highest:
            shift = self._shift if seq >= self._shift_from else self._shift_before
            return (timestamp + shift) & 0xFFFFFFFF
        silent_s = arrived - self._came_at
        if silent_s > SILENCE_S:
            self._after_silence(seq, timestamp, arrived, sent)
        self._came_at, self._highest, self._timestamp, self._sent = arrived, seq, timestamp, sent
        timestamp = (timestamp + self._shift) & 0xFFFFFFFF
        if self._settles_at is not None and arrived >= self._settles_at:
            self._settles_at = None
            self._settle(timestamp, arrived)
        return timestamp

    def _after_silence(self, seq: int, timestamp: int, arrived: float, sent: int | None) -> None:
        if sent is None or self._sent is None:
            self._settles_at = arrived + SETTLES_S
            return
        silent_s = ((sent - self._sent) & 0xFFFFFF) / _SEND_TICKS_S
        held_s = arrived - self._came_at - silent_s  # by the network; and whole rounds of its clock
        silent_s += _SEND_WRAPS_S * round(held_s / _SEND_WRAPS_S)
        missing_s = silent_s - _signed(timestamp - self._timestamp) / self._rate
        if abs(missing_s) > WRONG_BY_S:
            self._shift_before, self._shift_from = self._shift, seq
            self._shift += round(missing_s * self._rate)

    def _settle(self, timestamp: int, arrived: float) -> None:
        said = self.ntp_of(timestamp)
        if said is None or self._ahead_s is None:
            return
        meant = arrived + self._ahead_s
        if abs(said - meant) > WRONG_BY_S:
            self._report = (meant, timestamp)
            self.changes += 1

    def ntp_of(self, timestamp: int) -> float | None:
        """When by its clock a timestamp was taken; None before its first report."""
        return None if self._report is None else self._ntp(timestamp, *self._report)

    def _ntp(self, timestamp: int, ntp: float, rtp: int) -> float:
        return ntp + _signed(timestamp - rtp) / self._rate


def _signed(ticks: int) -> int:
    """A difference of timestamps the shorter way round."""
    return ((ticks + 0x80000000) & 0xFFFFFFFF) - 0x80000000
