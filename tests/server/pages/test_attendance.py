"""The report's page: sums over everything, the list in parts, who is not confirmed beside it."""

import re
from html import unescape
from uuid import UUID

import httpx
import pytest

from rooms.attendance import kpi_rows, results
from tests.support.floor import House
from tests.support.lessons import World, a_world, many_lessons
from tests.support.pages import cookies
from tests.support.people import a_person, a_region, a_role, sign_in
from tests.support.whole import a_whole


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        await many_lessons(conn, world, "3B", 230, app_house.clock())
        return world


async def signed_in(house: House, world: World, role: str) -> httpx.AsyncClient:
    async with house.pool.acquire() as conn, conn.transaction():
        person = await a_person(conn)
        region = world.region if role == "coordinator" else None
        await a_role(conn, world.programme, person, role, region=region)
    client = house.client()
    await sign_in(house, client, person)
    return client


def rows_in(page: httpx.Response) -> int:
    assert page.status_code == 200
    return page.text.count(">Why?<span")


async def test_a_long_list_comes_in_pages_and_its_sums_whole(
    app_house: House, world: World
) -> None:
    client = await signed_in(app_house, world, "bureau")
    view = "/attendance?since=&until=&level=havo&page="
    pages = [await client.get(f"{view}{n}") for n in ("1", "2", "5")]
    assert [rows_in(page) for page in pages] == [50, 50, 30]
    sentences = {
        page.text.partition('<p class="sentence">')[2].partition("</p>")[0] for page in pages
    }
    assert len(sentences) == 1 and "<span" in sentences.pop()
    first, second, third = (unescape(page.text) for page in pages)
    assert "1 to 50 of 230" in first and 'rel="prev"' not in first
    assert f'href="{view}3#sessions"' in second and 'rel="prev"' in second
    assert "201 to 230 of 230" in third and 'rel="next"' not in third
    for typed, expected in (("99", 30), ("0", 50), ("x", 50), ("-4", 50), ("٣", 50)):
        assert rows_in(await client.get(f"/attendance?since=&until=&page={typed}")) == expected
    partly = (await client.get("/attendance?outcome=partial&since=2026-11-10")).text
    assert "page=" not in partly
    several, one = partly.index('label="Several outcomes together"'), partly.index('label="One out')
    assert several < partly.index('<option value="came">Came</option>') < one
    assert one < partly.index('<option value="partial" selected>Partly</option>')


async def test_lessons_wait_beside_the_sums_until_the_teacher_is_confirmed(
    app_house: House, world: World
) -> None:
    pool = app_house.pool
    await pool.execute("update roles set is_confirmed = false where role = 'teacher'")
    await pool.execute("update session_classes set is_confirmed_teacher = false")
    client = await signed_in(app_house, world, "coordinator")
    before = (await client.get("/attendance?since=&until=")).text
    assert "230 lessons of teachers who are not confirmed yet stand below" in before
    assert before.count("teacher not confirmed") == 50
    assert '<span class="figure">0</span> pupils' in before
    role_id = await pool.fetchval("select id from roles where role = 'teacher'")
    assert (await client.post(f"/teachers/confirm/{role_id}")).status_code == 303
    after = (await client.get("/attendance?since=&until=")).text
    assert "not confirmed yet" not in after and "teacher not confirmed" not in after
    assert '<span class="figure">29</span> pupils' in after


async def test_lessons_of_whom_the_office_calls_a_teacher_stand_in_the_figures_at_once(
    app_house: House, world: World
) -> None:
    pool = app_house.pool
    await pool.execute("update roles set is_confirmed = false where role = 'teacher'")
    await pool.execute("update session_classes set is_confirmed_teacher = false")
    async with pool.acquire() as conn:
        await kpi_rows.run(conn, app_house.clock())
    counted = "select count(*) filter (where is_counted), count(*) from kpi_classes"
    assert tuple(await pool.fetchrow(counted)) == (0, 230)
    office = await signed_in(app_house, world, "bureau")
    told = {"email": world.teacher.email, "role": "teacher", "school": world.school.name}
    assert (await office.post("/programme/persons", data=told)).status_code == 303
    assert tuple(await pool.fetchrow(counted)) == (230, 230)


