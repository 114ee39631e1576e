from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from media.child import ChildLimits, run_child
from media.errors import MediaError

QUICK = ChildLimits(wall_s=20, stall_s=None)
ROOT = str(Path(__file__).resolve().parents[2])


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code]


def is_running(pid: int) -> bool:
    with suppress(psutil.Error):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


async def test_output_and_exit_code_come_back(tmp_path: Path) -> None:
    code = "import sys; print('out'); sys.stderr.write('err'); sys.exit(3)"
    ended = await run_child(python(code), QUICK, folder=tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, b"out\n", "err")


async def test_lines_are_told_as_they_come(tmp_path: Path) -> None:
    lines: list[str] = []

    async def on_line(line: str) -> bool:
        lines.append(line)
        return True

    await run_child(python("print('a=1'); print('b')"), QUICK, folder=tmp_path, on_line=on_line)
    assert lines == ["a=1", "b"]


async def test_a_flood_on_both_pipes_is_drained_and_bounded(tmp_path: Path) -> None:
    code = "import sys; sys.stderr.write('e' * 3_000_000); sys.stdout.write('o' * 3_000_000)"
    ended = await run_child(python(code), QUICK, folder=tmp_path)
    assert len(ended.stderr) <= 16 * 1024
    assert len(ended.stdout) == 3_000_000


async def test_our_environment_is_not_handed_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTHOLE_SECRET", "canary")
    ended = await run_child(python("import os; print(dict(os.environ))"), QUICK, folder=tmp_path)
    assert b"canary" not in ended.stdout


async def test_a_silent_idle_child_is_stalled(tmp_path: Path) -> None:
    limits = ChildLimits(wall_s=30, stall_s=1.5)
    with pytest.raises(MediaError) as caught:
        await run_child(python("import time; time.sleep(60)"), limits, folder=tmp_path)
    assert (caught.value.code, caught.value.params) == ("stalled", {"limit_s": 1.5})


async def test_a_busy_child_is_not_stalled_but_has_a_wall(tmp_path: Path) -> None:
    limits = ChildLimits(wall_s=4, stall_s=2.5, nice=0)
    with pytest.raises(MediaError) as caught:
        await run_child(python("while True: pass"), limits, folder=tmp_path)
    assert caught.value.code == "too_slow"


async def test_memory_and_file_size_are_bounded(tmp_path: Path) -> None:
    limits = ChildLimits(wall_s=20, memory_bytes=200 * 1024**2, file_bytes=1000)
    greedy = await run_child(python("b = bytearray(10**9)"), limits, folder=tmp_path)
    assert "MemoryError" in greedy.stderr
    writer = "f = open('x', 'wb'); f.write(bytes(5000)); f.flush()"
    assert (await run_child(python(writer), limits, folder=tmp_path)).returncode != 0
    assert (tmp_path / "x").stat().st_size <= 1000


async def test_there_is_no_network_where_the_kernel_lets_us(tmp_path: Path) -> None:
    code = "import socket; print([name for _, name in socket.if_nameindex()])"
    ended = await run_child(python(code), QUICK, folder=tmp_path)
    if b"eth" in ended.stdout:
        pytest.skip("this kernel gives no network namespace")
    assert ended.stdout.strip() in (b"['lo']", b"[]")


async def test_cancelling_leaves_no_process(tmp_path: Path) -> None:
    code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    task = asyncio.create_task(run_child(python(code), QUICK, folder=tmp_path))
    pid = await written_pid(tmp_path / "pid")
    assert is_running(pid)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not is_running(pid)


async def test_a_killed_parent_takes_its_child_along(tmp_path: Path) -> None:
    parent = f"""
import asyncio, pathlib, sys
sys.path.insert(0, {ROOT!r})
from media.child import ChildLimits, run_child
code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
command = [sys.executable, "-I", "-S", "-c", code]
asyncio.run(run_child(command, ChildLimits(60), folder=pathlib.Path({str(tmp_path)!r})))
"""
    worker = subprocess.Popen([sys.executable, "-c", parent])
    pid = await written_pid(tmp_path / "pid")
    assert is_running(pid)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(5)
    for _ in range(50):
        if not is_running(pid):
            return
        await asyncio.sleep(0.1)
    pytest.fail("the child outlived its parent")


async def written_pid(path: Path) -> int:
    for _ in range(200):
        if path.exists() and path.read_text():
            return int(path.read_text())
        await asyncio.sleep(0.05)
    raise AssertionError("the child did not start")
