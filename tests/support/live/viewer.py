"""A viewer without a screen: gets packets, asks for a keyframe, reports as a browser does."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

from tests.support.live import descriptions
from tests.support.live.presenter import CONNECT_WITHIN_S, Exchange
from tests.support.live.stream import FirstPicture
from tests.support.live.wire import Wire, estimate, is_rtcp, keyframe_wanted, receiver_report

FITS_BPS = 5_000_000
ASK_EVERY_S = 1.0


class Viewer:
    """Connects and counts; `first_s`: from before its offer to its first whole keyframe."""

    def __init__(self, wire: Wire | None = None) -> None:
        self.wire = wire or Wire()
        self.wire.take = self.took
        self.packets = 0
        self.octets = 0
        self.newest = 0.0  # time.monotonic of its last RTP packet
        self.longest_gap_s = 0.0
        self.first_s = 0.0
        self.ssrc = random.getrandbits(31)
        self.video = 0  # the synchronisation source of its picture
        self.highest: dict[int, int] = {}
        self._began = 0.0
        self._whole = asyncio.Event()
        self._first = FirstPicture()

    async def connect(
        self, exchange: Exchange, *, over: str = "udp", to: tuple[str, int] | None = None
    ) -> None:
        """Offers and connects."""
        self._began = time.monotonic()
        offer = descriptions.viewer_offer(self.wire.identity)
        remote = descriptions.read(await exchange(offer))
        await self._connect(remote, over=over, to=to)

    async def answer(self, offer: str, send: Exchange) -> None:
        """The other way round, where the server is the one that offers."""
        self._began = self._began or time.monotonic()
        remote = descriptions.read(offer)
        await send(descriptions.viewer_answer(self.wire.identity, remote))
        await self._connect(remote)

    def began(self) -> None:
        """Counts `first_s` from now."""
        self._began = time.monotonic()

    async def _connect(
        self, remote: descriptions.Remote, *, over: str = "udp", to: tuple[str, int] | None = None
    ) -> None:
        self.video = next(iter(remote.line("video").ssrcs), 0)
        if self.video:
            self._first = FirstPicture(self.video)
        async with asyncio.timeout(CONNECT_WITHIN_S):
            await self.wire.connect(remote, over=over, to=to)

    async def first_picture(self, *, within_s: float = 10.0) -> float:
        """Waits for the first whole keyframe, asking now and then; seconds since it began."""
        deadline = time.monotonic() + within_s
        while not self._whole.is_set():
            if time.monotonic() > deadline:
                raise TimeoutError(f"no whole keyframe within {within_s} s")
            try:
                async with asyncio.timeout(ASK_EVERY_S):
                    await self._whole.wait()
            except TimeoutError:
                self.ask_keyframe()
        return self.first_s

    def took(self, packet: bytes) -> None:
        """Every packet, decrypted."""
        if is_rtcp(packet):
            return
        now = time.monotonic()
        if self.newest:
            self.longest_gap_s = max(self.longest_gap_s, now - self.newest)
        self.newest = now
        self.packets += 1
        self.octets += len(packet)
        self.highest[int.from_bytes(packet[8:12], "big")] = int.from_bytes(packet[2:4], "big")
        if not self._whole.is_set() and self._first.is_whole(packet):
            self.first_s = now - self._began
            self._whole.set()

    def ask_keyframe(self) -> None:
        """PLI."""
        if self.video:
            self.wire.send(keyframe_wanted(self.ssrc, self.video))

    def report(self, highest: Sequence[tuple[int, int]] | None = None) -> None:
        """A receiver report and an estimate that everything fits (REMB)."""
        seen = list(highest if highest is not None else self.highest.items())[:31]
        if not seen:
            return
        sources = [ssrc for ssrc, _ in seen]
        self.wire.send(receiver_report(self.ssrc, seen) + estimate(self.ssrc, FITS_BPS, sources))

    async def close(self) -> None:
        """Says goodbye."""
        await self.wire.close()
