""" "Why?" of a lesson whose measurements had their time: the result stays, and the page says so."""

from datetime import UTC, datetime
from html import unescape

from rooms.agenda import sessions
from rooms.attendance import keeping, retention
from tests.support import people
from tests.support.floor import House
from tests.support.lessons import a_class, a_session, a_world

LESSON = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
SEPTEMBER = datetime(2026, 9, 2, 6, 0, tzinfo=UTC)


async def test_why_says_that_the_measurements_are_gone(app_house: House) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        session = await a_session(conn, world, await a_class(conn, world), LESSON)
        await sessions.declare_showing(
            conn, world.scope, session.id, "The network fell out", LESSON
        )
        await sessions.end(conn, world.scope, session.id, LESSON)
        await keeping.close_session(conn, session.session_class_id, LESSON)
        await retention.purge(conn, SEPTEMBER)
    app_house.clock.moment = SEPTEMBER
    teacher = app_house.client(headers={"accept-language": "en"})
    teacher.cookies.set("language", "en")
    await people.sign_in(app_house, teacher, world.teacher, world.programme)
    path = f"/attendance/{session.session_class_id}"
    page = (await teacher.get(path)).text
    assert "was removed on Wednesday 2 September 2026" in page
    assert "declared by the teacher" in page
    assert "clock-bar" not in page and f"{path}/corrections" not in page
    await app_house.pool.execute("update session_classes set class_name = ''")
    page = unescape((await teacher.get(path)).text)
    assert "<title>Why? name removed, " in page and "<dd>name removed, havo</dd>" in page
    assert "<div>name removed</div>" in (await teacher.get("/attendance?since=&until=")).text
    answer = await teacher.post(
        f"{path}/corrections", data={"field": "headcount", "headcount": "3", "reason": "typo"}
    )
    assert answer.status_code == 409
    assert "can no longer be changed" in answer.text


async def test_the_rule_is_told_as_it_was(app_house: House) -> None:
    """Also what a webinar's maker and the class's teacher chose: another window, a part of it."""
    async with app_house.pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        session = await a_session(conn, world, await a_class(conn, world), LESSON)
        await sessions.end(conn, world.scope, session.id, LESSON)
        await keeping.close_session(conn, session.session_class_id, LESSON)
        await conn.execute(
            "update session_class_results set intervals_purged_at = $1, reason_params = $2",
            SEPTEMBER, {"window_kind": "scheduled", "is_own_times": True, "gap_grace_s": 20},
        )  # fmt: skip
    app_house.clock.moment = SEPTEMBER
    teacher = app_house.client(cookies={"language": "en"})
    await people.sign_in(app_house, teacher, world.teacher, world.programme)
    page = (await teacher.get(f"/attendance/{session.session_class_id}")).text
    assert "60% of the planned time, holes up to 20 s closed" in page
    assert "only the lesson's own times count" in unescape(page)
    beside = (await teacher.get(f"/attendance/sessions/{session.id}")).text
    view = f"/attendance?since=&amp;until=&amp;tour={world.tour_id}"
    assert f'href="{view}"' in beside
    assert "3B" in (await teacher.get(view.replace("&amp;", "&"))).text
