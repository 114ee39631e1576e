"""Reviewing attendance: a period in groups and by month, and one session with everybody in it.

Each figure is a sum over the same rows that the list, the exports and "why?" show; those of a
period are the sums of its parts, but for pupils reached, which counts a class once wherever it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

import asyncpg

from rooms.attendance.ranges import Range, Ranges
from rooms.attendance.report import (
    Filters,
    Live,
    Row,
    by_ids,
    filter_values,
    live_columns,
)
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.people import codes
from rooms.scope import Scope


class By(StrEnum):
    """What lines stand for."""

    REGION = "region"
    SCHOOL = "school"
    CLASS = "class"
    COMPANY = "company"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over classes in sessions: a class that took part in two counts twice, but for `classes`
    and `pupils_reached`.

    `registered`: all of them; `came`: with a device; `passed`: counts; `declared`: counts by the
    teacher's word; `corrected`: a person laid something over what was measured; `poor`: devices
    lost the connection again and again; `unconfirmed`: of a teacher nobody has confirmed, which
    never count. `schools`, `sessions`: with a class that counts; only of a whole period.
    """

    registered: int
    came: int
    passed: int
    declared: int
    corrected: int
    poor: int
    unconfirmed: int
    classes: int
    participations: int
    pupils_reached: int
    student_seconds: int
    schools: int = 0
    sessions: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One group. `key`: an id or a level, '' for what belongs to none; `name`: '' likewise.
    `beside`: what tells a class from others of that name, where there are any."""

    key: str
    name: str
    figures: Figures
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """How many classes in sessions a month has, and how many of them count. `key`: 'YYYY-MM', ''
    for those without a day."""

    key: str
    registered: int
    passed: int


@dataclass(frozen=True, slots=True)
class Review:
    """A period: the whole, how many groups it has, the first `LINES` of them by name, the `DRAWN`
    with most participations, the most first, and its months, the first one first."""

    whole: Figures
    groups: int
    lines: tuple[Line, ...]
    largest: tuple[Line, ...]
    months: tuple[Month, ...]


_FIGURES = tuple(Figures.__dataclass_fields__)
# What a period has once, however many of its groups do.
_APART = ("classes", "pupils_reached", "schools", "sessions")
_SUMS = tuple(name for name in _FIGURES if name not in _APART)
# So many groups of a period are told by name, and so many of those with most participations.
LINES, DRAWN = 100, 15


async def of_period(
    conn: Connection, scope: Scope, filters: Filters, by: By, live: Live = ()
) -> Review:
    """The sums of the viewer's part of the report. `live`: of `report.live_figures`, with the same
    filters."""
    rows = await conn.fetch(
        """
        with lines as (
            select r.region_id, r.reports_as, r.class_id, r.company_id, r.level, r.month,
                r.session_id, r.is_confirmed_teacher, r.outcome, r.pupils, r.student_seconds,
                r.passes, r.is_corrected, r.is_poor
            from report_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                $16) r
            -- one that ended since the others were judged is told as it was then
            where r.outcome is not null and r.session_class_id <> all($19::uuid[])
                and ($17 = '' or is_wished($17, r.outcome, r.passes, r.is_corrected, r.is_poor))
            union all
            select l.region_id, l.reports_as, l.class_id, l.company_id, l.level, l.month,
                l.session_id, l.is_confirmed_teacher, l.outcome, l.pupils, l.student_seconds,
                l.passes, l.is_corrected, l.is_poor
            from unnest($19::uuid[], $20::uuid[], $21::uuid[], $22::uuid[], $23::uuid[],
                $24::text[], $25::text[], $26::uuid[], $27::bool[], $28::text[], $29::smallint[],
                $30::bigint[], $31::bool[], $32::bool[], $33::bool[]) as l (session_class_id,
                region_id, reports_as, class_id, company_id, level, month, session_id,
                is_confirmed_teacher, outcome, pupils, student_seconds, passes, is_corrected,
                is_poor)
        ), parts as materialized (
            -- one look at the lines: the classes of each group, the schools, the sessions by month
            select grouping(class_id) = 0 as is_class, id, word, class_id, reports_as, session_id,
                month, count(*)::integer as registered,
                (count(*) filter (where outcome <> 'no_show'))::integer as came,
                (count(*) filter (where passes))::integer as passed,
                (count(*) filter (where passes and outcome = 'declared'))::integer as declared,
                (count(*) filter (where is_corrected))::integer as corrected,
                (count(*) filter (where is_poor))::integer as poor,
                (count(*) filter (where not is_confirmed_teacher))::integer as unconfirmed,
                (sum(pupils) filter (where passes))::integer as participations,
                sum(student_seconds) filter (where is_confirmed_teacher) as student_seconds,
                max(pupils) filter (where passes) as largest
            from (
                select case $18 when 'region' then region_id when 'school' then reports_as
                        when 'class' then class_id when 'company' then company_id end as id,
                    case $18 when 'level' then level else '' end as word, *
                from lines
            ) as keyed
            group by grouping sets ((id, word, class_id), (reports_as), (session_id, month))
        )
        -- of: 1 a group, 2 a month, 3 what of the whole is no sum of its groups
        select 1 as of, coalesce(id::text, word) as key, sum(registered) as registered,
            sum(came) as came, sum(passed) as passed, sum(declared) as declared,
            sum(corrected) as corrected, sum(poor) as poor, sum(unconfirmed) as unconfirmed,
            count(largest) as classes, coalesce(sum(participations), 0) as participations,
            coalesce(sum(largest), 0)::bigint as pupils_reached,
            coalesce(sum(student_seconds), 0)::bigint as student_seconds,
            0 as schools, 0 as sessions
        from parts where is_class group by id, word
        union all
        select 2, coalesce(month, ''), sum(registered), 0, sum(passed), 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0
        from parts where session_id is not null group by month
        union all
        select 3, '', 0, 0, 0, 0, 0, 0, 0, count(*), 0, coalesce(sum(largest), 0)::bigint, 0,
            (select count(*) from parts where reports_as is not null and passed > 0),
            (select count(distinct session_id) from parts
                where session_id is not null and passed > 0)
        from (
            select max(largest) as largest from parts where is_class and passed > 0
            group by class_id
        ) as reached
        """,
        *filter_values(scope, filters),
        filters.outcome,
        by.value,
        *live_columns(live),
    )
    keyed = [row for row in rows if row["of"] == 1]
    months = [Month(row["key"], row["registered"], row["passed"]) for row in rows if row["of"] == 2]
    [apart] = [row for row in rows if row["of"] == 3]
    keys = [row["key"] for row in keyed]
    names = await _names(conn, scope, by, keys)
    beside = await _beside(conn, scope, keys) if by is By.CLASS else {}
    called = {key: (names.get(key, ""), beside.get(key, "")) for key in keys}
    by_name = sorted(keyed, key=lambda row: _place(*called[row["key"]], row["key"]))
    by_size = sorted(by_name, key=lambda row: -row["participations"])
    return Review(
        _together(keyed, apart),
        len(keyed),
        tuple(_line(row, *called[row["key"]]) for row in by_name[:LINES]),
        tuple(_line(row, *called[row["key"]]) for row in by_size[:DRAWN]),
        tuple(sorted(months, key=lambda month: month.key)),
    )


def _together(groups: Sequence[asyncpg.Record], apart: asyncpg.Record) -> Figures:
    """The whole: what is the sum of its groups, and what stands `apart`."""
    sums = {name: sum(row[name] for row in groups) for name in _SUMS}
    return Figures(**sums, **{name: apart[name] for name in _APART})


def _place(name: str, beside: str, key: str) -> tuple[bool, str, str, str]:
    """Where a group stands among others: by name, those without one last."""
    return not name, name.casefold(), beside.casefold(), key


def _line(row: asyncpg.Record, name: str, beside: str) -> Line:
    return Line(row["key"], name, _figures(row), beside)


def _figures(row: asyncpg.Record) -> Figures:
    return Figures(**{name: row[name] for name in _FIGURES})


async def _names(conn: Connection, scope: Scope, by: By, keys: list[str]) -> dict[str, str]:
    """What the groups are called today; of a class whose name was dropped there is none."""
    if by is By.LEVEL:
        return {key: key for key in keys}
    rows = await conn.fetch(
        """
        select id::text as key, name from regions
        where $1 = 'region' and programme_id = $2 and id = any($3::text[]::uuid[])
        union all select id::text, concat_ws(', ', name, nullif(place, '')) from schools
        where $1 = 'school' and id = any($3::text[]::uuid[])
        union all select id::text, name from companies
        where $1 = 'company' and programme_id = $2 and id = any($3::text[]::uuid[])
        union all select id::text, name from classes
        where $1 = 'class' and programme_id = $2 and id = any($3::text[]::uuid[])
        """,
        by.value,
        scope.programme_id,
        [key for key in keys if key],
    )
    return {row["key"]: row["name"] for row in rows}


async def _beside(conn: Connection, scope: Scope, class_ids: list[str]) -> dict[str, str]:
    """Of each class its school where they are of several, and its school year likewise: every
    school has a 3B, every year anew."""
    rows = await conn.fetch(
        """
        select c.id::text as key, o.name as school, c.school_year, p.zone, p.school_year_starts
        from classes c join schools o on o.id = c.school_id join programmes p on p.id = $1
        where c.programme_id = $1 and c.id = any($2::text[]::uuid[])
        """,
        scope.programme_id,
        [key for key in class_ids if key],
    )
    # A year is named once, however many classes it has.
    years = {
        year: codes.school_year_on(date(year, starts, 1), zone, starts).name
        for year, zone, starts in {
            (row["school_year"], row["zone"], row["school_year_starts"]) for row in rows
        }
    }
    tells_school, tells_year = len({row["school"] for row in rows}) > 1, len(years) > 1
    found = {}
    for row in rows:
        school, year = row["school"], years[row["school_year"]]
        if tells_school and tells_year:
            found[row["key"]] = f"{school}, {year}"
        else:
            found[row["key"]] = school if tells_school else year if tells_year else ""
    return found


async def named(conn: Connection, scope: Scope, filters: Filters) -> dict[str, str]:
    """The names of what is filtered by, for the way back: region, network, school, class with its
    school, company, tour.

    A class or a tour of which nothing is the viewer's is not there, and has no name.
    """
    row = await conn.fetchrow(
        """
        select (select name from regions where programme_id = $1 and id = $2) as region,
            (select name from schools where id = $3) as school,
            (select concat_ws(', ', nullif(c.name, ''), o.name) from classes c
                join schools o on o.id = c.school_id
                where c.programme_id = $1 and c.id = $4) as class,
            (select name from companies where programme_id = $1 and id = $5) as company,
            (select name from networks where programme_id = $1 and id = $7) as network,
            coalesce((select title from tour_texts x join tours t on (t.programme_id, t.id)
                    = (x.programme_id, x.tour_id) and t.original_language = x.language
                where x.programme_id = $1 and x.tour_id = $6),
                (select title from rooms where programme_id = $1 and id = $6)) as tour
        """,
        scope.programme_id,
        filters.region_id,
        filters.school_id,
        filters.class_id,
        filters.company_id,
        filters.tour_id,
        filters.network_id,
    )
    assert row is not None
    found = {name: text for name, text in row.items() if text}
    for name, alone in (
        ("class", Filters(class_id=filters.class_id)),
        ("tour", Filters(tour_id=filters.tour_id)),
    ):
        if name in found and not await _has_any(conn, scope, alone):
            del found[name]
    return found


async def _has_any(conn: Connection, scope: Scope, filters: Filters) -> bool:
    found: bool = await conn.fetchval(
        """
        select exists (select
            from report_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16))
        """,
        *filter_values(scope, filters),
    )
    return found


async def choices(
    conn: Connection, scope: Scope, filters: Filters
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(regions, companies) that the viewer can choose between, each with its id: those she
    coordinates, or all; and, where she sees more than her own classes, every company of which her
    part of the report has something in these days, and the one that is chosen."""
    # Hundreds of companies arrive as two lists in a third of the time of as many rows.
    row = await conn.fetchrow(
        """
        with own as (
            select g.id::text as id, g.name from regions g
            where g.programme_id = $1 and ($2 or g.id = any($3::uuid[])) order by g.name, g.id
        ), there as (
            select m.id::text as id, m.name from companies m
            where m.programme_id = $1 and ($2 or cardinality($3::uuid[]) > 0)
                and (m.id = $17 or m.id in (select r.company_id from
                    report_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                        $16) r))
            order by m.name, m.id
        )
        select (select array_agg(id) from own) as regions,
            (select array_agg(name) from own) as region_names,
            (select array_agg(id) from there) as companies,
            (select array_agg(name) from there) as company_names
        """,
        *filter_values(scope, Filters(since=filters.since, until=filters.until)),
        filters.company_id,
    )
    assert row is not None
    regions = list(zip(row["regions"] or (), row["region_names"] or (), strict=True))
    return regions, list(zip(row["companies"] or (), row["company_names"] or (), strict=True))


