"""What a page is told goes out as its own library would send it, at once or after waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from rooms.live.outbox import no_way
from server import room_wire
from server.room_wire import RoomWire, framed, way_of
from server.web import SOCKETS
from tests.support.served import free_port
from tests.support.waiting import until

SIZES = [0, 1, 125, 126, 65_535, 65_536, 200_000]
TEXTS = tuple("x" * size for size in SIZES)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("letter", ["a", "é", "🙂"])
def test_a_frame_is_what_the_library_makes(size: int, letter: str) -> None:
    text = letter * (size // len(letter.encode()))
    assert framed(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


@asynccontextmanager
async def a_server(talk: Any, **changes: Any) -> AsyncIterator[str]:
    """Where a socket is whose other end is `talk`."""
    options: dict[str, Any] = {"lifespan": "off", "log_config": None, **SOCKETS, **changes}
    app = Starlette(routes=[WebSocketRoute("/", talk)])
    config = uvicorn.Config(app, host="127.0.0.1", port=free_port(), **options)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    try:
        async with asyncio.timeout(20):
            while not server.started:
                await asyncio.sleep(0.02)
            yield f"ws://127.0.0.1:{config.port}"
    finally:
        server.should_exit = True
        await running


async def test_a_page_reads_all_of_it_in_order_and_the_end() -> None:
    async def talk(socket: WebSocket) -> None:
        way = way_of(socket.scope)
        assert not way(("before it is open",))
        await socket.accept()
        assert way(TEXTS)
        await socket.send_bytes(b"bytes")
        assert await socket.receive_text() == "go on"
        assert way(("the last",))
        await socket.close(1000)
        assert not way(("after the end",))

    async with a_server(talk) as url, connect(url) as page:
        assert [await page.recv() for _ in TEXTS] == list(TEXTS)
        assert await page.recv() == b"bytes"
        await page.send("go on")
        assert [one async for one in page] == ["the last"]
        assert page.close_code == 1000


async def test_whoever_has_gone_is_said_nothing() -> None:
    is_over = asyncio.Event()

    async def talk(socket: WebSocket) -> None:
        way = way_of(socket.scope)
        await socket.accept()
        with pytest.raises(WebSocketDisconnect):
            await socket.receive_text()
        assert not way(("is anybody there?",))
        is_over.set()

    async with a_server(talk) as url:
        async with connect(url):
            pass
        await is_over.wait()


async def test_another_server_has_no_such_way() -> None:
    ways: list[Any] = []

    async def talk(socket: WebSocket) -> None:
        ways.append(way_of(socket.scope))
        await socket.accept()
        await socket.close()

    async with a_server(talk, ws="auto") as url, connect(url) as page:
        with pytest.raises(ConnectionClosed):
            await page.recv()
    assert ways == [no_way]


async def test_who_takes_nothing_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_wire, "LINGER_S", 0.2)
    said, connections = 0, set[RoomWire]()
    made = RoomWire.connection_made

    def note(self: RoomWire, transport: Any) -> None:
        connections.add(self)
        made(self, transport)

    monkeypatch.setattr(RoomWire, "connection_made", note)

    async def talk(socket: WebSocket) -> None:
        nonlocal said
        way = way_of(socket.scope)
        await socket.accept()
        while way(("x" * 100_000,)):
            said += 1
            await asyncio.sleep(0)

    async with a_server(talk) as url, connect(url, max_queue=1) as page:
        page.transport.pause_reading()
        await until(lambda: said > 0 and connections and not _open(connections))
        assert said < 1000
        page.transport.abort()


def _open(connections: set[RoomWire]) -> bool:
    return any(one in one.connections for one in connections)
