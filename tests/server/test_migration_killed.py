"""PostgreSQL is killed in the middle of a migration: nothing of it is left, and the next start does
all of it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import alembic.command
import asyncpg
import psutil
import pytest
import sqlalchemy.exc

from server import database, migrations
from server.embedded import embedded
from tests.support.lessons import a_world, many_lessons
from tests.support.processes import enterable_folder, in_memory

# (the version before, what the next migration waits for, whether nothing of that one is there).
# The first one makes `report_lines` and fills it: minutes, of five years.
KILLED = (
    ("0115", "schools in row exclusive", "select to_regclass('report_lines') is null"),
    ("0121", "network_members in row exclusive",
     "select count(*) = 0 from pg_attribute where attrelid = 'network_members'::regclass "
     "and attname = 'id'"),
    ("0122", "session_rows in access exclusive", "select to_regclass('room_part_rows') is null"),
    ("0123", "pg_proc in share",
     "select to_regprocedure('is_wished(text, text, bool, bool, bool)') is null"),
    ("0124", "report_lines in row exclusive", "select to_regclass('report_lines_sums') is null"),
    ("0125", "pg_proc in share",
     "select count(*) = 1 from pg_proc where proname = 'report_part' and pronargs = 14 "
     "and prosrc not like '%kpi_classes%'"),
    ("0126", "pg_proc in share",
     "select prosrc not like '%declared%' from pg_proc "
     "where oid = 'is_wished(text, text, bool, bool, bool)'::regprocedure"),
    ("0127", "pg_proc in share",
     "select count(*) = 0 from pg_proc where proname = 'report_part' and pronargs = 16"),
    ("0128", "pg_proc in share", "select to_regproc('counted_under') is null"),
    ("0129", "sign_ins in row exclusive",
     "select count(*) = 0 from pg_attribute where attrelid = 'seats'::regclass "
     "and attname = 'sign_in_id'"),
    ("0130", "report_lines in row exclusive",
     "select count(*) = 0 from pg_attribute where attrelid = 'report_lines_sums'::regclass "
     "and attname = 'room_id'"),
    ("0131", "session_classes in row exclusive",
     "select count(*) = 0 from pg_attribute where attrelid = 'session_classes'::regclass "
     "and attname = 'teacher_confirmed_at'"),
    ("0133", "pg_proc in share", "select to_regproc('hosted_part') is null"),
)  # fmt: skip
LESSONS = 300


@pytest.fixture
def home() -> Iterator[Path]:
    with enterable_folder(in_memory()) as folder:
        yield folder / "home"


async def connected(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection, as soon as PostgreSQL answers."""
    async with asyncio.timeout(10):
        while True:
            try:
                connection = await asyncpg.connect(dsn, ssl=False)
                break
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(0.02)
    await database.prepare(connection)
    return connection


async def half_way(
    dsn: str, conn: "asyncpg.Connection[asyncpg.Record]", held: str
) -> asyncio.Task[None]:
    """A migration that waits in the middle, as somebody holds a table."""
    await conn.execute(f"begin; lock table {held} mode")
    migrating = asyncio.create_task(migrations.migrate(dsn))
    async with asyncio.timeout(20):
        while not await conn.fetchval(
            "select exists (select from pg_locks where not granted "
            "and relation = $1::text::regclass)",
            held.split(maxsplit=1)[0],
        ):
            assert not migrating.done()
            await asyncio.sleep(0.05)
    return migrating


async def test_a_killed_database_leaves_nothing_half_of_a_migration(home: Path) -> None:
    async with embedded(home) as server:
        old = migrations.config(server.dsn)
        for before, held, is_nothing_left in KILLED:
            await asyncio.to_thread(alembic.command.upgrade, old, before)
            conn = await connected(server.dsn)
            if before == KILLED[0][0]:
                world = await a_world(conn)
                await many_lessons(conn, world, "3B", LESSONS, datetime(2026, 3, 2, 9, tzinfo=UTC))
            migrating = await half_way(server.dsn, conn, held)
            assert server.pid is not None
            psutil.Process(server.pid).kill()
            with pytest.raises((OSError, asyncpg.PostgresError, sqlalchemy.exc.DBAPIError)):
                await migrating
            conn = await connected(server.dsn)
            assert await database.schema_version(conn) == before
            assert await conn.fetchval(is_nothing_left), before
            await conn.close()
        await migrations.migrate(server.dsn)
        conn = await connected(server.dsn)
        assert await database.schema_version(conn) == database.newest_version()
        for _, _, is_nothing_left in KILLED:
            assert not await conn.fetchval(is_nothing_left)
        lines = await conn.fetchrow(
            "select count(*), count(*) filter (where outcome is not null) from report_lines"
        )
        assert lines is not None and tuple(lines) == (LESSONS, LESSONS)
        await conn.close()
