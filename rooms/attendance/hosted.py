"""What was hosted, line by line: behind each figure of `kpi.Hosted` what it counts, and no more.

Who reads lessons reads one line for each session. A company reads what it hosted: each of its
tours with all sittings together, each of its live rooms; when which class watched a tour is not
told apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

import asyncpg

from rooms import planning
from rooms.attendance import kpi, review
from rooms.attendance.kpi import Asked, Hosted
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.scope import Scope

LINES_PER_PAGE = 50


class Of(StrEnum):
    """What a list has a line for: what was hosted, whose it was, or what a company gave hours to,
    and whose presenters were asked for theirs."""

    SESSIONS = "sessions"
    COMPANIES = "companies"
    HOURS = "hours"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which list, and of what; `company_id` None: of all companies, and of none."""

    asked: Asked
    of: Of = Of.SESSIONS
    company_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """The figures of all lines of a list, and how many lines it has."""

    figures: Hosted
    lines: int


@dataclass(frozen=True, slots=True)
class Line:
    """A session, or all sessions of a company's own tour or live room. `id`: of that; `day` None:
    of a tour's sessions. `is_hers`: its own page is hers to open. `each`: the minutes that each
    presenter told, the most first; empty of one alone, and where it is not known any more.
    """

    id: UUID
    title: str
    is_live: bool
    day: date | None
    company: str
    region: str
    is_hers: bool
    figures: Hosted
    each: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CompanyLine:
    """A company with all its sessions; `id` None and `name` '': of no company."""

    id: UUID | None
    name: str
    figures: Hosted


def are_hers(scope: Scope) -> bool:
    """Whether she counts any of what was hosted: all, of her regions, or her company's."""
    if scope.sees_all or scope.region_ids:
        return True
    return kpi.is_companys(scope) and scope.has("editor")


async def whole(conn: Connection, scope: Scope, wanted: Wanted) -> Whole:
    """What all lines of a list come to. Raises `NotThere` as `kpi.report` does."""
    await planning.anew(conn)
    row = await conn.fetchrow(
        """
        with rows as materialized (
            select k.*, k.stage_seconds > 0 or k.preparation_told + k.preparation_untold > 0
                as has_hours
            from hosted_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) k
        )
        select count(*) as sessions, count(*) filter (where kind = 'live') as sessions_live,
            count(distinct company_id) as companies,
            coalesce(sum(stage_seconds), 0)::bigint as stage_seconds,
            coalesce(sum(preparation_minutes), 0)::bigint as preparation_minutes,
            coalesce(sum(preparation_told), 0)::bigint as preparation_told,
            coalesce(sum(preparation_untold), 0)::bigint as preparation_untold,
            case $13 when 'companies' then count(distinct company_id)
                    + (count(*) filter (where company_id is null) > 0)::integer
                when 'hours' then count(*) filter (where has_hours) else count(*) end as lines
        from rows
        """,
        *_values(scope, wanted),
        wanted.of,
    )
    assert row is not None
    await planning.as_usual(conn)
    lines: int = row["lines"]
    if kpi.is_companys(scope) and wanted.of is not Of.COMPANIES:
        lines = await _things(conn, scope, wanted)
    return Whole(_hosted(row), lines)


async def _things(conn: Connection, scope: Scope, wanted: Wanted) -> int:
    """How many tours and live rooms."""
    found: int = await conn.fetchval(
        """
        select count(distinct (coalesce(s.tour_id, s.room_id), k.company_id))
        from hosted_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) k
        join sessions s on (s.programme_id, s.id) = (k.programme_id, k.session_id)
        where not $13 or k.stage_seconds > 0 or k.preparation_told + k.preparation_untold > 0
        """,
        *_values(scope, wanted),
        wanted.of is Of.HOURS,
    )
    return found


