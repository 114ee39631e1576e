"""Plans, chapters, open at home, and sessions that end themselves."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from media import videos
from rooms.agenda import offers, session_ends, sessions
from rooms.agenda.sessions import Plan
from rooms.agenda.states import State
from rooms.attendance import keeping, report
from rooms.errors import Conflict, NotThere, Refused
from rooms.scope import Scope
from server.database import Pool
from tests.support import people
from tests.support.lessons import (
    World,
    a_class,
    a_session,
    a_tour,
    a_world,
    replace_film,
    teacher_scope,
)

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
TODAY = date(2026, 3, 10)
CHAPTERS = [(0, "The quay"), (60_000, "The crane"), (120_000, "The office")]


@pytest.fixture
async def world(pool: Pool) -> World:
    async with pool.acquire() as conn:
        return await a_world(conn, chapters=CHAPTERS)


async def test_showing_twice_is_one_session(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        first = await a_session(conn, world, school_class, NOW)
        again = await a_session(conn, world, school_class, NOW + timedelta(minutes=1))
    assert first.id == again.id
    assert (again.state, again.started_at) == (State.RUNNING, NOW)
    assert again.chosen == ((0, 180_000),)


async def test_the_rule_of_the_day_stays_on_the_session(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        session = await a_session(conn, world, school_class, NOW)
        await conn.execute("update programmes set pass_share = 0.9")
        kept = await sessions.get(conn, world.scope, session.id)
    assert str(kept.rule.pass_share) == "0.600"


async def test_showing_starts_what_was_planned_with_its_chapters(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        wish = Plan(day=TODAY, starts=time(10, 15), ends=time(11, 5), chapters=(2,))
        planned = await sessions.plan(conn, world.scope, world.tour_id, school_class.id, wish, NOW)
        assert (planned.state, planned.period) == (State.PLANNED, "10:15-11:05")
        assert planned.chosen == ((60_000, 120_000),)
        shown = await a_session(conn, world, school_class, NOW)
    assert (shown.id, shown.state) == (planned.id, State.RUNNING)
    assert shown.chosen == ((60_000, 120_000),)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Plan(), "plan_day_past"),
        (Plan(day=TODAY - timedelta(days=1)), "plan_day_past"),
        (Plan(day=TODAY, ends=time(10)), "plan_times"),
        (Plan(day=TODAY, starts=time(11), ends=time(10)), "plan_times"),
        (Plan(day=TODAY, home_until=TODAY - timedelta(days=1)), "plan_home_past"),
    ],
)
async def test_a_plan_that_cannot_be(pool: Pool, world: World, wish: Plan, code: str) -> None:
    with pytest.raises(Refused) as refused:
        async with pool.acquire() as conn, conn.transaction():
            school_class = await a_class(conn, world)
            await sessions.plan(conn, world.scope, world.tour_id, school_class.id, wish, NOW)
    assert refused.value.code == code


async def test_another_tour_ends_the_one_before(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        first = await a_session(conn, world, school_class, NOW)
        other = await a_tour(conn, world.programme, world.company, world.editor)
        await sessions.show_now(conn, world.scope, other, school_class.id, NOW)
        before = await sessions.get(conn, world.scope, first.id)
    assert (before.state, before.ended_at) == (State.ENDED, NOW)


async def test_a_forgotten_session_ends_where_it_was_last_seen(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        session = await a_session(conn, world, school_class, NOW)
        assert await keeping.sweep(conn, NOW + timedelta(minutes=29)) == []
        rebuilt = await keeping.sweep(conn, NOW + timedelta(minutes=31))
        ended = await sessions.get(conn, world.scope, session.id)
        row = await report.one(conn, world.scope, session.session_class_id)
    assert rebuilt == [session.session_class_id]
    assert (ended.state, ended.ended_at) == (State.ENDED, NOW)
    assert (row.outcome, row.is_final) == ("no_show", True)


async def test_the_sweep_holds_no_lesson_that_goes_on(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        session = await a_session(conn, world, await a_class(conn, world), NOW)
    async with pool.acquire() as sweeping, pool.acquire() as beating, sweeping.transaction():
        assert await session_ends.end_due(sweeping, NOW + timedelta(minutes=5)) == []
        held = "select state from sessions where id = $1 for update nowait"
        assert await beating.fetchval(held, session.id) == "running"


async def test_a_session_that_cannot_be_read_keeps_no_other_open(
    pool: Pool, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        wish = Plan(day=TODAY, starts=time(10, 15), ends=time(11, 5))
        broken = await sessions.plan(conn, world.scope, world.tour_id, school_class.id, wish, NOW)
        await conn.execute("update sessions set period = '2nd hour' where id = $1", broken.id)
        session = await a_session(conn, world, await a_class(conn, world, "4A"), NOW)
        rebuilt = await keeping.sweep(conn, NOW + timedelta(days=8))
    assert rebuilt == [session.session_class_id]
    assert f"session {broken.id} is not ended by itself" in caplog.text


async def test_at_home_it_stays_open_until_its_day_is_over(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        wish = Plan(day=TODAY, home_until=TODAY + timedelta(days=3))
        session = await sessions.plan(conn, world.scope, world.tour_id, school_class.id, wish, NOW)
        await sessions.start_at_home(conn, world.programme.id, session.id, NOW)
        for days, is_open in ((0, True), (3, True), (4, False)):
            at = NOW + timedelta(days=days)
            await keeping.sweep(conn, at)
            found = await offers.offered(conn, world.programme.id, school_class.id, at)
            assert bool(found) is is_open, days
        ended = await sessions.get(conn, world.scope, session.id)
    assert ended.ended_at == datetime(2026, 3, 13, 23, 0, tzinfo=UTC)


async def test_what_was_planned_and_never_shown_is_a_no_show(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        session = await sessions.plan(
            conn, world.scope, world.tour_id, school_class.id, Plan(day=TODAY), NOW
        )
        assert await keeping.sweep(conn, NOW + timedelta(days=6)) == []
        await keeping.sweep(conn, NOW + timedelta(days=9))
        row = await report.one(conn, world.scope, session.session_class_id)
    assert (row.outcome, row.state) == ("no_show", "ended")


async def test_what_is_not_hers_is_not_there(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        session = await a_session(conn, world, school_class, NOW)
        colleague = await people.a_teacher(conn, world.programme, world.school)
        twin = await a_world(conn, "twin")
        scopes: list[Scope] = [
            teacher_scope(world.programme, colleague, world.school),
            twin.scope,
            teacher_scope(twin.programme, world.teacher, world.school),
        ]
        for scope in scopes:
            with pytest.raises(NotThere):
                await sessions.get(conn, scope, session.id)
            with pytest.raises(NotThere):
                await sessions.show_now(conn, scope, world.tour_id, school_class.id, NOW)


async def test_an_ended_session_does_not_run_again(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        session = await a_session(conn, world, await a_class(conn, world), NOW)
        await sessions.end(conn, world.scope, session.id, NOW)
        with pytest.raises(Conflict):
            await sessions.start(conn, world.scope, session.id, NOW)


TAKEN_OFF = "update tours set state = 'unpublished'"
IN_REVIEW = "update tours set state = 'review'"
RIGHTS_OVER = "update tours set rights_until = '2026-03-10'"


@pytest.mark.parametrize("fate", [TAKEN_OFF, IN_REVIEW, RIGHTS_OVER])
async def test_a_plan_of_a_tour_that_may_not_be_shown_does_not_start(
    pool: Pool, world: World, fate: str
) -> None:
    async with pool.acquire() as conn:
        school_class = await a_class(conn, world)
        wish = Plan(day=TODAY, home_until=TODAY + timedelta(days=1))
        planned = await sessions.plan(conn, world.scope, world.tour_id, school_class.id, wish, NOW)
        await conn.execute(fate)
        programme = world.programme.id
        for starting in (
            lambda: sessions.start(conn, world.scope, planned.id, NOW),
            lambda: sessions.show_now(conn, world.scope, world.tour_id, school_class.id, NOW),
            lambda: sessions.start_by_screen(conn, programme, planned.id, NOW),
            lambda: sessions.start_at_home(conn, programme, planned.id, NOW),
        ):
            with pytest.raises(Conflict) as refused:
                await starting()
            assert refused.value.code == "tour_not_shown"
        kept = await sessions.get(conn, world.scope, planned.id)
        assert (kept.state, kept.started_at) == (State.PLANNED, None)
        assert await offers.offered(conn, programme, school_class.id, NOW) == []
        await conn.execute("update tours set state = 'published', rights_until = '2026-03-11'")
        assert (await sessions.start(conn, world.scope, planned.id, NOW)).state is State.RUNNING


async def test_what_started_goes_on_until_the_rights_end(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn:
        school_class = await a_class(conn, world)
        session = await a_session(conn, world, school_class, NOW)
        await conn.execute(TAKEN_OFF)
        again = await a_session(conn, world, school_class, NOW)
        assert (again.id, again.state) == (session.id, State.RUNNING)
        assert await sessions.version_shown(conn, session, NOW) == session.version_id
        assert await offers.offered(conn, world.programme.id, school_class.id, NOW)
        await conn.execute(RIGHTS_OVER)
        with pytest.raises(Conflict):
            await sessions.version_shown(conn, session, NOW)
        assert await offers.offered(conn, world.programme.id, school_class.id, NOW) == []


async def test_a_plan_takes_the_film_that_is_published_when_it_starts(
    pool: Pool, world: World
) -> None:
    async with pool.acquire() as conn:
        school_class = await a_class(conn, world)
        wish = Plan(day=TODAY)
        planned = await sessions.plan(conn, world.scope, world.tour_id, school_class.id, wish, NOW)
        newer = await replace_film(conn, world.tour_id, film_ms=90_000)
        started = await sessions.start(conn, world.scope, planned.id, NOW)
        assert planned.version_id != newer
        assert (started.version_id, started.film_ms, started.chosen) == (
            newer,
            90_000,
            ((0, 90_000),),
        )
        newest = await replace_film(conn, world.tour_id)
        running = await sessions.get(conn, world.scope, planned.id)
        assert running.version_id == newer != newest


async def test_the_files_of_a_replaced_film_stay_while_a_lesson_shows_them(
    pool: Pool, world: World
) -> None:
    day = timedelta(days=1)
    async with pool.acquire() as conn:
        session = await a_session(conn, world, await a_class(conn, world), NOW)
        await replace_film(conn, world.tour_id, at=NOW - 2 * day)

        async def may_go(now: datetime) -> bool:
            due = await videos.retired_before(conn, now - day, now)
            return session.version_id in [version for version, _ in due]

        assert not await may_go(NOW + timedelta(hours=1))
        assert await may_go(NOW + day)
        home = Plan(home_until=TODAY + 3 * day)
        await sessions.change(conn, world.scope, session.id, home, NOW)
        assert not await may_go(NOW + 2 * day)
        await sessions.end(conn, world.scope, session.id, NOW)
        assert await may_go(NOW + 2 * day)
