"""A webinar's hall: app, live process, mail server, one Chromium, and a device for everybody."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import cast

from playwright.async_api import Browser, Page

from media.storage import Storage
from rooms.people import classes
from rooms.people.classes import Class
from server import agenda_mails, database
from server.config import Settings
from tests.support.chromium import light_chromium
from tests.support.databases import fresh_database
from tests.support.floor import settings_in
from tests.support.live.process import a_live_process
from tests.support.pages import cookies
from tests.support.served import served
from tests.support.smtp import Sink, smtp_sink
from tests.support.whole import Whole, a_whole
from workers.floor import Floor
from workers.mail import send

SPEAKER = "spreker@elders.example"
PLAYED = """() => [...document.querySelectorAll('[data-place=main] video')]
  .map((video) => video.getVideoPlaybackQuality().totalVideoFrames)[0] ?? 0"""


@dataclass
class Hall:
    """`classes`: 3B of the teacher, 4A and 1C of her colleague. `webinar`, `room`: once made."""

    url: str
    pool: database.Pool
    world: Whole
    settings: Settings
    browser: Browser
    post: Sink
    jars: dict[str, dict[str, str]]
    classes: dict[str, Class]
    webinar: str = ""
    room: str = ""
    wrongs: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def device(self, who: str, size: dict[str, int], path: str = "") -> Page:
        """A device of its own, signed in as `who` or as nobody, at a page."""
        context = await self.browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            locale="en-GB",
            permissions=["camera", "microphone"] if who in {"speaker", "editor"} else [],
        )
        jar = {"language": os.environ.get("ROOM_LANGUAGE", "en"), **self.jars.get(who, {})}
        await context.add_cookies(
            [{"name": name, "value": value, "url": self.url} for name, value in jar.items()]
        )
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.wrongs.append(f"{who} {page.url}: {error}"))
        page.on("request", lambda request: self.asked.append(request.url))
        if path:
            await page.goto(f"{self.url}{path}")
        return page

    async def press(self, page: Page, path: str, **form: str | bool) -> str:
        """Sends a form as the page's visitor; where it leads."""
        answer = await page.request.post(f"{self.url}{path}", form=form, max_redirects=0)
        assert answer.status == 303, (path, answer.status, (await answer.text())[-600:])
        return answer.headers["location"]

    async def part(self, class_name: str) -> str:
        """The class in this webinar's room."""
        found = """
            select c.id from session_classes c join classes k on k.id = c.class_id
            where k.id = $1
            """
        return str(await self.pool.fetchval(found, self.classes[class_name].id))

    async def letters(self, kind: str, later: timedelta = timedelta()) -> list[EmailMessage]:
        """What the sweep writes by then and the worker brings to the mail server, of one kind."""
        async with self.pool.acquire() as conn, conn.transaction():
            await agenda_mails.tell_due(conn, self.settings, datetime.now(UTC) + later)
        floor = Floor(self.settings, self.pool, cast(Storage, None), self.settings.home)
        waiting = "select id from mails where kind = $1 and sent_at is null order by id"
        before = len(self.post.messages)
        for row in await self.pool.fetch(waiting, kind):
            await send(floor, row["id"], lambda: datetime.now(UTC) + later)
        return self.post.messages[before:]

    def is_at_home(self) -> bool:
        """Whether every request stayed at our origin."""
        return all(one.startswith((self.url, "blob:", "data:", "about:")) for one in self.asked)


@asynccontextmanager
async def a_hall(server_dsn: str, home: Path) -> AsyncIterator[Hall]:
    """Everything, running; nobody has a page open yet."""
    async with (
        a_live_process(home) as live,
        smtp_sink() as post,
        fresh_database(server_dsn) as dsn,
        _a_pool(dsn) as pool,
        light_chromium() as browser,
    ):
        settings = settings_in(home, live_port=live.port, mail_url=post.url)
        async with pool.acquire() as conn, conn.transaction():
            world = await a_whole(conn, "Zilver", settings, datetime.now(UTC))
            jars = await cookies(conn, world)
            made = {}
            for name, of in (("3B", "teacher"), ("4A", "colleague"), ("1C", "colleague")):
                made[name] = await classes.create(
                    conn, world.scope(of), world.school.id, name, "havo", 3, "", 28, world.now
                )
        async with served(settings, dsn) as url:
            hall = Hall(url, pool, world, settings, browser, post, jars, made)
            yield hall


@asynccontextmanager
async def _a_pool(dsn: str) -> AsyncIterator[database.Pool]:
    pool = await database.connect_pool(dsn, max_size=2)
    try:
        yield pool
    finally:
        await pool.close()


async def look(page: Page, name: str) -> None:
    """A picture for whoever wants to look; ROOM_PICTURES says where."""
    if folder := os.environ.get("ROOM_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def plays(page: Page) -> None:
    """Waits until the page's large picture moves."""
    async with asyncio.timeout(30):
        while not await page.evaluate(PLAYED):
            await asyncio.sleep(0.2)


def link_in(mail: EmailMessage, begins: str, hall: Hall) -> str:
    """The address in the letter that begins so, at the port where we listen."""
    text = words_of(mail).replace(hall.settings.url, hall.url)
    found = re.search(rf"^{re.escape(hall.url + begins)}\S*", text, re.M)
    assert found is not None, text
    return found[0]


def words_of(mail: EmailMessage) -> str:
    """The letter as plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def calendar_in(mail: EmailMessage) -> str:
    """The entry for a calendar that the letter brings."""
    [part] = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    return str(part.get_content())


def noon(now: datetime) -> str:
    """A zone in which it is about noon, whenever this runs: a lesson ends on the day it begins."""
    hours = 12 - now.hour
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"
