"""What a query runs on: a connection of asyncpg, straight or from a pool; and that it is gone."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

# In quotes: asyncpg's classes take parameters for the type checker only.
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)

AWAY = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # A connection that dies between two steps is at times noticed by the second one in this way.
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""What a statement raises while the database goes down, is away, or comes up again."""


@asynccontextmanager
async def apart(
    conn: Connection, log: logging.Logger, words: str, *told: object
) -> AsyncIterator[None]:
    """One of many in a transaction: a fault in it is logged and undoes it alone.

    Raises only when the connection itself is gone.
    """
    try:
        async with conn.transaction():
            yield
    except Exception:
        if conn.is_closed():
            raise
        log.exception(words, *told)
