"""The schema: every migration runs, once, and the code knows the newest."""

import asyncio

from server import database, migrations


async def test_a_migrated_database_is_at_the_newest_version(pool: database.Pool) -> None:
    async with pool.acquire() as conn:
        assert await database.schema_version(conn) == database.newest_version()


async def test_migrating_again_changes_nothing(dsn: str) -> None:
    await migrations.migrate(dsn)
    await migrations.migrate(dsn)


async def test_two_processes_may_migrate_at_once(server_dsn: str, dsn: str) -> None:
    await asyncio.gather(migrations.migrate(dsn), migrations.migrate(dsn))
