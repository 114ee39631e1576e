"""A real worker says that it lives, again and again."""

import asyncio
from datetime import datetime
from pathlib import Path

from server.database import Pool
from tests.support.workers import a_worker


async def test_a_worker_is_heard_until_it_is_stopped(dsn: str, pool: Pool, tmp_path: Path) -> None:
    async with a_worker(dsn, tmp_path) as worker:
        first = await heard_after(pool, datetime.min)
        second = await heard_after(pool, first)
        assert worker.is_alive and 4 < (second - first).total_seconds() < 10
    assert await pool.fetchval("select count(*) from workers") == 1


async def heard_after(pool: Pool, moment: datetime) -> datetime:
    """When the worker was heard next."""
    async with asyncio.timeout(30):
        while True:
            seen: datetime | None = await pool.fetchval("select max(seen_at) from workers")
            if seen is not None and (moment is datetime.min or seen > moment):
                return seen
            await asyncio.sleep(0.1)
