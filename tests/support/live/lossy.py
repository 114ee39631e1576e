"""A bad wire in user space: a relay on loopback that drops, holds up and limits, as it is told.

It stands between a peer and the live process: the answer's candidates are rewritten so that the
peer knows only the relay. No rights and no network namespace are needed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from tests.support.live.presenter import Exchange

QUEUE_S = 0.25  # what a router keeps before it drops
MOST_PEERS = 32


@dataclass
class Weather:
    """One direction of the wire. It may be changed while the wire is used."""

    drop: float = 0.0  # share of packets
    rate_bps: float = 0.0  # 0: no limit
    is_cut: bool = False
    passed: int = 0
    dropped: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    free_at: float = 0.0  # when the last packet that was let in will have gone out

    def delay_s(self, size: int, now: float) -> float | None:
        """How long a packet of `size` bytes is held up; None when it is lost."""
        if self.is_cut or self.chance.random() < self.drop:
            self.dropped += 1
            return None
        waits = max(0.0, self.free_at - now)
        if self.rate_bps:
            if waits > QUEUE_S:
                self.dropped += 1
                return None
            waits += size * 8 / self.rate_bps
            self.free_at = now + waits
        self.passed += 1
        return waits


class BadWire:
    """The relay: `to_peer` and `from_peer` are its two directions."""

    def __init__(self, to: tuple[str, int]) -> None:
        self.to_peer, self.from_peer = Weather(), Weather()
        self._to = to
        self._loop = asyncio.get_running_loop()
        self._front = _socket()
        self._front.bind(("127.0.0.1", 0))
        self.port = int(self._front.getsockname()[1])
        self._behind: dict[tuple[str, int], socket.socket] = {}
        self._loop.add_reader(self._front.fileno(), self._from_peer)

    def through(self, exchange: Exchange) -> Exchange:
        """The same exchange, but the peer will find only the relay in the answer."""

        async def relayed(offer: str) -> str:
            return self._rewritten(await exchange(offer))

        return relayed

    def _rewritten(self, answer: str) -> str:
        lines = [line for line in answer.split("\r\n") if not _is_tcp(line)]
        here = rf"\g<1>127.0.0.1 {self.port} typ host"
        way = re.compile(r"(a=candidate:\S+ \d udp \d+ )\S+ \d+ typ host", re.IGNORECASE)
        return "\r\n".join(way.sub(here, line) for line in lines)

    def _from_peer(self) -> None:
        for data, peer in _all_of(self._front):
            behind = self._behind.get(peer) or self._new(peer)
            self._later(self.from_peer, data, behind.send)

    def _new(self, peer: tuple[str, int]) -> socket.socket:
        assert len(self._behind) < MOST_PEERS
        behind = self._behind[peer] = _socket()
        behind.connect(self._to)
        self._loop.add_reader(behind.fileno(), self._to_peer, behind, peer)
        return behind

    def _to_peer(self, behind: socket.socket, peer: tuple[str, int]) -> None:
        for data, _ in _all_of(behind):
            self._later(self.to_peer, data, lambda kept: self._front.sendto(kept, peer))

    def _later(self, weather: Weather, data: bytes, send: Callable[[bytes], object]) -> None:
        wait_s = weather.delay_s(len(data), self._loop.time())
        if wait_s is None:
            return
        if wait_s > 0:
            self._loop.call_later(wait_s, _try, send, data)
        else:
            _try(send, data)

    def close(self) -> None:
        """Nothing passes any more."""
        for each in (self._front, *self._behind.values()):
            self._loop.remove_reader(each.fileno())
            each.close()


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    return made


def _is_tcp(line: str) -> bool:
    return line.startswith("a=candidate:") and line.split()[2].lower() == "tcp"


def _all_of(readable: socket.socket) -> list[tuple[bytes, tuple[str, int]]]:
    got = []
    with contextlib.suppress(OSError):
        while len(got) < 64:
            got.append(readable.recvfrom(2048))
    return got


def _try(send: Callable[[bytes], object], data: bytes) -> None:
    with contextlib.suppress(OSError):
        send(data)


@contextlib.asynccontextmanager
async def a_bad_wire(to: tuple[str, int]) -> AsyncIterator[BadWire]:
    """A relay to the live process at `to`; good until told otherwise."""
    wire = BadWire(to)
    try:
        yield wire
    finally:
        wire.close()
