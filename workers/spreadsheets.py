"""Long spreadsheets: made row by row, published under the lease, gone after a day."""

import asyncio
import logging
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from pgqueuer.domain.errors import RetryRequested

from rooms.attendance import export, exports
from rooms.attendance.exports import Export
from rooms.attendance.workbook import Workbook
from rooms.people import grants
from server import export_words
from workers.floor import Floor

log = logging.getLogger(__name__)

REPORT_EVERY = 2_000


class LetGo(Exception):
    """The lease is somebody else's by now."""


async def make(floor: Floor, export_id: UUID) -> None:
    """Makes the spreadsheet a person asked for, with her eyes as they are now."""
    lease, now = uuid4(), datetime.now(UTC)
    async with floor.pool.acquire() as conn, conn.transaction():
        one = await exports.claim(conn, export_id, lease, floor.heartbeat_limit, now)
        is_busy = one is None and await exports.is_worked_at(conn, export_id)
    if is_busy:
        raise RetryRequested(floor.heartbeat_limit, "another worker is at it")
    if one is None:
        return
    try:
        await _make(floor, one, lease)
    except LetGo:
        log.warning("export %s was taken over", export_id)
    except (RetryRequested, asyncio.CancelledError):
        await _give_back(floor, export_id, lease, is_broken=False)
        raise
    except BaseException:
        await _give_back(floor, export_id, lease, is_broken=True)
        raise


async def _give_back(floor: Floor, export_id: UUID, lease: UUID, *, is_broken: bool) -> None:
    async with floor.pool.acquire() as conn:
        await exports.give_back(conn, export_id, lease, is_broken=is_broken)


async def _make(floor: Floor, one: Export, lease: UUID) -> None:
    path = floor.scratch / f"{lease}.xlsx"
    try:
        rows = await _write(floor, one, lease, path)
        key = f"exports/{one.id}/{lease}.xlsx"
        await floor.storage.put_file(key, path)
        size = path.stat().st_size
        async with floor.pool.acquire() as conn:
            now = datetime.now(UTC)
            is_ours = await exports.finish(conn, one.id, lease, key, size, rows, now)
        if not is_ours:
            await floor.storage.delete(key)
    finally:
        path.unlink(missing_ok=True)


async def _write(floor: Floor, one: Export, lease: UUID, path: Path) -> int:
    book = Workbook(
        path,
        export.LINES,
        export_words.titles(one.language),
        export_words.definitions(one.language, export.VERSION),
    )
    told = 0
    assert one.person_id is not None
    async with (
        floor.pool.acquire() as conn,
        export.one_moment(conn),
    ):
        eyes = await grants.scope_of(conn, one.programme_id, one.person_id)
        async with aclosing(export.batches(conn, eyes, one.view)) as parts:
            async for found in parts:
                await asyncio.to_thread(book.add, found)
                if book.rows - told >= REPORT_EVERY:
                    told = book.rows
                    await _tell(floor, one, lease, told)
    await asyncio.to_thread(book.close)
    return book.rows


async def _tell(floor: Floor, one: Export, lease: UUID, rows: int) -> None:
    if floor.stopping.is_set():
        raise RetryRequested(floor.heartbeat_limit, "the process stops")
    async with floor.pool.acquire() as conn:
        if not await exports.go_on(conn, one.id, lease, rows, datetime.now(UTC)):
            raise LetGo
