"""Live captions in real browsers: typed with the keyboard alone, read on the screen and a phone."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect

from rooms.agenda import webinar_doors
from rooms.attendance import seats
from server import database
from server.auth import SEAT_COOKIE
from tests.support.chromium import light_chromium
from tests.support.databases import fresh_database
from tests.support.floor import settings_in
from tests.support.legible import is_legible
from tests.support.pages import cookies
from tests.support.served import served
from tests.support.whole import a_whole

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
BEAMER = {"width": 1920, "height": 1080}


@dataclass
class Hall:
    """A live webinar with somebody who types, a class with its screen, and a phone beside it."""

    url: str
    room: str
    browser: Browser
    jars: dict[str, dict[str, str]]
    wrongs: list[str] = field(default_factory=list)

    async def open(self, who: str, path: str, size: dict[str, int]) -> Page:
        """A device of its own at a page of the room."""
        context = await self.browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            color_scheme=os.environ.get("ROOM_SCHEME", "light"),  # type: ignore[arg-type]
        )
        jar = {"language": os.environ.get("ROOM_LANGUAGE", "en"), **self.jars[who]}
        await context.add_cookies(
            [{"name": name, "value": value, "url": self.url} for name, value in jar.items()]
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: self.wrongs.append(f"{path}: {error}"))
        await page.goto(f"{self.url}/rooms/{self.room}{path}")
        return page


@pytest.fixture
async def hall(server_dsn: str, tmp_path: Path) -> AsyncIterator[Hall]:
    expect.set_options(timeout=20_000)
    settings = settings_in(tmp_path)
    async with fresh_database(server_dsn) as dsn:
        pool = await database.connect_pool(dsn, max_size=2)
        async with pool.acquire() as conn, conn.transaction():
            world = await a_whole(conn, "Zilver", settings, datetime.now(UTC))
            jars = await cookies(conn, world)
            by, webinar_id = world.scope("bureau"), UUID(world.at["webinar"])
            await webinar_doors.open_doors(conn, by, webinar_id, world.now)
            await webinar_doors.go_live(conn, by, webinar_id, world.now)
            part = await world.a_part(conn, UUID(world.at["captions room"]))
            for who, sit in (("big screen", seats.become_beamer), ("pupil", seats.sit)):
                key = (conn, world.programme.id, part.session_class_id, None, world.now)
                _, token = await sit(*key)
                jars[who] = {SEAT_COOKIE: token}
        await pool.close()
        async with served(settings, dsn) as url, light_chromium() as browser:
            yield Hall(url, world.at["captions room"], browser, jars)
    expect.set_options(timeout=5_000)


async def look(page: Page, name: str) -> None:
    """A picture for whoever wants to look; ROOM_PICTURES says where."""
    if folder := os.environ.get("ROOM_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def test_a_line_is_typed_corrected_and_read_by_the_class(hall: Hall) -> None:
    typing = await hall.open("captioner", "/captions", DESK)
    screen = await hall.open("big screen", "/beamer", BEAMER)
    phone = await hall.open("pupil", "", PHONE)
    await screen.locator("#pupils").fill("24")
    await screen.locator("[data-start] button").click()
    await expect(screen.locator(".beamer-live")).to_be_visible()
    await expect(typing.locator("[data-phase]")).to_contain_text("Classes read what you send")
    await expect(phone.locator("[data-captions]")).to_be_visible()  # said beforehand

    await expect(typing.locator("#line")).to_be_focused()
    for line in ("Goedemorgen allemaal.", "We staan in de walserij.", "Hier komt het staal binen."):
        await typing.keyboard.type(line)
        await typing.keyboard.press("Enter")
    await expect(typing.locator("[data-sent] li")).to_have_count(3)
    for page in (screen, phone):
        await expect(page.locator("[data-caption-lines] p").last).to_have_text(
            "Hier komt het staal binen."
        )
    await typing.keyboard.type("Kijk")
    await typing.keyboard.press("ArrowUp")
    await expect(typing.locator("#line")).to_have_value("Hier komt het staal binen.")
    await look(typing, "captions-typing")
    await typing.keyboard.press("End")
    for _ in range(4):
        await typing.keyboard.press("Backspace")
    await typing.keyboard.type("nnen.")
    await typing.keyboard.press("Enter")
    await expect(typing.locator("#line")).to_have_value("Kijk")
    lines = screen.locator("[data-caption-lines] p")
    await expect(lines).to_have_count(3)
    await expect(lines.last).to_have_text("Hier komt het staal binnen.")
    assert await lines.last.get_attribute("lang") == "nl"
    await is_legible(screen)
    await look(screen, "captions-screen")

    wish = phone.locator("[data-captions] summary")
    await wish.focus()
    await phone.keyboard.press("Enter")
    await look(phone, "captions-phone")
    await phone.get_by_label("large", exact=True).check()
    await expect(phone.locator("[data-captions]")).to_have_attribute("data-size", "large")
    await phone.reload()
    await expect(phone.locator("[data-captions]")).to_have_attribute("data-size", "large")
    await expect(phone.locator("[data-caption-lines] p").last).to_contain_text("binnen")
    await phone.locator("[data-captions] summary").click()
    await phone.get_by_label("off", exact=True).check()
    await expect(phone.locator("[data-caption-lines] p")).to_have_count(0)
    assert hall.wrongs == []
