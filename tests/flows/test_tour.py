"""From a company's film to the coordinator's row: web, worker and Chromium, all of them real.

Nobody takes a short cut: the company drops its film, captions it by typing; the coordinator
publishes; a teacher nobody invited shows it; a screen and two phones watch; the row says why.
"""

import asyncio
import email
import email.policy
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from rooms.people import sign_ins
from rooms.people.persons import Person
from server import database
from server.auth import COOKIE
from tests.media import films
from tests.support import people
from tests.support.chromium import chromium
from tests.support.served import ROOT, WebProcess
from tests.support.tours import Desk, a_desk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECRET = "a-secret-of-the-tests-32-characters-long"
SPOKEN = "Welcome to the harbour. Here we make the lights. They show ships the way home."
LOOKED_FOR = ("faces", "names", "badges", "screens", "phones", "music")


@dataclass
class Town:
    """Everything of the flow: who is there, where the app runs, where its mail goes."""

    desk: Desk
    web: WebProcess
    home: Path
    browser: Browser
    pool: database.Pool

    async def page(self, person: Person | None = None, width: int = 1280) -> Page:
        """A device of its own, in English; signed in when a person is given."""
        context = await self.browser.new_context(viewport={"width": width, "height": 900})
        cookies = {"language": "en"}
        if person is not None:
            async with self.pool.acquire() as conn, conn.transaction():
                cookies[COOKIE] = await sign_ins.start(
                    conn, person.id, now=datetime.now(UTC), programme_id=self.desk.programme.id
                )
        await context.add_cookies(
            [{"name": name, "value": value, "url": self.web.url} for name, value in cookies.items()]
        )
        page = await context.new_page()
        page.set_default_timeout(20_000)
        return page

    async def go(self, page: Page, path: str) -> None:
        """Opens a path of ours."""
        answer = await page.goto(f"{self.web.url}{path}")
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"

    async def mailed_code(self, to: str) -> str:
        """The six digits of the mail in the outbox to this address."""
        for _ in range(200):
            for path in (self.home / "outbox").glob("*.eml"):
                letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                body = letter.get_body(("plain",))
                if to in letter["To"] and body is not None:
                    return re.findall(r"^(\d{3} ?\d{3})\s*$", body.get_content(), re.M)[0]
            await asyncio.sleep(0.1)
        raise AssertionError(f"no mail came to {to}")