async def lines(
    conn: Connection,
    scope: Scope,
    wanted: Wanted,
    *,
    limit: int = LINES_PER_PAGE,
    offset: int = 0,
) -> list[Line]:
    """Sessions, the latest first; a company's tours and live rooms by their names."""
    if kpi.is_companys(scope):
        rows = await _of_a_company(conn, scope, wanted, limit, offset)
        hers = {row["id"] for row in rows if row["is_hers"]}
    else:
        rows = await _sessions(conn, scope, wanted, limit, offset)
        hers = await review.seen(conn, scope, [row["id"] for row in rows])
    told = await _told(conn, scope, [row["room_id"] for row in rows if row["room_id"]])
    return [_line(row, row["id"] in hers, told.get(row["room_id"], ())) for row in rows]


async def _sessions(
    conn: Connection, scope: Scope, wanted: Wanted, limit: int, offset: int
) -> list[asyncpg.Record]:
    await planning.anew(conn)
    rows = await conn.fetch(
        """
        with found as materialized (
            select k.*
            from hosted_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) k
            where not $13 or k.stage_seconds > 0 or k.preparation_told + k.preparation_untold > 0
            order by k.local_date desc, k.session_id limit $14 offset $15
        )
        select f.session_id as id, s.room_id, coalesce(x.title, o.title, '') as title,
            f.local_date as day, coalesce(m.name, '') as company, coalesce(g.name, '') as region,
            1 as sessions, (f.kind = 'live')::integer as sessions_live,
            (f.company_id is not null)::integer as companies, f.stage_seconds,
            f.preparation_minutes, f.preparation_told, f.preparation_untold
        from found f
        join sessions s on (s.programme_id, s.id) = (f.programme_id, f.session_id)
        left join tours t on (t.programme_id, t.id) = (s.programme_id, s.tour_id)
        left join tour_texts x on (x.programme_id, x.tour_id, x.language)
            = (t.programme_id, t.id, t.original_language)
        left join rooms o on (o.programme_id, o.id) = (s.programme_id, s.room_id)
        left join companies m on (m.programme_id, m.id) = (f.programme_id, f.company_id)
        left join regions g on (g.programme_id, g.id) = (f.programme_id, f.region_id)
        order by f.local_date desc, f.session_id
        """,
        *_values(scope, wanted),
        wanted.of is Of.HOURS,
        limit,
        offset,
    )
    await planning.as_usual(conn)
    return rows


async def _of_a_company(
    conn: Connection, scope: Scope, wanted: Wanted, limit: int, offset: int
) -> list[asyncpg.Record]:
    """A room has one session, a tour one for each class: their days are not told."""
    return await conn.fetch(
        """
        with found as (
            select k.programme_id, coalesce(s.tour_id, s.room_id) as id, s.tour_id, s.room_id,
                k.company_id, min(k.local_date) filter (where s.room_id is not null) as day,
                count(*) as sessions, count(*) filter (where k.kind = 'live') as sessions_live,
                1 as companies, sum(k.stage_seconds)::bigint as stage_seconds,
                sum(k.preparation_minutes)::bigint as preparation_minutes,
                sum(k.preparation_told)::bigint as preparation_told,
                sum(k.preparation_untold)::bigint as preparation_untold
            from hosted_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) k
            join sessions s on (s.programme_id, s.id) = (k.programme_id, k.session_id)
            where not $13 or k.stage_seconds > 0 or k.preparation_told + k.preparation_untold > 0
            group by k.programme_id, s.tour_id, s.room_id, k.company_id
        )
        select f.*, coalesce(x.title, o.title, '') as title, m.name as company, '' as region,
            coalesce(t.company_id, o.company_id) = any($6::uuid[]) as is_hers
        from found f
        join companies m on (m.programme_id, m.id) = (f.programme_id, f.company_id)
        left join tours t on (t.programme_id, t.id) = (f.programme_id, f.tour_id)
        left join tour_texts x on (x.programme_id, x.tour_id, x.language)
            = (t.programme_id, t.id, t.original_language)
        left join rooms o on (o.programme_id, o.id) = (f.programme_id, f.room_id)
        order by title, f.id limit $14 offset $15
        """,
        *_values(scope, wanted),
        wanted.of is Of.HOURS,
        limit,
        offset,
    )


