"""What a page is told goes out as its own library would send it."""

import asyncio
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from server.room_wire import RoomWire, framed
from tests.support.served import free_port

SIZES = [0, 1, 125, 126, 65_535, 65_536, 200_000]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("letter", ["a", "é", "🙂"])
def test_a_frame_is_what_the_library_makes(size: int, letter: str) -> None:
    text = letter * (size // len(letter.encode()))
    assert framed(text) == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


async def told(socket: WebSocket) -> None:
    """Says what it is told, long ones too; bytes, and its end, by the library's own way."""
    await socket.accept()
    for size in SIZES:
        await socket.send_text("x" * size)
    await socket.send_bytes(b"bytes")
    assert await socket.receive_text() == "go on"
    await socket.send_text("the last")
    await socket.close(1000)
    with pytest.raises(RuntimeError):
        await socket.send_text("after the end")


async def left(socket: WebSocket) -> None:
    """Goes on telling somebody who has gone, and learns of it."""
    await socket.accept()
    with pytest.raises((WebSocketDisconnect, RuntimeError)):
        while True:
            await socket.send_text("x" * 1000)
            await asyncio.sleep(0)
    socket.app.state.is_over.set()


async def test_a_page_reads_all_of_it_and_the_end() -> None:
    app = Starlette(routes=[WebSocketRoute("/told", told), WebSocketRoute("/left", left)])
    app.state.is_over = asyncio.Event()
    options: dict[str, Any] = {"lifespan": "off", "log_config": None, "ws": RoomWire}
    config = uvicorn.Config(
        app, host="127.0.0.1", port=free_port(), ws_per_message_deflate=False, **options
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.02)
    url = f"ws://127.0.0.1:{config.port}"
    try:
        async with asyncio.timeout(20), connect(f"{url}/told") as page:
            assert [await page.recv() for _ in SIZES] == ["x" * size for size in SIZES]
            assert await page.recv() == b"bytes"
            await page.send("go on")
            assert [one async for one in page] == ["the last"]
            assert page.close_code == 1000
            async with connect(f"{url}/left") as other:
                await other.recv()
            await app.state.is_over.wait()
    finally:
        server.should_exit = True
        await running
