"""Her own page, and the stop links in mails."""

from dataclasses import replace

import httpx
import pytest

from rooms.people.persons import Person
from server import mail
from tests.support.floor import House
from tests.support.lessons import a_world
from tests.support.people import a_person, a_programme, a_role, a_school, sign_in

PASSWORD = "three words and more"


@pytest.fixture
async def noor(app_house: House) -> Person:
    async with app_house.pool.acquire() as conn, conn.transaction():
        programme = await a_programme(conn)
        school = await a_school(conn, programme)
        person = await a_person(conn, "noor@school.example", password=PASSWORD)
        await a_role(conn, programme, person, "teacher", school=school)
        return person


@pytest.fixture
async def client(app_house: House, noor: Person) -> httpx.AsyncClient:
    client = app_house.client()
    await sign_in(app_house, client, noor)
    return client


async def test_name_and_language_are_hers(client: httpx.AsyncClient, app_house: House) -> None:
    answer = await client.post("/account", data={"name": " Noor  B. ", "language": "nl"})
    assert answer.status_code == 303
    page = (await client.get("/account")).text
    assert '<html lang="nl"' in page and 'value="Noor B."' in page
    wrong = await client.post("/account", data={"name": "x", "language": "xx"})
    assert wrong.status_code == 422


async def test_sign_ins_are_listed_and_ended(
    app_house: House, client: httpx.AsyncClient, noor: Person
) -> None:
    others = [app_house.client() for _ in range(3)]
    for other in others:
        await sign_in(app_house, other, noor)
    first = await app_house.pool.fetchval("select id from sign_ins order by created_at, id limit 1")
    ids = {row["id"] for row in await app_house.pool.fetch("select id from sign_ins")}
    await app_house.pool.execute("update programmes set zone = 'America/Curacao'")
    await app_house.pool.execute("update sign_ins set seen_at = '2026-03-02 09:00+00'")
    page = (await client.get("/account")).text
    assert "2 Mar 2026 05:00" in page, "in the programme's zone"
    assert sum(str(one) in page for one in ids) == 3  # her own has no button
    shown = next(one for one in ids if str(one) in page)
    assert (await client.post(f"/account/sign-ins/{shown}/end")).status_code == 303
    assert first in ids
    assert (await client.post("/account/sign-ins/end-others")).status_code == 303
    assert [(await other.get("/account")).status_code for other in others] == [303] * 3
    assert (await client.get("/account")).status_code == 200


async def test_anothers_sign_in_is_not_there(app_house: House, client: httpx.AsyncClient) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        world = await a_world(conn, "twin")
    other = app_house.client()
    await sign_in(app_house, other, world.teacher)
    strange = await app_house.pool.fetchval(
        "select id from sign_ins where person_id = $1", world.teacher.id
    )
    assert (await client.post(f"/account/sign-ins/{strange}/end")).status_code == 404
    assert (await other.get("/account")).status_code == 200


async def test_a_new_password_ends_the_other_sign_ins(
    app_house: House, client: httpx.AsyncClient, noor: Person
) -> None:
    other = app_house.client()
    await sign_in(app_house, other, noor)
    answer = await client.post("/account/password", data={"new_password": "quite another one"})
    assert answer.status_code == 303
    assert (await other.get("/account")).status_code == 303
    told = {"email": noor.email, "password": "quite another one"}
    assert (await app_house.client().post("/sign-in", data=told)).status_code == 303


async def test_an_old_sign_in_needs_the_present_password(
    app_house: House, client: httpx.AsyncClient
) -> None:
    app_house.clock.move(minutes=20)
    assert 'name="old_password"' in (await client.get("/account")).text
    for old in ("", "wrong"):
        told = {"new_password": "quite another one", "old_password": old}
        assert (await client.post("/account/password", data=told)).status_code == 422
    told = {"new_password": "quite another one", "old_password": PASSWORD}
    assert (await client.post("/account/password", data=told)).status_code == 303


@pytest.mark.parametrize("weak", ["", "short", "noor@school.example", "x" * 201])
async def test_a_weak_password_is_refused(client: httpx.AsyncClient, weak: str) -> None:
    answer = await client.post("/account/password", data={"new_password": weak})
    assert answer.status_code == 422 and 'href="#new_password"' in answer.text


async def test_mails_stop_and_come_back(app_house: House, client: httpx.AsyncClient) -> None:
    assert (await client.post("/account/mails", data={})).status_code == 303
    rows = await app_house.pool.fetch("select kind from mail_stops")
    stopped = {row["kind"] for row in rows}
    assert {"confirm_class", "webinar_day"} <= stopped <= set(mail.STOPPABLE)
    await client.post("/account/mails", data={"kinds": sorted(stopped)})
    assert await app_house.pool.fetchval("select count(*) from mail_stops") == 0


async def test_a_stop_link_needs_a_button_or_the_mail_program(
    app_house: House, noor: Person
) -> None:
    path = f"/mail/stop/{mail.stop_token(app_house.settings, noor.id, 'confirm_class')}"
    client = app_house.client()
    assert (await client.get(path)).status_code == 200
    assert await app_house.pool.fetchval("select count(*) from mail_stops") == 0
    one_click = await client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert one_click.status_code == 200
    assert await app_house.pool.fetchval("select count(*) from mail_stops") == 1
    assert (await client.get("/mail/stop/AAAA")).status_code == 404


async def test_she_moves_between_her_own_programmes_only(
    app_house: House, client: httpx.AsyncClient, noor: Person
) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        second, third = await a_programme(conn, "second"), await a_programme(conn, "third")
        await a_role(conn, second, noor, "bureau")
    assert (await client.get("/programme")).status_code == 404
    moved = await client.post("/account/programme", data={"programme": str(second.id)})
    assert moved.status_code == 303
    assert (await client.get("/programme")).status_code == 200
    for strange in (str(third.id), "x"):
        answer = await client.post("/account/programme", data={"programme": strange})
        assert answer.status_code == 404


async def test_the_demos_mailbox_is_there_in_a_demo_only(app_house: House, noor: Person) -> None:
    client = app_house.client()
    await client.post("/sign-in/mail", data={"email": noor.email})
    assert (await client.get("/demo/mail")).status_code == 404
    floor = app_house.app.state.floor
    floor.settings = replace(floor.settings, is_demo=True)
    page = (await client.get("/demo/mail")).text
    assert "/sign-in/link/" in page and noor.email in page
