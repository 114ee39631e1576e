"""Commands of several rooms at one process: each room is decided by itself, its own in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import uuid4

from rooms.live import protocol
from rooms.live.room_state import Who
from rooms.live.room_ticks import Asked
from rooms.live.rooms import Room
from rooms.scope import Scope
from server import database
from server.database import Pool
from server.room_desk import TRY_AGAIN, RoomDesk
from server.room_work import WITHIN_S
from tests.support.floor import Clock
from tests.support.lessons import a_world
from tests.support.live_rooms import a_room

WHO = Who(uuid4(), is_moderator=True)
# Long enough for a busy machine, and over before a room that is held is given up.
SOON_S = WITHIN_S - 2


async def two_rooms(pool: Pool, now: datetime) -> tuple[Room, Room]:
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        return await a_room(conn, world, now, "Held"), await a_room(conn, world, now, "Free")


@asynccontextmanager
async def a_desk(pool: Pool, clock: Clock) -> AsyncIterator[RoomDesk]:
    async with RoomDesk(pool, clock) as desk, asyncio.TaskGroup() as group:
        deciding = group.create_task(_decide(desk))
        yield desk
        deciding.cancel()


async def _decide(desk: RoomDesk) -> None:
    while True:
        await desk.decide()


def ask(desk: RoomDesk, room: Room, minutes: int = 5) -> asyncio.Future[str | None]:
    """A moderator sets the timer; what becomes of it."""
    answer = asyncio.get_running_loop().create_future()
    command = protocol.SetTimer(1, minutes * 60)
    asked = Asked(WHO, Scope(room.programme_id), command)
    desk.ask(room.programme_id, room.id, asked, answer.set_result)
    return answer


async def test_a_room_that_somebody_holds_keeps_no_other_waiting(pool: Pool, clock: Clock) -> None:
    held, free = await two_rooms(pool, clock())
    async with a_desk(pool, clock) as desk:
        async with pool.acquire() as holder, holder.transaction():
            await holder.execute("select 1 from rooms where id = $1 for update", held.id)
            waits = [ask(desk, held), ask(desk, free)]
            assert await asyncio.wait_for(waits[1], SOON_S) is None
            waits.append(ask(desk, held, 6))
            assert await asyncio.wait_for(ask(desk, free, 6), SOON_S) is None
            assert not waits[0].done() and not waits[2].done()
        assert await asyncio.wait_for(asyncio.gather(waits[0], waits[2]), SOON_S) == [None, None]
    found = "select data ->> 'until' as until from room_events where room_id = $1 order by number"
    first, second = [int(row["until"]) for row in await pool.fetch(found, held.id)]
    assert second - first == 60_000, "in the order in which they came"


async def test_rooms_that_somebody_holds_leave_room_for_the_others(dsn: str, clock: Clock) -> None:
    pool = await database.connect_pool(dsn, max_size=6)
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        rooms = [await a_room(conn, world, clock(), f"Room {number}") for number in range(7)]
    *held, free = rooms
    async with a_desk(pool, clock) as desk:
        async with pool.acquire() as holder, holder.transaction():
            await holder.execute(
                "select 1 from rooms where id = any($1::uuid[]) for update",
                [one.id for one in held],
            )
            waits = [ask(desk, one) for one in held]
            await asyncio.sleep(0.1)
            async with asyncio.timeout(1), pool.acquire():
                pass  # a page is served all the same
            assert await asyncio.wait_for(ask(desk, free), SOON_S) is None
            given_up = [one.result() for one in waits if one.done()]
            assert given_up == [TRY_AGAIN] * (len(held) - 1)
        [slow] = [one for one in waits if not one.done()]
        assert await asyncio.wait_for(slow, SOON_S) is None
    await pool.close()
