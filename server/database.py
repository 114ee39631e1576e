"""The connection pool and the migrations."""

import asyncio
import json
from pathlib import Path
from typing import Any, TypeAlias

import alembic.command
import alembic.config
import alembic.script
import asyncpg

SCHEMA = Path(__file__).parent / "schema"

# Any number: it only has to be ours. Held while one process migrates.
MIGRATION_LOCK = 0x0F0F_7068

# In quotes: asyncpg's classes take parameters for the type checker only.
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


async def connect_pool(dsn: str, *, max_size: int = 12) -> Pool:
    """Opens the pool. JSON columns arrive and leave as Python values, times as UTC."""
    pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=max_size,
        init=prepare,
        server_settings={"timezone": "UTC", "application_name": "porthole"},
        command_timeout=30,
    )
    assert pool is not None
    return pool


async def prepare(connection: Any) -> None:
    """Sets the codecs of one connection; the pool calls it for each."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
        )


def _config(dsn: str) -> alembic.config.Config:
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
        await asyncio.to_thread(alembic.command.upgrade, _config(dsn), "head")
    finally:
        await connection.close()


def newest_version() -> str:
    """The number of the last migration this code carries."""
    script = alembic.script.ScriptDirectory.from_config(_config(""))
    return script.get_current_head() or ""


async def schema_version(connection: Connection) -> str:
    """The number of the last migration the database has run; '' before the first."""
    if await connection.fetchval("select to_regclass('alembic_version')") is None:
        return ""
    return await connection.fetchval("select version_num from alembic_version") or ""
