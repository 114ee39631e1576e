"""Brings the schema to the newest version. Apart from `database`: alembic is slow to import."""

import asyncio

import alembic.command
import alembic.config
import asyncpg

from server.asked import Asked
from server.config import Settings
from server.database import SCHEMA
from server.dsn import database_of

# Any number: it only has to be ours. Held while one process migrates.
MIGRATION_LOCK = 0x0F0F_7068


def run(asked: Asked) -> int:
    """The verb `migrate`."""
    asyncio.run(_migrate(asked.settings))
    return 0


async def _migrate(settings: Settings) -> None:
    async with database_of(settings) as dsn:
        await migrate(dsn)


def config(dsn: str) -> alembic.config.Config:
    """What alembic needs to know of a database."""
    config = alembic.config.Config()
    config.set_main_option("script_location", str(SCHEMA))
    config.attributes["dsn"] = dsn
    return config


async def migrate(dsn: str) -> None:
    """Brings the schema to the newest version; several processes may call it at once.

    The try-lock is polled: a *waiting* advisory lock would deadlock with
    `create index concurrently`.
    """
    connection = await asyncpg.connect(dsn)
    try:
        while not await connection.fetchval("select pg_try_advisory_lock($1)", MIGRATION_LOCK):
            await asyncio.sleep(0.2)
        await asyncio.to_thread(alembic.command.upgrade, config(dsn), "head")
    finally:
        await connection.close()
