"""The morning after, and what a company hears of its reach."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from rooms.agenda import sessions
from rooms.attendance import corrections, keeping, seats
from rooms.attendance.confirmations import next_school_morning
from server import confirm_mails, reach_mails
from tests.support.floor import House
from tests.support.lessons import World, a_class, a_session, a_world
from tests.support.people import a_person, a_role, a_school, an_editor, sign_in

# A Friday afternoon in Amsterdam.
FRIDAY = datetime(2026, 3, 13, 13, 0, tzinfo=UTC)


@pytest.fixture
async def world(app_house: House) -> World:
    app_house.clock.moment = FRIDAY
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_world(conn)


async def shown(house: House, world: World, name: str = "3B", pupils: int = 26) -> str:
    """A lesson that was watched whole on a classroom screen; its session class."""
    async with house.pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world, name)
        session = await a_session(conn, world, school_class, FRIDAY)
        screen, _ = await seats.become_beamer(
            conn, session.programme_id, session.session_class_id, None, FRIDAY
        )
        await conn.execute(
            """
            insert into visits (programme_id, seat_id, connection, started_at, seen_until, watched)
            values ($1, $2, gen_random_uuid(), $3, $4, '{[0,180000)}')
            """,
            session.programme_id,
            screen.id,
            FRIDAY,
            FRIDAY + timedelta(minutes=3),
        )
        await sessions.declare(conn, session.programme_id, session.session_class_id, pupils, FRIDAY)
        await sessions.end(conn, world.scope, session.id, FRIDAY + timedelta(minutes=4))
        await keeping.close_session(conn, session.session_class_id, FRIDAY)
    return str(session.session_class_id)


@pytest.mark.parametrize(
    ("day", "morning"),
    [
        (date(2026, 3, 12), "2026-03-13T07:30:00+01:00"),
        (date(2026, 3, 13), "2026-03-16T07:30:00+01:00"),
        (date(2026, 3, 27), "2026-03-30T07:30:00+02:00"),
    ],
)
def test_the_next_school_morning(day: date, morning: str) -> None:
    assert next_school_morning(day, "Europe/Amsterdam").isoformat() == morning


async def test_one_mail_on_monday_and_one_tap(app_house: House, world: World) -> None:
    session_class = await shown(app_house, world)
    async with app_house.pool.acquire() as conn, conn.transaction():
        saturday = FRIDAY + timedelta(days=1)
        assert await confirm_mails.ask_due(conn, app_house.settings, saturday) == 0
        monday = FRIDAY + timedelta(days=2, hours=20)
        assert await confirm_mails.ask_due(conn, app_house.settings, monday) == 1
        assert await confirm_mails.ask_due(conn, app_house.settings, monday) == 0
        mail = await conn.fetchrow("select * from mails")
    assert mail is not None
    assert mail["subject"] == "3B, 26 pupils, 3 minutes. Right?"
    assert mail["to_address"] == world.teacher.email
    link = re.findall(r"http://testserver(\S+)", mail["text_body"])[0]

    client = app_house.client()
    page = await client.get(link)
    assert page.status_code == 200 and "26 pupils" in page.text
    async with app_house.pool.acquire() as conn:
        assert await conn.fetchval("select confirmed from session_classes") is None
    assert "25 pupils, confirmed" in (await client.post(link, data={"pupils": "25"})).text
    assert (await client.post(link, data={"pupils": "many"})).status_code == 422
    async with app_house.pool.acquire() as conn:
        row = await conn.fetchrow(
            "select headcount, headcount_source from session_class_results"
            " where session_class_id = $1::text::uuid",
            session_class,
        )
    assert row is not None
    assert tuple(row) == (25, "confirmed")
    forged = link[:-4] + ("AAAA" if not link.endswith("AAAA") else "BBBB")
    assert (await client.get(forged)).status_code == 404
    assert (await client.get("/attendance/confirm/nonsense")).status_code == 404


async def link_of(house: House) -> str:
    """The link of the mail about a lesson."""
    async with house.pool.acquire() as conn, conn.transaction():
        monday = FRIDAY + timedelta(days=2, hours=20)
        await confirm_mails.ask_due(conn, house.settings, monday)
        text = await conn.fetchval("select text_body from mails")
    return str(re.findall(r"http://testserver(\S+)", text)[0])


async def confirmed(house: House) -> int | None:
    async with house.pool.acquire() as conn:
        found: int | None = await conn.fetchval("select confirmed from session_classes")
    return found


async def test_the_link_of_the_mail_works_for_a_week(app_house: House, world: World) -> None:
    await shown(app_house, world)
    link = await link_of(app_house)
    client = app_house.client()
    app_house.clock.moment = FRIDAY + timedelta(days=9, hours=19)
    assert (await client.get(link)).status_code == 200
    app_house.clock.moment = FRIDAY + timedelta(days=9, hours=21)
    page = await client.get(link)
    assert page.status_code == 410 and "worked for 7 days" in page.text
    assert (await client.post(link, data={"pupils": "25"})).status_code == 410
    assert await confirmed(app_house) is None


async def test_the_link_is_for_a_teacher_of_the_class_only(app_house: House, world: World) -> None:
    await shown(app_house, world)
    link = await link_of(app_house)
    async with app_house.pool.acquire() as conn:
        await conn.execute("delete from class_teachers")
    client = app_house.client()
    assert (await client.get(link)).status_code == 404
    assert (await client.post(link, data={"pupils": "25"})).status_code == 404
    assert await confirmed(app_house) is None


async def test_who_left_the_class_is_not_asked(app_house: House, world: World) -> None:
    await shown(app_house, world)
    async with app_house.pool.acquire() as conn, conn.transaction():
        await conn.execute("delete from class_teachers")
        monday = FRIDAY + timedelta(days=2, hours=20)
        assert await confirm_mails.ask_due(conn, app_house.settings, monday) == 0


async def of_another_school(house: House, world: World, part: str, code: str) -> None:
    """As if that class were of another school."""
    async with house.pool.acquire() as conn, conn.transaction():
        school = await a_school(conn, world.programme, name=f"School {code}", code=code)
        await conn.execute(
            "update session_classes set school_id = $2 where id = $1", UUID(part), school.id
        )


async def test_the_company_hears_of_its_first_class_and_once_a_month(
    app_house: House, world: World
) -> None:
    await shown(app_house, world, "3B", 26)
    async with app_house.pool.acquire() as conn, conn.transaction():
        day = FRIDAY + timedelta(hours=1)
        assert await reach_mails.tell_due(conn, app_house.settings, day) == 1
    for name, pupils, code in (("3C", 12, "16SW04"), ("3D", 8, "16SW05")):
        part = await shown(app_house, world, name, pupils)
        await of_another_school(app_house, world, part, code)
    async with app_house.pool.acquire() as conn, conn.transaction():
        assert await reach_mails.tell_due(conn, app_house.settings, day) == 0
        april = datetime(2026, 4, 1, 6, tzinfo=UTC)
        assert await reach_mails.tell_due(conn, app_house.settings, april) == 1
        assert await reach_mails.tell_due(conn, app_house.settings, april) == 0
        texts = await conn.fetch("select kind, subject, text_body from mails order by id")
    assert [row["kind"] for row in texts] == ["first_class", "company_monthly"]
    assert texts[1]["subject"] == "3 classes watched your tours last month"
    assert "46 pupils" in texts[1]["text_body"]


async def news(house: House, now: datetime) -> list[str]:
    """What the company is told at this moment, by its kind."""
    async with house.pool.acquire() as conn, conn.transaction():
        last: int = await conn.fetchval("select coalesce(max(id), 0) from mails")
        await reach_mails.tell_due(conn, house.settings, now)
        rows = await conn.fetch("select kind from mails where id > $1 order by id", last)
    return [row["kind"] for row in rows]


async def unconfirmed(house: House) -> UUID:
    """Nobody has said yet that the teacher is the school's; her role."""
    async with house.pool.acquire() as conn:
        role_id: UUID = await conn.fetchval(
            "update roles set is_confirmed = false where role = 'teacher' returning id"
        )
    return role_id


