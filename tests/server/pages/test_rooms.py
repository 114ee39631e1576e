"""Live rooms as people use them: opened, entered by a class, closed."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from rooms.agenda import sessions
from rooms.attendance import keeping, seats
from rooms.live import stream_keys
from rooms.people.classes import Class
from rooms.people.codes import shown_class_code
from tests.support import people
from tests.support.floor import House
from tests.support.lessons import World, a_class, a_session, a_world
from tests.support.live_rooms import presenter_of


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_world(conn)


async def as_editor(house: House, world: World) -> httpx.AsyncClient:
    client = house.client(headers={"accept-language": "en"})
    await people.sign_in(house, client, world.editor, world.programme)
    return client


async def as_teacher(house: House, world: World) -> httpx.AsyncClient:
    client = house.client(headers={"accept-language": "en"})
    await people.sign_in(house, client, world.teacher, world.programme)
    return client


async def opens(client: httpx.AsyncClient, **told: str) -> str:
    """The room's address."""
    answer = await client.post("/rooms", data={"title": "Live from the yard", **told})
    assert answer.status_code == 303, answer.text[-600:]
    return str(answer.headers["location"]).removesuffix("/studio")


async def class_of(house: House, world: World, name: str = "3B", pupils: int | None = 28) -> Class:
    async with house.pool.acquire() as conn, conn.transaction():
        return await a_class(conn, world, name, pupils=pupils)


async def takes_part(teacher: httpx.AsyncClient, room: str, school_class: Class) -> UUID:
    """The session class made."""
    answer = await teacher.post(f"{room}/classes", data={"class_id": str(school_class.id)})
    assert answer.status_code == 303, answer.text[-600:]
    return UUID(answer.headers["location"].partition("class=")[2])


async def joins(house: House, school_class: Class) -> tuple[httpx.AsyncClient, httpx.Response]:
    """A phone that typed the class code, and where it was sent."""
    phone = house.client()
    answer = await phone.post("/join", data={"code": shown_class_code(school_class.code)})
    return phone, answer


async def test_an_editor_opens_a_room_and_comes_to_her_studio(
    app_house: House, world: World
) -> None:
    editor = await as_editor(app_house, world)
    assert "Live from the yard" not in (await editor.get("/rooms")).text
    answer = await editor.post("/rooms", data={"title": "Live from the yard"})
    assert re.fullmatch(r"/rooms/[0-9a-f-]{36}/studio", answer.headers["location"])
    page = (await editor.get(answer.headers["location"])).text
    assert "Live from the yard" in page
    assert "/whip" in page
    listed = (await editor.get("/rooms")).text
    assert "Live from the yard" in listed
    too_long = await editor.post("/rooms", data={"title": "x" * 200})
    assert too_long.status_code == 422 and "at most 120" in too_long.text


