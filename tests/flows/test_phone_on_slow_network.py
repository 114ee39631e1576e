"""A pupil's phone on a slow network: from the QR code to a seat, from there to a question."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import CDPSession, Page, expect

from rooms.agenda import room_sessions
from rooms.attendance import seats
from rooms.people import sign_ins
from server import database
from server.auth import COOKIE, SEAT_COOKIE
from tests.support.chromium import light_chromium
from tests.support.databases import fresh_database
from tests.support.floor import settings_in
from tests.support.lessons import a_class, a_world
from tests.support.live_rooms import a_room
from tests.support.served import served
from tests.support.sockets import a_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

PHONE = {"width": 360, "height": 640}
# "Slow 3G" as WebPageTest has it.
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
SEATED_S, ASKED_S = 20.0, 60.0
MOST_BYTES = 150_000
MEDIA = """() => [window.peers, document.querySelectorAll('video, audio').length]"""
COUNT_PEERS = """window.peers = 0;
const Made = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Made {
  constructor(...all) {
    super(...all);
    window.peers += 1;
  }
};
"""
# As a browser has it where a class reaches us by address over plain HTTP.
PLAIN_HTTP = "delete Crypto.prototype.randomUUID;"


@dataclass
class School:
    """A class with its screen on and its teacher at her queue, in a live room."""

    url: str
    link: str
    stack: AsyncExitStack

    async def adult(self, room: str, cookie: str) -> None:
        """Somebody's page that says that it is there."""
        at = self.url.replace("http:", "ws:")
        page = await self.stack.enter_async_context(a_page(at, room, cookie, self.url))
        await page.hello()

        async def answer() -> None:
            while True:
                await page.next()

        task = asyncio.create_task(answer())
        self.stack.callback(task.cancel)


@pytest.fixture
async def school(server_dsn: str, tmp_path: Path) -> AsyncIterator[School]:
    now = datetime.now(UTC)
    async with fresh_database(server_dsn) as dsn, AsyncExitStack() as stack:
        pool = await database.connect_pool(dsn, max_size=1)
        async with pool.acquire() as conn, conn.transaction():
            world = await a_world(conn)
            room = await a_room(conn, world, now)
            made = await a_class(conn, world)
            part = await room_sessions.take_part(conn, world.scope, room.id, made.id, now)
            key = (conn, world.programme.id, part.session_class_id, None, now)
            _, screen = await seats.become_beamer(*key)
            person = world.teacher.id
            teacher = await sign_ins.start(conn, person, now=now, programme_id=world.programme.id)
        await pool.close()
        url = await stack.enter_async_context(served(settings_in(tmp_path), dsn))
        there = School(url, f"{url}/j/{made.link_token}", stack)
        await there.adult(str(room.id), f"{SEAT_COOKIE}={screen}")
        await there.adult(str(room.id), f"{COOKIE}={teacher}")
        yield there


@dataclass
class Wire:
    """What came over a phone's network so far."""

    octets: int = 0

    def listen(self, session: CDPSession) -> None:
        """Counts bodies and heads as they came, packed, and each frame of a socket."""

        def finished(told: dict[str, Any]) -> None:
            self.octets += int(told["encodedDataLength"])

        def framed(told: dict[str, Any]) -> None:
            self.octets += len(told["response"]["payloadData"])

        session.on("Network.loadingFinished", finished)
        session.on("Network.webSocketFrameReceived", framed)


async def on_slow_network(page: Page) -> Wire:
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", SLOW)
    wire = Wire()
    wire.listen(session)
    return wire


async def test_from_the_qr_code_to_a_question(school: School) -> None:
    async with light_chromium() as browser:
        context = await browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True)  # type: ignore[arg-type]
        page = await context.new_page()
        page.set_default_timeout(60_000)
        await page.add_init_script(COUNT_PEERS + PLAIN_HTTP)
        wire = await on_slow_network(page)
        clock = asyncio.get_running_loop().time
        began = clock()
        await page.goto(school.link, wait_until="commit")  # the camera opens it: no tap of ours
        await page.locator("main .button-next").tap()
        await page.locator("[data-talk]").wait_for()
        seated_s, octets = clock() - began, wire.octets
        await page.locator("[aria-controls=talk-ask]").tap()
        await page.fill("#question", "Hoe word je lasser?")
        await page.locator("[data-asking] button").tap()
        await expect(page.locator("[data-own] li")).to_contain_text("At your teacher")
        asked_s = clock() - began
        print(f"seated after {seated_s:.1f} s with {octets} octets, asked after {asked_s:.1f} s")
        assert seated_s <= SEATED_S
        assert asked_s <= ASKED_S
        assert octets <= MOST_BYTES
        assert await page.evaluate(MEDIA) == [0, 0]
        async with page.expect_navigation():
            await page.locator("form[action$='/watch'] button").tap()
        async with asyncio.timeout(30):
            while not await page.evaluate("window.peers"):
                await asyncio.sleep(0.2)
