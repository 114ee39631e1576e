"""The connection pool, and which version of the schema the database has."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg

SCHEMA = Path(__file__).parent / "schema"
# Of each connection. The pages together have that many; what falls out is planned anew each time.
STATEMENTS_KEPT = 300
STATEMENTS_KEPT_S = 3600
# A connection stays though it rests for so long or was asked so often: the first page on a new
# one, which looks up every table and plans every statement, takes five times as long. Not
# longer: what stands before a database on another machine forgets a connection that rests.
RESTS_S, ASKED_AT_MOST = 600.0, 10_000_000

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
        reset=leave_as_it_is,
        server_settings={"timezone": "UTC", "application_name": "porthole"},
        command_timeout=30,
        statement_cache_size=STATEMENTS_KEPT,
        max_cached_statement_lifetime=STATEMENTS_KEPT_S,
        max_inactive_connection_lifetime=RESTS_S,
        max_queries=ASKED_AT_MOST,
    )
    assert pool is not None
    return pool


@asynccontextmanager
async def pooled(dsn: str) -> AsyncIterator[Pool]:
    """A pool for as long as it is needed."""
    pool = await connect_pool(dsn)
    try:
        yield pool
    finally:
        await pool.close()


async def prepare(connection: Any) -> None:
    """Sets the codecs of one connection; the pool calls it for each."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
        )


async def leave_as_it_is(_connection: Any) -> None:
    """What a connection is asked when it goes back to the pool: nothing, after a transaction that
    is still open was rolled back. Nothing of ours changes a session (`set local` ends with its
    transaction), and to have it forget all the same is a round trip for each request.
    """


def newest_version() -> str:
    """The last migration this code carries: the one no other stands on.

    Read from the stubs: alembic takes a second to import, which every start would pay.
    """
    stubs = [path.read_text() for path in (SCHEMA / "versions").glob("[0-9]*.py")]
    ids = {found for stub in stubs for found in re.findall(r'^revision = "(.+?)"', stub, re.M)}
    below = {found for stub in stubs for found in re.findall(r'^down_.* = "(.+?)"', stub, re.M)}
    return max(ids - below, default="")


async def schema_version(connection: Connection) -> str:
    """The number of the last migration the database has run; '' before the first."""
    if await connection.fetchval("select to_regclass('alembic_version')") is None:
        return ""
    return await connection.fetchval("select version_num from alembic_version") or ""
