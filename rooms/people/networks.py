"""Networks of a programme: named groups of schools and companies, each in it from a day to a day.

A school or a company is in one network at a time, in whatever region it stands. What it did on a
day counts in the network it was in that day; so no figure counts twice, and parts add up. A day in
the past may be told afterwards: who keeps the figures looks at them again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.errors import Conflict, NotThere
from rooms.scope import Scope


class Kind(StrEnum):
    """What can be in a network."""

    SCHOOL = "school"
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class Network:
    """`schools`, `companies`: how many are in it on the day that was asked for."""

    id: UUID
    name: str
    schools: int = 0
    companies: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A school or a company in a network; `valid_to`: the first day it was there no more."""

    id: UUID
    kind: Kind
    name: str
    place: str
    valid_from: date
    valid_to: date | None

    @property
    def last_day(self) -> date | None:
        """The last one it was there; None while it is."""
        return self.valid_to - timedelta(days=1) if self.valid_to else None


# --- networks ------------------------------------------------------------------------------------


async def create(conn: Connection, scope: Scope, name: str, now: datetime) -> Network:
    """A new network. Raises `Conflict` `network_name_taken`."""
    network_id = await conn.fetchval(
        """
        insert into networks (programme_id, name, named_at) values ($1, $2, $3)
        on conflict (programme_id, name) do nothing returning id
        """,
        scope.programme_id,
        name,
        now,
    )
    if network_id is None:
        raise Conflict("network_name_taken", name=name)
    return Network(network_id, name)


async def rename(
    conn: Connection, scope: Scope, network_id: UUID, name: str, now: datetime
) -> None:
    """Another name from now on. Raises `NotThere`, `Conflict` `network_name_taken`."""
    try:
        async with conn.transaction():
            done = await conn.execute(
                """
                update networks set name = $3, named_at = case when name = $3 then named_at else $4
                    end
                where programme_id = $1 and id = $2
                """,
                scope.programme_id,
                network_id,
                name,
                now,
            )
    except asyncpg.UniqueViolationError:
        raise Conflict("network_name_taken", name=name) from None
    if done == "UPDATE 0":
        raise NotThere("network")


async def every(conn: Connection, scope: Scope, on: date) -> list[Network]:
    """All networks of the programme, by name, with who is in them on a day."""
    rows = await conn.fetch(
        """
        select n.id, n.name, count(m.school_id)::int as schools,
            count(m.company_id)::int as companies
        from networks n
        left join network_members m on m.programme_id = n.programme_id and m.network_id = n.id
            and m.valid_from <= $2 and (m.valid_to is null or m.valid_to > $2)
        where n.programme_id = $1 group by n.id, n.name order by n.name
        """,
        scope.programme_id,
        on,
    )
    return [Network(**row) for row in rows]


async def by_id(conn: Connection, scope: Scope, network_id: UUID) -> Network:
    """One network. Raises `NotThere`."""
    row = await conn.fetchrow(
        "select id, name from networks where programme_id = $1 and id = $2",
        scope.programme_id,
        network_id,
    )
    if row is None:
        raise NotThere("network")
    return Network(**row)


# --- who is in them ------------------------------------------------------------------------------


async def members(conn: Connection, scope: Scope, network_id: UUID) -> list[Member]:
    """Who is or was in a network: schools first, those of now before those who left, by name."""
    rows = await conn.fetch(
        """
        select m.member_id as id, case when m.school_id is null then 'company' else 'school' end
                as kind, coalesce(s.name, c.name) as name, coalesce(s.place, c.place) as place,
            m.valid_from, m.valid_to
        from network_members m
        left join schools s on s.id = m.school_id
        left join companies c on c.programme_id = m.programme_id and c.id = m.company_id
        where m.programme_id = $1 and m.network_id = $2
        order by m.school_id is null, m.valid_to is not null, lower(coalesce(s.name, c.name)),
            m.valid_from
        """,
        scope.programme_id,
        network_id,
    )
    return [Member(**{**row, "kind": Kind(row["kind"])}) for row in rows]