@asynccontextmanager
async def working(dsn: str, home: Path) -> AsyncIterator[None]:
    """A real worker process for as long as the block lasts."""
    environment = {
        **os.environ,
        "DATABASE_URL": dsn,
        "PORTHOLE_HOME": str(home),
        "PORTHOLE_SECRET": SECRET,
    }
    with (home / "worker.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "workers", cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
async def town(dsn: str, tmp_path: Path) -> AsyncIterator[Town]:
    pool = await database.connect_pool(dsn, max_size=2)
    async with pool.acquire() as conn, conn.transaction():
        desk = await a_desk(conn, "harbour")
        await people.a_school(
            conn, desk.programme, region=desk.region, name="Het Baken",
            mail_domains=["baken.example"],
        )  # fmt: skip
    web = WebProcess(dsn, tmp_path)
    await web.start()
    try:
        async with working(dsn, tmp_path), chromium() as browser:
            yield Town(desk, web, tmp_path, browser, pool)
    finally:
        await web.kill()
        await pool.close()


@pytest.mark.timeout(300)
async def test_a_film_becomes_a_tour_a_class_watches(town: Town, tmp_path: Path) -> None:
    film = films.film(tmp_path / "harbour.mp4", seconds=8)
    tour = await company_makes_a_tour(town, film)
    await coordinator_publishes(town)
    teacher, session = await teacher_from_nothing_shows_it(town, tour)
    await the_class_watches(town, teacher, session)
    await coordinator_reads_why(town)


async def company_makes_a_tour(town: Town, film: Path) -> str:
    """Film, captions by hand, texts, declaration, checklist; returns the tour's title."""
    page = await town.page(town.desk.editor)
    await town.go(page, "/studio/tours/new")
    await page.fill("[name=title]", "How a harbour finds its light")
    await page.check("main [name=language][value=en]")
    await page.click("main .button-next")
    await page.set_input_files("input[type=file]", film)
    await expect(page.locator("main .player")).to_be_visible(timeout=90_000)
    base = page.url.removesuffix("/film").removeprefix(town.web.url)

    await town.go(page, f"{base}/texts")
    await page.fill("[name=description_en]", "A walk along the quay and the workshop.")
    for box in ("spoken_languages=en", "sectors=maritime", "levels=havo"):
        name, value = box.split("=")
        await page.check(f"[name={name}][value={value}]")
    await page.locator("main button[type=submit]").last.click()

    await town.go(page, f"{base}/captions")
    spread = page.locator("form[action$='/captions/spread']")
    await spread.locator("select").select_option("en")
    await spread.locator("textarea").fill(SPOKEN)
    await spread.locator("button").click()
    await page.locator("[data-act=finish]").click()
    await page.wait_for_url(re.compile("/captions$"))

    await town.go(page, f"{base}/declaration")
    await page.check("[name=agreed]")
    await page.locator("main button[type=submit]").click()
    await town.go(page, f"{base}/review")
    for look in LOOKED_FOR:
        await page.check(f"[name=checks][value={look}]")
    await page.click("main button[value=ask]")
    await expect(page.locator("main")).to_contain_text("review")
    await page.context.close()
    return "How a harbour finds its light"


async def coordinator_publishes(town: Town) -> None:
    """The tour waits in the list; after a look it is published."""
    page = await town.page(town.desk.coordinator)
    await town.go(page, "/reviews")
    await page.get_by_role("link", name="How a harbour finds its light").first.click()
    await expect(page.locator("main .player, .stage-band .player")).to_be_visible()
    await page.click("main .button-next")
    await expect(page.get_by_role("status")).to_contain_text("Published")
    await page.context.close()


async def teacher_from_nothing_shows_it(town: Town, tour: str) -> tuple[Page, str]:
    """No account, no invitation: mail, school, class and six digits."""
    page = await town.page(width=360)
    await town.go(page, "/tours")
    await page.get_by_role("link", name=tour).first.click()
    await page.get_by_role("link", name="Show this to my class").click()
    await page.fill("[name=email]", "m.devries@baken.example")
    await page.fill("[name=school_q]", "Baken")
    await page.get_by_role("radio", name=re.compile("Het Baken")).check()
    # "Choose", and what this school has of the programme's eight levels
    await expect(page.locator("[name=level] option:not([disabled])")).to_have_count(4)
    await page.fill("[name=class_name]", "3B")
    await page.select_option("[name=level]", "havo")
    await page.click("main .button-next")
    await page.fill("[name=code]", await town.mailed_code("m.devries@baken.example"))
    await page.click("main .button-next")
    await page.wait_for_url(re.compile(r"/sessions/[0-9a-f-]{36}$"))
    return page, page.url.removeprefix(town.web.url)


async def the_class_watches(town: Town, teacher: Page, session: str) -> None:
    """The screen plays with sound unlocked, two phones read along, the headcount is confirmed."""
    code = (await teacher.locator(".class-code").inner_text()).strip()
    # The classroom PC: the teacher signed in on it shows the tour on this very device.
    await teacher.get_by_role("link", name="Show on this device").click()
    claim = teacher.locator("main .button-next")
    await claim.first.click()
    await teacher.fill("#pupils", "28")
    phones = [await phone_joins(town, code) for _ in range(2)]
    await expect(teacher.locator("[data-part=join] [data-phones]")).to_contain_text("2")
    await teacher.locator("[data-start] button").click()
    await expect(teacher.locator("video")).to_be_visible()
    await expect(phones[0].locator("[data-transcript]")).to_contain_text("harbour")
    assert await phones[0].locator("video").count() == 0
    await expect(teacher.locator("[data-part=end]")).to_be_visible(timeout=45_000)
    await teacher.fill("#watched", "26")
    await teacher.locator("[data-confirm] button").click()
    await expect(teacher.locator("[data-part=over]")).to_be_visible()
    await expect(phones[1].locator("main")).to_contain_text("over", timeout=15_000)


async def phone_joins(town: Town, code: str) -> Page:
    """A pupil's phone: the code, nothing else."""
    page = await town.page(width=360)
    await town.go(page, "/join")
    await page.fill("[name=code]", code.lower())
    await page.locator("main button[type=submit]").click()
    await page.wait_for_url(re.compile("/phone$"))
    return page


async def coordinator_reads_why(town: Town) -> None:
    """The class stands under its school, with its outcome, its pupils and the reason."""
    page = await town.page(town.desk.coordinator)
    await town.go(page, "/attendance")
    await expect(page.locator("main")).to_contain_text("Het Baken")
    await expect(page.locator("main")).to_contain_text("26")
    await page.get_by_role("link", name=re.compile("^Why")).first.click()
    await expect(page.locator("main")).to_contain_text("60")
    await expect(page.locator("main svg").first).to_be_visible()
    row = await town.pool.fetchrow(
        "select outcome, headcount, headcount_source, present_ms, window_ms, has_beamer"
        " from session_class_results"
    )
    assert row is not None
    assert (row["outcome"], row["headcount"], row["headcount_source"]) == (
        "present",
        26,
        "confirmed",
    )
    assert row["has_beamer"]
    assert row["present_ms"] >= 0.9 * row["window_ms"]
