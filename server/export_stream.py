"""An export on its way: rows leave while they are read, so that a long one needs no memory."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from rooms.attendance import export, exports
from rooms.attendance.lines import JSON_COMMA, JSON_END
from rooms.attendance.report import Filters
from rooms.scope import Scope as Eyes
from server.context import Here
from server.database import Pool

# Each holds a connection and reads one moment of the database: others wait for their turn.
AT_ONCE = 3
# Who reads slower than this is not waited for.
LONGEST_S = 300
_turns = asyncio.Semaphore(AT_ONCE)


WHAT = "attendance"
# What in an address only concerns the file's form.
FORM = {"delimiter", "page", "format"}


class Streamed(StreamingResponse):
    """Lets go of its connection at once when the reader goes away."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it, within a while."""
        try:
            async with asyncio.timeout(LONGEST_S):
                await super().__call__(scope, receive, send)
        finally:
            close = getattr(self.body_iterator, "aclose", None)
            if close is not None:
                await close()


async def csv_parts(
    pool: Pool, eyes: Eyes, filters: Filters, delimiter: str, ended: "Ended"
) -> AsyncGenerator[bytes, None]:
    """A CSV file, its head before the first row is looked for."""
    yield export.LINES.csv_first(delimiter)
    rows = 0
    async with (
        _turns,
        pool.acquire() as conn,
        export.one_moment(conn),
        aclosing(export.batches(conn, eyes, filters)) as parts,
    ):
        async for found in parts:
            rows += len(found)
            yield export.LINES.csv(found, delimiter)
    await ended(rows)


async def json_parts(
    pool: Pool, eyes: Eyes, filters: Filters, ended: "Ended"
) -> AsyncGenerator[bytes, None]:
    """The same rows as one JSON document."""
    yield export.LINES.json_first(export.VERSION)
    rows = 0
    async with (
        _turns,
        pool.acquire() as conn,
        export.one_moment(conn),
        aclosing(export.batches(conn, eyes, filters)) as parts,
    ):
        async for found in parts:
            if found:
                yield (JSON_COMMA if rows else b"") + export.LINES.json(found)
            rows += len(found)
    yield JSON_END
    await ended(rows)


async def begun(here: Here, format: str) -> "Ended":
    """Notes who takes what, before the first byte leaves."""
    async with here.transaction() as conn:
        export_id = await exports.begin(conn, here.scope, WHAT, format, told(here), here.now)
    return Ended(here.floor.pool, export_id, here.floor.clock)


def told(here: Here) -> str:
    """The filters as the address has them."""
    asked = parse_qsl(here.request.url.query)
    return urlencode([(name, value) for name, value in asked if name not in FORM])


class Ended:
    """Puts on record that an export went out whole."""

    def __init__(self, pool: Pool, export_id: UUID, clock: Callable[[], datetime]) -> None:
        self._pool, self._id, self._clock = pool, export_id, clock

    async def __call__(self, rows: int) -> None:
        """With so many rows."""
        async with self._pool.acquire() as conn:
            await exports.end(conn, self._id, rows, self._clock())
