"""A body that only drips in is ended; who waits for it holds nobody else up."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message

from rooms.errors import RoomError
from server import bodies
from tests.support.floor import House, settings_in
from tests.support.sending import a_sender, create, patch
from tests.support.served import served

WAIT_S = 0.2


@pytest.fixture(autouse=True)
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WAIT_S", WAIT_S)


def request(parts: AsyncIterator[bytes]) -> Request:
    async def receive() -> Message:
        part = await anext(parts, b"")
        return {"type": "http.request", "body": part, "more_body": bool(part)}

    return bodies.in_time(Request({"type": "http", "headers": []}, receive))


async def drips(part: bytes, times: int, every_s: float) -> AsyncIterator[bytes]:
    for _ in range(times):
        await asyncio.sleep(every_s)
        yield part


async def test_a_body_that_drips_in_is_ended_and_stays_so() -> None:
    slow, began = request(drips(b"a", 1000, 0.03)), time.monotonic()
    for _ in range(2):  # a page that is shown again for what went wrong reads its form again
        with pytest.raises(RoomError, match="body_slow"):
            [part async for part in slow.stream()]
    assert WAIT_S <= time.monotonic() - began < 2 * WAIT_S


async def test_a_large_body_has_longer() -> None:
    part = bytes(bodies.SLOWEST_BYTES_S // 10)
    assert len(await request(drips(part, 10, 0.05)).body()) == 10 * len(part)


async def test_what_is_done_with_a_part_is_not_waited_for() -> None:
    read = 0
    async for part in request(drips(b"ab", 3, 0.01)).stream():
        read += len(part)
        await asyncio.sleep(WAIT_S)
    assert read == 6


async def test_an_upload_paces_itself(app_house: House) -> None:
    film = bytes(1000)

    async def pauses() -> AsyncIterator[bytes]:
        yield film[:500]
        await asyncio.sleep(2 * WAIT_S)
        yield film[500:]

    async with app_house.pool.acquire() as conn, conn.transaction():
        sender = await a_sender(conn)
    async with app_house.client(headers=sender.headers) as client:
        assert (await patch(client, await create(client, 1000), 0, pauses())).status_code == 204


async def post(url: str, path: str, kind: str) -> bytes:
    """Everything that is answered to a body that drips in for half a second and then stalls."""
    at = urlsplit(url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Type: {kind}\r\n"
        "Content-Length: 5000\r\n\r\n".encode()
    )
    for _ in range(10):
        writer.write(b"a")
        await asyncio.sleep(0.05)
    answer = await reader.read()
    writer.close()
    return answer


async def test_slow_ones_are_answered_408_and_nobody_waits_for_them(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "WAIT_S", 1.0)
    form = "application/x-www-form-urlencoded"
    async with served(settings_in(tmp_path), dsn) as url, httpx.AsyncClient(base_url=url) as other:
        slow = [asyncio.create_task(post(url, "/sign-in/mail", form)) for _ in range(30)]
        await asyncio.sleep(0.1)
        assert (await other.get("/join")).status_code == 200
        assert not any(each.done() for each in slow), "it was answered after them"
        async with asyncio.timeout(10):
            answers = await asyncio.gather(*slow)
    for answer in answers:
        head, _, page = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in head.lower()
        assert b"did not arrive in time" in page or b"niet op tijd" in page
