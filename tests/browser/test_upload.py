"""The place where a company drops its film, in a real Chromium against the real app."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Browser, Page, expect

from media import uploads
from media.errors import StorageError
from media.storage import Storage
from rooms.people import sign_ins
from server.auth import COOKIE
from server.database import connect_pool
from server.templates import WEB
from tests.support import tours
from tests.support.chromium import light_chromium
from tests.support.floor import settings_in
from tests.support.served import served

pytestmark = pytest.mark.browser

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
FILM_BYTES = 3_000_000


@dataclass(frozen=True)
class Studio:
    """A running app with an editor's sign-in and a tour without a film."""

    address: str
    origin: str
    token: str
    pool: "asyncpg.Pool[asyncpg.Record]"

    async def received(self) -> int:
        """What the server has counted of all uploads."""
        return await self.pool.fetchval("select coalesce(sum(received), 0) from uploads")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with light_chromium() as browser:
        yield browser


@pytest.fixture
async def studio(dsn: str, tmp_path: Path) -> AsyncIterator[Studio]:
    pool = await connect_pool(dsn, max_size=2)
    async with pool.acquire() as conn, conn.transaction():
        desk = await tours.a_desk(conn)
        tour_id = await tours.a_draft(conn, desk)
        token = await sign_ins.start(
            conn, desk.editor.id, now=datetime.now(UTC), programme_id=desk.programme.id
        )
    async with served(settings_in(tmp_path), dsn) as url:
        yield Studio(f"{url}/studio/tours/{tour_id}/film", url, token, pool)
    await pool.close()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "bedrijfsfilm.mp4"
    path.write_bytes(bytes(range(250)) * (FILM_BYTES // 250))
    return path


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a film of 3 MB is many pieces."""
    monkeypatch.setattr(uploads, "PIECE_BYTES", 100_000)


@asynccontextmanager
async def visit(browser: Browser, studio: Studio, **options: Any) -> AsyncIterator[Page]:
    """The editor on the film page; a script error fails the test."""
    context = await browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    await context.add_cookies([{"name": COOKIE, "value": studio.token, "url": studio.origin}])
    page = await context.new_page()
    wrongs: list[str] = []
    page.on("pageerror", lambda error: wrongs.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept())
    try:
        await page.goto(studio.address)
        await page.wait_for_selector("[data-upload][data-mounted]", timeout=10_000)
        yield page
        assert wrongs == []
    finally:
        await context.close()


async def slow(page: Page, bytes_per_second: int) -> Any:
    """A school's network: so many bytes a second upwards."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    await network(session, bytes_per_second)
    return session


async def network(session: Any, up: int, *, offline: bool = False) -> None:
    await session.send(
        "Network.emulateNetworkConditions",
        {"offline": offline, "latency": 5, "downloadThroughput": -1, "uploadThroughput": up},
    )


async def test_a_film_is_chosen_and_arrives(browser: Browser, studio: Studio, film: Path) -> None:
    async with visit(browser, studio, locale="en-GB") as page:
        await page.set_input_files("#upload-file", film)
        await expect(page.locator(".film-work")).to_be_visible(timeout=20_000)
        row = await studio.pool.fetchrow("select * from video_versions")
        assert row is not None
        assert (row["filename"], row["bytes"]) == ("bedrijfsfilm.mp4", FILM_BYTES)
        assert await page.evaluate("localStorage.length") == 0


async def test_pause_reload_and_go_on(
    browser: Browser, studio: Studio, film: Path, small_pieces: None
) -> None:
    async with visit(browser, studio, locale="en-GB") as page:
        session = await slow(page, 600_000)
        await page.set_input_files("#upload-file", film)
        words = page.locator("[data-words]")
        await expect(words).to_have_text(re.compile(r"[1-9]\d?% of bedrijfsfilm.mp4 has arrived"))
        await page.get_by_role("button", name="Pause").click()
        await expect(words).to_have_text(re.compile(r"Paused at \d+%. What arrived is kept."))
        await page.reload()
        kept = page.locator("[data-kept]")
        await expect(kept).to_contain_text("You were sending bedrijfsfilm.mp4 (")
        before = await studio.received()
        assert 0 < before < FILM_BYTES
        await page.set_input_files("#upload-file", film)
        await expect(kept).to_be_hidden()
        await network(session, -1)
        await expect(page.locator(".film-work")).to_be_visible(timeout=20_000)
        assert await studio.pool.fetchval("select count(*) from uploads") == 1
        assert await studio.received() == FILM_BYTES


async def test_another_file_does_not_go_on_in_its_place(
    browser: Browser, studio: Studio, film: Path, small_pieces: None, tmp_path: Path
) -> None:
    other = tmp_path / "andere.mp4"
    other.write_bytes(b"other" * 100)
    async with visit(browser, studio, locale="en-GB") as page:
        await slow(page, 600_000)
        await page.set_input_files("#upload-file", film)
        await expect(page.locator("[data-words]")).to_have_text(re.compile(r"[1-9]\d?% of"))
        await page.get_by_role("button", name="Pause").click()
        await expect(page.locator("[data-words]")).to_contain_text("Paused")
        await page.reload()
        await expect(page.locator("[data-kept]")).to_be_visible()
        await page.set_input_files("#upload-file", other)
        await expect(page.locator("[data-problem]")).to_contain_text("andere.mp4 is another file")
        await page.get_by_role("button", name="Remove what arrived").click()
        await expect(page.locator("[data-kept]")).to_be_hidden()
        assert await studio.pool.fetchval("select state from uploads") == "ended"
        await page.set_input_files("#upload-file", other)
        await expect(page.locator(".film-work")).to_be_visible(timeout=20_000)


async def _waits_too_long(studio: Studio) -> None:
    """What was on its way at the press of Pause still arrives, and begins the three days anew."""
    is_over = False
    async with asyncio.timeout(30):
        while not is_over:
            await studio.pool.execute("update uploads set expires_at = now() - interval '1 hour'")
            await asyncio.sleep(1)
            is_over = await studio.pool.fetchval("select bool_and(expires_at < now()) from uploads")


async def test_what_waited_too_long_is_told_where_it_was_kept(
    browser: Browser, studio: Studio, film: Path, small_pieces: None
) -> None:
    async with visit(browser, studio, locale="en-GB") as page:
        await slow(page, 600_000)
        await page.set_input_files("#upload-file", film)
        await expect(page.locator("[data-words]")).to_have_text(re.compile(r"[1-9]\d?% of"))
        await page.get_by_role("button", name="Pause").click()
        await expect(page.locator("[data-words]")).to_contain_text("Paused")
        await _waits_too_long(studio)
        await page.reload()
        problem = page.locator("[data-problem]")
        await expect(problem).to_contain_text("bedrijfsfilm.mp4 waited for more than three days")
        await expect(page.locator("[data-area]")).to_be_visible()
        await page.reload()
        await page.wait_for_selector("[data-upload][data-mounted]")
        await expect(problem).to_be_hidden()
        assert await page.evaluate("localStorage.length") == 0


async def test_it_goes_on_by_itself_when_the_network_is_back(
    browser: Browser, studio: Studio, film: Path, small_pieces: None
) -> None:
    async with visit(browser, studio, locale="en-GB") as page:
        session = await slow(page, 600_000)
        await page.set_input_files("#upload-file", film)
        words = page.locator("[data-words]")
        await expect(words).to_have_text(re.compile(r"[1-9]\d?% of"))
        # Chromium lets a request that is under way go on when it plays offline: pause between two.
        await page.get_by_role("button", name="Pause").click()
        await page.route("**/uploads/**", lambda route: route.abort("connectionrefused"))
        await page.get_by_role("button", name="Go on").click()
        await expect(words).to_contain_text("The connection is gone.", timeout=20_000)
        assert await studio.received() < FILM_BYTES
        await page.unroute("**/uploads/**")
        await network(session, -1)
        await expect(page.locator(".film-work")).to_be_visible(timeout=40_000)
        assert await studio.received() == FILM_BYTES


async def test_a_network_that_goes_with_the_last_byte_costs_no_page(
    browser: Browser, studio: Studio, film: Path
) -> None:
    async with visit(browser, studio, locale="en-GB") as page:
        await page.route(studio.address, lambda route: route.abort("internetdisconnected"))
        await page.set_input_files("#upload-file", film)
        words = page.locator("[data-words]")
        await expect(words).to_contain_text("has arrived and is safe.", timeout=20_000)
        await expect(page.get_by_role("button", name="Pause")).to_be_hidden()
        assert await studio.received() == FILM_BYTES
        await page.unroute(studio.address)
        await expect(page.locator(".film-work")).to_be_visible(timeout=20_000)


async def test_cancel_removes_what_arrived(
    browser: Browser, studio: Studio, film: Path, small_pieces: None
) -> None:
    async with visit(browser, studio, locale="en-GB") as page:
        await slow(page, 600_000)
        await page.set_input_files("#upload-file", film)
        await expect(page.locator("[data-words]")).to_have_text(re.compile(r"[1-9]\d?% of"))
        await page.get_by_role("button", name="Stop and remove what arrived").click()
        await expect(page.locator("[data-area]")).to_be_visible()
        await expect(page.locator("[data-said]")).to_have_text("What arrived was removed.")
        await page.wait_for_function("() => localStorage.length === 0")
    assert await studio.pool.fetchval("select state from uploads") == "ended"


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("les.pptx", 10, "PowerPoint"),
        ("montage.prproj", 10, "Adobe Premiere Pro"),
        ("foto.jpg", 10, "This file is not a film (a picture)"),
        ("lied.mp3", 10, "sound but no picture"),
        ("leeg.mp4", 0, "The file is empty"),
    ],
)
async def test_a_wrong_file_is_refused_before_it_is_sent(
    browser: Browser, studio: Studio, tmp_path: Path, name: str, size: int, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"x" * size)
    async with visit(browser, studio, locale="en-GB") as page:
        await page.set_input_files("#upload-file", path)
        await expect(page.locator("[data-problem]")).to_contain_text(words)
        await expect(page.locator("[data-area]")).to_be_visible()
    assert await studio.pool.fetchval("select count(*) from uploads") == 0


