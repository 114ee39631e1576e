"""Keeps child processes running, restarts those that die, and leaves none behind.

Three nets, because each misses a case: a child is told by the kernel when we die (even by
kill -9), its process group is cleared when it dies itself, and a stop has a deadline.
"""

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

log = logging.getLogger(__name__)

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 5.0
# A child that ran this long was healthy: its next death starts from the first delay again.
HEALTHY_AFTER_S = 30.0

PR_SET_PDEATHSIG = 1
# Loaded here and not in the forked child, where another thread may have held the loader's lock.
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running.

    `env` None inherits ours, `output` None writes where we write. `owner` is (uid, gid) to run
    as. `death_signal` is what the kernel sends the child when we are gone; the default cannot be
    ignored, so what a child holds must be safe to lose: the row is the truth.
    `before_start` runs in a thread before every start, restarts included.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    owner: tuple[int, int] | None = None
    output: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within_s: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL
    before_start: Callable[[], None] | None = None


def next_delay_s(previous_s: float, ran_s: float) -> float:
    """How long to wait before the next start of a child that ran `ran_s` seconds."""
    if ran_s >= HEALTHY_AFTER_S or not previous_s:
        return FIRST_DELAY_S
    return min(previous_s * 2, LONGEST_DELAY_S)


def die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel send `death_signal` when the starting thread ends.

    The kernel forgets the wish on a change of user: `subprocess` calls this after that change.
    """
    parent = os.getpid()

    def in_child() -> None:
        _LIBC.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died between the fork and the line above
            os._exit(1)

    return in_child


async def spawn(child: Child) -> asyncio.subprocess.Process:
    """Starts `child` in a session of its own, tied to our life. Raises OSError."""
    if child.before_start is not None:
        await asyncio.to_thread(child.before_start)
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(child.output.open("ab")) if child.output else None
        uid, gid = child.owner or (None, None)
        return await asyncio.create_subprocess_exec(
            *child.argv,
            env=child.env,
            cwd=child.cwd,
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=die_with_parent(child.death_signal),
        )


def clear_group(pid: int) -> None:
    """Ends what is left of the process group a dead child led."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


class _Keeper:
    """One child and the loop that keeps it running. Only the loop touches the process."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.deaths = 0
        self.process: asyncio.subprocess.Process | None = None  # None between death and restart
        self.task: asyncio.Task[None] | None = None  # set once the first start succeeded
        self._stopping = asyncio.Event()
        self._delay_s = 0.0

    async def start(self) -> None:
        self.process = await spawn(self.child)
        log.info("%s started, pid %d", self.child.name, self.process.pid)

    async def run(self) -> None:
        """Returns when the child has been stopped on request."""
        clock = asyncio.get_running_loop().time
        while True:
            started = clock()
            if self.process is not None and await self._stop_or_death(self.process):
                return
            self.process = None
            self.deaths += 1
            self._delay_s = next_delay_s(self._delay_s, clock() - started)
            if await _is_set_within(self._stopping, self._delay_s):
                return
            await self._restart()

    async def stop(self) -> None:
        self._stopping.set()
        if self.task is not None:
            await asyncio.wait({self.task})  # what it raised is the task group's to tell

    async def _restart(self) -> None:
        try:
            await self.start()
        except OSError as error:
            log.error("%s cannot be started: %s", self.child.name, error)

    async def _stop_or_death(self, process: asyncio.subprocess.Process) -> bool:
        """Waits until the child dies (False) or was asked to stop and has stopped (True)."""
        death = asyncio.create_task(process.wait())
        wish = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({death, wish}, return_when=asyncio.FIRST_COMPLETED)
            if self._stopping.is_set():
                await self._end(process, death)
                return True
            log.warning("%s died: %s", self.child.name, _cause(await death))
            return False
        finally:
            wish.cancel()
            death.cancel()
            clear_group(process.pid)

    async def _end(self, process: asyncio.subprocess.Process, death: asyncio.Task[int]) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(self.child.stop_signal)
        await asyncio.wait({death}, timeout=self.child.stop_within_s)
        if not death.done():
            log.warning(
                "%s did not stop within %.0f s: killed", self.child.name, self.child.stop_within_s
            )
            clear_group(process.pid)
        log.info("%s stopped: %s", self.child.name, _cause(await death))


class Supervisor:
    """Runs children: all started in order on entry, stopped in reverse order on exit.

    A child whose first start fails raises OSError on entry, after the ones before it were
    stopped. One that dies later is restarted after 0.2 s, doubling up to 5 s.
    """

    def __init__(self, children: Sequence[Child]) -> None:
        self._keepers = {child.name: _Keeper(child) for child in children}
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        try:
            for keeper in self._keepers.values():
                await keeper.start()
                keeper.task = self._tasks.create_task(keeper.run(), name=keeper.child.name)
        except BaseException:
            await self._stop_all()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stop_all()
        await self._tasks.__aexit__(None, None, None)

    async def _stop_all(self) -> None:
        for keeper in reversed(self._keepers.values()):
            await keeper.stop()

    def pid(self, name: str) -> int | None:
        """The child's process id; None while it waits for its restart."""
        process = self._keepers[name].process
        return None if process is None or process.returncode is not None else process.pid

    def deaths(self, name: str) -> int:
        """How often the child has died without being asked to."""
        return self._keepers[name].deaths


@contextlib.asynccontextmanager
async def stop_signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGTERM, SIGINT (Ctrl-C) or SIGHUP (the terminal closed) sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    wanted = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    for each in wanted:
        loop.add_signal_handler(each, stop.set)
    try:
        yield stop
    finally:
        for each in wanted:
            loop.remove_signal_handler(each)


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


def _cause(returncode: int) -> str:
    if returncode >= 0:
        return f"exit code {returncode}"
    return f"by {signal.Signals(-returncode).name}"
