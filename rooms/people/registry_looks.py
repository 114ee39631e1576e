"""The daily look at the operator's place for school lists, and what each look came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rooms.connection import Connection

EVERY = timedelta(days=1)
_LOCK = 7_305_119


@dataclass(frozen=True, slots=True)
class Look:
    """One file of one look. `outcome`: asked (a person wants one now), unchanged, applied, waits
    (for a person's yes: `list_id`), failed (`code`, with `params`)."""

    looked_at: datetime
    outcome: str
    code: str
    params: Mapping[str, Any]
    list_id: UUID | None


async def ask(conn: Connection, now: datetime) -> None:
    """A person wants a look now; whichever worker has time does it."""
    await note(conn, now, "asked")


async def is_due(conn: Connection, now: datetime) -> bool:
    """Whether it is time, for the one worker that gets to know it; till its transaction ends."""
    is_first: bool = await conn.fetchval("select pg_try_advisory_xact_lock($1)", _LOCK)
    if not is_first:
        return False
    last = await conn.fetchrow(
        "select looked_at, outcome from registry_looks order by id desc limit 1"
    )
    return last is None or last["outcome"] == "asked" or last["looked_at"] <= now - EVERY


async def note(
    conn: Connection,
    now: datetime,
    outcome: str,
    code: str = "",
    params: Mapping[str, Any] | None = None,
    list_id: UUID | None = None,
) -> None:
    """What a look came to."""
    await conn.execute(
        """
        insert into registry_looks (looked_at, outcome, code, params, list_id)
        values ($1, $2, $3, $4, $5)
        """,
        now,
        outcome,
        code,
        dict(params or {}),
        list_id,
    )


async def latest(conn: Connection, limit: int = 5) -> list[Look]:
    """The last ones, the newest first."""
    rows = await conn.fetch(
        """
        select looked_at, outcome, code, params, list_id from registry_looks
        order by id desc limit $1
        """,
        limit,
    )
    return [Look(**row) for row in rows]


async def was_seen(conn: Connection, source: str, sha256: str) -> bool:
    """Whether the last list from this source was this very file, and there is nothing to add.

    One that waits beside a registry that has changed since is laid beside it again.
    """
    found: bool | None = await conn.fetchval(
        """
        select file_sha256 = $2 and (state <> 'waiting' or against = (
            select coalesce(max(number), 0) from registry_versions))
        from registry_lists where programme_id is null and source = $1
        order by made_at desc limit 1
        """,
        source,
        sha256,
    )
    return bool(found)


async def supersede(conn: Connection, source: str, now: datetime) -> None:
    """A newer file of this source is there: the one that waits says nothing any more."""
    await conn.execute(
        """
        update registry_lists set state = 'dropped', decided_at = $2, rows = null
        where programme_id is null and source = $1 and state = 'waiting'
        """,
        source,
        now,
    )
