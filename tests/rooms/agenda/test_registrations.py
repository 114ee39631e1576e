"""Registrations: in or waiting, changed, cancelled; and how a class code leads to a webinar."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.agenda import arrivals, offers, plans_b, registrations, webinar_doors, webinars
from rooms.agenda.registrations import Wish, place_for
from rooms.attendance import seats
from rooms.errors import Conflict, NotThere, Refused
from rooms.live import rooms
from rooms.scope import Scope
from server.database import Pool
from tests.support import people
from tests.support.lessons import World, a_class, a_session, a_tour, a_world, teacher_scope
from tests.support.webinars import a_maker, an_announced

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
STARTS = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)


@pytest.fixture
async def world(pool: Pool) -> World:
    async with pool.acquire() as conn:
        return await a_world(conn)


@given(st.integers(1, 400), st.integers(1, 1000), st.integers(0, 1000), st.booleans())
def test_nobody_is_in_beyond_the_capacity_or_before_who_waits(
    expected: int, capacity: int, taken: int, others_wait: bool
) -> None:
    place = place_for(expected, capacity=capacity, taken=taken, others_wait=others_wait)
    assert (place == "in") == (taken + expected <= capacity and not others_wait)


async def test_capacity_counts_pupils_and_the_rest_waits_in_order(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by, capacity=60)
        places = []
        # The fourth would fit, but somebody was first.
        for pupils in (28, 28, 28, 4):
            one = await a_class(conn, world)
            places.append(
                await registrations.register(conn, world.scope, made.id, Wish(one.id, pupils), NOW)
            )
        full = await webinars.by_id(conn, by, made.id)
        await registrations.cancel(conn, world.scope, places[0].id, NOW)
        freed = await webinars.by_id(conn, by, made.id)
        with pytest.raises(NotThere):
            await registrations.let_in(conn, world.scope, places[2].id, NOW)
        await registrations.let_in(conn, by, places[2].id, NOW)
        after = [one.state for one in await registrations.of_webinar(conn, by, made.id)]
    assert [one.state for one in places] == ["in", "in", "waiting", "waiting"]
    assert (full.pupils_in, full.waiting, full.places_left) == (56, 2, 4)
    assert (freed.pupils_in, freed.waiting) == (28, 2)
    assert sorted(after) == ["cancelled", "in", "in", "waiting"]


async def test_registering_again_changes_what_was_said(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        made = await an_announced(conn, world, NOW, capacity=30)
        one = await a_class(conn, world)
        wish = Wish(one.id, 20, "many", ["large_print", "unknown", "captions"])
        first = await registrations.register(conn, world.scope, made.id, wish, NOW)
        again = await registrations.register(conn, world.scope, made.id, Wish(one.id, 25), NOW)
        with pytest.raises(Conflict, match="webinar_full"):
            await registrations.register(conn, world.scope, made.id, Wish(one.id, 31), NOW)
        await registrations.cancel(conn, world.scope, first.id, NOW)
        back = await registrations.register(conn, world.scope, made.id, Wish(one.id, 25), NOW)
        [listed] = await registrations.coming(conn, world.scope, NOW)
    assert (first.devices, first.needs, first.school) == (
        "many", ("captions", "large_print"), "De Driehoek",
    )  # fmt: skip
    assert again.id == first.id == back.id == listed.registration.id
    assert (again.expected, again.needs, back.state) == (25, (), "in")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expected": 0}, "registration_pupils"),
        ({"expected": 401}, "registration_pupils"),
        ({"devices": "none"}, "registration_devices"),
        ({"lesson_from": time(10)}, "lesson_times"),
        ({"lesson_from": time(11), "lesson_until": time(10)}, "lesson_times"),
        ({"lesson_from": time(11), "lesson_until": time(12)}, "lesson_apart"),
        ({"class_id": None}, "registration_audience"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    pool: Pool, world: World, changes: dict[str, object], code: str
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        made = await an_announced(conn, world, NOW)
        one = await a_class(conn, world)
        wish = Wish(**{"class_id": one.id, "expected": 28, **changes})  # type: ignore[arg-type]
        with pytest.raises(Refused, match=code):
            await registrations.register(conn, world.scope, made.id, wish, NOW)


async def test_plan_b_is_a_tour_of_the_same_company(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        made = await an_announced(conn, world, NOW)
        one = await a_class(conn, world)
        other = await people.a_company(conn, world.programme, "Elsewhere")
        strange = await a_tour(conn, world.programme, other, world.editor)
        assert [tour_id for tour_id, _ in await plans_b.of(conn, made)] == [world.tour_id]
        wish = Wish(one.id, 28, plan_b_tour_id=world.tour_id)
        kept = await registrations.register(conn, world.scope, made.id, wish, NOW)
        with pytest.raises(Refused, match="plan_b"):
            wish = Wish(one.id, 28, plan_b_tour_id=strange)
            await registrations.register(conn, world.scope, made.id, wish, NOW)
    assert (kept.plan_b_tour_id, kept.plan_b_title) == (world.tour_id, "Inside the harbour")


async def test_a_teacher_registers_herself_for_a_teachers_webinar(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        made = await an_announced(conn, world, NOW, audience="teachers", capacity=1)
        mine = await registrations.register(conn, world.scope, made.id, Wish(None, 30), NOW)
        colleague = await people.a_teacher(conn, world.programme, world.school)
        hers = teacher_scope(world.programme, colleague, world.school)
        waits = await registrations.register(conn, hers, made.id, Wish(None), NOW)
        again = await registrations.register(conn, hers, made.id, Wish(None), NOW)
        one = await a_class(conn, world)
        with pytest.raises(Refused, match="registration_audience"):
            await registrations.register(conn, world.scope, made.id, Wish(one.id, 28), NOW)
        with pytest.raises(NotThere):
            await registrations.cancel(conn, world.scope, waits.id, NOW)
    assert (mine.expected, mine.state, waits.state, again.id) == (1, "in", "waiting", waits.id)


async def test_somebody_elses_class_and_webinar_are_not_there(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        made = await an_announced(conn, world, NOW)
        one = await a_class(conn, world)
        place = await registrations.register(conn, world.scope, made.id, Wish(one.id, 28), NOW)
        colleague = await people.a_teacher(conn, world.programme, world.school)
        hers = teacher_scope(world.programme, colleague, world.school)
        other = Scope((await people.a_programme(conn, "other")).id, world.teacher.id)
        with pytest.raises(NotThere):
            await registrations.register(conn, hers, made.id, Wish(one.id, 28), NOW)
        for scope in (hers, other):
            assert await registrations.mine(conn, scope, made.id) == []
            assert await registrations.coming(conn, scope, NOW) == []
            with pytest.raises(NotThere):
                await registrations.cancel(conn, scope, place.id, NOW)
        assert await registrations.of_webinar(conn, other, made.id) == []


async def test_a_class_code_leads_into_the_webinar_once_its_doors_are_open(
    pool: Pool, world: World
) -> None:
    early, open_now = STARTS - timedelta(hours=1), STARTS - timedelta(minutes=10)
    late = STARTS + timedelta(minutes=40)
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by)
        one, waiting = await a_class(conn, world), await a_class(conn, world, "4A")
        place = await registrations.register(conn, world.scope, made.id, Wish(one.id, 28), NOW)
        programme = world.programme.id
        assert await offers.offered(conn, programme, one.id, NOW) == []
        [shut] = await offers.offered(conn, programme, one.id, early)
        assert shut.has_doors_shut and offers.leads_to([shut], open_now) is None
        with pytest.raises(Conflict, match="webinar_state"):
            await arrivals.come(conn, world.scope, place.id, early)
        await webinar_doors.open_doors(conn, by, made.id, open_now)
        [door] = await offers.offered(conn, programme, one.id, open_now)
        assert offers.leads_to([door], open_now) == door == offers.leads_to([door], late)
        assert await offers.offered(conn, programme, waiting.id, open_now) == []
        assert door.registration_id == place.id
        part = await arrivals.come(conn, Scope(programme), door.registration_id, open_now)
        [running] = await offers.offered(conn, programme, one.id, open_now)
        assert (running.session_class_id, running.registration_id) == (part, None)
        seat, _ = await seats.sit(conn, programme, part, None, open_now)
        with pytest.raises(Conflict, match="registration_came"):
            await registrations.cancel(conn, world.scope, place.id, open_now)
    assert seat.session_class_id == part


async def test_a_class_that_watches_a_tour_is_not_torn_away_by_its_code(
    pool: Pool, world: World
) -> None:
    open_now = STARTS - timedelta(minutes=10)
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by)
        one = await a_class(conn, world)
        await registrations.register(conn, world.scope, made.id, Wish(one.id, 28), NOW)
        lesson = await a_session(conn, world, one, STARTS - timedelta(minutes=30))
        await webinar_doors.open_doors(conn, by, made.id, open_now)
        found = await offers.offered(conn, world.programme.id, one.id, open_now)
        led = offers.leads_to(found, open_now)
    assert len(found) == 2
    assert led is not None and led.id == lesson.id


async def test_into_a_webinars_room_a_class_comes_by_its_registration(
    pool: Pool, world: World
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by, capacity=30)
        first, second, third = [await a_class(conn, world, name) for name in ("3A", "3B", "3C")]
        for one in (first, second):
            await registrations.register(conn, world.scope, made.id, Wish(one.id, 28), NOW)
        await webinar_doors.open_doors(conn, by, made.id, STARTS)
        assert made.room_id is not None
        room = await rooms.shown(conn, world.programme.id, made.room_id)
        part = await arrivals.take_part(conn, world.scope, room, first.id, STARTS)
        for one, code in ((second, "registration_waits"), (third, "registration_missing")):
            with pytest.raises(Refused, match=code):
                await arrivals.take_part(conn, world.scope, room, one.id, STARTS)
        row = await conn.fetchrow(
            "select class_id, expected from session_classes where id = $1", part
        )
    assert row is not None
    assert (row["class_id"], row["expected"]) == (first.id, 28)
