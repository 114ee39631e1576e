"""Carries out what was decided about schools: their rows, their history, the next version.

All in the caller's transaction: nothing half.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from rooms.connection import Connection
from rooms.people import networks, pairs, placings, registry
from rooms.people.registry import Version
from rooms.people.registry_files import Key
from rooms.people.registry_plan import Change
from rooms.scope import Scope

# What a change is called in a school's history; moves stand in its placings.
_EVENTS = {
    "new": "opened",
    "renamed": "renamed",
    "changed": "changed",
    "closed": "closed",
    "merged": "merged",
    "reopened": "reopened",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where changes come from: a file, an address, a page; and who said yes."""

    source: str
    now: datetime
    file_sha256: str = ""
    by: UUID | None = None


async def carry_out(
    conn: Connection,
    scope: Scope | None,
    changes: Sequence[Change],
    origin: Origin,
    on: date,
) -> Version:
    """Does all of it and returns the version that holds then. `on`: the day placings hold from.

    Without a scope nobody is placed anew: that is a programme's own affair.
    """
    await registry.hold(conn)
    ids = {change.key: change.known.id for change in changes if change.known}
    ids |= await _add(conn, [change for change in changes if change.kind == "new"], on)
    await _change_words(conn, changes)
    ids |= await _known_ids(conn, {c.successor for c in changes if c.successor} - ids.keys())
    await _close(conn, changes, ids)
    await _reopen(conn, [ids[change.key] for change in changes if change.kind == "reopened"])
    await _follow_successors(conn)
    version = await registry.note(
        conn, origin.now, origin.source, file_sha256=origin.file_sha256, by=origin.by
    )
    await _remember(conn, changes, ids, version)
    await _place(conn, scope, changes, ids, on, origin.now)
    return version


async def _add(conn: Connection, new: Sequence[Change], on: date) -> dict[Key, UUID]:
    rows = [change.row for change in new if change.row]
    closed = [
        row.closed_on or (on if row.is_open is False else None)
        if row.closed_on is None or row.closed_on <= on
        else None
        for row in rows
    ]
    found = await conn.fetch(
        """
        insert into schools (country, scheme, code, name, place, levels, opened_on, closed_on)
        select t.country, t.scheme, t.code, t.name, t.place,
            coalesce(string_to_array(nullif(t.levels, ''), ','), '{}'), t.opened_on, t.closed_on
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
            $7::date[], $8::date[])
            as t (country, scheme, code, name, place, levels, opened_on, closed_on)
        returning id, country, scheme, code
        """,
        *_columns([(*row.key, row.name, row.place, ",".join(row.levels)) for row in rows], 6),
        [row.opened_on for row in rows],
        closed,
    )
    return {(row["country"], row["scheme"], row["code"]): row["id"] for row in found}


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [[row[at] for row in rows] for at in range(width)]


async def _change_words(conn: Connection, changes: Iterable[Change]) -> None:
    """Name, place and levels, of those whose row says something else."""
    told = {
        change.known.id: change.row
        for change in changes
        if change.kind in {"renamed", "changed"} and change.known and change.row
    }
    await conn.execute(
        """
        update schools s set name = t.name,
            place = case when t.place = '' then s.place else t.place end,
            levels = coalesce(string_to_array(nullif(t.levels, ''), ','), s.levels)
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as t (id, name, place, levels)
        where s.id = t.id
        """,
        list(told),
        *_columns([(row.name, row.place, ",".join(row.levels)) for row in told.values()], 3),
    )


async def _known_ids(conn: Connection, keys: Iterable[Key]) -> dict[Key, UUID]:
    found = await conn.fetch(
        """
        select s.id, s.country, s.scheme, s.code from schools s
        join unnest($1::text[], $2::text[], $3::text[]) as t (country, scheme, code)
            using (country, scheme, code)
        """,
        *_columns(list(keys), 3),
    )
    return {(row["country"], row["scheme"], row["code"]): row["id"] for row in found}


async def _close(conn: Connection, changes: Iterable[Change], ids: dict[Key, UUID]) -> None:
    ends = [change for change in changes if change.kind in {"closed", "merged"}]
    await conn.execute(
        """
        update schools s set closed_on = t.day, successor_id = coalesce(t.next, s.successor_id)
        from unnest($1::uuid[], $2::date[], $3::uuid[]) as t (id, day, next) where s.id = t.id
        """,
        [ids[change.key] for change in ends],
        [change.on for change in ends],
        [ids[change.successor] if change.successor else None for change in ends],
    )


async def _reopen(conn: Connection, school_ids: Sequence[UUID]) -> None:
    await conn.execute(
        "update schools set closed_on = null, successor_id = null where id = any($1::uuid[])",
        list(school_ids),
    )


async def _follow_successors(conn: Connection) -> None:
    """Sums go to the last school in the row; a circle, which no page lets in, ends by itself."""
    await conn.execute(
        """
        with recursive row_of (id, next) as (
            select id, successor_id from schools where successor_id is not null
            union
            select r.id, s.successor_id from row_of r
            join schools s on s.id = r.next where s.successor_id is not null
        ), last_of as (
            select r.id, r.next from row_of r join schools s on s.id = r.next
            where s.successor_id is null
        )
        update schools s set reports_as = l.next
        from schools o left join last_of l on l.id = o.id
        where s.id = o.id and s.reports_as is distinct from l.next
            and (o.successor_id is not null or o.reports_as is not null)
        """
    )


async def _remember(
    conn: Connection, changes: Iterable[Change], ids: dict[Key, UUID], version: Version
) -> None:
    told = [change for change in changes if change.kind in _EVENTS]
    await conn.execute(
        """
        insert into school_events (school_id, kind, happened_on, was, successor_id, version)
        select t.school_id, t.kind, t.day, t.was, t.next, $6
        from unnest($1::uuid[], $2::text[], $3::date[], $4::jsonb[], $5::uuid[])
            as t (school_id, kind, day, was, next)
        """,
        [ids[change.key] for change in told],
        [_EVENTS[change.kind] for change in told],
        [change.on for change in told],
        [dict(change.was) for change in told],
        [ids[change.successor] if change.successor else None for change in told],
        version.number,
    )


async def _place(
    conn: Connection,
    scope: Scope | None,
    changes: Sequence[Change],
    ids: dict[Key, UUID],
    on: date,
    now: datetime,
) -> None:
    """New and moved schools stand in their region; a successor where its predecessor stood, in the
    same care; who closed stands in none, and who is open again stands where it stood."""
    if scope is not None:
        regions = {ids[c.key]: c.region_id for c in changes if c.region_id}
        await placings.place(conn, scope, regions, on)
    next_of = {ids[c.key]: ids[c.successor] for c in changes if c.successor}
    await placings.follow(conn, next_of, on)
    await networks.follow(conn, next_of, on)
    await pairs.follow(conn, next_of, now)
    ends = {ids[c.key]: c.on for c in changes if c.kind in {"closed", "merged"}}
    await placings.end(conn, ends)
    await networks.end(conn, ends)
    back = {c.known.id: c.known.closed_on for c in changes if c.kind == "reopened" and c.known}
    await placings.begin_again(conn, list(back), on)
    await networks.begin_again(conn, {one: day for one, day in back.items() if day}, on)
