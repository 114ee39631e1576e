"""What a query runs on: a connection of asyncpg, straight or from a pool; and that it is gone."""

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
