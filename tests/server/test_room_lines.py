"""What one page is told of the room's log: all it missed, once, in order, up to its end."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from rooms.live import log, protocol
from rooms.live.log import Logged
from rooms.live.outbox import MOST_FRAMES, Frames, Outbox
from rooms.live.room_state import Who
from server.room_lines import Line, frame_of

NOW = datetime(2026, 11, 28, tzinfo=UTC)


class Page:
    """A page that keeps up, and its line."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.closed: list[int] = []
        self.line = Line(
            uuid4(), uuid4(), self.closed.append, lambda: None, 0.0, Who(uuid4()),
            Outbox(self._take),
        )  # fmt: skip

    def _take(self, frames: Frames) -> bool:
        self.told += [json.loads(frame) for frame in frames]
        return True

    def hears(self, *logged: Logged) -> None:
        """Lines of the log, as they come."""
        for one in logged:
            self.line.news(one, frame_of(one))

    async def numbers(self) -> list[int]:
        """Of what it was told of the log by the end of this turn."""
        await asyncio.sleep(0)
        return [one["number"] for one in self.told if "number" in one]


def on_air(number: int) -> Logged:
    return Logged(number, NOW, "on_air", {}, "")


async def test_who_missed_as_much_as_is_told_comes_in() -> None:
    assert log.MOST_TOLD > MOST_FRAMES, "else nothing is tried here"
    page = Page()
    page.line.welcome("{}", 0, [on_air(number) for number in range(1, log.MOST_TOLD + 1)])
    assert await page.numbers() == list(range(1, log.MOST_TOLD + 1))
    assert page.closed == []


async def test_what_came_before_the_welcome_is_told_once_and_after_it() -> None:
    page = Page()
    page.hears(on_air(4), on_air(5), on_air(6))
    assert await page.numbers() == []
    page.line.welcome("{}", 5, [on_air(3), on_air(4), on_air(5)])
    page.hears(on_air(6), on_air(7))
    assert await page.numbers() == [3, 4, 5, 6, 7]


async def test_what_changed_before_it_saw_the_room_is_told_after_it() -> None:
    page = Page()
    page.line.welcome('{"number": 0}', 0, [])
    for number in (7, 8, 9):
        page.line.hear(number, json.dumps({"number": number}))
    page.line.show(["{}"], 8)
    assert await page.numbers() == [0, 9]


async def test_what_was_asked_is_answered_before_the_end() -> None:
    page = Page()
    page.line.welcome('{"number": 0}', 0, [])
    page.line.asked += 2
    page.line.end(protocol.Closed("room_closed"))
    page.hears(on_air(1))
    page.line.answer(protocol.Done(1))
    page.line.answer(protocol.Refused("not_now", 2))
    await asyncio.sleep(0)
    assert [one.get("event") for one in page.told] == [None, "done", "refused", "closed"]
    assert await page.line.outbox.next() is None


async def test_after_the_end_nothing_is_told() -> None:
    page = Page()
    page.line.welcome('{"number": 0}', 0, [])
    page.line.end(protocol.Closed("removed"))
    page.hears(on_air(1))
    await asyncio.sleep(0)
    assert [one.get("event") for one in page.told] == [None, "closed"]
    assert await page.line.outbox.next() is None
