"""The studio of a live room in a real Chromium: going live, hiding, muting, a screen beside it."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, Page, expect

from media.live.sdp import read_offer
from tests.browser.room_stand import RoomStand, track
from tests.browser.room_visit import ON_STAGE, Visitor, until

pytestmark = pytest.mark.browser


async def live(visitor: Visitor) -> Page:
    """A presenter who pressed Go live."""
    page = await visitor.open("studio")
    await page.click("[data-do=live]")
    await until(lambda: visitor.stand.posts_to("/rooms/r1/whip"))
    return page


async def test_a_camera_that_was_allowed_stands_there_at_once(visitor: Visitor) -> None:
    page = await visitor.open("studio")
    await expect(page.locator("[data-broadcast]")).to_have_attribute("data-state", "ready")
    await page.mouse.click(5, 5)
    level = "document.querySelector('[data-level]').value"
    async with asyncio.timeout(20):
        while await visitor.eval(level) < 0.1:
            await asyncio.sleep(0.02)
    await expect(page.locator("[data-camera] option")).to_have_count(1)
    assert visitor.stand.posts_to("/rooms/r1/whip") == []


async def test_a_picture_is_offered_in_three_layers_with_h264_first(visitor: Visitor) -> None:
    await live(visitor)
    offer = read_offer(visitor.stand.posts_to("/rooms/r1/whip")[0])
    picture = next(one for one in offer.media if one.kind == "video")
    assert picture.rids == ("q", "h", "f")
    assert picture.codecs[0].name == "H264"
    first = re.search(r"^m=video \d+ \S+ (\d+)", visitor.stand.posts_to("/rooms/r1/whip")[0], re.M)
    assert first is not None
    assert int(first[1]) == picture.codecs[0].payload_type


CUT = """async () => {
  const began = performance.now();
  const preview = document.querySelector('[data-preview]');
  const tracks = preview.srcObject.getTracks();
  document.querySelector('[data-do=hide]').click();
  return {took: performance.now() - began, states: tracks.map((one) => one.readyState)};
}"""


async def test_hide_cuts_at_once_and_tells_the_room(visitor: Visitor) -> None:
    page = await live(visitor)
    cut = await visitor.eval(CUT)
    assert cut["states"] == ["ended"]
    assert cut["took"] < 300
    root = page.locator("[data-broadcast]")
    await expect(root).to_have_attribute("data-state", "hidden")
    await expect(page.locator("[data-picture-words]")).to_contain_text("Viewers see")
    await until(lambda: visitor.stand.posts_to("/rooms/r1/hide") == [{"hidden": True}])
    await page.click("[data-do=show]")
    await expect(root).to_have_attribute("data-state", "live")
    await until(lambda: visitor.stand.posts_to("/rooms/r1/hide")[-1] == {"hidden": False})


# A phone with a camera on either side; what it is asked for is noted, and what keeps it awake.
PHONE_OF_TWO = """() => {
  window.wished = [];
  window.awake = 0;
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  const list = devices.enumerateDevices.bind(devices);
  devices.getUserMedia = async (wish) => {
    if (wish.video) window.wished.push(wish.video.facingMode?.ideal ?? '');
    return open({audio: Boolean(wish.audio), video: Boolean(wish.video)});
  };
  devices.enumerateDevices = async () => {
    const all = await list();
    return [...all, ...all.filter(({kind}) => kind === 'videoinput')];
  };
  MediaStreamTrack.prototype.getCapabilities = () => ({facingMode: ['user']});
  const request = async () => (window.awake++, {release: async () => window.awake--});
  Object.defineProperty(navigator, 'wakeLock', {value: {request}});
}"""


async def test_a_phone_turns_its_camera_and_stays_awake_while_live(visitor: Visitor) -> None:
    await visitor.page.add_init_script(f"({PHONE_OF_TWO})()")
    page = await live(visitor)
    assert await visitor.eval("window.wished") == ["user"]
    assert await visitor.eval("window.awake") == 1
    await page.click("[data-do=flip]")
    await page.wait_for_function("() => window.wished.length === 2")
    await page.click("[data-do=flip]")
    await page.wait_for_function("() => window.wished.join() === 'user,environment,user'")
    await page.click("[data-do=stop]")
    await page.wait_for_function("() => window.awake === 0")


async def test_a_viewers_screen_stays_on_while_something_is_on_the_stage(visitor: Visitor) -> None:
    await visitor.page.add_init_script(f"({PHONE_OF_TWO})()")
    page = await visitor.open("viewer")
    await until(lambda: visitor.stand.sockets)
    assert await visitor.eval("window.awake") == 0
    await visitor.stand.put_on(*ON_STAGE)
    await page.wait_for_function("() => window.awake === 1")
    await visitor.stand.put_on()
    await page.wait_for_function("() => window.awake === 0")


# Another microphone is being opened while she presses.
LATE = """async () => {
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  let stream = null, letIn = () => {};
  devices.getUserMedia = async (wish) => {
    stream = await open(wish);
    await new Promise((done) => (letIn = done));
    return stream;
  };
  document.querySelector('[data-surroundings] input:not(:checked)').click();
  while (!stream) await new Promise((done) => setTimeout(done, 20));
  document.querySelector('[data-do=hide]').click();
  letIn();
  await new Promise((done) => setTimeout(done, 100));
  return stream.getTracks().map((one) => one.readyState);
}"""


async def test_what_opens_after_the_cut_is_not_taken(visitor: Visitor) -> None:
    page = await live(visitor)
    assert await visitor.eval(LATE) == ["ended"]
    await expect(page.locator("[data-broadcast]")).to_have_attribute("data-state", "hidden")


async def test_the_pressed_button_hands_its_focus_on(visitor: Visitor) -> None:
    page = await live(visitor)
    await expect(page.locator("[data-do=hide]")).to_be_focused()
    await page.keyboard.press("h")
    await expect(page.locator("[data-do=show]")).to_be_focused()


async def test_who_is_live_from_elsewhere_reads_so_and_shows_herself_by_one_tap(
    visitor: Visitor,
) -> None:
    """She hid here, and goes on with another program: nobody is dark without knowing."""
    page = await visitor.open("studio")
    await until(lambda: visitor.stand.sockets)
    root, words = page.locator("[data-broadcast]"), page.locator("[data-picture-words]")
    await visitor.stand.put_on(track(0, state="hidden"), track(0, kind="audio", state="hidden"))
    await expect(root).to_have_attribute("data-state", "elsewhereHidden")
    await expect(words).to_contain_text("from another device or program, and hidden")
    await expect(page.locator("[data-do=live]")).to_be_visible()
    await page.click("[data-do=show]")
    await until(lambda: visitor.stand.posts_to("/rooms/r1/hide") == [{"hidden": False}])
    await expect(root).to_have_attribute("data-state", "elsewhere")
    await visitor.stand.put_on(track(0), track(0, kind="audio", state="muted"))
    await page.click("[data-do=mute]:has-text('Microphone on')")
    await until(lambda: visitor.stand.posts_to("/rooms/r1/mute") == [{"muted": False}])
    await expect(page.locator("[data-do=hide]")).to_be_visible()
    assert visitor.stand.posts_to("/rooms/r1/whip") == []


async def test_nobody_is_live_from_elsewhere_in_a_room_that_closed(visitor: Visitor) -> None:
    """Its live process may have died just before: nothing told that the stage is empty."""
    page = await visitor.open("studio")
    await until(lambda: visitor.stand.sockets)
    root = page.locator("[data-broadcast]")
    await visitor.stand.put_on(track(0), track(0, kind="audio"))
    await expect(root).to_have_attribute("data-state", "elsewhere")
    await visitor.stand.tell(event="closed", why="room_closed")
    await expect(page.locator("[data-problem]")).to_contain_text("closed")
    await asyncio.sleep(4)  # it looks at the stage again and again
    await expect(root).to_have_attribute("data-state", "off")
    await expect(page.locator("[data-picture-words]")).not_to_contain_text("another device")


async def test_who_is_hidden_by_another_page_is_hidden_here(visitor: Visitor) -> None:
    page = await live(visitor)
    root = page.locator("[data-broadcast]")
    await visitor.stand.put_on(track(0, state="hidden"), track(0, kind="audio", state="hidden"))
    await visitor.stand.tell(event="phase", phase="paused", at=0, number=8)
    await asyncio.sleep(4)  # a break is no hiding of hers
    await expect(root).to_have_attribute("data-state", "live")
    await visitor.stand.tell(event="phase", phase="live", at=0, number=9)
    await expect(root).to_have_attribute("data-state", "hidden", timeout=15_000)


async def test_mute_is_told(visitor: Visitor) -> None:
    page = await live(visitor)
    await page.click("[data-do=mute]")
    await expect(page.locator("[data-do=mute]")).to_have_text("Microphone on")
    await until(lambda: visitor.stand.posts_to("/rooms/r1/mute") == [{"muted": True}])


AWAY = """() => {
  const [track] = document.querySelector('[data-preview]').srcObject.getTracks();
  track.stop();
  track.dispatchEvent(new Event('ended'));
}"""


async def test_a_camera_that_stops_by_itself_is_resumed_by_one_tap(visitor: Visitor) -> None:
    page = await live(visitor)
    await visitor.eval(AWAY)
    await expect(page.locator("[data-picture-words]")).to_contain_text("a call, a locked screen")
    await page.click("[data-do=resume]")
    await expect(page.locator("[data-broadcast]")).to_have_attribute("data-state", "live")
    assert await visitor.eval(
        "document.querySelector('[data-preview]').srcObject.getTracks()[0].readyState"
    ) == "live"  # fmt: skip


async def test_a_full_stage_is_told_in_words(visitor: Visitor) -> None:
    visitor.stand.offer_status = 409
    page = await live(visitor)
    await expect(page.locator("[data-problem]")).to_have_text(
        "The stage is full: somebody must stop first."
    )
    await expect(page.locator("[data-broadcast]")).to_have_attribute("data-state", "ready")


async def test_without_leave_the_studio_says_what_to_do(browser: Browser, there: RoomStand) -> None:
    """Headless Chromium says yes by itself, so its answer is put in by hand."""
    page = await browser.new_page()
    refusal = (
        "navigator.mediaDevices.getUserMedia = async () => {"
        " throw new DOMException('no', 'NotAllowedError') }"
    )
    await page.add_init_script(refusal)
    await page.goto(f"{there.url}/page/studio")
    await page.click("[data-do=open]")
    await expect(page.locator("[data-problem]")).to_contain_text("does not let this page use")
    await page.close()


async def test_a_screen_is_offered_beside_the_camera(visitor: Visitor) -> None:
    await visitor.page.add_init_script(
        """navigator.mediaDevices.getDisplayMedia = async () => {
          const canvas = document.createElement('canvas');
          canvas.getContext('2d').fillRect(0, 0, 10, 10);
          return (window.shown = canvas.captureStream(5));
        }"""
    )
    page = await live(visitor)
    await page.click("[data-do=screen]")
    await expect(page.locator("[data-do=screen]")).to_have_text("Stop sharing")
    await until(lambda: len(screens(visitor)) > 0)
    assert [one.kind for one in read_offer(screens(visitor)[0]).media] == ["video"]
    leaves = "window.shown.getTracks()[0].enabled"
    await page.click("[data-do=hide]")
    assert await visitor.eval(leaves) is False
    await page.click("[data-do=show]")
    await expect(page.locator("[data-broadcast]")).to_have_attribute("data-state", "live")
    assert await visitor.eval(leaves) is True
    await page.click("[data-do=screen]")
    await expect(page.locator("[data-do=screen]")).to_have_text("Share screen")


def screens(visitor: Visitor) -> list[str]:
    """Offers that carry neither layers nor a voice: a screen's."""
    offers: list[str] = visitor.stand.posts_to("/rooms/r1/whip")
    return [one for one in offers if "simulcast" not in one]