async def test_the_office_opens_for_a_company_or_for_itself(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        person = await people.a_person(conn)
        await people.a_role(conn, world.programme, person, "bureau")
    office = app_house.client()
    await people.sign_in(app_house, office, person, world.programme)
    answer = await office.post(
        "/rooms", data={"title": "Open day", "company_id": str(world.company.id)}
    )
    assert answer.headers["location"].count("/") == 2
    assert "Open day" in (await office.get(answer.headers["location"])).text
    editor = await as_editor(app_house, world)
    assert (await editor.get(f"{answer.headers['location']}/studio")).status_code == 200
    own = await office.post("/rooms", data={"title": "Of the programme"})
    assert (await editor.get(own.headers["location"])).status_code == 404
    assert (await office.get(f"{own.headers['location']}/studio")).status_code == 200


async def test_a_company_that_waits_for_an_answer_goes_not_live(
    app_house: House, world: World
) -> None:
    async with app_house.pool.acquire() as conn:
        await conn.execute("update companies set state = 'asked'")
    editor = await as_editor(app_house, world)
    answer = await editor.post("/rooms", data={"title": "Too early"})
    assert answer.status_code == 422 and "not said yes" in answer.text


async def test_a_class_comes_in_with_its_code(app_house: House, world: World) -> None:
    editor, teacher = await as_editor(app_house, world), await as_teacher(app_house, world)
    room, school_class = await opens(editor), await class_of(app_house, world)
    assert "Take part" in (await teacher.get(room)).text
    _, nothing = await joins(app_house, school_class)
    assert nothing.status_code != 303
    await takes_part(teacher, room, school_class)
    page = (await teacher.get(room)).text
    assert school_class.code[:3] in page and "Class 3B" in page
    phone, answer = await joins(app_house, school_class)
    assert answer.headers["location"] == room
    page = (await phone.get(room)).text
    assert 'data-kind="own"' in page and "Class 3B" in page
    again = await phone.get(f"/j/{school_class.link_token}")
    assert again.headers["location"] == room
    scanned = app_house.client()
    answer = await scanned.post(f"/j/{school_class.link_token}")
    assert answer.headers["location"] == room
    assert (await scanned.get(room)).status_code == 200
    stranger = app_house.client()
    assert (await stranger.get(room)).headers["location"] == "/join"
    assert (await stranger.get(f"/rooms/{uuid4()}")).headers["location"] == "/join"


async def test_each_class_has_its_own_seats_in_one_room(app_house: House, world: World) -> None:
    editor, teacher = await as_editor(app_house, world), await as_teacher(app_house, world)
    room = await opens(editor)
    one, other = await class_of(app_house, world, "3B"), await class_of(app_house, world, "4A")
    parts = [await takes_part(teacher, room, each) for each in (one, other)]
    assert parts[0] != parts[1]
    for school_class, part in zip((one, other), parts, strict=True):
        phone, _ = await joins(app_house, school_class)
        async with app_house.pool.acquire() as conn:
            seat = await seats.behind(conn, phone.cookies["seat"])
        assert seat is not None and seat.session_class_id == part
        told = await teacher.post(f"{room}/classes/{part}/headcount", data={"pupils": "25"})
        assert told.status_code == 303
        assert school_class.code[3:] in (await teacher.get(f"{room}?class={part}")).text
    async with app_house.pool.acquire() as conn:
        rows = await conn.fetch("select declared from session_classes")
    assert [row["declared"] for row in rows] == [25, 25]


async def test_devices_beyond_the_headcount_wait(app_house: House, world: World) -> None:
    editor, teacher = await as_editor(app_house, world), await as_teacher(app_house, world)
    room, school_class = await opens(editor), await class_of(app_house, world, pupils=1)
    part = await takes_part(teacher, room, school_class)
    phones = [(await joins(app_house, school_class))[0] for _ in range(5)]
    assert "your teacher lets you in" in (await phones[4].get(room)).text
    assert "your teacher lets you in" not in (await phones[3].get(room)).text
    await teacher.post(f"{room}/classes/{part}/waiting")
    assert "your teacher lets you in" not in (await phones[4].get(room)).text


async def test_the_teachers_laptop_becomes_the_screen(app_house: House, world: World) -> None:
    editor, teacher = await as_editor(app_house, world), await as_teacher(app_house, world)
    room, school_class = await opens(editor), await class_of(app_house, world)
    assert (await teacher.get(f"{room}/beamer")).status_code == 404
    part = await takes_part(teacher, room, school_class)
    assert "This is the classroom screen" in (await teacher.get(f"{room}/beamer")).text
    answer = await teacher.post(f"{room}/beamer")
    assert answer.headers["location"] == f"{room}/beamer"
    page = (await teacher.get(f"{room}/beamer")).text
    assert 'data-kind="beamer"' in page and "Noor" not in page
    phone, _ = await joins(app_house, school_class)
    assert 'data-kind="companion"' in (await phone.get(room)).text
    await phone.post(f"{room}/watch", data={"here": "1"})
    assert 'data-kind="own"' in (await phone.get(room)).text
    told = await teacher.post(f"{room}/declare", json={"pupils": 27})
    assert told.json() == {"headcount": 27}
    assert (await phone.post(f"{room}/declare", json={"pupils": 2})).status_code == 404
    async with app_house.pool.acquire() as conn:
        declared = await conn.fetchval("select declared from session_classes where id = $1", part)
    assert declared == 27
    # Her own page stays hers, on the same laptop.
    assert 'data-role="teacher"' in (await teacher.get(room)).text


async def test_a_classroom_pc_is_let_in_for_one_class(app_house: House, world: World) -> None:
    editor, teacher = await as_editor(app_house, world), await as_teacher(app_house, world)
    room = await opens(editor)
    one, other = await class_of(app_house, world, "3B"), await class_of(app_house, world, "4A")
    parts = [await takes_part(teacher, room, each) for each in (one, other)]
    pc = app_house.client()
    [number] = re.findall(r"<span>(\d\d)</span>", (await pc.get("/screen")).text)
    link = "/screen/a-link-of-128-bits-0001"
    async with app_house.pool.acquire() as conn:
        await conn.execute(
            "update screens set link_hash = sha256($1)", link.rsplit("/", 1)[1].encode()
        )
    page = (await teacher.get(link)).text
    assert all(str(part) in page for part in parts)
    answer = await teacher.post(link, data={"session_class_id": str(parts[1]), "number": number})
    assert answer.headers["location"] == room
    told = (await pc.post("/screen/ask")).json()
    assert told == {"state": "go", "go": f"{room}/beamer"}
    assert "Class 4A" in (await pc.get(f"{room}/beamer")).text
    assert f"{room}/beamer" in (await pc.get("/")).text
    for path in (f"{room}/studio", "/rooms", "/classes", "/attendance"):
        assert (await pc.get(path)).status_code in {303, 404}
    # Its place taken by another screen, it may have it back, and no other class's.
    async with app_house.pool.acquire() as conn, conn.transaction():
        await seats.become_beamer(conn, world.programme.id, parts[1], None, app_house.clock())
    assert "This is the classroom screen" in (await pc.get(f"{room}/beamer")).text
    wrong = await pc.post(f"{room}/beamer", data={"session_class_id": str(parts[0])})
    assert wrong.status_code == 404
    assert (await pc.post(f"{room}/beamer")).headers["location"] == f"{room}/beamer"
    await teacher.post(f"{room}/classes/{parts[1]}/leave")
    assert (await pc.get(f"{room}/beamer")).status_code in {303, 404}


async def test_a_class_is_in_a_room_or_is_shown_a_tour(app_house: House, world: World) -> None:
    editor, teacher = await as_editor(app_house, world), await as_teacher(app_house, world)
    room, school_class = await opens(editor), await class_of(app_house, world)
    async with app_house.pool.acquire() as conn, conn.transaction():
        tour = await a_session(conn, world, school_class, app_house.clock())
    phone, answer = await joins(app_house, school_class)
    assert answer.headers["location"] == f"/sessions/{tour.id}/phone"
    app_house.clock.move(minutes=10)
    await takes_part(teacher, room, school_class)
    async with app_house.pool.acquire() as conn, conn.transaction():
        over = await sessions.get(conn, world.scope, tour.id)
        assert over.state == "ended"
        assert len(await keeping.sweep(conn, app_house.clock())) == 1
    answer = await phone.post("/join", data={"code": school_class.code})
    assert answer.headers["location"] == room
    in_room = phone.cookies["seat"]
    async with app_house.pool.acquire() as conn, conn.transaction():
        await sessions.show_now(
            conn, world.scope, world.tour_id, school_class.id, app_house.clock()
        )
    left = app_house.client(cookies={"seat": in_room})
    assert (await left.get(room)).headers["location"] == "/join"
    _, answer = await joins(app_house, school_class)
    assert answer.headers["location"].startswith("/sessions/")
    await takes_part(teacher, room, school_class)
    assert (await left.get(room)).status_code == 200


async def test_a_class_nobody_is_seen_of_has_left(app_house: House, world: World) -> None:
    editor, teacher = await as_editor(app_house, world), await as_teacher(app_house, world)
    room, school_class = await opens(editor), await class_of(app_house, world)
    await takes_part(teacher, room, school_class)
    async with app_house.pool.acquire() as conn, conn.transaction():
        await keeping.sweep(conn, app_house.clock() + timedelta(minutes=29))
    _, answer = await joins(app_house, school_class)
    assert answer.headers["location"] == room
    async with app_house.pool.acquire() as conn, conn.transaction():
        await keeping.sweep(conn, app_house.clock() + timedelta(minutes=31))
    _, answer = await joins(app_house, school_class)
    assert answer.status_code != 303


async def test_closing_ends_it_for_everybody(app_house: House, world: World) -> None:
    editor, teacher = await as_editor(app_house, world), await as_teacher(app_house, world)
    room, school_class = await opens(editor), await class_of(app_house, world)
    part = await takes_part(teacher, room, school_class)
    phone, _ = await joins(app_house, school_class)
    assert (await teacher.post(f"{room}/close")).status_code == 404
    assert (await editor.post(f"{room}/close")).headers["location"] == "/rooms"
    _, answer = await joins(app_house, school_class)
    assert answer.status_code != 303
    assert (await phone.get(room)).status_code == 200
    assert (await editor.get(f"{room}/studio")).headers["location"] == room
    refused = await teacher.post(f"{room}/classes", data={"class_id": str(school_class.id)})
    assert refused.status_code == 409
    told = await teacher.post(f"{room}/classes/{part}/headcount", data={"pupils": "26"})
    assert told.status_code == 303
    assert f"/attendance/{part}" in (await teacher.get(f"/classes/{school_class.id}")).text
    async with app_house.pool.acquire() as conn:
        row = await conn.fetchrow(
            "select * from session_class_results where session_class_id = $1", part
        )
        assert row is not None
        assert (row["headcount"], row["headcount_source"]) == (26, "confirmed")


async def test_what_the_network_swallowed_is_declared_with_a_reason(
    app_house: House, world: World
) -> None:
    editor, teacher = await as_editor(app_house, world), await as_teacher(app_house, world)
    room, school_class = await opens(editor), await class_of(app_house, world)
    part = await takes_part(teacher, room, school_class)
    await teacher.post(f"{room}/classes/{part}/headcount", data={"pupils": "26"})
    form = f'action="{room}/classes/{part}/showing"'
    assert form not in (await teacher.get(f"/attendance/{part}")).text
    await editor.post(f"{room}/close")
    over = (await teacher.get(f"{room}?class={part}")).text
    assert f'href="/attendance/{part}"' in over
    assert "closed" in over and "not live yet" not in over
    assert "How many pupils were there?" in over and 'name="wish"' not in over
    assert form in (await teacher.get(f"/attendance/{part}")).text
    nothing = await teacher.post(f"{room}/classes/{part}/showing", data={"reason": " "})
    assert nothing.status_code == 422
    told = await teacher.post(
        f"{room}/classes/{part}/showing", data={"reason": "Shown over a phone's hotspot"}
    )
    assert told.headers["location"] == f"/attendance/{part}"
    page = (await teacher.get(f"/attendance/{part}")).text
    assert "a phone&#39;s hotspot" in page and form not in page
    async with app_house.pool.acquire() as conn:
        row = await conn.fetchrow("select * from session_class_results")
    assert row is not None
    assert (row["outcome"], row["pupils"], row["present_ms"]) == ("declared", 26, 0)


async def test_a_stream_key_is_shown_once(app_house: House, world: World) -> None:
    editor = await as_editor(app_house, world)
    room = await opens(editor)
    page = (await editor.post(f"{room}/keys")).text
    [token] = re.findall(r'id="new-key"[^>]*value="([^"]+)"', page)
    assert token not in (await editor.get(f"{room}/studio")).text
    async with app_house.pool.acquire() as conn:
        held = await stream_keys.holder(conn, token, app_house.clock())
    assert held is not None and str(held.room_id) == room.rsplit("/", 1)[1]
    assert (await editor.post(f"{room}/keys/{held.key_id}/revoke")).status_code == 303
    async with app_house.pool.acquire() as conn:
        assert await stream_keys.holder(conn, token, app_house.clock()) is None
    for _ in range(stream_keys.MOST_KEYS):
        assert (await editor.post(f"{room}/keys")).status_code == 200
    full = await editor.post(f"{room}/keys")
    assert full.status_code == 422


async def test_a_removed_presenter_has_no_studio(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        colleague = await people.an_editor(conn, world.programme, world.company)
    editor, other = await as_editor(app_house, world), app_house.client()
    await people.sign_in(app_house, other, colleague, world.programme)
    room = await opens(editor)
    page = (await other.get(f"{room}/studio")).text
    [member] = re.findall(r'data-member="([0-9a-f-]+)"', page)
    assert member in (await editor.get(f"{room}/studio")).text
    assert (await editor.post(f"{room}/presenters/{member}/remove")).status_code == 303
    assert (await other.get(f"{room}/studio")).status_code == 422
    assert (await other.post(f"{room}/keys")).status_code == 422
    assert (await other.post(f"{room}/presenters/{uuid4()}/remove")).status_code == 404


async def test_the_result_of_a_check_is_kept_with_the_teachers_school(
    app_house: House, world: World
) -> None:
    told = {
        "results": [
            {"rung": "udp", "result": "fails"},
            {"rung": "tcp", "result": "works", "ms": 80},
        ]
    }
    nobody = app_house.client()
    assert (await nobody.get("/check")).status_code == 200
    assert (await nobody.post("/check/result", json=told)).json() == {"school": ""}
    teacher = await as_teacher(app_house, world)
    assert world.school.name in (await teacher.get("/check")).text
    assert (await teacher.post("/check/result", json=told)).json() == {"school": world.school.name}
    async with app_house.pool.acquire() as conn:
        [row] = await conn.fetch("select * from school_checks")
    assert row["school_id"] == world.school.id
    assert row["rungs"]["tcp"] == {"result": "works", "ms": 80}
    assert f"came in at {world.school.name}" in (await teacher.get("/rooms")).text
    worse = {"results": [{"rung": "udp", "result": "fails"}]}
    await teacher.post("/check/result", json=worse)
    assert f"did not get through at {world.school.name}" in (await teacher.get("/rooms")).text
    for wrong in ({}, {"results": []}, {"results": [{"rung": "pigeon", "result": "works"}]}):
        assert (await teacher.post("/check/result", json=wrong)).status_code == 422


async def test_a_room_of_another_programme_is_not_there(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        twin = await a_world(conn, "twin")
    room = await opens(await as_editor(app_house, world))
    for client in (await as_editor(app_house, twin), await as_teacher(app_house, twin)):
        assert "Live from the yard" not in (await client.get("/rooms")).text
        for path in (room, f"{room}/studio", f"{room}/beamer"):
            assert (await client.get(path)).status_code == 404
    assert presenter_of(twin).programme_id != world.programme.id


async def test_a_teacher_finds_her_class_in_the_room(app_house: House, world: World) -> None:
    editor, teacher = await as_editor(app_house, world), await as_teacher(app_house, world)
    room, school_class = await opens(editor), await class_of(app_house, world)
    part = await takes_part(teacher, room, school_class)
    link = f"{room}?class={part}"
    for path in ("/", "/classes", f"/classes/{school_class.id}"):
        assert link in (await teacher.get(path)).text, path
    await teacher.post(f"{room}/classes/{part}/leave")
    for path in ("/", "/classes", f"/classes/{school_class.id}"):
        assert link not in (await teacher.get(path)).text, path
