"""A viewer behind a real cable: pulled and plugged in again, and far too narrow."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.media.live.rooms import Room, gets
from tests.support.live.namespaces import Namespace, a_namespace
from tests.support.live.process import ROOT, a_live_process

Told = dict[str, float]


class Remote:
    """A viewer inside the namespace; the newest thing it said."""

    def __init__(self, out: asyncio.StreamReader) -> None:
        self._out = out

    async def until(self, is_so: Callable[[Told], bool], *, within_s: float = 60) -> Told:
        """Its first word that is so."""
        async with asyncio.timeout(within_s):
            while line := await self._out.readline():
                told: Told = json.loads(line)
                if is_so(told):
                    return told
        raise AssertionError("the viewer has ended")


@pytest.fixture
async def behind(tmp_path: Path) -> AsyncIterator[tuple[Room, Namespace]]:
    """A room that can be reached through a cable."""
    with a_namespace() as space:
        async with a_live_process(tmp_path / "live", addresses=(space.here,)) as live:
            control = await live.control()
            yield await Room(live, control).open(), space
            await control.close()
            assert "Traceback" not in live.said


@contextlib.asynccontextmanager
async def a_remote_viewer(room: Room, space: Namespace, over: str) -> AsyncIterator[Remote]:
    """A viewer at the other end of the cable."""
    words = (sys.executable, "-m", "tests.support.live.watch", str(room.live.socket))
    process = await asyncio.create_subprocess_exec(
        *space.command(*words, str(room.id), over), cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin and process.stdout
    try:
        yield Remote(process.stdout)
    finally:
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("over", ["udp", "tcp"])
async def test_a_pulled_cable_that_is_plugged_in_again(
    behind: tuple[Room, Namespace], over: str
) -> None:
    room, space = behind
    async with room.presenting(), a_remote_viewer(room, space, over) as viewer:
        await viewer.until(lambda told: told["packets"] > 100)
        space.cut()
        cut = await viewer.until(lambda told: told["silent_s"] > 1.0)
        space.mend()
        await viewer.until(lambda told: told["packets"] > cut["packets"] + 100)


async def test_a_narrow_cable_slows_nobody_else(behind: tuple[Room, Namespace]) -> None:
    room, space = behind
    async with (
        room.presenting(),
        room.watching() as near,
        a_remote_viewer(room, space, "udp") as slow,
        a_remote_viewer(room, space, "tcp") as slower,
    ):
        for viewer in (slow, slower):
            await viewer.until(lambda told: told["packets"] > 50)
        space.narrow(200)
        before = near.packets
        await asyncio.sleep(4)
        assert near.packets - before > 300
        await gets(near)
        space.widen()
        got = await slower.until(lambda told: told["silent_s"] < 1)
        await slower.until(lambda told: told["packets"] > got["packets"] + 100)
