"""A lesson in real Chromium: the teacher's screen, two phones, one of them watching by itself."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from rooms.attendance import materials, results
from server import database
from tests.browser import stand
from tests.support.chromium import light_chromium
from tests.support.databases import fresh_database
from tests.support.floor import settings_in
from tests.support.pages import cookies, store_films
from tests.support.served import served
from tests.support.whole import Whole, a_whole

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

BEAMER = {"width": 1920, "height": 1080}
PHONE = {"width": 360, "height": 740}
FILM_MS = 16_000
# A film does not begin at exactly 0, and the player tells whole looks.
ROUNDED_MS = 500


class Rig:
    """The app on a socket, a browser, and who is who."""

    def __init__(
        self, url: str, world: Whole, jars: dict[str, dict[str, str]], browser: Browser
    ) -> None:
        self.url, self.world, self.jars, self.browser = url, world, jars, browser
        self.wrongs: list[str] = []

    async def device(self, size: dict[str, int], who: str = "") -> Page:
        """A device of its own, signed in as `who` or as nobody."""
        context: BrowserContext = await self.browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            locale="en-GB",
            color_scheme=os.environ.get("LESSON_SCHEME", "light"),  # type: ignore[arg-type]
        )
        jar = {"language": os.environ.get("LESSON_LANGUAGE", "en"), **self.jars.get(who, {})}
        await context.add_cookies(
            [{"name": name, "value": value, "url": self.url} for name, value in jar.items()]
        )
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.wrongs.append(f"script: {error}"))
        return page


@pytest.fixture
async def dsn_of_lesson(server_dsn: str) -> AsyncIterator[str]:
    async with fresh_database(server_dsn) as dsn:
        yield dsn


@pytest.fixture
async def rig(dsn_of_lesson: str, tmp_path: Path) -> AsyncIterator[Rig]:
    settings = settings_in(tmp_path)
    stand.make_film(tmp_path / "film")
    pool = await database.connect_pool(dsn_of_lesson, max_size=2)
    async with pool.acquire() as conn, conn.transaction():
        world = await a_whole(conn, "Zilver", settings, datetime.now(UTC))
        jars = await cookies(conn, world)
    await pool.close()
    store_films(world, tmp_path / "film")
    async with served(settings, dsn_of_lesson) as url, light_chromium() as browser:
        yield Rig(url, world, jars, browser)


async def look(page: Page, name: str) -> None:
    """A picture for whoever wants to look; LESSON_PICTURES says where."""
    if folder := os.environ.get("LESSON_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def plays_beyond(page: Page, second: float) -> None:
    """Waits for the film. Playwright's own waiting needs eval, which the page's policy forbids."""
    async with asyncio.timeout(30):
        while await page.evaluate("document.querySelector('video').currentTime") <= second:
            await asyncio.sleep(0.2)


async def test_a_screen_and_two_phones(rig: Rig, dsn_of_lesson: str) -> None:
    pool = await database.connect_pool(dsn_of_lesson, max_size=2)
    async with pool.acquire() as conn, conn.transaction():
        school_class = await rig.world.a_class(conn, "3B")
    screen = await rig.device(BEAMER, "teacher")
    answer = await screen.request.post(
        f"{rig.url}/sessions",
        form={
            "tour_id": rig.world.at["published"],
            "class_id": str(school_class.id),
            "do": "now",
        },
    )
    session = answer.url
    await screen.goto(f"{session}/beamer")
    await look(screen, "claim")
    await screen.locator("main button").click()
    await expect(screen.locator("[data-beamer]")).to_be_visible()
    await look(screen, "beamer-join")

    phones = [await rig.device(PHONE) for _ in range(2)]
    for phone in phones:
        await phone.goto(f"{rig.url}/join")
        await phone.locator("#code").fill(school_class.shown_code.lower())
        await phone.locator("main .button-next").click()
        await phone.wait_for_url(f"{session}/phone")
    await expect(screen.locator("[data-part=join] [data-phones]")).to_contain_text("2 ")

    await screen.locator("#pupils").fill("27")
    await screen.locator("[data-start] button").click()
    await plays_beyond(screen, 1)
    await look(screen, "beamer-film")
    await expect(screen.get_by_role("heading", level=1)).to_have_count(1)
    teacher = await rig.device(PHONE, "teacher")
    await teacher.goto(session)
    await look(teacher, "teacher")
    await expect(phones[0].locator("[data-place]")).not_to_have_text("0:00")
    await look(phones[0], "companion")

    await phones[1].locator("form[action$='/watch'] button").click()
    await expect(phones[1].locator(".player")).to_be_visible()
    await look(phones[1], "own")

    await screen.wait_for_selector("[data-part=end]:not([hidden])", timeout=40_000)
    await look(screen, "beamer-end")
    await screen.locator("[data-confirm] button").click()
    await screen.wait_for_selector("[data-part=over]:not([hidden])")
    await look(screen, "beamer-over")
    await expect(phones[0].locator("[data-phone][data-state=ended]")).to_be_visible()

    async with pool.acquire() as conn:
        row = await conn.fetchrow(
            "select * from session_class_results r join session_rows s"
            " using (session_class_id) where s.id = $1",
            UUID(session.rsplit("/", 1)[1]),
        )
        assert row is not None
        again = results.judge(await materials.one(conn, row["session_class_id"]))
    await pool.close()
    assert (row["outcome"], row["headcount"], row["headcount_source"]) == (
        "present",
        27,
        "confirmed",
    )
    assert row["present_ms"] >= FILM_MS * 0.9
    assert again.present_ms == row["present_ms"]
    assert json.dumps(row["intervals"])
    teacher = await rig.device({"width": 1280, "height": 900}, "teacher")
    await teacher.goto(f"{rig.url}/attendance/{row['session_class_id']}")
    await look(teacher, "why")
    await teacher.goto(f"{rig.url}/classes/{school_class.id}")
    await look(teacher, "class")
    office = await rig.device({"width": 1280, "height": 900}, "coordinator")
    await office.goto(f"{rig.url}/attendance")
    await look(office, "attendance")
    assert not rig.wrongs


async def test_what_was_watched_without_network_arrives_later(rig: Rig, dsn_of_lesson: str) -> None:
    pool = await database.connect_pool(dsn_of_lesson, max_size=2)
    async with pool.acquire() as conn, conn.transaction():
        session = await rig.world.a_session(conn)
        code = await conn.fetchval("select code from classes where id = $1", session.class_id)
    phone = await rig.device(PHONE)
    await phone.goto(f"{rig.url}/join")
    await phone.locator("#code").fill(code)
    await phone.locator("main .button-next").click()
    await phone.locator(".player [data-mounted], .player[data-mounted]").first.wait_for()
    await phone.route("**/beats", lambda route: route.abort())
    await phone.evaluate("document.querySelector('video').muted = true")
    await phone.evaluate("document.querySelector('.player-stage button').click()")
    await plays_beyond(phone, 7)
    await expect(phone.locator("[data-note]")).to_be_visible()
    await look(phone, "offline")
    # What counts from here on was all seen without the network.
    played_ms = 1000 * await phone.evaluate(
        "(() => { const film = document.querySelector('video'); film.pause(); "
        "return film.currentTime })()"
    )
    async with pool.acquire() as conn:
        assert await watched_ms(conn) == 0
    await phone.unroute("**/beats")
    await expect(phone.locator("[data-note]")).to_be_hidden()
    async with pool.acquire() as conn, asyncio.timeout(20):
        while await watched_ms(conn) < played_ms - ROUNDED_MS:
            await asyncio.sleep(0.2)
    await pool.close()
    assert not rig.wrongs


@pytest.mark.parametrize("comes_back_to", ["/join", "the lesson"])
async def test_a_lesson_that_ended_without_network_is_told_afterwards(
    rig: Rig, dsn_of_lesson: str, comes_back_to: str
) -> None:
    pool = await database.connect_pool(dsn_of_lesson, max_size=2)
    async with pool.acquire() as conn, conn.transaction():
        session = await rig.world.a_session(conn)
        code = await conn.fetchval("select code from classes where id = $1", session.class_id)
    phone = await rig.device(PHONE)
    await phone.goto(f"{rig.url}/join")
    await phone.locator("#code").fill(code)
    await phone.locator("main .button-next").click()
    await phone.locator(".player [data-mounted], .player[data-mounted]").first.wait_for()
    lesson = phone.url
    await phone.evaluate("document.querySelector('video').muted = true")
    await phone.evaluate("document.querySelector('.player-stage button').click()")
    await plays_beyond(phone, 1)
    await phone.context.set_offline(True)
    await plays_beyond(phone, 9)
    await expect(phone.locator("[data-note]")).to_be_visible()
    await phone.goto("about:blank")
    async with pool.acquire() as conn:
        before = await watched_in(conn, session.id)
        await conn.execute(
            """
            update sessions set state = 'ended', end_reason = 'idle', ended_at = started_at
            where id = $1
            """,
            session.id,
        )
    await phone.context.set_offline(False)
    await phone.goto(lesson if comes_back_to == "the lesson" else f"{rig.url}{comes_back_to}")
    async with pool.acquire() as conn, asyncio.timeout(20):
        while await watched_in(conn, session.id) < max(6_000, before + 3_000):
            await asyncio.sleep(0.5)
        ended_late = await conn.fetchval(
            "select ended_at > started_at from sessions where id = $1", session.id
        )
    await pool.close()
    assert ended_late
    assert not rig.wrongs


async def watched_ms(conn: database.Connection) -> int:
    found: int = await conn.fetchval(
        """
        select coalesce(max(watched_ms(v.watched)), 0) from visits v
        where v.started_at > now() - interval '5 minutes' and v.ended_at is null
        """
    )
    return found


async def watched_in(conn: database.Connection, session_id: UUID) -> int:
    """The most that one device of a session saw, whether it is still there or not."""
    found: int = await conn.fetchval(
        """
        select coalesce(max(watched_ms(v.watched)), 0) from visits v
        join seats s on (s.programme_id, s.id) = (v.programme_id, v.seat_id)
        join session_rows n on n.session_class_id = s.session_class_id
        where n.id = $1
        """,
        session_id,
    )
    return found
