"""Databases of the tests: each is as new, though most were emptied after another test.

A copy of the template is 870 files: made and thrown away, 25 ms of CPU time, a thousand times. To
empty one takes two. It goes on to the next test only if nothing but rows can have been left in it:
nobody is connected any more but its own pool, in which all is at rest, and no statement has changed
a table of the system. The pool stays with it, as the first thing a new connection is asked takes
ten times as long as the next.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import asyncpg

from server import database
from server.database import Pool

Connection: TypeAlias = "asyncpg.Connection[Any]"

AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
TEMPLATE = "porthole_template"
# Rows that went leave holes which the next do not fill: after so many tests it is thrown away.
LENT_AT_MOST = 120
# A connection that was closed is a process that still has to end.
ALONE_WITHIN_S = 0.2
# What a connection is told when its test is over: nothing that a session can hold is left, no plan
# that was made for the rows of that test, and what it changed is counted.
FORGET = """
    select pg_advisory_unlock_all(); close all; unlisten *; reset all; discard plans;
    select pg_stat_force_next_flush()
"""

# Changes to tables of the system: whoever makes, alters or analyses anything counts there.
CHANGES = """
    select sum(pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid)
               + pg_stat_get_tuples_deleted(oid))::bigint
    from pg_class where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r'
"""
OTHERS = """
    select count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and pid <> all($1::int[])
      and backend_type <> 'autovacuum worker'
"""
TABLES = """
    select relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'alembic_version'
"""
# As if no trigger and no foreign key were there; the rows all go.
EMPTY = """
    create function pg_temp.empty() returns void language plpgsql as $$
    begin
        {deletes}
        perform setval(seqrelid, seqstart, false) from pg_sequence
        where pg_sequence_last_value(seqrelid) is not null;
    end $$
"""


@dataclass
class _Kept:
    """One database; its connection stays, so that what it asks is planned once."""

    name: str
    connection: Connection
    version: str
    changes: int
    lent: int = 0
    pool: "Pool | None" = None

    async def is_as_new(self) -> bool:
        """Empties it, if it may go on to another test."""
        if self.lent >= LENT_AT_MOST:
            return False
        await self._be_alone()
        if await self._changes() != self.changes or await self._version() != self.version:
            return False
        await self.connection.execute("select pg_temp.empty()")
        return True

    async def _be_alone(self) -> None:
        """Raises TimeoutError where somebody is still busy in it."""
        async with asyncio.timeout(ALONE_WITHIN_S):
            own = await self._forgetful()
            while await self.connection.fetchval(OTHERS, own):
                await asyncio.sleep(0.002)

    async def _forgetful(self) -> list[int]:
        """The processes of its pool's connections, when all of them have come back."""
        if self.pool is None:
            return []
        while self.pool.get_idle_size() < self.pool.get_size():
            await asyncio.sleep(0.002)
        async with AsyncExitStack() as stack:
            idle = [
                await stack.enter_async_context(self.pool.acquire())
                for _ in range(self.pool.get_size())
            ]
            for connection in idle:
                await connection.execute(FORGET)
            return [connection.get_server_pid() for connection in idle]

    async def _changes(self) -> int:
        return int(await self.connection.fetchval(CHANGES))

    async def _version(self) -> str:
        rows = await self.connection.fetch("select version_num from alembic_version")
        return ",".join(row[0] for row in rows)


# By server: what waits for the next test; by DSN: what is in use.
_WAITING: dict[str, list[_Kept]] = {}
_LENT: dict[str, _Kept] = {}


def with_database(dsn: str, name: str) -> str:
    """The DSN of another database on the same server."""
    head, _, query = dsn.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}{'?' + query if query else ''}"


@asynccontextmanager
async def fresh_database(server_dsn: str, *, is_left_alone: bool = False) -> AsyncIterator[str]:
    """A migrated database of its own without a row in it.

    `is_left_alone`: nor is anybody connected, and nobody has it afterwards.
    """
    kept = await (_make(server_dsn) if is_left_alone else _take(server_dsn))
    if is_left_alone:
        await kept.connection.close()
    kept.lent += 1
    dsn = with_database(server_dsn, kept.name)
    _LENT[dsn] = kept
    try:
        yield dsn
    finally:
        del _LENT[dsn]
        if await _may_stay(kept):
            _WAITING.setdefault(server_dsn, []).append(kept)
        else:
            await _drop(server_dsn, kept)


@asynccontextmanager
async def lent_pool(dsn: str) -> AsyncIterator[Pool]:
    """The pool of a test's database, which goes with it to the next test; any other's is closed."""
    kept = _LENT.get(dsn)
    if kept is None:
        async with database.pooled(dsn) as pool:
            yield pool
        return
    if kept.pool is None or kept.pool.is_closing():
        kept.pool = await database.connect_pool(dsn)
    yield kept.pool


async def _take(server_dsn: str) -> _Kept:
    waiting = _WAITING.get(server_dsn, [])
    while waiting:
        kept = waiting.pop()
        if not kept.connection.is_closed():
            return kept
        await _drop(server_dsn, kept)
    return await _make(server_dsn)


async def _make(server_dsn: str) -> _Kept:
    name = f"test_{secrets.token_hex(6)}"
    # Copied as files: through the write-ahead log it takes a third more.
    await _run(server_dsn, f'create database "{name}" template {TEMPLATE} strategy file_copy')
    connection = await asyncpg.connect(with_database(server_dsn, name))
    tables = [row[0] for row in await connection.fetch(TABLES)]
    deletes = " ".join(f'delete from "{table}";' for table in tables)
    await connection.execute(EMPTY.format(deletes=deletes))
    await connection.execute("select pg_stat_force_next_flush()")
    kept = _Kept(name, connection, "", 0)
    try:
        await connection.execute("set session_replication_role = replica")
    except asyncpg.InsufficientPrivilegeError:  # then nobody else has it
        kept.lent = LENT_AT_MOST
    kept.version, kept.changes = await kept._version(), await kept._changes()
    return kept


async def _may_stay(kept: _Kept) -> bool:
    try:
        return await kept.is_as_new()
    except AWAY:
        return False


async def leave_unswept(dsn: str) -> None:
    """Lets no autovacuum at the tables of this database, nor at those of its copies.

    Of a table that it met empty the planner believes that it stays so, as of none that is new: the
    next test's first rows are then looked for by reading through all, thousands of times.
    """
    connection = await asyncpg.connect(dsn)
    try:
        for row in await connection.fetch(TABLES):
            await connection.execute(f'alter table "{row[0]}" set (autovacuum_enabled = off)')
    finally:
        await connection.close()


async def _drop(server_dsn: str, kept: _Kept) -> None:
    kept.connection.terminate()
    if kept.pool is not None:
        kept.pool.terminate()
    await _run(server_dsn, f'drop database "{kept.name}" with (force)')


async def _run(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def drop_waiting(server_dsn: str) -> None:
    """At the end of a run."""
    for kept in _WAITING.pop(server_dsn, []):
        await _drop(server_dsn, kept)
