"""What a person may do, in every programme: her own roles, and those she stands in for."""

from uuid import UUID

from rooms.connection import Connection
from rooms.scope import Grant, Scope


async def held(conn: Connection, person_id: UUID) -> list[tuple[UUID, Grant]]:
    """(programme, grant), her own before those of people on holiday whose deputy she is today."""
    rows = await conn.fetch(
        """
        select programme_id, role, region_id, company_id, school_id, is_confirmed from (
            select programme_id, role, region_id, company_id, school_id, is_confirmed, created_at,
                id, false as is_deputy
            from roles where person_id = $1 and ended_at is null
            union all
            select r.programme_id, r.role, r.region_id, null, null, true, r.created_at, r.id, true
            from deputies d
            join programmes p on p.id = d.programme_id
            join roles r on (r.programme_id, r.person_id) = (d.programme_id, d.person_id)
                and r.role = 'coordinator' and r.ended_at is null
            where d.deputy_id = $1 and d.ended_at is null
                and (now() at time zone p.zone)::date between d.from_day and d.until_day
        ) as held order by is_deputy, created_at, id
        """,
        person_id,
    )
    return [
        (
            row["programme_id"],
            Grant(
                row["role"],
                row["region_id"],
                row["company_id"],
                row["school_id"],
                row["is_confirmed"],
            ),
        )
        for row in rows
    ]


async def scope_of(conn: Connection, programme_id: UUID, person_id: UUID) -> Scope:
    """Her scope in one programme, as it is now."""
    found = await held(conn, person_id)
    return Scope(
        programme_id, person_id, tuple(one for where, one in found if where == programme_id)
    )
