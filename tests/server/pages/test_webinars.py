"""Webinars as people use them: made, announced, found, registered for, opened, gone into."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from rooms.agenda import webinar_presenters, webinars
from rooms.agenda.webinars import Webinar
from rooms.attendance import keeping
from rooms.people.classes import Class
from rooms.people.codes import shown_class_code
from rooms.people.persons import Person
from rooms.scope import Scope
from server.auth import COOKIE
from tests.support import people
from tests.support.days import local_day
from tests.support.floor import House
from tests.support.lessons import World, a_class, a_world
from tests.support.mails import last_mail, mails
from tests.support.webinars import a_maker, an_announced


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_world(conn)


async def signed_in(house: House, world: World, person: Person) -> httpx.AsyncClient:
    client = house.client(headers={"accept-language": "en"})
    await people.sign_in(house, client, person, world.programme)
    return client


async def somebody(house: House, world: World, role: str, **part: object) -> Person:
    async with house.pool.acquire() as conn, conn.transaction():
        person = await people.a_person(conn, name="Mila Dekker")
        await people.a_role(conn, world.programme, person, role, **part)  # type: ignore[arg-type]
    return person


def a_form(house: House, world: World, **changes: str) -> dict[str, str]:
    day = local_day(house.clock() + timedelta(days=3))
    return {
        "original_language": "en",
        "title_en": "Build a dyke",
        "description_en": "How water is kept out.",
        "prepare_en": "Bring a sponge.",
        "title_nl": "Bouw een dijk",
        "day": str(day),
        "from_time": "10:00",
        "until_time": "11:00",
        "zone": "Europe/Amsterdam",
        "audience": "pupils",
        "levels": "havo",
        "sectors": "water",
        "company_id": str(world.company.id),
        "region_id": str(world.region.id),
        "capacity": "60",
        **changes,
    }


async def made(house: House, world: World, client: httpx.AsyncClient, **changes: str) -> str:
    """The address of its desk."""
    answer = await client.post("/webinars", data=a_form(house, world, **changes))
    assert answer.status_code == 303, answer.text[-900:]
    return str(answer.headers["location"])


async def does(client: httpx.AsyncClient, desk: str, what: str) -> None:
    answer = await client.post(f"{desk}/state", data={"do": what})
    assert answer.status_code == 303, answer.text[-900:]


async def a_school_class(house: House, world: World, name: str = "3B") -> Class:
    async with house.pool.acquire() as conn, conn.transaction():
        return await a_class(conn, world, name)


def public(world: World, desk: str) -> str:
    return f"/p/{world.programme.slug}{desk}"


async def test_from_a_draft_to_a_class_in_the_room(app_house: House, world: World) -> None:
    coordinator = await somebody(app_house, world, "coordinator", region=world.region)
    office = await signed_in(app_house, world, coordinator)
    teacher = await signed_in(app_house, world, world.teacher)
    stranger = app_house.client(headers={"accept-language": "nl"})
    desk = await made(app_house, world, office)
    page, listed = public(world, desk), f"/p/{world.programme.slug}/webinars"
    assert (await teacher.get(page)).status_code == 404
    assert "Build a dyke" in (await office.get(listed)).text
    assert "Build a dyke" not in (await teacher.get(listed)).text

    await does(office, desk, "announce")
    assert "Bouw een dijk" in (await stranger.get(listed)).text
    shown = (await stranger.get(page)).text
    assert "Aanmelden" in shown and "Bring a sponge." not in shown
    wants = await stranger.get(f"{desk}/register")
    assert wants.headers["location"].startswith("/sign-in?next=")
    assert "Bring a sponge." in (await teacher.get(page)).text

    one = await a_school_class(app_house, world)
    form = (await teacher.get(f"{desk}/register")).text
    assert 'value="28"' in form and "Inside the harbour" in form
    registers = await teacher.post(
        f"{desk}/register",
        data={
            "class_id": str(one.id),
            "expected": "27",
            "devices": "many",
            "needs": "captions",
            "plan_b": str(world.tour_id),
        },
    )
    assert registers.headers["location"] == page, registers.text[-900:]
    told = (await teacher.get(page)).text
    assert "27 pupils" in told and "plan B: Inside the harbour" in told
    assert "Go in" not in told
    led = (await office.get(desk)).text
    assert "3B" in led and "27 of 60 places" in led and "captions" in led

    phone = app_house.client()
    code = {"code": shown_class_code(one.code)}
    await does(office, desk, "open")
    assert "Go in" in (await teacher.get(page)).text
    joins = await phone.post("/join", data=code)
    assert re.fullmatch(r"/rooms/[0-9a-f-]{36}", joins.headers["location"]), joins.text[-900:]
    room = joins.headers["location"]
    assert (await phone.get(room)).status_code == 200
    assert "has come" in (await office.get(desk)).text
    leads, moderates = [(await one.get(f"{room}/desk")).text for one in (office, teacher)]
    assert all(f'data-afterwards="{desk}/afterwards"' in one for one in (leads, moderates))
    assert f'href="{desk}/afterwards"' in leads and f'href="{desk}/afterwards"' not in moderates
    assert "Plan B: show the tour" in (await teacher.get(page)).text

    await does(office, desk, "go_live")
    await does(office, desk, "end")
    assert (await phone.post("/join", data=code)).status_code != 303
    async with app_house.pool.acquire() as conn:
        outcome = await conn.fetchval("select outcome from session_class_results")
    assert outcome == "joined_only"
    assert "Open the doors now" not in (await office.get(desk)).text


async def test_the_doors_open_by_themselves_and_a_code_too_early_says_when(
    app_house: House, world: World
) -> None:
    starts = datetime.now(UTC).replace(hour=13, minute=0, second=0, microsecond=0)
    app_house.clock.moment = starts - timedelta(hours=2)
    async with app_house.pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        webinar = await an_announced(
            conn, world, app_house.clock(), by=by, days=0, zone="UTC",
            from_time=starts.time(), until_time=(starts + timedelta(hours=1)).time(),
        )  # fmt: skip
    one = await a_school_class(app_house, world)
    teacher = await signed_in(app_house, world, world.teacher)
    await teacher.post(
        f"/webinars/{webinar.id}/register", data={"class_id": str(one.id), "expected": "28"}
    )
    phone, link = app_house.client(headers={"accept-language": "en"}), f"/j/{one.link_token}"
    early = await phone.get(link)
    assert "Build a dyke" in early.text and "13:00" in early.text
    assert f'action="{link}"' not in early.text
    refused = await phone.post(link, data={"session_id": str(await _session(app_house))})
    assert refused.status_code == 200
    app_house.clock.moment = starts - timedelta(minutes=14)
    async with app_house.pool.acquire() as conn, conn.transaction():
        await keeping.sweep(conn, app_house.clock())
    goes = await phone.post(link)
    assert goes.headers["location"] == f"/rooms/{webinar.room_id}"
    assert (await phone.get(link)).headers["location"] == f"/rooms/{webinar.room_id}"


async def _session(house: House) -> UUID:
    async with house.pool.acquire() as conn:
        found: UUID = await conn.fetchval("select id from sessions")
    return found


async def test_a_full_webinar_has_a_list_and_a_moderator_lets_in(
    app_house: House, world: World
) -> None:
    person = await somebody(app_house, world, "moderator")
    office = await signed_in(app_house, world, person)
    teacher = await signed_in(app_house, world, world.teacher)
    desk = await made(app_house, world, office, capacity="30", region_id="")
    await does(office, desk, "announce")
    for name in ("3A", "3B"):
        one = await a_school_class(app_house, world, name)
        await teacher.post(f"{desk}/register", data={"class_id": str(one.id), "expected": "28"})
    page = public(world, desk)
    assert "Place 1 of 1 on the waiting list" in (await teacher.get(page)).text
    waiting = re.search(r"/registrations/([0-9a-f-]+)/let-in", (await office.get(desk)).text)
    assert waiting is not None
    stranger = await teacher.post(f"/registrations/{waiting[1]}/let-in")
    assert stranger.status_code == 404
    for _ in range(2):
        assert (await office.post(f"/registrations/{waiting[1]}/let-in")).status_code == 303
    [letter] = [one for one in await mails(app_house) if one.kind == "webinar_let_in"]
    assert (letter.to, "A place for class 3B" in letter.subject) == (world.teacher.email, True)
    assert "on the waiting list" not in (await office.get(desk)).text
    gives_back = await teacher.post(f"/registrations/{waiting[1]}/cancel")
    assert gives_back.headers["location"] == page
    assert "3B" not in (await office.get(desk)).text


async def test_what_is_not_right_stands_in_the_form(app_house: House, world: World) -> None:
    office = await signed_in(app_house, world, await somebody(app_house, world, "bureau"))
    for changes, words in (
        ({"title_en": ""}, "Type a title"),
        ({"until_time": "09:00"}, "later than the start"),
        ({"from_time": "half past"}, "later than the start"),
        ({"zone": "Mars/Olympus"}, "no such time zone"),
        ({"pass_percent": "101"}, "1 to 100"),
        ({"capacity": "none"}, "how many fit"),
    ):
        answer = await office.post("/webinars", data=a_form(app_house, world, **changes))
        assert answer.status_code == 422
        assert words in answer.text
        assert "How water is kept out." in answer.text
    desk = await made(app_house, world, office)
    await does(office, desk, "announce")
    teacher = await signed_in(app_house, world, world.teacher)
    one = await a_school_class(app_house, world)
    for told, words in (
        ({"expected": "0"}, "from 1 to 400"),
        ({"expected": "28", "lesson_from": "10:00"}, "or neither"),
        ({"expected": "28", "lesson_from": "8:xx", "lesson_until": "9:00"}, "or neither"),
        ({"expected": "28", "plan_b": str(one.id)}, "cannot be plan B"),
    ):
        answer = await teacher.post(f"{desk}/register", data={"class_id": str(one.id), **told})
        assert answer.status_code == 422
        assert words in answer.text
    none = await teacher.post(f"{desk}/register", data={"class_id": "", "expected": "28"})
    assert none.status_code == 422


async def test_a_change_a_copy_and_the_end_of_it(app_house: House, world: World) -> None:
    office = await signed_in(app_house, world, await somebody(app_house, world, "bureau"))
    desk = await made(app_house, world, office)
    assert 'value="Build a dyke"' in (await office.get(f"{desk}/edit")).text
    await does(office, desk, "announce")
    assert "This stands since" in (await office.get(f"{desk}/edit")).text
    changed = a_form(app_house, world, title_en="Build two dykes", pass_percent="90")
    assert (await office.post(f"{desk}/edit", data=changed)).status_code == 303
    day = local_day(app_house.clock() + timedelta(days=10))
    copied = await office.post(f"{desk}/copy", data={"day": str(day)})
    assert "Build two dykes" in (await office.get(copied.headers["location"])).text
    assert (await office.post(f"{desk}/copy", data={"day": "2020-01-01"})).status_code == 422
    assert (await office.post(f"{desk}/cancel", data={"reason": ""})).status_code == 422
    assert (await office.post(f"{desk}/cancel", data={"reason": "Storm"})).status_code == 303
    stranger = app_house.client(headers={"accept-language": "en"})
    off = (await stranger.get(public(world, desk))).text
    assert "does not take place" in off and "Storm" in off and "Register" not in off
    again = await office.post(f"{desk}/state", data={"do": "open"})
    assert again.status_code == 409
    async with app_house.pool.acquire() as conn:
        shares = await conn.fetch("select pass_share::text from sessions")
    assert [row["pass_share"] for row in shares] == ["0.600"]


async def test_a_presenter_comes_by_her_link_without_an_account(
    app_house: House, world: World
) -> None:
    office = await signed_in(app_house, world, await somebody(app_house, world, "bureau"))
    desk = await made(app_house, world, office)
    await does(office, desk, "announce")
    invites = await office.post(
        f"{desk}/presenters", data={"name": "Mo Terpstra", "email": "mo@terpstra.example"}
    )
    assert invites.status_code == 303, invites.text[-900:]
    link = await _link(app_house)
    presenter = app_house.client(headers={"accept-language": "en"})
    assert "Mo Terpstra" in (await presenter.get(link)).text
    without = await presenter.post(link)
    assert without.status_code == 422 and "Tick that you keep" in without.text
    takes = await presenter.post(link, data={"conduct": "1"})
    assert takes.headers["location"] == desk
    assert COOKIE in presenter.cookies
    page = (await presenter.get(desk)).text
    assert "certificate not seen" in page and "has not accepted" not in page
    await does(office, desk, "open")
    barred = (await presenter.get(desk)).text
    assert "/studio" not in barred and "once the office has seen your certificate" in barred
    place = re.search(rf"{desk}/presenters/([0-9a-f-]+)/vetted", (await office.get(desk)).text)
    assert place is not None
    vets = await office.post(
        f"{desk}/presenters/{place[1]}/vetted", data={"vetted_on": "2026-01-15"}
    )
    assert vets.status_code == 303
    assert "certificate seen on" in (await office.get(desk)).text
    [studio] = re.findall(r'"(/rooms/\S+/studio)"', (await presenter.get(desk)).text)
    assert (await presenter.get(studio)).status_code == 200
    # The link is hers now: it signs nobody in any more.
    other = app_house.client()
    taken = await other.post(link, data={"conduct": "1"})
    assert taken.headers["location"].startswith("/sign-in")
    assert COOKIE not in other.cookies


async def _link(house: House) -> str:
    [letter] = [one for one in await mails(house) if one.kind == "presenter_invited"]
    return letter.link


async def test_the_link_opens_nothing_for_an_address_with_a_role(
    app_house: House, world: World
) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        webinar = await an_announced(conn, world, app_house.clock(), by=by)
        _, token = await webinar_presenters.invite(
            conn, by, webinar.id, world.editor.email, "Sem", app_house.clock()
        )
    link = f"/webinars/presenter/{token}"
    stranger = app_house.client(headers={"accept-language": "en"})
    assert "is known here" in (await stranger.get(link)).text
    answer = await stranger.post(link, data={"conduct": "1"})
    assert answer.headers["location"] == f"/sign-in?next={link}"
    editor = await signed_in(app_house, world, world.editor)
    assert (await editor.post(link, data={"conduct": "1"})).status_code == 303
    async with app_house.pool.acquire() as conn:
        found: Webinar = await webinars.by_id(conn, Scope(world.programme.id), webinar.id)
    assert found.presenter_ids == (world.editor.id,)


async def test_a_moderator_is_somebody_of_the_programme(app_house: House, world: World) -> None:
    office = await signed_in(app_house, world, await somebody(app_house, world, "bureau"))
    desk = await made(app_house, world, office)
    unknown = await office.post(f"{desk}/moderators", data={"moderator": "no@body.example"})
    assert unknown.status_code == 422 and "Nobody with this address" in unknown.text
    adds = await office.post(f"{desk}/moderators", data={"moderator": world.teacher.email})
    assert adds.status_code == 303
    teacher = await signed_in(app_house, world, world.teacher)
    assert "Announce" in (await teacher.get(desk)).text


async def test_a_teacher_comes_to_a_teachers_webinar_by_herself(
    app_house: House, world: World
) -> None:
    office = await signed_in(app_house, world, await somebody(app_house, world, "bureau"))
    desk = await made(app_house, world, office, audience="teachers")
    await does(office, desk, "announce")
    teacher = await signed_in(app_house, world, world.teacher)
    assert "Register yourself" in (await teacher.get(f"{desk}/register")).text
    answer = await teacher.post(f"{desk}/register", data={"class_id": "me"})
    assert answer.status_code == 303
    assert "Yourself" in (await teacher.get(public(world, desk))).text
    await does(office, desk, "open")
    page = (await teacher.get(public(world, desk))).text
    room = re.search(r"/rooms/[0-9a-f-]{36}", page)
    assert room is not None
    assert (await teacher.get(room[0])).status_code == 200


async def test_a_private_programme_shows_its_webinars_to_nobody_else(
    app_house: House, world: World
) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        webinar = await an_announced(conn, world, app_house.clock(), by=by)
        await conn.execute("update programmes set is_public = false")
    stranger = app_house.client()
    listed = f"/p/{world.programme.slug}/webinars"
    assert (await stranger.get(listed)).status_code == 404
    assert (await stranger.get(webinar.path)).status_code == 404
    teacher = await signed_in(app_house, world, world.teacher)
    assert (await teacher.get(webinar.path)).status_code == 200
    assert (await teacher.get("/webinars")).headers["location"] == listed


async def test_a_teacher_from_nothing_registers_a_class(app_house: House, world: World) -> None:
    office = await signed_in(app_house, world, await somebody(app_house, world, "bureau"))
    desk = await made(app_house, world, office)
    await does(office, desk, "announce")
    page = public(world, desk)
    stranger = app_house.client(headers={"accept-language": "en"})
    begins = f"{page}/register"
    assert f'href="{begins}"' in (await stranger.get(page)).text
    assert "Build a dyke" in (await stranger.get(begins)).text
    told = {
        "email": "zoe@driehoek.example",
        "school": str(world.school.id),
        "class_name": "4A",
        "level": "havo",
    }
    sent = await stranger.post(begins, data=told)
    assert sent.headers["location"] == "/sign-in/code", sent.text[-900:]
    letter = await last_mail(app_house)
    assert letter.kind == "register" and "Build a dyke" in letter.text
    code = {"email": told["email"], "code": letter.code}
    arrives = await stranger.post("/sign-in/code", data=code)
    form = arrives.headers["location"]
    assert form.startswith(f"{desk}/register?class=")
    assert "4A" in (await stranger.get(form)).text
    wish = {"class_id": form.partition("class=")[2], "expected": "24"}
    registered = await stranger.post(f"{desk}/register", data=wish)
    assert registered.headers["location"] == page
    assert "24 pupils" in (await stranger.get(page)).text
    assert "4A" in (await office.get(desk)).text


async def test_one_that_is_over_takes_nobody_new(app_house: House, world: World) -> None:
    office = await signed_in(app_house, world, await somebody(app_house, world, "bureau"))
    desk = await made(app_house, world, office)
    await does(office, desk, "announce")
    await office.post(f"{desk}/cancel", data={"reason": "Storm"})
    stranger = app_house.client()
    assert (await stranger.get(f"{public(world, desk)}/register")).status_code == 404
