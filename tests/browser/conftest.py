"""Fixtures of the pages of a live room: a room that says what a test wants, and who visits it."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from server.templates import WEB
from tests.browser.room_stand import RoomStand, room_stand
from tests.browser.room_visit import Visitor
from tests.support.chromium import light_chromium

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=20_000)
    async with light_chromium() as browser:
        yield browser
    expect.set_options(timeout=5_000)


@pytest.fixture
async def there() -> AsyncIterator[RoomStand]:
    async with room_stand() as there:
        yield there


@pytest.fixture
async def visitor(browser: Browser, there: RoomStand) -> AsyncIterator[Visitor]:
    """A phone whose reader allowed camera and microphone."""
    context = await browser.new_context(
        viewport={"width": 360, "height": 740}, permissions=["camera", "microphone"]
    )
    await context.add_init_script(path=AXE)
    page = await context.new_page()
    page.set_default_timeout(20_000)
    visitor = Visitor(page, there)
    yield visitor
    await context.close()
    assert visitor.wrongs == []
    assert [url for url in visitor.asked if not url.startswith((there.url, "blob:", "data:"))] == []
