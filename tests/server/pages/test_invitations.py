"""A colleague is asked to teach a class along: known here, known elsewhere, or new."""

import re

import httpx
import pytest

from tests.support.floor import House
from tests.support.lessons import World, a_class, a_world
from tests.support.mails import last_mail, mails
from tests.support.people import a_person, a_role, a_school, a_teacher, sign_in

NEW = "kim@driehoek.example"


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        coordinator = await a_person(conn, "co@x.example")
        await a_role(conn, world.programme, coordinator, "coordinator", region=world.region)
        return world


async def invited(house: House, world: World, kind: str = "share") -> tuple[str, str]:
    """The link's path, and the class's."""
    async with house.pool.acquire() as conn, conn.transaction():
        made = await a_class(conn, world)
    client = house.client()
    await sign_in(house, client, world.teacher)
    page = await client.post(f"/classes/{made.id}/invites", data={"kind": kind})
    found = re.search(r"/classes/invited/[\w-]+", page.text)
    assert found
    return found[0], f"/classes/{made.id}"


async def prove(house: House, client: httpx.AsyncClient, path: str, email: str) -> httpx.Response:
    """Asks for the code and types it."""
    asked = await client.post(path, data={"email": email})
    assert asked.headers["location"] == "/sign-in/code"
    code = (await last_mail(house)).code
    return await client.post("/sign-in/code", data={"email": email, "code": code})


async def test_a_colleague_new_here_comes_in_by_her_mail(app_house: House, world: World) -> None:
    path, class_path = await invited(app_house, world)
    client = app_house.client()
    assert 'name="email"' in (await client.get(path)).text
    assert (await prove(app_house, client, path, NEW)).headers["location"] == path
    page = await client.get(path)
    assert page.status_code == 200 and 'name="email"' not in page.text
    assert (await client.get(class_path)).status_code == 404
    assert (await client.post(path)).headers["location"] == class_path
    assert (await client.get(class_path)).status_code == 200
    is_confirmed = await app_house.pool.fetchval(
        "select is_confirmed from roles r join persons p on p.id = r.person_id where email = $1",
        NEW,
    )
    assert is_confirmed is False
    assert [mail.to for mail in await mails(app_house) if mail.kind == "teacher_asks"] == [
        "co@x.example"
    ]
    assert (await app_house.client().get(path)).status_code == 404


async def test_the_schools_mail_domain_confirms_her(app_house: House, world: World) -> None:
    await app_house.pool.execute("update schools set mail_domains = '{driehoek.example}'")
    path, _ = await invited(app_house, world)
    await prove(app_house, app_house.client(), path, NEW)
    assert await app_house.pool.fetchval("select bool_and(is_confirmed) from roles")


async def test_the_link_in_the_mail_works_too_and_a_wrong_mail_is_told(
    app_house: House, world: World
) -> None:
    path, _ = await invited(app_house, world)
    client = app_house.client()
    wrong = await client.post(path, data={"email": "kim"})
    assert wrong.status_code == 422 and 'href="#email"' in wrong.text
    await client.post(path, data={"email": NEW})
    link = (await last_mail(app_house)).link
    assert (await client.get(link)).status_code == 200
    assert (await client.post(link)).headers["location"] == path


async def test_a_teacher_of_another_school_takes_the_class_over(
    app_house: House, world: World
) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        other = await a_school(conn, world.programme, name="Elders")
        colleague = await a_teacher(conn, world.programme, other)
    path, class_path = await invited(app_house, world, "hand_over")
    client, before = app_house.client(), app_house.client()
    await sign_in(app_house, client, colleague)
    await sign_in(app_house, before, world.teacher)
    assert (await client.get(path)).status_code == 200
    assert (await client.post(path)).headers["location"] == class_path
    assert (await client.get(class_path)).status_code == 200
    assert (await before.get(class_path)).status_code == 404


async def test_an_invitation_that_is_over_makes_nobody_a_teacher(
    app_house: House, world: World
) -> None:
    path, _ = await invited(app_house, world)
    client = app_house.client()
    await client.post(path, data={"email": NEW})
    code = (await last_mail(app_house)).code
    await app_house.pool.execute("update class_invites set used_at = now()")
    answer = await client.post("/sign-in/code", data={"email": NEW, "code": code})
    assert answer.status_code == 404
    assert not await app_house.pool.fetchval("select count(*) from persons where email = $1", NEW)
    for token in ("nothing", "a" * 300):
        gone = f"/classes/invited/{token}"
        assert (await client.get(gone)).status_code == 404
        assert (await client.post(gone, data={"email": NEW})).status_code == 404