async def test_a_refusal_of_the_server_is_told_in_the_readers_language(
    browser: Browser, studio: Studio, film: Path
) -> None:
    await studio.pool.execute("update companies set quota_bytes = 1000")
    async with visit(browser, studio, locale="nl-NL") as page:
        await page.context.add_cookies([{"name": "language", "value": "nl", "url": studio.origin}])
        await page.reload()
        await page.set_input_files("#upload-file", film)
        await expect(page.locator("[data-problem]")).to_contain_text("Je bedrijf heeft hier nog")
        await expect(page.locator("[data-area]")).to_be_visible()


async def test_a_disk_that_fills_up_on_the_way_is_told_and_kept(
    browser: Browser,
    studio: Studio,
    film: Path,
    small_pieces: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put = Storage.put

    async def fills_up(self: Storage, key: str, data: bytes, **options: Any) -> None:
        if "/000005-" in key and is_full:
            raise StorageError("no_space")
        await put(self, key, data, **options)

    is_full = True
    monkeypatch.setattr(Storage, "put", fills_up)
    async with visit(browser, studio, locale="en-GB") as page:
        await page.set_input_files("#upload-file", film)
        await expect(page.locator("[data-problem]")).to_contain_text(
            "no room left on this server", timeout=30_000
        )
        assert 500_000 <= await studio.received() < FILM_BYTES
        is_full = False
        await page.get_by_role("button", name="Go on").click()
        await expect(page.locator(".film-work")).to_be_visible(timeout=20_000)
        assert await studio.received() == FILM_BYTES


async def test_a_film_may_be_dropped(browser: Browser, studio: Studio) -> None:
    async with visit(browser, studio, locale="en-GB") as page:
        data = await page.evaluate_handle(
            """() => {
                const data = new DataTransfer();
                data.items.add(new File(["x".repeat(5000)], "film.mov", {type: "video/quicktime"}));
                return data;
            }"""
        )
        await page.dispatch_event("[data-area]", "drop", {"dataTransfer": data})
        await expect(page.locator(".film-work")).to_be_visible(timeout=20_000)
    assert await studio.received() == 5000


async def test_keyboard_and_axe_on_a_small_phone(
    browser: Browser, studio: Studio, film: Path, small_pieces: None
) -> None:
    async with visit(browser, studio, viewport={"width": 320, "height": 640}) as page:
        await page.locator("#upload-file").focus()
        await expect(page.get_by_label("Choose a film")).to_be_focused()
        await no_axe_findings(page)
        await slow(page, 600_000)
        await page.set_input_files("#upload-file", film)
        await expect(page.get_by_role("button", name="Pause")).to_be_focused()
        await expect(page.get_by_role("progressbar")).to_be_visible()
        await no_axe_findings(page)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Go on")).to_be_focused()
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320


async def no_axe_findings(page: Page) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in web/")
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run('.upload').then(r => r.violations.map(v => v.help))")
    assert found == []
