"""“Show this to my class”, by somebody nobody invited, and by somebody known."""

import re
from html import unescape
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.support.floor import House
from tests.support.lessons import World, a_class, a_world
from tests.support.mails import last_mail, mails
from tests.support.people import (
    a_person,
    a_programme,
    a_region,
    a_role,
    a_school,
    sign_in,
)


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_world(conn)


async def path_of(house: House, world: World) -> str:
    slug = await house.pool.fetchval("select slug from tours where id = $1", world.tour_id)
    return f"/p/{world.programme.slug}/tours/{slug}/show"


def told(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "email": "zoe@driehoek.example",
        "school": str(world.school.id),
        "class_name": "3B",
        "level": "havo",
        "grade": "3",
        **changes,
    }


async def show_with_code(house: House, client: httpx.AsyncClient, email: str) -> httpx.Response:
    code = (await last_mail(house)).code
    return await client.post("/sign-in/code", data={"email": email, "code": code})


async def test_a_teacher_from_nothing_shows_a_tour(app_house: House, world: World) -> None:
    client, path = app_house.client(), await path_of(app_house, world)
    assert (await client.get(path)).status_code == 200
    sent = await client.post(path, data=told(world))
    assert sent.headers["location"] == "/sign-in/code"
    assert await app_house.pool.fetchval("select count(*) from classes") == 0
    answer = await show_with_code(app_house, client, "zoe@driehoek.example")
    session_id = UUID(answer.headers["location"].removeprefix("/sessions/"))
    row = await app_house.pool.fetchrow(
        """
        select s.state, c.class_name, c.is_confirmed_teacher, k.grade, length(k.code) as code
        from sessions s join session_classes c on c.session_id = s.id
        join classes k on k.id = c.class_id where s.id = $1
        """,
        session_id,
    )
    assert row is not None
    assert tuple(row) == ("running", "3B", False, 3, 6)
    assert (await client.get("/account")).status_code == 200


async def test_the_mail_tells_nothing_the_asker_typed(app_house: House, world: World) -> None:
    path = await path_of(app_house, world)
    await app_house.client().post(path, data=told(world, class_name="Buy my pills"))
    mail = await last_mail(app_house)
    assert mail.kind == "show" and "Inside the harbour" in mail.subject
    assert "pills" not in mail.subject + mail.text


async def test_a_mail_domain_of_the_school_confirms_her(app_house: House, world: World) -> None:
    await app_house.pool.execute("update schools set mail_domains = '{driehoek.example}'")
    client, path = app_house.client(), await path_of(app_house, world)
    # Her school need not be typed: it is the one with her domain.
    await client.post(path, data=told(world, school=""))
    await show_with_code(app_house, client, "zoe@driehoek.example")
    confirmed = await app_house.pool.fetchval(
        "select is_confirmed from roles r join persons p on p.id = r.person_id "
        "where p.email = 'zoe@driehoek.example'"
    )
    assert confirmed is True


async def test_a_coordinator_of_the_region_is_asked_to_confirm(
    app_house: House, world: World
) -> None:
    async with app_house.pool.acquire() as conn:
        elsewhere = await a_region(conn, world.programme, "Zeeland")
        for email, region in (("own@x.example", world.region), ("far@x.example", elsewhere)):
            person = await a_person(conn, email)
            await a_role(conn, world.programme, person, "coordinator", region=region)
    client, path = app_house.client(), await path_of(app_house, world)
    await client.post(path, data=told(world))
    await show_with_code(app_house, client, "zoe@driehoek.example")
    asked = [mail.to for mail in await mails(app_house) if mail.kind == "teacher_asks"]
    assert asked == ["own@x.example"]


async def test_the_link_on_another_device_shows_it_there(app_house: House, world: World) -> None:
    path = await path_of(app_house, world)
    await app_house.client().post(path, data=told(world))
    link = (await last_mail(app_house)).link
    pc = app_house.client()
    assert "Show it" in (await pc.get(link)).text
    answer = await pc.post(link)
    assert answer.headers["location"].startswith("/sessions/")


async def test_a_known_mail_gets_the_same_pages(app_house: House, world: World) -> None:
    path, texts = await path_of(app_house, world), []
    for email in (world.teacher.email, "zoe@driehoek.example"):
        client = app_house.client()
        await client.post(path, data=told(world, email=email))
        texts.append((await client.get("/sign-in/code")).text.replace(email, "X"))
    assert texts[0] == texts[1]


