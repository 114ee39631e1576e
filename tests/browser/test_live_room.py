"""A live room from end to end: a presenter's browser, the live process, and who watches.

A presenter goes live with Chromium's camera (a pie that fills up every second) and its beep; a
class watches on a screen and on phones, over the real live process.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from rooms.people.classes import Class
from server import database
from server.config import Settings
from tests.support.chromium import light_chromium
from tests.support.databases import fresh_database
from tests.support.floor import settings_in
from tests.support.live.descriptions import Identity, Sent, presenter_offer
from tests.support.live.process import LiveProcess, a_live_process
from tests.support.pages import cookies
from tests.support.served import served
from tests.support.whole import Whole, a_whole

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

BEAMER = {"width": 1920, "height": 1080}
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}

PLAYED = """() => [...document.querySelectorAll('[data-place=main] video')]
  .map((video) => video.getVideoPlaybackQuality().totalVideoFrames)[0] ?? 0"""


@dataclass
class Rig:
    """The app and the live process on sockets, a browser, and who is who."""

    url: str
    dsn: str
    world: Whole
    jars: dict[str, dict[str, str]]
    browser: Browser
    live: LiveProcess
    settings: Settings
    wrongs: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def device(self, size: dict[str, int], who: str = "", **options: Any) -> Page:
        """A device of its own, signed in as `who` or as nobody."""
        context = await self.browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            locale="en-GB",
            permissions=["camera", "microphone"] if who == "editor" else [],
            color_scheme=os.environ.get("ROOM_SCHEME", "light"),  # type: ignore[arg-type]
            **options,
        )
        jar = {"language": os.environ.get("ROOM_LANGUAGE", "en"), **self.jars.get(who, {})}
        await context.add_cookies(
            [{"name": name, "value": value, "url": self.url} for name, value in jar.items()]
        )
        page = await context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self.wrongs.append(f"script: {error}"))
        page.on("request", lambda request: self.asked.append(request.url))
        return page

    async def a_room(self) -> str:
        """The address of a room a company's editor opened with one click."""
        page = await self.device(PHONE, "editor")
        await page.goto(f"{self.url}/rooms")
        await page.fill("#title", "In the rolling mill")
        await page.click("main .button-next")
        await page.wait_for_url("**/studio")
        address = page.url.removesuffix("/studio")
        await page.context.close()
        return address

    async def a_class_in(self, room: str) -> Class:
        """A class that takes part."""
        pool = await database.connect_pool(self.dsn, max_size=1)
        async with pool.acquire() as conn, conn.transaction():
            made = await self.world.a_class(conn, "3B")
        await pool.close()
        teacher = await self.device(DESK, "teacher")
        await teacher.request.post(f"{room}/classes", form={"class_id": str(made.id)})
        await teacher.context.close()
        return made

    async def phone_in(self, school_class: Class, room: str) -> Page:
        """A phone that came in with the class code."""
        phone = await self.device(PHONE)
        await phone.goto(f"{self.url}/join")
        await phone.locator("#code").fill(school_class.shown_code.lower())
        await phone.locator("main .button-next").click()
        await phone.wait_for_url(room)
        return phone

    def is_at_home(self) -> bool:
        """Whether every request stayed at our origin."""
        return all(one.startswith((self.url, "blob:", "data:")) for one in self.asked)


@asynccontextmanager
async def a_rig(server_dsn: str, home: Path) -> AsyncIterator[Rig]:
    """Everything, running."""
    async with a_live_process(home) as live, fresh_database(server_dsn) as dsn:
        settings = settings_in(home, live_port=live.port)
        pool = await database.connect_pool(dsn, max_size=2)
        async with pool.acquire() as conn, conn.transaction():
            world = await a_whole(conn, "Zilver", settings, datetime.now(UTC))
            jars = await cookies(conn, world)
        await pool.close()
        async with served(settings, dsn) as url, light_chromium() as browser:
            yield Rig(url, dsn, world, jars, browser, live, settings)


