"""The programme office through the real app: registry, roles, companies, teachers to confirm."""

from dataclasses import dataclass
from html import unescape

import httpx
import pytest

from rooms.people.persons import Person
from rooms.tours import reviews, tours
from tests.support.floor import House
from tests.support.lessons import World, a_world
from tests.support.mails import last_mail, mails
from tests.support.people import a_company, a_person, a_region, a_role, a_teacher, sign_in


@dataclass
class Office:
    """Two programmes with the same data, and the first one's office, signed in."""

    house: House
    world: World
    twin: World
    person: Person
    client: httpx.AsyncClient


@pytest.fixture
async def office(app_house: House) -> Office:
    async with app_house.pool.acquire() as conn, conn.transaction():
        world, twin = await a_world(conn), await a_world(conn, "twin")
        person = await a_person(conn, "office@jetstream.example", "Bo Office")
        await a_role(conn, world.programme, person, "bureau")
    client = app_house.client()
    await sign_in(app_house, client, person)
    return Office(app_house, world, twin, person, client)


PLACES = (
    "/programme",
    "/programme/regions",
    "/programme/schools",
    "/programme/schools/new",
    "/programme/schools/list",
    "/programme/persons",
    "/programme/companies",
    "/teachers/confirm",
)


@pytest.mark.parametrize("path", PLACES)
async def test_the_office_is_open_to_the_office_only(office: Office, path: str) -> None:
    assert (await office.client.get(path)).status_code == 200
    teacher = office.house.client()
    await sign_in(office.house, teacher, office.world.teacher)
    assert (await teacher.get(path)).status_code == 404
    nobody = await office.house.client().get(path)
    assert nobody.headers["location"] == f"/sign-in?next={path}"


@pytest.mark.parametrize("path", PLACES)
async def test_nothing_of_the_twin_is_seen(office: Office, path: str) -> None:
    async with office.house.pool.acquire() as conn, conn.transaction():
        for table in ("regions", "companies"):
            await conn.execute(
                f"update {table} set name = 'CANARY' where programme_id = $1",
                office.twin.programme.id,
            )
        await conn.execute(
            "update schools set name = 'CANARY' where id = $1", office.twin.school.id
        )
        await conn.execute(
            "update persons set name = 'CANARY' where id = any($1)",
            [office.twin.teacher.id, office.twin.editor.id],
        )
    page = await office.client.get(path)
    assert page.status_code == 200 and "CANARY" not in page.text


async def test_the_programme_is_changed(office: Office) -> None:
    told = {
        "name": "Jetstream Oost",
        "pass_percent": "75",
        "school_year_starts": "9",
        "levels": ["havo", "vwo"],
        "languages": ["nl", "fr"],
    }
    answer = await office.client.post("/programme", data=told)
    assert answer.status_code == 303
    row = await office.house.pool.fetchrow(
        "select * from programmes where id = $1", office.world.programme.id
    )
    assert row is not None
    assert (row["name"], float(row["pass_share"]), row["levels"], row["is_public"]) == (
        "Jetstream Oost",
        0.75,
        ["havo", "vwo"],
        False,
    )
    for wrong in ("0", "101", "x", "", "9" * 5000):
        answer = await office.client.post("/programme", data={**told, "pass_percent": wrong})
        assert answer.status_code == 422


async def test_a_region_is_made_and_renamed_but_not_twice(office: Office) -> None:
    assert (
        await office.client.post("/programme/regions", data={"name": "Oost"})
    ).status_code == 303
    again = await office.client.post("/programme/regions", data={"name": "Oost"})
    assert again.status_code == 422 and "Oost" in again.text
    strange = {"name": "Mine now", "id": str(office.twin.region.id)}
    assert (await office.client.post("/programme/regions", data=strange)).status_code == 404


async def test_a_school_is_added_and_moves(office: Office) -> None:
    told = {
        "code": "16sw 03",
        "name": "Metameer",
        "region": str(office.world.region.id),
        "levels": ["havo"],
        "mail_domains": "metameer.example, staff.metameer.example",
    }
    assert (await office.client.post("/programme/schools/new", data=told)).status_code == 303
    school = await office.house.pool.fetchrow("select * from schools where code = '16SW03'")
    assert school is not None
    assert school["mail_domains"] == ["metameer.example", "staff.metameer.example"]
    path = f"/programme/schools/{school['id']}"
    assert 'value="Metameer"' in (await office.client.get(path)).text
    async with office.house.pool.acquire() as conn:
        other = await a_region(conn, office.world.programme, "Oost")
    moved = await office.client.post(path, data={**told, "region": str(other.id)})
    assert moved.status_code == 303
    for wrong, words in (
        ({"mail_domains": "gmail.com"}, "Everybody can have an address"),
        ({"name": ""}, "Type a name"),
        ({"region": ""}, "Choose a region"),
    ):
        answer = await office.client.post(path, data={**told, **wrong})
        assert answer.status_code == 422 and words in unescape(answer.text)


