"""Real peers: aiortc with a camera that draws the clock, and aiortc that decodes what it gets.

They speak to the other side through an exchange: WHIP and WHEP over HTTP, or a control socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aioice.ice
import httpx
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError
from av import VideoFrame

from tests.support.live.barcode import Drawing, age_ms
from tests.support.live.presenter import Exchange

FRAMES_PER_S = 30
CLOCK_RATE = 90_000
LOOPBACK = ["127.0.0.1"]


def _on_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    return [address for address in LOOPBACK if (use_ipv6 if ":" in address else use_ipv4)]


# Without it aioice offers every address of the machine but the one that nothing can leave by.
aioice.ice.get_host_addresses = _on_loopback


class Camera(MediaStreamTrack):
    """Pictures of 640×360 with the clock in them, thirty a second."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.pictures = 0
        self._drawing = Drawing()
        self._began = 0.0

    async def recv(self) -> VideoFrame:
        """The next picture, at its moment; one that would be late is drawn at once."""
        if self.readyState != "live":
            raise MediaStreamError
        self._began = self._began or time.monotonic()
        left = self._began + self.pictures / FRAMES_PER_S - time.monotonic()
        if left > 0:
            await asyncio.sleep(left)
        frame = self._drawing.picture(self.pictures)
        frame.pts = self.pictures * CLOCK_RATE // FRAMES_PER_S
        frame.time_base = fractions.Fraction(1, CLOCK_RATE)
        self.pictures += 1
        return frame


def _peer() -> RTCPeerConnection:
    # No ICE server at all: with none named, aiortc would ask Google's.
    return RTCPeerConnection(RTCConfiguration([], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


async def _connect(peer: RTCPeerConnection, exchange: Exchange, within_s: float) -> None:
    await peer.setLocalDescription(await peer.createOffer())
    answer = await exchange(peer.localDescription.sdp)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    async with asyncio.timeout(within_s):
        while peer.connectionState != "connected":
            if peer.connectionState in {"failed", "closed"}:
                raise ConnectionError(peer.connectionState)
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def publishing(
    exchange: Exchange, *, codec: str = "video/VP8", within_s: float = 10.0
) -> AsyncIterator[Camera]:
    """A connected publisher with a camera and a silent microphone."""
    peer, camera = _peer(), Camera()
    try:
        peer.addTrack(AudioStreamTrack())
        peer.addTrack(camera)
        sending = next(each for each in peer.getTransceivers() if each.kind == "video")
        known = RTCRtpSender.getCapabilities("video").codecs
        sending.setCodecPreferences([each for each in known if each.mimeType == codec])
        await _connect(peer, exchange, within_s)
        yield camera
    finally:
        await peer.close()


@dataclass
class Watching:
    """What a viewer saw and heard. Times are seconds of `time.monotonic`."""

    began: float = field(default_factory=time.monotonic)
    shown_at: list[float] = field(default_factory=list)
    age_ms: list[int] = field(default_factory=list)  # of each picture that tells
    size: tuple[int, int] = (0, 0)
    sounds: int = 0

    @property
    def pictures(self) -> int:
        """How many pictures were decoded."""
        return len(self.shown_at)

    def freezes(self, longer_than_s: float) -> list[float]:
        """How long each stretch without a new picture was, of those longer than this."""
        gaps = (b - a for a, b in zip(self.shown_at, self.shown_at[1:], strict=False))
        return [gap for gap in gaps if gap > longer_than_s]

    async def sees(self, pictures: int = 1, *, within_s: float = 10.0) -> None:
        """Waits until so many more pictures were decoded."""
        wanted = self.pictures + pictures
        async with asyncio.timeout(within_s):
            while self.pictures < wanted:
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def watching(exchange: Exchange, *, within_s: float = 10.0) -> AsyncIterator[Watching]:
    """A connected viewer that decodes all it gets."""
    peer, seen = _peer(), Watching()
    looking: list[asyncio.Task[None]] = []

    @peer.on("track")
    def on_track(track: MediaStreamTrack) -> None:
        look = _look if track.kind == "video" else _listen
        looking.append(asyncio.create_task(look(track, seen)))

    try:
        peer.addTransceiver("audio", direction="recvonly")
        peer.addTransceiver("video", direction="recvonly")
        await _connect(peer, exchange, within_s)
        yield seen
    finally:
        await peer.close()
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)


async def _look(track: MediaStreamTrack, seen: Watching) -> None:
    with contextlib.suppress(MediaStreamError):
        while True:
            frame = await track.recv()
            assert isinstance(frame, VideoFrame)
            seen.shown_at.append(time.monotonic())
            seen.size = (frame.width, frame.height)
            if (age := age_ms(frame)) is not None:
                seen.age_ms.append(age)


async def _listen(track: MediaStreamTrack, seen: Watching) -> None:
    with contextlib.suppress(MediaStreamError):
        while True:
            await track.recv()
            seen.sounds += 1


def over_http(client: httpx.AsyncClient, address: str, **headers: str) -> Exchange:
    """WHIP or WHEP (RFC 9725): the offer is posted, the answer comes with 201."""

    async def exchange(offer: str) -> str:
        told = {"Content-Type": "application/sdp", **headers}
        answer = await client.post(address, content=offer, headers=told)
        assert answer.status_code == 201, (answer.status_code, answer.text)
        return answer.text

    return exchange
