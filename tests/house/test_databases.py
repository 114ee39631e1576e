"""A test finds a database as new, whatever another did in it before."""

import asyncpg
import pytest

from server import database
from tests.support.databases import fresh_database, lent_pool
from tests.support.lessons import a_class, a_session, a_world


async def a_lesson_in(dsn: str) -> list[int]:
    """A world with one lesson; what the rows of one table were numbered."""
    pool = await database.connect_pool(dsn, max_size=1)
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        await a_session(conn, world, await a_class(conn, world))
        rows = await conn.fetch("select id from tour_events order by id")
        assert await conn.fetchval("select count(*) from programmes") == 1
        assert await conn.fetchval("select count(*) from sessions") == 1
    await pool.close()
    return [row["id"] for row in rows]


async def test_rows_go_and_numbers_begin_again(server_dsn: str) -> None:
    async with fresh_database(server_dsn) as first:
        numbered = await a_lesson_in(first)
    async with fresh_database(server_dsn) as second:
        assert second == first, "the same one, emptied"
        assert await a_lesson_in(second) == numbered
        conn = await asyncpg.connect(second)
        version = await conn.fetchval("select version_num from alembic_version")
        assert version == database.newest_version()
        await conn.close()


@pytest.mark.parametrize(
    "statement",
    [
        "create table left_behind ()",
        "alter table tours add left_behind int",
        "create temp table left_behind ()",
        "drop view if exists left_behind; comment on table tours is 'left behind'",
        "insert into workers values (gen_random_uuid(), now(), now()); analyze workers",
        "update alembic_version set version_num = '0001'",
    ],
)
async def test_what_is_more_than_rows_is_nobody_elses(server_dsn: str, statement: str) -> None:
    async with fresh_database(server_dsn) as first:
        conn = await asyncpg.connect(first)
        await conn.execute(statement)
        await conn.close()
    async with fresh_database(server_dsn) as second:
        assert second != first


@pytest.mark.parametrize(
    "statement", ["create table left_behind ()", "create temp table left_behind ()"]
)
async def test_nor_is_what_its_own_pool_left(server_dsn: str, statement: str) -> None:
    async with fresh_database(server_dsn) as first, lent_pool(first) as pool:
        await pool.execute(statement)
    async with fresh_database(server_dsn) as second:
        assert second != first


async def test_the_pool_goes_with_it_and_remembers_nothing(server_dsn: str) -> None:
    async with fresh_database(server_dsn) as first, lent_pool(first) as pool:
        await pool.execute("set time zone 'Asia/Tokyo'; select pg_advisory_lock(7)")
    async with fresh_database(server_dsn) as second, lent_pool(second) as again:
        assert again is pool
        assert await again.fetchval("show time zone") == "UTC"
        assert (
            await again.fetchval("select count(*) from pg_locks where locktype = 'advisory'") == 0
        )


async def test_a_pool_that_is_busy_keeps_its_database(server_dsn: str) -> None:
    async with fresh_database(server_dsn) as first, lent_pool(first) as pool:
        held = await pool.acquire()
        await held.execute("begin; select 1 from programmes")
    async with fresh_database(server_dsn) as second:
        assert second != first


async def test_who_is_still_connected_keeps_it(server_dsn: str) -> None:
    async with fresh_database(server_dsn) as first:
        conn = await asyncpg.connect(first)
    assert conn.is_closed()
    async with fresh_database(server_dsn) as second:
        assert second != first


async def test_none_of_its_tables_is_swept_while_it_is_empty(server_dsn: str) -> None:
    async with fresh_database(server_dsn) as dsn:
        conn = await asyncpg.connect(dsn)
        swept = await conn.fetch(
            """
            select relname from pg_class
            where relnamespace = 'public'::regnamespace and relkind = 'r'
                and reloptions is distinct from '{autovacuum_enabled=off}'
            """
        )
        assert [row["relname"] for row in swept] == ["alembic_version"]
        await conn.close()


async def test_one_is_left_alone(server_dsn: str) -> None:
    async with fresh_database(server_dsn, is_left_alone=True) as first:
        conn = await asyncpg.connect(first)
        here = "select count(*) from pg_stat_activity where datname = current_database()"
        assert await conn.fetchval(here) == 1
        await conn.close()
    async with fresh_database(server_dsn) as second:
        assert second != first
