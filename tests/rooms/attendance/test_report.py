"""The report's sums hold every row, its list a part of them; who is unconfirmed stands apart."""

from datetime import UTC, datetime, timedelta

import pytest

from rooms.agenda import session_classes, sessions
from rooms.attendance import overview, report, review, totals
from rooms.attendance.report import Filters, Row
from rooms.attendance.review import By, Figures, Review
from rooms.attendance.totals import Totals
from rooms.connection import Connection
from rooms.people import roles, schools
from rooms.scope import Grant, Scope
from server.database import Pool
from tests.support.lessons import World, a_class, a_session, a_world, many_lessons
from tests.support.people import a_person, a_region, a_role, a_school, a_teacher, scope_of

MANY = 2_345
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)


def office_of(world: World) -> Scope:
    """The programme office's scope."""
    return Scope(world.programme.id, None, (Grant("bureau"),))


async def view(
    conn: Connection, scope: Scope, filters: Filters, limit: int = 100_000
) -> tuple[list[Row], Review]:
    live = await report.live_figures(conn, scope, filters)
    rows = await report.of_programme(conn, scope, filters, live, limit=limit)
    return rows, await review.of_period(conn, scope, filters, By.SCHOOL, live)


def told(figures: Totals | Figures) -> tuple[int, ...]:
    """What a line and the head of a report both say."""
    minutes = (
        figures.student_minutes if isinstance(figures, Totals) else figures.student_seconds // 60
    )
    return (figures.classes, figures.participations, figures.pupils_reached, minutes)


@pytest.mark.parametrize(
    "filters", [Filters(), Filters(outcome="partial"), Filters(outcome="no_show")]
)
async def test_the_sums_are_those_of_all_rows(pool: Pool, filters: Filters) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world, twin = await a_world(conn), await a_world(conn, "twin")
        for of, count in ((world, MANY), (twin, 10)):
            await many_lessons(conn, of, "3B", count, NOW)
        await many_lessons(conn, world, "4A", 40, NOW)
        await a_session(conn, world, await a_class(conn, world, "5C"))
        rows, sums = await view(conn, office_of(world), filters)
    assert sums.whole.registered == len(rows)
    assert told(sums.whole) == told(totals.of(rows))
    assert [told(line.figures) for line in sums.lines] == [told(sums.whole)]
    if not filters.outcome:
        assert sums.whole.registered == MANY + 40 + 1 and sums.whole.sessions > 1_500
        assert (sums.whole.classes, sums.whole.pupils_reached) == (2, 58)


async def test_a_list_comes_in_parts_without_gap_or_overlap(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        await many_lessons(conn, world, "3B", 250, NOW)
        scope, seen = office_of(world), []
        for offset in (0, 100, 200, 300):
            rows = await report.of_programme(conn, scope, Filters(), offset=offset, limit=100)
            seen.append([row.local_date for row in rows])
    days = [day for part in seen for day in part if day]
    assert [len(part) for part in seen] == [100, 100, 50, 0]
    assert len(set(days)) == 250 and days == sorted(days, reverse=True)


async def test_what_a_school_did_before_it_was_taken_over_reaches_its_successor(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        successor = await a_school(
            conn, world.programme, region=world.region, name="Het Nieuwe", code="77AA00"
        )
        await many_lessons(conn, world, "3B", 6, NOW)
        period, part = (NOW.date() - timedelta(days=40), NOW.date()), {"limit": 9, "offset": 0}
        await conn.execute(
            "update schools set reports_as = $2 where id = $1", world.school.id, successor.id
        )
        await conn.execute("delete from school_regions where school_id = $1", world.school.id)
        eyes = office_of(world)
        reached = await overview.reached(conn, eyes, *period)
        _, there = await overview.schools(conn, eyes, period, NOW.date(), is_reached=True, **part)
        _, missed = await overview.schools(conn, eyes, period, NOW.date(), is_reached=False, **part)
    assert (reached.registry, reached.schools, reached.classes) == (1, 1, 1)
    assert [one.id for one in there] == [successor.id] and missed == []


async def test_lessons_of_the_unconfirmed_wait_beside_the_sums(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        await many_lessons(conn, world, "3B", 9, NOW)
        await conn.execute("update roles set is_confirmed = false where role = 'teacher'")
        await conn.execute("update session_classes set is_confirmed_teacher = false")
        scope = office_of(world)
        rows, waiting = await view(conn, scope, Filters())
        hers = (world.teacher.id, world.school.id, NOW)
        assert await session_classes.confirm_teacher(conn, scope, *hers) == []
        role_id = await conn.fetchval("select id from roles where role = 'teacher'")
        await roles.confirm(conn, scope, role_id)
        done = await session_classes.confirm_teacher(conn, scope, *hers)
        _, counted = await view(conn, scope, Filters())
    assert {row.session_class_id for row in rows} == set(done)
    assert (len(rows), waiting.whole.unconfirmed, len(done)) == (9, 9, 9)
    assert (waiting.whole.participations, waiting.whole.student_seconds) == (0, 0)
    assert counted.whole.unconfirmed == 0 and counted.whole.participations > 0


async def test_a_yes_at_one_school_says_nothing_of_another(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        colleague = await a_teacher(conn, world.programme, world.school)
        other = await a_school(conn, world.programme, name="Elders")
        await a_session(conn, world, await a_class(conn, world))
        await conn.execute("update session_classes set is_confirmed_teacher = false")
        scope = scope_of(world.programme)
        for person, school in ((colleague, world.school), (world.teacher, other)):
            hers = (person.id, school.id, NOW)
            assert await session_classes.confirm_teacher(conn, scope, *hers) == []


async def test_a_school_that_is_placed_takes_its_lessons_along(pool: Pool) -> None:
    """Lessons held where the school stood before keep that region."""
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        person = await a_person(conn)
        scope = Scope(world.programme.id, person.id, (Grant("teacher"),))
        school = await schools.put_unlisted(conn, country="NL", name="Nieuw", place="Almelo")
        await a_role(conn, world.programme, person, "teacher", school=school)
        mine = World(**{**vars(world), "teacher": person, "school": school})
        made = await a_class(conn, mine)
        await sessions.show_now(conn, scope, world.tour_id, made.id, NOW)
        coordinator = Scope(
            world.programme.id, None, (Grant("coordinator", region_id=world.region.id),)
        )
        seen = []
        seen.append(len((await view(conn, coordinator, Filters()))[0]))
        assert await session_classes.give_regions(conn, scope) == 0
        await schools.place(conn, scope, school.id, world.region.id, NOW.date())
        assert await session_classes.give_regions(conn, scope) == 1
        seen.append(len((await view(conn, coordinator, Filters()))[0]))
        zeeland = await a_region(conn, world.programme, "Zeeland")
        await schools.place(conn, scope, school.id, zeeland.id, NOW.date())
        assert await session_classes.give_regions(conn, scope) == 0
    assert seen == [0, 1]