async def ours(conn: Connection, scope: Scope, kind: Kind, ids: Sequence[UUID]) -> list[UUID]:
    """Those of `ids` that can be in a network: schools that stand in a region of the programme,
    its companies."""
    rows = await conn.fetch(
        """
        select school_id as id from school_regions
        where $3 = 'school' and programme_id = $1 and school_id = any($2::uuid[])
            and valid_to is null
        union all
        select id from companies
        where $3 = 'company' and programme_id = $1 and id = any($2::uuid[]) and state = 'active'
        """,
        scope.programme_id,
        list(ids),
        kind,
    )
    return [row["id"] for row in rows]


async def of_region(conn: Connection, scope: Scope, region_id: UUID) -> list[UUID]:
    """Schools that stand in a region now and are in no network."""
    rows = await conn.fetch(
        """
        select p.school_id from school_regions p
        where p.programme_id = $1 and p.region_id = $2 and p.valid_to is null
            and not exists (select from network_members m where m.programme_id = $1
                and m.member_id = p.school_id and m.valid_to is null)
        order by p.school_id
        """,
        scope.programme_id,
        region_id,
    )
    return [row["school_id"] for row in rows]


async def join(
    conn: Connection, scope: Scope, network_id: UUID, kind: Kind, ids: Sequence[UUID], on: date
) -> None:
    """Schools, or companies, are in a network from a day on; in another one up to that day.

    What was told of the time since that day is told anew. The caller has looked that they are
    `ours`. Raises `NotThere` for a network of another programme.
    """
    await by_id(conn, scope, network_id)
    await _take_turns(conn, scope)
    known = [
        row["member_id"]
        for row in await conn.fetch(
            """
            select member_id from network_members where programme_id = $1 and network_id = $2
                and member_id = any($3::uuid[]) and valid_from <= $4 and valid_to is null
            """,
            scope.programme_id,
            network_id,
            list(ids),
            on,
        )
    ]
    new = [one for one in dict.fromkeys(ids) if one not in known]
    await leave(conn, scope, new, on)
    await conn.execute(
        """
        insert into network_members (programme_id, network_id, school_id, company_id, valid_from)
        select $1, $2, case $3 when 'school' then t.id end, case $3 when 'company' then t.id end,
            $5
        from unnest($4::uuid[]) as t (id)
        """,
        scope.programme_id,
        network_id,
        kind,
        new,
        on,
    )


async def leave(conn: Connection, scope: Scope, ids: Sequence[UUID], on: date) -> None:
    """Members are in no network from a day on, whatever was told of the time since."""
    await _take_turns(conn, scope)
    await conn.execute(
        """
        delete from network_members
        where programme_id = $1 and member_id = any($2::uuid[]) and valid_from >= $3
        """,
        scope.programme_id,
        list(ids),
        on,
    )
    await conn.execute(
        """
        update network_members set valid_to = $3
        where programme_id = $1 and member_id = any($2::uuid[])
            and (valid_to is null or valid_to > $3)
        """,
        scope.programme_id,
        list(ids),
        on,
    )


async def _take_turns(conn: Connection, scope: Scope) -> None:
    """Two of the office at once leave nobody in two networks."""
    await conn.execute("select from programmes where id = $1 for no key update", scope.programme_id)


async def follow(conn: Connection, successors: Mapping[UUID, UUID], on: date) -> None:
    """A school that takes another over is where that was, in every programme that had it, unless
    it is in a network there already; schools that were taken over are in none."""
    await conn.execute(
        """
        insert into network_members (programme_id, network_id, school_id, valid_from)
        select distinct on (m.programme_id, t.next_id) m.programme_id, m.network_id, t.next_id, $3
        from network_members m
        join unnest($1::uuid[], $2::uuid[]) as t (school_id, next_id) on m.school_id = t.school_id
        where m.valid_to is null and not exists (select from network_members o
            where o.programme_id = m.programme_id and o.member_id = t.next_id
                and (o.valid_to is null or o.valid_to > $3))
        order by m.programme_id, t.next_id, m.valid_from desc
        """,
        list(successors),
        list(successors.values()),
        on,
    )