async def test_asking_twice_makes_one_class_and_one_session(app_house: House, world: World) -> None:
    path, places = await path_of(app_house, world), set()
    for name in ("3B", "3b"):
        client = app_house.client()
        await client.post(path, data=told(world, class_name=name))
        answer = await show_with_code(app_house, client, "zoe@driehoek.example")
        places.add(answer.headers["location"])
    assert len(places) == 1
    assert await app_house.pool.fetchval("select count(*) from classes") == 1


async def test_what_is_missing_is_named_and_the_rest_kept(app_house: House, world: World) -> None:
    path = await path_of(app_house, world)
    answer = await app_house.client().post(
        path, data=told(world, email="zoe", school="", class_name="", grade="")
    )
    text = unescape(answer.text)
    assert answer.status_code == 422
    for sentence in ("This is not a mail address", "Type the name, the place or the code"):
        assert sentence in text
    assert 'value="zoe"' in text and '<option value="havo" selected>' in text
    many = await app_house.client().post(path, data=told(world, grade="9" * 5000))
    assert many.status_code == 422, "more digits than Python reads a number from"
    assert await app_house.pool.fetchval("select count(*) from mails") == 0


async def test_without_scripts_the_school_is_found_in_two_steps(
    app_house: House, world: World
) -> None:
    async with app_house.pool.acquire() as conn:
        await a_school(conn, world.programme, name="De Driesprong", region=world.region)
    client, path = app_house.client(), await path_of(app_house, world)
    first = await client.post(path, data=told(world, school="", school_q="drie", do="search"))
    assert first.status_code == 422
    found = re.findall(r'name="school" type="radio" value="([^"]+)"', first.text)
    assert len(found) == 2 and 'value="3B"' in first.text
    second = await client.post(path, data=told(world, school=found[0], school_q="drie"))
    assert second.headers["location"] == "/sign-in/code"


