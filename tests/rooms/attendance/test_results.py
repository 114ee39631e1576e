"""Kept results follow what they are made from: to the very end, and when two change it at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from rooms.agenda import session_ends
from rooms.attendance import corrections, keeping, materials, results
from rooms.connection import Connection
from server.database import Pool
from tests.support.lessons import FILM_MS, World, a_class, a_session, a_world

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEPT = "select outcome, headcount, present_ms from session_class_results"


async def a_screen(conn: Connection, world: World, session_class_id: UUID) -> UUID:
    """A classroom screen that watched the first minute; its visit's connection."""
    seat_id = await conn.fetchval(
        """
        insert into seats (programme_id, session_class_id, kind, token_hash, created_at)
        values ($1, $2, 'beamer', $3, $4) returning id
        """,
        world.programme.id, session_class_id, uuid4().bytes, NOW,
    )  # fmt: skip
    connection = uuid4()
    await conn.execute(
        """
        insert into visits (programme_id, seat_id, connection, started_at, seen_until, watched,
            media_flowed, media_wanted)
        values ($1, $2, $3, $4, $5, int8multirange(int8range(0, 60000)), true, true)
        """,
        world.programme.id, seat_id, connection, NOW, NOW + MINUTE,
    )  # fmt: skip
    return connection


async def test_what_was_corrected_on_the_way_is_judged_again_at_the_end(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        session = await a_session(conn, world, await a_class(conn, world), NOW)
        key = session.session_class_id
        connection = await a_screen(conn, world, key)
        why = (key, "headcount", "26", "Two are ill")
        await corrections.correct(conn, world.scope, *why, NOW + MINUTE)
        assert (await conn.fetchrow(KEPT))["outcome"] == "partial"
        await conn.execute(
            """
            update visits set seen_until = $2, watched = int8multirange(int8range(0, $3))
            where connection = $1
            """,
            connection, NOW + 3 * MINUTE, FILM_MS,
        )  # fmt: skip
        # its visit falls silent while the lesson still runs; hours later the lesson ends by itself
        for minutes in (5, 600):
            await keeping.sweep(conn, NOW + minutes * MINUTE)
        assert await conn.fetchval("select state from sessions") == "ended"
        now = results.judge(await materials.one(conn, key))
        assert await keeping.sweep(conn, NOW + 700 * MINUTE) == []
        kept = await conn.fetchrow(KEPT)
    assert tuple(kept) == (now.outcome, now.headcount, now.present_ms) == ("present", 26, FILM_MS)


async def test_two_corrections_at_once_are_both_in_the_result(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        session = await a_session(conn, world, await a_class(conn, world), NOW)
        await a_screen(conn, world, session.session_class_id)

    async def correct(conn: Connection, field: str, value: str) -> None:
        why = (session.session_class_id, field, value, "So it was")
        await corrections.correct(conn, world.scope, *why, NOW)

    async with pool.acquire() as first, pool.acquire() as second:
        held = first.transaction()
        await held.start()
        await correct(first, "headcount", "25")
        other = asyncio.create_task(correct(second, "outcome", "present"))
        await asyncio.wait([other], timeout=0.5)
        await held.commit()
        await other
        kept = await first.fetchrow(KEPT)
    assert tuple(kept)[:2] == ("present", 25)


async def test_whatever_was_never_judged_is_judged_after_a_start(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long ago it ended, and more of them than one round takes."""
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        for name in ("3B", "4A", "5C"):
            await a_session(conn, world, await a_class(conn, world, name), NOW)
        await conn.execute("update sessions set state = 'ended', ended_at = started_at")
    monkeypatch.setattr(session_ends, "AT_ONCE", 1)
    monkeypatch.setattr(keeping, "SWEEP_EVERY_S", 0.01)
    async with keeping.keeping(pool, lambda: NOW + timedelta(days=60)), asyncio.timeout(10):
        while await pool.fetchval("select count(*) from session_class_results") < 3:
            await asyncio.sleep(0.02)
    rows = await pool.fetch(KEPT)
    assert {row["outcome"] for row in rows} == {"no_show"}


async def test_lessons_that_cannot_be_judged_stand_before_no_others(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come back in every round: whichever it begins with, in some it is another."""
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        made = [
            await a_session(conn, world, await a_class(conn, world, name), NOW)
            for name in ("3B", "4A")
        ]
        await conn.execute("update sessions set state = 'ended', ended_at = started_at")
        monkeypatch.setattr(session_ends, "AT_ONCE", 1)
        rounds = [await session_ends.ended_without_result(conn) for _ in range(64)]
    assert {one for found in rounds for one in found} == {one.session_class_id for one in made}
