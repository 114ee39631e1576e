"""A live process of the test's own, with a room in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.media.live.rooms import Room
from tests.support.live.process import LiveProcess, a_live_process


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[LiveProcess]:
    """A live process on loopback, in pure Python."""
    async with a_live_process(tmp_path / "live") as process:
        yield process
        assert "Traceback" not in process.said, process.said


@pytest.fixture
async def room(live: LiveProcess) -> AsyncIterator[Room]:
    """An open room."""
    control = await live.control()
    yield await Room(live, control).open()
    await control.close()