async def test_a_placed_school_is_its_coordinators_with_what_it_did_before(
    app_house: House, world: World
) -> None:
    pool = app_house.pool
    await pool.execute("delete from school_regions")
    await pool.execute("update session_classes set region_id = null")
    coordinator = await signed_in(app_house, world, "coordinator")
    office = await signed_in(app_house, world, "bureau")
    assert rows_in(await coordinator.get("/attendance?since=&until=")) == 0
    told = {"name": "De Driehoek", "place": "Hengelo", "region": str(world.region.id)}
    answer = await office.post(f"/programme/schools/{world.school.id}", data=told)
    assert answer.status_code == 303
    assert rows_in(await coordinator.get("/attendance?since=&until=")) == 50


async def test_a_view_names_nothing_of_which_nothing_is_hers(
    app_house: House, world: World
) -> None:
    pool = app_house.pool
    own = await signed_in(app_house, world, "coordinator")
    async with pool.acquire() as conn, conn.transaction():
        zeeland = await a_region(conn, world.programme, "Zeeland")
        elsewhere = World(**{**vars(world), "region": zeeland})
    far = await signed_in(app_house, elsewhere, "coordinator")
    school_class = await pool.fetchval("select id from classes where name = '3B'")
    for view, name in ((f"class={school_class}", "3B"), (f"tour={world.tour_id}", "Inside")):
        there = (await own.get(f"/attendance?since=&until=&{view}")).text
        assert f": <b>{name}" in there
        # Of one class there is one line by class, and by company as many as it looked into.
        by = "By company" if "class" in view else "By school"
        assert re.search(rf'aria-current="true">{by}</a>', there)
        missing = await far.get(f"/attendance?since=&until=&{view}")
        assert missing.status_code == 200 and name not in missing.text


async def test_a_lesson_that_is_over_is_not_said_to_run(app_house: House, world: World) -> None:
    """Also before its result is kept."""
    client = await signed_in(app_house, world, "bureau")
    key = await app_house.pool.fetchval(
        "delete from session_class_results where session_class_id = "
        "(select session_class_id from report_lines order by local_date desc limit 1) "
        "returning session_class_id"
    )
    for path in ("/attendance?since=&until=", f"/attendance/{key}"):
        page = (await client.get(path)).text
        assert "so far" not in page and "still runs" not in page
        assert "nobody came" in page


async def test_what_never_came_is_not_said_to_be_watched(app_house: House) -> None:
    """Its screen waited five minutes on air, which as a picture would be a quarter of them."""
    now = app_house.clock()
    async with app_house.pool.acquire() as conn, conn.transaction():
        whole = await a_whole(conn, "Zilver", app_house.settings, now)
        part, room = UUID(whole.at["room class"]), UUID(whole.at["room over"])
        jar = (await cookies(conn, whole))["coordinator"]
    coordinator = app_house.client(cookies={**jar, "language": "en"})
    why = f"/attendance/{part}"
    page = (await coordinator.get(why)).text
    assert "What was watched of the time on air" in page and ">5:00</div>" in page
    async with app_house.pool.acquire() as conn, conn.transaction():
        await conn.execute(
            """
            update visits set media_flowed = false where seat_id in
                (select id from seats where session_class_id = $1)
            """,
            part,
        )
        await results.rebuild(conn, part, now)
    for path in (why, f"{why}/seats/1"):
        page = (await coordinator.get(path)).text
        assert "picture and sound never came through" in page and "5:00" not in page
        assert "What was watched" not in page and "there</figcaption>" in page
    session_id = await app_house.pool.fetchval("select id from sessions where room_id = $1", room)
    listed = (await coordinator.get(f"/attendance/sessions/{session_id}")).text
    row = listed.partition(f'<a href="/attendance/{part}">')[0].rpartition("<tr")[2]
    assert "<div>–</div>" in row
    await app_house.pool.execute(
        """
        update session_classes set showing_declared_reason = 'Heard in the hall',
            showing_declared_by = $2, showing_declared_at = $3 where id = $1
        """,
        part,
        whole.people["teacher"].id,
        now,
    )
    page = (await coordinator.get(why)).text
    assert "The teacher says that it was shown. Devices were there, but picture" in page
    assert "Measured: 5:00" not in page and "What was watched" not in page
