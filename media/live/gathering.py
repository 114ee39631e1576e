"""The packets of a picture leave together where there are many viewers: how long one waits.

Nobody can decode a picture before its last packet, and on the way through the kernel three packets
for a viewer cost hardly more than one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from media.live import sending
from media.live.packets import Packet
from media.live.sending import MOST_TOGETHER

if TYPE_CHECKING:
    from media.live.feed import Feed

GATHER_FROM = 50
"""Viewers. With fewer a packet leaves at once: the machine has nothing better to do."""

GATHER_S = 0.012
"""A packet waits at most so long for the rest of its picture."""

MOST_DELAY_S = 0.020
"""Since its arrival no packet is held back for longer, pacing included."""


class Gathering:
    """What of one feed waits. `send` gets it in order, at most `MOST_TOGETHER` that fit together;
    it raises nothing.
    """

    def __init__(self, feed: Feed, send: Callable[[list[Packet]], None]) -> None:
        self._feed = feed
        self._send = send
        self._packets: list[Packet] = []
        self._until = 0.0
        self._is_timed = False  # a call to _on_time is on its way

    def add(self, packet: Packet, viewers: int) -> None:
        """One packet more, for so many viewers: it waits, or everything leaves."""
        if self._packets and not _goes_along(packet, self._packets):
            self.leave()
        self._packets.append(packet)
        if self._may_wait(packet, viewers):
            self._wait(packet)
        else:
            self.leave()

    def leave(self) -> None:
        """Everything that waits leaves."""
        if self._packets:
            packets, self._packets = self._packets, []
            self._send(packets)

    def drop(self) -> None:
        """Nothing of what waits leaves."""
        self._packets = []

    def close(self) -> None:
        """Nothing leaves any more, and nobody is held to whom it would go."""
        self.drop()
        self._send = _nowhere

    def _may_wait(self, packet: Packet, viewers: int) -> bool:
        return (
            self._feed.has_keys
            and not packet.marker
            and len(self._packets) < MOST_TOGETHER
            and viewers >= GATHER_FROM
            and sending.can_gather()
        )

    def _wait(self, packet: Packet) -> None:
        now = self._feed.now()
        if len(self._packets) == 1:
            self._until = min(now + GATHER_S, packet.arrived + MOST_DELAY_S)
        if not self._is_timed:
            self._wake(now)

    def _wake(self, now: float) -> None:
        self._is_timed = True
        self._feed.later(max(0.0, self._until - now), self._on_time)

    def _on_time(self) -> None:
        self._is_timed = False
        now = self._feed.now()
        if self._packets and now < self._until:
            self._wake(now)  # what it was set for has left
        else:
            self.leave()


def _goes_along(packet: Packet, gathered: list[Packet]) -> bool:
    """All that leaves together is as long as the first; only the last may be shorter."""
    first = len(gathered[0].payload)
    return len(packet.payload) <= first == len(gathered[-1].payload)


def _nowhere(packets: list[Packet]) -> None:
    """Where packets go that nobody gets any more."""
