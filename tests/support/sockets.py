"""A page's end of a room's socket, over a real connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.web import SOCKETS
from tests.support.served import free_port

ORIGIN = "http://testserver"


@asynccontextmanager
async def listening(app: Starlette) -> AsyncIterator[str]:
    """An app whose lifespan runs already, behind a port; gives where its sockets are."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=free_port(), log_config=None, lifespan="off",
        timeout_graceful_shutdown=1, **SOCKETS,
    )  # fmt: skip
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    try:
        while not server.started:
            await asyncio.sleep(0.02)
        yield f"ws://127.0.0.1:{config.port}"
    finally:
        server.should_exit = True
        await running


class Page:
    """One page in a room. Pings are answered by `beating`, else they are kept like all events."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []

    async def say(self, **command: Any) -> None:
        """Sends a command."""
        await self.socket.send(json.dumps(command))

    async def hello(self, since: int = 0, connection: UUID | str | None = None) -> dict[str, Any]:
        """The first words; gives the welcome."""
        await self.say(do="hello", since=since, connection=connection and str(connection))
        return await self.until("hello")

    async def next(self) -> dict[str, Any]:
        """The next event, kept in `events`."""
        event: dict[str, Any] = json.loads(await self.socket.recv())
        self.events.append(event)
        if event["event"] == "ping":
            await self.pong(event["number"])
        return event

    async def until(self, kind: str, within_s: float = 8) -> dict[str, Any]:
        """The next event of this kind; others before it are kept in `events`."""
        async with asyncio.timeout(within_s):
            while True:
                event: dict[str, Any] = json.loads(await self.socket.recv())
                self.events.append(event)
                if event["event"] == kind:
                    return event

    async def pong(self, number: int, **changes: Any) -> None:
        """The beat of a page that is seen, heard and shows a picture."""
        said = {"is_flowing": True, "is_shown": True, "is_audible": True, "rung": "udp", **changes}
        await self.say(do="pong", number=number, **said)

    async def beating(self, beats: int, **changes: Any) -> None:
        """Answers so many pings."""
        for _ in range(beats):
            await self.pong((await self.until("ping"))["number"], **changes)

    async def closed(self, within_s: float = 8) -> int:
        """Waits for the end; the close code."""
        async with asyncio.timeout(within_s):
            try:
                while True:
                    self.events.append(json.loads(await self.socket.recv()))
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd is not None else 1006

    def kinds(self) -> list[str]:
        """The events so far but for pings, by kind."""
        return [one["event"] for one in self.events if one["event"] != "ping"]


@asynccontextmanager
async def a_page(
    url: str, room: UUID | str, cookie: str = "", origin: str | None = ORIGIN, **headers: str
) -> AsyncIterator[Page]:
    """A page's socket to a room, with these cookies."""
    sent = {**headers, **({"cookie": cookie} if cookie else {})}
    async with connect(
        f"{url}/rooms/{room}/socket", additional_headers=sent, origin=origin, compression=None,
        max_size=2**22,
    ) as socket:  # type: ignore[arg-type]  # fmt: skip
        yield Page(socket)
