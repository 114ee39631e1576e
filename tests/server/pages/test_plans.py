"""Planning from the tour's page, and changing the plan while nothing runs yet."""

import html
from datetime import UTC, date, datetime
from uuid import UUID

import httpx
import pytest

from rooms.people.classes import Class
from tests.support import people
from tests.support.floor import House
from tests.support.lessons import World, a_class, a_world

# A Monday afternoon, well before the clocks change.
NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
CHAPTERS = [(0, "The quay"), (60_000, "The crane"), (120_000, "The office")]


@pytest.fixture
async def world(app_house: House) -> World:
    app_house.clock.moment = NOW
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_world(conn, chapters=CHAPTERS)


@pytest.fixture
async def school_class(app_house: House, world: World) -> Class:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_class(conn, world)


async def teacher_of(house: House, world: World) -> httpx.AsyncClient:
    client = house.client(headers={"accept-language": "en"})
    client.cookies.set("language", "en")
    await people.sign_in(house, client, world.teacher, world.programme)
    return client


async def planned(client: httpx.AsyncClient, world: World, school_class: Class) -> UUID:
    answer = await client.post(
        "/sessions",
        data={
            "tour_id": str(world.tour_id),
            "class_id": str(school_class.id),
            "day": "2026-03-05",
            "starts": "10:15",
            "ends": "11:05",
            "chapters": ["1", "3"],
        },
    )
    assert answer.status_code == 303, answer.text
    return UUID(answer.headers["location"].removeprefix("/sessions/"))


async def tour_path(house: House, world: World) -> str:
    async with house.pool.acquire() as conn:
        slug = await conn.fetchval("select slug from tours where id = $1", world.tour_id)
    return f"/p/{world.programme.slug}/tours/{slug}"


async def test_only_a_teacher_is_offered_a_plan(app_house: House, world: World) -> None:
    path, link = await tour_path(app_house, world), f"/sessions/new?tour={world.tour_id}"
    teacher = await teacher_of(app_house, world)
    assert f'href="{link}"' in (await teacher.get(path)).text
    assert (await teacher.get(link)).status_code == 200
    assert link not in (await app_house.client().get(path)).text
    editor = app_house.client()
    await people.sign_in(app_house, editor, world.editor, world.programme)
    assert link not in (await editor.get(path)).text


async def test_a_plan_stands_on_class_and_first_page(
    app_house: House, world: World, school_class: Class
) -> None:
    teacher = await teacher_of(app_house, world)
    assert "Nothing is planned." in (await teacher.get(f"/classes/{school_class.id}")).text
    session_id = await planned(teacher, world, school_class)
    page = (await teacher.get(f"/classes/{school_class.id}")).text
    assert f"/sessions/{session_id}#plan" in page and "Thursday 5 March 2026, 10:15–11:05" in page
    first = (await teacher.get("/")).text
    assert f"/sessions/{session_id}" in first and "Thursday 5 March 2026" in first
    assert first.count("button-next") == 1


async def test_day_period_and_chapters_can_change(
    app_house: House, world: World, school_class: Class
) -> None:
    teacher = await teacher_of(app_house, world)
    session_id = await planned(teacher, world, school_class)
    page = (await teacher.get(f"/sessions/{session_id}")).text
    assert 'value="2026-03-05"' in page and 'value="10:15"' in page
    assert page.count(" checked") == 2
    wish = {
        "day": "2026-03-09",
        "starts": "09:00",
        "ends": "09:50",
        "home_until": "2026-03-13",
        "chapters": ["2"],
    }
    answer = await teacher.post(f"/sessions/{session_id}/plan", data=wish)
    assert answer.status_code == 303, answer.text
    async with app_house.pool.acquire() as conn:
        row = await conn.fetchrow(
            "select planned_on, period, chapters, chosen, home_until from sessions where id = $1",
            session_id,
        )
    assert row is not None
    assert (row["planned_on"], row["period"]) == (date(2026, 3, 9), "09:00-09:50")
    assert (list(row["chapters"]), row["chosen"]) == ([2], [[60_000, 120_000]])
    assert row["home_until"] == datetime(2026, 3, 13, 23, tzinfo=UTC)
    page = (await teacher.get(f"/sessions/{session_id}")).text
    assert "until 13 Mar 2026" in page and 'value="2026-03-13"' in page


async def test_a_wrong_plan_is_said_and_keeps_what_was_typed(
    app_house: House, world: World, school_class: Class
) -> None:
    teacher = await teacher_of(app_house, world)
    session_id = await planned(teacher, world, school_class)
    for wish in (
        {"day": "2026-03-01", "starts": "08:30"},
        {"day": "2026-03-09", "starts": "08:30", "ends": "08:00"},
        {"day": "2026-03-09", "starts": "08:30", "home_until": "2026-03-03"},
    ):
        answer = await teacher.post(f"/sessions/{session_id}/plan", data=wish)
        assert answer.status_code == 422
        assert "error-summary" in answer.text and 'value="08:30"' in answer.text
    kept = html.unescape((await teacher.get(f"/sessions/{session_id}")).text)
    assert 'value="2026-03-05"' in kept


async def test_once_it_runs_only_the_time_at_home_changes(
    app_house: House, world: World, school_class: Class
) -> None:
    teacher = await teacher_of(app_house, world)
    session_id = await planned(teacher, world, school_class)
    await teacher.post(f"/sessions/{session_id}/start")
    wish = {"day": "2026-03-20", "starts": "09:00", "chapters": ["2"], "home_until": "2026-03-06"}
    assert (await teacher.post(f"/sessions/{session_id}/plan", data=wish)).status_code == 303
    async with app_house.pool.acquire() as conn:
        row = await conn.fetchrow(
            "select planned_on, period, chapters from sessions where id = $1", session_id
        )
    assert row is not None
    assert tuple(row) == (date(2026, 3, 5), "10:15-11:05", [1, 3])


async def test_a_cancelled_plan_is_gone(
    app_house: House, world: World, school_class: Class
) -> None:
    teacher = await teacher_of(app_house, world)
    session_id = await planned(teacher, world, school_class)
    assert (await teacher.post(f"/sessions/{session_id}/cancel")).status_code == 303
    assert f"/sessions/{session_id}" not in (await teacher.get(f"/classes/{school_class.id}")).text
    assert f"/sessions/{session_id}" not in (await teacher.get("/")).text
