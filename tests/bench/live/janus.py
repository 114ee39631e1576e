"""Debian's Janus and its VideoRoom, at the setting that costs it least; spoken to over HTTP.

One event loop for all peers, ICE-lite, AES-GCM, no monitoring of peers that are well; plugins and
transports that are not used are not loaded.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.support.live.process import free_port

PROGRAM = "/usr/bin/janus"
LIBRARIES = Path("/usr/lib/x86_64-linux-gnu/janus")
FEED = 77
ANSWER_WITHIN_S = 15.0
BITRATE_BPS = 3_000_000

GENERAL = """
general: {{
  configs_folder = "{folder}"
  plugins_folder = "{libraries}/plugins"
  transports_folder = "{libraries}/transports"
  events_folder = "{libraries}/events"
  loggers_folder = "{libraries}/loggers"
  debug_level = 3
  session_timeout = 0
  server_name = "bench"
  event_loops = 1
}}
certificates: {{ }}
media: {{ ipv6 = false }}
nat: {{ nice_debug = false
  ice_enforce_list = "{address}"
  full_trickle = false
  ice_lite = true
}}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
events: {{ broadcast = false }}
"""
HTTP = """
general: {{ json = "compact", base_path = "/janus", http = true, port = {port}, ip = "127.0.0.1",
  https = false }}
admin: {{ admin_http = false }}
"""


def program() -> str:
    """Where Janus is; skips where it is not installed."""
    found = shutil.which("janus") or (PROGRAM if Path(PROGRAM).exists() else None)
    if found is None:
        pytest.skip("Debian's package janus is not installed: deploy/setup.sh debian janus janus")
    return found


def own_address() -> str:
    """An IPv4 address of this machine that is not 127.0.0.1, which Janus will not offer.

    What is sent to it from here never leaves the machine: the kernel takes it over loopback.
    """
    found = [
        each.address
        for addresses in psutil.net_if_addrs().values()
        for each in addresses
        if each.family.name == "AF_INET" and not each.address.startswith("127.")
    ]
    if not found:
        pytest.skip("Janus offers no candidate on a machine whose only address is 127.0.0.1")
    return found[0]


def _others(folder: str, kept: str) -> str:
    return ",".join(
        sorted(each.name for each in (LIBRARIES / folder).glob("*.so") if kept not in each.name)
    )


@contextlib.asynccontextmanager
async def janus(home: Path, core: int | None) -> AsyncIterator[Janus]:
    """Janus with one room."""
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    (home / "janus.jcfg").write_text(
        GENERAL.format(
            folder=home,
            libraries=LIBRARIES,
            address=own_address(),
            plugins=_others("plugins", "videoroom"),
            transports=_others("transports", "_http."),
        )
    )
    (home / "janus.transport.http.jcfg").write_text(HTTP.format(port=port))
    path = program()
    with (home / "janus.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            path, "-C", str(home / "janus.jcfg"), "-F", str(home), stdout=log, stderr=log
        )
    if core is not None:
        os.sched_setaffinity(process.pid, {core})
    try:
        running = Janus(f"http://127.0.0.1:{port}/janus", process.pid, secrets.randbelow(1 << 30))
        await running.is_up()
        yield running
    finally:
        process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()


class Janus:
    """A running Janus and the number of the room."""

    def __init__(self, url: str, pid: int, room: int) -> None:
        self.url = url
        self.pid = pid
        self.room = room

    async def is_up(self) -> None:
        """Waits until it answers."""
        async with httpx.AsyncClient() as client, asyncio.timeout(20):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(f"{self.url}/info")).status_code == 200:
                        return
                await asyncio.sleep(0.05)


class Session:
    """One session of Janus' HTTP interface: requests out, events in by a long poll."""

    def __init__(self, url: str, room: int) -> None:
        self._base = url
        self._room = room
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=32)
        self._http = httpx.AsyncClient(timeout=60, limits=limits)
        self._url = ""
        self._events: dict[int, asyncio.Queue[dict[str, Any]]] = {}
        self._poll: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Makes the session and listens."""
        made = await self._post(self._base, {"janus": "create"})
        self._url = f"{self._base}/{made['data']['id']}"
        self._poll = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Ends the session and all handles in it."""
        if self._poll is not None:
            self._poll.cancel()
        with contextlib.suppress(httpx.HTTPError):
            await self._post(self._url, {"janus": "destroy"})
        await self._http.aclose()

    async def publish(self, offer: str) -> str:
        """Makes the room and goes on its stage; an Exchange."""
        handle = await self._attach()
        room = {"publishers": 6, "bitrate": BITRATE_BPS, "audiocodec": "opus", "videocodec": "vp8",
                "fir_freq": 0, "notify_joining": False}  # fmt: skip
        await self._ask(handle, {"request": "create", **room})
        await self._ask(handle, {"request": "join", "ptype": "publisher", "id": FEED})
        said = await self._ask(handle, {"request": "publish"}, {"type": "offer", "sdp": offer})
        return str(said["jsep"]["sdp"])

    async def subscribe(self) -> tuple[str, Callable[[str], Awaitable[str]]]:
        """Janus' offer of the feed, and how to answer it."""
        handle = await self._attach()
        join = {"request": "join", "ptype": "subscriber", "streams": [{"feed": FEED}]}
        offer = str((await self._ask(handle, join))["jsep"]["sdp"])

        async def answer(sdp: str) -> str:
            await self._ask(handle, {"request": "start"}, {"type": "answer", "sdp": sdp})
            return ""

        return offer, answer

    async def _attach(self) -> int:
        plugin = "janus.plugin.videoroom"
        made = await self._post(self._url, {"janus": "attach", "plugin": plugin})
        handle = int(made["data"]["id"])
        self._events[handle] = asyncio.Queue()
        return handle

    async def _ask(
        self, handle: int, body: dict[str, object], jsep: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """A message to the plugin and what it says to it, now or by an event."""
        message: dict[str, object] = {"janus": "message", "body": {"room": self._room, **body}}
        if jsep:
            message["jsep"] = jsep
        said = await self._post(f"{self._url}/{handle}", message)
        if said["janus"] == "ack":
            async with asyncio.timeout(ANSWER_WITHIN_S):
                said = await self._events[handle].get()
        assert "error" not in said.get("plugindata", {}).get("data", {}), said
        return said

    async def _post(self, url: str, message: dict[str, object]) -> dict[str, Any]:
        answer = await self._http.post(url, json={**message, "transaction": secrets.token_hex(6)})
        said: dict[str, Any] = answer.json()
        assert said["janus"] in {"success", "ack"}, said
        return said

    async def _listen(self) -> None:
        while True:
            answer = await self._http.get(self._url, params={"maxev": 10})
            said = answer.json()
            for event in said if isinstance(said, list) else [said]:
                if event.get("janus") == "event" and event["sender"] in self._events:
                    self._events[event["sender"]].put_nowait(event)
