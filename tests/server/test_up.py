"""`server up`: who starts when, and that all of it starts, stands, falls and comes back as one."""

import asyncio
import contextlib
import dataclasses
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from server import ports, up
from server.config import Settings, WrongSetting
from tests.support.floor import settings_in
from tests.support.processes import enterable_folder, is_running, until
from tests.support.served import ROOT, free_port

SOON_S = 1.0
# What a machine that does much else needs for what takes some seconds.
LATE_S = 60
LEFT_WITHIN_S = 5.0
# Two cores have so much in the three seconds a second start may take until `/up` says yes.
SECOND_START_CPU_S = 2 * 3.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path, port=free_port())


async def test_the_others_wait_until_the_web_process_listens(settings: Settings) -> None:
    waiting = asyncio.create_task(up._listens_or_stops(settings, asyncio.Event()))
    await asyncio.sleep(3 * up.LOOK_AGAIN_S)
    assert not waiting.done()
    server = await asyncio.start_server(
        lambda _, writer: writer.close(), "127.0.0.1", settings.port
    )
    async with server:
        await asyncio.wait_for(waiting, SOON_S)


async def test_who_wants_to_stop_does_not_wait(settings: Settings) -> None:
    stop = asyncio.Event()
    waiting = asyncio.create_task(up._listens_or_stops(settings, stop))
    await asyncio.sleep(up.LOOK_AGAIN_S)
    stop.set()
    await asyncio.wait_for(waiting, SOON_S)


async def test_they_do_not_wait_for_ever(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up, "WEB_ALONE_S", 0.2)
    began = time.monotonic()
    await up._listens_or_stops(settings, asyncio.Event())
    assert 0.2 <= time.monotonic() - began < SOON_S


def test_web_comes_first_and_all_are_there() -> None:
    assert up._web({}).name == "web"
    assert [child.name for child in up._beside_web({})] == ["live", "worker"]


async def refused(settings: Settings) -> str:
    """The name of the setting whose port another program has."""
    with pytest.raises(WrongSetting) as caught:
        await ports.check(settings)
    return caught.value.name


async def test_a_port_that_another_program_has_is_refused_by_name(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = dataclasses.replace(settings, live_port=free_port())
    await ports.check(settings)
    monkeypatch.setattr(ports, "FREE_WITHIN_S", 0)
    with socket.create_server(("127.0.0.1", settings.port)):
        assert await refused(settings) == "PORTHOLE_PORT"
    with socket.create_server(("127.0.0.1", settings.live_port)):
        assert await refused(settings) == "PORTHOLE_LIVE_PORT"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", settings.live_port))
        assert await refused(settings) == "PORTHOLE_LIVE_PORT"
    await ports.check(settings)


async def test_who_was_killed_just_now_may_let_go_first(settings: Settings) -> None:
    settings = dataclasses.replace(settings, live_port=free_port())
    with socket.create_server(("127.0.0.1", settings.port)) as other:
        checked = asyncio.create_task(ports.check(settings))
        await asyncio.sleep(2 * ports.LOOK_AGAIN_S)
        assert not checked.done()
        other.close()
        await asyncio.wait_for(checked, SOON_S)


@dataclass
class Running:
    """`python -m server up` in a process of its own."""

    process: psutil.Process
    url: str
    home: Path

    def all(self) -> list[psutil.Process]:
        """It, and whatever it started."""
        return [self.process, *self.process.children(recursive=True)]

    def one(self, what: str) -> psutil.Process:
        """The child whose command line holds these words."""
        [found] = [each for each in self.process.children() if what in " ".join(each.cmdline())]
        return found

    def cpu_s(self) -> float:
        """What all of them used so far, those that ended included."""
        used = 0.0
        for each in self.all():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = each.cpu_times()
                used += times.user + times.system + times.children_user + times.children_system
        return used

    async def is_up(self) -> bool:
        """What `/up` says."""
        with contextlib.suppress(httpx.TransportError):
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{self.url}/up", timeout=10)).status_code == 200
        return False

    async def comes_up(self) -> None:
        """Waits for it."""
        async with asyncio.timeout(LATE_S):
            while not await self.is_up():
                assert self.process.is_running(), (self.home / "up.log").read_text()
                await asyncio.sleep(0.05)

    async def database(self, query: str) -> object:
        """Asks its database."""
        conn = await asyncpg.connect((self.home / "database-url").read_text(), ssl=False)
        try:
            return await conn.fetchval(query)
        finally:
            await conn.close()


async def started(home: Path, port: int) -> asyncio.subprocess.Process:
    """`server up` without the demo, in this folder."""
    told = {
        "PORTHOLE_HOME": str(home), "PORTHOLE_PORT": str(port), "PORTHOLE_DEMO": "no",
        "PORTHOLE_LIVE_PORT": str(free_port()),
    }  # fmt: skip
    kept = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    with (home / "up.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", "up", cwd=ROOT, env=kept | told, stdout=log, stderr=log
        )


@contextlib.asynccontextmanager
async def running(home: Path) -> AsyncIterator[Running]:
    """A whole Porthole, up."""
    port = free_port()
    child = await started(home, port)
    whole = Running(psutil.Process(child.pid), f"http://127.0.0.1:{port}", home)
    try:
        await whole.comes_up()
        yield whole
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        await child.wait()


@pytest.fixture
def home() -> Iterator[Path]:
    with enterable_folder() as folder:
        yield folder


async def test_all_of_it_falls_as_one_and_comes_back_with_what_it_had(home: Path) -> None:
    async with running(home) as first:
        await until(lambda: len(first.process.children()) >= 4, within_s=LATE_S)
        await first.database("create table kept_in_a_test as select 1 as one")
        web, worker = first.one("-m server web"), first.one("-m workers")
        web.kill()
        await until(lambda: not is_running(web.pid), within_s=LEFT_WITHIN_S)
        await first.comes_up()
        assert is_running(worker.pid), "the others carry on"
        another = await started(home, free_port())
        assert await asyncio.wait_for(another.wait(), LATE_S) == 2
        assert (home / "up.log").read_text().count("Another Porthole is running") == 1
        everybody = first.all()
        assert len({each.name() for each in everybody}) > 1, "PostgreSQL is among them"
        first.process.kill()
        await until(
            lambda: not [each for each in everybody if is_running(each.pid)],
            within_s=LEFT_WITHIN_S,
        )
    async with running(home) as second:
        assert second.cpu_s() < SECOND_START_CPU_S
        assert await second.database("select one from kept_in_a_test") == 1
        everybody = second.all()
    assert not [each for each in everybody if is_running(each.pid)], "told to end, all end"
