"""deploy/coturn.conf in Debian's coturn, and a Chromium that reaches us by the relay alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, Page

from server import turn
from tests.support.floor import settings_in
from tests.support.live.presenter import Exchange
from tests.support.served import free_port

CONFIG = Path(__file__).resolve().parents[3] / "deploy" / "coturn.conf"
_PATH = os.environ.get("PATH", "") + ":/usr/sbin"
TURNSERVER = shutil.which("turnserver", path=_PATH)
OPENSSL = shutil.which("openssl")
SECRET = "a secret of this test alone"

# Nothing but a relay over TLS may be used; the offer goes out with its relay candidates.
SCRIPT = """
window.connect = async (servers, does) => {
  const peer = new RTCPeerConnection({ iceServers: servers, iceTransportPolicy: "relay" });
  window.peer = peer;
  if (does === "watch") {
    for (const kind of ["audio", "video"]) peer.addTransceiver(kind, { direction: "recvonly" });
  } else {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    for (const track of stream.getTracks()) peer.addTransceiver(track, { direction: "sendonly" });
  }
  await peer.setLocalDescription(await peer.createOffer());
  for (let left = 50; left && peer.iceGatheringState !== "complete"; left--) {
    await new Promise((done) => setTimeout(done, 100));
  }
  return peer.localDescription.sdp;
};
window.way = async () => {
  const all = [...(await window.peer.getStats()).values()];
  const pair = all.find((each) => each.type === "candidate-pair" && each.nominated);
  const local = pair && all.find((each) => each.id === pair.localCandidateId);
  const rtp = ["inbound-rtp", "outbound-rtp"];
  const picture = all.find(({ type, kind }) => rtp.includes(type) && kind === "video");
  const frames = picture?.framesDecoded ?? picture?.framesSent ?? 0;
  return { kind: local?.candidateType ?? "", over: local?.relayProtocol ?? "", frames };
};
"""
ANSWER = "sdp => window.peer.setRemoteDescription({ type: 'answer', sdp })"
HTML = "<!doctype html><title>peer</title>"


def certificate(folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A certificate and its key for two days, for `name` and for loopback."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    assert OPENSSL is not None
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=IP:127.0.0.1,DNS:{name}",
         "-days", "2", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def _config(folder: Path, port: int, *, allows: bool) -> Path:
    """The recipe with this test's places filled in; loopback is no peer unless it is told so."""
    cert, key = certificate(folder)
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


@contextlib.asynccontextmanager
async def coturn(folder: Path, *, allows: bool = True) -> AsyncIterator[int]:
    """coturn that runs; the port of its one door. `allows`: it may relay to loopback."""
    assert TURNSERVER is not None
    port = free_port()
    async with running(folder, TURNSERVER, "-c", str(_config(folder, port, allows=allows))):
        await until(lambda: listens(port), within_s=20)
        yield port


@contextlib.asynccontextmanager
async def running(folder: Path, *command: str) -> AsyncIterator[None]:
    """A program as long as the test needs it; what it says stands in `folder`."""
    with (folder / f"{Path(command[0]).name}.said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(*command, stdout=said, stderr=said)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


async def until(is_so: Callable[[], Awaitable[bool]], *, within_s: float) -> None:
    """Waits until it is so; `TimeoutError` when it does not become so."""
    async with asyncio.timeout(within_s):
        while not await is_so():
            await asyncio.sleep(0.1)


async def listens(port: int) -> bool:
    """Whether somebody answers at this port of loopback."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def servers(folder: Path, place: str) -> list[dict[str, Any]]:
    """What our own pages are given of a relay at `place`, a host and a port."""
    url = f"turns:{place}?transport=tcp"
    settings = replace(settings_in(folder), turn_urls=(url,), turn_secret=SECRET)
    return [asdict(each) for each in turn.ice_servers(settings, datetime.now(UTC))]


@dataclass(frozen=True)
class Way:
    """How a browser is connected, and the pictures it decoded, or sent."""

    kind: str
    over: str
    frames: int


@dataclass(frozen=True)
class Relayed:
    """A page with one peer connection that may use nothing but a relay."""

    page: Page

    async def connect(
        self, does: Literal["watch", "publish"], relays: list[dict[str, Any]], exchange: Exchange
    ) -> None:
        """Offers with its relay's addresses and takes the answer."""
        offer = await self.page.evaluate("([one, does]) => connect(one, does)", [relays, does])
        assert " typ relay" in offer, "the relay gave no address"
        await self.page.evaluate(ANSWER, await exchange(offer))

    async def way(self) -> Way:
        """As the browser itself counts."""
        return Way(**await self.page.evaluate("way()"))

    async def has_frames(self, wanted: int) -> bool:
        """Whether so many pictures were decoded, or sent."""
        return (await self.way()).frames >= wanted


async def relayed(browser: Browser) -> Relayed:
    """A page that is lent camera and microphone."""
    page = await browser.new_page(permissions=["camera", "microphone"])
    await page.route("**/*", lambda route: route.fulfill(body=HTML, content_type="text/html"))
    await page.goto("http://localhost/")
    await page.add_script_tag(content=SCRIPT)
    return Relayed(page)
