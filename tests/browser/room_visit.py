"""A device at a page of a live room, and what a test waits for there."""

import asyncio
from collections.abc import Callable
from typing import Any

from playwright.async_api import Page

from tests.browser.room_stand import RoomStand, track

PHONE = {"width": 320, "height": 640}
ON_STAGE = [track(0), track(0, kind="audio")]


class Visitor:
    """A device at the stand; what went wrong on its pages."""

    def __init__(self, page: Page, stand: RoomStand) -> None:
        self.page, self.stand = page, stand
        self.wrongs: list[str] = []
        self.asked: list[str] = []
        page.on("pageerror", lambda error: self.wrongs.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.on(
            "console",
            lambda said: (
                self.wrongs.append(said.text) if "Content Security Policy" in said.text else None
            ),
        )

    async def open(self, name: str) -> Page:
        await self.page.goto(f"{self.stand.url}/page/{name}")
        return self.page

    async def eval(self, script: str) -> Any:
        return await self.page.evaluate(script)


async def until(true: Callable[[], object], seconds: float = 20) -> None:
    """Waits for what `true()` finds."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.05)
