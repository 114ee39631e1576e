"""The live process's door, spoken to as by web processes of other versions."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from media.live import messages
from media.live.control import serve
from media.live.process import LiveSettings
from tests.support.waiting import until


class Line:
    """One web process's connection, a JSON line at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def ask(self, number: int, ask: object) -> dict[str, Any]:
        """What is answered; {}: the line was closed."""
        self.writer.write(json.dumps({"id": number, "ask": ask}).encode() + b"\n")
        return await self.read()

    async def read(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            line = await self._reader.readline()
        return dict(json.loads(line)) if line else {}


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    path, stop = tmp_path / "control", asyncio.Event()
    settings = LiveSettings(("127.0.0.1",), 0, ("127.0.0.1",), path)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(settings, stop))
        await until(path.exists)
        made = Line(*await asyncio.open_unix_connection(str(path)))
        yield made
        made.writer.close()
        stop.set()


@pytest.mark.parametrize(
    "ask",
    [
        {"do": "count_the_stars", "room": str(uuid4())},
        {"do": "close", "room": str(uuid4()), "epoch": "seven"},
        {},
    ],
    ids=["of a newer web process", "told otherwise", "nothing"],
)
async def test_a_question_that_is_not_known_is_refused_and_the_line_stays(
    line: Line, ask: dict[str, object]
) -> None:
    assert (await line.ask(1, {"do": "listen"}))["re"]["re"] == "listening"
    refused = {"id": 2, "re": {"re": "refused", "code": "live_too_old"}}
    assert await line.ask(2, ask) == refused
    assert (await line.ask(3, {"do": "roll_call"}))["re"] == {"re": "roll", "rooms": {}}


async def test_what_may_be_asked_is_said_first(line: Line) -> None:
    told = await line.ask(1, {"do": "listen"})
    assert set(told["re"]["knows"]) == set(messages.KNOWN) >= {"publish", "roll_call"}


async def test_what_is_no_question_at_all_closes_the_line(line: Line) -> None:
    line.writer.write(b'{"id": "one"}\n')
    assert await line.read() == {}
