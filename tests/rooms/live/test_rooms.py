"""Rooms: who opens one, who sees it, who closes it."""

from datetime import timedelta

import pytest

from rooms.attendance import seats
from rooms.errors import NotThere, Refused
from rooms.live import entering, log, presenters, rooms
from rooms.scope import Grant, Scope
from server.database import Pool
from tests.support import lessons, people
from tests.support.floor import Clock
from tests.support.live_rooms import a_room, editor_scope, moderator_of, presenter_of


async def test_an_editor_opens_for_her_company(pool: Pool, clock: Clock) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        made = await a_room(conn, world, clock(), "  Live  from the yard ")
        assert (made.title, made.company, made.is_open) == (
            "Live from the yard",
            "Havenlicht",
            True,
        )
        assert made.zone == world.programme.zone
        untitled = await rooms.open_room(conn, presenter_of(world), "", None, clock())
        assert untitled.title == "Havenlicht"
        row = await conn.fetchrow("select * from sessions where id = $1", made.session_id)
        assert row is not None
        assert (row["state"], row["tour_id"], row["room_id"]) == ("running", None, made.id)
        with pytest.raises(Refused, match="room_title"):
            await rooms.open_room(conn, presenter_of(world), "x" * 121, None, clock())


async def test_nobody_opens_for_somebody_elses_company(pool: Pool, clock: Clock) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        twin = await lessons.a_world(conn, "twin")
        other = await people.a_company(conn, world.programme, "Molen")
        for company in (other, twin.company):
            with pytest.raises(NotThere):
                await rooms.open_room(conn, presenter_of(world), "x", company.id, clock())
        office = moderator_of(world, world.editor.id)
        with pytest.raises(NotThere):
            await rooms.open_room(conn, office, "x", twin.company.id, clock())
        both = Scope(
            world.programme.id,
            world.editor.id,
            tuple(Grant("editor", company_id=one.id) for one in (world.company, other)),
        )
        with pytest.raises(Refused, match="room_company"):
            await rooms.open_room(conn, both, "x", None, clock())
        made = await rooms.open_room(conn, both, "x", other.id, clock())
        assert made.company_id == other.id


async def test_roles_in_a_room(pool: Pool, clock: Clock) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        other = await people.a_company(conn, world.programme, "Molen")
        stranger = await people.an_editor(conn, world.programme, other)
        twin = await lessons.a_world(conn, "twin")
        await conn.execute(
            "update companies set region_id = $2 where id = $1", world.company.id, world.region.id
        )
        room = await a_room(conn, world, clock())
        own_region = Scope(
            world.programme.id, stranger.id, (Grant("coordinator", region_id=world.region.id),)
        )
        far = await people.a_region(conn, world.programme, "Ver")
        far_one = Scope(world.programme.id, stranger.id, (Grant("coordinator", region_id=far.id),))
        expected = [
            (presenter_of(world), "presenter"),
            (editor_scope(world.programme, stranger, world.company), "presenter"),
            (moderator_of(world), "moderator"),
            (Scope(world.programme.id, stranger.id, (Grant("moderator"),)), "moderator"),
            (
                Scope(
                    world.programme.id,
                    stranger.id,
                    (Grant("presenter", company_id=world.company.id),),
                ),
                "presenter",
            ),
            (own_region, "moderator"),
            (far_one, "viewer"),
            (world.scope, "teacher"),
            (editor_scope(world.programme, stranger, other), None),
            (Scope(world.programme.id), None),
            (presenter_of(twin), None),
            (moderator_of(twin), None),
            (twin.scope, None),
        ]
        for scope, role in expected:
            assert rooms.role_in(scope, room) == role
            listed = [one.id for one in await rooms.open_ones(conn, scope)]
            assert listed == ([room.id] if role else [])
            assert rooms.may_close(scope, room) == (role in {"presenter", "moderator"})
            if role is None:
                with pytest.raises(NotThere):
                    await rooms.get(conn, scope, room.id)
                with pytest.raises(NotThere):
                    await entering.enter(conn, scope, None, room.id)
            else:
                assert (await entering.enter(conn, scope, None, room.id)).role == role


async def test_closing(pool: Pool, clock: Clock) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        room = await a_room(conn, world, clock())
        clock.move(minutes=40)
        with pytest.raises(NotThere):
            await rooms.close(conn, world.scope, room.id, clock())
        closed = await rooms.close(conn, moderator_of(world), room.id, clock())
        assert closed.closed_at == clock()
        clock.move(minutes=1)
        again = await rooms.close(conn, moderator_of(world), room.id, clock())
        assert again.closed_at == closed.closed_at
        assert await rooms.open_ones(conn, world.scope) == []
        [line] = await log.since(conn, world.scope, room.id, 0)
        assert (line.number, line.kind) == (1, "closed")
        with pytest.raises(Refused, match="room_closed"):
            await presenters.take_place(conn, presenter_of(world), room.id, clock())


async def test_a_forgotten_room_closes_itself(pool: Pool, clock: Clock) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        used, untouched = [await a_room(conn, world, clock()) for _ in range(2)]
        seen = clock() + timedelta(hours=1)
        await conn.execute(
            """
            insert into on_air (programme_id, session_id, started_at, seen_until, ended_at)
            values ($1, $2, $3, $4, $4)
            """,
            world.programme.id,
            used.session_id,
            clock(),
            seen,
        )
        clock.move(hours=12)
        assert await rooms.close_idle(conn, clock()) == []
        clock.move(hours=1)
        assert await rooms.close_idle(conn, clock()) == [(world.programme.id, used.session_id)]
        assert (await rooms.shown(conn, world.programme.id, used.id)).closed_at == seen
        assert (await rooms.shown(conn, world.programme.id, untouched.id)).is_open
        clock.move(days=14)
        assert len(await rooms.close_idle(conn, clock())) == 1


async def test_looking_for_forgotten_rooms_holds_none_that_stays_open(
    pool: Pool, clock: Clock
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        room = await a_room(conn, await lessons.a_world(conn), clock())
    clock.move(hours=13)
    async with pool.acquire() as sweeping, pool.acquire() as deciding, sweeping.transaction():
        assert await rooms.close_idle(sweeping, clock()) == []
        held = "select title from rooms where id = $1 for update nowait"
        assert await deciding.fetchval(held, room.id) == room.title


async def test_a_seat_of_another_session_opens_no_room(pool: Pool, clock: Clock) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        room = await a_room(conn, world, clock())
        session = await lessons.a_session(conn, world, await lessons.a_class(conn, world), clock())
        _, token = await seats.sit(
            conn, world.programme.id, session.session_class_id, None, clock()
        )
        with pytest.raises(NotThere):
            await entering.enter(conn, None, token, room.id)
        with pytest.raises(NotThere):
            await entering.enter(conn, None, None, room.id)
