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
        )
        select s.id, s.code, s.name, s.place, coalesce(r.name, '') as region, s.levels,
            s.mail_domains, s.closed_on, s.scheme = 'unlisted' as is_unlisted,
            d.id is not null as is_reached, count(*) over () as all
        from schools s
        left join school_regions p on p.programme_id = $1 and p.school_id = s.id
            and p.valid_to is null
        -- a school that closed is listed where it stood last
        left join lateral (
            select q.region_id from school_regions q
            where s.closed_on is not null and q.programme_id = $1 and q.school_id = s.id
            order by q.valid_from desc limit 1
        ) z on true
        left join regions r on r.programme_id = $1 and r.id = coalesce(p.region_id, z.region_id)
        left join reached d on d.id = s.id
        where case $3
                when 'ours' then coalesce(p.region_id, z.region_id) is not null
                when 'typed' then s.scheme = 'unlisted' and exists (
                    select from roles t where t.programme_id = $1 and t.school_id = s.id
                        and t.role = 'teacher' and t.ended_at is null)
                else s.scheme <> 'unlisted'
                    and s.country = (select g.country from programmes g where g.id = $1)
                    and not exists (select from school_regions q
                        where q.programme_id = $1 and q.school_id = s.id)
            end
            and ($2::uuid is null or coalesce(p.region_id, z.region_id) = $2)
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


async def typed(conn: Connection, scope: Scope) -> int:
    """How many schools teachers of the programme typed in, which stand in no registry."""
    found: int = await conn.fetchval(
        """
        select count(distinct t.school_id) from roles t join schools s on s.id = t.school_id
        where t.programme_id = $1 and t.role = 'teacher' and t.ended_at is null
            and s.scheme = 'unlisted'
        """,
        scope.programme_id,
    )
    return found
