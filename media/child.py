"""The one door to a child process: bounded, watched, confined, and never left behind.

Every program this package starts (the probe, ffmpeg) goes through `run_child`. Whatever ends the
caller, even SIGKILL, ends the child.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from media.errors import Broken

OnLine = Callable[[str], Awaitable[bool]]
"""Told each line of stdout; answers whether the line shows that the work got further."""

_CONFINE = Path(__file__).with_name("confine.py")
_MAX_LINE = 64 * 1024  # a longer line is cut into several
_MAX_TAIL = 16 * 1024
_TICK_S = 1.0
# CPU time within the stall window that counts as being alive without having got further
_ALIVE_CPU_S = 0.5


@dataclass(frozen=True)
class ChildLimits:
    """Bounds on one child. None: unbounded.

    `stall_s`: longest time without getting further (says `on_line`) and without using CPU.
    `memory_bytes` bounds private writable memory, `file_bytes` each file it writes.
    """

    wall_s: float
    stall_s: float | None = 60.0
    cpu_s: int | None = None
    memory_bytes: int | None = 3 * 1024**3
    file_bytes: int | None = 1024**3
    open_files: int = 1024
    nice: int = 10
    no_network: bool = True
    max_stdout_bytes: int = 8 * 1024**2


@dataclass(frozen=True)
class Ended:
    """How a child ended. `returncode` < 0: by that signal. `stderr`: the end of it."""

    returncode: int
    stdout: bytes
    stderr: str
    cpu_s: float


async def run_child(
    argv: Sequence[str], limits: ChildLimits, *, folder: Path, on_line: OnLine | None = None
) -> Ended:
    """Run one program to its end in `folder`.

    `on_line` gets each line of stdout, which is then not kept. Raises Broken `stalled` or
    `too_slow`. Cancelling kills the child and waits until it is gone.
    """
    child = await asyncio.create_subprocess_exec(
        *_confined(argv, limits),
        cwd=folder,
        env={"LC_ALL": "C.UTF-8", "HOME": str(folder)},  # no secret of ours is handed down
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # so that a Ctrl-C in the terminal reaches us alone
    )
    watch = _Watch(child, limits, on_line)
    try:
        return await watch.until_it_ends()
    finally:
        await _end(child)


def _confined(argv: Sequence[str], limits: ChildLimits) -> list[str]:
    rules = {**asdict(limits), "parent": os.getpid()}
    return [sys.executable, "-I", "-S", str(_CONFINE), json.dumps(rules), *argv]


async def _end(child: asyncio.subprocess.Process) -> None:
    """What it wrote is thrown away with the scratch folder, so it need not close anything."""
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await asyncio.shield(child.wait())


class _Watch:
    """Reads both pipes and the clock until the child ends."""

    def __init__(
        self, child: asyncio.subprocess.Process, limits: ChildLimits, on_line: OnLine | None
    ) -> None:
        self.child = child
        self.limits = limits
        self.on_line = on_line
        self.ended = asyncio.Event()
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.moved_at = asyncio.get_running_loop().time()  # last sign of life
        self.cpu_at_move = 0.0
        self.cpu_s = 0.0

    async def until_it_ends(self) -> Ended:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._clock())
                group.create_task(self._both_pipes())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return Ended(
            await self.child.wait(),
            bytes(self.stdout),
            self.stderr.decode("utf-8", "replace"),
            self.cpu_s,
        )

    async def _both_pipes(self) -> None:
        await asyncio.gather(self._read_stdout(), self._read_stderr())
        await self.child.wait()
        self.ended.set()

    async def _read_stderr(self) -> None:
        assert self.child.stderr is not None
        while piece := await self.child.stderr.read(4096):
            self.stderr += piece
            del self.stderr[:-_MAX_TAIL]

    async def _read_stdout(self) -> None:
        assert self.child.stdout is not None
        while piece := await self.child.stdout.read(_MAX_LINE):
            self.stdout += piece
            if self.on_line is not None:
                await self._tell_lines(self.on_line)
            elif len(self.stdout) > self.limits.max_stdout_bytes:
                raise Broken("encoder_failed", detail="a child said more than it may")

    async def _tell_lines(self, on_line: OnLine) -> None:
        *lines, rest = bytes(self.stdout).split(b"\n")
        self.stdout = bytearray() if len(rest) > _MAX_LINE else bytearray(rest)
        for line in lines:
            if await on_line(line.decode("utf-8", "replace").strip()):
                self._moved()

    def _moved(self) -> None:
        self.moved_at = asyncio.get_running_loop().time()
        self.cpu_at_move = self.cpu_s

    async def _clock(self) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        while not self.ended.is_set():
            self._count_cpu()
            if loop.time() - started > self.limits.wall_s:
                raise Broken("too_slow", limit_s=self.limits.wall_s)
            if (
                self.limits.stall_s is not None
                and loop.time() - self.moved_at > self.limits.stall_s
            ):
                raise Broken("stalled", limit_s=self.limits.stall_s)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ended.wait(), _TICK_S)

    def _count_cpu(self) -> None:
        with suppress(psutil.Error):
            times = psutil.Process(self.child.pid).cpu_times()
            self.cpu_s = times.user + times.system
        if self.cpu_s - self.cpu_at_move > _ALIVE_CPU_S:
            self._moved()