async def test_a_school_of_the_twin_is_not_there(office: Office) -> None:
    path = f"/programme/schools/{office.twin.school.id}"
    assert (await office.client.get(path)).status_code == 404
    told = {"name": "Taken", "code": "x", "region": str(office.world.region.id)}
    assert (await office.client.post(path, data=told)).status_code == 404
    told = {"name": "Here", "code": "16SW09", "region": str(office.twin.region.id)}
    assert (await office.client.post("/programme/schools/new", data=told)).status_code == 404
    assert await office.house.pool.fetchval("select count(*) from schools") == 2


async def test_an_invitation_gives_the_role_and_a_link(office: Office) -> None:
    told = {"email": "Kim@x.example", "role": "coordinator", "region": str(office.world.region.id)}
    assert (await office.client.post("/programme/persons", data=told)).status_code == 303
    mail = await last_mail(office.house)
    assert (mail.to, mail.kind) == ("kim@x.example", "invite")
    assert "Bo Office gave you a role in Jetstream: coordinator." in mail.text
    kim = office.house.client()
    office.house.clock.move(days=13)
    assert (await kim.get(mail.link)).status_code == 200
    assert (await kim.post(mail.link)).headers["location"] == "/needs"
    assert (await kim.get("/teachers/confirm")).status_code == 200


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"email": "x", "role": "bureau"}, "email"),
        ({"email": "a@b.example", "role": "operator"}, "role"),
        ({"email": "a@b.example", "role": "editor"}, "company"),
        ({"email": "a@b.example", "role": "teacher", "school": "nowhere"}, "school"),
    ],
)
async def test_an_invitation_that_lacks_something_gives_nothing(
    office: Office, told: dict[str, str], field: str
) -> None:
    answer = await office.client.post("/programme/persons", data=told)
    assert answer.status_code == 422 and f'href="#{field}"' in answer.text
    assert await mails(office.house) == []


async def test_a_role_for_the_twins_company_is_not_there(office: Office) -> None:
    told = {"email": "a@b.example", "role": "editor", "company": str(office.twin.company.id)}
    assert (await office.client.post("/programme/persons", data=told)).status_code == 404
    assert await mails(office.house) == []


async def test_a_role_ends_but_not_ones_own_nor_the_twins(office: Office) -> None:
    async def role_of(person: Person) -> str:
        found = await office.house.pool.fetchval(
            "select id from roles where person_id = $1", person.id
        )
        return f"/programme/persons/{found}/end"

    teacher = office.house.client()
    await sign_in(office.house, teacher, office.world.teacher)
    assert (await teacher.get("/account")).status_code == 200
    assert (await office.client.post(await role_of(office.world.teacher))).status_code == 303
    assert (await teacher.get("/account")).status_code == 303
    assert (await office.client.post(await role_of(office.person))).status_code == 422
    assert (await office.client.post(await role_of(office.twin.teacher))).status_code == 404


async def ask(office: Office, **changes: str) -> httpx.AsyncClient:
    client = office.house.client()
    told = {
        "company": "Zonnewind",
        "name": "Ole Zon",
        "email": "ole@zonnewind.example",
        "about": "We make the sun and the wind.\nEvery day.",
        **changes,
    }
    path = "/p/jetstream/companies/ask"
    assert (await client.get(path)).status_code == 200
    assert (await client.post(path, data=told)).headers["location"] == "/sign-in/code"
    code = (await last_mail(office.house)).code
    answer = await client.post("/sign-in/code", data={"email": told["email"], "code": code})
    assert answer.headers["location"] == "/studio"
    return client


async def test_a_company_asks_and_is_accepted(office: Office) -> None:
    client = await ask(office)
    assert (await client.get("/account")).status_code == 200
    assert [m.to for m in await mails(office.house) if m.kind == "company_asks"] == [
        office.person.email
    ]
    assert "ole@zonnewind.example" in (await office.client.get("/programme/companies")).text
    company_id = await office.house.pool.fetchval("select id from companies where state = 'asked'")
    path = f"/programme/companies/{company_id}/accept"
    told = {"region": str(office.world.region.id)}
    strange = {"region": str(office.twin.region.id)}
    assert (await office.client.post(path, data=strange)).status_code == 404
    unchosen = await office.client.post(path)
    assert unchosen.status_code == 422 and f'href="#region-{company_id}"' in unchosen.text
    assert (await office.client.post(path, data=told)).status_code == 303
    assert (await last_mail(office.house)).kind == "company_accepted"
    assert (await office.client.post(path, data=told)).status_code == 409