# --- one session -------------------------------------------------------------------------------


async def of_session(conn: Connection, scope: Scope, session_id: UUID) -> list[Row]:
    """The classes of a session that are the viewer's to see, by school; raises `NotThere` when
    none is."""
    rows = await conn.fetch(
        """
        select r.session_class_id
        from report_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) r
        join schools o on o.id = r.school_id
        join session_classes c on (c.programme_id, c.id) = (r.programme_id, r.session_class_id)
        where r.session_id = $17 order by o.name, c.class_name, r.session_class_id
        """,
        *filter_values(scope, Filters()),
        session_id,
    )
    if not rows:
        raise NotThere("session")
    return await by_ids(conn, scope, [row["session_class_id"] for row in rows])


async def seen(conn: Connection, scope: Scope, session_ids: Sequence[UUID]) -> set[UUID]:
    """Of these sessions those of which a class is the viewer's to see."""
    rows = await conn.fetch(
        """
        select distinct r.session_id
        from report_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) r
        where r.session_id = any($17::uuid[])
        """,
        *filter_values(scope, Filters()),
        list(session_ids),
    )
    return {row["session_id"] for row in rows}


async def stays(conn: Connection, rows: Sequence[Row]) -> list[Ranges]:
    """When each device of these classes was there, in milliseconds since 1970; companions add
    nothing. Of a purged session there is none any more."""
    found = await conn.fetch(
        """
        select s.id, array_agg(upper(w) order by lower(w)) as ends,
            array_agg(lower(w) order by lower(w)) as starts
        from seats s
        join visits v on (v.programme_id, v.seat_id) = (s.programme_id, s.id)
        cross join lateral unnest(case when $2 then v.watched else int8multirange(int8range(
            (extract(epoch from v.started_at) * 1000)::bigint,
            (extract(epoch from v.seen_until) * 1000)::bigint)) end) as w
        where s.session_class_id = any($1::uuid[]) and s.kind <> 'companion'
            and not s.is_waiting
        group by s.id order by min(lower(w)), s.id
        """,
        [row.session_class_id for row in rows],
        any(row.room_id for row in rows),
    )
    return [tuple(zip(row["starts"], row["ends"], strict=True)) for row in found]


def there_at(stays: Sequence[Ranges], points: int) -> tuple[Range, list[int]]:
    """(the span from the first device to the last, how many were there in each part of it): one
    device counts once, however many connections it had."""
    everything = [one for ranges in stays for one in ranges]
    if not everything:
        return (0, 0), []
    first, last = min(start for start, _ in everything), max(end for _, end in everything)
    middles = [first + (last - first) * (2 * n + 1) // (2 * points) for n in range(points)]
    counts = [
        sum(any(start <= at < end for start, end in ranges) for ranges in stays) for at in middles
    ]
    return (first, last), counts


def staying(stays: Sequence[Ranges], span: Range, points: int) -> list[float]:
    """Of all devices the share that was not gone for good, in each part of the span."""
    if not stays:
        return []
    first, last = span
    lasts = [max(end for _, end in ranges) for ranges in stays]
    middles = [first + (last - first) * (2 * n + 1) // (2 * points) for n in range(points)]
    return [sum(end > at for end in lasts) / len(lasts) for at in middles]
