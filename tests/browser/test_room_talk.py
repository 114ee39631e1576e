"""What is said in a room, in real browsers: a question from a phone to the stage, a poll."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect

from rooms.agenda import sessions
from rooms.agenda.room_sessions import Part
from rooms.attendance import seats
from server import database
from server.auth import SEAT_COOKIE
from tests.support.chromium import light_chromium
from tests.support.databases import fresh_database
from tests.support.floor import settings_in
from tests.support.pages import cookies
from tests.support.served import served
from tests.support.whole import Whole, a_whole

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
BEAMER = {"width": 1920, "height": 1080}
PUPILS = 24


@dataclass
class Talk:
    """A room with two classes of one teacher: 3B has a screen and a phone, 4C has neither."""

    url: str
    room: str
    browser: Browser
    jars: dict[str, dict[str, str]]
    with_phone: Part
    without: Part
    wrongs: list[str] = field(default_factory=list)

    async def open(self, who: str, path: str, size: dict[str, int]) -> Page:
        """A device of its own at a page of the room."""
        context = await self.browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            color_scheme=os.environ.get("ROOM_SCHEME", "light"),  # type: ignore[arg-type]
        )
        jar = {"language": os.environ.get("ROOM_LANGUAGE", "en"), **self.jars[who]}
        await context.add_cookies(
            [{"name": name, "value": value, "url": self.url} for name, value in jar.items()]
        )
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.wrongs.append(f"{path}: {error}"))
        await page.goto(f"{self.url}/rooms/{self.room}{path}")
        return page


@pytest.fixture
async def talk(server_dsn: str, tmp_path: Path) -> AsyncIterator[Talk]:
    expect.set_options(timeout=20_000)
    settings = settings_in(tmp_path)
    async with fresh_database(server_dsn) as dsn:
        pool = await database.connect_pool(dsn, max_size=2)
        async with pool.acquire() as conn, conn.transaction():
            world = await a_whole(conn, "Zilver", settings, datetime.now(UTC))
            jars = await cookies(conn, world)
            room = await world.a_room(conn)
            with_phone = await _part(conn, world, room.id)
            without = await _part(conn, world, room.id)
            for who, sit in (("pupil", seats.sit), ("big screen", seats.become_beamer)):
                seat = (world.programme.id, with_phone.session_class_id)
                _, token = await sit(conn, *seat, None, world.now)
                jars[who] = {SEAT_COOKIE: token}
        await pool.close()
        async with served(settings, dsn) as url, light_chromium() as browser:
            yield Talk(url, str(room.id), browser, jars, with_phone, without)
    expect.set_options(timeout=5_000)


async def _part(conn: Any, world: Whole, room_id: UUID) -> Part:
    part = await world.a_part(conn, room_id)
    await sessions.declare(conn, world.programme.id, part.session_class_id, PUPILS, world.now)
    return part


async def look(page: Page, name: str) -> None:
    """A picture for whoever wants to look; ROOM_PICTURES says where."""
    if folder := os.environ.get("ROOM_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def ask(phone: Page, words: str) -> None:
    """Types a question on a pupil's phone and sends it."""
    await phone.get_by_label("Your question", exact=True).fill(words)
    await phone.locator("[data-asking] button").click()


