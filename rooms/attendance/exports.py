"""Exports on record: who took which rows, and the files a worker makes of long ones.

A file is claimed with a lease like a film: whoever lost it publishes nothing. It is its maker's
only and gone a day later; that it was made stays.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from rooms.attendance.report import Filters
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.scope import Scope

KEPT_FOR = timedelta(days=1)
ATTEMPTS = 3
# What one person may have made at a time.
WAITING_AT_MOST = 3
LISTED = 200


@dataclass(frozen=True, slots=True)
class Export:
    """`rows` None: it runs, or broke off. `state` '': sent at once, there is no file. `person_id`
    None: a funder took it; `by` is then for whom the link was made.

    `filters`: as the address of the page has them behind its `?`.
    """

    id: UUID
    programme_id: UUID
    person_id: UUID | None
    by: str
    zone: str
    what: str
    format: str
    filters: str
    language: str
    at: datetime
    rows: int | None
    ended_at: datetime | None
    state: str
    wanted: dict[str, Any]
    rows_wanted: int
    rows_done: int
    key: str
    bytes: int

    @property
    def view(self) -> Filters:
        """Which rows, as a worker reads them."""
        return msgspec.convert(self.wanted, Filters)

    @property
    def share(self) -> float:
        """How much of the file is made, 0 to 1."""
        return min(1.0, self.rows_done / self.rows_wanted) if self.rows_wanted else 0.0


async def begin(
    conn: Connection,
    scope: Scope,
    what: str,
    format: str,
    filters: str,
    now: datetime,
    link_id: UUID | None = None,
) -> UUID:
    """Notes an export that is sent at once, to the scope's person or to who has a funder's link."""
    key: UUID = await conn.fetchval(
        """
        insert into exports (programme_id, person_id, what, format, filters, at, link_id)
        values ($1, $2, $3, $4, $5, $6, $7) returning id
        """,
        scope.programme_id,
        scope.person_id,
        what,
        format,
        filters,
        now,
        link_id,
    )
    return key


async def end(conn: Connection, export_id: UUID, rows: int, now: datetime) -> None:
    """It went out whole, with so many rows."""
    await conn.execute(
        "update exports set rows = $2, ended_at = $3 where id = $1", export_id, rows, now
    )


async def note(
    conn: Connection,
    scope: Scope,
    what: str,
    format: str,
    filters: str,
    rows: int,
    now: datetime,
    link_id: UUID | None = None,
) -> None:
    """Notes an export of so many rows that leaves in one piece."""
    key = await begin(conn, scope, what, format, filters, now, link_id)
    await end(conn, key, rows, now)


async def ask(
    conn: Connection,
    scope: Scope,
    what: str,
    filters: str,
    wanted: Filters,
    language: str,
    rows_wanted: int,
    now: datetime,
) -> tuple[UUID, bool]:
    """Notes a spreadsheet that a worker is to make; its id, and whether it is new.

    The same view that is being made for her already is made once; of `WAITING_AT_MOST` at a time
    the last one is told instead of another.
    """
    waiting = await conn.fetch(
        """
        select id, filters = $4 and what = $3 and language = $5 as is_same from exports
        where programme_id = $1 and person_id = $2 and state in ('waiting', 'working')
        order by at desc
        """,
        scope.programme_id,
        scope.person_id,
        what,
        filters,
        language,
    )
    same = [row["id"] for row in waiting if row["is_same"]]
    if same or len(waiting) >= WAITING_AT_MOST:
        return (same or [row["id"] for row in waiting])[0], False
    key: UUID = await conn.fetchval(
        """
        insert into exports (programme_id, person_id, what, format, filters, language, at, state,
            rows_wanted, wanted)
        values ($1, $2, $3, 'xlsx', $4, $5, $6, 'waiting', $7, $8) returning id
        """,
        scope.programme_id,
        scope.person_id,
        what,
        filters,
        language,
        now,
        rows_wanted,
        msgspec.to_builtins(wanted),
    )
    return key, True


async def mine(conn: Connection, scope: Scope, export_id: UUID) -> Export:
    """One of the viewer's own; raises `NotThere`, also for the bureau's view of another's."""
    row = await conn.fetchrow(
        """
        select e.*, coalesce(nullif(p.name, ''), p.email) as by, g.zone from exports e
        join persons p on p.id = e.person_id
        join programmes g on g.id = e.programme_id
        where e.programme_id = $1 and e.id = $2 and e.person_id = $3
        """,
        scope.programme_id,
        export_id,
        scope.person_id,
    )
    if row is None:
        raise NotThere("export")
    return _export(row)