async def _told(
    conn: Connection, scope: Scope, room_ids: Sequence[UUID]
) -> dict[UUID, tuple[int, ...]]:
    """The minutes of preparation that the presenters of each room's webinar told, the most first;
    nobody's name."""
    rows = await conn.fetch(
        """
        select w.room_id, array_agg(t.minutes order by t.minutes desc) as minutes
        from webinars w
        join webinar_presenters p on (p.programme_id, p.webinar_id) = (w.programme_id, w.id)
            and p.removed_at is null
        join webinar_preparations t on (t.programme_id, t.webinar_id, t.person_id)
            = (p.programme_id, p.webinar_id, p.person_id)
        where w.programme_id = $1 and w.room_id = any($2::uuid[])
        group by w.room_id
        """,
        scope.programme_id,
        list(room_ids),
    )
    return {row["room_id"]: tuple(row["minutes"]) for row in rows}


async def companies(
    conn: Connection,
    scope: Scope,
    wanted: Wanted,
    *,
    limit: int = LINES_PER_PAGE,
    offset: int = 0,
) -> list[CompanyLine]:
    """Companies by their names, and last what no company hosted."""
    await planning.anew(conn)
    rows = await conn.fetch(
        """
        with found as (
            select k.company_id, count(*) as sessions,
                count(*) filter (where k.kind = 'live') as sessions_live,
                count(distinct k.company_id) as companies,
                sum(k.stage_seconds)::bigint as stage_seconds,
                sum(k.preparation_minutes)::bigint as preparation_minutes,
                sum(k.preparation_told)::bigint as preparation_told,
                sum(k.preparation_untold)::bigint as preparation_untold
            from hosted_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) k
            group by k.company_id
        )
        select f.*, coalesce(m.name, '') as name from found f
        left join companies m on m.programme_id = $1 and m.id = f.company_id
        order by m.name, f.company_id limit $13 offset $14
        """,
        *_values(scope, wanted),
        limit,
        offset,
    )
    await planning.as_usual(conn)
    return [CompanyLine(row["company_id"], row["name"], _hosted(row)) for row in rows]


async def company_name(conn: Connection, scope: Scope, company_id: UUID) -> str:
    """What a company is called that hosted something which the scope's person counts, whenever it
    was; raises `NotThere`."""
    name: str | None = await conn.fetchval(
        """
        select m.name from companies m
        where m.programme_id = $1 and m.id = $2 and exists (select
            from hosted_part($1, null, null, $3, $4, $5, null, null, '', null, '', $2))
        """,
        scope.programme_id,
        company_id,
        scope.sees_all,
        scope.region_ids,
        kpi.own_companies(scope),
    )
    if name is None:
        raise NotThere("company")
    return name


def _values(scope: Scope, wanted: Wanted) -> tuple[object, ...]:
    return kpi.hosted_values(scope, wanted.asked, company_id=wanted.company_id)


def _hosted(row: asyncpg.Record) -> Hosted:
    return Hosted(**{name: row[name] for name in Hosted.__dataclass_fields__})


def _line(row: asyncpg.Record, is_hers: bool, told: tuple[int, ...]) -> Line:
    figures = _hosted(row)
    # Of presenters who are not known any more only the sum is left.
    is_whole = (len(told), sum(told)) == (figures.preparation_told, figures.preparation_minutes)
    return Line(
        row["id"],
        row["title"],
        figures.sessions_live > 0,
        row["day"],
        row["company"],
        row["region"],
        is_hers,
        figures,
        told if is_whole and len(told) > 1 else (),
    )
