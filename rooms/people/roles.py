"""Roles: who may do what in a programme, for which part of it, and until when."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.people.persons import Person
from rooms.scope import Scope

ROLES = (
    "teacher",
    "editor",
    "presenter",
    "moderator",
    "coordinator",
    "facilitator",
    "bureau",
    "safeguarding",
    "operator",
)


@dataclass(frozen=True, slots=True)
class Held:
    """A role somebody holds, with the words a list shows. `part`: its region, company, school."""

    id: UUID
    person_id: UUID
    email: str
    name: str
    role: str
    part: str
    is_confirmed: bool
    created_at: datetime
    school_id: UUID | None


def _held(row: asyncpg.Record) -> Held:
    return Held(
        row["id"],
        row["person_id"],
        row["email"],
        row["name"],
        row["role"],
        row["part"] or "",
        row["is_confirmed"],
        row["created_at"],
        row["school_id"],
    )


async def give(
    conn: Connection,
    scope: Scope,
    person_id: UUID,
    role: str,
    *,
    region_id: UUID | None = None,
    company_id: UUID | None = None,
    school_id: UUID | None = None,
    is_confirmed: bool = True,
) -> UUID:
    """Gives a role; given twice it stays one, and a confirmed one stays confirmed.

    Raises `NotThere` when region or company are not of this programme.
    """
    try:
        role_id: UUID = await conn.fetchval(
            """
            insert into roles as r (programme_id, person_id, role, region_id, company_id,
                school_id, is_confirmed)
            values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (programme_id, person_id, role,
                coalesce(region_id, company_id, school_id, programme_id))
                where ended_at is null
                do update set is_confirmed = r.is_confirmed or excluded.is_confirmed
            returning id
            """,
            scope.programme_id,
            person_id,
            role,
            region_id,
            company_id,
            school_id,
            is_confirmed,
        )
    except asyncpg.ForeignKeyViolationError:
        raise NotThere("role") from None
    return role_id


async def end(conn: Connection, scope: Scope, role_id: UUID, now: datetime) -> None:
    """Takes a role away; the pairs of who facilitates no longer are nobody's. Raises `NotThere`."""
    done = await conn.fetchval(
        """
        with gone as (
            update roles set ended_at = $3
            where programme_id = $1 and id = $2 and ended_at is null
            returning person_id, role
        ), pairs as (
            update facilitator_pairs f set ended_at = $3, ended_by = $4 from gone g
            where g.role = 'facilitator' and f.programme_id = $1 and f.person_id = g.person_id
                and f.ended_at is null and not exists (select from roles o
                    where o.programme_id = $1 and o.person_id = g.person_id
                        and o.role = g.role and o.ended_at is null and o.id <> $2)
        )
        select count(*) from gone
        """,
        scope.programme_id,
        role_id,
        now,
        scope.person_id,
    )
    if not done:
        raise NotThere("role")


async def end_of_company(conn: Connection, scope: Scope, company_id: UUID, now: datetime) -> None:
    """The company is not part of the programme: nobody works here for it any more."""
    await conn.execute(
        """
        update roles set ended_at = $3
        where programme_id = $1 and company_id = $2 and ended_at is null
        """,
        scope.programme_id,
        company_id,
        now,
    )


async def by_id(conn: Connection, scope: Scope, role_id: UUID) -> Held:
    """One role held in the programme. Raises `NotThere`."""
    for held in await every(conn, scope):
        if held.id == role_id:
            return held
    raise NotThere("role")


async def every(conn: Connection, scope: Scope) -> list[Held]:
    """All roles held in the programme, by role and name."""
    rows = await conn.fetch(
        """
        select r.id, r.person_id, p.email, p.name, r.role, r.is_confirmed, r.created_at,
            r.school_id, coalesce(g.name, c.name, concat_ws(', ', s.name, nullif(s.place, '')))
                as part
        from roles r
        join persons p on p.id = r.person_id
        left join regions g on g.programme_id = r.programme_id and g.id = r.region_id
        left join companies c on c.programme_id = r.programme_id and c.id = r.company_id
        left join schools s on s.id = r.school_id
        where r.programme_id = $1 and r.ended_at is null
        order by r.role, p.name, p.email, part
        """,
        scope.programme_id,
    )
    return [_held(row) for row in rows]


async def editors(conn: Connection, scope: Scope, company_id: UUID) -> list[Person]:
    """The persons who edit for a company, first come first."""
    rows = await conn.fetch(
        """
        select p.id, p.email, p.name, p.language, p.password_hash is not null as has_password
        from roles r join persons p on p.id = r.person_id
        where r.programme_id = $1 and r.company_id = $2 and r.role = 'editor'
            and r.ended_at is null
        order by r.created_at, r.id
        """,
        scope.programme_id,
        company_id,
    )
    return [Person(**dict(row)) for row in rows]