async def test_the_coordinators_of_its_region_review_what_a_company_makes(office: Office) -> None:
    """A company that came by itself has no region until the office gives it one."""
    world, pool = office.world, office.house.pool
    async with pool.acquire() as conn, conn.transaction():
        coordinator = await a_person(conn)
        await a_role(conn, world.programme, coordinator, "coordinator", region=world.region)
        await conn.execute(
            "update tours set state = 'review', asked_at = now() where id = $1", world.tour_id
        )
    client = office.house.client()
    await sign_in(office.house, client, coordinator)
    path = f"/reviews/{world.tour_id}"

    async def seen() -> tuple[bool, bool]:
        own, whole = await client.get("/reviews"), await office.client.get("/reviews")
        return path in own.text, path in whole.text

    assert await seen() == (False, True)
    place = f"/programme/companies/{world.company.id}/region"
    for chosen, expected in ((str(world.region.id), (True, True)), ("whole", (False, True))):
        answer = await office.client.post(place, data={"region": chosen})
        assert answer.status_code == 303 and await seen() == expected
    twin = f"/programme/companies/{office.twin.company.id}/region"
    assert (await office.client.post(twin, data={"region": "whole"})).status_code == 404


async def test_a_company_without_a_region_is_reviewed_by_who_sees_all(office: Office) -> None:
    world = office.world
    async with office.house.pool.acquire() as conn, conn.transaction():
        regional, national = await a_person(conn), await a_person(conn)
        await a_role(conn, world.programme, regional, "coordinator", region=world.region)
        tour = await tours.one_by_id(conn, world.programme.id, world.tour_id)
        only_office = await reviews.reviewers_of(conn, tour)
        await a_role(conn, world.programme, national, "coordinator")
        both = await reviews.reviewers_of(conn, tour)
    assert [one.id for one in only_office] == [office.person.id]
    assert [one.id for one in both] == [national.id]


async def test_a_programme_without_regions_asks_for_none(office: Office) -> None:
    await office.house.pool.execute("delete from school_regions")
    await office.house.pool.execute("delete from regions")
    answer = await office.client.post("/programme/companies", data={"name": "Smid"})
    assert answer.status_code == 303


async def test_a_company_is_refused_with_a_reason(office: Office) -> None:
    client = await ask(office)
    assert (await client.get("/studio")).status_code == 200
    company_id = await office.house.pool.fetchval("select id from companies where state = 'asked'")
    path = f"/programme/companies/{company_id}/refuse"
    assert (await office.client.post(path, data={"reason": "Not here"})).status_code == 303
    mail = await last_mail(office.house)
    assert mail.kind == "company_refused" and "Not here" in mail.text
    assert (await client.get("/studio")).status_code == 404


async def test_what_a_company_leaves_out_is_named(office: Office) -> None:
    answer = await office.house.client().post(
        "/p/jetstream/companies/ask", data={"about": "x", "email": "ole"}
    )
    assert answer.status_code == 422
    for field in ("company", "name", "email"):
        assert f'href="#{field}"' in answer.text
    assert await mails(office.house) == []


async def test_the_twins_company_is_not_the_offices_to_answer(office: Office) -> None:
    async with office.house.pool.acquire() as conn:
        strange = await a_company(conn, office.twin.programme, state="asked")
    for verb in ("accept", "refuse"):
        path = f"/programme/companies/{strange.id}/{verb}"
        assert (await office.client.post(path)).status_code == 404


async def test_a_coordinator_confirms_teachers_of_her_region(office: Office) -> None:
    world, pool = office.world, office.house.pool
    async with pool.acquire() as conn, conn.transaction():
        zeeland = await a_region(conn, world.programme, "Zeeland")
        own, far = await a_person(conn), await a_person(conn)
        await a_role(conn, world.programme, own, "coordinator", region=world.region)
        await a_role(conn, world.programme, far, "coordinator", region=zeeland)
        new = await a_teacher(
            conn, world.programme, world.school, "zoe@x.example", name="", is_confirmed=False
        )
        role_id = await conn.fetchval("select id from roles where person_id = $1", new.id)
    answers = {}
    for person in (far, own):
        client = office.house.client()
        await sign_in(office.house, client, person)
        seen = "zoe@x.example" in (await client.get("/teachers/confirm")).text
        answers[person.id] = seen, (await client.post(f"/teachers/confirm/{role_id}")).status_code
    assert answers == {far.id: (False, 404), own.id: (True, 303)}
    assert (await last_mail(office.house)).kind == "teacher_confirmed"


async def test_a_teacher_who_is_none_is_turned_away(office: Office) -> None:
    async with office.house.pool.acquire() as conn, conn.transaction():
        new = await a_teacher(conn, office.world.programme, office.world.school, is_confirmed=False)
        role_id = await conn.fetchval("select id from roles where person_id = $1", new.id)
    path = f"/teachers/confirm/{role_id}/no"
    assert (await office.client.post(path)).status_code == 303
    assert (await office.client.post(path)).status_code == 404
