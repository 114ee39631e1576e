"""The spans on air: they go on while media flows and end where it was last seen."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from rooms.attendance.ranges import union
from rooms.attendance.rule import unix_ms
from rooms.connection import Connection
from rooms.live import keeping, log, on_air, rooms, stage_log
from rooms.live.presence import Flowed, Happened, Told
from rooms.live.rooms import Room
from server.database import Pool
from tests.support import lessons
from tests.support.floor import Clock
from tests.support.lessons import World
from tests.support.live_rooms import a_room, moderator_of, presenter_of


class Air:
    """A room, and seconds since it opened."""

    def __init__(self, conn: Connection, world: World, room: Room, clock: Clock) -> None:
        self.conn, self.world, self.room, self.clock = conn, world, room, clock
        self.start_ms = unix_ms(room.opened_at)

    async def see(self, *spans: tuple[float, float], now: float | None = None) -> None:
        seen = union((self.ms(a), self.ms(b)) for a, b in spans)
        late = max(b for _, b in spans) if now is None else now
        at = self.room.opened_at + timedelta(seconds=late)
        await on_air.see(self.conn, {self.room.id: seen}, at)

    def ms(self, second: float) -> int:
        return self.start_ms + round(second * 1000)

    async def spans(self) -> list[tuple[float, float, bool]]:
        found = await on_air.spans(self.conn, self.world.scope, self.room.session_id)
        return [
            (
                (unix_ms(one.started_at) - self.start_ms) / 1000,
                (unix_ms(one.seen_until) - self.start_ms) / 1000,
                one.ended_at is None,
            )
            for one in found
        ]

    async def kinds(self) -> list[str]:
        return [one.kind for one in await log.since(self.conn, self.world.scope, self.room.id, 0)]


@pytest.fixture
async def air(pool: Pool, clock: Clock) -> AsyncIterator[Air]:
    async with pool.acquire() as conn:
        world = await lessons.a_world(conn)
        yield Air(conn, world, await a_room(conn, world, clock()), clock)


async def test_a_span_goes_on_while_media_flows(air: Air) -> None:
    for second in range(10):
        await air.see((0, second + 1))
    assert await air.spans() == [(0, 10, True)]
    assert await air.kinds() == ["on_air"]
    assert await on_air.on_air_among(air.conn, [air.room.id, uuid4()]) == {air.room.id}
    await on_air.end(air.conn, [air.room.id])
    assert await air.spans() == [(0, 10, False)]
    assert await air.kinds() == ["on_air", "off_air"]


async def test_a_pause_is_not_on_air(air: Air) -> None:
    await air.see((0, 10))
    await air.see((60, 61))
    await air.see((60, 70))
    assert await air.spans() == [(0, 10, False), (60, 70, True)]
    assert await air.kinds() == ["on_air", "off_air", "on_air"]


async def test_news_told_twice_or_late_changes_nothing(air: Air) -> None:
    for span in ((0, 10), (0, 10), (4, 6), (0, 10)):
        await air.see(span)
    await on_air.end(air.conn, [air.room.id])
    await air.see((0, 10))
    await air.see((8, 10.5))
    assert await air.spans() == [(0, 10.5, False)]
    # A span nobody heard of while the web was away is kept, and is no news.
    await air.see((100, 160), now=400)
    assert await air.spans() == [(0, 10.5, False), (100, 160, False)]
    assert await air.kinds() == ["on_air", "off_air"]


async def test_a_crash_leaves_nothing_open(air: Air) -> None:
    await air.see((0, 10))
    air.clock.move(seconds=19)
    await on_air.end_silent(air.conn, air.clock())
    assert await air.spans() == [(0, 10, True)]
    air.clock.move(seconds=2)
    await on_air.end_silent(air.conn, air.clock())
    assert await air.spans() == [(0, 10, False)]


async def test_closing_the_room_ends_it(air: Air) -> None:
    await air.see((0, 10))
    air.clock.move(seconds=11)
    await rooms.close(air.conn, moderator_of(air.world), air.room.id, air.clock())
    assert await air.spans() == [(0, 10, False)]
    assert await air.kinds() == ["on_air", "off_air", "closed"]
    await air.see((0, 12), now=12)
    assert [open_ for *_, open_ in await air.spans()] == [False] * len(await air.spans())
    assert await air.kinds() == ["on_air", "off_air", "closed"]


async def test_a_room_that_is_not_there_is_passed_over(air: Air) -> None:
    await on_air.see(air.conn, {uuid4(): ((0, 10),)}, air.clock())
    await on_air.end(air.conn, [uuid4()])
    await stage_log.note(air.conn, uuid4(), frozenset({uuid4()}), air.clock())


async def test_who_is_on_the_stage_stands_in_the_log_once(air: Air) -> None:
    one, other = uuid4(), uuid4()

    async def stage(*members: UUID) -> list[str]:
        await stage_log.note(air.conn, air.room.id, frozenset(members), air.clock())
        return await air.kinds()

    assert await stage() == []
    assert await stage(one) == ["presenter_came"]
    assert await stage(one) == ["presenter_came"]
    assert await stage(one, other) == ["presenter_came"] * 2
    assert await stage(other) == ["presenter_came", "presenter_came", "presenter_left"]
    assert await stage_log.on_stage(air.conn, air.world.scope, air.room.id) == {other}
    assert (await stage(one, other))[-1] == "presenter_came"


async def test_a_batch_kept_twice_is_kept_once(air: Air) -> None:
    member, viewer = uuid4(), uuid4()
    now = air.room.opened_at + timedelta(seconds=5)
    told = Told(
        happened=(
            Happened(air.room.id, member, "r", "publisher", 1, air.ms(1), "media_flowing"),
            Happened(air.room.id, viewer, "w", "viewer", 1, air.ms(1), "media_flowing"),
        ),
        flowed=(Flowed(air.room.id, member, "publisher", air.ms(1), air.ms(5)),),
        stages={air.room.id: frozenset({member})},
    )
    await keeping.keep(air.conn, told, now)
    before = await air.conn.fetch("select * from on_air"), await air.kinds()
    await keeping.keep(air.conn, told, now)
    assert (await air.conn.fetch("select * from on_air"), await air.kinds()) == before
    assert before[1] == ["on_air", "presenter_came"]
    await keeping.keep(air.conn, Told(stages={air.room.id: frozenset()}), now)
    assert (await air.kinds())[2:] == ["presenter_left", "off_air"]
    assert presenter_of(air.world).programme_id == air.room.programme_id