async def test_a_question_goes_from_a_phone_to_the_stage(talk: Talk) -> None:
    queue = await talk.open("teacher", "/queue", PHONE)
    phone = await talk.open("pupil", "", PHONE)
    screen = await talk.open("big screen", "/beamer", BEAMER)
    desk = await talk.open("coordinator", "/desk", DESK)
    studio = await talk.open("editor", "/studio", PHONE)
    await screen.locator("[data-start] button").click()
    await expect(screen.locator(".beamer-live")).to_be_visible()

    # held back by the filter, and told so; nobody but the teacher reads it
    await expect(phone.locator("[data-silent]")).to_be_hidden()
    await phone.locator("[aria-controls=talk-ask]").click()
    held = "Can I call you at 06 12 34 56 78?"
    await ask(phone, held)
    await expect(phone.locator("[data-own] li")).to_contain_text("phone number")
    await look(phone, "phone-held")
    await expect(queue.locator("[data-queue] li")).to_contain_text(held)
    await expect(screen.locator("[data-waiting]")).to_have_text("1 question waits")
    assert held not in await screen.inner_text("body") + await desk.inner_text("body")
    await queue.locator("[data-act=not_now]").click()
    await expect(phone.locator("[data-own] li")).to_contain_text("not now")

    # passed on, then approved
    words = "How do you become a welder?"
    await ask(phone, words)
    await expect(queue.locator("[data-queue] li")).to_contain_text(words)
    await look(queue, "queue")
    assert words not in await desk.inner_text("body")
    await queue.locator("[data-queue] [data-act=passed]").click()
    await expect(phone.locator("[data-own] li").first).to_contain_text("At the moderator")
    await expect(desk.locator("[data-queue] li")).to_contain_text(words)
    assert words not in await studio.inner_text("body")
    await look(desk, "desk")
    await desk.locator("[data-queue] [data-act=on_stage]").click()
    await expect(studio.locator("[data-prompt-text]")).to_have_text(words)
    await expect(studio.locator("[data-prompt-by]")).to_contain_text(talk.with_phone.class_name)
    await expect(screen.locator("[data-screen-text]")).to_have_text(words)
    await expect(phone.locator("[data-staged-text]")).to_have_text(words)
    await desk.get_by_role("button", name="Five minutes left").click()
    await expect(studio.locator("[data-cue]")).to_have_text("Five minutes left")
    for page, name in ((studio, "studio"), (screen, "screen"), (phone, "phone"), (desk, "desk-on")):
        await look(page, name)
    await desk.locator("[data-staged] [data-act=answered]").click()
    await expect(screen.locator("[data-screen]")).to_be_hidden()
    await expect(phone.locator("[data-own] li").first).to_contain_text("Answered")

    # a poll, by phone in one class and by hands in the other
    await desk.get_by_text("Make a poll").click()
    await desk.locator("#poll-text").fill("What would you rather work with?")
    await desk.locator("#poll-choices").fill("A lathe\nA robot")
    await desk.locator("[data-poll-form] button").click()
    await phone.locator("[aria-controls=talk-vote]").click()
    await phone.get_by_label("A robot").check()
    await phone.locator("[data-poll] [data-act=send]").click()
    await expect(phone.locator("[data-poll]")).to_contain_text("Your vote is in")
    await look(phone, "phone-poll")
    await expect(screen.locator("[data-screen-poll]")).to_contain_text("A lathe")
    await look(screen, "screen-poll")
    hands = queue.locator(f"[data-part='{talk.without.session_class_id}'] [data-hands-form]")
    await hands.get_by_label("A lathe").fill(str(PUPILS + 1))
    await hands.locator("button").click()
    await expect(hands.locator("[data-problem]")).to_contain_text("More hands than pupils")
    await hands.get_by_label("A lathe").fill("20")
    await hands.locator("button").click()
    await expect(hands.locator("[data-kept]")).to_have_text("The hands are counted.")
    await look(queue, "queue-hands")
    await expect(desk.locator("[data-polls] li .talk-bars")).to_contain_text("of which 20 hands")
    assert "20" not in await screen.inner_text("[data-screen-poll]")
    await desk.get_by_role("button", name="Show the result").click()
    await expect(screen.locator("[data-screen-poll]")).to_contain_text("of which 20 hands")
    await look(screen, "screen-result")
    await look(desk, "desk-poll")
    assert talk.wrongs == []


async def test_a_class_without_its_adult_is_frozen_and_keeps_what_was_typed(talk: Talk) -> None:
    queue = await talk.open("teacher", "/queue", PHONE)
    phone = await talk.open("pupil", "", PHONE)
    await phone.locator("[aria-controls=talk-ask]").click()
    await phone.locator("#question").fill("Is it hot there?")
    await expect(phone.locator("[data-silent]")).to_be_hidden()
    await queue.close()
    await expect(phone.locator("[data-silent]")).to_contain_text("No adult of your class")
    await phone.locator("[data-asking] button").click()
    await expect(phone.locator("[data-asking] [data-problem]")).to_contain_text("No adult")
    await expect(phone.locator("#question")).to_have_value("Is it hot there?")
    queue = await talk.open("teacher", "/queue", PHONE)
    await expect(phone.locator("[data-silent]")).to_be_hidden()
    await phone.locator("[data-asking] button").click()
    await expect(phone.locator("[data-own] li")).to_contain_text("At your teacher")
    await expect(phone.locator("#question")).to_have_value("")
    assert talk.wrongs == []
