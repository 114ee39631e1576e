"""The packets of a picture are dealt with together where they leave together (`gathering`).

Between two packets the machine does other things, and taking up ours again costs several times what
is done with the packet. When it came is kept with each, so that to the publisher, who is told, and
to every clock it is as if each had been dealt with at once.
"""

from __future__ import annotations

from collections.abc import Callable

from media.live.sending import MOST_TOGETHER

HELD_S = 0.010
"""One more that comes so long after the first lets all go. Where none comes (the last of a picture
was lost) the next look at the publisher does, 50 ms later at most."""


class Bursts:
    """Of one publisher, encrypted: RTP's header can be read all the same.

    `deal` takes what was held, in order: each packet, and when it came.
    """

    __slots__ = ("_deal", "_held", "ssrcs")

    def __init__(self, deal: Callable[[bytes, float], None]) -> None:
        self.ssrcs: frozenset[int] = frozenset()  # the pictures it is worth it for
        self._deal = deal
        self._held: list[tuple[bytes, float]] = []

    def holds(self, packet: memoryview, length: int, now: float) -> bool:
        """Keeps a packet that is not the last of its picture.

        False: it is to be dealt with now; whatever was held has been.
        """
        held = self._held
        if (
            length >= 12
            and packet[1] < 0x80  # RTP's marker: the last of a picture
            and len(held) < MOST_TOGETHER - 1
            and int.from_bytes(packet[8:12], "big") in self.ssrcs
            and (not held or now - held[0][1] < HELD_S)
        ):
            held.append((bytes(packet[:length]), now))
            return True
        self.end()
        return False

    def end(self) -> None:
        """Whatever is held is dealt with."""
        held, self._held = self._held, []
        for packet, came in held:
            self._deal(packet, came)

    def let_go(self) -> None:
        """Nothing is dealt with any more, and whoever dealt with it may be forgotten."""
        self._held, self._deal = [], _nobody


def _nobody(packet: bytes, came: float) -> None:
    """Who deals with what comes to a connection that has ended."""
