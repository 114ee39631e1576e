"""Webinars: made, seen by whom, in which words and times."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from rooms.agenda import feeds, webinars
from rooms.agenda.webinar_states import State
from rooms.agenda.webinar_texts import Text
from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.scope import Grant, Scope
from server.database import Pool
from tests.support import people
from tests.support.lessons import World, a_world
from tests.support.webinars import a_draft, an_announced, office_of

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@pytest.fixture
async def world(pool: Pool) -> World:
    async with pool.acquire() as conn:
        return await a_world(conn)


async def test_a_draft_has_what_its_maker_said(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        maker = await people.a_person(conn)
        await people.a_role(conn, world.programme, maker, "bureau")
        made = await a_draft(conn, world, NOW, person_id=maker.id, capacity=90)
        kept = await webinars.find(conn, office_of(world), made.id)
    assert kept == made
    assert (made.state, made.capacity, made.zone) == (State.DRAFT, 90, "Europe/Amsterdam")
    assert (made.sectors, made.levels, made.company_name) == (("water",), ("havo",), "Havenlicht")
    # 17 March is winter time in Amsterdam.
    assert made.starts_at == datetime(2026, 3, 17, 9, 0, tzinfo=UTC)
    assert made.ends_at - made.starts_at == timedelta(hours=1)
    assert (made.pass_share, made.moderator_ids) == (Decimal("0.600"), (maker.id,))


async def test_words_are_read_in_the_readers_language_or_the_original(
    pool: Pool, world: World
) -> None:
    texts = {"en": Text("en", "Build a dyke"), "nl": Text("nl", "Bouw een dijk", "Met een spons")}
    async with pool.acquire() as conn, conn.transaction():
        made = await a_draft(conn, world, NOW, texts=texts)
    assert made.text("nl").title == "Bouw een dijk"
    assert made.text("fr") == made.text("en") == Text("en", "Build a dyke")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"texts": {}}, "webinar_title_missing"),
        ({"texts": {"en": Text("en", "x" * 121)}}, "webinar_title_long"),
        ({"until_time": time(10)}, "webinar_times"),
        ({"day": None}, "webinar_times"),
        ({"zone": "Europe/Nowhere"}, "webinar_zone"),
        ({"zone": "../etc/passwd"}, "webinar_zone"),
        ({"capacity": 0}, "webinar_capacity"),
        ({"pass_share": Decimal(2)}, "webinar_rule"),
        ({"audience": "everybody"}, "webinar_audience"),
        # The clock is put on at two: this hour never is.
        ({"day": date(2026, 3, 29), "from_time": time(2, 30), "until_time": time(3, 15)},
         "webinar_times"),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_by_name(
    pool: Pool, world: World, changes: dict[str, object], code: str
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        with pytest.raises(Refused) as refused:
            await a_draft(conn, world, NOW, **changes)
    assert refused.value.code == code


async def test_somebody_elses_company_is_not_there(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn:
        other = await people.a_programme(conn, "other")
        company = await people.a_company(conn, other, "Elsewhere")
        for changes in ({"company_id": company.id}, {"moderator_ids": [uuid4()]}):
            with pytest.raises(NotThere):
                async with conn.transaction():
                    await a_draft(conn, world, NOW, **changes)


async def test_a_draft_is_there_for_those_who_work_on_it(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        made = await a_draft(conn, world, NOW, region_id=world.region.id)
        elsewhere = await people.a_region(conn, world.programme, "Zeeland")
        grants = {
            "bureau": (Grant("bureau"), True),
            "its coordinator": (Grant("coordinator", region_id=world.region.id), True),
            "its editor": (Grant("editor", company_id=world.company.id), True),
            "another coordinator": (Grant("coordinator", region_id=elsewhere.id), False),
            "a moderator elsewhere": (Grant("moderator", region_id=elsewhere.id), False),
            "a teacher": (Grant("teacher", school_id=world.school.id), False),
        }
        found = {}
        for name, (grant, _) in grants.items():
            scope = Scope(world.programme.id, world.teacher.id, (grant,))
            found[name] = made in await webinars.worked_on(conn, scope, NOW)
            if not found[name]:
                with pytest.raises(NotThere):
                    await webinars.find(conn, scope, made.id)
        assert await webinars.of_programme(conn, office_of(world), NOW) == []
    assert found == {name: sees for name, (_, sees) in grants.items()}


async def test_a_full_calendar_hides_nobodys_own(pool: Pool, world: World) -> None:
    """A teacher leads her guest lesson and a feed tells what comes, whatever else there is."""
    teacher = Scope(
        world.programme.id, world.teacher.id, (Grant("teacher", school_id=world.school.id),)
    )
    async with pool.acquire() as conn, conn.transaction():
        await many(conn, world, 300, days=7)
        own = await a_draft(conn, world, NOW, days=8, moderator_ids=[world.teacher.id])
        assert [one.id for one in await webinars.worked_on(conn, teacher, NOW)] == [own.id]
        assert len(await webinars.worked_on(conn, office_of(world), NOW)) == 300

        coming = await an_announced(conn, world, NOW, days=40)
        late = NOW + timedelta(days=30)
        assert coming.id in {one.id for one in await feeds.public(conn, world.programme.id, late)}


async def many(conn: Connection, world: World, count: int, days: int) -> None:
    """So many of the bureau's, all on one day and in the list, most of them cancelled."""
    made = await an_announced(conn, world, NOW, days=days)
    await conn.execute(
        """
        insert into webinars (programme_id, kind, audience, original_language, sectors, levels,
            company_id, region_id, zone, day, from_time, until_time, starts_at, ends_at,
            pass_share, window_kind, capacity, is_listed, created_at, changed_at, announced_at,
            state, room_id)
        select programme_id, kind, audience, original_language, sectors, levels, company_id,
            region_id, zone, day, from_time, until_time, starts_at, ends_at, pass_share,
            window_kind, capacity, is_listed, created_at, changed_at, announced_at, 'cancelled',
            null
        from webinars, generate_series(2, $2) where id = $1
        """,
        made.id,
        count,
    )


async def test_another_programme_sees_nothing(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        made = await a_draft(conn, world, NOW)
        other = await people.a_programme(conn, "other")
        scope = Scope(other.id, None, (Grant("bureau"),))
        assert await webinars.worked_on(conn, scope, NOW) == []
        with pytest.raises(NotThere):
            await webinars.find(conn, scope, made.id)
        assert webinars.actors(scope, made) == frozenset()
