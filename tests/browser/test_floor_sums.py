"""What a page knows of its room, and its commands over a line that breaks, in a real browser."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.room_stand import RoomStand, room_stand
from tests.support.chromium import light_chromium

pytestmark = pytest.mark.browser

FLOOR = """async (told) => {
  const it = await import('/static/js/room/floor.js')
  const floor = it.emptyFloor()
  for (const one of told) it.take(floor, one)
  return {
    staged: it.staged(floor)?.id ?? null, wanted: it.wanted(floor).map(({ id }) => id),
    queue: it.queued(floor, 'passed').map(({ id }) => id), poll: it.pollNow(floor)?.id ?? null,
    silent: it.silence(floor, 'p1'),
  }
}"""
CAPTIONS = """async ([told, language]) => {
  const it = await import('/static/js/room/floor.js')
  const floor = it.emptyFloor()
  for (const caption of told) it.take(floor, { event: 'caption', caption })
  return it.captionsFor(floor, language).map(({ text }) => text)
}"""
ITEMS = "async (words) => (await import('/static/js/room/desk_flow.js')).itemsIn(words)"


@pytest.fixture(scope="module")
async def there() -> AsyncIterator[tuple[RoomStand, Page]]:
    async with room_stand() as stand, light_chromium() as browser:
        context = await browser.new_context(viewport={"width": 360, "height": 740})
        await context.add_cookies([{"name": "language", "value": "en", "url": stand.url}])
        page = await context.new_page()
        await page.goto(f"{stand.url}/page/none")
        yield stand, page


def question(name: str, state: str = "shown", **changes: Any) -> dict[str, Any]:
    whole = {"id": name, "class_name": "3B", "region": "Twente", "text": name, "state": state,
             "is_pinned": False, "votes": 0, "at": 1}  # fmt: skip
    return {**whole, **changes}


def poll(name: str, *, is_open: bool, is_shown: bool = False) -> dict[str, Any]:
    return {"id": name, "text": name, "choices": ["a", "b"], "is_multiple": False,
            "is_open": is_open, "is_shown": is_shown}  # fmt: skip


async def floor(page: Page, *told: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate(FLOOR, list(told))
    return found


def caption(name: str, number: int, text: str, language: str = "nl", at: int = 1) -> dict[str, Any]:
    return {"id": name, "number": number, "text": text, "language": language, "at": at}


async def test_captions_are_read_in_the_readers_language_as_they_were_typed_last(
    there: tuple[RoomStand, Page],
) -> None:
    _, page = there
    lines = [
        caption("b", 4, "Nu de pers.", at=2),
        caption("a", 3, "Goedemorgen."),
        caption("a", 1, "Goedemorg"),
        caption("gone", 5, "", at=3),
        caption("e", 6, "Good morning.", "en", at=4),
    ]
    assert await page.evaluate(CAPTIONS, [lines, "nl"]) == ["Goedemorgen.", "Nu de pers."]
    assert await page.evaluate(CAPTIONS, [lines, "en"]) == ["Good morning."]
    # nobody types in it: as it is typed now
    assert await page.evaluate(CAPTIONS, [lines[:4], "fr"]) == ["Goedemorgen.", "Nu de pers."]


async def test_a_floor_is_what_was_told(there: tuple[RoomStand, Page]) -> None:
    _, page = there
    told = [
        {"event": "room", "as_of": 1, "phase": "live", "phase_at": 0, "classes": [{"part": "p1"}],
         "questions": [question("old"), question("liked", votes=3), question("stage", "on_stage")]},
        {"event": "question", "number": 2, "question": question("pinned", is_pinned=True)},
        {"event": "counts", "votes": {"old": 9}},
        {"event": "waiting", "number": 3, "question": question("b", "passed", at=2)},
        {"event": "waiting", "number": 4, "question": question("a", "passed", at=1)},
    ]  # fmt: skip
    found = await floor(page, *told)
    assert found["wanted"] == ["pinned", "old", "liked"]
    assert (found["staged"], found["queue"], found["silent"]) == ("stage", ["a", "b"], "")
    gone = [
        {"event": "question", "number": 5, "question": question("stage", "archived", text="")},
        {"event": "gone", "number": 6, "question": "a", "state": "shown"},
        {"event": "class", "number": 7, "state": {"part": "p1", "is_frozen": True}},
    ]
    found = await floor(page, *told, *gone)
    assert (found["staged"], found["queue"], found["silent"]) == (None, ["b"], "class_frozen")


async def test_the_open_poll_matters_before_one_that_is_shown(
    there: tuple[RoomStand, Page],
) -> None:
    _, page = there
    shown = {"event": "poll", "number": 1, "poll": poll("shown", is_open=False, is_shown=True)}
    opened = {"event": "poll", "number": 2, "poll": poll("open", is_open=True)}
    closed = {"event": "poll", "number": 3, "poll": poll("open", is_open=False)}
    assert (await floor(page, shown))["poll"] == "shown"
    assert (await floor(page, opened, shown))["poll"] == "open"
    assert (await floor(page, opened, closed))["poll"] is None


async def test_a_running_order_is_typed_as_lines(there: tuple[RoomStand, Page]) -> None:
    _, page = there
    assert await page.evaluate(ITEMS, " 10 Round the workshop\n\nQuestions\n999 3D printers") == [
        {"minutes": 10, "title": "Round the workshop"},
        {"minutes": 5, "title": "Questions"},
        {"minutes": 240, "title": "3D printers"},
    ]


async def test_a_command_without_its_answer_is_said_again_on_the_next_line(
    there: tuple[RoomStand, Page],
) -> None:
    stand, page = there
    await page.goto(f"{stand.url}/page/companion")
    await page.locator("[aria-controls=talk-ask]").click()
    await page.locator("#question").fill("How hot is it?")
    await page.locator("[data-asking] button").click()
    first = await said(stand, 1)
    await stand.hang_up()
    again = await said(stand, 2)
    assert again == [*first, *first] and first[0]["text"] == "How hot is it?"
    await stand.tell(event="done", request=first[0]["request"])
    await expect(page.locator("#question")).to_have_value("")
    own = {"id": first[0]["question"], "state": "held", "held_for": ["phone"]}
    await stand.tell(event="own_question", number=9, question=own)
    await expect(page.locator("[data-own] li")).to_contain_text("How hot is it?")
    await expect(page.locator("[data-own] li")).to_contain_text("phone number")


async def said(stand: RoomStand, count: int) -> list[dict[str, Any]]:
    """The questions that were sent, once there are so many."""
    async with asyncio.timeout(20):
        while len(found := [one for one in stand.heard if one["do"] == "ask"]) < count:
            await asyncio.sleep(0.05)
    return found
