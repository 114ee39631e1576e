"""The queue's door to the database: it stays open while PostgreSQL is restarted.

PgQueuer's own drivers give up at the first lost connection, and a lane that gives up takes the
films in its hands down with it. Here every statement is tried again until the database is back,
and a lost LISTEN is taken up anew. All of PgQueuer's statements may be repeated: a job picked by
an answer we never read is picked again when it shows no heartbeat.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self, TypeVar

import asyncpg
from pgqueuer.core.tm import TaskManager
from pgqueuer.ports.driver import Driver, NotifyCallback

from server.database import Connection, Pool

log = logging.getLogger(__name__)

T = TypeVar("T")

# What a statement raises while the database is going down, away, or coming up.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
)
TRY_AGAIN_S = 0.5
# Away for longer than this is the operator's to mend: the process ends, and says so.
PATIENCE_S = 120.0


async def steadily(work: Callable[[], Awaitable[T]]) -> T:
    """The answer of `work`, tried again while the database is away. `work` may run twice."""
    clock = asyncio.get_running_loop().time
    until = clock() + PATIENCE_S
    while True:
        try:
            return await work()
        except AWAY as error:
            if clock() > until:
                raise
            log.warning("the database is away: %s", type(error).__name__)
        await asyncio.sleep(TRY_AGAIN_S)


class SteadyDriver(Driver):
    """What PgQueuer talks through; one per lane, on the worker's pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._shutdown = asyncio.Event()
        self._listening: list[asyncio.Task[None]] = []

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """The rows of a query."""
        rows = await steadily(lambda: self._pool.fetch(query, *args))
        return [dict(row) for row in rows]

    async def execute(self, query: str, *args: object) -> str:
        """Runs a statement; returns its command tag."""
        return await steadily(lambda: self._pool.execute(query, *args))

    async def notify(self, channel: str, payload: str) -> None:
        """Sends a notification."""
        await self.execute("select pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Hands each payload on `channel` to `callback` from soon on until the driver is left."""
        self._listening.append(asyncio.create_task(self._listen_on(channel, callback)))

    async def _listen_on(self, channel: str, callback: NotifyCallback) -> None:
        while True:
            with suppress(*AWAY):
                async with self._pool.acquire() as conn:
                    await _listen(conn, channel, callback)
            await asyncio.sleep(TRY_AGAIN_S)

    @property
    def shutdown(self) -> asyncio.Event:
        """Part of PgQueuer's protocol; nothing here sets it."""
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        """Part of PgQueuer's protocol; our own tasks are ended on leaving."""
        return TaskManager()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        self._listening.clear()


async def _listen(conn: Connection, channel: str, callback: NotifyCallback) -> None:
    """Listens until the connection is lost or the task cancelled."""
    lost = asyncio.Event()

    def on_lost(_: object) -> None:
        lost.set()

    def on_payload(_conn: object, _pid: object, _channel: object, payload: object) -> None:
        if isinstance(payload, str):
            callback(payload)

    conn.add_termination_listener(on_lost)
    try:
        await conn.add_listener(channel, on_payload)
        await lost.wait()
    finally:
        with suppress(*AWAY):
            conn.remove_termination_listener(on_lost)
            await conn.remove_listener(channel, on_payload)
