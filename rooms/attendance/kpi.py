"""KPIs: figures of a period, in all and by region, network, level, sector, and so on.

What classes did counts in the region and the network their school stood in then; what was hosted
counts in the organiser's. Each figure is one or the other, never both, so that no session counts
twice.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

import asyncpg

from rooms import planning
from rooms.attendance.kpi_periods import Period
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.scope import Scope

KINDS = ("live", "on_demand")


class By(StrEnum):
    """What the figures are told apart by."""

    REGION = "region"
    NETWORK = "network"
    LEVEL = "level"
    SECTOR = "sector"
    OBJECTIVE = "objective"
    KIND = "kind"
    MONTH = "month"


# Where schools stand: with how many there are.
PLACES = (By.REGION, By.NETWORK)
# What leads from a company's sums to a school: they are told by region, and by what is its own.
OF_SCHOOLS = (By.NETWORK, By.LEVEL)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which figures are wanted; None and '' mean: all."""

    period: Period
    region_id: UUID | None = None
    level: str = ""
    sector: str = ""
    objective_id: UUID | None = None
    kind: str = ""
    network_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Attended:
    """What classes did, in their school's region and network at that time.

    `registry`: schools of these places on the period's last day. `unconfirmed`: rows of teachers
    nobody has confirmed yet; no other figure holds them.
    """

    schools: int = 0
    registry: int = 0
    classes: int = 0
    sessions: int = 0
    sessions_live: int = 0
    sessions_on_demand: int = 0
    participations: int = 0
    pupils_reached: int = 0
    student_seconds: int = 0
    partnerships: int = 0
    unconfirmed: int = 0

    @property
    def student_minutes(self) -> int:
        """Whole minutes of all pupils together."""
        return self.student_seconds // 60


@dataclass(frozen=True, slots=True)
class Hosted:
    """What organisers did, in their own region. Presenters who did not tell how long they prepared
    are counted in `preparation_untold` and add no minute."""

    sessions: int = 0
    sessions_live: int = 0
    companies: int = 0
    stage_seconds: int = 0
    preparation_minutes: int = 0
    preparation_told: int = 0
    preparation_untold: int = 0

    @property
    def company_minutes(self) -> int:
        """Time on stage, and preparation as far as it was told."""
        return self.stage_seconds // 60 + self.preparation_minutes

    @property
    def has_hours(self) -> bool:
        """Whether hours were given, or asked for."""
        return bool(self.stage_seconds or self.preparation_told + self.preparation_untold)


@dataclass(frozen=True, slots=True)
class Figures:
    """Both sides of a period. `hosted` None: they are not told apart by level."""

    attended: Attended
    hosted: Hosted | None


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of all, and per key of what they are told apart by ('' for: none)."""

    total: Figures
    parts: tuple[tuple[str, Figures], ...] = ()


async def report(conn: Connection, scope: Scope, asked: Asked, by: By | None = None) -> Report:
    """What the scope's person may count: all, her regions, classes, pairs, her company's. Raises
    `NotThere` for a company's sums by what leads to a school."""
    await planning.anew(conn)
    attended = await _attended(conn, scope, asked, by)
    paired = await _partnerships(conn, scope, asked, by)
    standing = await _registry(conn, scope, asked, by)
    hosted = {}
    if not asked.level:
        hosted = await _hosted(conn, scope, asked, by)

    await planning.as_usual(conn)

    def figures(key: str | None) -> Figures:
        has_registry = not asked.level and (key is None or by in PLACES)
        has_hosting = not asked.level and (key is None or by is not By.LEVEL)
        side = Attended(
            **attended.get(key, {}),
            registry=standing.get(key, 0) if has_registry else 0,
            partnerships=paired.get(key, 0),
        )
        return Figures(side, hosted.get(key, Hosted()) if has_hosting else None)

    if by is None:
        return Report(figures(None))
    keys = {*attended, *hosted, *paired}
    if by in PLACES and not _is_narrow(asked):
        keys |= {*standing}
    parts = sorted(key for key in keys if key is not None)
    return Report(figures(None), tuple((key, figures(key)) for key in parts))


def is_companys(scope: Scope) -> bool:
    """Whether she counts what a company's tours and rooms reached, and nothing else."""
    counts_classes = scope.sees_all or scope.region_ids or scope.has("teacher", "facilitator")
    return not counts_classes


def leads_to_schools(scope: Scope, asked: Asked, *bys: By | None) -> bool:
    """Whether a company would be told by what leads to a school."""
    is_narrow = asked.level or asked.network_id or any(by in OF_SCHOOLS for by in bys)
    return bool(is_narrow) and is_companys(scope)


def _is_narrow(asked: Asked) -> bool:
    """Whether only some sessions are asked for: then places without any are left out."""
    return bool(asked.level or asked.sector or asked.objective_id or asked.kind)


