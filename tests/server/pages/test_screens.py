"""A classroom PC that was let in for a lesson: how long it is the class's screen."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from rooms.attendance import seats
from rooms.errors import NotThere
from rooms.people import sign_ins
from server.auth import COOKIE
from tests.support import people
from tests.support.floor import House
from tests.support.lessons import World, a_class, a_session, a_world
from tests.support.mails import last_mail
from tests.support.screens import let_in


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_world(conn)


async def lesson(house: House, world: World) -> UUID:
    """The session class of a tour that is shown."""
    async with house.pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        return (await a_session(conn, world, school_class, house.clock())).session_class_id


async def as_teacher(house: House, world: World) -> httpx.AsyncClient:
    client = house.client(headers={"accept-language": "en"})
    await people.sign_in(house, client, world.teacher, world.programme)
    return client


async def beats(
    screen: httpx.AsyncClient, place: str, connection: UUID, number: int, ago_ms: int = 0
) -> str:
    """The screen says that it is there; what it is told of the lesson."""
    beat = {"connection": str(connection), "number": number, "ago_ms": ago_ms}
    answer = await screen.post(f"{place}/beats", json={"beats": [beat]})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["state"])


async def ends_it(house: House, world: World, teacher: httpx.AsyncClient, _: object) -> None:
    """From her phone, on the page of her account."""
    sign_in = await house.pool.fetchval("select id from sign_ins where kind = 'classroom'")
    page = (await teacher.get("/account")).text
    assert str(sign_in) in page and "Firefox, Linux" in page
    assert (await teacher.post(f"/account/sign-ins/{sign_in}/end")).status_code == 303


async def ends_others(house: House, world: World, teacher: httpx.AsyncClient, _: object) -> None:
    assert (await teacher.post("/account/sign-ins/end-others")).status_code == 303


async def changes_password(
    house: House, world: World, teacher: httpx.AsyncClient, _: object
) -> None:
    told = {"new_password": "three words and another"}
    assert (await teacher.post("/account/password", data=told)).status_code == 303


async def signs_out(house: House, world: World, _: object, pc: httpx.AsyncClient) -> None:
    """On the PC itself."""
    assert (await pc.post("/sign-out")).status_code == 303


async def has_herself_erased(
    house: House, world: World, teacher: httpx.AsyncClient, _: object
) -> None:
    told = {"email": world.teacher.email}
    assert (await teacher.post("/account/erase", data=told)).status_code == 303


async def signs_in(house: House, pc: httpx.AsyncClient, email: str) -> None:
    """On the PC itself, by a code that was mailed."""
    await pc.post("/sign-in/mail", data={"email": email, "next": "/"})
    code = (await last_mail(house)).code
    answer = await pc.post("/sign-in/code", data={"email": email, "code": code})
    assert answer.status_code == 303 and COOKIE in answer.headers["set-cookie"]


async def somebody_else(house: House, world: World, _: object, pc: httpx.AsyncClient) -> None:
    await signs_in(house, pc, world.editor.email)


Way = Callable[[House, World, httpx.AsyncClient, httpx.AsyncClient], Awaitable[None]]
WAYS = [ends_it, ends_others, changes_password, signs_out, somebody_else, has_herself_erased]


@pytest.mark.parametrize("way", WAYS)
async def test_the_screen_goes_with_the_sign_in_that_brought_it(
    app_house: House, world: World, way: Way
) -> None:
    part, teacher = await lesson(app_house, world), await as_teacher(app_house, world)
    pc = app_house.client(headers={"user-agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
    place = (await let_in(app_house, teacher, pc, part)).removesuffix("/beamer")
    device = app_house.client(cookies={"seat": pc.cookies["seat"]})
    connection = uuid4()
    assert await beats(device, place, connection, 1) == "running"
    app_house.clock.move(seconds=2)
    await way(app_house, world, teacher, pc)
    assert (await device.get(f"{place}/beamer")).headers["location"].startswith("/sign-in")
    app_house.clock.move(seconds=1)
    assert await beats(device, place, connection, 2, ago_ms=1000) == "left"
    assert await beats(device, place, connection, 3) == "left"
    row = await app_house.pool.fetchrow("select * from visits")
    assert row["seen_until"] - row["started_at"] == timedelta(seconds=2), "told late, and no more"


async def test_a_screen_that_was_signed_out_has_left(app_house: House, world: World) -> None:
    """No other device took it over, and its attendance does not say so."""
    part, teacher = await lesson(app_house, world), await as_teacher(app_house, world)
    pc, other = app_house.client(), app_house.client()
    place = (await let_in(app_house, teacher, pc, part)).removesuffix("/beamer")
    await beats(pc, place, uuid4(), 1)
    await let_in(app_house, teacher, other, part)
    await beats(other, place, uuid4(), 1)
    await ends_others(app_house, world, teacher, other)
    rows = await app_house.pool.fetch("select end_reason from visits order by id")
    assert [row["end_reason"] for row in rows] == ["taken_over", "left"]


async def test_the_screen_goes_on_where_its_teacher_signs_in_on_it(
    app_house: House, world: World
) -> None:
    part, teacher = await lesson(app_house, world), await as_teacher(app_house, world)
    pc = app_house.client()
    shown = await let_in(app_house, teacher, pc, part)
    await signs_in(app_house, pc, world.teacher.email)
    assert "data-beamer" in (await pc.get(shown)).text
    assert (await pc.post("/sign-out")).status_code == 303
    assert "data-beamer" in (await pc.get(shown)).text, "she leaves no mailbox behind, but the film"


async def test_the_screen_goes_with_the_sign_in_she_made_on_it(
    app_house: House, world: World
) -> None:
    """A screen that another one took over meanwhile was not signed out."""
    part, teacher = await lesson(app_house, world), await as_teacher(app_house, world)
    pc, other = app_house.client(), app_house.client()
    first = await let_in(app_house, teacher, pc, part)
    await signs_in(app_house, pc, world.teacher.email)
    await let_in(app_house, teacher, other, part)
    async with app_house.pool.acquire() as conn:
        seat = await seats.behind(conn, pc.cookies["seat"])
        assert seat is not None and seat.ended_at is not None
        assert not await seats.went_with_sign_in(conn, seat.id)
        again = await let_in(app_house, teacher, pc, part)
        await signs_in(app_house, pc, world.teacher.email)
        assert again == first and "data-beamer" in (await pc.get(again)).text
        await ends_others(app_house, world, teacher, pc)
        device = app_house.client(cookies={"seat": pc.cookies["seat"]})
        assert "data-beamer" not in (await device.get(again)).text
        seat = await seats.behind(conn, pc.cookies["seat"])
        assert seat is not None and await seats.went_with_sign_in(conn, seat.id)


async def test_a_sign_in_that_only_grows_old_breaks_off_no_lesson(
    app_house: House, world: World
) -> None:
    part, teacher = await lesson(app_house, world), await as_teacher(app_house, world)
    pc = app_house.client()
    shown = await let_in(app_house, teacher, pc, part)
    await app_house.pool.execute("update sign_ins set expires_at = now() where kind = 'classroom'")
    assert "data-beamer" in (await pc.get(shown)).text


async def test_a_screen_that_comes_as_its_sign_in_ends_goes_with_it(
    app_house: House, world: World
) -> None:
    """The screen is taken back while its teacher signs it out: whoever is second waits."""
    part, teacher = await lesson(app_house, world), await as_teacher(app_house, world)
    await let_in(app_house, teacher, app_house.client(), part)
    row = await app_house.pool.fetchrow(
        "select id, person_id from sign_ins where kind = 'classroom'"
    )
    key, now = (world.programme.id, part, None, app_house.clock(), row["id"]), app_house.clock()

    async def ends() -> None:
        async with app_house.pool.acquire() as conn, conn.transaction():
            ended = await sign_ins.end(conn, row["person_id"], row["id"], now)
            await seats.go_with(conn, [one.id for one in ended], now)

    async with app_house.pool.acquire() as conn, conn.transaction():
        await seats.become_beamer(conn, *key)
        ending = asyncio.create_task(ends())
        await asyncio.sleep(0.1)
        assert not ending.done()
    await ending
    async with app_house.pool.acquire() as conn:
        assert not await conn.fetchval("select count(*) from seats where ended_at is null")
        with pytest.raises(NotThere):
            await seats.become_beamer(conn, *key)


async def test_a_screen_that_was_taken_back_goes_with_its_sign_in_too(
    app_house: House, world: World
) -> None:
    part, teacher = await lesson(app_house, world), await as_teacher(app_house, world)
    pc, other = app_house.client(), app_house.client()
    shown = await let_in(app_house, teacher, pc, part)
    await let_in(app_house, teacher, other, part)
    assert "data-beamer" not in (await pc.get(shown)).text
    assert (await pc.post(shown)).status_code == 303
    assert "data-beamer" in (await pc.get(shown)).text
    await ends_others(app_house, world, teacher, pc)
    assert "data-beamer" not in (await pc.get(shown)).text


async def test_the_end_of_a_lesson_leaves_the_screen_its_last_words(
    app_house: House, world: World
) -> None:
    """Its sign-in ends with the lesson, its seat does not: pupils are counted at the end."""
    part, teacher = await lesson(app_house, world), await as_teacher(app_house, world)
    pc = app_house.client()
    place = (await let_in(app_house, teacher, pc, part)).removesuffix("/beamer")
    assert (await teacher.post(f"{place}/end")).status_code == 303
    told = await pc.post(f"{place}/declare", json={"pupils": 26, "is_end": True})
    assert told.json() == {"headcount": 26}