@pytest.fixture(scope="module")
async def rig(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    expect.set_options(timeout=30_000)
    async with a_rig(server_dsn, tmp_path_factory.mktemp("live")) as rig:
        yield rig
    expect.set_options(timeout=5_000)


async def look(page: Page, name: str) -> None:
    """A picture for whoever wants to look; ROOM_PICTURES says where."""
    if folder := os.environ.get("ROOM_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def until(true: Callable[[], Any], seconds: float = 30) -> None:
    """Waits for what `true()` finds."""
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.1)


async def plays(page: Page, seconds: float = 30) -> None:
    """Waits until the large picture of a page moves. A new connection counts from nought."""

    async def moves() -> bool:
        before = await page.evaluate(PLAYED)
        await asyncio.sleep(0.3)
        return bool(await page.evaluate(PLAYED) > before > 0)

    await until(moves, seconds)


async def go_live(studio: Page) -> None:
    await studio.locator("[data-broadcast][data-state=ready]").wait_for()
    await studio.click("[data-do=live]")
    await studio.locator("[data-broadcast][data-up]").wait_for()


async def test_a_class_watches_a_presenter(rig: Rig) -> None:
    room = await rig.a_room()
    studio = await rig.device(PHONE, "editor")
    await studio.goto(f"{room}/studio")
    await look(studio, "studio-ready")
    school_class = await rig.a_class_in(room)
    phone = await rig.phone_in(school_class, room)
    await expect(phone.locator("[data-stage-words]")).to_contain_text("The room is open")
    await look(phone, "phone-before")
    await go_live(studio)
    await plays(phone)
    await expect(phone.locator("[data-stage]")).to_have_attribute("data-rung", "udp")
    await expect(phone.locator("[data-connection]")).to_have_text("good")
    await expect(studio.locator("[data-viewers]")).to_have_text("1 viewer")
    await look(phone, "phone-live")
    await look(studio, "studio-live")
    assert rig.wrongs == []
    assert rig.is_at_home()
    await studio.click("[data-do=stop]")
    await expect(phone.locator("[data-stage-words]")).to_contain_text("The room is open")
    await studio.context.close()
    await phone.context.close()


CLICK_HIDE = """() => {
  document.querySelector('[data-do=hide]').click();
  return Date.now();
}"""
NOTE_STILL = """() => {
  const place = document.querySelector('[data-place=main]');
  const video = place.querySelector('video');
  window.stillAt = 0;
  window.lastFrameAt = Date.now();
  new MutationObserver(() => {
    if (place.hasAttribute('data-still') && !window.stillAt) window.stillAt = Date.now();
  }).observe(place, {attributes: true});
  const note = () => {
    window.lastFrameAt = Date.now();
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
}"""


@dataclass
class Lesson:
    """A presenter who is live and a phone that watches her, for one test after the other."""

    rig: Rig
    pages: tuple[Page, Page] | None = None

    async def goes_on(self) -> tuple[Page, Page]:
        """(studio, phone): those of the test before while the phone still plays, else new ones."""
        if self.pages is not None:
            with contextlib.suppress(TimeoutError):
                await plays(self.pages[1], 5)
                return self.pages
            await self.close()
        room = await self.rig.a_room()
        studio = await self.rig.device(PHONE, "editor")
        await studio.goto(f"{room}/studio")
        phone = await self.rig.phone_in(await self.rig.a_class_in(room), room)
        self.pages = studio, phone
        await go_live(studio)
        await plays(phone)
        return self.pages

    async def close(self) -> None:
        """Both leave."""
        for page in self.pages or ():
            await page.context.close()
        self.pages = None


@pytest.fixture(scope="class")
async def going_on(rig: Rig) -> AsyncIterator[Lesson]:
    lesson = Lesson(rig)
    yield lesson
    await lesson.close()


@pytest.fixture
async def lesson(going_on: Lesson) -> AsyncIterator[tuple[Page, Page]]:
    """A presenter who is live, and a phone that watches her."""
    yield await going_on.goes_on()
    assert going_on.rig.wrongs == []
    assert going_on.rig.is_at_home()


SCREEN = """() => {
  navigator.mediaDevices.getDisplayMedia = async () => {
    const canvas = Object.assign(document.createElement('canvas'), {width: 1280, height: 720});
    const pen = canvas.getContext('2d');
    let n = 0;
    setInterval(() => {
      pen.fillStyle = '#fdf1da';
      pen.fillRect(0, 0, 1280, 720);
      pen.fillStyle = '#14222b';
      pen.font = '80px sans-serif';
      pen.fillText(`Slide ${++n}`, 100, 300);
    }, 100);
    return canvas.captureStream(10);
  };
}"""


class TestWhileSheIsLive:
    """One presenter and one phone for all of it: to begin takes longer than what follows."""

    async def test_hide_puts_a_still_before_viewers_at_once(
        self, lesson: tuple[Page, Page]
    ) -> None:
        studio, phone = lesson
        await phone.evaluate(NOTE_STILL)
        hidden_at = await studio.evaluate(CLICK_HIDE)
        await expect(phone.locator("[data-place=main]")).to_have_attribute("data-still", "")
        await asyncio.sleep(1)
        still_ms = await phone.evaluate("window.stillAt") - hidden_at
        last_frame_ms = await phone.evaluate("window.lastFrameAt") - hidden_at
        print(f"hidden: last frame after {last_frame_ms} ms, still after {still_ms} ms")
        # Nothing leaves the device after the press; what is on its way has arrived by then.
        assert last_frame_ms < 1000
        assert still_ms < 1000
        await expect(phone.locator(".stage-still").first).to_have_text("Back in a moment")
        await look(phone, "phone-hidden")
        await look(studio, "studio-hidden")
        await studio.click("[data-do=show]")
        await expect(phone.locator("[data-place=main]")).not_to_have_attribute("data-still", "")
        await plays(phone)
        # Who left the stage in the dark stands in the light when she goes live again.
        await studio.click("[data-do=hide]")
        await expect(phone.locator("[data-place=main]")).to_have_attribute("data-still", "")
        await studio.click("[data-do=stop]")
        await studio.click("[data-do=open]")
        await go_live(studio)
        await plays(phone)
        await expect(phone.locator("[data-place=main]")).not_to_have_attribute("data-still", "")

    async def test_a_smaller_picture_comes_by_wish(self, lesson: tuple[Page, Page]) -> None:
        _, phone = lesson
        height = "document.querySelector('[data-place=main] video').videoHeight"

        async def is_large() -> bool:
            return bool(await phone.evaluate(height) >= 360)

        async def is_small() -> bool:
            return bool(await phone.evaluate(height) == 180)

        await until(is_large, 60)
        await phone.get_by_label("small, for a slow network").check()
        await until(is_small)
        await phone.get_by_label("sound only").check()
        await expect(phone.locator("[data-stage-words]")).to_have_text("sound only, as you chose")
        await phone.get_by_label("automatic").check()
        await until(is_large, 60)

    async def test_a_picture_is_back_after_live_was_killed(
        self, rig: Rig, lesson: tuple[Page, Page]
    ) -> None:
        _, phone = lesson
        await rig.live.kill()
        await asyncio.sleep(0.5)
        await rig.live.start()
        began = asyncio.get_running_loop().time()
        await plays(phone)
        took = asyncio.get_running_loop().time() - began
        print(f"picture back {took:.1f} s after live answers again")
        assert took < 10
        await expect(phone.locator("[data-stage-words]")).to_have_text("")

    async def test_a_silent_network_mends_itself(self, rig: Rig, lesson: tuple[Page, Page]) -> None:
        """The live process hears and says nothing for longer than a browser believes in it."""
        _, phone = lesson
        os.kill(rig.live.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(9)
        finally:
            os.kill(rig.live.pid, signal.SIGCONT)
        await plays(phone)

    async def test_a_screen_stands_large_beside_the_camera(
        self, rig: Rig, lesson: tuple[Page, Page]
    ) -> None:
        studio, phone = lesson
        await studio.evaluate(SCREEN)
        await studio.click("[data-do=screen]")
        main = phone.locator("[data-place=main]")
        await expect(main).to_have_attribute("data-source", "screen")
        await expect(phone.locator("[data-place=second]")).to_be_visible()
        await plays(phone)
        await look(phone, "phone-screen")
        await phone.set_viewport_size(DESK)  # type: ignore[arg-type]
        await look(phone, "desk-screen")
        await phone.locator("[data-place=second] button").click()
        await expect(main).to_have_attribute("data-source", "camera")
        await studio.locator("[data-monitor] summary").click()
        await expect(studio.locator("[data-monitor-pictures] [data-seen]").first).to_be_visible()
        await look(studio, "studio-screen")
        await studio.click("[data-do=screen]")
        await expect(phone.locator("[data-place=second]")).to_have_count(0)


async def test_a_class_watches_on_its_screen_and_a_phone_beside_it(rig: Rig) -> None:
    room = await rig.a_room()
    studio = await rig.device(DESK, "editor")
    await studio.goto(f"{room}/studio")
    school_class = await rig.a_class_in(room)
    await go_live(studio)
    await look(studio, "studio-desk")
    phone = await rig.phone_in(school_class, room)
    await plays(phone)
    screen = await rig.device(BEAMER, "teacher")
    await screen.goto(room)
    await look(screen, "teacher")
    await screen.goto(f"{room}/beamer")
    await screen.click("main .button-next")
    await expect(screen.locator("[data-part=join]")).to_be_visible()
    await look(screen, "beamer-join")
    # It watched by itself until now; with the class's screen there it is beside it.
    await expect(phone.locator(".room-beside")).to_be_visible()
    await screen.fill("#pupils", "27")
    await screen.click("[data-start] button")
    await plays(screen)
    await look(screen, "beamer-live")
    await expect(phone.locator("[data-presenters]")).not_to_have_text("Nobody yet")
    await look(phone, "companion")
    assert await phone.evaluate("document.querySelectorAll('video, audio').length") == 0
    await phone.click("form[action$='/watch'] button")
    await plays(phone)
    await screen.click("[data-done]")
    await screen.click("[data-confirm] button")
    await expect(screen.locator("[data-part=over]")).to_be_visible()
    for page in (studio, screen, phone):
        await page.context.close()
    assert rig.wrongs == []
    assert rig.is_at_home()


async def test_the_check_finds_both_direct_ways(rig: Rig) -> None:
    page = await rig.device(PHONE, "teacher")
    await page.goto(f"{rig.url}/check")
    await page.click("[data-begin]")
    await expect(page.locator("[data-way=udp] [data-result]")).to_contain_text("Works, in")
    await expect(page.locator("[data-way=tcp] [data-result]")).to_contain_text("Works, in")
    await expect(page.locator("[data-way=turn] [data-result]")).to_contain_text("Not set up")
    await expect(page.locator("[data-sum]")).to_contain_text("in the best way. Kept with")
    assert "Nothing has to be changed" in await page.input_value("#report")
    await look(page, "check")
    await page.context.close()


# Four others test, and go away without a word.
TESTS = """async (offer) => {
  const statuses = [];
  for (const ticket of [1, 2, 3, 4]) {
    const sent = {method: 'POST', headers: {'Content-Type': 'application/sdp'}, body: offer};
    statuses.push((await fetch(`/check/whip?ticket=${ticket}`, sent)).status);
  }
  return statuses;
}"""


async def test_a_presenter_tests_her_connection_when_it_is_her_turn(rig: Rig) -> None:
    room = await rig.a_room()
    studio = await rig.device(DESK, "editor")
    await studio.goto(f"{room}/studio")
    offer = presenter_offer(Identity("sha-256 " + ":".join(["AB"] * 32)), Sent())
    assert await studio.evaluate(TESTS, offer) == [201] * 4
    await studio.click("[data-do=test]")
    result = studio.locator("[data-test-result]")
    await expect(result).to_contain_text("number 1 in line")
    await expect(result).to_contain_text("good enough", timeout=60_000)
    await look(studio, "studio-tested")
    await studio.context.close()


async def test_a_class_comes_on_the_stage_and_is_cut_at_once(rig: Rig) -> None:
    room = await rig.a_room()
    school_class = await rig.a_class_in(room)
    screen = await rig.device(BEAMER, "teacher")
    await screen.context.grant_permissions(["camera", "microphone"])
    await screen.goto(f"{room}/beamer")
    await screen.locator("main form button").first.click()
    await screen.locator("#pupils").fill("24")
    await expect(screen.locator("[data-start] button")).to_have_text("Start: 24 pupils")
    await screen.locator("[data-start] button").click()
    await expect(screen.locator(".beamer-live")).to_be_visible()
    queue = await rig.device(PHONE, "teacher")
    await queue.goto(f"{room}/queue")
    desk = await rig.device(DESK, "editor")
    await desk.goto(f"{room}/desk")
    ours = desk.locator("[data-classes] li", has_text=school_class.name)
    await expect(ours).to_contain_text("screen on")
    panel = screen.locator("[data-class-stage]")
    await expect(panel).to_be_hidden()
    assert await ours.locator("[data-act=put]").count() == 0  # the teacher has not agreed

    await queue.locator("[data-consent]").check()
    await ours.locator("[data-act=put]").click()
    await expect(panel).to_contain_text("may come on the stage")
    await look(screen, "class-asked")
    await screen.locator("[data-camera-on]").click()
    await expect(panel).to_contain_text("is on the stage")
    await plays(desk)
    await look(screen, "class-on")
    await look(desk, "desk-class-on")
    await expect(queue.locator("[data-on-stage]")).to_be_visible()
    await queue.locator("[data-cut]").click()
    await expect(panel).to_be_hidden()
    assert (
        await screen.evaluate("document.querySelector('[data-class-stage] video').srcObject")
        is None
    )
    await expect(desk.locator("[data-stage]")).to_have_attribute("data-state", "closed")

    await ours.locator("[data-act=put]").click()
    await screen.locator("[data-camera-on]").click()
    await plays(desk)
    await ours.locator("[data-act=cut]").click()
    await expect(panel).to_be_hidden()
    await expect(desk.locator("[data-stage]")).to_have_attribute("data-state", "closed")
    assert rig.wrongs == []
    for page in (screen, queue, desk):
        await page.context.close()
