"""A company's reach: sums by region and a curve from the first class, never another company's."""

import re
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from rooms.agenda import room_sessions, sessions
from rooms.attendance import keeping, reach, seats, visits
from rooms.attendance.moves import Move
from rooms.attendance.rule import unix_ms
from rooms.live import on_air, rooms
from rooms.scope import Grant, Scope
from server.pages.reach import table_lines
from tests.support import people
from tests.support.floor import House
from tests.support.lessons import FILM_MS, World, a_class, a_session, a_world
from tests.support.live_rooms import a_room, presenter_of


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_world(conn)


async def shown(house: House, world: World, name: str, pupils: int, watched_ms: int) -> None:
    """A lesson on a classroom screen that ran at the film's own pace from its beginning."""
    now = house.clock()
    async with house.pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world, name, pupils=pupils)
        session = await a_session(conn, world, school_class, now)
        await conn.execute(
            "update session_classes set declared = $2 where id = $1",
            session.session_class_id,
            pupils,
        )
        seat_id = await conn.fetchval(
            """
            insert into seats (programme_id, session_class_id, kind, token_hash)
            values ($1, $2, 'beamer', $3) returning id
            """,
            world.programme.id,
            session.session_class_id,
            uuid4().bytes,
        )
        await conn.execute(
            """
            insert into visits (programme_id, seat_id, connection, started_at, seen_until, watched,
                media_flowed, media_wanted)
            values ($1, $2, $3, $4, $5, int8multirange(int8range(0, $6)), true, true)
            """,
            world.programme.id,
            seat_id,
            uuid4(),
            now,
            now + timedelta(milliseconds=watched_ms),
            watched_ms,
        )


async def editor_of(house: House, world: World) -> httpx.AsyncClient:
    client = house.client(headers={"accept-language": "en"})
    client.cookies.set("language", "en")
    await people.sign_in(house, client, world.editor, world.programme)
    return client


def figures(page: str) -> Sequence[str]:
    return re.findall(r'<dd class="figure">([^<]*)</dd>', page)


