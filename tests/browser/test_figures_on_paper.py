"""Lists behind figures on paper: a long one begins on the first sheet, a short one stays whole."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rooms.attendance import kpi_rows
from rooms.people import sign_ins
from server import database
from server.auth import COOKIE
from tests.support.chromium import light_chromium
from tests.support.databases import fresh_database
from tests.support.floor import settings_in
from tests.support.histories import NOW, a_history
from tests.support.people import a_person, a_role
from tests.support.served import served

pytestmark = pytest.mark.browser


@pytest.fixture
async def office(server_dsn: str, tmp_path: Path) -> AsyncIterator[tuple[str, str]]:
    """(address of the house, the office's cookie): a school year in which much was hosted."""
    settings = settings_in(tmp_path)
    async with fresh_database(server_dsn) as dsn:
        pool = await database.connect_pool(dsn, max_size=2)
        async with pool.acquire() as conn, conn.transaction():
            history = await a_history(conn, "paper", 5, lessons=90, schools=9)
            await kpi_rows.run(conn, NOW)
            person = await a_person(conn)
            await a_role(conn, history.programme, person, "bureau")
            token = await sign_ins.start(
                conn, person.id, now=datetime.now(UTC), programme_id=history.programme.id
            )
        await pool.close()
        async with served(settings, dsn) as url:
            yield url, token


async def test_a_long_list_begins_where_it_stands(office: tuple[str, str]) -> None:
    url, token = office
    found = {}
    async with light_chromium() as browser, await browser.new_context() as context:
        await context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        page = await context.new_page()
        await page.emulate_media(media="print")
        for of in ("sessions", "companies"):
            await page.goto(f"{url}/kpis/hosted?year=2025&of={of}", wait_until="load")
            found[of] = (
                await page.locator("tbody tr").count(),
                await page.locator("table").evaluate("one => getComputedStyle(one).breakInside"),
            )
    (many, splits), (few, stays) = found["sessions"], found["companies"]
    assert many > 20 > few > 1
    assert (splits, stays) == ("auto", "avoid")
