"""However many rooms hang, the others are served; and no room's work overtakes itself."""

import asyncio
import inspect
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from server import database, room_work
from server.room_desk import RoomDesk
from server.room_hub import RoomHub
from server.room_work import Places, RoomWork
from tests.support.floor import Clock

HANGING = 12
SLOW_AFTER_S, WITHIN_S = 0.05, 0.6


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_work, "SLOW_AFTER_S", SLOW_AFTER_S)
    monkeypatch.setattr(room_work, "WITHIN_S", WITHIN_S)


async def test_rooms_that_hang_keep_one_that_does_not_waiting_for_a_moment() -> None:
    places, given_up, most = Places(3, 1), list[int](), 0
    here = 0

    async def hang(number: int) -> None:
        nonlocal here, most
        try:
            async with places.take():
                here, most = here + 1, max(most, here + 1)
                await asyncio.Event().wait()
        except TimeoutError:
            given_up.append(number)
        finally:
            here -= 1

    async with asyncio.TaskGroup() as group:
        hanging = [group.create_task(hang(number)) for number in range(HANGING)]
        await asyncio.sleep(0)
        async with asyncio.timeout(WITHIN_S), places.take():
            assert most <= places.most
            assert len(given_up) == HANGING - 1, "one is slow, and has not been given up"
        [slow] = [task for task in hanging if not task.done()]
        await asyncio.wait_for(slow, WITHIN_S)
    assert sorted(given_up) == list(range(HANGING))
    async with places.take():
        assert places.most == 4


async def test_no_place_is_waited_for_without_end() -> None:
    with pytest.raises(TimeoutError):
        async with Places(0, 0).take():
            pass


async def test_where_nothing_may_be_slow_it_is_over_its_time_at_once() -> None:
    places = Places(1, 0)
    with pytest.raises(TimeoutError):
        async with places.take():
            await asyncio.sleep(WITHIN_S)
    async with places.take():
        pass


async def test_a_room_begins_anew_when_its_work_has_ended() -> None:
    room, other, done = uuid4(), uuid4(), list[UUID]()
    ends = asyncio.Event()

    async def wait() -> None:
        await ends.wait()

    async with RoomWork(Places(1, 0), done.append) as work:
        work.begin(room, wait())
        work.begin(other, asyncio.sleep(0))
        await asyncio.sleep(0.02)
        assert (work.rooms, done) == ({room}, [other])
        ends.set()
        await asyncio.sleep(0.02)
        assert (work.rooms, done) == (frozenset(), [other, room])
        ends.clear()
        work.begin(room, wait())
    assert done == [other, room, room], "what is under way at its end is stopped"


async def test_a_third_of_the_pool_is_left_to_pages_whatever_hangs(clock: Clock) -> None:
    pool = cast(Any, None)
    hub, desk = RoomHub(pool, "", clock), RoomDesk(pool, clock)
    works = (desk.work, hub.reading, hub.looking)
    size = inspect.signature(database.connect_pool).parameters["max_size"].default
    assert sum(work.places.most for work in works) <= size * 2 // 3
