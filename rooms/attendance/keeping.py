"""Keeps attendance while a process serves: writes the beats, closes what fell silent."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import asyncpg

from rooms.agenda import room_sessions, session_ends, webinar_doors
from rooms.attendance import results, visits
from rooms.attendance.beat_collector import Collector
from rooms.connection import AWAY, Connection, apart
from rooms.live import on_air, rooms
from rooms.live.rooms import Room

log = logging.getLogger(__name__)

# In quotes: asyncpg's classes take parameters for the type checker only.
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Clock: TypeAlias = Callable[[], datetime]

SWEEP_EVERY_S = 10.0
# Every session is looked at once after a start, later on those that ended lately.
LOOKS_BACK = timedelta(days=7)


@asynccontextmanager
async def keeping(pool: Pool, clock: Clock) -> AsyncIterator[Collector]:
    """The collector of beats and the sweep, owned by one task group.

    Before anything is taken, what a crash left open is closed where it was last seen.
    """
    async with pool.acquire() as conn, conn.transaction():
        await visits.close_after_crash(conn, clock())
    collector, is_over = Collector(pool, clock), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(collector.run(), name="beats")
        group.create_task(_sweep_on(pool, clock, is_over), name="attendance sweep")
        try:
            yield collector
        finally:
            is_over.set()
            collector.close()


async def _sweep_on(pool: Pool, clock: Clock, is_over: asyncio.Event) -> None:
    looks_back: timedelta | None = None
    while not is_over.is_set():
        try:
            async with pool.acquire() as conn, conn.transaction():
                done = await sweep(conn, clock(), looks_back)
            # More than that were never judged: the next round goes on with them.
            if len(done) < session_ends.AT_ONCE:
                looks_back = LOOKS_BACK
        except AWAY as error:
            # The database is away for a moment; nothing is lost, the next round does it.
            log.warning("the sweep of attendance waits: %s", type(error).__name__)
        try:
            await asyncio.wait_for(is_over.wait(), SWEEP_EVERY_S)
        except TimeoutError:
            continue


async def sweep(conn: Connection, now: datetime, looks_back: timedelta | None = None) -> list[UUID]:
    """Closes silent visits and sessions that are over; returns the session classes rebuilt.

    `looks_back`: how long ago a session without a result may have ended; None: whenever.

    Any process may do it at any time: what another has just done is not there any more. Rooms
    come before visits, as everywhere: who closes a room holds it first.
    """
    await on_air.end_silent(conn, now)
    await webinar_doors.sweep(conn, now)
    await rooms.close_idle(conn, now)
    await room_sessions.leave_idle(conn, now)
    touched = await visits.close_silent(conn, now)
    await session_ends.end_due(conn, now)
    since = now - looks_back if looks_back is not None else None
    ended = await session_ends.ended_without_result(conn, since)
    for session_class_id in ended:
        await visits.close_all(conn, session_class_id, "session_ended")
    due = sorted({*ended, *await session_ends.ended_among(conn, touched)})
    for session_class_id in due:
        async with apart(conn, log, "session class %s is not judged", session_class_id):
            await results.rebuild(conn, session_class_id, now)
    return due


async def close_session(conn: Connection, session_class_id: UUID, now: datetime) -> None:
    """After a session's end: its visits end where they were last seen, its result is kept."""
    await visits.close_all(conn, session_class_id, "session_ended")
    await results.rebuild(conn, session_class_id, now)


async def close_room(conn: Connection, room: Room, now: datetime) -> None:
    """After a room was closed: the same for each class that took part, those that left too."""
    for one in await room_sessions.classes_in(conn, room.programme_id, room.session_id):
        await close_session(conn, one, now)
