"""The pool: what a request leaves behind in its connection is nothing."""

from server import database


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
