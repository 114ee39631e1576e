"""The simplest reader there can be: what every reader of a feed owes the feed, and nothing else."""

from __future__ import annotations

from collections import deque

from media.live.packets import Packet


class CountingReader:
    """Takes the packets of a feed; holds at most `most`, loses the oldest, and counts.

    Whoever reads from it slowly takes what `drain` returns when it comes round to it.
    """

    def __init__(self, most: int = 256) -> None:
        self._held: deque[Packet] = deque(maxlen=most)
        self.taken = 0
        self.octets = 0
        self.keys = 0
        self.lost = 0  # because it was full

    def take(self, packet: Packet) -> None:
        """As `media.live.feed.Reader` says: never waits, never raises."""
        if len(self._held) == self._held.maxlen:
            self.lost += 1
        self._held.append(packet)
        self.taken += 1
        self.octets += len(packet.payload)
        self.keys += packet.starts_key

    def drain(self) -> list[Packet]:
        """What it holds, the oldest first; then it holds nothing."""
        held = list(self._held)
        self._held.clear()
        return held
