"""A webinar's day: announced, tried, its doors open, live, over; and what nobody does."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from rooms.agenda import arrivals, offers, registrations, webinar_doors, webinars
from rooms.agenda.registrations import Wish
from rooms.agenda.webinar_states import State
from rooms.agenda.webinar_texts import Text
from rooms.attendance import keeping, materials, seats
from rooms.attendance.ranges import Range
from rooms.attendance.rule import unix_ms
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.live import on_air, rooms
from rooms.scope import Grant, Scope
from server.database import Pool
from tests.support import people
from tests.support.lessons import World, a_class, a_world
from tests.support.webinars import a_draft, a_maker, a_wish, an_announced, office_of

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
STARTS = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)


@pytest.fixture
async def world(pool: Pool) -> World:
    async with pool.acquire() as conn:
        return await a_world(conn)


def minutes(number: float) -> datetime:
    return STARTS + timedelta(minutes=number)


async def test_announcing_makes_room_and_session_with_the_rule_of_that_day(
    pool: Pool, world: World
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        made = await an_announced(conn, world, NOW, window_kind="scheduled")
        await conn.execute("update programmes set pass_share = 0.9")
        assert made.room_id is not None
        session = await conn.fetchrow("select * from sessions where room_id = $1", made.room_id)
        assert [one.id for one in await webinars.of_programme(conn, world.scope, NOW)] == [made.id]
    assert session is not None
    assert (session["state"], str(session["pass_share"])) == ("planned", "0.600")
    assert (session["window_kind"], session["scheduled_from"]) == ("scheduled", STARTS)
    assert (made.state, made.sequence) == (State.ANNOUNCED, 0)


async def test_what_is_over_cannot_be_announced(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        made = await a_draft(conn, world, NOW, days=-1)
        with pytest.raises(Refused, match="webinar_time_past"):
            await webinar_doors.announce(conn, office_of(world), made.id, NOW)


async def test_before_its_doors_open_the_room_is_there_for_its_stage_only(
    pool: Pool, world: World
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by, region_id=world.region.id)
        region = Grant("coordinator", region_id=world.region.id)
        coordinator = Scope(world.programme.id, None, (region,))
        editor = Scope(world.programme.id, None, (Grant("editor", company_id=world.company.id),))
        scopes = (by, coordinator, world.scope, editor)
        assert made.room_id is not None
        before = [await _role(conn, scope, made.room_id) for scope in scopes]
        listed = await rooms.open_ones(conn, world.scope)
        await webinar_doors.open_doors(conn, by, made.id, NOW)
        after = [await _role(conn, scope, made.room_id) for scope in scopes]
        open_now = await rooms.open_ones(conn, world.scope)
    assert before == ["moderator", "moderator", None, None]
    assert listed == []
    assert after == ["moderator", "moderator", "teacher", "viewer"]
    assert [room.id for room in open_now] == [made.room_id]


async def _role(conn: Connection, scope: Scope, room_id: UUID) -> str | None:
    room = await rooms.shown(conn, scope.programme_id, room_id)
    return rooms.role_in(scope, room)


async def test_a_class_comes_and_one_that_does_not_is_a_no_show(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by)
        here, away = await a_class(conn, world), await a_class(conn, world)
        for one in (here, away):
            await registrations.register(conn, world.scope, made.id, Wish(one.id, 28), NOW)
        await webinar_doors.open_doors(conn, by, made.id, minutes(-15))
        came = next(
            one
            for one in await registrations.of_webinar(conn, by, made.id)
            if one.class_id == here.id
        )
        part = await arrivals.come(conn, world.scope, came.id, minutes(-5))
        assert await arrivals.come(conn, world.scope, came.id, minutes(-4)) == part
        await seats.sit(conn, world.programme.id, part, None, minutes(-5))
        assert made.room_id is not None
        await _flows(conn, made.room_id, -10, 40)
        await webinar_doors.go_live(conn, by, made.id, minutes(0))
        await _flows(conn, made.room_id, -1, 40)
        over = await webinar_doors.end(conn, by, made.id, minutes(41))
        await keeping.sweep(conn, minutes(42))
        found = {
            row["class_id"]: row
            for row in await conn.fetch(
                """
                select c.class_id, c.expected, r.outcome, r.window_ms from session_classes c
                join session_class_results r on r.session_class_id = c.id
                """
            )
        }
        room = await rooms.shown(conn, world.programme.id, made.room_id)
    assert over.state is State.ENDED
    assert not room.is_open
    assert found[here.id]["outcome"] == "joined_only"
    assert found[away.id]["outcome"] == "no_show"
    # What flowed before it went live is no time on air.
    assert {row["window_ms"] for row in found.values()} == {40 * 60_000}
    assert {row["expected"] for row in found.values()} == {28}


class Between:
    """A connection after whose first question something happens elsewhere."""

    def __init__(self, conn: Connection, happens: Callable[[], Awaitable[object]]) -> None:
        self._conn, self._happens = conn, [happens]

    async def fetch(self, query: str, *args: object) -> list[Any]:
        rows = await self._conn.fetch(query, *args)
        while self._happens:
            await self._happens.pop()()
        return list(rows)


async def test_a_code_typed_while_the_class_comes_leads_there(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by)
        school_class = await a_class(conn, world)
        wish = Wish(school_class.id, 28)
        registered = await registrations.register(conn, world.scope, made.id, wish, NOW)
        await webinar_doors.open_doors(conn, by, made.id, minutes(-15))

    async def another_phone_comes() -> None:
        async with pool.acquire() as other, other.transaction():
            await arrivals.come(other, world.scope, registered.id, minutes(-5))

    async with pool.acquire() as conn:
        between = cast(Connection, Between(conn, another_phone_comes))
        met = await offers.offered(between, world.programme.id, school_class.id, minutes(-5))
        after = await offers.offered(conn, world.programme.id, school_class.id, minutes(-5))
    assert [(one.room_id, one.registration_id) for one in met] == [(made.room_id, None)]
    assert met == after


async def _flows(conn: Connection, room_id: UUID, start: float, end: float) -> None:
    """Media flows in the room."""
    spans: tuple[Range, ...] = ((unix_ms(minutes(start)), unix_ms(minutes(end))),)
    await on_air.see(conn, {room_id: spans}, minutes(end))


async def test_a_lessons_own_times_narrow_its_window(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by, window_kind="scheduled")
        school_class = await a_class(conn, world)
        wish = Wish(school_class.id, 28, lesson_from=time(10, 20), lesson_until=time(11, 10))
        registered = await registrations.register(conn, world.scope, made.id, wish, NOW)
        await webinar_doors.open_doors(conn, by, made.id, minutes(-15))
        part = await arrivals.come(conn, world.scope, registered.id, minutes(20))
        found = await materials.one(conn, part)
    assert found.window.is_own_times
    assert found.window.spans == ((unix_ms(minutes(20)), unix_ms(minutes(60))),)


async def test_the_sweep_opens_ends_and_archives(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        made = await an_announced(conn, world, NOW)
        states = {}
        for moment in (-16, -15, 0, 179, 181, 180 + 91 * 24 * 60):
            await keeping.sweep(conn, minutes(moment))
            found = await webinars.by_id(conn, world.scope, made.id)
            states[moment] = found.state.value
        rows = await conn.fetch("select verb from webinar_events order by id")
    assert list(states.values()) == ["announced", "open", "open", "open", "ended", "archived"]
    assert [row["verb"] for row in rows] == ["made", "announce", "open", "end", "archive"]


async def test_the_sweep_holds_nothing_that_goes_on(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        made = await an_announced(conn, world, NOW)
        await webinar_doors.sweep(conn, minutes(-15))
    async with pool.acquire() as sweeping, pool.acquire() as leading, sweeping.transaction():
        await webinar_doors.sweep(sweeping, minutes(30))
        held = "select state from webinars where id = $1 for update nowait"
        assert await leading.fetchval(held, made.id) == "open"


async def test_one_nobody_opened_lapses_and_counts_nobody_absent(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        made = await an_announced(conn, world, NOW)
        school_class = await a_class(conn, world)
        await registrations.register(conn, world.scope, made.id, Wish(school_class.id, 28), NOW)
        await keeping.sweep(conn, minutes(61))
        found = await webinars.by_id(conn, world.scope, made.id)
        assert await conn.fetchval("select count(*) from session_classes") == 0
        assert await conn.fetchval("select state from sessions") == "ended"
    assert (found.state, found.live_at) == (State.ENDED, None)


async def test_other_times_move_room_session_and_calendar_but_not_the_rule(
    pool: Pool, world: World
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by)
        texts = {"en": Text("en", "Build two dykes")}
        wish = a_wish(NOW, days=8, texts=texts, window_kind="scheduled", company_id=None)
        moved = await webinar_doors.change(conn, by, made.id, wish, NOW)
        again = await webinar_doors.change(conn, by, made.id, wish, NOW)
        session = await conn.fetchrow("select * from sessions")
        assert moved.room_id is not None
        room = await rooms.shown(conn, world.programme.id, moved.room_id)
        with pytest.raises(Refused, match="webinar_time_past"):
            await webinar_doors.change(conn, by, made.id, a_wish(NOW, days=-1), NOW)
    assert session is not None
    assert (moved.sequence, again.sequence) == (1, 1)
    assert moved.starts_at == session["scheduled_from"] == STARTS + timedelta(days=1)
    assert (session["window_kind"], room.title) == ("actual", "Build two dykes")


async def test_cancelling_says_why_and_closes_the_room(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by)
        with pytest.raises(Refused, match="reason_missing"):
            await webinar_doors.cancel(conn, by, made.id, " ", NOW)
        off = await webinar_doors.cancel(conn, by, made.id, "The  crane broke", NOW)
        assert await conn.fetchval("select state from sessions") == "cancelled"
        assert await conn.fetchval("select closed_at from rooms") == NOW
        with pytest.raises(Conflict, match="webinar_state"):
            await webinar_doors.open_doors(conn, by, made.id, NOW)
        listed = await webinars.of_programme(conn, world.scope, NOW)
    assert (off.state, off.cancel_reason, off.sequence) == (
        State.CANCELLED, "The crane broke", 1,
    )  # fmt: skip
    assert listed == [off]


async def test_a_copy_is_a_draft_in_the_same_series(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by, capacity=60)
        day = made.day + timedelta(days=14)
        second = await webinar_doors.copy(conn, by, made.id, day, NOW)
        third = await webinar_doors.copy(conn, by, second.id, day + timedelta(days=14), NOW)
        first = await webinars.by_id(conn, by, made.id)
        with pytest.raises(Refused, match="webinar_time_past"):
            await webinar_doors.copy(conn, by, made.id, NOW.date() - timedelta(days=1), NOW)
    assert first.series_id == second.series_id == third.series_id == made.id
    assert (second.state, second.room_id, second.day) == (State.DRAFT, None, day)
    # Summer time has come between: the clock on the wall is the same, the moment is not.
    assert second.starts_at - made.starts_at == timedelta(days=14, hours=-1)
    assert (second.texts, second.capacity, second.moderator_ids) == (
        made.texts, 60, made.moderator_ids,
    )  # fmt: skip


async def test_a_guest_lesson_stands_in_no_list(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        company = Scope(
            world.programme.id,
            world.editor.id,
            (Grant("editor", company_id=world.company.id),),
        )
        wish = a_wish(NOW, kind="guest_lesson", moderator_ids=[world.teacher.id])
        made = await webinar_doors.arrange(conn, company, wish, NOW)
        other = await people.a_teacher(conn, world.programme, world.school)
        stranger = Scope(world.programme.id, other.id, world.scope.grants)
        assert await webinars.of_programme(conn, world.scope, NOW) == []
        assert await webinars.find(conn, world.scope, made.id) == made
        with pytest.raises(NotThere):
            await webinars.find(conn, stranger, made.id)
        opened = await webinar_doors.open_doors(conn, world.scope, made.id, minutes(-5))
        assert opened.room_id is not None
        room = await rooms.shown(conn, world.programme.id, opened.room_id)
        assert rooms.role_in(stranger, room) is None
        assert rooms.role_in(world.scope, room) == "moderator"
    assert (made.state, opened.host_id) == (State.ANNOUNCED, world.teacher.id)