async def end(conn: Connection, days: Mapping[UUID, date]) -> None:
    """Schools (each with the day) closed: they are in no network of any programme any more."""
    await conn.execute(
        """
        update network_members m set valid_to = greatest(t.day, m.valid_from + 1)
        from unnest($1::uuid[], $2::date[]) as t (school_id, day)
        where m.school_id = t.school_id and m.valid_to is null
        """,
        list(days),
        list(days.values()),
    )


async def begin_again(conn: Connection, closed: Mapping[UUID, date], on: date) -> None:
    """Schools (each with the day it had closed) are again, from a day on, where their closing took
    them out, in every programme. Who had left before, or is told somewhere since, stays there."""
    await conn.execute(
        """
        insert into network_members (programme_id, network_id, school_id, valid_from)
        select m.programme_id, m.network_id, m.school_id, greatest($3, m.valid_to)
        from network_members m
        join unnest($1::uuid[], $2::date[]) as t (school_id, day) on m.school_id = t.school_id
        where m.valid_to = greatest(t.day, m.valid_from + 1)
            and not exists (select from network_members o where o.programme_id = m.programme_id
                and o.member_id = m.member_id and o.valid_from >= m.valid_to)
        """,
        list(closed),
        list(closed.values()),
        on,
    )


# --- a school that is another one ----------------------------------------------------------------


async def bring(conn: Connection, scope: Scope, from_id: UUID, into_id: UUID) -> list[UUID]:
    """A school that is another one brings its stays along, for the days that the other was in no
    network of this programme. Returns which stays began by it."""
    await _take_turns(conn, scope)
    rows = await conn.fetch(
        """
        with brought as (
            select network_id, daterange(valid_from, valid_to) as days
            from network_members where programme_id = $1 and school_id = $2
        ), had as (
            select coalesce(range_agg(daterange(valid_from, valid_to)), '{}') as days
            from network_members where programme_id = $1 and school_id = $3
        )
        insert into network_members (programme_id, network_id, school_id, valid_from, valid_to)
        select $1, b.network_id, $3, lower(piece), upper(piece)
        from brought b, had h, unnest(datemultirange(b.days) - h.days) as piece
        returning id
        """,
        scope.programme_id,
        from_id,
        into_id,
    )
    return [row["id"] for row in rows]


async def take_back(conn: Connection, scope: Scope, stays: Sequence[UUID]) -> None:
    """Stays that were brought never were; those told anew since then are left alone."""
    await conn.execute(
        "delete from network_members where programme_id = $1 and id = any($2::uuid[])",
        scope.programme_id,
        list(stays),
    )


async def end_here(conn: Connection, scope: Scope, school_id: UUID, on: date) -> list[UUID]:
    """A school is in no network of this programme from a day on. Returns which stay ended."""
    rows = await conn.fetch(
        """
        update network_members set valid_to = greatest($3, valid_from + 1)
        where programme_id = $1 and school_id = $2 and valid_to is null returning id
        """,
        scope.programme_id,
        school_id,
        on,
    )
    return [row["id"] for row in rows]


async def go_on(conn: Connection, scope: Scope, stays: Sequence[UUID]) -> None:
    """Stays that were ended go on as if they had not, unless the school is in a network again."""
    await conn.execute(
        """
        update network_members m set valid_to = null
        where m.programme_id = $1 and m.id = any($2::uuid[]) and m.valid_to is not null
            and not exists (select from network_members o where o.programme_id = $1
                and o.member_id = m.member_id and o.valid_from >= m.valid_to)
        """,
        scope.programme_id,
        list(stays),
    )
