"""How a sender's timestamps belong to its clock, from its reports and over its silences; pure.

Timestamps of sound count samples. A microphone that was stopped, by a call or by "hide", goes on
counting where it stopped, and the next report that says so may be five seconds away: for so long
sound and picture would be apart by the whole silence. Who comes back after one is therefore put
where its packets arrive, once what a network held back meanwhile has come.
"""

from __future__ import annotations

SILENCE_S = 0.5
"""Nothing came for so long: the next packet may be counted on from before."""

SETTLES_S = 0.4
"""What a network held back during the silence comes at once, and is not what will come."""

WRONG_BY_S = 0.25
"""No network's delay changes by so much, a stopped microphone's count does."""

_NOTICED_S = 0.040  # what a report changes by less is how clocks drift


class SenderClock:
    """Of one encoding. Seconds since 1900 are the sender's, `arrived` is seconds of our own clock.

    `changes` counts how often what was said of it before turned out to be wrong.
    """

    __slots__ = ("_ahead_s", "_came_at", "_rate", "_report", "_settles_at", "changes")

    def __init__(self, clock_rate: int) -> None:
        self.changes = 0
        self._rate = clock_rate
        self._report: tuple[float, int] | None = None  # the last (seconds since 1900, timestamp)
        self._ahead_s: float | None = None  # its clock before ours, the way here included
        self._came_at = float("inf")
        self._settles_at: float | None = None  # after a silence

    def note_report(self, ntp: float, rtp: int, newest: tuple[int, float] | None) -> None:
        """It stood at `ntp` at timestamp `rtp`. `newest`: timestamp and arrival of a packet."""
        if ntp <= 0:  # the sender has no clock (RFC 3550, 6.4.1)
            return
        before = self.ntp_of(rtp)
        self._report = (ntp, rtp)
        if before is not None and abs(before - ntp) > _NOTICED_S:
            self.changes += 1
        if newest is not None and self._settles_at is None:
            self._ahead_s = self._ntp(newest[0], ntp, rtp) - newest[1]

    def came(self, timestamp: int, arrived: float) -> None:
        """One packet more."""
        if arrived - self._came_at > SILENCE_S:
            self._settles_at = arrived + SETTLES_S
        self._came_at = arrived
        if self._settles_at is not None and arrived >= self._settles_at:
            self._settles_at = None
            self._settle(timestamp, arrived)

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

    def timestamp_at(self, ntp: float) -> int | None:
        """The timestamp of a moment by its clock; None before its first report."""
        if self._report is None:
            return None
        reported, rtp = self._report
        return (rtp + round((ntp - reported) * self._rate)) & 0xFFFFFFFF

    def _ntp(self, timestamp: int, ntp: float, rtp: int) -> float:
        ahead = ((timestamp - rtp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        return ntp + ahead / self._rate