async def test_schools_of_another_programme_are_not_found(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        twin = await a_world(conn, "twin")
        await a_programme(conn, "closed", is_public=False)
    client = app_house.client()
    answer = await client.get("/schools/search", params={"programme": "jetstream", "q": "drie"})
    [found] = answer.json()["schools"]
    assert (found["id"], found["levels"]) == (str(world.school.id), ["vmbo", "havo", "vwo"])
    for slug in ("closed", "nowhere", ""):
        answer = await client.get("/schools/search", params={"programme": slug, "q": "drie"})
        assert (answer.status_code, answer.json()["error"]) == (404, "not_there")
    path = await path_of(app_house, world)
    strange = await client.post(path, data=told(world, school=str(twin.school.id)))
    assert strange.status_code == 422


async def test_a_signed_in_teacher_chooses_her_class(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        own = await a_class(conn, world)
    client, path = app_house.client(), await path_of(app_house, world)
    await sign_in(app_house, client, world.teacher)
    page = (await client.get(path)).text
    assert f'value="{own.id}" checked' in page and 'name="email"' not in page
    answer = await client.post(path, data={"class_id": str(own.id)})
    assert answer.headers["location"].startswith("/sessions/")
    assert await app_house.pool.fetchval("select class_id from session_classes") == own.id


async def test_a_signed_in_teacher_adds_a_class_at_her_own_school(
    app_house: House, world: World
) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        await a_class(conn, world)
    client, path = app_house.client(), await path_of(app_house, world)
    await sign_in(app_house, client, world.teacher)
    for page in (await client.get(path), await client.get("/classes/new")):
        told_levels = re.findall(r'<option value="([a-z]+)"( hidden disabled)?', page.text)
        assert [level for level, is_withheld in told_levels if not is_withheld] == [
            "vmbo", "havo", "vwo",
        ], "what her school has"  # fmt: skip
        assert len(told_levels) > 3
    answer = await client.post(path, data={"class_id": "new", "class_name": "2A", "level": "vwo"})
    assert answer.headers["location"].startswith("/sessions/")
    names = await app_house.pool.fetch("select name from classes order by name")
    assert [row["name"] for row in names] == ["2A", "3B"]


async def test_anothers_class_is_not_hers_to_show(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        own = await a_class(conn, world)
        stranger = await a_person(conn)
        await a_role(conn, world.programme, stranger, "teacher", school=world.school)
    client, path = app_house.client(), await path_of(app_house, world)
    await sign_in(app_house, client, stranger)
    answer = await client.post(path, data={"class_id": str(own.id)})
    assert answer.status_code == 422
    assert await app_house.pool.fetchval("select count(*) from sessions") == 0


async def test_a_person_of_another_programme_moves_with_it(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        twin = await a_world(conn, "twin")
    client, path = app_house.client(), await path_of(app_house, world)
    await sign_in(app_house, client, twin.teacher, twin.programme)
    answer = await client.post(path, data=told(world))
    assert answer.headers["location"].startswith("/sessions/")
    now_in = await app_house.pool.fetchval("select programme_id from sign_ins")
    assert now_in == world.programme.id


@pytest.mark.parametrize("state", ["draft", "review", "unpublished"])
async def test_a_tour_that_is_not_public_is_not_there(
    app_house: House, world: World, state: str
) -> None:
    path = await path_of(app_house, world)
    await app_house.client().post(path, data=told(world))
    await app_house.pool.execute("update tours set state = $1", state)
    assert (await app_house.client().get(path)).status_code == 404
    assert (await app_house.client().post(path, data=told(world))).status_code == 404
    client = app_house.client()
    late = await show_with_code(app_house, client, "zoe@driehoek.example")
    assert late.status_code == 404
    await app_house.pool.execute("update tours set state = 'published'")
    again = await show_with_code(app_house, client, "zoe@driehoek.example")
    assert again.status_code == 303  # the code was not used up


async def test_a_tour_of_another_programme_is_not_under_this_address(
    app_house: House, world: World
) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        twin = await a_programme(conn, "twin")
        assert world.tour_id
    path = (await path_of(app_house, world)).replace("jetstream", twin.slug)
    assert (await app_house.client().get(path)).status_code == 404


async def test_the_address_that_asks_too_often_waits(app_house: House, world: World) -> None:
    path = await path_of(app_house, world)
    answers = [
        (await app_house.client().post(path, data=told(world))).status_code for _ in range(6)
    ]
    assert answers == [303] * 5 + [429]


async def test_a_school_no_registry_has_is_named_and_placed_later(
    app_house: House, world: World
) -> None:
    async with app_house.pool.acquire() as conn:
        office = await a_person(conn, "office@x.example")
        await a_role(conn, world.programme, office, "bureau")
    path, client = await path_of(app_house, world), app_house.client()
    own = {"school": "", "school_q": "Nergens", "school_name": "Het Nieuwe Lyceum"}
    half = await client.post(path, data=told(world, **own))
    assert half.status_code == 422 and 'href="#school_place"' in half.text
    await client.post(path, data=told(world, **own, school_place="Losser"))
    answer = await show_with_code(app_house, client, "zoe@driehoek.example")
    assert answer.headers["location"].startswith("/sessions/")
    assert (await last_mail(app_house)).to == "office@x.example"
    desk = app_house.client()
    await sign_in(app_house, desk, office)
    assert "in no region yet" in (await desk.get("/teachers/confirm")).text
    school_id = await app_house.pool.fetchval("select id from schools where scheme = 'unlisted'")
    page = f"/programme/schools/{school_id}"
    assert "Het Nieuwe Lyceum" in (await desk.get(page)).text
    placed = {"name": "Het Nieuwe Lyceum", "place": "Losser", "region": str(world.region.id)}
    assert (await desk.post(page, data=placed)).status_code == 303
    assert "in no region yet" not in (await desk.get("/teachers/confirm")).text


async def test_an_unlisted_school_of_the_twin_is_not_there(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        twin = await a_world(conn, "twin")
        office = await a_person(conn)
        await a_role(conn, twin.programme, office, "bureau")
    path, client = await path_of(app_house, world), app_house.client()
    await client.post(
        path, data=told(world, school="", school_name="Het Nieuwe Lyceum", school_place="Losser")
    )
    await show_with_code(app_house, client, "zoe@driehoek.example")
    school_id = await app_house.pool.fetchval("select id from schools where scheme = 'unlisted'")
    desk = app_house.client()
    await sign_in(app_house, desk, office)
    assert (await desk.get(f"/programme/schools/{school_id}")).status_code == 404
