"""kill -9 of a worker in the middle of a spreadsheet: nothing half is shown; another makes it."""

import asyncio
import signal
import zipfile
from io import BytesIO
from pathlib import Path

from media.storage import open_storage
from rooms.attendance import exports
from rooms.attendance.report import Filters
from rooms.people import grants
from server import jobs
from server.database import Pool
from tests.support.histories import NOW, a_history
from tests.support.people import a_person, a_role
from tests.support.workers import a_worker

STUCK = "select exists (select from pg_locks where not granted)"
READY = "select exists (select from exports where state = 'ready')"


async def comes(pool: Pool, question: str) -> None:
    """Waits until the database says yes."""
    async with asyncio.timeout(30):
        while not await pool.fetchval(question):
            await asyncio.sleep(0.05)


async def test_a_killed_workers_spreadsheet_is_made_by_another(
    dsn: str, pool: Pool, tmp_path: Path
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "one", 3, lessons=30)
        person = await a_person(conn)
        await a_role(conn, history.programme, person, "bureau")
        office = await grants.scope_of(conn, history.programme.id, person.id)
        export_id, _ = await exports.ask(
            conn, office, "attendance", "", Filters(), "en", history.lessons, NOW
        )
        await conn.execute("update exports set at = now()")
        await jobs.enqueue(conn, jobs.EXPORT, export_id)
    storage = open_storage((tmp_path / "storage").as_uri())
    async with a_worker(dsn, tmp_path) as first:
        async with pool.acquire() as conn, conn.transaction():
            await conn.execute("lock table corrections in access exclusive mode")
            await comes(pool, STUCK)
            first.signal(signal.SIGKILL)
            await first.ended()
        async with pool.acquire() as conn:
            half = await exports.mine(conn, office, export_id)
        assert (half.state, half.rows, half.key) == ("working", None, "")
        assert [one.key async for one in storage.list_prefix("exports")] == []
    async with a_worker(dsn, tmp_path):
        await comes(pool, READY)
    async with pool.acquire() as conn:
        made = await exports.mine(conn, office, export_id)
    assert (made.rows, made.key.split("/")[1]) == (history.lessons, str(export_id))
    [kept] = [one.key async for one in storage.list_prefix("exports")]
    assert kept == made.key
    book = zipfile.ZipFile(BytesIO(await storage.get(kept)))
    assert book.testzip() is None
