"""Pages of figures, with some years of them: on a phone, on a tablet and on paper."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from playwright.async_api import Page

from rooms.attendance import kpi_rows, releases
from rooms.attendance.kpi_periods import Period
from rooms.people import sign_ins
from rooms.tours import choices
from server import database
from server.auth import COOKIE
from server.i18n import LANGUAGES
from server.pages import kpi_words
from tests.support import people
from tests.support.chromium import light_chromium
from tests.support.databases import fresh_database
from tests.support.floor import settings_in
from tests.support.histories import NOW, a_history
from tests.support.served import served

pytestmark = pytest.mark.browser

YEAR = Period(date(2025, 8, 1), date(2026, 7, 31))
PAGES = {
    "attendance": "/attendance?since=&until=",
    "attendance by class": "/attendance?since=&until=&by=class",
    "a session": "/attendance/sessions/{session}",
    "figures": "/kpis?year=2025",
    "figures by objective": "/kpis?year=2025&by=objective",
    "hosted": "/kpis/hosted?year=2025&of=hours",
    "hosted by company": "/kpis/hosted?year=2025&of=companies",
    "report": "/reports/regions/{region}?year=2025",
    "releases": "/releases",
    "release": "/releases/{release}",
    "needs": "/needs",
    "persons": "/programme/persons",
}
PHONE, TABLET, DESK = 360, 768, 1280
# An A4 sheet inside its margins of 18 mm, in pixels of CSS.
PAPER = 657

WIDER = """() => [...document.querySelectorAll('.table, .kpi-parts')]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
  .map((one) => `${one.getAttribute('aria-label')} ${one.scrollWidth}`)"""
HANGS_OUT = """() => [...document.querySelectorAll('main *, .margin *')]
  .filter((one) => one.checkVisibility() && !one.closest('.for-readers, svg')
    && one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML.slice(0, 100))"""
# Words of one picture that are written over one another.
TOUCHING = """() => [...document.querySelectorAll('.chart-drawn svg')].flatMap((picture) => {
  const words = [...picture.querySelectorAll('text')].filter((one) => one.checkVisibility())
    .map((one) => [one.textContent, one.getBoundingClientRect()])
  return words.flatMap(([one, a], at) => words.slice(at + 1)
    .filter(([, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
    .map(([other]) => `${one} | ${other}`))
})"""
CLICKED = """() => [...document.querySelectorAll(
    'button, form, nav:not(.pages), input, select, summary, .button, .pages a, [download]')]
  .filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 100))"""
LOOKS_LIKE_A_LINK = """() => [...document.querySelectorAll('main a, .margin a')]
  .filter((one) => one.checkVisibility() && getComputedStyle(one).textDecorationLine !== 'none')
  .map((one) => one.outerHTML.slice(0, 100))"""
# Headings under which nothing is left.
ALONE = """() => [...document.querySelectorAll('main :is(h2, h3)')]
  .filter((one) => one.checkVisibility()).filter((one) => {
    let next = one.nextElementSibling
    while (next && !next.checkVisibility()) next = next.nextElementSibling
    return !next || next.matches('h2, .kept')
  }).map((one) => one.textContent)"""
# Words that stand on two lines.
BROKEN = """() => [...document.querySelectorAll('thead th')].filter((one) => one.checkVisibility())
  .flatMap((one) => {
    const walk = document.createTreeWalker(one, NodeFilter.SHOW_TEXT), found = []
    while (walk.nextNode()) for (const word of walk.currentNode.data.matchAll(/[^\\s-]+/g)) {
      const range = document.createRange()
      range.setStart(walk.currentNode, word.index)
      range.setEnd(walk.currentNode, word.index + word[0].length)
      if (new Set([...range.getClientRects()].map((line) => Math.round(line.top))).size > 1)
        found.push(word[0])
    }
    return found
  })"""


@dataclass
class Looking:
    """The office at its pages of figures."""

    url: str
    page: Page
    fills: dict[str, str]

    async def open(self, name: str, language: str, width: int) -> Page:
        """One of `PAGES`."""
        await self.page.context.add_cookies(
            [{"name": "language", "value": language, "url": self.url}]
        )
        await self.page.emulate_media(media="print" if width == PAPER else "screen")
        await self.page.set_viewport_size({"width": width, "height": 900})
        answer = await self.page.goto(self.url + PAGES[name].format(**self.fills))
        assert answer is not None and answer.ok
        return self.page


@pytest.fixture(scope="module")
async def here(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Looking]:
    settings = settings_in(tmp_path_factory.mktemp("figures"))
    async with fresh_database(server_dsn) as dsn:
        pool = await database.connect_pool(dsn, max_size=2)
        async with pool.acquire() as conn, conn.transaction():
            history = await a_history(conn, "jetstream", 5, lessons=120, schools=9)
            # Pictures of time go back some years.
            await conn.execute(
                """
                update sessions set local_date = local_date - 1000 where id in
                    (select id from sessions where room_id is null order by local_date limit 9)
                """
            )
            await kpi_rows.run(conn, NOW)
            office = await people.a_person(conn, "office@jetstream.example", "Bo Office")
            await people.a_role(conn, history.programme, office, "bureau")
            words = {language: kpi_words.definitions(language) for language in LANGUAGES}
            made = await releases.make(conn, history.office, YEAR, words, NOW)
            token = await sign_ins.start(
                conn, office.id, now=datetime.now(UTC), programme_id=history.programme.id
            )
            session = await conn.fetchval(
                "select session_id from kpi_sessions where kind = 'live' limit 1"
            )
        await pool.close()
        fills = {
            "session": str(session),
            "region": str(history.regions[0].id),
            "release": str(made.id),
        }
        async with (
            served(settings, dsn) as url,
            light_chromium() as browser,
            await browser.new_context(reduced_motion="reduce") as context,
        ):
            await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
            yield Looking(url, await context.new_page(), fills)


@pytest.mark.parametrize(
    "name",
    ["attendance", "attendance by class", "figures", "hosted", "hosted by company", "report"],
)
async def test_a_table_of_figures_fits_a_tablet(here: Looking, name: str) -> None:
    for language in LANGUAGES:
        page = await here.open(name, language, TABLET)
        assert await page.evaluate(WIDER) == [], language
        assert await page.evaluate(HANGS_OUT) == [], language
        assert await page.evaluate(BROKEN) == [], language


@pytest.mark.parametrize("width", [PHONE, TABLET, DESK, PAPER])
async def test_words_of_a_picture_do_not_touch(here: Looking, width: int) -> None:
    for language in LANGUAGES:
        page = await here.open("attendance", language, width)
        assert await page.locator(".chart-drawn .place:visible").count() > 2
        assert await page.evaluate(TOUCHING) == [], language


@pytest.mark.parametrize("name", PAGES)
async def test_paper_has_the_figures_and_nothing_to_click(here: Looking, name: str) -> None:
    for language in LANGUAGES:
        page = await here.open(name, language, PAPER)
        assert await page.evaluate(CLICKED) == [], language
        assert await page.evaluate(LOOKS_LIKE_A_LINK) == [], language
        assert await page.evaluate(HANGS_OUT) == [], language
        assert await page.evaluate(BROKEN) == [], language
        assert await page.evaluate(ALONE) == [], language


async def test_a_sheet_is_wide_enough_for_every_sector(here: Looking) -> None:
    page = await here.open("release", "nl", PAPER)
    await page.evaluate(
        """(count) => {
            for (const row of document.querySelector('.table table').rows)
                while (row.cells.length < count + 2) {
                    const cell = row.insertCell(1)
                    if (row.parentElement.tagName === 'THEAD')
                        cell.outerHTML = '<th scope="col" class="number">Voedsel en landbouw</th>'
                    else [cell.className, cell.textContent] = ['number', '186.815']
                }
        }""",
        len(choices.SECTORS),
    )
    assert await page.evaluate(HANGS_OUT) == []
    assert await page.evaluate(BROKEN) == []


async def test_paper_says_which_part_of_a_list_it_is(here: Looking) -> None:
    page = await here.open("attendance", "en", PAPER)
    assert "1 to 50 of " in await page.inner_text("main")
    # A figure and its words stand on one sheet.
    await here.open("figures", "en", PAPER)
    kept = "getComputedStyle(document.querySelector('.numbers > div')).breakInside"
    assert await page.evaluate(kept) == "avoid"
