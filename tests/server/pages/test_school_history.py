"""A school closes, is taken over, opens again; and one that a teacher typed in is found out."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from rooms.attendance import kpi_rows
from rooms.connection import Connection
from rooms.people import classes, networks, pairs, placings, schools
from rooms.people.networks import Kind
from rooms.scope import Grant, Scope
from server.database import Pool
from tests.server.pages.test_school_lists import Office, office
from tests.support.days import local_day
from tests.support.lessons import World, a_class, a_session, many_lessons, teacher_scope
from tests.support.people import a_person, a_region, a_role, a_school, a_teacher

__all__ = ["office"]


async def in_a_network(conn: Connection, world: World, school_id: UUID, since: date) -> None:
    """The school is in "Hogeschool" since that day."""
    scope = Scope(world.programme.id, None, (Grant("bureau"),))
    there = await networks.create(conn, scope, "Hogeschool", datetime.combine(since, time(9), UTC))
    await networks.join(conn, scope, there.id, Kind.SCHOOL, [school_id], since)


async def networks_now(pool: Pool, school_id: UUID) -> list[str]:
    """The networks that it is in."""
    rows = await pool.fetch(
        "select n.name from network_members m join networks n on n.id = m.network_id "
        "where m.school_id = $1 and m.valid_to is null", school_id,
    )  # fmt: skip
    return [row["name"] for row in rows]


async def test_a_school_is_taken_over_and_opens_again(office: Office) -> None:
    pool, world = office.house.pool, office.world
    async with pool.acquire() as conn, conn.transaction():
        await a_school(conn, world.programme, name="Het Nieuwe", code="77AA00")
        await in_a_network(conn, world, world.school.id, date(2026, 1, 1))
    path = f"/programme/schools/{world.school.id}"
    for verb in ("/close", "/same"):
        assert (await office.client.post(path + verb)).status_code == 422, "an empty form"
    for verb in ("/close", "/reopen", "/same"):
        assert (await office.twin.post(path + verb, data={"on": "2026-08-01"})).status_code == 404
    wrong = await office.client.post(
        f"{path}/close", data={"on": "2026-08-01", "successor": "00ZZ00"}
    )
    assert wrong.status_code == 422 and "No open school has the code 00ZZ00." in wrong.text
    told = {"on": "2026-08-01", "successor": "77aa 00"}
    assert (await office.client.post(f"{path}/close", data=told)).status_code == 303
    page = (await office.client.get(f"{path}/history")).text
    assert "closed on Aug 1, 2026" in page or "closed on 1 Aug 2026" in page
    assert "was taken over by" in page and "Het Nieuwe" in page
    search = f"/schools/search?programme={world.programme.slug}&q={world.school.name}"
    assert str(world.school.id) not in (await office.client.get(search)).text
    assert (await office.client.post(f"{path}/reopen")).status_code == 303
    assert (await office.client.post(f"{path}/reopen")).status_code == 409
    row = await pool.fetchrow("select * from schools where id = $1", world.school.id)
    assert row is not None
    assert (row["closed_on"], row["reports_as"]) == (None, None)
    assert await networks_now(pool, world.school.id) == ["Hogeschool"]
    numbers = await pool.fetch("select number from registry_versions order by 1")
    assert [row["number"] for row in numbers] == [1, 2]


async def test_a_lesson_keeps_the_name_its_school_had(office: Office) -> None:
    pool, world = office.house.pool, office.world
    async with pool.acquire() as conn, conn.transaction():
        await a_session(conn, world, await a_class(conn, world), office.house.clock())
    told = {"code": "x", "name": "Nieuwe naam", "region": str(world.region.id)}
    before = world.school.name
    office.house.clock.move(days=2)
    path = f"/programme/schools/{world.school.id}"
    assert (await office.client.post(path, data=told)).status_code == 303
    assert await pool.fetchval("select school from report_rows") == before
    page = (await office.client.get(f"{path}/history")).text
    assert before in page and "got another name" in page


async def test_an_unlisted_school_is_found_out_and_it_can_be_taken_back(office: Office) -> None:
    pool, world, now = office.house.pool, office.world, office.house.clock()
    async with pool.acquire() as conn, conn.transaction():
        typed = await schools.put_unlisted(conn, country="NL", name="Driehoekje", place="Hengelo")
        teacher = await a_teacher(conn, world.programme, typed, is_confirmed=False)
        scope = teacher_scope(world.programme, teacher, typed)
        made = await classes.create(conn, scope, typed.id, "3B", "havo", 3, "", 28, now)
        both = await a_teacher(conn, world.programme, typed)
        helper = await a_person(conn)
        await a_role(conn, world.programme, helper, "facilitator")
        # both offices had placed it, and the other has found out already that it is none
        for there in (world, office.twin_world):
            eyes = Scope(there.programme.id, None, (Grant("bureau"),))
            await schools.place(conn, eyes, typed.id, there.region.id, local_day(now))
        await placings.end_here(conn, eyes, typed.id, local_day(now))
        eyes = Scope(world.programme.id, None, (Grant("bureau"),))
        pair = await pairs.make(conn, eyes, helper.id, typed.id, world.company.id, now)
        there = World(**{**vars(world), "school": typed, "teacher": teacher})
        await many_lessons(conn, there, "4C", 1, now)
        await in_a_network(conn, world, typed.id, local_day(now) - timedelta(days=30))
        await conn.execute(
            "insert into roles (programme_id, person_id, role, school_id) values ($1, $2, "
            "'teacher', $3)", world.programme.id, both.id, world.school.id,
        )  # fmt: skip
    path = f"/programme/schools/{typed.id}"
    page = (await office.client.get(f"{path}/history")).text
    assert "A teacher typed this school in" in page and str(world.school.id) in page
    stranger = await pool.fetchval("select id from schools where id <> all($1::uuid[]) limit 1",
                                   [typed.id, world.school.id])  # fmt: skip
    refused = await office.client.post(f"{path}/same", data={"into": str(stranger)})
    assert refused.status_code == 404
    done = await office.client.post(f"{path}/same", data={"into": str(world.school.id)})
    assert done.headers["location"] == f"/programme/schools/{world.school.id}/history"
    at = "select school_id from classes where id = $1"
    assert await pool.fetchval(at, made.id) == world.school.id
    mine = "select school_id from roles where person_id = $1"
    assert await pool.fetchval(mine, teacher.id) == world.school.id
    paired = "select school_id from facilitator_pairs where id = $1"
    assert await pool.fetchval(paired, pair) == world.school.id
    assert await networks_now(pool, typed.id) == []
    assert await networks_now(pool, world.school.id) == ["Hogeschool"]
    counts_in = (
        "select o.name, n.name from kpi_classes k join networks n on n.id = k.network_id "
        "join schools o on o.id = k.school_id"
    )
    assert [tuple(row) for row in await pool.fetch(counts_in)] == [
        (world.school.name, "Hogeschool")
    ]
    merge_id = await pool.fetchval("select id from school_merges")
    undo = f"/programme/schools/merges/{merge_id}/undo"
    assert undo in (await office.client.get(done.headers["location"])).text
    assert (await office.twin.post(undo)).status_code == 404
    assert (await office.client.post(undo)).status_code == 303
    assert (await office.client.post(undo)).status_code == 409
    assert await pool.fetchval(at, made.id) == typed.id
    assert await pool.fetchval(mine, teacher.id) == typed.id
    assert await pool.fetchval(paired, pair) == typed.id
    assert await networks_now(pool, typed.id) == ["Hogeschool"]
    assert await networks_now(pool, world.school.id) == []
    assert [tuple(row) for row in await pool.fetch(counts_in)] == [("Driehoekje", "Hogeschool")]
    stands = await pool.fetch(
        "select programme_id from school_regions where school_id = $1 and valid_to is null",
        typed.id,
    )
    assert [row["programme_id"] for row in stands] == [world.programme.id]
    kept = await pool.fetch(mine + " order by 1", both.id)
    assert {row["school_id"] for row in kept} == {typed.id, world.school.id}


async def test_a_move_that_is_told_late_takes_the_lessons_since_along(office: Office) -> None:
    pool, world, now = office.house.pool, office.world, office.house.clock()
    async with pool.acquire() as conn, conn.transaction():
        await a_session(conn, world, await a_class(conn, world), now)
        oost = await a_region(conn, world.programme, "Oost")
    office.house.clock.move(days=30)
    told = {"code": "x", "name": world.school.name, "region": str(oost.id)}
    path = f"/programme/schools/{world.school.id}"
    at = "select region_id from session_classes"
    later = local_day(now + timedelta(days=3)).isoformat()
    assert (await office.client.post(path, data={**told, "region_from": later})).status_code == 303
    assert await pool.fetchval(at) == world.region.id
    ahead = local_day(now + timedelta(days=40)).isoformat()
    assert (await office.client.post(path, data={**told, "region_from": ahead})).status_code == 422
    moved = local_day(now - timedelta(days=3))
    before = moved.isoformat()
    assert (await office.client.post(path, data={**told, "region_from": before})).status_code == 303
    stays = await pool.fetch(
        "select * from school_regions where school_id = $1 order by valid_from", world.school.id
    )
    assert [row["region_id"] for row in stays] == [world.region.id, oost.id]
    assert str(stays[1]["valid_from"]) == before
    assert await pool.fetchval(at) == oost.id
    # No day is told of two regions.
    page = (await office.client.get(f"{path}/history")).text
    last, first = (f"{now.day} {now:%b %Y}" for now in (moved - timedelta(days=1), moved))
    assert f"until {last}</p>" in page and f"Oost · from {first}</p>" in page


async def test_a_lesson_after_the_merger_is_the_successors(office: Office) -> None:
    """The class and its teacher are still those of the school that was taken over."""
    pool, world, now = office.house.pool, office.world, office.house.clock()
    async with pool.acquire() as conn, conn.transaction():
        await a_school(conn, world.programme, name="Het Nieuwe", code="77AA00")
        await a_session(conn, world, await a_class(conn, world), now)
    path = f"/programme/schools/{world.school.id}"
    for number, (days, status) in enumerate(((5, 422), (-1, 303))):
        told = {"on": local_day(now + timedelta(days=days)).isoformat(), "successor": "77AA00"}
        assert (await office.client.post(f"{path}/close", data=told)).status_code == status
        async with pool.acquire() as conn, conn.transaction():
            await a_session(conn, world, await a_class(conn, world, f"3{number}"), now)
    assert (await office.client.post(f"{path}/reopen")).status_code == 303
    rows = await pool.fetch(
        "select o.name, c.region_id, c.is_confirmed_teacher from session_classes c "
        "join schools o on o.id = c.school_id order by c.created_at"
    )
    assert [row["name"] for row in rows] == [world.school.name, world.school.name, "Het Nieuwe"]
    assert {row["region_id"] for row in rows} == {world.region.id}
    assert {row["is_confirmed_teacher"] for row in rows} == {True}


async def test_a_teacher_of_the_school_that_was_taken_over_counts_at_the_successor(
    office: Office,
) -> None:
    """She is confirmed where she said she taught; her lesson is the successor's, and counts at
    once."""
    pool, world, now = office.house.pool, office.world, office.house.clock()
    async with pool.acquire() as conn, conn.transaction():
        into = await a_school(conn, world.programme, name="Het Nieuwe", code="77AA00")
        await many_lessons(conn, world, "3B", 2, now)
        await conn.execute(
            "update schools set closed_on = $2, reports_as = $3 where id = $1",
            world.school.id, now.date(), into.id,
        )  # fmt: skip
        await conn.execute(
            "update session_classes set school_id = $1, is_confirmed_teacher = false", into.id
        )
        await conn.execute("update roles set is_confirmed = false where role = 'teacher'")
        await kpi_rows.run(conn, now)
    counted = "select count(*) filter (where is_counted), count(*) from kpi_classes"
    assert tuple(await pool.fetchrow(counted)) == (0, 2)
    role_id = await pool.fetchval("select id from roles where role = 'teacher'")
    assert (await office.client.post(f"/teachers/confirm/{role_id}")).status_code == 303
    assert tuple(await pool.fetchrow(counted)) == (2, 2)