def part_values(scope: Scope, asked: Asked, *bys: By | None) -> tuple[object, ...]:
    """The parameters $1 to $13 of `kpi_part`, by which every query knows a person's part. Raises
    `NotThere` for a company's sums by what leads to a school.

    A company's sums are told to who counts in no other role: added to the lessons of her region,
    or of her classes, they would be a figure of neither, and lead to lessons that are not hers.
    """
    if leads_to_schools(scope, asked, *bys):
        raise NotThere("kpi")
    return (
        scope.programme_id,
        asked.period.since,
        asked.period.until,
        scope.sees_all,
        scope.region_ids,
        own_companies(scope),
        scope.person_id if scope.has("teacher", "facilitator") else None,
        asked.region_id,
        asked.network_id,
        asked.level,
        asked.sector,
        asked.objective_id,
        asked.kind,
    )


def hosted_values(
    scope: Scope, asked: Asked, *bys: By | None, company_id: UUID | None = None
) -> tuple[object, ...]:
    """The parameters $1 to $12 of `hosted_part`: the same of what was hosted, which no level tells
    apart. Raises `NotThere` as `part_values` does."""
    return (
        *part_values(scope, asked, *bys)[:6],
        asked.region_id,
        asked.network_id,
        asked.sector,
        asked.objective_id,
        asked.kind,
        company_id,
    )


def own_companies(scope: Scope) -> list[UUID] | None:
    """Companies whose aggregates are hers to read: she edits their tours, and counts nothing else.
    None: no company's."""
    if not is_companys(scope):
        return None
    found = [
        grant.company_id
        for grant in scope.grants
        if grant.role == "editor" and grant.company_id is not None
    ]
    return found or None


def _by_key(rows: list[asyncpg.Record]) -> dict[str | None, dict[str, int]]:
    """Rows by their key; the total's is None."""
    return {
        None if row["is_total"] else row["key"]: {
            name: value for name, value in row.items() if name not in {"key", "is_total"}
        }
        for row in rows
    }


async def _attended(
    conn: Connection, scope: Scope, asked: Asked, by: By | None
) -> dict[str | None, dict[str, int]]:
    rows = await conn.fetch(
        """
        with rows as materialized (
            select coalesce(case $14 when 'region' then k.region_id::text
                    when 'network' then k.network_id::text when 'level' then k.level
                    when 'sector' then k.sector when 'objective' then k.objective_id::text
                    when 'kind' then k.kind when 'month' then k.month end,
                    '') as key,
                k.school_id, k.class_id, k.session_id, k.kind, k.is_counted,
                k.is_counted and k.passes as passes, k.pupils, k.student_seconds
            from kpi_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) k
            where not k.is_agreed
        ), per_class as materialized (
            -- few rows from here on: what is distinct is looked for in these
            select r.key, r.class_id, coalesce(o.reports_as, o.id) as school_id, r.passes,
                r.largest, r.participations, r.seconds, r.unconfirmed
            from (
                select key, class_id, school_id, bool_or(passes) as passes,
                    max(pupils) filter (where passes) as largest,
                    sum(pupils) filter (where passes) as participations,
                    sum(student_seconds) filter (where is_counted) as seconds,
                    count(*) filter (where not is_counted) as unconfirmed
                from rows group by key, class_id, school_id
            ) r join schools o on o.id = r.school_id
        ), per_session as materialized (
            select key, session_id, kind from rows where passes group by key, session_id, kind
        ), of_classes as (
            select grouping(key) as is_total, key,
                count(distinct school_id) filter (where passes) as schools,
                count(distinct class_id) filter (where passes) as classes,
                coalesce(sum(participations), 0)::bigint as participations,
                coalesce(sum(seconds), 0)::bigint as student_seconds,
                coalesce(sum(unconfirmed), 0)::bigint as unconfirmed
            from per_class group by grouping sets ((key), ())
        ), of_sessions as (
            select grouping(key) as is_total, key, count(distinct session_id) as sessions,
                count(distinct session_id) filter (where kind = 'live') as sessions_live
            from per_session group by grouping sets ((key), ())
        ), reached as (
            select 0 as is_total, key, sum(largest) as pupils from (
                select key, class_id, max(largest) as largest from per_class where passes
                group by key, class_id) c group by key
            union all
            select 1, null, sum(largest) from (
                select max(largest) as largest from per_class where passes group by class_id) c
        )
        select c.is_total = 1 as is_total, coalesce(c.key, '') as key, c.schools, c.classes,
            coalesce(s.sessions, 0) as sessions, coalesce(s.sessions_live, 0) as sessions_live,
            coalesce(s.sessions - s.sessions_live, 0) as sessions_on_demand, c.participations,
            coalesce(p.pupils, 0)::bigint as pupils_reached, c.student_seconds, c.unconfirmed
        from of_classes c
        left join of_sessions s on s.is_total = c.is_total and s.key is not distinct from c.key
        left join reached p on p.is_total = c.is_total and p.key is not distinct from c.key
        where c.is_total = 1 or $14 <> ''
        """,
        *part_values(scope, asked, by),
        by or "",
    )
    return _by_key(rows)


