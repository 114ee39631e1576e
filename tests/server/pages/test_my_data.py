"""What is kept of a person: seen, taken along, erased; and nobody comes back with a backup."""

import json
import re

from rooms.people import erasure, sign_ins
from rooms.people.erasure import FATES, NO_NAME, Fate
from rooms.safety import purges
from server import erased
from server.auth import COOKIE
from server.database import Connection
from tests.support.floor import House
from tests.support.whole import Whole, a_whole


async def test_every_column_that_names_a_person_has_its_fate(app_house: House) -> None:
    async with app_house.pool.acquire() as conn:
        rows = await conn.fetch(
            """
            select c.conrelid::regclass || '.' || a.attname as name, a.attnotnull as is_needed
            from pg_constraint c
            join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
            where c.contype = 'f' and c.confrelid = 'persons'::regclass
            """
        )
    assert {row["name"] for row in rows} == set(FATES)


async def places_of(conn: Connection, text: str) -> set[str]:
    """Tables in which a text stands."""
    tables = await conn.fetch("select tablename from pg_tables where schemaname = 'public'")
    return {
        name
        for name in (row["tablename"] for row in tables)
        if await conn.fetchval(
            f'select exists (select from "{name}" t where lower(t::text) ~ $1)',
            "(^|[^a-z0-9.-])" + re.escape(text.lower()),
        )
    }


async def results_of(conn: Connection) -> list[str]:
    rows = await conn.fetch("select r::text from session_class_results r order by 1")
    return [row[0] for row in rows]


async def a_world(house: House, who: str) -> tuple[Whole, str]:
    async with house.pool.acquire() as conn, conn.transaction():
        world = await a_whole(conn, "Zilver", house.settings, house.clock())
        token = await sign_ins.start(
            conn, world.people[who].id, now=house.clock(), programme_id=world.programme.id
        )
    return world, token


async def test_a_teacher_takes_her_data_along_and_is_erased(app_house: House) -> None:
    world, token = await a_world(app_house, "teacher")
    her = world.people["teacher"]
    async with app_house.client(cookies={COOKIE: token}) as client:
        page = await client.get("/account/data")
        assert page.status_code == 200 and her.email in page.text
        told = (await client.get("/account/data.json")).json()
        assert told["account"][0]["email"] == her.email
        assert {"roles", "classes", "lessons", "registrations", "sign_ins"} <= set(told)
        others = [one.email for who, one in world.people.items() if who != "teacher"]
        assert not [email for email in others if email in json.dumps(told["account"])]
        assert "hash" not in json.dumps({**told, "mails": []}).replace("has_password", "")
        async with app_house.pool.acquire() as conn:
            before = await results_of(conn)
            assert "persons" in await places_of(conn, her.email)
        wrong = await client.post("/account/erase", data={"email": "x@y.example"})
        assert (wrong.status_code, wrong.headers["location"]) == (303, "/account/data")
        done = await client.post("/account/erase", data={"email": her.email})
        assert (done.status_code, done.headers["location"]) == (303, "/")
        assert (await client.get("/account/data")).headers["location"].startswith("/sign-in")
    async with app_house.pool.acquire() as conn:
        assert await places_of(conn, her.email) == set()
        assert await results_of(conn) == before != []
        for place, fate in FATES.items():
            table, column = place.split(".")
            if fate is Fate.GOES:
                found = await conn.fetchval(
                    f"select count(*) from {table} where {column} = $1", her.id
                )
                assert found == 0, place
        row = await conn.fetchrow("select name, email from persons where id = $1", her.id)
        assert row is not None and row["name"] == NO_NAME
        # What a backup brings back goes again, by the note beside the database.
        await conn.execute(
            "update persons set email = $2, name = 'Noor', erased_at = null where id = $1",
            her.id,
            her.email,
        )
        storage = app_house.app.state.floor.storage
        assert await erased.again(conn, storage, app_house.clock()) == 1
        assert await erased.again(conn, storage, app_house.clock()) == 0
        assert await places_of(conn, her.email) == set()


async def test_a_presenter_leaves_no_address_and_the_last_office_stays(app_house: House) -> None:
    world, token = await a_world(app_house, "bureau")
    async with app_house.pool.acquire() as conn:
        presenter = await conn.fetchval(
            "select person_id from webinar_presenters where person_id is not null limit 1"
        )
        email = await conn.fetchval("select email from persons where id = $1", presenter)
        assert len(await places_of(conn, email)) > 1
        await erasure.erase(conn, presenter, app_house.clock())
        assert await places_of(conn, email) == set()
        await conn.execute("update roles set ended_at = now() where role = 'operator'")
    async with app_house.client(cookies={COOKIE: token}) as client:
        answer = await client.post("/account/erase", data={"email": world.people["bureau"].email})
        assert answer.status_code == 422 and "Nothing was erased" in answer.text


async def test_the_proof_is_handed_over_whole(app_house: House) -> None:
    world, token = await a_world(app_house, "bureau")
    now = app_house.clock()
    async with app_house.pool.acquire() as conn, conn.transaction():
        for what, removed in (("visit_events", 12), ("questions", 3)):
            await purges.prove(conn, world.programme.id, what, removed, now, now)
        lines = await purges.of_programme(conn, world.scope("bureau"))
    assert purges.is_whole(lines) and not purges.is_whole(lines[1:])
    async with app_house.client(cookies={COOKIE: token}) as client:
        page = await client.get("/keeping/report")
        assert page.status_code == 200 and lines[-1].proof in page.text
        told = (await client.get("/keeping/report.json")).json()
    assert told["is_whole"] and [one["removed"] for one in told["lines"]] == [12, 3]
    first = told["lines"][0]
    assert first["proof"] == purges.proof_of("", "visit_events", 12, now, now)
