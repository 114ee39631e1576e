"""Work on rooms, side by side and bounded: each room's is done one at a time and by itself, all of
it together takes so many connections of the process's pool, and a room that is slow (somebody
holds its row, its rows are many) keeps none of the others waiting for long.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from server.owned import Owner, Tasks

# What takes longer is slow, and makes room for what is not.
SLOW_AFTER_S = 0.5
WITHIN_S = 5.0


class Places:
    """So many at once, and as many as are `slow` beside them: where these are taken already, what
    becomes slow is over its time at once. So a room that hangs costs the others half a second,
    however many hang."""

    def __init__(self, at_once: int, slow: int) -> None:
        self.most = at_once + slow
        self._free = asyncio.Semaphore(at_once)
        self._slow = slow  # that are free

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """A place, as soon as one is free. Raises `TimeoutError` when none is for too long, and
        for what takes too long in it."""
        async with asyncio.timeout(WITHIN_S):
            await self._free.acquire()
        loop, limit, is_slow = asyncio.get_running_loop(), asyncio.timeout(None), False

        def slow_down() -> None:
            nonlocal is_slow
            is_slow = self._slow > 0
            left_s = WITHIN_S - SLOW_AFTER_S if is_slow else 0.0
            limit.reschedule(loop.time() + left_s)
            if is_slow:
                self._slow -= 1
                self._free.release()

        timer = loop.call_later(SLOW_AFTER_S, slow_down)
        try:
            async with limit:
                yield
        finally:
            timer.cancel()
            if is_slow:
                self._slow += 1
            else:
                self._free.release()


class RoomWork(Owner):
    """`places`: what its work takes whenever it holds a connection. `done` is told of each room
    whose work has ended; by then it can begin anew."""

    def __init__(self, places: Places, done: Callable[[UUID], None] = lambda _: None) -> None:
        self.places = places
        self._done = done
        self._tasks = Tasks()
        self._under_way: dict[UUID, asyncio.Task[None]] = {}
        super().__init__(self._tasks)

    @property
    def rooms(self) -> frozenset[UUID]:
        """Those at whose work it is."""
        return frozenset(self._under_way)

    def begin(self, room_id: UUID, work: Coroutine[Any, Any, None]) -> None:
        """Begins a room's work, which catches its own faults; it is in none at that moment."""
        self._under_way[room_id] = task = self._tasks.start(work, "a room's work")
        task.add_done_callback(lambda _: self._ended(room_id))

    def _ended(self, room_id: UUID) -> None:
        del self._under_way[room_id]
        self._done(room_id)