async def latest(conn: Connection, scope: Scope) -> list[Export]:
    """The latest first: the bureau sees everybody's, others their own."""
    rows = await conn.fetch(
        """
        select e.*, coalesce(nullif(p.name, ''), p.email, l.label) as by, g.zone from exports e
        left join persons p on p.id = e.person_id
        left join release_links l on (l.programme_id, l.id) = (e.programme_id, e.link_id)
        join programmes g on g.id = e.programme_id
        where e.programme_id = $1 and ($2 or e.person_id = $3)
        order by e.at desc, e.id limit $4
        """,
        scope.programme_id,
        scope.sees_all and scope.has("bureau", "operator"),
        scope.person_id,
        LISTED,
    )
    return [_export(row) for row in rows]


# --- the worker's ------------------------------------------------------------------------------


async def claim(
    conn: Connection, export_id: UUID, lease: UUID, silent_for: timedelta, now: datetime
) -> Export | None:
    """Takes it for this lease: one that waits, or whose worker died. None: nothing to do."""
    row = await conn.fetchrow(
        """
        update exports e set lease = $2, alive_at = $4, rows_done = 0, attempt = e.attempt + 1,
            state = case when e.attempt >= $5 then 'failed' else 'working' end
        from persons p, programmes g
        where e.id = $1 and p.id = e.person_id and g.id = e.programme_id and (e.state = 'waiting'
            or e.state = 'working' and e.alive_at < $4::timestamptz - $3::interval)
        returning e.*, coalesce(nullif(p.name, ''), p.email) as by, g.zone
        """,
        export_id,
        lease,
        silent_for,
        now,
        ATTEMPTS,
    )
    return _export(row) if row is not None and row["state"] == "working" else None


async def is_worked_at(conn: Connection, export_id: UUID) -> bool:
    """Whether another worker has it."""
    state = await conn.fetchval("select state from exports where id = $1", export_id)
    return bool(state == "working")


async def go_on(conn: Connection, export_id: UUID, lease: UUID, rows: int, now: datetime) -> bool:
    """So many rows are written; False: the lease is lost, let go."""
    done = await conn.execute(
        """
        update exports set rows_done = $3, alive_at = $4
        where id = $1 and lease = $2 and state = 'working'
        """,
        export_id,
        lease,
        rows,
        now,
    )
    return bool(done == "UPDATE 1")


async def finish(
    conn: Connection,
    export_id: UUID,
    lease: UUID,
    key: str,
    size: int,
    rows: int,
    now: datetime,
) -> bool:
    """The file is there; False: somebody else's is."""
    done = await conn.execute(
        """
        update exports set state = 'ready', key = $3, bytes = $4, rows = $5, rows_done = $5,
            ended_at = $6
        where id = $1 and lease = $2 and state = 'working'
        """,
        export_id,
        lease,
        key,
        size,
        rows,
        now,
    )
    return bool(done == "UPDATE 1")


async def give_back(conn: Connection, export_id: UUID, lease: UUID, *, is_broken: bool) -> None:
    """It was not finished, and waits again. Only where it broke the attempt counts, not where the
    worker was told to stop."""
    await conn.execute(
        """
        update exports set state = 'waiting', lease = null,
            attempt = attempt - case when $3 then 0 else 1 end
        where id = $1 and lease = $2 and state = 'working'
        """,
        export_id,
        lease,
        is_broken,
    )


async def due(conn: Connection, now: datetime) -> list[tuple[UUID, str]]:
    """(id, key of its file or '') of what was asked for more than a day ago and has not gone."""
    rows = await conn.fetch(
        """
        select id, coalesce(key, '') as key from exports
        where state in ('waiting', 'working', 'ready', 'failed') and at <= $1
        """,
        now - KEPT_FOR,
    )
    return [(row["id"], row["key"]) for row in rows]


async def gone(conn: Connection, export_id: UUID) -> None:
    """Its file is removed, or will never be made."""
    await conn.execute(
        "update exports set state = 'gone', lease = null, key = null where id = $1", export_id
    )


async def drop(conn: Connection, programme_id: UUID, before: datetime) -> int:
    """Forgets who took what before a moment."""
    done = await conn.execute(
        "delete from exports where programme_id = $1 and at < $2", programme_id, before
    )
    return int(done.rpartition(" ")[2])


def _export(row: asyncpg.Record) -> Export:
    values = {name: row[name] for name in Export.__dataclass_fields__}
    for name, nothing in (("state", ""), ("key", ""), ("bytes", 0), ("rows_wanted", 0)):
        values[name] = values[name] or nothing
    return Export(**values)
