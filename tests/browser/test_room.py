"""The pages of a live room in a real Chromium, with a room that says what a test wants."""

import asyncio
from typing import Any, Literal

import pytest
from playwright.async_api import Dialog, expect

from media.live.answers import Candidate, Local, Outgoing, viewer_answer
from media.live.sdp import read_offer
from tests.browser.room_stand import (
    BRAM,
    CONNECTION,
    PAGES,
    RoomStand,
    track,
)
from tests.browser.room_visit import ON_STAGE, PHONE, Visitor, until
from tests.support.served import free_port

pytestmark = pytest.mark.browser

DESK = {"width": 1280, "height": 900}
BEAMER = {"width": 1920, "height": 1080}
VIOLATIONS = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(', ')}`)"""
WIDTH = "document.scrollingElement.scrollWidth"


# --- every form of every page --------------------------------------------------------------------


LOOKS: tuple[tuple[str, dict[str, int], Literal["light", "dark"]], ...] = (
    ("nl", PHONE, "light"), ("en", DESK, "dark"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "language", "size", "scheme"),
    [*((name, *look) for name in PAGES for look in LOOKS), ("beamer", "nl", BEAMER, "light")],
)
async def test_a_page_is_sound(
    visitor: Visitor, name: str, language: str, size: Any, scheme: Literal["light", "dark"]
) -> None:
    visitor.stand.stage = {"tracks": ON_STAGE, "is_on_air": True}
    page = visitor.page
    await page.set_viewport_size(size)
    # A button that has just been set free is, for a moment, neither of its colours.
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    cookie = {"name": "language", "value": language, "url": visitor.stand.url}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    await visitor.open(name)
    if await page.locator("[data-presenters]").count():
        await expect(page.locator("[data-presenters]")).to_have_text("Anna Bakker")
    assert await visitor.eval(VIOLATIONS) == []
    assert await visitor.eval(WIDTH) <= size["width"]


# --- the line to the room ------------------------------------------------------------------------


async def test_a_page_says_hello_and_answers_the_ping(visitor: Visitor) -> None:
    await visitor.open("viewer")
    heard = visitor.stand.heard
    await until(lambda: len(heard) > 2)
    assert heard[0] == {"do": "hello", "since": 0, "connection": None}
    pong = {key: value for key, value in heard[1].items() if key != "number"}
    assert pong == {
        "do": "pong", "is_flowing": False, "is_shown": True, "is_audible": True, "rung": "none",
        "quality": None,
    }  # fmt: skip
    assert [one["number"] for one in heard[1:3]] == [1, 2]


async def test_a_line_that_ends_is_made_anew_as_the_same_visit(visitor: Visitor) -> None:
    stand = visitor.stand
    await visitor.open("viewer")
    await until(lambda: stand.sockets)
    await stand.tell(event="off_air", number=9, at=0)
    await stand.hang_up()
    await until(lambda: len(hellos(stand)) == 2)
    assert hellos(stand)[1] == {"do": "hello", "since": 9, "connection": CONNECTION}


def hellos(stand: RoomStand) -> list[dict[str, Any]]:
    return [one for one in stand.heard if one["do"] == "hello"]


async def test_what_the_room_says_stands_on_the_page(visitor: Visitor) -> None:
    stand, page = visitor.stand, await visitor.open("viewer")
    await until(lambda: stand.sockets)
    await expect(page.locator("[data-stage-words]")).to_contain_text("The room is open")
    await stand.put_on(*ON_STAGE, track(1, member=BRAM, name="Bram de Boer", source="screen"))
    await expect(page.locator("[data-presenters]")).to_have_text("Anna Bakker and Bram de Boer")
    await expect(page.locator(".room-now [data-on-air]")).to_be_visible()
    await expect(page.locator("[data-said]")).to_have_text("The room is live")
    await stand.tell(event="viewers", count=1412)
    await expect(page.locator("[data-viewers]")).to_have_text("1412")
    await stand.put_on()
    await expect(page.locator("[data-presenters]")).to_have_text("Nobody yet")
    await expect(page.locator(".room-now [data-off-air]")).to_be_visible()


async def test_a_room_that_closes_says_so_and_is_left_alone(visitor: Visitor) -> None:
    stand, page = visitor.stand, await visitor.open("viewer")
    await until(lambda: stand.sockets)
    await stand.tell(event="closed", why="session_over")
    await expect(page.locator("[data-stage-words]")).to_contain_text("The lesson is over")
    await expect(page.locator("[data-presenters]")).to_have_text("–")
    await until(lambda: not stand.sockets)
    offers = len(stand.posts_to("/rooms/r1/whep"))
    await page.wait_for_timeout(1500)
    assert len(hellos(stand)) == 1
    assert len(stand.posts_to("/rooms/r1/whep")) <= offers + 1


async def test_a_wish_is_told_and_kept_on_the_device(visitor: Visitor) -> None:
    stand, page = visitor.stand, await visitor.open("viewer")
    await until(lambda: stand.sockets)
    await page.get_by_label("sound only").check()
    await until(lambda: {"do": "want", "wish": "audio"} in stand.heard)
    await page.reload()
    await expect(page.get_by_label("sound only")).to_be_checked()


async def test_a_device_with_another_place_loads_its_page_anew(visitor: Visitor) -> None:
    stand, page = visitor.stand, await visitor.open("companion")
    await until(lambda: stand.sockets)
    assert stand.posts_to("/rooms/r1/whep") == [], "a phone beside the screen takes no picture"
    stand.seat_kind = "own"
    async with page.expect_navigation():
        await stand.hang_up()


async def test_keys_work_on_the_stage_and_nowhere_else(visitor: Visitor) -> None:
    page = await visitor.open("viewer")
    await until(lambda: visitor.stand.sockets)
    await visitor.stand.put_on(track(0), track(1, source="screen"))
    sound = page.locator("[data-bar] button").first
    await page.locator("main").focus()
    await page.keyboard.press("m")
    await expect(sound).to_have_attribute("aria-label", "Sound off")
    await page.locator("[data-stage]").focus()
    await page.keyboard.press("m")
    await expect(sound).to_have_attribute("aria-label", "Sound on")
    await expect(page.locator("[data-place=main]")).to_have_attribute("data-source", "screen")
    await page.keyboard.press("p")
    await expect(page.locator("[data-place=main]")).to_have_attribute("data-source", "camera")


# --- the way to the stage ------------------------------------------------------------------------


async def test_a_busy_stage_is_asked_again(visitor: Visitor) -> None:
    visitor.stand.stage = {"tracks": ON_STAGE, "is_on_air": True}
    page = await visitor.open("viewer")
    await expect(page.locator("[data-stage-words]")).to_contain_text("The stage is busy")
    await until(lambda: len(visitor.stand.posts_to("/rooms/r1/whep")) >= 3)


async def test_who_was_removed_is_told_and_asks_no_more(visitor: Visitor) -> None:
    visitor.stand.offer_status = 403
    page = await visitor.open("viewer")
    await expect(page.locator("[data-stage-words]")).to_contain_text("not open any more")
    await page.wait_for_timeout(1500)
    assert len(visitor.stand.posts_to("/rooms/r1/whep")) == 1


async def test_who_comes_before_the_beginning_asks_when_it_is_live(visitor: Visitor) -> None:
    stand = visitor.stand
    stand.is_before_live, stand.offer_status = True, 425
    stand.stage = {"tracks": ON_STAGE, "is_on_air": True}
    page = await visitor.open("viewer")
    await expect(page.locator("[data-stage-words]")).to_contain_text("The picture comes by itself")
    await stand.tell(event="live_restarted", epoch=2)
    await page.wait_for_timeout(800)
    assert stand.posts_to("/rooms/r1/whep") == []
    await stand.tell(event="phase", number=8, at=0, phase="live")
    await until(lambda: len(stand.posts_to("/rooms/r1/whep")) >= 2)


async def test_a_line_made_anew_tells_that_it_is_live_by_now(visitor: Visitor) -> None:
    stand = visitor.stand
    stand.is_before_live, stand.stage = True, {"tracks": ON_STAGE, "is_on_air": True}
    page = await visitor.open("viewer")
    await expect(page.locator("[data-stage-words]")).to_contain_text("The picture comes by itself")
    offers: list[str] = []
    await page.route("**/rooms/r1/whep*", lambda route: offers.append(route.request.url))
    stand.is_before_live = False
    await stand.hang_up()
    await until(lambda: len(offers) == 1)
    words = page.locator("[data-stage-words]")
    await expect(words).not_to_contain_text("comes by itself", timeout=1000)  # before an answer
    await stand.tell(event="live_restarted", epoch=2)
    await until(lambda: len(offers) == 2)


async def test_a_page_whose_sign_in_was_ended_is_loaded_anew(visitor: Visitor) -> None:
    page = await visitor.open("viewer")
    await until(lambda: visitor.stand.sockets)
    await page.route(page.url, lambda route: route.fulfill(status=401, body="Sign in"))
    await visitor.stand.tell(event="closed", why="signed_out")
    await expect(page.locator("body")).to_have_text("Sign in")


async def test_an_offer_asks_for_four_pictures_and_four_voices(visitor: Visitor) -> None:
    await visitor.open("viewer")
    await until(lambda: visitor.stand.posts_to("/rooms/r1/whep"))
    offer = read_offer(visitor.stand.posts_to("/rooms/r1/whep")[0])
    assert [one.kind for one in offer.media] == ["video"] * 4 + ["audio"] * 4
    assert {one.direction for one in offer.media} == {"recvonly"}


def nobody_there(offer: str) -> str:
    """The answer of a stage at which nobody listens."""
    local = Local(
        "ufragufrag", "password-password-password", ("sha-256", ":".join(["AB"] * 32)),
        (Candidate("udp", "127.0.0.1", free_port()),),
    )  # fmt: skip
    read = read_offer(offer)
    outgoing = [
        Outgoing(1000 + i, 2000 + i if one.kind == "video" else 0, "c", "s", f"t{i}")
        for i, one in enumerate(read.media)
    ]
    return viewer_answer(read, local, outgoing)


async def test_where_no_way_gets_through_a_sentence_comes_within_six_seconds(
    visitor: Visitor,
) -> None:
    stand = visitor.stand
    stand.stage = {"tracks": ON_STAGE, "is_on_air": True}
    stand.answer = nobody_there
    page = await visitor.open("viewer")
    await until(lambda: stand.posts_to("/rooms/r1/whep"))
    began = asyncio.get_running_loop().time()
    await expect(page.locator("[data-stage-words]")).to_contain_text("do not get through")
    assert asyncio.get_running_loop().time() - began < 6.5
    await expect(page.locator("[data-connection]")).to_have_text("no connection")
    assert f"{stand.url.removeprefix('http://')}/check" in await page.inner_text("[data-stage]")
    await until(lambda: len(stand.posts_to("/rooms/r1/whep")) == 2)


# Playwright's own looks at a page count as a press for Chromium: so presses are counted by hand.
BLOCK_SOUND = """
  let isPressed = false;
  addEventListener('click', () => (isPressed = true), true);
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (this.muted || isPressed) return play.call(this);
    return Promise.reject(new DOMException('no', 'NotAllowedError'));
  };
"""


async def test_a_browser_that_blocks_sound_is_asked_by_one_press(visitor: Visitor) -> None:
    stand = visitor.stand
    stand.answer = nobody_there
    await visitor.page.add_init_script(BLOCK_SOUND)
    page = await visitor.open("viewer")
    await expect(page.locator(".stage-sound")).to_be_visible()
    await until(lambda: any(one.get("is_audible") is False for one in stand.heard))
    await page.click(".stage-sound")
    await expect(page.locator(".stage-sound")).to_be_hidden()
    heard = len(stand.heard)
    await until(lambda: any(one.get("is_audible") for one in stand.heard[heard:]))


# --- the classroom screen ------------------------------------------------------------------------


async def test_the_screen_asks_how_many_pupils_and_then_shows_the_stage(visitor: Visitor) -> None:
    stand, page = visitor.stand, visitor.page
    await page.set_viewport_size(BEAMER)  # type: ignore[arg-type]
    await visitor.open("beamer")
    await until(lambda: stand.sockets)
    await until(lambda: any(one["do"] == "pong" for one in stand.heard))
    assert not [one for one in stand.heard if one.get("is_audible")]
    await page.fill("#pupils", "")
    await page.click("[data-start] button")
    await expect(page.locator("[data-part=join] [data-note]")).to_have_text(
        "Type how many pupils are there."
    )
    await page.fill("#pupils", "26")
    await page.click("[data-start] button")
    await expect(page.locator("[data-part=stage]")).to_be_visible()
    assert stand.posts_to("/declared") == [{"pupils": 26, "is_end": False}]
    await until(lambda: any(one.get("is_audible") for one in stand.heard))
    await page.click("[data-done]")
    await expect(page.locator("[data-confirm] button")).to_have_text("Right: 26 pupils")
    await page.click("[data-confirm] button")
    await expect(page.locator("[data-part=over]")).to_be_visible()
    assert stand.posts_to("/declared")[-1] == {"pupils": 26, "is_end": True}
    await until(lambda: not stand.sockets)


async def test_who_ends_a_webinar_hears_which_questions_would_be_lost(visitor: Visitor) -> None:
    page, asked = await visitor.open("desk"), []

    async def no(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await dialog.dismiss()

    page.on("dialog", no)
    await until(lambda: visitor.stand.sockets)
    end = page.get_by_role("button", name="End for everybody")
    await visitor.stand.tell(event="phase", phase="live", at=0)
    await end.click()
    question = {
        "id": "q1", "part": "p1", "class_name": "3B", "region": "Twente", "seat": None, "at": 0,
        "text": "Hoe heet de pers?", "state": "passed", "held_for": [],
    }  # fmt: skip
    await visitor.stand.tell(event="waiting", question=question)
    await expect(page.locator("[data-queue] li")).to_contain_text("Hoe heet de pers?")
    await end.click()
    assert ["“Show to all”" in words for words in asked] == [False, True]
    assert "1 question waits" in asked[1]


async def test_after_the_end_nothing_is_offered_that_cannot_be_done(visitor: Visitor) -> None:
    page = await visitor.open("desk")
    await until(lambda: visitor.stand.sockets)
    await visitor.stand.tell(event="phase", phase="live", at=0)
    end = page.get_by_role("button", name="End for everybody")
    cue = page.get_by_role("button", name="Five minutes left")
    await expect(end.and_(page.locator(":visible"))).to_have_count(1)
    await expect(cue).to_be_visible()
    await expect(page.get_by_role("link", name="What came of it")).to_be_hidden()
    await visitor.stand.tell(event="closed", why="room_closed")
    await expect(end).to_have_count(0)
    await expect(cue).to_be_hidden()
    await expect(page.get_by_role("link", name="What came of it")).to_be_visible()

    page = await visitor.open("viewer")
    await until(lambda: visitor.stand.sockets)
    await expect(page.locator("[aria-controls=talk-ask]")).to_be_visible()
    await visitor.stand.tell(event="closed", why="room_closed")
    await expect(page.locator("[aria-controls=talk-ask]")).to_be_hidden()
    await expect(page.locator("[data-phase-words]")).to_contain_text("You can close this page")


@pytest.mark.parametrize(("why", "part"), [("room_closed", "end"), ("session_over", "over")])
async def test_a_room_that_closes_asks_the_screen_how_many_there_were(
    visitor: Visitor, why: str, part: str
) -> None:
    page = await visitor.open("beamer")
    await until(lambda: visitor.stand.sockets)
    await visitor.stand.tell(event="closed", why=why)
    await expect(page.locator(f"[data-part={part}]")).to_be_visible()


@pytest.mark.parametrize("why", ["room_closed", "session_over"])
async def test_the_camera_of_a_class_goes_out_with_its_lesson(visitor: Visitor, why: str) -> None:
    page = await visitor.open("beamer")
    await until(lambda: visitor.stand.sockets)
    on = {"part": "", "is_on_stage": True}
    await visitor.stand.tell(event="room", phase="live", phase_at=0, classes=[on])
    await expect(page.locator("[data-class-stage]")).not_to_have_attribute("hidden", "")
    await visitor.eval("document.querySelector('[data-camera-on]').click()")
    picture = page.locator("[data-class-stage] video")
    await expect(picture).not_to_have_attribute("hidden", "")
    await picture.evaluate("(video) => void (window.sent = video.srcObject.getTracks())")
    await visitor.stand.tell(event="closed", why=why)
    await expect(picture).to_have_attribute("hidden", "")
    assert await visitor.eval("window.sent.map((one) => one.readyState)") == ["ended"]


# --- the test of the way -------------------------------------------------------------------------


async def test_the_check_says_each_way_and_gives_a_text(visitor: Visitor) -> None:
    visitor.stand.answer = nobody_there
    page = await visitor.open("check")
    await page.click("[data-begin]")
    await expect(page.locator("[data-way=udp] [data-result]")).to_have_text("Does not get through")
    await expect(page.locator("[data-way=tcp] [data-result]")).to_have_text("Does not get through")
    await expect(page.locator("[data-way=turn] [data-result]")).to_have_text(
        "Not set up on this Porthole"
    )
    await expect(page.locator("[data-sum]")).to_contain_text("do not come in")
    text = await page.input_value("#report")
    assert "Directly, over UDP: Does not get through" in text
    assert "UDP to 127.0.0.1 port" in text
    kept = visitor.stand.posts_to("/check/result")[0]["results"]
    assert [(one["rung"], one["result"]) for one in kept] == [
        ("udp", "fails"), ("tcp", "fails"), ("turn", "absent"),
    ]  # fmt: skip