async def _hosted(
    conn: Connection, scope: Scope, asked: Asked, by: By | None
) -> dict[str | None, Hosted]:
    told_by = None if by is By.LEVEL else by
    rows = await conn.fetch(
        """
        with rows as materialized (
            select coalesce(case $13 when 'region' then k.region_id::text
                    when 'network' then k.network_id::text when 'sector' then k.sector
                    when 'objective' then k.objective_id::text
                    when 'kind' then k.kind when 'month' then to_char(k.local_date, 'YYYY-MM') end,
                    '') as key, k.*
            from hosted_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) k
        )
        select grouping(key) = 1 as is_total, coalesce(key, '') as key, count(*) as sessions,
            count(*) filter (where kind = 'live') as sessions_live,
            count(distinct company_id) as companies,
            coalesce(sum(stage_seconds), 0)::bigint as stage_seconds,
            coalesce(sum(preparation_minutes), 0)::bigint as preparation_minutes,
            coalesce(sum(preparation_told), 0)::bigint as preparation_told,
            coalesce(sum(preparation_untold), 0)::bigint as preparation_untold
        from rows group by grouping sets ((key), ())
        """,
        *hosted_values(scope, asked, by),
        told_by or "",
    )
    found = {key: Hosted(**values) for key, values in _by_key(rows).items()}
    return found if told_by is not None else {None: found[None]}


async def _partnerships(
    conn: Connection, scope: Scope, asked: Asked, by: By | None
) -> dict[str | None, int]:
    """Pairs of a school and a company: a lesson that a class had asked for took place, or is agreed
    for a day in the period. An agreed one has no sector or objective of its own yet."""
    rows = await conn.fetch(
        """
        with rows as (
            select coalesce(case $14 when 'region' then k.region_id::text
                    when 'network' then k.network_id::text when 'level' then k.level
                    when 'sector' then k.sector when 'objective' then k.objective_id::text
                    when 'kind' then k.kind when 'month' then k.month end,
                    '') as key, coalesce(o.reports_as, o.id) as school_id, k.company_id
            from kpi_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) k
            join schools o on o.id = k.school_id
            where k.invited and k.is_counted and k.passes and k.company_id is not null
        )
        select grouping(key) = 1 as is_total, coalesce(key, '') as key,
            count(distinct (school_id, company_id)) as pairs
        from rows group by grouping sets ((key), ())
        """,
        *part_values(scope, asked, by),
        by or "",
    )
    found = {key: values["pairs"] for key, values in _by_key(rows).items()}
    return found if by is not None else {None: found[None]}


async def _registry(
    conn: Connection, scope: Scope, asked: Asked, by: By | None
) -> dict[str | None, int]:
    """Schools that stood in each region (or network) on the period's last day; of a merged one its
    successor."""
    rows = await conn.fetch(
        """
        with standing as (
            select coalesce(case $6 when 'network' then m.network_id else p.region_id end::text,
                '') as key, coalesce(o.reports_as, o.id) as school_id
            from school_regions p join schools o on o.id = p.school_id
            left join network_members m on m.programme_id = $1 and m.school_id = p.school_id
                and m.valid_from <= $2 and (m.valid_to is null or m.valid_to > $2)
            where p.programme_id = $1 and p.valid_from <= $2
                and (p.valid_to is null or p.valid_to > $2)
                and ($3 or p.region_id = any($4::uuid[]))
                and ($5::uuid is null or p.region_id = $5)
                and ($7::uuid is null or m.network_id = $7)
                and (o.closed_on is null or o.closed_on > $2)
        )
        select grouping(key) = 1 as is_total, coalesce(key, '') as key,
            count(distinct school_id) as schools
        from standing group by grouping sets ((key), ())
        """,
        scope.programme_id,
        asked.period.until,
        scope.sees_all,
        scope.region_ids,
        asked.region_id,
        by or "",
        asked.network_id,
    )
    return {key: values["schools"] for key, values in _by_key(rows).items()}


async def first_day(conn: Connection, scope: Scope) -> date | None:
    """The day of the programme's first session that has a row; None before there is one."""
    found: date | None = await conn.fetchval(
        "select min(local_date) from kpi_classes where programme_id = $1", scope.programme_id
    )
    return found


async def sectors(conn: Connection, scope: Scope) -> list[str]:
    """Sectors under which anything of the programme has counted."""
    # From each to the next in the index: `distinct` reads five years to find a dozen words.
    rows = await conn.fetch(
        """
        with recursive found (sector) as (
            select ''
            union all
            select (select k.sector from kpi_classes k
                where k.programme_id = $1 and k.sector > f.sector order by k.sector limit 1)
            from found f where f.sector is not null
        )
        select sector from found where sector <> ''
        """,
        scope.programme_id,
    )
    return sorted(row["sector"] for row in rows)
