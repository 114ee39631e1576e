"""The office's list of schools: all of the programme, found by words and filters, page by page."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.scope import Scope

PER_PAGE = 50
# Where a school may stand: in a region of the programme, in the registry only, or in neither as
# only a teacher named it.
OURS, ELSEWHERE, TYPED = "ours", "elsewhere", "typed"


@dataclass(frozen=True, slots=True)
class Filters:
    """What is wanted; "" and None mean: all. `words`: every one stands in name, place or code.

    `kind`: `OURS`, `ELSEWHERE` or `TYPED`. `state`: open, closed. `reached`: yes, no (in the
    period of `since` to `until`, both included).
    """

    words: str = ""
    kind: str = OURS
    region_id: UUID | None = None
    level: str = ""
    state: str = ""
    reached: str = ""
    since: date = date.min
    until: date = date.max


@dataclass(frozen=True, slots=True)
class Line:
    """One school. `is_reached`: a class of it, or of one it took over, counts in the period."""

    id: UUID
    code: str
    name: str
    place: str
    region: str
    levels: tuple[str, ...]
    mail_domains: tuple[str, ...]
    closed_on: date | None
    is_unlisted: bool
    is_reached: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One page of the list. `number` from 1; `all`: how many schools it has, over all pages."""

    lines: tuple[Line, ...]
    number: int
    all: int

    @property
    def first(self) -> int:
        """The place of its first line in the whole list, from 1."""
        return (self.number - 1) * PER_PAGE + 1

    @property
    def last(self) -> int:
        """The place of its last line."""
        return self.first + len(self.lines) - 1


async def part(conn: Connection, scope: Scope, filters: Filters, number: int = 1) -> Part:
    """A page of the list, by place and name. A number beyond the last page gives the last.

    The registry's schools that stand in no region here are those of the programme's country.
    """
    rows = await _rows(conn, scope, filters, number)
    if not rows and number > 1:
        rows = await _rows(conn, scope, filters, 1)
        number = max(1, -(-rows[0]["all"] // PER_PAGE)) if rows else 1
        rows = await _rows(conn, scope, filters, number)
    return Part(tuple(_line(row) for row in rows), number, rows[0]["all"] if rows else 0)


async def _rows(
    conn: Connection, scope: Scope, filters: Filters, number: int
) -> list[asyncpg.Record]:
    return await conn.fetch(
        """
        with reached as materialized (
            select distinct coalesce(o.reports_as, o.id) as id
            from kpi_classes k join schools o on o.id = k.school_id
            where k.programme_id = $1 and k.is_counted and k.passes
                and k.local_date between $7 and $8
        ), wanted as (
            select s.id, p.region_id from school_regions p
            join schools s on s.id = p.school_id
            where $3 = 'ours' and p.programme_id = $1 and (p.valid_to is null or (
                s.closed_on is not null and p.valid_from = (
                    select max(q.valid_from) from school_regions q
                    where q.programme_id = $1 and q.school_id = s.id)))
            union all
            select s.id, null from schools s
            join programmes g on g.id = $1 and g.country = s.country
            where $3 = 'elsewhere' and s.scheme <> 'unlisted' and not exists (
                select from school_regions p where p.programme_id = $1 and p.school_id = s.id)
            union all
            select s.id, null from schools s
            where $3 = 'typed' and s.scheme = 'unlisted' and exists (
                select from roles t where t.programme_id = $1 and t.school_id = s.id
                    and t.role = 'teacher' and t.ended_at is null)
        )
        select s.id, s.code, s.name, s.place, coalesce(r.name, '') as region, s.levels,
            s.mail_domains, s.closed_on, s.scheme = 'unlisted' as is_unlisted,
            d.id is not null as is_reached, count(*) over () as all
        from wanted w
        join schools s on s.id = w.id
        left join regions r on r.programme_id = $1 and r.id = w.region_id
        left join reached d on d.id = s.id
        where ($2::uuid is null or w.region_id = $2)
            and ($4 = '' or s.levels @> array[$4])
            and ($5 = '' or ($5 = 'open') = (s.closed_on is null))
            and ($6 = '' or ($6 = 'yes') = (d.id is not null))
            and not exists (
                select from unnest($9::text[]) word
                where position(word in lower(s.name || ' ' || s.place || ' ' || s.code)) = 0)
        order by s.place, s.name, s.code limit $10 offset $11
        """,
        scope.programme_id,
        filters.region_id,
        filters.kind,
        filters.level,
        filters.state,
        filters.reached,
        filters.since,
        filters.until,
        [word.lower() for word in filters.words.split()],
        PER_PAGE,
        (number - 1) * PER_PAGE,
    )


def _line(row: asyncpg.Record) -> Line:
    told = {name: row[name] for name in Line.__dataclass_fields__}
    return Line(
        **{**told, "levels": tuple(row["levels"]), "mail_domains": tuple(row["mail_domains"])}
    )
