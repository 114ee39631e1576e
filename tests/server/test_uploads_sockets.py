"""Uploads over real sockets: half-open connections, a killed server, and tus-js-client as it is."""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from media import upload_ends, uploads
from media.storage import open_storage
from server.database import Pool, connect_pool
from server.templates import WEB
from tests.support import sending
from tests.support.floor import settings_in
from tests.support.sending import Sender, create, id_of, offset, patch
from tests.support.served import WebProcess, served

CLIENT = Path(__file__).parent / "uploads_client.mjs"
MB = 1_000_000


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Pool]:
    found = await connect_pool(dsn, max_size=2)
    yield found
    await found.close()


@pytest.fixture
async def sender(pool: Pool) -> Sender:
    async with pool.acquire() as conn, conn.transaction():
        return await sending.a_sender(conn)


@pytest.fixture
def film() -> bytes:
    return random.Random(7).randbytes(3 * MB)


async def whole(pool: Pool, home: Path, address: str) -> bytes:
    storage = open_storage(settings_in(home).storage_url)
    await uploads.assemble(pool, storage, id_of(address), home / "whole")
    return (home / "whole").read_bytes()


class HalfPatch:
    """A PATCH that sends a part of its body and then falls silent, its socket left open."""

    def __init__(self, url: str, sender: Sender) -> None:
        self._url, self._sender = url, sender

    async def send(self, address: str, at: int, data: bytes, declared: int) -> None:
        """Sends `data` of a body of `declared` bytes."""
        parts = urlsplit(self._url)
        self.reader, self.writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = {
            **self._sender.headers, "Host": parts.netloc, "Content-Type": sending.BYTES,
            "Upload-Offset": str(at), "Content-Length": str(declared),
        }  # fmt: skip
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        self.writer.write(f"PATCH {address} HTTP/1.1\r\n{lines}\r\n".encode() + data)
        await self.writer.drain()

    def close(self) -> None:
        """The network card dies: no goodbye."""
        self.writer.transport.abort()


async def test_a_reconnecting_client_takes_over_a_half_open_one(
    dsn: str, pool: Pool, sender: Sender, film: bytes, tmp_path: Path
) -> None:
    async with (
        served(settings_in(tmp_path), dsn) as url,
        httpx.AsyncClient(base_url=url, headers=sender.headers) as client,
    ):
        address = await create(client, len(film))
        hanging = HalfPatch(url, sender)
        await hanging.send(address, 0, film[:MB], len(film))
        await asyncio.sleep(0.3)  # until the bytes are on the other side
        clock = asyncio.get_running_loop().time
        began = clock()
        at = await offset(client, address)
        assert clock() - began < 3
        assert at == MB
        assert (await patch(client, address, at, film[at:])).status_code == 204
        assert b"408" in await hanging.reader.readline()
        hanging.close()
    assert await whole(pool, tmp_path, address) == film


async def test_a_broken_connection_keeps_what_arrived(
    dsn: str, pool: Pool, sender: Sender, film: bytes, tmp_path: Path
) -> None:
    async with (
        served(settings_in(tmp_path), dsn) as url,
        httpx.AsyncClient(base_url=url, headers=sender.headers) as client,
    ):
        address = await create(client, len(film))
        at = 0
        for _ in range(4):
            broken = HalfPatch(url, sender)
            await broken.send(address, at, film[at : at + 400_000], len(film) - at)
            await asyncio.sleep(0.2)
            broken.close()
            before, at = at, await offset(client, address)
            assert before < at <= before + 400_000
        assert (await patch(client, address, at, film[at:])).status_code == 204
    assert await whole(pool, tmp_path, address) == film


async def test_a_killed_server_goes_on_at_the_true_offset(
    dsn: str,
    pool: Pool,
    sender: Sender,
    tmp_path: Path,
) -> None:
    film = random.Random(8).randbytes(30 * MB)
    web = WebProcess(dsn, tmp_path)
    try:
        await web.start()
        async with httpx.AsyncClient(base_url=web.url, headers=sender.headers) as client:
            address = await create(client, len(film))
        hanging = HalfPatch(web.url, sender)
        await hanging.send(address, 0, film[: 20 * MB], len(film))
        # two pieces of 8 MiB are counted; the bytes in hand die with the process
        async with asyncio.timeout(20):
            while await pool.fetchval("select received from uploads") < 16 * MB:
                await asyncio.sleep(0.02)
        await web.kill()
        hanging.close()
        # what a crash between storing and counting leaves
        storage = open_storage(settings_in(tmp_path).storage_url)
        await storage.put(f"uploads/{id_of(address)}/000002-deadbeef", b"left by the crash")
        await web.start()
        async with httpx.AsyncClient(
            base_url=web.url, headers=sender.headers, timeout=30
        ) as client:
            at = await offset(client, address)
            assert at == await pool.fetchval("select sum(bytes)::bigint from upload_pieces")
            assert 16 * MB <= at <= 20 * MB
            assert (await patch(client, address, at, film[at:])).status_code == 204
    finally:
        await web.kill()
    assert await whole(pool, tmp_path, address) == film
    assert await upload_ends.sweep(pool, storage, datetime.now(UTC)) == 1


@pytest.mark.parametrize(
    "way", ["plain", "withCreation", "chunks", "parallel", "deferred", "resume"]
)
async def test_tus_js_client_as_it_is(
    way: str, dsn: str, pool: Pool, sender: Sender, film: bytes,
    tmp_path: Path,
) -> None:  # fmt: skip
    node = shutil.which("node")
    if node is None or not (WEB / "node_modules" / "tus-js-client").exists():
        pytest.skip("node or web/node_modules is missing: npm ci in web/")
    source = tmp_path / "film.mp4"
    source.write_bytes(film)
    async with served(settings_in(tmp_path), dsn) as url:
        client = await asyncio.create_subprocess_exec(
            node, str(CLIENT), way, f"{url}/uploads/", sender.token, str(source), "0.4",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(30):
                out, err = await client.communicate()
        finally:
            if client.returncode is None:
                client.kill()
                await client.wait()
    assert client.returncode == 0, err.decode()
    assert await whole(pool, tmp_path, out.decode().strip()) == film


async def test_memory_stays_constant(dsn: str, sender: Sender, tmp_path: Path) -> None:
    """The small edition of the bench: 64 MB into a process of its own."""
    web = WebProcess(dsn, tmp_path)
    size, block = 64 * MB, b"\x5a" * 250_000

    async def body() -> AsyncIterator[bytes]:
        for _ in range(size // len(block)):
            yield block

    try:
        await web.start()
        process, peak = psutil.Process(web.pid), 0
        async with httpx.AsyncClient(
            base_url=web.url, headers=sender.headers, timeout=60
        ) as client:
            address = await create(client, size)
            sent = asyncio.create_task(patch(client, address, 0, body()))
            while not sent.done():
                peak = max(peak, process.memory_info().rss)
                await asyncio.sleep(0.02)
            assert (await sent).status_code == 204
    finally:
        await web.kill()
    assert peak <= 150 * MB