async def holders(conn: Connection, scope: Scope, role: str) -> list[Person]:
    """The persons who hold a role in the programme, first come first."""
    rows = await conn.fetch(
        """
        select p.id, p.email, p.name, p.language, p.password_hash is not null as has_password
        from roles r join persons p on p.id = r.person_id
        where r.programme_id = $1 and r.role = $2 and r.ended_at is null
        group by p.id order by min(r.created_at), p.id
        """,
        scope.programme_id,
        role,
    )
    return [Person(**dict(row)) for row in rows]


async def who_confirms(conn: Connection, scope: Scope, school_id: UUID) -> list[Person]:
    """Who is asked whether a teacher is this school's: the coordinators of its region, and those
    of the whole programme; for a school that stands in no region the office as well."""
    rows = await conn.fetch(
        """
        select p.id, p.email, p.name, p.language, p.password_hash is not null as has_password
        from roles r join persons p on p.id = r.person_id
        left join school_regions g on g.programme_id = r.programme_id and g.school_id = $2
            and g.valid_to is null
        where r.programme_id = $1 and r.ended_at is null and (
            r.role = 'coordinator' and (r.region_id is null or r.region_id = g.region_id)
            or r.role = 'bureau' and g.region_id is null)
        group by p.id order by min(r.created_at), p.id
        """,
        scope.programme_id,
        school_id,
    )
    return [Person(**dict(row)) for row in rows]


async def is_confirmed(conn: Connection, scope: Scope, role_id: UUID) -> bool:
    """Whether the role counts, or still waits for somebody's yes."""
    found: bool | None = await conn.fetchval(
        "select is_confirmed from roles where programme_id = $1 and id = $2",
        scope.programme_id,
        role_id,
    )
    return bool(found)


async def unconfirmed(conn: Connection, scope: Scope) -> list[Held]:
    """Teachers whose school has not been confirmed, oldest first: those of the scope's regions,
    or all where the scope sees all."""
    rows = await conn.fetch(
        """
        select r.id, r.person_id, p.email, p.name, r.role, r.is_confirmed, r.created_at,
            r.school_id, concat_ws(', ', s.name, nullif(s.place, '')) as part
        from roles r
        join persons p on p.id = r.person_id
        join schools s on s.id = r.school_id
        left join school_regions g on g.programme_id = r.programme_id
            and g.school_id = r.school_id and g.valid_to is null
        where r.programme_id = $1 and r.role = 'teacher' and not r.is_confirmed
            and r.ended_at is null and ($2 or g.region_id = any($3))
        order by r.created_at, r.id
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
    )
    return [_held(row) for row in rows]


async def confirm(conn: Connection, scope: Scope, role_id: UUID) -> None:
    """Says that this teacher is her school's. Raises `NotThere` outside the scope's regions."""
    done = await conn.execute(
        """
        update roles r set is_confirmed = true, confirmed_by = $3
        where r.programme_id = $1 and r.id = $2 and r.role = 'teacher' and r.ended_at is null
            and ($4 or exists (
                select from school_regions g
                where g.programme_id = r.programme_id and g.school_id = r.school_id
                    and g.valid_to is null and g.region_id = any($5)))
        """,
        scope.programme_id,
        role_id,
        scope.person_id,
        scope.sees_all,
        scope.region_ids,
    )
    if done == "UPDATE 0":
        raise NotThere("role")


async def turn_away(conn: Connection, scope: Scope, role_id: UUID, now: datetime) -> None:
    """Says that this teacher is not her school's. Raises `NotThere` as `confirm` does."""
    done = await conn.execute(
        """
        update roles r set ended_at = $3
        where r.programme_id = $1 and r.id = $2 and r.role = 'teacher' and r.ended_at is null
            and not r.is_confirmed and ($4 or exists (
                select from school_regions g
                where g.programme_id = r.programme_id and g.school_id = r.school_id
                    and g.valid_to is null and g.region_id = any($5)))
        """,
        scope.programme_id,
        role_id,
        now,
        scope.sees_all,
        scope.region_ids,
    )
    if done == "UPDATE 0":
        raise NotThere("role")


async def move_school(
    conn: Connection, scope: Scope, from_id: UUID, into_id: UUID, only: list[UUID] | None
) -> list[UUID]:
    """Teachers of one school become teachers of another; `only`: of these rows. Returns which.

    Who has that role there already keeps the one and the other.
    """
    rows = await conn.fetch(
        """
        update roles r set school_id = $3
        where r.programme_id = $1 and r.school_id = $2 and ($4::uuid[] is null or r.id = any($4))
            and (r.ended_at is not null or not exists (
                select from roles o where o.programme_id = $1 and o.person_id = r.person_id
                    and o.role = r.role and o.school_id = $3 and o.ended_at is null))
        returning r.id
        """,
        scope.programme_id,
        from_id,
        into_id,
        only,
    )
    return [row["id"] for row in rows]
