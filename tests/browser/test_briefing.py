"""The briefing on paper: one page, also with the longest texts a teacher can write."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from rooms.agenda import request_answers
from rooms.agenda.request_drafts import GOAL_LENGTH, KNOWN_LENGTH, SETUP, SUBJECT_LENGTH
from server import database
from tests.support.chromium import light_chromium
from tests.support.databases import fresh_database
from tests.support.floor import settings_in
from tests.support.pages import cookies
from tests.support.served import served
from tests.support.whole import a_whole

pytestmark = pytest.mark.browser

LONG = "Zij begrijpen waarom corrosiebescherming onderhoud bespaart.\n\n"


@pytest.fixture
async def printed(server_dsn: str, tmp_path: Path) -> AsyncIterator[tuple[str, str, str]]:
    """(address of the house, path of the fullest briefing, its teacher's cookie)."""
    settings = settings_in(tmp_path)
    async with fresh_database(server_dsn) as dsn:
        pool = await database.connect_pool(dsn, max_size=2)
        async with pool.acquire() as conn, conn.transaction():
            world = await a_whole(conn, "Zilver", settings, datetime.now(UTC))
            request_id = UUID(world.at["agreed"])
            known = (LONG * 20)[:KNOWN_LENGTH]
            await request_answers.tell_more(
                conn, world.scope("teacher"), request_id, known, SETUP, world.now
            )
            await conn.execute(
                "update requests set goal = $2, subject = $3 where id = $1",
                request_id, (LONG * 20)[:GOAL_LENGTH], ("Onderhoud " * 9)[:SUBJECT_LENGTH],
            )  # fmt: skip
            [(name, token)] = (await cookies(conn, world))["teacher"].items()
        await pool.close()
        async with served(settings, dsn) as url:
            yield url, f"/requests/{request_id}/briefing", f"{name}={token}"


async def test_it_prints_on_one_page(printed: tuple[str, str, str]) -> None:
    url, path, cookie = printed
    name, _, token = cookie.partition("=")
    for language in ("nl", "en"):
        jar = [
            {"name": one, "value": value, "url": url}
            for one, value in ((name, token), ("language", language))
        ]
        async with light_chromium() as browser, await browser.new_context() as context:
            await context.add_cookies(jar)  # type: ignore[arg-type]
            page = await context.new_page()
            await page.goto(f"{url}{path}", wait_until="load")
            paper = await page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page[^s]", paper)) == 1, language
