"""Beside what needs a coordinator: which schools were reached, which not, and what is planned."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from rooms.connection import Connection
from rooms.scope import Scope

NEXT = 6


@dataclass(frozen=True, slots=True)
class Reached:
    """Of the viewer's regions in a period. `registry`: schools that stand in them now; `schools`:
    of all schools, how many had a class that counts, one that was taken over with its successor;
    `pupils`: per class its largest headcount."""

    registry: int
    schools: int
    classes: int
    pupils: int


async def reached(conn: Connection, scope: Scope, first: date, last: date) -> Reached:
    """Schools, classes and pupils reached from `first` to `last`, both inside."""
    row = await conn.fetchrow(
        """
        with largest as (
            select l.reports_as as school_id, l.class_id, max(l.pupils) as pupils
            from report_lines l
            where l.programme_id = $1 and l.local_date between $4 and $5 and l.passes
                and ($2 or l.region_id = any($3::uuid[]))
            group by l.reports_as, l.class_id
        )
        select (select count(*) from school_regions g where g.programme_id = $1
                and g.valid_to is null and ($2 or g.region_id = any($3::uuid[]))) as registry,
            count(distinct school_id) as schools, count(*) as classes,
            coalesce(sum(pupils), 0)::bigint as pupils
        from largest
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        first,
        last,
    )
    assert row is not None
    return Reached(**row)


async def registry(conn: Connection, scope: Scope, region_id: UUID | None = None) -> int:
    """How many schools stand in the viewer's regions now, or in one of them: what "of 76 schools"
    counts."""
    count: int = await conn.fetchval(
        """
        select count(*) from school_regions
        where programme_id = $1 and valid_to is null and ($2 or region_id = any($3::uuid[]))
            and ($4::uuid is null or region_id = $4)
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        region_id,
    )
    return count


@dataclass(frozen=True, slots=True)
class SchoolReached:
    """A school of the registry. `last_day`: of its latest lesson that counts; None: not reached."""

    id: UUID
    name: str
    place: str
    region: str
    last_day: date | None
    planned_on: date | None


async def schools(
    conn: Connection,
    scope: Scope,
    period: tuple[date, date],
    today: date,
    *,
    is_reached: bool,
    limit: int,
    offset: int,
) -> tuple[int, list[SchoolReached]]:
    """(how many, a part of them by name) of the schools in the viewer's regions now that were, or
    were not, reached in a period, both days inside; `planned_on`: the next lesson on their list."""
    rows = await conn.fetch(
        """
        with reached as (
            select l.reports_as as school_id, max(l.local_date) as last_day
            from report_lines l
            where l.programme_id = $1 and l.local_date between $4 and $5 and l.passes
            group by l.reports_as
        ), planned as (
            select coalesce(o.reports_as, o.id) as school_id, min(s.planned_on) as planned_on
            from sessions s
            join session_classes c on (c.programme_id, c.session_id) = (s.programme_id, s.id)
            join schools o on o.id = c.school_id
            where s.programme_id = $1 and s.state = 'planned' and s.planned_on >= $6
            group by coalesce(o.reports_as, o.id)
        )
        select o.id, o.name, o.place, n.name as region, d.last_day, p.planned_on,
            count(*) over () as total
        from school_regions g
        join schools o on o.id = g.school_id
        join regions n on (n.programme_id, n.id) = (g.programme_id, g.region_id)
        left join reached d on d.school_id = g.school_id
        left join planned p on p.school_id = g.school_id
        where g.programme_id = $1 and g.valid_to is null
            and ($2 or g.region_id = any($3::uuid[]))
            and (d.school_id is not null) = $7
        order by o.name, o.id limit $8 offset $9
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        *period,
        today,
        is_reached,
        limit,
        offset,
    )
    found = [
        SchoolReached(**{name: row[name] for name in SchoolReached.__dataclass_fields__})
        for row in rows
    ]
    return (rows[0]["total"] if rows else 0), found


@dataclass(frozen=True, slots=True)
class Planned:
    """Something that is to come. `room_id` None: a tour that a class has on its list."""

    id: UUID
    is_webinar: bool
    title: str
    place: str
    day: date
    classes: int


async def planned(conn: Connection, scope: Scope, now: datetime, today: date) -> list[Planned]:
    """The next things that classes of the viewer's regions are to see, the first one first."""
    rows = await conn.fetch(
        """
        (select w.id, true as is_webinar, coalesce(x.title, '') as title,
            coalesce(m.name, '') as place, w.day,
            (select count(*) from registrations g where (g.programme_id, g.webinar_id)
                = (w.programme_id, w.id) and g.state = 'in' and g.class_id is not null) as classes
        from webinars w
        left join companies m on (m.programme_id, m.id) = (w.programme_id, w.company_id)
        left join webinar_texts x on (x.programme_id, x.webinar_id, x.language)
            = (w.programme_id, w.id, w.original_language)
        where w.programme_id = $1 and w.ends_at > $4 and w.state in ('announced', 'open', 'live')
            and ($2 or coalesce(w.region_id, m.region_id) = any($3::uuid[]))
        order by w.starts_at, w.id limit $6)
        union all
        (select s.id, false, coalesce(x.title, ''), o.name, s.planned_on, 1
        from sessions s
        join session_classes c on (c.programme_id, c.session_id) = (s.programme_id, s.id)
        join schools o on o.id = c.school_id
        join tours t on (t.programme_id, t.id) = (s.programme_id, s.tour_id)
        left join tour_texts x on (x.programme_id, x.tour_id, x.language)
            = (t.programme_id, t.id, t.original_language)
        where s.programme_id = $1 and s.state = 'planned' and s.planned_on >= $5
            and ($2 or c.region_id = any($3::uuid[]))
        order by s.planned_on, s.id limit $6)
        order by day, is_webinar, id limit $6
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        now,
        today,
        NEXT,
    )
    return [Planned(**row) for row in rows]
