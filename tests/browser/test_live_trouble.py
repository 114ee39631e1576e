"""What goes wrong around a live room, in a real browser: a call, and a wall."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_live_room import PHONE, Rig, a_rig, go_live, look, plays

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

TOLD_WITHIN_MS = 6_000
# A busy machine draws the words a little later than they are said.
DRAWN_MS = 700

KEEP_CAMERA = """() => {
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wish) => (window.given = await open(wish));
}"""
# What a call does to a page: its camera and its microphone are somebody else's.
CALL = """() => {
  for (const track of window.given.getTracks()) {
    track.stop();
    track.dispatchEvent(new Event('ended'));
  }
}"""
KEEP_PEERS = """
  window.peers = [];
  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(...args) {
      super(...args);
      window.peers.push(this);
      window.triedAt ??= performance.now();
    }
  };
"""
# Every address leads to a port at which nobody listens.
WALL = """
  const set = Real.prototype.setRemoteDescription;
  Real.prototype.setRemoteDescription = function ({type, sdp}) {
    return set.call(this, {type, sdp: sdp.replaceAll(/ \\d+ typ host/g, ' 9 typ host')});
  };
  setInterval(() => {
    const told = document.querySelector('[data-stage-words]')?.textContent ?? '';
    if (told.includes('do not get through')) window.toldAt ??= performance.now();
  }, 20);
"""


@pytest.fixture(scope="module")
async def rig(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    expect.set_options(timeout=30_000)
    async with a_rig(server_dsn, tmp_path_factory.mktemp("trouble")) as rig:
        yield rig
    expect.set_options(timeout=5_000)


async def phone_in(rig: Rig, room: str, *scripts: str) -> Page:
    """A phone of a class that takes part; its page runs these scripts first."""
    phone = await rig.phone_in(await rig.a_class_in(room), room)
    await phone.add_init_script("\n".join(scripts))
    await phone.reload()
    return phone


async def test_a_call_shows_a_still_and_one_tap_goes_on(rig: Rig) -> None:
    room = await rig.a_room()
    studio = await rig.device(PHONE, "editor")
    await studio.add_init_script(f"({KEEP_CAMERA})()")
    await studio.goto(f"{room}/studio")
    phone = await rig.phone_in(await rig.a_class_in(room), room)
    await go_live(studio)
    await plays(phone)
    await studio.evaluate(CALL)
    await expect(phone.locator("[data-place=main]")).to_have_attribute("data-still", "")
    await expect(phone.locator(".stage-still").first).to_have_text("Back in a moment")
    await expect(studio.locator("[data-do=hide]")).to_be_visible()
    await look(studio, "studio-called")
    await studio.click("[data-do=resume]")
    await expect(phone.locator("[data-place=main]")).not_to_have_attribute("data-still", "")
    await plays(phone)
    assert rig.wrongs == []
    for page in (studio, phone):
        await page.context.close()


async def test_whom_no_way_reaches_is_told_in_six_seconds(rig: Rig) -> None:
    room = await rig.a_room()
    phone = await phone_in(rig, room, KEEP_PEERS, WALL)
    await expect(phone.locator("[data-stage-words]")).to_contain_text("do not get through")
    await expect(phone.locator("[data-connection]")).to_have_text("no connection")
    took_ms = await phone.evaluate("window.toldAt - window.triedAt")
    assert took_ms <= TOLD_WITHIN_MS + DRAWN_MS
    await look(phone, "phone-no-way")
    await phone.context.close()
