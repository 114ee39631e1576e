"""Partnerships: a school and a company of which one asked and the other came.

Nobody writes them down: a pair is alive in a period when a guest lesson or live tour that a class
had asked for took place in it, or is agreed for a day in it. With a partnership a company knows its
schools by name, as it answered them; of all others it reads sums.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from rooms.attendance.kpi_periods import Period
from rooms.connection import Connection
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Pair:
    """`lessons`: held in the period; `last_on`: the last one's day, agreed ones too."""

    school: str
    place: str
    company: str
    lessons: int
    last_on: date


async def alive(
    conn: Connection, scope: Scope, period: Period, region_id: UUID | None = None
) -> list[Pair]:
    """The pairs of the viewer's regions, classes or company, or those she helps; by school."""
    rows = await conn.fetch(
        """
        with held as (
            select k.region_id, k.school_id, k.company_id, k.local_date as day, k.session_id,
                k.class_id
            from kpi_classes k
            where k.programme_id = $1 and k.local_date between $2 and $3 and k.invited
                and k.is_counted and k.passes and k.company_id is not null
            union all
            select r.region_id, r.school_id, r.company_id, r.day, null, r.class_id
            from requests r
            join webinars w on (w.programme_id, w.id) = (r.programme_id, r.webinar_id)
            where r.programme_id = $1 and r.day between $2 and $3 and r.state = 'accepted'
                and w.state in ('announced', 'open', 'live')
        )
        select o.name as school, o.place, c.name as company,
            count(distinct h.session_id)::int as lessons, max(h.day) as last_on
        from held h
        join schools s on s.id = h.school_id
        join schools o on o.id = coalesce(s.reports_as, s.id)
        join companies c on c.programme_id = $1 and c.id = h.company_id
        where ($4 or h.region_id = any($5::uuid[]) or h.company_id = any($6::uuid[])
                or exists (select from class_teachers t where t.programme_id = $1
                    and t.class_id = h.class_id and t.person_id = $7)
                or (h.school_id, h.company_id) in (
                        select p.school_id, p.company_id from paired($1, $7) p))
            and ($8::uuid is null or h.region_id = $8)
        group by o.id, o.name, o.place, c.id, c.name
        order by o.name, c.name, o.id, c.id limit 500
        """,
        scope.programme_id,
        period.since,
        period.until,
        scope.sees_all,
        scope.region_ids,
        [grant.company_id for grant in scope.grants if grant.role == "editor"],
        scope.person_id,
        region_id,
    )
    return [Pair(**row) for row in rows]
