"""A real Chromium as publisher and viewer, without our pages: it speaks through an exchange.

It sends three layers (rid simulcast), the largest of 960×540: two cores encode and decode it all.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, async_playwright
from playwright.async_api import Page as BrowserPage

from tests.support.chromium import FLAGS, executable
from tests.support.live.presenter import Exchange

# A page of ours, so that the browser lends it camera and microphone; nothing is fetched for it.
ADDRESS = "http://localhost/"
HTML = "<!doctype html><title>peer</title><video autoplay playsinline muted></video>"
# Left alone it offers every address but loopback's, from which loopback cannot be reached.
LOOPBACK = "--allow-loopback-in-peer-connection"
PLAY = "--autoplay-policy=no-user-gesture-required"

WIDTH, HEIGHT = 960, 540  # of less, Chromium sends two layers at most
MOST_BPS = 2_200_000

SCRIPT = """
const connect = async (peer) => {
  await peer.setLocalDescription(await peer.createOffer());
  const answer = await exchange(peer.localDescription.sdp);
  await peer.setRemoteDescription({ type: "answer", sdp: answer });
};
// The fake camera's pictures are nearly nothing to an encoder; a sheet of noise that jumps is not.
// Its greys are near each other: of black and white an encoder could not make thirty a second.
const restless = (width, height) => {
  const [canvas, noise] = [1, 2].map((times) => Object.assign(
    document.createElement("canvas"), { width: width * times, height: height * times }));
  const dots = noise.getContext("2d").createImageData(noise.width, noise.height);
  const words = new Uint32Array(dots.data.buffer);
  for (let n = 0; n < words.length; n += 1) {
    words[n] = 0xff000000 | (0x010101 * Math.floor(104 + Math.random() * 48));
  }
  noise.getContext("2d").putImageData(dots, 0, 0);
  const pen = canvas.getContext("2d");
  setInterval(() => pen.drawImage(noise, -Math.random() * width, -Math.random() * height), 33);
  return canvas.captureStream(30).getVideoTracks()[0];
};
window.publish = async ({ width, height, codec, layers, isRestless, mostBps }) => {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: true, video: { width, height, frameRate: 30 },
  });
  const picture = isRestless ? restless(width, height) : stream.getVideoTracks()[0];
  const peer = window.peer = new RTCPeerConnection({ iceServers: [] });
  peer.addTransceiver(stream.getAudioTracks()[0], { direction: "sendonly" });
  const sender = peer.addTransceiver(picture, {
    direction: "sendonly",
    sendEncodings: layers === 1 ? [{}] : [
      { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
      { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
      { rid: "f", maxBitrate: mostBps },
    ],
  });
  const known = RTCRtpSender.getCapabilities("video").codecs;
  sender.setCodecPreferences(known.filter(({ mimeType }) => mimeType === codec));
  await connect(peer);
};
window.watch = async () => {
  const peer = window.peer = new RTCPeerConnection({ iceServers: [] });
  peer.addTransceiver("audio", { direction: "recvonly" });
  peer.addTransceiver("video", { direction: "recvonly" });
  const video = document.querySelector("video");
  const stream = new MediaStream();
  video.srcObject = stream;
  peer.ontrack = ({ track }) => stream.addTrack(track);
  window.shown = [];
  const note = (now) => {
    window.shown.push(now);
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
  await connect(peer);
};
window.inbound = async () => {
  const found = [...(await window.peer.getStats()).values()];
  return found.find(({ type, kind }) => type === "inbound-rtp" && kind === "video") ?? {};
};
"""


@dataclass(frozen=True)
class Seen:
    """What a browser showed since it was last asked to forget."""

    pictures: int
    gaps_s: list[float]  # between a picture and the next
    lost: float  # share of packets that did not come when they were sent first


class Page:
    """One page of a browser with one peer connection in it."""

    def __init__(self, page: BrowserPage) -> None:
        self._page = page

    async def publish(
        self,
        exchange: Exchange,
        *,
        codec: str = "video/VP8",
        layers: int = 3,
        is_restless: bool = False,
    ) -> None:
        """Camera and microphone go live; `is_restless`: pictures that use all the bits they get."""
        await self._page.expose_function("exchange", exchange)
        told = {"width": WIDTH, "height": HEIGHT, "codec": codec, "layers": layers,
                "isRestless": is_restless, "mostBps": MOST_BPS}  # fmt: skip
        await self._page.evaluate("(told) => publish(told)", told)

    async def watch(self, exchange: Exchange) -> None:
        """Watches the first picture and the first sound."""
        await self._page.expose_function("exchange", exchange)
        await self._page.evaluate("watch()")

    async def plays(self, pictures: int = 10, *, within_s: float = 15) -> None:
        """Waits until so many pictures were shown."""
        async with asyncio.timeout(within_s):
            while await self._page.evaluate("shown.length") < pictures:
                await asyncio.sleep(0.1)

    async def waits(self, seconds: float) -> None:
        """Lets time pass."""
        await asyncio.sleep(seconds)

    async def height(self) -> int:
        """Lines of the picture that is shown."""
        return int(await self._page.evaluate("document.querySelector('video').videoHeight"))

    async def stats(self) -> dict[str, Any]:
        """The browser's own counters of the picture it receives."""
        return dict(await self._page.evaluate("inbound()"))

    async def forget(self) -> None:
        """From here on counts anew."""
        await self._page.evaluate("async () => { shown.splice(0, shown.length - 1); "
                                  "window.before = await inbound(); }")  # fmt: skip

    async def seen(self) -> Seen:
        """What was shown since."""
        shown = await self._page.evaluate("shown")
        before, now = await self._page.evaluate("window.before ?? {}"), await self.stats()
        got, lost = (
            now.get(name, 0) - before.get(name, 0) for name in ("packetsReceived", "packetsLost")
        )
        gaps = [(b - a) / 1000 for a, b in itertools.pairwise(shown)]
        return Seen(len(shown), gaps, lost / max(1, got + lost))


@contextlib.asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """One Chromium for all pages of a test."""
    path = executable()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path,
            args=[*FLAGS, LOOPBACK, PLAY],
        )
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def a_page(browser: Browser) -> AsyncIterator[Page]:
    """A page of a visitor of its own."""
    context = await browser.new_context(permissions=["camera", "microphone"])
    try:
        page = await context.new_page()
        await page.route("**/*", lambda route: route.fulfill(body=HTML, content_type="text/html"))
        await page.goto(ADDRESS)
        await page.add_script_tag(content=SCRIPT)
        yield Page(page)
    finally:
        await context.close()