async def test_three_numbers_and_one_curve(app_house: House, world: World) -> None:
    await shown(app_house, world, "3B", 26, FILM_MS)
    await shown(app_house, world, "3C", 20, FILM_MS * 3 // 4)
    editor = await editor_of(app_house, world)
    page = (await editor.get(f"/studio/tours/{world.tour_id}/reach")).text
    assert figures(page) == ["2", "46", str(26 * 3 + 20 * 9 // 4)]
    assert "100% saw the start, 100% the middle and 50% the end" in page
    assert "<polyline" in page and " style=" not in page
    for secret in ("3B", "3C", world.school.name):
        assert secret not in page.replace(world.company.name, "")
    assert f"All of them in the region {world.region.name}." in page
    studio = (await editor.get("/studio")).text
    assert "2 classes, 46 pupils reached" in studio
    assert (
        f"/studio/tours/{world.tour_id}/reach"
        in (await editor.get(f"/studio/tours/{world.tour_id}")).text
    )


async def test_the_first_class_is_told_by_its_region(app_house: House, world: World) -> None:
    editor, path = await editor_of(app_house, world), f"/studio/tours/{world.tour_id}/reach"
    await shown(app_house, world, "3B", 9, 1_000)
    page = (await editor.get(path)).text
    assert figures(page) == [] and "<polyline" not in page
    assert "no class counts yet" in (await editor.get("/studio")).text
    await shown(app_house, world, "3C", 9, FILM_MS)
    async with app_house.pool.acquire() as conn, conn.transaction():
        far = await people.a_region(conn, world.programme, "Zeeland")
        await conn.execute(
            "update session_classes set region_id = $1 where class_name = '3C'", far.id
        )
    await shown(app_house, world, "3D", 20, FILM_MS)
    page = (await editor.get(path)).text
    assert figures(page)[:2] == ["2", "29"] and "<polyline" in page
    table = re.findall(r'<th scope="row">(\w+)</th><td class="number">(\d+)</td>'
                       r'<td class="number">(\d+)</td>', page)  # fmt: skip
    assert table == [("Twente", "1", "20"), ("Zeeland", "1", "9")]
    assert "2 classes, 29 pupils reached" in (await editor.get("/studio")).text


async def test_another_company_and_a_teacher_find_nothing(app_house: House, world: World) -> None:
    await shown(app_house, world, "3B", 26, FILM_MS)
    async with app_house.pool.acquire() as conn, conn.transaction():
        rival = await people.a_company(conn, world.programme, "Rival")
        other = await people.an_editor(conn, world.programme, rival)
        scope = Scope(world.programme.id, other.id, (Grant("editor", company_id=rival.id),))
        assert await reach.reaches(conn, scope) == {}
    client = app_house.client()
    await people.sign_in(app_house, client, other, world.programme)
    assert (await client.get(f"/studio/tours/{world.tour_id}/reach")).status_code == 404
    teacher = app_house.client()
    await people.sign_in(app_house, teacher, world.teacher, world.programme)
    assert (await teacher.get(f"/studio/tours/{world.tour_id}/reach")).status_code in {403, 404}


async def on_the_stage(house: House, world: World, pupils: int, stays_min: tuple[int, ...]) -> str:
    """A room that was on air for ten minutes, and is closed; a class's screen each, and a phone
    beside it. The room's address."""
    began, over = house.clock(), house.clock() + timedelta(minutes=10)
    async with house.pool.acquire() as conn, conn.transaction():
        room = await a_room(conn, world, began)
        await on_air.see(conn, {room.id: ((unix_ms(began), unix_ms(over)),)}, over)
        for number, stays in enumerate(stays_min):
            made = await a_class(conn, world, f"5{number}", pupils=pupils)
            part = await room_sessions.take_part(conn, world.scope, room.id, made.id, began)
            key = (world.programme.id, part.session_class_id)
            await sessions.declare(conn, *key, pupils, began)
            screen, _ = await seats.become_beamer(conn, *key, None, began)
            phone, _ = await seats.sit(conn, *key, None, began)
            until = began + timedelta(minutes=stays)
            for seat, end in ((screen, until), (phone, over)):
                connection = await visits.open_one(conn, key[0], seat.id, None, began)
                seen = ((unix_ms(began), unix_ms(end)),)
                await visits.move(conn, [Move(connection, began, end, seen, media_flowed=True)])
        await rooms.close(conn, presenter_of(world), room.id, over)
        await keeping.close_room(conn, room, over)
    return f"/rooms/{room.id}"


async def test_a_rooms_reach_is_told_as_a_films(app_house: House, world: World) -> None:
    room = await on_the_stage(app_house, world, 24, (10, 7))
    editor = await editor_of(app_house, world)
    page = (await editor.get(f"{room}/reach")).text
    assert figures(page) == ["2", "48", str(24 * 10 + 24 * 7)]
    assert "100% saw the start, 100% the middle and 50% the end" in page
    assert "10:00" in page and "<polyline" in page
    for secret in ("50", "51"):
        assert f"Class {secret}" not in page
    assert world.school.name not in page
    listed = (await editor.get("/rooms")).text
    assert f'href="{room}/reach"' in listed and "2 classes, 48 pupils reached" in listed
    async with app_house.pool.acquire() as conn:
        assert list(await reach.reaches(conn, presenter_of(world))) == [UUID(room[7:])]


async def test_a_rooms_reach_is_nobody_elses(app_house: House, world: World) -> None:
    room = await on_the_stage(app_house, world, 9, (10,))
    editor = await editor_of(app_house, world)
    assert figures((await editor.get(f"{room}/reach")).text)[:2] == ["1", "9"]
    assert "1 class, 9 pupils reached" in (await editor.get("/rooms")).text
    async with app_house.pool.acquire() as conn, conn.transaction():
        rival = await people.a_company(conn, world.programme, "Rival")
        other = await people.an_editor(conn, world.programme, rival)
    client = app_house.client()
    await people.sign_in(app_house, client, other, world.programme)
    assert (await client.get(f"{room}/reach")).status_code == 404
    assert room not in (await client.get("/rooms")).text


def test_the_table_tells_each_second_once() -> None:
    curve = tuple((n / 3, share) for n, share in enumerate((1.0, 0.75, 0.5, 0.25)))
    told = reach.Reach(2, 40, 10, curve)
    assert table_lines(told, 80) == [
        {"place": "0:10", "percent": 100},
        {"place": "0:30", "percent": 75},
        {"place": "0:50", "percent": 50},
        {"place": "1:10", "percent": 25},
    ]
    assert [line["place"] for line in table_lines(told, 2)] == ["0:00", "0:01"]
