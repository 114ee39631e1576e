"""Real worker processes, as `python -m workers` runs them, and what the kernel says of them."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import psutil

from tests.support.processes import until

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-of-the-tests-32-characters-long"


def environment(dsn: str, home: Path, **more: str) -> dict[str, str]:
    """What a process of an installation on `dsn` under `home` is told."""
    told = {"DATABASE_URL": dsn, "PORTHOLE_HOME": str(home), "PORTHOLE_SECRET": SECRET, **more}
    return {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **told}


class Process:
    """One process of ours; what it says is kept in a file."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.pid = process.pid
        self._process = process
        self._log = log

    @property
    def said(self) -> str:
        """Everything it logged."""
        return self._log.read_text(errors="replace")

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        os.kill(self.pid, number)

    async def ended(self, *, within_s: float = 10) -> int:
        """Its exit code, negative for a signal."""
        async with asyncio.timeout(within_s):
            return await self._process.wait()

    def films_in_hand(self) -> list[int]:
        """The process ids of the ffmpegs below it."""
        with contextlib.suppress(psutil.NoSuchProcess):
            below = psutil.Process(self.pid).children(recursive=True)
            return [child.pid for child in below if _is_ffmpeg(child)]
        return []

    async def encodes(self, *, within_s: float = 30) -> list[int]:
        """Waits until it runs ffmpeg on pictures; returns the process ids."""
        await until(lambda: bool(self.films_in_hand()), within_s=within_s)
        return self.films_in_hand()


def _is_ffmpeg(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        command = process.cmdline()
        return bool(command) and "ffmpeg" in Path(command[0]).name and "-var_stream_map" in command
    return False


@contextlib.asynccontextmanager
async def a_process(
    log: Path, *arguments: str, told: Mapping[str, str], stop_within_s: float = 15
) -> AsyncIterator[Process]:
    """`python` with these arguments; told to end, and killed with all below it if it does not."""
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=ROOT, env=told, stdout=out, stderr=out
        )
    running = Process(process, log)
    try:
        yield running
    finally:
        if process.returncode is None:
            running.signal(signal.SIGCONT)
            running.signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await running.ended(within_s=stop_within_s)
        if process.returncode is None:
            process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def a_worker(
    dsn: str, home: Path, *, heartbeat_limit_s: float = 2, **more: str
) -> AsyncIterator[Process]:
    """A worker of the installation on `dsn` under `home`."""
    number = len(list(home.glob("worker-*.log")))
    limit = ("--heartbeat-limit", str(heartbeat_limit_s))
    told = environment(dsn, home, **more)
    log = home / f"worker-{number}.log"
    async with a_process(log, "-m", "workers", *limit, told=told) as process:
        yield process
