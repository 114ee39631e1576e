"""The connection every query takes first; the caller owns its transaction."""

from typing import TypeAlias

import asyncpg

# In quotes: asyncpg's classes take parameters for the type checker only.
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
