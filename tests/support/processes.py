"""Waiting for real processes in tests: always with a deadline, never with a fixed sleep."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")
# What the databases of one test process take at most, their write-ahead log included.
ROOM_BYTES = 2 * 1024**3


async def until(is_so: Callable[[], bool], *, within_s: float = 10.0) -> None:
    """Polls until `is_so`; fails the test after `within_s` seconds."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + within_s
    while not is_so():
        assert clock() < deadline, f"not so within {within_s} s"
        await asyncio.sleep(0.02)


async def pid_in(file: Path) -> int:
    """The process id a child writes into `file` once it is ready."""
    await until(lambda: file.exists() and file.read_text().isdecimal())
    return int(file.read_text())


def is_running(pid: int) -> bool:
    """Whether the process lives; a zombie does not, it only waits to be counted."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def ended(pid: int, *, within_s: float) -> None:
    """Waits until the process is gone."""
    await until(lambda: not is_running(pid), within_s=within_s)


def in_memory() -> Path | None:
    """A folder that is no disk, where the machine has one with room; None: the usual place.

    A database for each test is hundreds of files made and thrown away. On a disk that is a third
    of the whole suite's CPU time.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM_BYTES:
        return MEMORY
    return None


@contextlib.contextmanager
def enterable_folder(inside: Path | None = None) -> Iterator[Path]:
    """A temporary folder any user may enter; pytest's own is closed to the embedded PostgreSQL,
    which root's tests run as `nobody` and which would then put its data under /var/lib.
    """
    with tempfile.TemporaryDirectory(prefix="pt-", dir=inside) as name:
        Path(name).chmod(0o755)
        yield Path(name)
