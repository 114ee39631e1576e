"""Captions by hand, and cuts and chapters by key, in a real Chromium against the real app."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from rooms.people import sign_ins
from rooms.tours import captions_kept
from server.auth import COOKIE
from server.database import connect_pool
from server.templates import WEB
from tests.browser.stand import LENGTH_S, make_film
from tests.support import tours
from tests.support.chromium import light_chromium
from tests.support.floor import settings_in
from tests.support.served import served

pytestmark = pytest.mark.browser

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"


@dataclass
class Studio:
    """An editor's browser at a tour whose film plays."""

    page: Page
    base: str
    pool: Any
    programme_id: UUID
    version_id: UUID

    async def open(self, part: str) -> None:
        await self.page.goto(f"{self.base}/{part}")
        await self.page.wait_for_selector(".player[data-mounted]")

    async def kept(self) -> captions_kept.Kept:
        async with self.pool.acquire() as conn:
            kept = await captions_kept.one(conn, self.programme_id, self.version_id, "nl")
        assert kept is not None
        return kept

    async def is_accessible(self) -> None:
        await self.page.add_script_tag(path=AXE)
        found = await self.page.evaluate(
            "axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
        )
        assert found == []


@pytest.fixture
async def studio(dsn: str, tmp_path: Path) -> AsyncIterator[Studio]:
    pool = await connect_pool(dsn, max_size=2)
    async with pool.acquire() as conn, conn.transaction():
        desk = await tours.a_desk(conn)
        tour_id = await tours.a_draft(conn, desk)
        version_id = await tours.a_film(conn, desk, tour_id, duration_ms=LENGTH_S * 1000)
        token = await sign_ins.start(
            conn, desk.editor.id, now=datetime.now(UTC), programme_id=desk.programme.id
        )
    make_film(tmp_path / "storage" / "videos" / str(version_id))
    async with (
        served(settings_in(tmp_path), dsn) as url,
        light_chromium() as browser,
        await browser.new_context(bypass_csp=True) as context,
    ):
        await context.add_cookies(
            [
                {"name": COOKIE, "value": token, "url": url},
                {"name": "language", "value": "en", "url": url},
            ]
        )
        page = await context.new_page()
        base = f"{url}/studio/tours/{tour_id}"
        yield Studio(page, base, pool, desk.programme.id, version_id)
    await pool.close()


async def _is_resting(page: Page) -> None:
    await page.wait_for_function(
        "() => { const v = document.querySelector('video');"
        " return v.paused && v.currentTime > 0 && !v.seeking }"
    )


@pytest.mark.slow
async def test_typing_plays_waits_and_goes_on(studio: Studio) -> None:
    page = studio.page
    await studio.open("captions/nl")
    await studio.is_accessible()
    await page.select_option("[data-length]", "3")
    await page.focus("#typed")
    await page.keyboard.press("Enter")
    await page.keyboard.type("Goedemorgen")
    await _is_resting(page)
    assert 2.9 < await page.evaluate("document.querySelector('video').currentTime") < 3.5
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-piece]")).to_have_text("From 0:03 to 0:06")
    await page.wait_for_function("() => document.querySelector('video').currentTime > 4.2")
    await page.keyboard.type("tot hier")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-said]")).to_have_text("Lines saved: 2.")
    kept = await studio.kept()
    assert kept.is_draft
    assert [cue.text for cue in kept.cues] == ["Goedemorgen", "tot hier"]
    assert kept.cues[0].end_ms == kept.cues[1].start_ms == 3000
    assert 4000 < kept.cues[1].end_ms < 6000, "Enter in the middle ends the piece there"

    await page.keyboard.press("Control+ArrowUp")
    await expect(page.locator("#typed")).to_have_value("tot hier")
    await page.reload()
    await expect(page.locator("[data-rows] textarea").first).to_have_value("Goedemorgen")
    await page.click("[data-act=finish]")
    await page.wait_for_url("**/captions")
    assert not (await studio.kept()).is_draft


async def test_lines_outlive_a_lost_connection(studio: Studio) -> None:
    page = studio.page
    await studio.open("captions/nl")
    await page.context.set_offline(True)
    await page.click("[data-act=add]")
    await page.fill("[data-rows] textarea", "Zonder net")
    await expect(page.locator("[data-said]")).to_contain_text("kept in this browser")
    await page.context.set_offline(False)
    await page.reload()
    await expect(page.locator("[data-rows] textarea")).to_have_value("Zonder net")
    await expect(page.locator("[data-said]")).to_have_text("Lines saved: 1.")
    end = page.locator("[data-name=end]")
    async with page.expect_response("**/lines"):
        await end.press("Shift+ArrowUp")
        await end.press("ArrowDown")
    await expect(end).to_have_value("0:03.9")
    await end.fill("straks")
    await expect(page.locator("[data-said]")).to_contain_text("Line 1:")
    await expect(end).to_have_attribute("aria-invalid", "true")
    assert (await studio.kept()).cues[0].end_ms == 3900, "the last good state stays"


async def test_keys_on_the_film_fill_the_cuts(studio: Studio) -> None:
    page = studio.page
    await studio.open("cut")
    await studio.is_accessible()
    await page.fill("#cuts", "0:04 - 0:06")
    await expect(page.locator("[data-remains]")).to_contain_text("Together 0:14")
    await page.locator(".player button").first.click()
    await page.wait_for_function("() => document.querySelector('video').currentTime > 1")
    await page.keyboard.press("i")
    assert await page.input_value("#start") >= "0:01"
    await page.keyboard.press("x")
    await page.keyboard.press("ArrowRight")
    await page.wait_for_function("() => document.querySelector('video').currentTime > 5.5")
    await page.keyboard.press("x")
    assert len((await page.input_value("#cuts")).split("\n")) == 2


async def test_a_chapter_is_added_where_the_film_is(studio: Studio) -> None:
    page = studio.page
    await studio.open("chapters")
    await studio.is_accessible()
    await page.fill("#moment-title", "Welkom")
    await page.keyboard.press("Enter")
    assert await page.input_value("#chapters") == "0:00 Welkom"
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".flashes")).to_contain_text("Saved.")
