"""The supervisor with real processes and real kills."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from server.supervisor import Child, Supervisor, next_delay_s, stop_signals
from tests.support.processes import ended, is_running, pid_in, until

# Writes its pid, then waits. {extra} runs before.
WAITS = """
import os, pathlib, signal, sys, threading
{extra}
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
threading.Event().wait()
"""
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
# A grandchild without any tie of its own: only the cleared process group gets it.
WITH_CHILD = """
import subprocess
subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1] + ".grandchild"])
"""
# A supervisor in a process of its own, to be killed: its child has a child that is tied as well.
SUPERVISOR = """
import asyncio, logging, sys
from server.supervisor import Child, Supervisor, stop_signals

INNER = '''
import os, pathlib, subprocess, sys, threading, signal
from server.supervisor import die_with_parent
subprocess.Popen(
    [sys.executable, "-c", sys.argv[2], sys.argv[1] + ".grandchild"],
    preexec_fn=die_with_parent(signal.SIGKILL),
)
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
signal.signal(signal.SIGTERM, signal.SIG_IGN)
threading.Event().wait()
'''

async def main():
    child = Child("one", (sys.executable, "-c", INNER, sys.argv[1], sys.argv[2]), stop_within_s=0.5)
    async with stop_signals() as stop, Supervisor([child]):
        await stop.wait()

asyncio.run(main())
"""


def waiting(name: str, folder: Path, extra: str = "", **more: object) -> Child:
    argv = (sys.executable, "-c", WAITS.format(extra=extra), str(folder / name))
    plain = WAITS.format(extra="")
    return Child(name, (*argv, plain), **more)  # type: ignore[arg-type]


def test_the_delay_doubles_to_five_seconds_and_starts_anew_after_health() -> None:
    delays = [0.0]
    for _ in range(7):
        delays.append(next_delay_s(delays[-1], ran_s=0.1))
    assert delays[1:] == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])
    assert next_delay_s(5.0, ran_s=31) == pytest.approx(0.2)


async def test_children_run_in_sessions_of_their_own(tmp_path: Path) -> None:
    async with Supervisor([waiting("one", tmp_path), waiting("two", tmp_path)]) as supervisor:
        pids = [await pid_in(tmp_path / "one"), await pid_in(tmp_path / "two")]
        assert pids == [supervisor.pid("one"), supervisor.pid("two")]
    assert not any(is_running(pid) for pid in pids)


async def test_a_killed_child_is_restarted(tmp_path: Path) -> None:
    async with Supervisor([waiting("one", tmp_path)]) as supervisor:
        first = await pid_in(tmp_path / "one")
        psutil.Process(first).kill()
        await until(lambda: supervisor.deaths("one") == 1)
        assert supervisor.pid("one") is None
        await until(lambda: supervisor.pid("one") not in {None, first})


async def test_children_stop_in_reverse_order(tmp_path: Path) -> None:
    said = tmp_path / "said"
    extra = (
        f"def bye(*_): open({str(said)!r}, 'a').write(sys.argv[1][-3:]); sys.exit()\n"
        "signal.signal(signal.SIGTERM, bye)"
    )
    async with Supervisor([waiting(name, tmp_path, extra) for name in ("one", "two")]):
        await pid_in(tmp_path / "one")
        await pid_in(tmp_path / "two")
    assert said.read_text() == "twoone"


async def test_a_child_that_will_not_stop_is_killed_at_its_deadline(tmp_path: Path) -> None:
    clock = asyncio.get_running_loop().time
    async with Supervisor([waiting("one", tmp_path, DEAF, stop_within_s=0.3)]):
        pid = await pid_in(tmp_path / "one")
        began = clock()
    assert 0.3 <= clock() - began < 2
    assert not is_running(pid)


async def test_what_a_dead_child_started_goes_with_it(tmp_path: Path) -> None:
    async with Supervisor([waiting("one", tmp_path, WITH_CHILD)]):
        child = await pid_in(tmp_path / "one")
        grandchild = await pid_in(tmp_path / "one.grandchild")
        assert is_running(grandchild)
        psutil.Process(child).kill()
        await ended(grandchild, within_s=5)


async def test_a_program_that_is_not_there_stops_what_was_started(tmp_path: Path) -> None:
    missing = Child("two", (str(tmp_path / "missing"),))
    with pytest.raises(FileNotFoundError):
        async with Supervisor([waiting("one", tmp_path), missing]):
            pytest.fail("entered")
    left = [p for p in psutil.Process().children() if str(tmp_path) in " ".join(p.cmdline())]
    assert not left


async def test_a_restart_that_fails_is_tried_again(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.symlink_to(sys.executable)
    child = Child("one", (str(program), "-c", WAITS.format(extra=""), str(tmp_path / "one")))
    async with Supervisor([child]) as supervisor:
        first = await pid_in(tmp_path / "one")
        program.unlink()
        psutil.Process(first).kill()
        await until(lambda: supervisor.deaths("one") >= 2)
        program.symlink_to(sys.executable)
        await until(lambda: supervisor.pid("one") is not None)


async def test_an_error_in_the_block_stops_the_children(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with Supervisor([waiting("one", tmp_path)]):
            pid = await pid_in(tmp_path / "one")
            _ = 1 // 0
    assert not is_running(pid)


@pytest.fixture
async def killable(
    tmp_path: Path,
) -> AsyncIterator[tuple[asyncio.subprocess.Process, list[int]]]:
    """A supervisor in another process, with a child and a grandchild: (its pid, theirs)."""
    argv = (sys.executable, "-c", SUPERVISOR, str(tmp_path / "one"), WAITS.format(extra=""))
    process = await asyncio.create_subprocess_exec(*argv)
    pids = [await pid_in(tmp_path / "one"), await pid_in(tmp_path / "one.grandchild")]
    yield process, pids
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


@pytest.mark.parametrize("with_signal", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_nothing_outlives_the_supervisor(
    killable: tuple[asyncio.subprocess.Process, list[int]], with_signal: signal.Signals
) -> None:
    process, pids = killable
    assert all(is_running(pid) for pid in pids)
    process.send_signal(with_signal)
    for pid in pids:
        await ended(pid, within_s=5)
    assert await process.wait() == (-9 if with_signal == signal.SIGKILL else 0)


async def test_stop_signals_are_told() -> None:
    async with stop_signals() as stop:
        assert not stop.is_set()
        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(stop.wait(), 1)
