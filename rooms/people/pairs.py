"""Pairs of a school and a company whom a facilitator brings together: she sees what they did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Pair:
    """One school with one company, in the care of one facilitator."""

    id: UUID
    person: str
    school: str
    place: str
    company: str
    made_at: datetime


async def every(conn: Connection, scope: Scope) -> list[Pair]:
    """The pairs whose school stands in the viewer's regions now, by facilitator and school."""
    rows = await conn.fetch(
        """
        select f.id, coalesce(nullif(p.name, ''), p.email) as person, s.name as school, s.place,
            m.name as company, f.made_at
        from facilitator_pairs f
        join persons p on p.id = f.person_id
        join schools s on s.id = f.school_id
        join companies m on (m.programme_id, m.id) = (f.programme_id, f.company_id)
        left join school_regions g on (g.programme_id, g.school_id)
            = (f.programme_id, f.school_id) and g.valid_to is null
        where f.programme_id = $1 and f.ended_at is null and ($2 or g.region_id = any($3::uuid[]))
        order by person, school, company, f.id
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
    )
    return [Pair(**row) for row in rows]


async def facilitators(conn: Connection, scope: Scope) -> list[tuple[UUID, str]]:
    """(id, name) of who facilitates in the programme."""
    rows = await conn.fetch(
        """
        select p.id, coalesce(nullif(p.name, ''), p.email) as name
        from roles r join persons p on p.id = r.person_id
        where r.programme_id = $1 and r.role = 'facilitator' and r.ended_at is null
        group by p.id order by name, p.id
        """,
        scope.programme_id,
    )
    return [(row["id"], row["name"]) for row in rows]


async def make(
    conn: Connection,
    scope: Scope,
    person_id: UUID | None,
    school_id: UUID,
    company_id: UUID | None,
    now: datetime,
) -> UUID:
    """Gives a facilitator the care of a school of the viewer's regions with a company.

    Raises `Refused` `pair_person`, `pair_company`, `NotThere` for a school elsewhere, `Conflict`
    `pair_there`.
    """
    if person_id not in [one for one, _ in await facilitators(conn, scope)]:
        raise Refused("pair_person")
    await _check_school(conn, scope, school_id)
    is_active = await conn.fetchval(
        "select 1 from companies where programme_id = $1 and id = $2 and state = 'active'",
        scope.programme_id,
        company_id,
    )
    if is_active is None:
        raise Refused("pair_company")
    try:
        made: UUID = await conn.fetchval(
            """
            insert into facilitator_pairs (programme_id, person_id, school_id, company_id, made_by,
                made_at)
            values ($1, $2, $3, $4, $5, $6) returning id
            """,
            scope.programme_id,
            person_id,
            school_id,
            company_id,
            scope.person_id,
            now,
        )
    except asyncpg.UniqueViolationError:
        raise Conflict("pair_there") from None
    return made


async def _check_school(conn: Connection, scope: Scope, school_id: UUID) -> None:
    is_hers = await conn.fetchval(
        """
        select 1 from school_regions where programme_id = $1 and school_id = $2
            and valid_to is null and ($3 or region_id = any($4::uuid[]))
        """,
        scope.programme_id,
        school_id,
        scope.sees_all,
        scope.region_ids,
    )
    if is_hers is None:
        raise NotThere("school")


async def end(conn: Connection, scope: Scope, pair_id: UUID, now: datetime) -> None:
    """The pair is nobody's any more; what they did together stays. Raises `NotThere`."""
    done = await conn.execute(
        """
        update facilitator_pairs f set ended_at = $3, ended_by = $4
        where f.programme_id = $1 and f.id = $2 and f.ended_at is null and ($5 or exists (
            select from school_regions g where (g.programme_id, g.school_id)
                = (f.programme_id, f.school_id) and g.valid_to is null
                and g.region_id = any($6::uuid[])))
        """,
        scope.programme_id,
        pair_id,
        now,
        scope.person_id,
        scope.sees_all,
        scope.region_ids,
    )
    if done == "UPDATE 0":
        raise NotThere("pair")


async def follow(conn: Connection, successors: Mapping[UUID, UUID], now: datetime) -> None:
    """Who has the care of a school has that of the one that takes it over as well, in every
    programme; the school's own pair stays, should it open again."""
    await conn.execute(
        """
        insert into facilitator_pairs (programme_id, person_id, school_id, company_id, made_by,
            made_at)
        select f.programme_id, f.person_id, t.next_id, f.company_id, f.made_by, $3
        from facilitator_pairs f
        join unnest($1::uuid[], $2::uuid[]) as t (school_id, next_id) on f.school_id = t.school_id
        where f.ended_at is null
        on conflict (programme_id, person_id, school_id, company_id) where ended_at is null
            do nothing
        """,
        list(successors),
        list(successors.values()),
        now,
    )


async def move_school(
    conn: Connection, scope: Scope, from_id: UUID, into_id: UUID, only: list[UUID] | None
) -> list[UUID]:
    """Pairs of a school that is another one are that one's; `only`: these. Returns which.

    Whoever has the same pair there already keeps the one and the other.
    """
    rows = await conn.fetch(
        """
        update facilitator_pairs f set school_id = $3
        where f.programme_id = $1 and f.school_id = $2
            and ($4::uuid[] is null or f.id = any($4))
            and (f.ended_at is not null or not exists (
                select from facilitator_pairs o where o.programme_id = $1
                    and (o.person_id, o.company_id) = (f.person_id, f.company_id)
                    and o.school_id = $3 and o.ended_at is null))
        returning f.id
        """,
        scope.programme_id,
        from_id,
        into_id,
        only,
    )
    return [row["id"] for row in rows]
