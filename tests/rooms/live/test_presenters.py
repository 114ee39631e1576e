"""Presenters, their stream keys, the lease of a room and its log."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from rooms.errors import Conflict, NotThere, Refused
from rooms.live import leases, log, presenters, stream_keys
from server.database import Pool
from tests.support import lessons, people
from tests.support.floor import Clock
from tests.support.live_rooms import a_room, editor_scope, moderator_of, presenter_of


async def test_a_presenter_keeps_her_place(pool: Pool, clock: Clock) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        room = await a_room(conn, world, clock())
        me = presenter_of(world)
        assert await presenters.place_of(conn, me, room.id) is None
        first = await presenters.take_place(conn, me, room.id, clock())
        again = await presenters.take_place(conn, me, room.id, clock())
        assert first == again
        assert first.name == "Sem Visser"
        with pytest.raises(NotThere):
            await presenters.take_place(conn, world.scope, room.id, clock())


async def test_a_removed_presenter_does_not_come_back(pool: Pool, clock: Clock) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        twin = await lessons.a_world(conn, "twin")
        room = await a_room(conn, world, clock())
        me = presenter_of(world)
        key = await stream_keys.create(conn, me, room.id, "OBS", clock())
        place = await presenters.place_of(conn, me, room.id)
        assert place is not None
        for scope in (world.scope, moderator_of(twin), presenter_of(twin)):
            with pytest.raises(NotThere):
                await presenters.remove(conn, scope, room.id, place.member, clock())
        await presenters.remove(conn, moderator_of(world), room.id, place.member, clock())
        with pytest.raises(Refused, match="presenter_removed"):
            await presenters.take_place(conn, me, room.id, clock())
        assert await stream_keys.holder(conn, key.token, clock()) is None
        with pytest.raises(NotThere):
            await presenters.remove(conn, moderator_of(world), room.id, place.member, clock())


async def test_what_is_hidden_stays_so_for_as_long_as_she_may_be_back(
    pool: Pool, clock: Clock
) -> None:
    """A program that lost its line does not show what was hidden; another day nobody is dark."""
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        room = await a_room(conn, world, clock())
        me = presenter_of(world)
        member = (await presenters.take_place(conn, me, room.id, clock())).member

        async def happens(kind: str) -> None:
            await log.append(conn, me, room.id, kind, clock(), {"member": str(member)})

        async def is_anew() -> tuple[bool, bool]:
            anew = await presenters.begins_anew(conn, me, room.id, member, clock())
            return anew, member in await presenters.hidden(conn, me, room.id)

        await presenters.hide(conn, me, member, clock())
        assert await is_anew() == (True, True), "hidden before she came"
        await happens("presenter_came")
        clock.move(hours=2)
        assert await is_anew() == (False, True)
        await happens("presenter_left")
        clock.move(minutes=9)
        assert await is_anew() == (False, True)
        clock.move(minutes=2)
        assert await is_anew() == (True, False)


async def test_a_key_is_shown_once_and_kept_hashed(pool: Pool, clock: Clock) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        room = await a_room(conn, world, clock())
        me = presenter_of(world)
        made = await stream_keys.create(conn, me, room.id, " OBS  in the hall ", clock())
        assert len(made.token) == 32
        row = await conn.fetchrow("select * from stream_keys")
        assert row is not None
        assert made.token not in str(dict(row))
        held = await stream_keys.holder(conn, made.token, clock())
        place = await presenters.place_of(conn, me, room.id)
        assert held is not None and place is not None
        assert (held.room_id, held.member, held.is_room_open) == (room.id, place.member, True)
        [listed] = await stream_keys.mine(conn, me, room.id)
        assert (listed.label, listed.last_used_at) == ("OBS in the hall", clock())


async def test_a_key_that_does_not_work(pool: Pool, clock: Clock) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        room = await a_room(conn, world, clock())
        me = presenter_of(world)
        made = await stream_keys.create(conn, me, room.id, "", clock())
        for wrong in ("", made.token[:-1], made.token + "x", made.token.swapcase()):
            assert await stream_keys.holder(conn, wrong, clock()) is None
        late = clock() + stream_keys.LASTS
        assert await stream_keys.holder(conn, made.token, late) is None
        assert await stream_keys.holder(conn, made.token, late - timedelta(seconds=1)) is not None
        other = await people.an_editor(conn, world.programme, world.company)
        with pytest.raises(NotThere):
            colleague = editor_scope(world.programme, other, world.company)
            await stream_keys.revoke(conn, colleague, room.id, made.id, clock())
        await stream_keys.revoke(conn, me, room.id, made.id, clock())
        await stream_keys.revoke(conn, me, room.id, made.id, clock())
        assert await stream_keys.holder(conn, made.token, clock()) is None


async def test_keys_have_a_limit(pool: Pool, clock: Clock) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        room = await a_room(conn, world, clock())
        me = presenter_of(world)
        made = [
            await stream_keys.create(conn, me, room.id, "", clock())
            for _ in range(stream_keys.MOST_KEYS)
        ]
        with pytest.raises(Conflict, match="keys_many"):
            await stream_keys.create(conn, me, room.id, "", clock())
        await stream_keys.revoke(conn, me, room.id, made[0].id, clock())
        await stream_keys.create(conn, me, room.id, "", clock())
        with pytest.raises(Refused, match="key_label"):
            await stream_keys.create(conn, me, room.id, "x" * 61, clock())


async def test_a_lease_grows_with_another_process(pool: Pool, clock: Clock) -> None:
    first, second = uuid4(), uuid4()
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        room = await a_room(conn, world, clock())
        scope = world.scope
        assert await leases.current(conn, scope, room.id) is None
        taken = await leases.take(conn, scope, room.id, "/run/live", first, clock())
        assert taken.epoch == 1
        clock.move(seconds=5)
        assert await leases.take(conn, scope, room.id, "/run/live", first, clock()) == taken
        moved = await leases.take(conn, scope, room.id, "/run/live", second, clock())
        assert (moved.epoch, moved.taken_at) == (2, clock())
        assert await leases.current(conn, scope, room.id) == moved
        twin = await lessons.a_world(conn, "twin")
        assert await leases.current(conn, twin.scope, room.id) is None


async def test_numbers_have_no_hole_whoever_writes(pool: Pool, clock: Clock) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        room = await a_room(conn, world, clock())
    heard: list[str] = []

    async def write() -> int:
        async with pool.acquire() as conn, conn.transaction():
            return await log.append(conn, world.scope, room.id, "on_air", clock())

    async with pool.acquire() as listening:
        await listening.add_listener(log.CHANNEL, lambda *told: heard.append(str(told[3])))
        numbers = await asyncio.gather(*(write() for _ in range(12)))
        async with asyncio.timeout(5):
            while len(heard) < 12:
                await asyncio.sleep(0.01)
        await listening.reset()
    assert sorted(numbers) == list(range(1, 13))
    assert [log.read_payload(text) for text in heard] == [(room.id, n) for n in range(1, 13)]
    async with pool.acquire() as conn:
        told = await log.since(conn, world.scope, room.id, 10)
        assert [one.number for one in told] == [11, 12]
        twin = await lessons.a_world(conn, "twin")
        assert await log.since(conn, twin.scope, room.id, 0) == []
        with pytest.raises(NotThere):
            await log.append(conn, twin.scope, room.id, "on_air", clock())
