"""A facilitator's pairs: what classes of this school watched of this company, and nothing else."""

import httpx
import pytest

from rooms.attendance import report
from rooms.attendance.report import Filters
from rooms.people import pairs, roles, school_history
from rooms.people.registry_changes import Origin
from rooms.scope import Grant, Scope
from tests.support import people
from tests.support.floor import House
from tests.support.lessons import World, a_class, a_session, a_tour, a_world, many_lessons


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_world(conn)


async def rows_of(client: httpx.AsyncClient) -> int:
    answer = await client.get("/attendance?since=&until=")
    assert answer.status_code == 200
    return answer.text.count(">Why?<span")


async def test_a_facilitator_sees_her_pair_for_as_long_as_it_is_hers(
    app_house: House, world: World
) -> None:
    pool, now = app_house.pool, app_house.clock()
    async with pool.acquire() as conn, conn.transaction():
        await many_lessons(conn, world, "3B", 4, now)
        rival = await people.a_company(conn, world.programme, "Rival")
        other = await a_tour(conn, world.programme, rival, world.editor, title="Elsewhere")
        there = World(**{**vars(world), "company": rival, "tour_id": other})
        session = await a_session(conn, there, await a_class(conn, there, "4A"), now)
        helper = await people.a_person(conn)
        await people.a_role(conn, world.programme, helper, "facilitator")
        office = Scope(world.programme.id, world.teacher.id, (Grant("bureau"),))
    client = app_house.client(cookies={"language": "en"})
    await people.sign_in(app_house, client, helper)
    assert "makes the pairs" in (await client.get("/attendance")).text, "what she lacks is said"
    assert await rows_of(client) == 0
    async with pool.acquire() as conn, conn.transaction():
        key = (conn, office, helper.id, world.school.id)
        pair = await pairs.make(*key, world.company.id, now)
    assert await rows_of(client) == 4
    mine = await pool.fetchval("select id from session_classes where class_name = '3B' limit 1")
    assert (await client.get(f"/attendance/{mine}")).status_code == 200
    told = {"field": "headcount", "headcount": "9", "reason": "So it was"}
    for path in (f"/attendance/{mine}/corrections", f"/attendance/{mine}/confirmation"):
        assert (await client.post(path, data=told)).status_code == 404
    assert (await client.get(f"/attendance/{session.session_class_id}")).status_code == 404
    assert (await client.get(f"/attendance/sessions/{session.id}")).status_code == 404
    assert (await client.get("/pairs")).status_code == 404
    async with pool.acquire() as conn, conn.transaction():
        await pairs.end(conn, office, pair, now)
    assert await rows_of(client) == 0


async def test_who_facilitates_no_more_reads_no_pair_as_a_teacher(
    app_house: House, world: World
) -> None:
    now = app_house.clock()
    async with app_house.pool.acquire() as conn, conn.transaction():
        await many_lessons(conn, world, "3B", 1, now)
        helper = await people.a_teacher(conn, world.programme, world.school)
        role = await people.a_role(conn, world.programme, helper, "facilitator")
        office = Scope(world.programme.id, world.teacher.id, (Grant("bureau"),))
        await pairs.make(conn, office, helper.id, world.school.id, world.company.id, now)
    client = app_house.client(cookies={"language": "en"})
    await people.sign_in(app_house, client, helper)
    assert await rows_of(client) == 1
    async with app_house.pool.acquire() as conn, conn.transaction():
        await roles.end(conn, office, role, now)
        assert await pairs.every(conn, office) == []
    assert await rows_of(client) == 0


async def test_who_cares_for_a_school_cares_for_the_one_that_takes_it_over(
    app_house: House, world: World
) -> None:
    now, region = app_house.clock(), world.region
    async with app_house.pool.acquire() as conn, conn.transaction():
        helper = await people.a_person(conn)
        await people.a_role(conn, world.programme, helper, "facilitator")
        here = Scope(world.programme.id, helper.id, (Grant("coordinator", region_id=region.id),))
        await pairs.make(conn, here, helper.id, world.school.id, world.company.id, now)
        successor = await people.a_school(
            conn, world.programme, region=region, name="Het Nieuwe", code="77AA00"
        )
        origin = Origin("page", now)
        await school_history.close(conn, world.school.id, now.date(), successor.code, origin)
        teacher = await people.a_teacher(conn, world.programme, successor)
        there = World(**{**vars(world), "school": successor, "teacher": teacher})
        await many_lessons(conn, there, "5C", 2, now)
        mine = Scope(world.programme.id, helper.id, (Grant("facilitator"),))
        rows = await report.of_programme(conn, mine, Filters())
        assert [row.school_id for row in rows] == [successor.id] * 2
        assert [one.school for one in await pairs.every(conn, here)] == ["Het Nieuwe"]


async def test_who_coordinates_elsewhere_reads_her_pair_and_corrects_nothing(
    app_house: House, world: World
) -> None:
    pool, now = app_house.pool, app_house.clock()
    async with pool.acquire() as conn, conn.transaction():
        await many_lessons(conn, world, "3B", 1, now)
        helper = await people.a_person(conn)
        zeeland = await people.a_region(conn, world.programme, "Zeeland")
        await people.a_role(conn, world.programme, helper, "facilitator")
        await people.a_role(conn, world.programme, helper, "coordinator", region=zeeland)
        office = Scope(world.programme.id, world.teacher.id, (Grant("bureau"),))
        await pairs.make(conn, office, helper.id, world.school.id, world.company.id, now)
    client = app_house.client(cookies={"language": "en"})
    await people.sign_in(app_house, client, helper)
    path = f"/attendance/{await pool.fetchval('select id from session_classes')}"
    page = await client.get(path)
    assert page.status_code == 200 and "Correct it" not in page.text
    told = {"field": "headcount", "headcount": "9", "reason": "So it was"}
    for verb in ("corrections", "confirmation"):
        assert (await client.post(f"{path}/{verb}", data=told)).status_code == 404
    assert await pool.fetchval("select count(*) from corrections") == 0


async def test_a_pair_is_made_by_who_coordinates_the_school(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        helper, coordinator, far = [await people.a_person(conn) for _ in range(3)]
        zeeland = await people.a_region(conn, world.programme, "Zeeland")
        for person, role, region in (
            (helper, "facilitator", None), (coordinator, "coordinator", world.region),
            (far, "coordinator", zeeland),
        ):  # fmt: skip
            await people.a_role(conn, world.programme, person, role, region=region)
    wish = {
        "person": str(helper.id), "school": world.school.name, "company": str(world.company.id)
    }  # fmt: skip
    near, away = app_house.client(), app_house.client()
    await people.sign_in(app_house, near, coordinator)
    await people.sign_in(app_house, away, far)
    assert (await away.post("/pairs", data=wish)).status_code == 422
    for wrong in ({"person": str(far.id)}, {"school": "nowhere"}, {"company": ""}):
        assert (await near.post("/pairs", data={**wish, **wrong})).status_code == 422
    assert (await near.post("/pairs", data=wish)).status_code == 303
    assert (await near.post("/pairs", data=wish)).status_code == 422
    assert world.company.name in (await near.get("/pairs")).text
    pair = await app_house.pool.fetchval("select id from facilitator_pairs")
    assert (await away.post(f"/pairs/{pair}/end")).status_code == 404
    assert (await near.post(f"/pairs/{pair}/end")).status_code == 303
