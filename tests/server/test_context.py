"""What a handler is given: forms are read no further than they may weigh; sums have their turns."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import httpx
import pytest
from starlette.requests import Request

from media.storage import Storage
from server.context import (
    FORM_BYTES,
    LOOKED_UP_AT_ONCE,
    STRANGERS_FORM_BYTES,
    SUMS_AT_ONCE,
    Floor,
    Here,
)
from server.database import connect_pool
from server.turns import Turns
from tests.support.databases import fresh_database
from tests.support.floor import Clock, House, house, settings_in
from tests.support.people import a_person, a_programme, a_role, sign_in

CHUNK = 16_000
MULTIPART = {"content-type": "multipart/form-data; boundary=x"}
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}


class Flood:
    """A body without an end that anybody announced; counts what was taken of it."""

    def __init__(self, head: bytes, chunks: int = 4000) -> None:
        self.head, self.chunks, self.taken = head, chunks, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.head
        for _ in range(self.chunks):
            self.taken += CHUNK
            yield b"a" * CHUNK


FILE = b'--x\r\ncontent-disposition: form-data; name="f"; filename="f.bin"\r\n\r\n'


async def signed_in(made: House) -> httpx.AsyncClient:
    async with made.pool.acquire() as conn, conn.transaction():
        programme, person = await a_programme(conn), await a_person(conn)
        await a_role(conn, programme, person, "bureau")
    client = made.client()
    await sign_in(made, client, person)
    return client


@pytest.mark.parametrize(("headers", "head"), [(MULTIPART, FILE), (URLENCODED, b"email=")])
async def test_a_strangers_flood_is_stopped_while_it_comes(
    app_house: House, headers: dict[str, str], head: bytes
) -> None:
    flood = Flood(head)
    async with app_house.client() as client:
        answer = await client.post("/sign-in/mail", content=flood, headers=headers)
    assert answer.status_code == 413 and "at most 64 kB" in answer.text
    assert flood.taken <= STRANGERS_FORM_BYTES + 2 * CHUNK


async def test_an_announced_flood_is_refused_unread(app_house: House) -> None:
    flood = Flood(b"email=")
    length = {"content-length": "60000000", **URLENCODED}
    async with app_house.client() as client:
        answer = await client.post("/sign-in/mail", content=flood, headers=length)
    assert (answer.status_code, flood.taken) == (413, 0)


async def test_who_is_signed_in_may_write_more_but_not_without_end(app_house: House) -> None:
    client = await signed_in(app_house)
    told = {"name": "Kim", "language": "en", "more": "a" * 500_000}
    assert (await client.post("/account", data=told)).status_code == 303
    flood = Flood(b"name=")
    answer = await client.post("/account", content=flood, headers=URLENCODED)
    assert answer.status_code == 413 and flood.taken <= FORM_BYTES + 2 * CHUNK


async def test_a_list_of_schools_may_weigh_what_the_office_needs(app_house: House) -> None:
    client = await signed_in(app_house)
    line = "99AA;{:02};De Brug met een lange naam;Testdorp;VMBO\n"
    text = "INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;PLAATSNAAM;ONDERWIJSSTRUCTUUR\n"
    text += line.format(1) * 40_000
    answer = await client.post("/programme/schools/list", data={"text": text})
    assert len(text) > FORM_BYTES and answer.status_code == 422 and "413" not in answer.text
    flood = Flood(FILE)
    answer = await client.post("/programme/schools/list", content=flood, headers=MULTIPART)
    assert answer.status_code == 413 and flood.taken < 20_000_000


async def test_a_broken_multipart_is_a_sentence(app_house: House) -> None:
    async with app_house.client() as client:
        answer = await client.post("/sign-in/mail", content=b"--y\r\nx", headers=MULTIPART)
    assert answer.status_code == 422 and "Something in this form" in answer.text


async def test_who_adds_up_waits_for_a_turn_without_a_connection(dsn: str, tmp_path: Path) -> None:
    pool = await connect_pool(dsn, max_size=SUMS_AT_ONCE + 1)
    here = Here(
        cast(Request, None), Floor(settings_in(tmp_path), pool, cast(Storage, None)), None, "en"
    )
    inside, done, go = 0, 0, asyncio.Event()

    async def a_page() -> None:
        nonlocal inside, done
        async with here.adding_up():
            inside += 1
            await go.wait()
            done += 1

    async with asyncio.timeout(20), asyncio.TaskGroup() as pages:
        for _ in range(SUMS_AT_ONCE + 2):
            pages.create_task(a_page())
        while inside < SUMS_AT_ONCE:
            await asyncio.sleep(0.01)
        async with here.transaction() as conn:
            assert await conn.fetchval("select 1") == 1
        assert (inside, done) == (SUMS_AT_ONCE, 0)
        go.set()
    assert done == SUMS_AT_ONCE + 2
    await pool.close()


async def test_a_burst_of_requests_opens_no_connection_for_each(
    server_dsn: str, tmp_path: Path, clock: Clock
) -> None:
    """Of a pool that nobody used before."""
    async with (
        fresh_database(server_dsn, is_left_alone=True) as dsn,
        house(dsn, tmp_path, clock) as made,
    ):
        client = await signed_in(made)
        before = made.pool.get_size()
        answers = await asyncio.gather(*(client.get("/not-there") for _ in range(40)))
        assert {answer.status_code for answer in answers} == {404}
        assert made.pool.get_size() <= before + LOOKED_UP_AT_ONCE < made.pool.get_max_size()


async def test_nobody_waits_for_a_turn_without_an_end(app_house: House) -> None:
    app_house.app.state.floor.askers = Turns(1, 0.05)
    async with await signed_in(app_house) as client:
        async with app_house.app.state.floor.askers:
            busy = await client.get("/account")
        assert busy.status_code == 503
        assert "try again in a minute" in busy.text
        assert (await client.get("/account")).status_code == 200


async def test_who_stops_waiting_takes_no_turn_along() -> None:
    turns = Turns(1, 20)
    async with turns:
        waits = asyncio.create_task(turns.__aenter__())
        await asyncio.sleep(0)
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits
    async with asyncio.timeout(1), turns:
        pass
