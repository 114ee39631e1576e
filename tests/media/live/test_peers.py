"""Real peers on both sides of a real live process: from a camera to the decoded picture."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.media.live.rooms import Room, gets
from tests.support.live.barcode import HEIGHT, WIDTH
from tests.support.live.peers import publishing, watching
from tests.support.live.presenter import Exchange
from tests.support.live.process import ROOT, a_live_process
from tests.support.live.viewer import Viewer
from tests.support.live.wire import CM_ONLY, Wire
from tests.support.processes import until

PICTURES = 30
GAP_S = 0.5
DATACHANNEL = Path(__file__).with_name("datachannel.mjs")


@pytest.fixture(params=["video/VP8", "video/H264"])
def codec(request: pytest.FixtureRequest) -> str:
    """Both that every browser sends."""
    return str(request.param)


async def test_from_a_camera_to_the_decoded_picture(room: Room, codec: str) -> None:
    async with publishing(room.publisher(), codec=codec) as camera:
        async with watching(room.viewer()) as seen:
            await seen.sees(PICTURES)
            assert seen.size == (WIDTH, HEIGHT)
            assert len(seen.age_ms) > PICTURES // 2, "the clock in the picture is unreadable"
            assert max(seen.age_ms[-10:]) < 2000
            assert seen.sounds
        assert camera.pictures >= PICTURES


async def test_the_older_cipher_is_taken(room: Room) -> None:
    async with room.presenting() as presenter, room.watching(Viewer(Wire(profiles=CM_ONLY))) as old:
        assert presenter.wire.profile == "SRTP_AEAD_AES_128_GCM"
        assert old.wire.profile == "SRTP_AES128_CM_SHA1_80"
        await gets(old)
        assert not old.wire.undecryptable


async def test_a_certificate_that_was_not_offered_is_refused(room: Room) -> None:
    async with room.presenting():
        impostor = Viewer()
        other = "sha-256 " + ":".join(["AB"] * 32)
        impostor.wire.identity = replace(impostor.wire.identity, fingerprint=other)
        with pytest.raises((ConnectionError, TimeoutError)):
            async with asyncio.timeout(5):
                await impostor.connect(room.viewer())
                await impostor.first_picture()
        await impostor.close()
        assert impostor.packets == 0
        await until(lambda: not room.live.said.count("Traceback"))
        assert await room.counted("viewers") == 0


async def test_a_viewer_who_changes_network_goes_on(room: Room) -> None:
    async with room.presenting(), room.watching() as viewer:
        await viewer.wire.move()
        assert await gets(viewer) < GAP_S


async def test_a_presenter_who_changes_network_goes_on(room: Room) -> None:
    async with room.presenting() as presenter, room.watching() as viewer:
        await presenter.wire.move()
        assert await gets(viewer) < GAP_S


@pytest.mark.parametrize("over", ["udp", "tcp"])
async def test_all_share_one_port(room: Room, over: str) -> None:
    async with (
        room.presenting(over=over) as presenter,
        room.watching(over=over) as one,
        room.watching(over=over) as other,
    ):
        for peer in (presenter, one, other):
            remote = peer.wire.remote
            assert remote is not None
            assert {port for _, port in remote.udp + remote.tcp} == {room.live.port}
        await gets(one)
        await gets(other)


async def test_ipv6(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
        try:
            six.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
    async with a_live_process(tmp_path / "six", addresses=("::1",)) as live:
        control = await live.control()
        room = await Room(live, control).open()
        for over in ("udp", "tcp"):
            async with room.presenting(over=over), room.watching(over=over) as viewer:
                await gets(viewer)
        await control.close()


async def test_obs_stack_publishes_and_watches(room: Room) -> None:
    """libdatachannel, which shares no line with aiortc or a browser."""
    async with node_peer("publish", room.publisher()) as sends:
        async with room.watching() as viewer, node_peer("watch", room.viewer()) as gets_it:
            await sends.until(lambda told: told["sent"] > 100)
            told = await gets_it.until(lambda told: told["received"] > 100 and told["keys"] > 0)
            assert told["state"] == "connected"
            assert viewer.packets > 50
        # it was told what arrived, and asked for a keyframe
        await sends.until(lambda told: told["feedback"] > 5)


class NodePeer:
    """A peer in node: what it says of itself, line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin and process.stdout
        self._in, self._out = process.stdin, process.stdout

    async def hears(self) -> dict[str, Any]:
        """Its next line."""
        async with asyncio.timeout(20):
            line = await self._out.readline()
        assert line, "the peer has ended"
        return dict(json.loads(line))

    async def until(self, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Its first line that is so."""
        async with asyncio.timeout(30):
            while not is_so(told := await self.hears()):
                pass
        return told

    def answered(self, answer: str) -> None:
        """Brings it the other side's answer."""
        self._in.write(json.dumps({"answer": answer}).encode() + b"\n")


@contextlib.asynccontextmanager
async def node_peer(what: str, exchange: Exchange) -> AsyncIterator[NodePeer]:
    """A connected peer on libdatachannel."""
    node = shutil.which("node") or pytest.skip("node is not installed")
    process = await asyncio.create_subprocess_exec(
        node, str(DATACHANNEL), what, str(ROOT / "web"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    peer = NodePeer(process)
    try:
        peer.answered(await exchange((await peer.hears())["offer"]))
        yield peer
    finally:
        assert process.stdin is not None
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_ffmpeg_publishes_by_whip(room: Room, tmp_path: Path) -> None:
    """FFmpeg's own muxer, H.264 and Opus, with a certificate on the curve WebRTC uses."""
    async with whip_door(room.publisher()) as address:
        sending = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.live.muxer", address, str(tmp_path), cwd=ROOT
        )
        try:
            async with watching(room.viewer()) as seen:
                await seen.sees(PICTURES, within_s=20)
                assert seen.size == (WIDTH, HEIGHT)
                assert seen.age_ms
        finally:
            sending.terminate()
            await sending.wait()


@contextlib.asynccontextmanager
async def whip_door(exchange: Exchange) -> AsyncIterator[str]:
    """An HTTP address that takes one WHIP offer (RFC 9725) to the exchange."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"content-length: *(\d+)", head, re.IGNORECASE)
        body = await reader.readexactly(int(length[1])) if length else b""
        if head.startswith("POST"):
            answer = (await exchange(body.decode())).encode()
            writer.write(
                b"HTTP/1.1 201 Created\r\nContent-Type: application/sdp\r\n"
                b"Location: /here\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n" % len(answer) + answer
            )
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/whip"
