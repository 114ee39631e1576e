"""deploy/coturn.conf in Debian's coturn: a picture that reaches Chromium through TLS alone."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from media.live.messages import Ack, Listen
from server import turn
from tests.media.live.conftest import live, room  # noqa: F401 - fixtures
from tests.media.live.rooms import Room
from tests.support.chromium import chromium
from tests.support.floor import settings_in
from tests.support.live.peers import publishing
from tests.support.served import free_port

CONFIG = Path(__file__).resolve().parents[2] / "deploy" / "coturn.conf"
TURNSERVER = shutil.which("turnserver", path=os.environ.get("PATH", "") + ":/usr/sbin")
OPENSSL = shutil.which("openssl")
SECRET = "a secret of this test alone"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        TURNSERVER is None or OPENSSL is None,
        reason="coturn or openssl is not installed (Debian has both)",
    ),
]

# Nothing but a relay over TLS may be used; the offer goes out with its relay candidates.
WATCH = """
async (servers) => {
  const peer = new RTCPeerConnection({ iceServers: servers, iceTransportPolicy: "relay" });
  window.peer = peer;
  for (const kind of ["audio", "video"]) peer.addTransceiver(kind, { direction: "recvonly" });
  await peer.setLocalDescription(await peer.createOffer());
  for (let left = 50; left && peer.iceGatheringState !== "complete"; left--) {
    await new Promise((done) => setTimeout(done, 100));
  }
  return peer.localDescription.sdp;
}
"""
ANSWER = "sdp => window.peer.setRemoteDescription({ type: 'answer', sdp })"
SEEN = """
async () => {
  const all = [...(await window.peer.getStats()).values()];
  const pair = all.find((each) => each.type === "candidate-pair" && each.nominated);
  const local = pair && all.find((each) => each.id === pair.localCandidateId);
  const frames = all.find(({ type, kind }) => type === "inbound-rtp" && kind === "video");
  const way = { kind: local?.candidateType, over: local?.relayProtocol };
  return { ...way, frames: frames?.framesDecoded ?? 0 };
}
"""


def _certificate(folder: Path) -> tuple[Path, Path]:
    cert, key = folder / "cert.pem", folder / "key.pem"
    assert OPENSSL is not None
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def _config(folder: Path, port: int, *, allows: bool) -> Path:
    """The recipe with this test's places filled in; loopback is no peer unless it is told so."""
    cert, key = _certificate(folder)
    changes = {
        "tls-listening-port=443": f"tls-listening-port={port}\nlistening-ip=127.0.0.1\n"
        "relay-ip=127.0.0.1\nallow-loopback-peers",
        "cert=/etc/porthole/tls/fullchain.pem": f"cert={cert}",
        "pkey=/etc/porthole/tls/privkey.pem": f"pkey={key}",
        "static-auth-secret=at least 16 random characters": f"static-auth-secret={SECRET}",
        "allowed-peer-ip=192.0.2.10": "allowed-peer-ip=127.0.0.1" if allows else "",
        "log-file=/dev/null": f"log-file={folder / 'coturn.log'}",
        "proc-user=turnserver": "",
        "proc-group=turnserver": "",
    }
    text = CONFIG.read_text()
    for old, new in changes.items():
        assert text.count(f"\n{old}\n") == 1, old
        text = text.replace(f"\n{old}\n", f"\n{new}\n")
    made = folder / "turnserver.conf"
    made.write_text(text + f"\nuserdb={folder / 'turndb'}\npidfile={folder / 'pid'}\n")
    return made


@asynccontextmanager
async def _coturn(folder: Path, *, allows: bool = True) -> AsyncIterator[int]:
    assert TURNSERVER is not None
    port = free_port()
    config = _config(folder, port, allows=allows)
    with (folder / "said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            TURNSERVER, "-c", str(config), stdout=said, stderr=said
        )
    try:
        await _until(lambda: _listens(port), within_s=20)
        yield port
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _until(is_so: Callable[[], Awaitable[bool]], *, within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not await is_so():
            await asyncio.sleep(0.1)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _servers(folder: Path, port: int) -> list[dict[str, Any]]:
    """What our own pages are given."""
    url = f"turns:127.0.0.1:{port}?transport=tcp"
    settings = replace(settings_in(folder), turn_urls=(url,), turn_secret=SECRET)
    return [asdict(each) for each in turn.ice_servers(settings, datetime.now(UTC))]


async def _watch(page: Page, servers: list[dict[str, Any]], room: Room) -> None:  # noqa: F811
    offer = await page.evaluate(WATCH, servers)
    assert " typ relay" in offer, "the relay gave no address"
    await page.evaluate(ANSWER, await room.viewer()(offer))


async def test_a_picture_comes_through_the_relay_alone(room: Room, tmp_path: Path) -> None:  # noqa: F811
    await room.control.ask(Listen())
    async with _coturn(tmp_path) as port, chromium("--ignore-certificate-errors") as browser:
        page = await browser.new_page()
        async with publishing(room.publisher()):
            await _watch(page, _servers(tmp_path, port), room)
            await _until(lambda: _frames(page, 30), within_s=30)
            await _until(lambda: _came_by_relay(room), within_s=10)
            seen = await page.evaluate(SEEN)
    assert (seen["kind"], seen["over"]) == ("relay", "tls")


async def _frames(page: Page, wanted: int) -> bool:
    seen = await page.evaluate(SEEN)
    return int(seen["frames"]) >= wanted


async def _came_by_relay(room: Room) -> bool:  # noqa: F811
    """What attendance is told, batch after batch."""
    for told in tuple(room.control.told):
        if told.batch:
            await room.control.ask(Ack(told.batch))
    return any(
        one.role == "viewer" and one.rung == "turn"
        for told in room.control.told
        for one in told.presence
    )


async def test_it_relays_to_nobody_it_was_not_told_of(room: Room, tmp_path: Path) -> None:  # noqa: F811
    async with (
        _coturn(tmp_path, allows=False) as port,
        chromium("--ignore-certificate-errors") as browser,
    ):
        page = await browser.new_page()
        async with publishing(room.publisher()):
            await _watch(page, _servers(tmp_path, port), room)
            await asyncio.sleep(5)
            assert not await _frames(page, 1)
