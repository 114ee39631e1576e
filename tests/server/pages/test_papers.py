"""Worksheets go to the class that is shown the tour; the teacher's guide to no pupil ever."""

from dataclasses import dataclass

import httpx
import pytest

from rooms.agenda import sessions
from rooms.scope import Grant, Scope
from rooms.tours import documents
from tests.support import people
from tests.support.floor import House
from tests.support.lessons import World, a_class, a_tour, a_world

PAPER = b"%PDF-1.7 paper"


@dataclass
class Papers:
    """The addresses of a worksheet and a guide of one tour."""

    worksheet: str
    guide: str


async def papers_of(house: House, world: World) -> Papers:
    scope = Scope(
        world.programme.id, world.editor.id, (Grant("editor", company_id=world.company.id),)
    )
    found = {}
    for kind in documents.KINDS:
        key = f"documents/{world.tour_id}-{kind}.pdf"
        path = house.settings.home / "storage" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PAPER)
        async with house.pool.acquire() as conn:
            paper_id = await documents.add(
                conn,
                scope,
                world.tour_id,
                kind=kind,
                language="nl",
                filename=f"{kind}.pdf",
                content_type="application/pdf",
                size=len(PAPER),
                key=key,
            )
        found[kind] = f"/documents/{paper_id}"
    return Papers(found["worksheet"], found["guide"])


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        made = await a_world(conn)
        await conn.execute("update programmes set is_public = false")
        return made


@pytest.fixture
async def papers(app_house: House, world: World) -> Papers:
    return await papers_of(app_house, world)


async def signed_in(house: House, world: World) -> httpx.AsyncClient:
    client = house.client()
    await people.sign_in(house, client, world.teacher, world.programme)
    return client


async def status(client: httpx.AsyncClient, path: str) -> int:
    answer = await client.get(path)
    assert answer.status_code != 200 or answer.content == PAPER
    return answer.status_code


async def a_lesson(house: House, world: World) -> tuple[str, httpx.AsyncClient, httpx.AsyncClient]:
    """(session's path, its classroom screen, a phone), neither of them signed in."""
    teacher, screen, phone = await signed_in(house, world), house.client(), house.client()
    async with house.pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        session = await sessions.show_now(
            conn, world.scope, world.tour_id, school_class.id, house.clock()
        )
    path = f"/sessions/{session.id}"
    assert (await teacher.post(f"{path}/beamer")).status_code == 303
    screen.cookies.set("seat", teacher.cookies.get("seat", path="/") or "")
    assert (await phone.post("/join", data={"code": school_class.code})).status_code == 303
    return path, screen, phone


async def test_seats_have_the_worksheet_while_the_lesson_lasts(
    app_house: House, world: World, papers: Papers
) -> None:
    path, screen, phone = await a_lesson(app_house, world)
    stranger = app_house.client()
    for device, wanted in ((screen, 200), (phone, 200), (stranger, 404)):
        assert await status(device, papers.worksheet) == wanted
        assert await status(device, papers.guide) == 404
    async with app_house.pool.acquire() as conn:
        await conn.execute("update tours set state = 'unpublished' where id = $1", world.tour_id)
    for device, wanted in ((screen, 200), (phone, 200), (stranger, 404)):
        assert await status(device, papers.worksheet) == wanted
        assert await status(device, papers.guide) == 404
    teacher = await signed_in(app_house, world)
    assert (await teacher.post(f"{path}/end")).status_code == 303
    for device in (screen, phone):
        assert await status(device, papers.worksheet) == 404


async def test_a_seat_has_no_paper_of_another_tour(
    app_house: House, world: World, papers: Papers
) -> None:
    _, screen, phone = await a_lesson(app_house, world)
    async with app_house.pool.acquire() as conn, conn.transaction():
        other = await a_tour(conn, world.programme, world.company, world.editor, title="Other")
        await conn.execute("update documents set tour_id = $1", other)
    for device in (screen, phone):
        assert await status(device, papers.worksheet) == 404
        assert await status(device, papers.guide) == 404


async def test_a_phone_that_waits_has_none(app_house: House, world: World, papers: Papers) -> None:
    _, _, phone = await a_lesson(app_house, world)
    async with app_house.pool.acquire() as conn:
        await conn.execute("update seats set is_waiting = true where kind <> 'beamer'")
    assert await status(phone, papers.worksheet) == 404


async def test_a_guide_is_for_who_has_a_role_here(
    app_house: House, world: World, papers: Papers
) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        await conn.execute("update programmes set is_public = true")
        twin = await a_world(conn, "slipstream")
        slug = await conn.fetchval("select slug from tours where id = $1", world.tour_id)
    page = f"/p/{world.programme.slug}/tours/{slug}"
    teacher, stranger = await signed_in(app_house, world), app_house.client()
    elsewhere = await signed_in(app_house, twin)
    assert await status(teacher, papers.guide) == 200
    assert papers.guide in (await teacher.get(page)).text
    for client in (stranger, elsewhere):
        assert await status(client, papers.guide) == 404
        assert await status(client, papers.worksheet) == 200
        shown = (await client.get(page)).text
        assert papers.worksheet in shown and papers.guide not in shown
    async with app_house.pool.acquire() as conn:
        await conn.execute("update tours set state = 'unpublished' where id = $1", world.tour_id)
    assert await status(teacher, papers.guide) == 404
