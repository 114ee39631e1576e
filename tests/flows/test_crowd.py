"""120 phones in one lesson, a canary in everything they can send, and a dump that holds none."""

import asyncio
from uuid import uuid4

import httpx

from server.database import Pool
from tests.support import people
from tests.support.floor import House
from tests.support.lessons import a_class, a_session, a_world

PHONES = 120
CANARY = "Canarypupil"
MAIL = "canarypupil@example.net"
ADDRESS = "203.0.113.77"


def _phone(house: House) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(
        app=house.app, client=(ADDRESS, 40_000), raise_app_exceptions=False
    )
    return httpx.AsyncClient(
        transport=transport,
        base_url="http://testserver",
        headers={
            "User-Agent": f"Mozilla {CANARY}",
            "Accept-Language": f"nl, {CANARY}",
            "Referer": f"http://testserver/?from={MAIL}",
            "X-Forwarded-For": ADDRESS,
            "X-Name": CANARY,
        },
    )


async def _take_part(house: House, session: str, code: str, n: int) -> None:
    async with _phone(house) as phone:
        phone.cookies.set("name", CANARY)
        if n % 10 == 0:
            await phone.post("/join", data={"code": f"{CANARY} {n}"})
            await phone.post("/join", data={"code": MAIL, "name": CANARY})
        answer = await phone.post(
            f"/join?name={CANARY}", data={"code": code, "name": CANARY, "email": MAIL}
        )
        assert answer.status_code == 303, answer.text
        assert (await phone.get(f"{session}/phone?name={CANARY}")).status_code == 200
        await phone.post(f"{session}/watch", data={"here": "1", "name": CANARY})
        tab = str(uuid4())
        for number in range(3):
            told = await phone.post(
                f"{session}/beats",
                json={
                    "name": CANARY,
                    "beats": [
                        {
                            "connection": tab,
                            "number": number,
                            "ranges_ms": [[number * 2000, number * 2000 + 2000]],
                            "events": ["shown"],
                            "name": CANARY,
                            "email": MAIL,
                        }
                    ],
                },
            )
            assert told.status_code == 200, told.text
        forged = {"beats": [{"connection": tab, "number": 9, "events": [CANARY]}]}
        assert (await phone.post(f"{session}/beats", json=forged)).status_code == 422


async def dump(pool: Pool) -> str:
    """Every row of every table as text."""
    async with pool.acquire() as conn:
        tables = await conn.fetch(
            """
            select format('%I.%I', table_schema, table_name) as name
            from information_schema.tables
            where table_type = 'BASE TABLE'
                and table_schema not in ('pg_catalog', 'information_schema')
            """
        )
        rows = [await conn.fetch(f"select t::text as row from {t['name']} t") for t in tables]
    return "\n".join(row["row"] for found in rows for row in found)


async def test_a_dump_after_120_phones_knows_no_pupil(app_house: House) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        school_class = await a_class(conn, world, pupils=PHONES)
        session = await a_session(conn, world, school_class, app_house.clock())
    path = f"/sessions/{session.id}"
    await asyncio.gather(
        *(_take_part(app_house, path, school_class.code, n) for n in range(PHONES))
    )
    teacher = app_house.client()
    await people.sign_in(app_house, teacher, world.teacher, world.programme)
    assert (await teacher.post(f"{path}/end")).status_code == 303
    text = await dump(app_house.pool)
    async with app_house.pool.acquire() as conn:
        assert await conn.fetchval("select count(*) from seats") == PHONES
        assert await conn.fetchval("select count(*) from visits") == PHONES
        # The net is tight: what was put there on purpose is found.
        await conn.execute("update session_classes set class_name = $1", CANARY)
    for canary in (CANARY, MAIL, ADDRESS, "Mozilla"):
        assert canary.casefold() not in text.casefold()
    assert CANARY in await dump(app_house.pool)
