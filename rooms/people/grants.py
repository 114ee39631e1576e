"""What a person may do, in every programme: her own roles, and those she stands in for."""

from collections.abc import Collection
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.scope import Grant, Scope


async def held(conn: Connection, person_id: UUID) -> list[tuple[UUID, Grant]]:
    """(programme, grant), her own before those of people on holiday whose deputy she is today."""
    rows = await _rows(conn, [person_id])
    return [(row["programme_id"], _grant(row)) for row in rows]


async def _rows(conn: Connection, persons: Collection[UUID]) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await conn.fetch(
        """
        select holder, programme_id, role, region_id, company_id, school_id, is_confirmed from (
            select person_id as holder, programme_id, role, region_id, company_id, school_id,
                is_confirmed, created_at, id, false as is_deputy
            from roles where person_id = any($1::uuid[]) and ended_at is null
            union all
            select d.deputy_id, r.programme_id, r.role, r.region_id, null, null, true,
                r.created_at, r.id, true
            from deputies d
            join programmes p on p.id = d.programme_id
            join roles r on (r.programme_id, r.person_id) = (d.programme_id, d.person_id)
                and r.role = 'coordinator' and r.ended_at is null
            where d.deputy_id = any($1::uuid[]) and d.ended_at is null
                and (now() at time zone p.zone)::date between d.from_day and d.until_day
        ) as held order by is_deputy, created_at, id
        """,
        list(persons),
    )
    return rows


def _grant(row: asyncpg.Record) -> Grant:
    return Grant(
        row["role"],
        row["region_id"],
        row["company_id"],
        row["school_id"],
        row["is_confirmed"],
    )


async def scope_of(conn: Connection, programme_id: UUID, person_id: UUID) -> Scope:
    """Her scope in one programme, as it is now."""
    return (await scopes_of(conn, programme_id, [person_id]))[person_id]


async def scopes_of(
    conn: Connection, programme_id: UUID, persons: Collection[UUID]
) -> dict[UUID, Scope]:
    """The same of several, each of them in it."""
    found: dict[UUID, list[Grant]] = {person: [] for person in persons}
    for row in await _rows(conn, found) if found else ():
        if row["programme_id"] == programme_id:
            found[row["holder"]].append(_grant(row))
    return {person: Scope(programme_id, person, tuple(grants)) for person, grants in found.items()}
