"""The pool: what a request leaves behind in its connection is nothing."""

import re
from pathlib import Path

from server import database

ROOT = Path(database.__file__).parents[1]
# What outlives its transaction: nobody undoes it when a connection goes back to the pool.
CHANGES_A_SESSION = re.compile(
    r"pg_(try_)?advisory_lock\(|create temp|set_config\(|\bdeclare \w+ cursor|"
    r'execute\(\s*"set (?!local )',
    re.IGNORECASE,
)
# On a connection of its own; lets go of it by itself.
MAY = {"server/migrations.py", "server/demo/tour.py"}


async def test_the_next_one_finds_no_transaction_and_no_setting(dsn: str) -> None:
    pool = await database.connect_pool(dsn, max_size=1)
    try:
        async with pool.acquire() as conn:
            usual = await conn.fetchval("show work_mem")
            await conn.transaction().start()
            await conn.execute("set local work_mem = '1MB'")
            await conn.execute("create table left_behind ()")
            assert await conn.fetchval("show work_mem") == "1MB"
        async with pool.acquire() as conn:
            assert await conn.fetchval("show work_mem") == usual
            assert await conn.fetchval("select to_regclass('left_behind')") is None
    finally:
        await pool.close()


def test_nothing_changes_a_session_that_goes_back_to_the_pool() -> None:
    sources = [
        path
        for name in ("rooms", "server", "workers", "media")
        for path in (ROOT / name).rglob("*.py")
    ]
    found = {
        str(path.relative_to(ROOT))
        for path in sources
        if CHANGES_A_SESSION.search(path.read_text())
    }
    assert found == MAY
