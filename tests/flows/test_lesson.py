"""A whole lesson through the real app: screen, two phones, the report and its why."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from rooms.agenda import sessions
from rooms.agenda.sessions import Plan
from rooms.attendance import keeping
from rooms.people.codes import shown_class_code
from server.database import Connection
from tests.support import people
from tests.support.days import local_day
from tests.support.floor import House
from tests.support.lessons import World, a_class, a_session, a_tour, a_world, replace_film
from tests.support.playing import put_files

SECONDS = 180
VERDICT = re.compile("(nobody came|joined only|partly|present)</span>")


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_world(
            conn, chapters=[(0, "The quay"), (60_000, "The crane"), (120_000, "The office")]
        )


async def signed_in(house: House, world: World) -> httpx.AsyncClient:
    client = house.client()
    await people.sign_in(house, client, world.teacher, world.programme)
    return client


async def shows(house: House, world: World, teacher: httpx.AsyncClient) -> tuple[str, str]:
    """(session's path, class code) of the tour shown now."""
    async with house.pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
    answer = await teacher.post(
        "/sessions",
        data={"tour_id": str(world.tour_id), "class_id": str(school_class.id), "do": "now"},
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"], school_class.code


async def beat(client: httpx.AsyncClient, session: str, **said: object) -> httpx.Response:
    return await client.post(f"{session}/beats", json={"beats": [said]})


async def watches(
    house: House, client: httpx.AsyncClient, session: str, seconds: int, step: int = 20
) -> dict[str, object]:
    """Beats with the film's ranges while the clock moves on."""
    tab = str(uuid4())
    told: dict[str, object] = {}
    await beat(client, session, connection=tab, number=0, events=["connected", "shown"])
    for number, at in enumerate(range(0, seconds, step), 1):
        house.clock.move(seconds=step)
        answer = await beat(
            client,
            session,
            connection=tab,
            number=number,
            ranges_ms=[[at * 1000, (at + step) * 1000]],
            position_ms=(at + step) * 1000,
            is_playing=True,
            media_wanted=True,
            media_flowed=True,
        )
        assert answer.status_code == 200, answer.text
        told = answer.json()
    return told


async def test_a_lesson_with_a_screen_and_two_phones(app_house: House, world: World) -> None:
    teacher = await signed_in(app_house, world)
    session, code = await shows(app_house, world, teacher)

    page = await teacher.get(session)
    assert shown_class_code(code) in page.text
    assert "<svg" in page.text and " style=" not in page.text

    assert "This is the classroom screen" in (await teacher.get(f"{session}/beamer")).text
    assert (await teacher.post(f"{session}/beamer")).status_code == 303
    screen = await teacher.get(f"{session}/beamer")
    assert "data-beamer" in screen.text and code[:3] in screen.text

    phones = [app_house.client() for _ in range(2)]
    for phone in phones:
        answer = await phone.post("/join", data={"code": f" {code.lower()[:3]}-{code[3:]}"})
        assert answer.headers["location"] == f"{session}/phone"
        assert "Watch the big screen" in (await phone.get(f"{session}/phone")).text

    answer = await teacher.post(f"{session}/declare", json={"pupils": 28})
    assert answer.json() == {"headcount": 28}
    told = await watches(app_house, teacher, session, SECONDS)
    assert told["kind"] == "beamer"
    said = (await beat(phones[0], session, connection=str(uuid4()), number=0)).json()
    assert (said["kind"], said["headcount"], said["position_ms"]) == ("companion", 28, 180_000)

    rows = (await teacher.get("/attendance.json")).json()["rows"]
    assert [(row["outcome"], row["is_final"]) for row in rows] == [("present", False)]

    assert (await teacher.post(f"{session}/declare", json={"pupils": 27, "is_end": True})).json()
    assert (await teacher.post(f"{session}/finish")).json() == {"state": "ended"}
    [row] = (await teacher.get("/attendance.json")).json()["rows"]
    assert row["outcome"] == "present" and row["is_final"]
    assert (row["headcount"], row["headcount_source"]) == (27, "confirmed")
    assert (row["devices"], row["pupils_counted"], row["student_minutes"]) == (3, 27, 81)

    why = await teacher.get(f"/attendance/{row['session_class_id']}")
    assert why.status_code == 200
    assert "3:00 of 3:00 was watched" in why.text
    assert "clock-bar" in why.text


async def test_a_lesson_that_runs_is_not_judged_yet(app_house: House, world: World) -> None:
    teacher = await signed_in(app_house, world)
    session, code = await shows(app_house, world, teacher)
    [row] = (await teacher.get("/attendance.json")).json()["rows"]
    phone = app_house.client()
    await phone.post("/join", data={"code": code})
    async with app_house.pool.acquire() as conn:
        class_id = await conn.fetchval("select class_id from session_classes")
    pages = ("/attendance", f"/classes/{class_id}", f"/attendance/{row['session_class_id']}")
    for path in pages:
        text = (await teacher.get(path)).text
        assert "running, 0 min so far" in text, path
        assert not VERDICT.search(text), path
        assert "No device joined" not in text, path
    await watches(app_house, phone, session, 120)
    for path in pages:
        text = (await teacher.get(path)).text
        assert "running, 2 min so far" in text and not VERDICT.search(text), path
    await teacher.post(f"{session}/end")
    for path in pages:
        text = (await teacher.get(path)).text
        assert "so far" not in text and VERDICT.search(text), path


async def test_a_lesson_without_a_screen(app_house: House, world: World) -> None:
    teacher = await signed_in(app_house, world)
    session, code = await shows(app_house, world, teacher)
    phones = [app_house.client() for _ in range(2)]
    for phone in phones:
        await phone.post("/join", data={"code": code})
        assert 'class="player"' in (await phone.get(f"{session}/phone")).text
    await watches(app_house, phones[0], session, SECONDS)
    await watches(app_house, phones[1], session, 40)
    assert (await teacher.post(f"{session}/end")).status_code == 303
    [row] = (await teacher.get("/attendance.json")).json()["rows"]
    assert (row["outcome"], row["headcount_source"], row["pupils_counted"]) == (
        "present",
        "measured",
        1,
    )


async def test_a_correction_keeps_what_was_measured_and_can_be_undone(
    app_house: House, world: World
) -> None:
    teacher = await signed_in(app_house, world)
    session, _ = await shows(app_house, world, teacher)
    await teacher.post(f"{session}/beamer")
    await teacher.post(f"{session}/declare", json={"pupils": 28})
    await watches(app_house, teacher, session, SECONDS)
    await teacher.post(f"{session}/end")
    [row] = (await teacher.get("/attendance.json")).json()["rows"]
    why = f"/attendance/{row['session_class_id']}"

    refused = await teacher.post(f"{why}/corrections", data={"field": "headcount", "headcount": 25})
    assert refused.status_code == 422 and 'href="#reason">Give a reason' in refused.text
    assert 'value="25"' in refused.text, "what was typed stays"
    told = {"field": "headcount", "headcount": "many", "reason": "They said so"}
    refused = await teacher.post(f"{why}/corrections", data=told)
    assert 'href="#headcount"' in refused.text and 'value="They said so"' in refused.text
    told["headcount"] = "9" * 5000
    assert (await teacher.post(f"{why}/corrections", data=told)).status_code == 422
    told = {"field": "outcome", "outcome": "no_show", "reason": ""}
    refused = await teacher.post(f"{why}/corrections", data=told)
    assert 'href="#reason-outcome"' in refused.text and "<details open>" in refused.text
    await teacher.post(
        f"{why}/corrections",
        data={"field": "headcount", "headcount": "25", "reason": "=three left early"},
    )
    [row] = (await teacher.get("/attendance.json")).json()["rows"]
    assert (row["headcount"], row["headcount_measured"], row["pupils_counted"]) == (25, 28, 25)
    text = (await teacher.get("/attendance.csv")).content.decode("utf-8-sig")
    assert "'=three left early" in text

    page = (await teacher.get(why)).text
    [undo] = re.findall(r'action="([^"]+/undo)"', page)
    await teacher.post(undo)
    [row] = (await teacher.get("/attendance.json")).json()["rows"]
    assert (row["headcount"], row["headcount_source"]) == (28, "declared")
    assert "Undone by" in (await teacher.get(why)).text


async def test_the_screen_is_let_in_from_the_teachers_phone(app_house: House, world: World) -> None:
    teacher = await signed_in(app_house, world)
    session, _ = await shows(app_house, world, teacher)
    pc = app_house.client()
    page = (await pc.get("/screen")).text
    [number] = re.findall(r"<span>(\d\d)</span>", page)
    assert (await pc.post("/screen/ask")).json() == {"state": "waiting"}
    # The link itself stands only in the QR code: read it back from there is the camera's work.
    link = await _link_of(app_house, pc)
    part = await _part_in(teacher, link)
    wrong = f"{(int(number) - 9) % 90 + 10}"
    answer = await teacher.post(link, data={"session_class_id": part, "number": wrong})
    assert answer.status_code == 422 and "not the number" in answer.text
    assert (await pc.post("/screen/ask")).json() == {"state": "waiting"}
    answer = await teacher.post(link, data={"session_class_id": part, "number": number})
    assert answer.status_code == 303
    assert (await pc.post("/screen/ask")).json() == {"state": "go", "go": f"{session}/beamer"}
    assert "data-beamer" in (await pc.get(f"{session}/beamer")).text
    for path in ("/classes", "/attendance", session, "/account", "/programme"):
        assert (await pc.get(path)).status_code == 404, path
    assert (await pc.post("/screen/ask")).json() == {"state": "over"}


async def test_a_film_put_in_its_place_does_not_play_in_the_lesson(
    app_house: House, world: World
) -> None:
    teacher = await signed_in(app_house, world)
    session, code = await shows(app_house, world, teacher)
    await teacher.post(f"{session}/beamer")
    phone = app_house.client()
    await phone.post("/join", data={"code": code})
    storage = app_house.app.state.floor.storage
    async with app_house.pool.acquire() as conn, conn.transaction():
        old = await version_of(conn, world.tour_id)
        await put_files(conn, storage, old)
        new = await replace_film(conn, world.tour_id)
        video = await put_files(conn, storage, new)
        await conn.execute("update tours set state = 'review'")
    for device, page in ((teacher, "beamer"), (phone, "phone")):
        text = (await device.get(f"{session}/{page}")).text
        assert str(new) not in text and f"{video}/master.m3u8" not in text
        assert f"{video}/{old}/master.m3u8" in text or page == "phone"
        for name in ("master.m3u8", "360p/index.m3u8", "360p/seg-00000.m4s"):
            assert (await device.get(f"{video}/{old}/{name}")).status_code == 200
            assert (await device.get(f"{video}/{new}/{name}")).status_code == 404
        assert str(old) in (await device.get(f"{video}/master.m3u8")).text


async def test_a_tour_taken_off_does_not_start_and_plays_to_nobody(
    app_house: House, world: World
) -> None:
    teacher = await signed_in(app_house, world)
    running, code = await shows(app_house, world, teacher)
    phone = app_house.client()
    await phone.post("/join", data={"code": code})
    async with app_house.pool.acquire() as conn, conn.transaction():
        other = await a_class(conn, world, "4C")
        today = local_day(app_house.clock()) + timedelta(days=1)
        plan = await sessions.plan(
            conn, world.scope, world.tour_id, other.id, Plan(day=today), app_house.clock()
        )
        storage, version = app_house.app.state.floor.storage, await version_of(conn, world.tour_id)
        film = f"{await put_files(conn, storage, version)}/{version}/master.m3u8"
        await conn.execute("update tours set state = 'unpublished'")
    planned = f"/sessions/{plan.id}"
    await teacher.post(f"{planned}/beamer")
    for answer in (
        await teacher.post(f"{planned}/start"),
        await teacher.post(f"{planned}/declare", json={"pupils": 20}),
        await teacher.get(f"{planned}/beamer"),
    ):
        assert answer.status_code == 409 and "cannot be shown" in answer.text
    assert (await teacher.get(film)).status_code == 404
    # The lesson that had started goes on, until the rights themselves end.
    assert (await phone.get(film)).status_code == 200
    assert (await phone.get(f"{running}/phone")).status_code == 200
    async with app_house.pool.acquire() as conn:
        await conn.execute("update tours set rights_until = $1", local_day(app_house.clock()))
    assert (await phone.get(film)).status_code == 404
    assert (await phone.get(f"{running}/phone")).status_code == 409


@pytest.mark.parametrize("end", ["idle", "next tour", "cancelled"])
async def test_a_classroom_pc_is_signed_in_for_its_lesson_only(
    app_house: House, world: World, end: str
) -> None:
    teacher = await signed_in(app_house, world)
    session, _ = await shows(app_house, world, teacher)
    session_id = UUID(session.rsplit("/", 1)[1])
    pc = app_house.client()
    number = re.findall(r"<span>(\d\d)</span>", (await pc.get("/screen")).text)[0]
    link = await _link_of(app_house, pc)
    part = await _part_in(teacher, link)
    await teacher.post(link, data={"session_class_id": part, "number": number})
    assert (await pc.post("/screen/ask")).json()["state"] == "go"
    async with app_house.pool.acquire() as conn, conn.transaction():
        shown = await sessions.get(conn, world.scope, session_id)
        if end == "idle":
            await keeping.sweep(conn, app_house.clock() + timedelta(minutes=31))
        elif end == "cancelled":
            await conn.execute("update sessions set state = 'planned' where id = $1", session_id)
            await sessions.cancel(conn, world.scope, session_id)
        else:
            other = await a_tour(conn, world.programme, world.company, world.editor)
            now = app_house.clock()
            await sessions.show_now(conn, world.scope, other, shown.class_id, now)
    # Without its place in the lesson this PC is a stranger: it is sent to sign in.
    pc.cookies.delete("seat")
    pc.cookies.delete("seat_in")
    for method in ("GET", "POST"):
        answer = await pc.request(method, f"{session}/beamer")
        assert answer.headers.get("location", "").startswith("/sign-in"), method


async def test_a_classroom_pc_plays_its_own_film_and_no_other(
    app_house: House, world: World
) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        await conn.execute("update programmes set is_public = false")
        other = await a_tour(conn, world.programme, world.company, world.editor)
        found = await conn.fetchrow("select video_id from tours where id = $1", other)
    assert found is not None
    teacher = await signed_in(app_house, world)
    await shows(app_house, world, teacher)
    pc = app_house.client()
    number = re.findall(r"<span>(\d\d)</span>", (await pc.get("/screen")).text)[0]
    link = await _link_of(app_house, pc)
    told = {"session_class_id": await _part_in(teacher, link), "number": number}
    await teacher.post(link, data=told)
    assert (await pc.post("/screen/ask")).json()["state"] == "go"
    async with app_house.pool.acquire() as conn:
        await put_files(conn, app_house.app.state.floor.storage, await version_of(conn, other))
        mine = await version_of(conn, world.tour_id)
        video = await put_files(conn, app_house.app.state.floor.storage, mine)
    assert (await teacher.get(f"/videos/{found['video_id']}/master.m3u8")).status_code == 200
    assert (await pc.get(f"/videos/{found['video_id']}/master.m3u8")).status_code == 404
    assert (await pc.get(f"{video}/{mine}/master.m3u8")).status_code == 200


async def version_of(conn: Connection, tour_id: UUID) -> UUID:
    """The version that plays under a tour's address now."""
    found: UUID = await conn.fetchval(
        """
        select f.current_version_id from videos f join tours t on t.video_id = f.id
        where t.id = $1
        """,
        tour_id,
    )
    return found


async def _part_in(teacher: httpx.AsyncClient, link: str) -> str:
    """The class in a lesson that the page of a waiting screen offers its teacher."""
    page = (await teacher.get(link)).text
    [found] = re.findall(r'name="session_class_id"[^>]*value="([0-9a-f-]+)"', page)
    return str(found)


async def _link_of(house: House, pc: httpx.AsyncClient) -> str:
    """Puts a link we know behind the waiting screen, as its QR code has one."""
    from rooms.people.codes import hash_token

    async with house.pool.acquire() as conn:
        await conn.execute(
            "update screens set link_hash = $1 where token_hash = $2",
            hash_token("known-link"),
            hash_token(pc.cookies["screen"]),
        )
    return "/screen/known-link"


async def test_a_pupil_never_becomes_the_screen(app_house: House, world: World) -> None:
    teacher = await signed_in(app_house, world)
    session, code = await shows(app_house, world, teacher)
    pupil = app_house.client()
    await pupil.post("/join", data={"code": code})
    assert (await pupil.get(f"{session}/beamer")).status_code == 303
    assert (await pupil.post(f"{session}/beamer")).headers["location"].startswith("/sign-in")
    for path in ("declare", "finish"):
        answer = await pupil.post(f"{session}/{path}", json={"pupils": 99})
        assert answer.status_code == 404, path


async def test_beats_say_nothing_about_a_lesson_that_is_not_the_devices(
    app_house: House, world: World
) -> None:
    teacher = await signed_in(app_house, world)
    session, code = await shows(app_house, world, teacher)
    async with app_house.pool.acquire() as conn, conn.transaction():
        mine = await a_session(conn, world, await a_class(conn, world, "1A"), app_house.clock())
        twin = await a_world(conn, "twin")
        theirs = await a_session(conn, twin, await a_class(conn, twin), app_house.clock())
    pupil, stranger, forger = (app_house.client() for _ in range(3))
    await pupil.post("/join", data={"code": code})
    forger.cookies.set("seat", "A" * 43)
    elsewhere = [f"/sessions/{id}" for id in (uuid4(), mine.id, theirs.id)]
    said = {"connection": str(uuid4()), "number": 0}
    answers = [await beat(pupil, path, **said) for path in (*elsewhere, "/sessions/nonsense")]
    for client in (stranger, forger):
        answers += [await beat(client, path, **said) for path in (session, *elsewhere)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert (await beat(pupil, session, **said)).status_code == 200


async def test_a_twin_programme_sees_nothing(app_house: House, world: World) -> None:
    teacher = await signed_in(app_house, world)
    session, _ = await shows(app_house, world, teacher)
    await teacher.post(f"{session}/beamer")
    await watches(app_house, teacher, session, 60)
    [row] = (await teacher.get("/attendance.json")).json()["rows"]
    async with app_house.pool.acquire() as conn, conn.transaction():
        twin = await a_world(conn, "twin")
        bureau = await people.a_person(conn)
        await people.a_role(conn, twin.programme, bureau, "bureau")
        elsewhere = await people.a_person(conn)
        region = await people.a_region(conn, world.programme, "Zeeland")
        await people.a_role(conn, world.programme, elsewhere, "coordinator", region=region)
        mine = await people.a_person(conn)
        await people.a_role(conn, world.programme, mine, "coordinator", region=world.region)
    for person, programme, sees in (
        (bureau, twin.programme, 0),
        (twin.teacher, twin.programme, 0),
        (elsewhere, world.programme, 0),
        (world.editor, world.programme, None),  # a company sees sums, and no list
        (mine, world.programme, 1),
    ):
        client = app_house.client()
        await people.sign_in(app_house, client, person, programme)
        listed = await client.get("/attendance.json")
        assert listed.status_code == (404 if sees is None else 200)
        assert sees is None or len(listed.json()["rows"]) == sees
        why = await client.get(f"/attendance/{row['session_class_id']}")
        assert why.status_code == (200 if sees else 404)
        assert (await client.get(session)).status_code == 404
    assert UUID(row["session_class_id"])
