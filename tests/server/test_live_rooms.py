"""Rooms in their live processes: any web process steers them, one that dies loses them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from media.errors import LiveError
from media.live.address import address_for
from media.live.messages import (
    UNTOLD,
    Close,
    Done,
    Mute,
    Open,
    Present,
    Roll,
    RollCall,
    Stage,
    Told,
    Track,
    Want,
)
from rooms.live import leases, rooms
from rooms.live.rooms import Room
from rooms.scope import Scope
from server import live_rooms
from server.live_rooms import LiveRooms
from tests.support import lessons
from tests.support.floor import Clock, House, house
from tests.support.live_house import LiveHouse, a_part, live_house
from tests.support.live_rooms import a_room, presenter_of
from tests.support.scripted_live import ScriptedLive, refuse, scripted_live
from tests.support.sockets import a_page, listening
from tests.support.waiting import until


@dataclass
class Side:
    """A web process with a live process beside it."""

    house: House
    live: ScriptedLive

    @property
    def rooms(self) -> LiveRooms:
        found: LiveRooms = self.house.app.state.floor.rooms["live"]
        return found

    async def wish(self, room: Room, wish: str = "low") -> None:
        """Asks something about the room."""
        ask = Want(room.id, uuid4(), wish)  # type: ignore[arg-type]
        await self.rooms.ask(room.programme_id, room.id, lambda _: ask, Done)


@pytest.fixture
async def sides(dsn: str, tmp_path: Path, clock: Clock) -> AsyncIterator[tuple[Side, Side]]:
    """Two of them on one database and one home."""
    async with (
        scripted_live(address_for(tmp_path, 7900)) as one,
        scripted_live(address_for(tmp_path, 7901)) as other,
        house(dsn, tmp_path, clock, live_port=7900) as first,
        house(dsn, tmp_path, clock, live_port=7901) as second,
    ):
        made = Side(first, one), Side(second, other)
        await until(lambda: all(side.rooms.is_there for side in made))
        yield made


async def room_in(side: Side) -> Room:
    async with side.house.pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        return await a_room(conn, world, side.house.clock())


async def lease_of(side: Side, room: Room) -> leases.Lease:
    async with side.house.pool.acquire() as conn:
        found = await leases.current(conn, Scope(room.programme_id), room.id)
    assert found is not None
    return found


async def test_the_other_web_process_asks_the_one_that_has_the_room(
    sides: tuple[Side, Side],
) -> None:
    one, other = sides
    room = await room_in(one)
    await one.wish(room)
    await other.wish(room, "high")
    assert [ask.wish for ask in one.live.of(Want)] == ["low", "high"]
    assert other.live.of(Open) == []
    assert (await lease_of(one, room)).epoch == 1


async def test_of_two_who_see_a_restart_one_epoch_comes(sides: tuple[Side, Side]) -> None:
    one, other = sides
    room = await room_in(one)
    await one.wish(room)
    await other.wish(room)
    await one.live.restart()
    await until(lambda: one.rooms.epoch(room.id) == other.rooms.epoch(room.id) == 2)
    assert {ask.epoch for ask in one.live.of(Open)} == {1, 2}
    assert (await lease_of(one, room)).process == one.live.process


async def test_a_live_process_that_stays_away_loses_its_rooms(
    sides: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_rooms, "GIVEN_UP_AFTER_S", 0.6)
    monkeypatch.setattr(live_rooms, "CONNECT_WITHIN_S", 0.1)
    one, other = sides
    room = await room_in(one)
    await one.wish(room)
    await one.live.kill()
    with pytest.raises(LiveError, match="live_away"):
        await other.wish(room)
    await asyncio.sleep(0.7)
    await other.wish(room)
    assert [ask.epoch for ask in other.live.of(Open)] == [2]
    assert (await lease_of(one, room)).live_address == str(other.live.address)
    await one.live.start()
    await until(lambda: one.rooms.epoch(room.id) == 2)
    await one.wish(room, "audio")
    assert [ask.wish for ask in other.live.of(Want)] == ["low", "audio"]
    assert len(one.live.of(Open)) == 1


async def test_pages_of_any_web_process_see_the_stage(sides: tuple[Side, Side]) -> None:
    one, other = sides
    room = await room_in(one)
    await one.wish(room)
    stage = Stage(room.id, 1, 5, (Track(uuid4(), "camera", "video", 0, "VP8", "flowing"),))
    one.live.stages = (stage,)
    await other.wish(room)
    assert other.rooms.stages[room.id] == stage
    one.live.tell(Told(stages=(Stage(room.id, 1, 0, ()),)))
    await until(lambda: other.rooms.stages[room.id].viewers == 0)


async def test_each_live_process_is_asked_about_its_own_rooms(sides: tuple[Side, Side]) -> None:
    """One that lost a room to another may still say by whose right somebody is in it."""
    one, other = sides
    async with one.house.pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        first, second = [await a_room(conn, world, one.house.clock()) for _ in range(2)]
    await one.wish(first)
    await other.wish(second)
    await one.wish(second)
    for side, room in ((one, first), (other, second)):
        side.live.answers[RollCall] = Roll(
            {room.id: Present((f"seat:{side.live.process}",), ()) for room in (first, second)}
        )
        side.live.tell(Told(stages=(Stage(room.id, 1, 1, ()),)))
    await until(lambda: {first.id, second.id} <= one.rooms.stages.keys())
    rolls = await one.rooms.roll_call()
    assert {room_id: present.names for room_id, present in rolls.items()} == {
        first.id: (f"seat:{one.live.process}",),
        second.id: (f"seat:{other.live.process}",),
    }


async def test_an_older_live_process_is_told_of_once(
    sides: tuple[Side, Side], caplog: pytest.LogCaptureFixture
) -> None:
    """It cannot be asked by whose right what it carries is there."""
    one, _ = sides
    one.live.knows = UNTOLD
    await one.live.restart()
    await until(lambda: one.rooms.processes() == [one.live.process])
    await one.wish(await room_in(one))
    for _ in range(2):
        assert await one.rooms.roll_call() == {}
    [said] = [line.getMessage() for line in caplog.records if line.levelname == "WARNING"
              and "older than this process" in line.getMessage()]  # fmt: skip
    assert str(one.live.address) in said


# --- one live process ----------------------------------------------------------------------------


@pytest.fixture
async def there(dsn: str, tmp_path: Path, clock: Clock) -> AsyncIterator[LiveHouse]:
    async with live_house(dsn, tmp_path, clock) as made:
        yield made


async def mute(there: LiveHouse) -> None:
    room, member = there.room, uuid4()
    await there.rooms.ask(
        room.programme_id, room.id, lambda epoch: Mute(room.id, epoch, member, True), Done
    )


async def test_of_many_who_ask_at_once_one_opens_the_room(there: LiveHouse) -> None:
    await asyncio.gather(*(mute(there) for _ in range(30)))
    assert len(there.live.of(Open)) == 1
    assert len(there.live.of(Mute)) == 30
    there.live.answers[Mute] = lambda ask: refuse("stale_epoch") if ask.epoch < 2 else Done()
    there.live.answers[Open] = Done()
    await there.house.pool.execute("update room_leases set epoch = 2")
    await asyncio.gather(*(mute(there) for _ in range(30)))
    assert len(there.live.of(Open)) == 2


async def test_a_room_that_was_closed_meanwhile_is_ended_where_it_still_runs(
    there: LiveHouse,
) -> None:
    async with there.house.pool.acquire() as conn, conn.transaction():
        await rooms.close(conn, presenter_of(there.world), there.room.id, there.house.clock())
    nobody = uuid4()
    there.live.tell(Told(stages=(Stage(there.room.id, 4, 0, ()), Stage(nobody, 2, 0, ()))))
    await there.live.next(Close, 2)
    assert set(there.live.of(Close)) == {Close(there.room.id, 4), Close(nobody, 2)}
    assert there.rooms.stages == {}


async def test_a_web_process_that_starts_anew_knows_the_rooms_that_run(there: LiveHouse) -> None:
    there.live.tell(Told(stages=(Stage(there.room.id, 3, 2, ()),)))
    await until(lambda: there.rooms.knows(there.room.id) is not None)
    assert there.rooms.epoch(there.room.id) == 3
    await mute(there)
    assert there.live.of(Open) == []
    assert there.live.of(Mute)[0].epoch == 3


async def test_closing_a_room_nobody_opened_asks_nothing(there: LiveHouse) -> None:
    await there.rooms.close(uuid4())
    assert there.live.of(Close) == []


async def test_while_the_database_is_away_rooms_wait_to_be_opened_again(
    there: LiveHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mute(there)
    real, tries = leases.current, []

    async def away(*asked: object) -> object:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("away")
        return await real(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(leases, "current", away)
    await there.live.restart()
    await until(lambda: there.rooms.epoch(there.room.id) == 2)
    assert len(tries) == 3


async def test_a_line_that_breaks_is_no_restart(there: LiveHouse) -> None:
    _, token = await a_part(there.house, there.world, there.room, "4A")
    async with (
        listening(there.house.app) as url,
        a_page(url, there.room.id, f"seat={token}") as page,
    ):
        await page.hello()
        there.live.listeners[0].transport.abort()
        await until(lambda: not there.rooms.is_there)
        await until(lambda: there.rooms.is_there)
        await page.beating(1)
        assert "live_restarted" not in page.kinds()
    assert len(there.live.of(Open)) == 1
