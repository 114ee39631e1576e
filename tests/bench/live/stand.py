"""The stand: a server on one core, a presenter and viewers on another, and what the server used.

The same presenter, the same viewers and the same receiver whether the server is ours or Janus.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from tests.bench.live.janus import janus, own_address
from tests.bench.live.lines import Loader
from tests.support.live.control import Control
from tests.support.live.process import LiveProcess, a_live_process

SERVER_CORE, LOAD_CORE = 0, 1
SAMPLED = 8
GCM = "SRTP_AEAD_AES_128_GCM"


@dataclass(frozen=True)
class Server:
    """A server with one room: how to enter it, and its process."""

    door: str
    pid: int
    live: LiveProcess | None = None  # ours only, as is `control`
    control: Control | None = None


@dataclass(frozen=True)
class Spent:
    """One stretch of time: what the viewers got, and the CPU the server used meanwhile."""

    got: dict[str, Any]

    @property
    def cpu_s(self) -> float:
        """CPU time of the server."""
        return float(self.got["cpu_s"])

    @property
    def us_per_packet(self) -> float:
        """CPU per forwarded packet, in microseconds."""
        return self.cpu_s / self.got["packets"] * 1e6

    @property
    def ms_per_viewer_s(self) -> float:
        """CPU per viewer and second, in milliseconds."""
        return self.cpu_s / self.got["seconds"] / self.got["viewers"] * 1e3

    @property
    def missing(self) -> float:
        """The share of packets that did not come."""
        return float(self.got["missing"] / (self.got["packets"] + self.got["missing"]))

    def late_ms(self, share: float) -> float:
        """A share of the sampled packets was not later than this."""
        return float(self.got["late_ms"][str(share)])


def cores() -> tuple[int | None, int | None]:
    """(server, load): a core each; None where there is only one for both."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def resident_bytes(pid: int) -> int:
    """Memory that a process really holds."""
    return int(psutil.Process(pid).memory_info().rss)


def kernel_drops(port: int) -> int:
    """Datagrams the kernel threw away because a socket on this port was full."""
    tables = [path for path in map(Path, ("/proc/net/udp", "/proc/net/udp6")) if path.exists()]
    rows = [line.split() for path in tables for line in path.read_text().splitlines()[1:]]
    return sum(int(row[-1]) for row in rows if int(row[1].rpartition(":")[2], 16) == port)


async def settle(seconds: float = 2.0) -> None:
    """Lets the keyframes that everybody asked for go by."""
    await asyncio.sleep(seconds)


@contextlib.asynccontextmanager
async def ours(home: Path, library: Path | None = None) -> AsyncIterator[Server]:
    """A live process with one open room; in pure Python when there is no `library`."""
    if library is not None and not library.exists():
        pytest.skip("the compiled loop is not there: make setup")
    told = (own_address(),)
    core = cores()[0]
    async with a_live_process(home, addresses=told, core=core, library=library) as live:
        control = await live.control()
        room = uuid4()
        await control.open_room(room)
        yield Server(f"live,{live.socket},{room},1", live.pid, live, control)
        await control.close()


@contextlib.asynccontextmanager
async def theirs(home: Path) -> AsyncIterator[Server]:
    """Janus with one room."""
    async with janus(home, cores()[0]) as running:
        yield Server(f"janus,{running.url},{running.room}", running.pid)


@dataclass
class Stand:
    """A server, a presenter who sends, and a crowd of viewers."""

    server: Server
    crowd: Loader
    joined: int = 0

    async def join(
        self, count: int, *, within_s: float = 0.0, is_seeing: bool = True
    ) -> dict[str, Any]:
        """More viewers; all of them must come in, and see something if they are to."""
        order = {"do": "join", "count": count, "within_s": within_s, "is_seeing": is_seeing,
                 "sample_every": max(1, count // SAMPLED)}  # fmt: skip
        said = await self.crowd.ask(order, within_s=120)
        assert not said["failed"], said["failed"][:3]
        self.joined += count
        return said

    async def leave(self) -> None:
        """All viewers go."""
        await self.crowd.ask({"do": "leave"})
        self.joined = 0

    async def measure(self, seconds: float) -> Spent:
        """What comes in so many seconds, and what it costs the server."""
        order = {"do": "measure", "seconds": seconds, "pid": self.server.pid}
        before = await self._held_back()
        got = await self.crowd.ask(order, within_s=seconds + 30)
        held = [after - was for was, after in zip(before, await self._held_back(), strict=True)]
        return Spent({**got, "on_purpose_ms": held[0] / 1e3 / held[1] if held[1] else 0.0})

    async def _held_back(self) -> tuple[float, float]:
        """Microseconds that packets were kept on purpose so far, and how many packets."""
        if self.server.control is None:
            return 0.0, 0.0
        counted = (await self.server.control.stats()).process
        return counted.get("waited_us_total", 0.0), counted.get("passed_on_total", 0.0)


@contextlib.asynccontextmanager
async def loaded(
    serving: AbstractAsyncContextManager[Server],
    receiver: Path,
    *,
    is_presented: bool = True,
    is_paced: bool = True,
) -> AsyncIterator[Stand]:
    """A server under load; `is_paced`: see `Presenter`."""
    async with serving as server, contextlib.AsyncExitStack() as stack:
        if is_presented:
            pace = "paced" if is_paced else "at once"
            presenter = await stack.enter_async_context(loader("present", server.door, pace))
            assert (await presenter.hears())["profile"] == GCM
        crowd = await stack.enter_async_context(loader("crowd", server.door, str(receiver)))
        yield Stand(server, crowd)


@contextlib.asynccontextmanager
async def loader(name: str, *words: str) -> AsyncIterator[Loader]:
    """One of the processes of the load, on the core for them."""
    running = await Loader.start(f"tests.bench.live.{name}", *words, core=cores()[1])
    try:
        yield running
    finally:
        await running.stop()