async def confirm(house: House, world: World, role_id: UUID, now: datetime) -> None:
    """A coordinator does, on her page."""
    async with house.pool.acquire() as conn, conn.transaction():
        person = await a_person(conn, "kim@example.org")
        await a_role(conn, world.programme, person, "coordinator", region=world.region)
    house.clock.moment = now
    desk = house.client()
    await sign_in(house, desk, person)
    assert (await desk.post(f"/teachers/confirm/{role_id}")).status_code == 303


async def test_the_first_class_is_told_once_its_teacher_is_confirmed(
    app_house: House, world: World
) -> None:
    """However long ago it watched: it counts from then on."""
    role_id = await unconfirmed(app_house)
    await shown(app_house, world, "3B", 26)
    assert await news(app_house, FRIDAY + timedelta(hours=1)) == []
    later = FRIDAY + timedelta(days=40)
    await confirm(app_house, world, role_id, later)
    assert await news(app_house, later + timedelta(minutes=1)) == ["first_class"]
    for days in (0, 1, 4):
        assert await news(app_house, later + timedelta(days=days, minutes=2)) == []


async def test_a_class_that_counts_late_is_no_first_one_where_another_was(
    app_house: House, world: World
) -> None:
    await shown(app_house, world, "3B", 26)
    assert await news(app_house, FRIDAY + timedelta(hours=1)) == ["first_class"]
    role_id = await unconfirmed(app_house)
    await shown(app_house, world, "3C", 25)
    later = FRIDAY + timedelta(days=40)
    await confirm(app_house, world, role_id, later)
    async with app_house.pool.acquire() as conn:
        late = await conn.fetchval(
            "select count(*) from session_classes where teacher_confirmed_at = $1", later
        )
    assert late == 1
    assert await news(app_house, later + timedelta(minutes=1)) == []


