"""Every page in a real Chromium against the real app: sound for eyes, ears, keys and phones."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request

from server import database
from server.routes import ADDRESSES
from tests.browser import stand
from tests.support.axe import AXE, Eye
from tests.support.chromium import light_chromium
from tests.support.databases import fresh_database
from tests.support.floor import settings_in
from tests.support.live.process import a_live_process
from tests.support.pages import VISITS, Visit, cookies, store_films
from tests.support.served import served
from tests.support.whole import Whole, a_whole

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]
PHONE = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 900}
# Files a browser keeps instead of showing them, and addresses that only lead to another page.
UNSHOWN = ("/captions/{language}/file", "/captions/type", "/p/{programme}", "/tours", "/webinars")
SHOWN = [
    visit
    for visit in VISITS
    if visit.address not in UNSHOWN and not visit.address.endswith(UNSHOWN[:2])
]

# What stands on the page for whoever looks, hears or tabs through it.
HEADINGS = "[...document.querySelectorAll('h1')].filter(h => h.checkVisibility()).length"
WIDTH = "document.scrollingElement.scrollWidth"
# Values of the label beside a page that stand where only their names belong.
ASTRAY = """[...document.querySelectorAll('.margin dl > dd')]
  .filter((one) => one.offsetLeft <= one.parentElement.querySelector('dt').offsetLeft)
  .map((one) => one.textContent)"""
UNSEEN_FOCUS = """() => {
  const all = 'a[href], button, input, select, textarea, summary, [tabindex="0"]'
  return [...document.querySelectorAll(all)]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled)
    .filter((one) => {
      one.focus({preventScroll: true})
      if (document.activeElement !== one) return false
      const seen = getComputedStyle(one)
      return seen.outlineStyle === 'none' || parseFloat(seen.outlineWidth) < 2
    })
    .map((one) => one.outerHTML.slice(0, 120))
}"""


@dataclass
class Looking:
    """A running app with a whole programme in it, and a browser per visitor, kept open."""

    url: str
    world: Whole
    jars: dict[str, dict[str, str]]
    browser: Browser
    pages: dict[str, Page] = field(default_factory=dict)
    eyes: dict[str, Eye] = field(default_factory=dict)
    wrongs: list[str] = field(default_factory=list)

    async def page(self, who: str, **options: Any) -> Page:
        """The one page of this visitor."""
        if who not in self.pages:
            context = await self.browser.new_context(viewport=PHONE, **options)  # type: ignore[arg-type]
            await context.add_cookies(
                [{"name": name, "value": value, "url": self.url}
                 for name, value in self.jars[who].items()]
            )  # fmt: skip
            self.pages[who] = await self._listened(context)
            self.eyes[who] = await Eye.on(self.pages[who])
        return self.pages[who]

    async def _listened(self, context: BrowserContext) -> Page:
        page = await context.new_page()
        page.on("request", self._asked)
        page.on("pageerror", lambda error: self.wrongs.append(f"script: {error}"))
        page.on(
            "console",
            lambda said: (
                self.wrongs.append(f"console: {said.text}") if said.type == "error" else None
            ),
        )
        return page

    def _asked(self, request: Request) -> None:
        """Only listened to: who intercepts requests takes the browser's cache away."""
        if not request.url.startswith((f"{self.url}/", "blob:", "data:")):
            self.wrongs.append(f"leaves our origin: {request.url}")

    async def open(
        self, visit: Visit, language: str, size: dict[str, int], scheme: Scheme = "light"
    ) -> tuple[Page, int]:
        """The visitor's page at this address; what went wrong before is forgotten."""
        page = await self.page(visit.who)
        # A button that has just been set free is, for a moment, neither of its colours.
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        await page.context.add_cookies([{"name": "language", "value": language, "url": self.url}])
        if page.url != "about:blank":
            await page.goto("about:blank")
        self.wrongs.clear()
        answer = await page.goto(f"{self.url}{visit.path(self.world)}", wait_until="load")
        assert answer is not None
        return page, answer.status

    def said(self, status: int) -> list[str]:
        """What went wrong; a page that is not there may be called missing in the console."""
        if status in {404, 410}:
            return [one for one in self.wrongs if f"status of {status}" not in one]
        return list(self.wrongs)


@asynccontextmanager
async def looking(server_dsn: str, home: Path) -> AsyncIterator[Looking]:
    """The whole rig."""
    film = home / "film"
    stand.make_film(film)
    async with a_live_process(home) as live, fresh_database(server_dsn) as dsn:
        settings = settings_in(home, is_demo=True, live_port=live.port)
        pool = await database.connect_pool(dsn, max_size=2)
        async with pool.acquire() as conn, conn.transaction():
            world = await a_whole(conn, "Zilver", settings, datetime.now(UTC))
            jars = await cookies(conn, world)
        await pool.close()
        store_films(world, film)
        async with served(settings, dsn) as url, light_chromium() as browser:
            yield Looking(url, world, jars, browser)


@pytest.fixture(scope="module")
async def here(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Looking]:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in web/")
    async with looking(server_dsn, tmp_path_factory.mktemp("pages")) as rig:
        yield rig


async def test_axe_sees_what_is_wrong(here: Looking) -> None:
    page, _ = await here.open(Visit("/sign-in", "anonymous"), "en", PHONE)
    await page.evaluate("document.querySelector('label').remove()")
    await page.evaluate("document.documentElement.removeAttribute('lang')")
    found = [one.partition(":")[0] for one in await here.eyes["anonymous"].violations()]
    assert {"html-has-lang", "label"} <= set(found)


def test_every_page_of_the_url_table_is_looked_at() -> None:
    pages = {one.path for one in ADDRESSES if one.method == "GET" and not one.is_machine}
    assert pages - {visit.address for visit in VISITS} == {"/attendance.xlsx"}  # a file


@pytest.mark.parametrize("visit", SHOWN, ids=lambda visit: visit.name)
async def test_a_page_is_sound(here: Looking, visit: Visit) -> None:
    page, status = await here.open(visit, "nl", PHONE)
    assert status in {200, 404, 410}
    assert await page.evaluate("document.documentElement.lang") == "nl"
    assert await page.evaluate(HEADINGS) == 1
    assert await page.evaluate(WIDTH) <= PHONE["width"]
    assert await page.evaluate(ASTRAY) == []
    assert await here.eyes[visit.who].violations() == []
    assert here.said(status) == []

    page, status = await here.open(visit, "en", DESK, scheme="dark")
    assert await page.evaluate("document.documentElement.lang") == "en"
    assert await page.evaluate(HEADINGS) == 1
    assert await here.eyes[visit.who].violations() == []
    await page.keyboard.press("Tab")
    assert await page.evaluate(UNSEEN_FOCUS) == []
    assert here.said(status) == []
    await page.goto("about:blank")  # a room's page would go on working beside the next


async def test_a_picture_that_does_not_come_leaves_the_window_round(here: Looking) -> None:
    page, _ = await here.open(Visit("/", "anonymous"), "nl", PHONE)
    await page.evaluate(
        """new Promise((done) => {
            const missing = new Image(640, 360)
            missing.onerror = done
            missing.src = '/no-such-picture.webp'
            document.querySelector('.window .porthole').replaceChildren(missing)
        })"""
    )
    assert await page.evaluate(WIDTH) <= PHONE["width"]
    width, height = await page.evaluate(
        """(() => {
            const window = document.querySelector('.window .porthole').getBoundingClientRect()
            return [window.width, window.height]
        })()"""
    )
    assert abs(width - height) < 1
    here.wrongs.clear()
