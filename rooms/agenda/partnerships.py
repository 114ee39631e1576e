"""Partnerships: a school and a company of which one asked and the other came.

Nobody writes them down: a pair is alive in a period when a guest lesson or live tour that a class
had asked for took place in it, or is agreed for a day in it. With a partnership a company knows its
schools by name, as it answered them; of all others it reads sums.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from rooms import planning
from rooms.attendance.kpi import Asked, By, part_values
from rooms.connection import Connection
from rooms.scope import Scope

# A page shows so many; the figure says how many there are.
MOST = 500


@dataclass(frozen=True, slots=True)
class Pair:
    """`lessons`: held in the period; `last_on`: the last one's day, agreed ones too."""

    school_id: UUID
    school: str
    place: str
    company_id: UUID
    company: str
    lessons: int
    last_on: date


async def alive(conn: Connection, scope: Scope, asked: Asked, by: By | None = None) -> list[Pair]:
    """The pairs that the figure `partnerships` of the same question counts, by school: at most
    `MOST` of them."""
    await planning.anew(conn)
    rows = await conn.fetch(
        """
        select o.id as school_id, o.name as school, o.place, c.id as company_id, c.name as company,
            count(distinct k.session_id)::int as lessons, max(k.local_date) as last_on
        from kpi_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) k
        join schools s on s.id = k.school_id
        join schools o on o.id = coalesce(s.reports_as, s.id)
        join companies c on c.programme_id = $1 and c.id = k.company_id
        where k.invited and k.is_counted and k.passes
        group by o.id, o.name, o.place, c.id, c.name
        order by o.name, c.name, o.id, c.id limit $14
        """,
        *part_values(scope, asked, by),
        MOST,
    )
    await planning.as_usual(conn)
    return [Pair(**row) for row in rows]