async def corrected(house: House, world: World, part: str, outcome: str, now: datetime) -> None:
    """The teacher says what it was."""
    async with house.pool.acquire() as conn, conn.transaction():
        await corrections.correct(conn, world.scope, UUID(part), "outcome", outcome, "so", now)


async def test_the_first_class_is_told_when_a_correction_makes_it_count(
    app_house: House, world: World
) -> None:
    part = await shown(app_house, world, "3B", 26)
    await corrected(app_house, world, part, "partial", FRIDAY + timedelta(minutes=30))
    assert await news(app_house, FRIDAY + timedelta(hours=1)) == []
    later = FRIDAY + timedelta(days=35)
    await corrected(app_house, world, part, "present", later)
    assert await news(app_house, later + timedelta(minutes=1)) == ["first_class"]
    assert await news(app_house, later + timedelta(minutes=2)) == []


async def test_what_is_sent_a_week_late_is_told(app_house: House, world: World) -> None:
    """Watched without network, it is judged when it comes in."""
    await shown(app_house, world, "3B", 26)
    assert await news(app_house, FRIDAY + timedelta(days=8)) == ["first_class"]


async def test_who_comes_later_is_told_of_no_first_class(app_house: House, world: World) -> None:
    """A colleague who edits since: for her company it is not the first one any more."""
    await shown(app_house, world, "3B", 26)
    assert await news(app_house, FRIDAY + timedelta(hours=1)) == ["first_class"]
    async with app_house.pool.acquire() as conn, conn.transaction():
        await an_editor(conn, world.programme, world.company, "later@example.org")
        await conn.execute("update sessions set ended_at = ended_at - interval '40 days'")
    await shown(app_house, world, "3C", 25)
    assert await news(app_house, FRIDAY + timedelta(hours=2)) == []


async def test_many_pupils_of_two_schools_are_not_told_in_figures(
    app_house: House, world: World
) -> None:
    """As in every table that leaves the programme."""
    await shown(app_house, world, "3B", 26)
    await of_another_school(app_house, world, await shown(app_house, world, "3C", 25), "16SW04")
    async with app_house.pool.acquire() as conn, conn.transaction():
        april = datetime(2026, 4, 1, 6, tzinfo=UTC)
        assert await reach_mails.tell_due(conn, app_house.settings, april) == 1
        row = await conn.fetchrow("select subject, text_body from mails")
    assert row["subject"] == "Classes watched your tours last month"
    said = row["text_body"].split("http")[0]
    assert "fewer than 3 schools" in said and "51" not in said


async def test_a_small_class_is_not_told_in_figures(app_house: House, world: World) -> None:
    await shown(app_house, world, "3B", 9)
    async with app_house.pool.acquire() as conn, conn.transaction():
        april = datetime(2026, 4, 1, 6, tzinfo=UTC)
        await reach_mails.tell_due(conn, app_house.settings, april)
        text = await conn.fetchval("select text_body from mails")
    assert "fewer than 10" in text and "9" not in text.split("http")[0]
