"""What a query runs on: a connection of asyncpg, straight or from a pool."""

from typing import TypeAlias

import asyncpg

# In quotes: asyncpg's classes take parameters for the type checker only.
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
