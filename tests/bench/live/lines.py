"""How the bench speaks with the processes of the load: one JSON object per line, both ways."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


async def orders() -> AsyncIterator[dict[str, Any]]:
    """In a process of the load: what it is told, until its input ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


async def until_closed() -> None:
    """In a process of the load: waits for the end of its input."""
    async for _ in orders():
        pass


def say(told: dict[str, Any]) -> None:
    """In a process of the load: answers."""
    print(json.dumps(told), flush=True)


def cpu_s(pid: int) -> float:
    """CPU time of a process and all its threads, by its own clock: to the nanosecond."""
    return time.clock_gettime(~pid << 3 | 2)


class Loader:
    """A process of the load, seen from the bench."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    @classmethod
    async def start(cls, module: str, *words: str, core: int | None) -> Loader:
        """Runs `python -m module words`, on one core."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *words, cwd=ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        return cls(process)

    async def hears(self, *, within_s: float = 60.0) -> dict[str, Any]:
        """The next line it says."""
        assert self._process.stdout is not None
        async with asyncio.timeout(within_s):
            line = await self._process.stdout.readline()
        assert line, "the load has ended; its reason stands above"
        told: dict[str, Any] = json.loads(line)
        return told

    async def ask(self, order: dict[str, Any], *, within_s: float = 60.0) -> dict[str, Any]:
        """Tells it something and returns its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self.hears(within_s=within_s)

    def close_input(self) -> None:
        """Tells it that nothing more comes."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def stop(self, *, within_s: float = 20.0) -> None:
        """Lets it end by itself; ends it when it does not."""
        if self._process.returncode is not None:
            return
        self.close_input()
        try:
            async with asyncio.timeout(within_s):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
