"""What attendance forgets, when, and what stays: the clock decides, the proof says it."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from rooms.agenda import sessions
from rooms.attendance import corrections, keeping, materials, results, retention
from rooms.attendance.rule import pupils_reached
from rooms.connection import Connection
from rooms.errors import Conflict
from rooms.safety import kept
from server.database import Pool
from tests.support.lessons import FILM_MS, World, a_class, a_session, a_world

# A lesson in the school year 2025/26, which ends on 31 July 2026.
LESSON = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
# 1 September in Amsterdam begins at 22:00 UTC.
A_MONTH_AFTER = datetime(2026, 8, 31, 22, 0, tzinfo=UTC)
TWO_YEARS_AFTER = datetime(2028, 7, 31, 22, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def conn(pool: Pool) -> AsyncIterator[Connection]:
    """A connection in a transaction of its own."""
    async with pool.acquire() as connection, connection.transaction():
        yield connection


@pytest.mark.parametrize(
    ("today", "start_month", "first"),
    [
        (date(2026, 8, 31), 8, date(2025, 8, 1)),
        (date(2026, 9, 1), 8, date(2026, 8, 1)),
        (date(2027, 3, 31), 8, date(2026, 8, 1)),
        (date(2026, 1, 31), 1, date(2025, 1, 1)),
        (date(2026, 2, 1), 1, date(2026, 1, 1)),
    ],
)
def test_a_school_years_seats_go_a_month_after_it(
    today: date, start_month: int, first: date
) -> None:
    assert kept.seats_kept_from(today, start_month) == first


@pytest.mark.parametrize(
    ("today", "first"),
    [(date(2028, 7, 31), date(2025, 8, 1)), (date(2028, 8, 1), date(2026, 8, 1))],
)
def test_names_go_two_school_years_later(today: date, first: date) -> None:
    assert kept.names_kept_from(today, 8) == first


async def a_lesson(conn: Connection, world: World, name: str, at: datetime) -> UUID:
    """A lesson that was watched to the end and closed; its session class."""
    school_class = await a_class(conn, world, name)
    await conn.execute(
        "update classes set school_year = $2 where id = $1", school_class.id, at.year - 1
    )
    session = await a_session(conn, world, school_class, at)
    await sessions.declare(conn, world.programme.id, session.session_class_id, 26, at)
    seat_id = await conn.fetchval(
        """
        insert into seats (programme_id, session_class_id, kind, token_hash, created_at)
        values ($1, $2, 'beamer', $3, $4) returning id
        """,
        world.programme.id,
        session.session_class_id,
        uuid4().bytes,
        at,
    )
    visit_id = await conn.fetchval(
        """
        insert into visits (programme_id, seat_id, connection, started_at, seen_until, watched,
            media_flowed, media_wanted)
        values ($1, $2, $3, $4, $5, int8multirange(int8range(0, $6)), true, true) returning id
        """,
        world.programme.id,
        seat_id,
        uuid4(),
        at,
        at + timedelta(milliseconds=FILM_MS),
        FILM_MS,
    )
    await conn.execute("insert into visit_events values ($1, 0, $2, 'connected')", visit_id, at)
    await sessions.end(conn, world.scope, session.id, at + HOUR)
    await keeping.close_session(conn, session.session_class_id, at + HOUR)
    return session.session_class_id


async def counts(conn: Connection) -> dict[str, int]:
    row = await conn.fetchrow(
        """
        select (select count(*) from visit_events) as events,
            (select count(*) from visits) as visits, (select count(*) from seats) as seats,
            (select count(*) from purges) as purges
        """
    )
    assert row is not None
    return dict(row)


async def kept_row(conn: Connection, session_class_id: UUID) -> asyncpg.Record:
    row = await conn.fetchrow(
        "select * from session_class_results where session_class_id = $1", session_class_id
    )
    assert row is not None
    return row


async def reported(conn: Connection) -> list[asyncpg.Record]:
    """What reports are made of, whoever reads them."""
    return await conn.fetch("select * from report_rows order by class_name, session_class_id")


def reached(rows: list[asyncpg.Record]) -> int:
    return pupils_reached((row["class_id"], row["pupils"]) for row in rows)


async def test_events_go_after_thirty_days(conn: Connection) -> None:
    await a_lesson(conn, await a_world(conn), "3B", LESSON)
    await retention.purge(conn, LESSON + timedelta(days=30))
    assert await counts(conn) == {"events": 1, "visits": 1, "seats": 1, "purges": 0}
    assert await retention.purge(conn, LESSON + timedelta(days=30, seconds=1)) == 1
    assert await counts(conn) == {"events": 0, "visits": 1, "seats": 1, "purges": 1}


async def test_seats_go_and_the_result_freezes(conn: Connection) -> None:
    world = await a_world(conn)
    old = await a_lesson(conn, world, "3B", LESSON)
    new = await a_lesson(conn, world, "4B", A_MONTH_AFTER - timedelta(days=5))
    before = dict(await kept_row(conn, old))
    await retention.purge(conn, A_MONTH_AFTER - timedelta(seconds=1))
    assert (await counts(conn))["seats"] == 2
    await retention.purge(conn, A_MONTH_AFTER)
    assert (await counts(conn))["seats"] == (await counts(conn))["visits"] == 1

    after = dict(await kept_row(conn, old))
    assert (after.pop("intervals"), before.pop("intervals") != []) == ([], True)
    assert after.pop("intervals_purged_at") == A_MONTH_AFTER
    assert before.pop("intervals_purged_at") is None
    assert after == before
    assert (await kept_row(conn, new))["intervals_purged_at"] is None
    proofs = await conn.fetch("select what, removed, until, at from purges order by id")
    assert [tuple(row) for row in proofs][-1] == (
        "seat_intervals",
        2,
        datetime(2026, 7, 31, 22, tzinfo=UTC),
        A_MONTH_AFTER,
    )
    assert await retention.purge(conn, A_MONTH_AFTER + HOUR) == 0
    assert len(await conn.fetch("select from purges")) == len(proofs)


async def test_a_frozen_result_is_never_derived_anew(conn: Connection) -> None:
    world = await a_world(conn)
    session_class_id = await a_lesson(conn, world, "3B", LESSON)
    before = results.judge(await materials.one(conn, session_class_id))
    await retention.purge(conn, A_MONTH_AFTER)
    with pytest.raises(Conflict) as caught:
        await results.rebuild(conn, session_class_id, A_MONTH_AFTER)
    assert caught.value.code == "result_frozen"
    with pytest.raises(Conflict):
        await corrections.correct(
            conn, world.scope, session_class_id, "headcount", "3", "typo", A_MONTH_AFTER
        )
    frozen = await results.frozen(conn, session_class_id)
    assert frozen is not None
    assert (frozen.result.outcome, frozen.result.pupils) == ("present", 26)
    assert frozen.result.present_ms == before.present_ms == FILM_MS
    [row] = await reported(conn)
    assert (row["outcome"], row["pupils"]) == ("present", 26)
    assert await keeping.sweep(conn, A_MONTH_AFTER) == []


async def test_after_two_more_years_names_are_gone_and_sums_stay(conn: Connection) -> None:
    world = await a_world(conn)
    for name in ("3B", "3C"):
        await a_lesson(conn, world, name, LESSON)
    await a_lesson(conn, world, "4B", LESSON + timedelta(days=365))
    # All at one moment: that says of each that it was of the same teacher.
    await conn.execute("update session_classes set teacher_confirmed_at = $1", LESSON)
    await retention.purge(conn, TWO_YEARS_AFTER - timedelta(seconds=1))
    assert [row["class_name"] for row in await reported(conn)] == ["3B", "3C", "4B"]
    assert reached(await reported(conn)) == 78

    await retention.purge(conn, TWO_YEARS_AFTER)
    rows = await reported(conn)
    assert [row["class_name"] for row in rows] == ["", "", "4B"]
    assert {(row["school"], row["level"], row["outcome"], row["headcount"]) for row in rows} == {
        (world.school.name, "havo", "present", 26)
    }
    assert reached(rows) == 78, "pupils reached are still summed per class"
    teachers = await conn.fetch("select organiser_id from sessions where organiser_id is not null")
    assert len(teachers) == 1
    assert await conn.fetchval("select count(teacher_confirmed_at) from session_classes") == 1
    assert await conn.fetchval("select count(*) from class_teachers") == 1
    assert sorted(row["name"] for row in await conn.fetch("select name from classes")) == [
        "",
        "",
        "4B",
    ]


async def test_it_is_due_once_a_day(conn: Connection) -> None:
    assert await retention.is_due(conn, LESSON)
    assert not await retention.is_due(conn, LESSON + timedelta(hours=23, minutes=59))
    assert await retention.is_due(conn, LESSON + timedelta(days=1))


async def test_a_lesson_without_a_result_keeps_its_seats(conn: Connection) -> None:
    session_class_id = await a_lesson(conn, await a_world(conn), "3B", LESSON)
    await conn.execute(
        "delete from session_class_results where session_class_id = $1", session_class_id
    )
    await retention.purge(conn, A_MONTH_AFTER)
    assert (await counts(conn))["seats"] == 1
