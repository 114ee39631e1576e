"""`server up`: who starts when."""

import asyncio
import time
from pathlib import Path

import pytest

from server import up
from server.config import Settings
from tests.support.floor import settings_in
from tests.support.served import free_port

SOON_S = 1.0


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
