"""Keeps presence in rooms: gathers the pongs of a process, writes them once a second, and writes
what the live core tells before it is acknowledged.

Nothing is lost while the database is away: a connection's beats become one, however many come.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from rooms.attendance import visits
from rooms.attendance.moves import Move
from rooms.attendance.rule import SeatKind
from rooms.attendance.seats import Seat
from rooms.connection import AWAY, Connection
from rooms.live import on_air, stage_log
from rooms.live.presence import Page, Told, writes_of

log = logging.getLogger(__name__)

FLUSH_EVERY_S = 1.0
MOST_IN_ONE_FLUSH = 2_000

Lost = Callable[[frozenset[UUID]], None]
Mover = Callable[[Connection, list[Move]], Awaitable[dict[UUID, SeatKind]]]


@dataclass(slots=True)
class Collector:
    """The pages of one process that sit in rooms.

    `moves` writes what waits. `lost` is told of connections whose visit does not go on (the seat
    was taken over, the class left, the room closed), and of those whose seat is of another kind by
    now: the class's screen came, the pupil chose to watch here. `flushed`: beats written since the
    process began.
    """

    pool: "asyncpg.Pool[asyncpg.Record]"
    clock: Callable[[], datetime]
    lost: Lost = lambda connections: None
    moves: Mover = visits.move
    flushed: int = 0
    _pages: dict[UUID, Page] = field(default_factory=dict, init=False)
    _left: dict[UUID, Page] = field(default_factory=dict, init=False)
    _is_away: bool = field(default=False, init=False)  # the database, at the last try
    _is_over: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def open(self, conn: Connection, seat: Seat, connection: UUID | None) -> Page:
        """Opens a visit for the seat, or goes on with the one of this connection.

        The page's `connection` is another than the one asked for when that is somebody else's.
        Pongs go to `Page.beat`. The caller commits before it answers.
        """
        now = self.clock()
        found = await visits.open_one(conn, seat.programme_id, seat.id, connection, now)
        return self.take_up(Page(found, now, seat.kind))

    def take_up(self, page: Page) -> Page:
        """A page whose visit was opened: its pongs are written from now on."""
        found = page.connection
        # The socket before it may not have noticed yet that it is gone.
        before = self._pages.get(found) or self._left.pop(found, None)
        if before is not None and (move := before.take()):
            page.give_back(move)
        self._pages[found] = page
        return page

    def leave(self, page: Page, *, is_goodbye: bool) -> None:
        """The page's socket is gone. Without a goodbye its visit waits for it to come back."""
        if self._pages.get(page.connection) is not page:
            return
        del self._pages[page.connection]
        if is_goodbye:
            page.leave(self.clock())
        self._left[page.connection] = page

    async def run(self) -> None:
        """Writes once a second until `close`, and what is left then."""
        while not self._is_over.is_set():
            try:
                await asyncio.wait_for(self._is_over.wait(), FLUSH_EVERY_S)
            except TimeoutError:
                await self.flush()
        await self.flush()

    def close(self) -> None:
        """What waits is still written."""
        self._is_over.set()

    async def flush(self) -> None:
        """Writes what waits; what cannot be written waits on."""
        pages = [*self._pages.values(), *self._left.values()]
        self._left.clear()
        taken = [(page, move) for page in pages if (move := page.take())]
        for first in range(0, len(taken), MOST_IN_ONE_FLUSH):
            await self._write(taken[first : first + MOST_IN_ONE_FLUSH])

    async def _write(self, taken: list[tuple[Page, Move]]) -> None:
        try:
            async with self.pool.acquire() as conn, conn.transaction():
                placed = await self.moves(conn, [move for _, move in taken])
        except AWAY as error:
            if not self._is_away:
                log.warning("beats of rooms wait: %s", type(error).__name__)
            self._is_away = True
            self._give_back(taken)
            return
        if self._is_away:
            log.info("beats of rooms are written again, of %s pages", len(taken))
        self._is_away = False
        self.flushed += len(placed)
        self._tell_lost(frozenset(move.connection for _, move in taken) - placed.keys())
        self._tell_moved(placed)

    def _give_back(self, taken: list[tuple[Page, Move]]) -> None:
        for page, move in taken:
            page.give_back(move)
            if page.connection not in self._pages:
                self._left[page.connection] = page

    def _tell_lost(self, connections: frozenset[UUID]) -> None:
        lost = connections & self._pages.keys()
        for connection in lost:
            del self._pages[connection]
        if lost:
            self.lost(frozenset(lost))

    def _tell_moved(self, placed: Mapping[UUID, SeatKind]) -> None:
        """Once: the page comes back by itself, and then knows its place."""
        moved = []
        for connection, kind in placed.items():
            page = self._pages.get(connection)
            if page is not None and page.kind is not kind:
                page.kind = kind
                moved.append(connection)
        if moved:
            self.lost(frozenset(moved))


async def keep(conn: Connection, told: Told, now: datetime) -> None:
    """Writes a batch of the live core; the same batch again changes nothing.

    The caller acknowledges it after its commit. Rooms are held first, and in one order: so does
    whoever closes one, and goes on to its visits.
    """
    writes = writes_of(told)
    await _hold(conn, sorted({*writes.on_air, *told.stages}))
    await on_air.see(conn, writes.on_air, now)
    for room_id, members in told.stages.items():
        await stage_log.note(conn, room_id, members, now)
    await on_air.end(conn, [room for room, members in told.stages.items() if not members])
    await visits.move(conn, list(writes.moves))


async def _hold(conn: Connection, room_ids: list[UUID]) -> None:
    await conn.execute(
        "select 1 from rooms where id = any($1::uuid[]) order by id for update", room_ids
    )
