"""Many schools' places in the regions of programmes at once, each from a day to a day."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from rooms.connection import Connection
from rooms.scope import Scope


async def place(conn: Connection, scope: Scope, regions: Mapping[UUID, UUID], on: date) -> None:
    """Puts schools in regions (school → region) of the programme from a day on.

    Placings that began that day or later are put right, older ones end, and the new ones begin.
    """
    given = (scope.programme_id, list(regions), list(regions.values()), on)
    await conn.execute(
        """
        update school_regions p set region_id = t.region_id
        from unnest($2::uuid[], $3::uuid[]) as t (school_id, region_id)
        where p.programme_id = $1 and p.school_id = t.school_id and p.valid_to is null
            and p.valid_from >= $4
        """,
        *given,
    )
    await conn.execute(
        """
        update school_regions p set valid_to = $4
        from unnest($2::uuid[], $3::uuid[]) as t (school_id, region_id)
        where p.programme_id = $1 and p.school_id = t.school_id and p.valid_to is null
            and p.region_id <> t.region_id
        """,
        *given,
    )
    await conn.execute(
        """
        insert into school_regions (programme_id, school_id, region_id, valid_from)
        select $1, t.school_id, t.region_id, greatest($4, (select max(p.valid_to)
            from school_regions p where p.programme_id = $1 and p.school_id = t.school_id))
        from unnest($2::uuid[], $3::uuid[]) as t (school_id, region_id)
        on conflict (programme_id, school_id) where valid_to is null do nothing
        """,
        *given,
    )


async def end(conn: Connection, days: Mapping[UUID, date]) -> None:
    """Schools (each with the day) stand in no region of any programme any more."""
    await conn.execute(
        """
        update school_regions p set valid_to = greatest(t.day, p.valid_from + 1)
        from unnest($1::uuid[], $2::date[]) as t (school_id, day)
        where p.school_id = t.school_id and p.valid_to is null
        """,
        list(days),
        list(days.values()),
    )


async def begin_again(conn: Connection, school_ids: Sequence[UUID], on: date) -> None:
    """Schools stand where they stood last, in every programme that had them."""
    await conn.execute(
        """
        insert into school_regions (programme_id, school_id, region_id, valid_from)
        select distinct on (p.programme_id, p.school_id) p.programme_id, p.school_id,
            p.region_id, greatest($2, p.valid_to)
        from school_regions p where p.school_id = any($1::uuid[])
        order by p.programme_id, p.school_id, p.valid_from desc
        on conflict (programme_id, school_id) where valid_to is null do nothing
        """,
        list(school_ids),
        on,
    )


async def begin_again_here(conn: Connection, scope: Scope, school_id: UUID, on: date) -> None:
    """A school stands where it stood last in this programme; what another did with it stays."""
    await conn.execute(
        """
        insert into school_regions (programme_id, school_id, region_id, valid_from)
        select p.programme_id, p.school_id, p.region_id, greatest($3, p.valid_to)
        from school_regions p where p.programme_id = $1 and p.school_id = $2
        order by p.valid_from desc limit 1
        on conflict (programme_id, school_id) where valid_to is null do nothing
        """,
        scope.programme_id,
        school_id,
        on,
    )


async def follow(conn: Connection, successors: Mapping[UUID, UUID], on: date) -> None:
    """A school that takes another over stands where that stood last, unless it stands somewhere
    in that programme already."""
    await conn.execute(
        """
        insert into school_regions (programme_id, school_id, region_id, valid_from)
        select distinct on (p.programme_id, t.successor_id) p.programme_id, t.successor_id,
            p.region_id, greatest($3, (select max(q.valid_to) from school_regions q
                where q.programme_id = p.programme_id and q.school_id = t.successor_id))
        from school_regions p
        join unnest($1::uuid[], $2::uuid[]) as t (school_id, successor_id)
            on p.school_id = t.school_id
        order by p.programme_id, t.successor_id, p.valid_from desc
        on conflict (programme_id, school_id) where valid_to is null do nothing
        """,
        list(successors),
        list(successors.values()),
        on,
    )


async def end_here(conn: Connection, scope: Scope, school_id: UUID, on: date) -> None:
    """A school stands in no region of this programme from a day on."""
    await conn.execute(
        """
        update school_regions set valid_to = greatest($3, valid_from + 1)
        where programme_id = $1 and school_id = $2 and valid_to is null
        """,
        scope.programme_id,
        school_id,
        on,
    )
