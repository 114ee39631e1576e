"""Reports: a teacher's classes, a coordinator's schools, a company's reach.

What is over is read from its kept result; what still runs is judged now, by the same function.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from rooms.attendance import results
from rooms.attendance.ranges import Ranges, middles
from rooms.attendance.results import Result
from rooms.attendance.rule import PASSING, pupils_reached
from rooms.attendance.visits import multirange
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.scope import Scope

# A company is not shown who or where: fewer pupils than this are "fewer than 10".
FEWEST_SHOWN = 10
CURVE_POINTS = 60
ROWS_PER_PAGE = 100

# (session class, outcome, pupils, student seconds) of what still runs.
Live = Sequence[tuple[UUID, str, int, int]]


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the report is wanted; None and '' mean: all. Days are local, both included."""

    since: date | None = None
    until: date | None = None
    school_id: UUID | None = None
    level: str = ""
    tour_id: UUID | None = None
    """A tour's id or, as both are chosen from one list, a live room's."""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One class in one session, of a tour or of a live room.

    `is_final` False: the session still runs, figures may grow.
    """

    session_class_id: UUID
    session_id: UUID
    class_id: UUID
    school_id: UUID
    school: str
    school_code: str
    place: str
    region: str
    class_name: str
    level: str
    is_confirmed_teacher: bool
    tour_id: UUID | None
    room_id: UUID | None
    title: str
    company: str
    state: str
    zone: str
    local_date: date | None
    started_at: datetime | None
    ended_at: datetime | None
    pass_share: float
    rule_version: str
    outcome: str
    measured_outcome: str
    reason_code: str
    reason_params: dict[str, Any]
    window_ms: int
    present_ms: int
    headcount: int
    measured_headcount: int
    headcount_source: str
    seats: int
    seats_passed: int
    pupils: int
    student_seconds: int
    has_beamer: bool
    correction_reason: str
    corrected_by: str
    corrected_at: datetime | None
    is_final: bool

    @property
    def passes(self) -> bool:
        """Whether it counts."""
        return self.outcome == results.DECLARED or self.outcome in PASSING


_ROW_NAMES = tuple(Row.__dataclass_fields__)
# What a kept result holds, and a judgement now fills in. The rule itself stands on the session.
_JUDGED = tuple(
    name
    for name in Result.__dataclass_fields__
    if name in _ROW_NAMES and name not in {"pass_share", "rule_version"}
)


async def of_class(conn: Connection, scope: Scope, class_id: UUID, now: datetime) -> list[Row]:
    """A teacher's report of one class, the newest session first."""
    rows = await conn.fetch(
        """
        select r.* from report_rows r
        join class_teachers t on (t.programme_id, t.class_id) = (r.programme_id, r.class_id)
        where r.programme_id = $1 and r.class_id = $2 and t.person_id = $3
        order by r.started_at desc nulls last, r.session_class_id limit 500
        """,
        scope.programme_id,
        class_id,
        scope.person_id,
    )
    return await with_live(conn, rows)


async def of_programme(
    conn: Connection,
    scope: Scope,
    filters: Filters,
    live: Live = (),
    *,
    limit: int = ROWS_PER_PAGE,
    offset: int = 0,
) -> list[Row]:
    """What a coordinator sees of her regions, the bureau of all, a teacher of her classes.

    The latest first, `limit` of them from `offset` on. `live`: of `live_figures`.
    """
    rows = await conn.fetch(
        """
        with live as (
            select * from unnest($10::uuid[], $11::text[], $12::int[], $13::bigint[])
                as l (session_class_id, outcome, pupils, student_seconds)
        )
        select r.* from report_rows r
        left join live l on l.session_class_id = r.session_class_id and r.outcome is null
        where r.programme_id = $1
            and ($2 or r.region_id = any($3::uuid[]) or exists (
                select 1 from class_teachers t where t.programme_id = r.programme_id
                    and t.class_id = r.class_id and t.person_id = $4))
            and ($5::date is null or r.local_date >= $5)
            and ($6::date is null or r.local_date <= $6)
            and ($7::uuid is null or r.school_id = $7)
            and ($8 = '' or r.level = $8)
            and ($9::uuid is null or $9 in (r.tour_id, r.room_id))
            and ($14 = '' or coalesce(r.outcome, l.outcome) = $14)
        order by r.local_date desc nulls last, r.started_at desc nulls last, r.session_class_id
        limit $15 offset $16
        """,
        *filter_values(scope, filters),
        *_columns(live),
        filters.outcome,
        limit,
        offset,
    )
    return await with_live(conn, rows)


async def live_figures(conn: Connection, scope: Scope, filters: Filters) -> Live:
    """What still runs in the viewer's part of the report, judged now: few rows, no result kept."""
    rows = await conn.fetch(
        """
        select r.session_class_id from report_rows r
        where r.outcome is null and r.programme_id = $1
            and ($2 or r.region_id = any($3::uuid[]) or exists (
                select 1 from class_teachers t where t.programme_id = r.programme_id
                    and t.class_id = r.class_id and t.person_id = $4))
            and ($5::date is null or r.local_date >= $5)
            and ($6::date is null or r.local_date <= $6)
            and ($7::uuid is null or r.school_id = $7)
            and ($8 = '' or r.level = $8)
            and ($9::uuid is null or $9 in (r.tour_id, r.room_id))
        """,
        *filter_values(scope, filters),
    )
    found = await results.materials(conn, [row["session_class_id"] for row in rows])
    judged = [(one.session_class_id, results.judge(one)) for one in found]
    return [(key, one.outcome, one.pupils, one.student_seconds) for key, one in judged]


def _columns(live: Live) -> list[list[object]]:
    return [[one[at] for one in live] for at in range(4)]


def filter_values(scope: Scope, filters: Filters) -> tuple[object, ...]:
    """The parameters $1 to $9 of every query over a person's part of the report."""
    return (
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        scope.person_id,
        filters.since,
        filters.until,
        filters.school_id,
        filters.level,
        filters.tour_id,
    )


async def one(conn: Connection, scope: Scope, session_class_id: UUID) -> Row:
    """One session class in the viewer's part of the report; raises `NotThere`."""
    rows = await conn.fetch(
        """
        select r.* from report_rows r
        where r.programme_id = $1 and r.session_class_id = $5
            and ($2 or r.region_id = any($3::uuid[]) or exists (
                select 1 from class_teachers t where t.programme_id = r.programme_id
                    and t.class_id = r.class_id and t.person_id = $4))
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        scope.person_id,
        session_class_id,
    )
    if not rows:
        raise NotThere("session_class")
    return (await with_live(conn, rows))[0]


async def is_teacher(conn: Connection, scope: Scope, class_id: UUID) -> bool:
    """Whether the viewer teaches the class: she corrects, others read."""
    found = await conn.fetchval(
        """
        select 1 from class_teachers
        where programme_id = $1 and class_id = $2 and person_id = $3
        """,
        scope.programme_id,
        class_id,
        scope.person_id,
    )
    return found is not None


async def with_live(conn: Connection, rows: Sequence[asyncpg.Record]) -> list[Row]:
    """Rows with kept results as they are, the others judged now."""
    open_ids = [row["session_class_id"] for row in rows if row["outcome"] is None]
    found = await results.materials(conn, open_ids) if open_ids else []
    judged = {one.session_class_id: results.judge(one) for one in found}
    return [_row(row, judged.get(row["session_class_id"])) for row in rows]


def _row(record: asyncpg.Record, live: Result | None) -> Row:
    values = {name: record[name] for name in _ROW_NAMES if name != "is_final"}
    if live is not None:
        values |= {name: getattr(live, name) for name in _JUDGED}
    return Row(**values, is_final=live is None)


# --- sums --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Totals:
    """The head of a report. Device presence and headcount stand side by side, never mixed.

    `unconfirmed`: rows of teachers nobody has confirmed yet; no other figure holds them.
    """

    schools: int
    sessions: int
    classes: int
    participations: int
    pupils_reached: int
    student_minutes: int
    unconfirmed: int


def totals(rows: Sequence[Row]) -> Totals:
    """Sums over the rows that pass; sessions and schools count when one class passes."""
    counted = [row for row in rows if row.is_confirmed_teacher]
    passing = [row for row in counted if row.passes]
    return Totals(
        schools=len({row.school_id for row in passing}),
        sessions=len({row.session_id for row in passing}),
        classes=len({row.class_id for row in passing}),
        participations=sum(row.pupils for row in passing),
        pupils_reached=pupils_reached((row.class_id, row.pupils) for row in passing),
        student_minutes=sum(row.student_seconds for row in counted) // 60,
        unconfirmed=len(rows) - len(counted),
    )


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """One school of a coordinator's report; `region`: that of its latest lesson."""

    school_id: UUID
    school: str
    place: str
    region: str
    totals: Totals


@dataclass(frozen=True, slots=True)
class Sums:
    """Over every row of a view, however long its list is. `rows`: how long. Schools by name."""

    rows: int
    totals: Totals
    schools: tuple[SchoolLine, ...]


async def sums(conn: Connection, scope: Scope, filters: Filters, live: Live = ()) -> Sums:
    """The sums of `of_programme`'s rows, with and per school. `live`: of `live_figures`.

    The same figures as `totals` over all the rows, which need not be fetched for them.
    """
    found = await conn.fetch(
        """
        with live as (
            select * from unnest($10::uuid[], $11::text[], $12::int[], $13::bigint[])
                as l (session_class_id, outcome, pupils, student_seconds)
        ), judged as (
            select r.school_id, r.school, r.place, r.region, r.class_id, r.session_id,
                r.local_date, r.started_at, r.is_confirmed_teacher as is_counted,
                coalesce(r.outcome, l.outcome) as outcome,
                coalesce(r.pupils, l.pupils, 0) as pupils,
                coalesce(r.student_seconds, l.student_seconds, 0) as seconds
            from report_rows r
            left join live l on l.session_class_id = r.session_class_id and r.outcome is null
            where r.programme_id = $1
                and ($2 or r.region_id = any($3::uuid[]) or exists (
                    select 1 from class_teachers t where t.programme_id = r.programme_id
                        and t.class_id = r.class_id and t.person_id = $4))
                and ($5::date is null or r.local_date >= $5)
                and ($6::date is null or r.local_date <= $6)
                and ($7::uuid is null or r.school_id = $7)
                and ($8 = '' or r.level = $8)
                and ($9::uuid is null or $9 in (r.tour_id, r.room_id))
                and ($14 = '' or coalesce(r.outcome, l.outcome) = $14)
        ), rows as (
            select *, is_counted and outcome = any($15) as passes from judged
        ), reached as (
            select school_id, sum(largest) as pupils from (
                select school_id, class_id, max(pupils) as largest from rows
                where passes group by school_id, class_id
            ) as classes group by grouping sets ((school_id), ())
        )
        select f.*, coalesce(g.pupils, 0)::bigint as pupils_reached from (
            select school_id, max(school) as school, max(place) as place,
                (array_agg(region order by local_date desc nulls last,
                    started_at desc nulls last))[1] as region,
                count(*) as rows,
                count(distinct school_id) filter (where passes) as schools,
                count(distinct session_id) filter (where passes) as sessions,
                count(distinct class_id) filter (where passes) as classes,
                coalesce(sum(pupils) filter (where passes), 0)::bigint as participations,
                coalesce(sum(seconds) filter (where is_counted), 0)::bigint / 60
                    as student_minutes,
                count(*) filter (where not is_counted) as unconfirmed
            from rows group by grouping sets ((school_id), ())
        ) f left join reached g on g.school_id is not distinct from f.school_id
        """,
        *filter_values(scope, filters),
        *_columns(live),
        filters.outcome,
        [results.DECLARED, *sorted(PASSING)],
    )
    whole = next(row for row in found if row["school_id"] is None)
    lines = (_school_line(row) for row in found if row["school_id"] is not None)
    by_name = sorted(lines, key=lambda line: (line.school.casefold(), str(line.school_id)))
    return Sums(whole["rows"], _totals(whole), tuple(by_name))


def _totals(row: asyncpg.Record) -> Totals:
    return Totals(**{name: row[name] for name in Totals.__dataclass_fields__})


def _school_line(row: asyncpg.Record) -> SchoolLine:
    return SchoolLine(row["school_id"], row["school"], row["place"], row["region"], _totals(row))


async def registry(conn: Connection, scope: Scope) -> int:
    """How many schools stand in the viewer's regions now: what "of 76 schools" counts."""
    count: int = await conn.fetchval(
        """
        select count(*) from school_regions
        where programme_id = $1 and valid_to is null and ($2 or region_id = any($3::uuid[]))
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
    )
    return count


async def choices(
    conn: Connection, scope: Scope
) -> tuple[list[tuple[UUID, str]], list[tuple[UUID, str]], list[str]]:
    """(schools, tours and rooms, levels) in the viewer's part of the report, for its filters."""
    rows = await conn.fetch(
        """
        select distinct r.school_id, r.school, coalesce(r.tour_id, r.room_id) as watched_id,
            r.title, r.level
        from report_rows r
        where r.programme_id = $1 and ($2 or r.region_id = any($3::uuid[]) or exists (
            select 1 from class_teachers t where t.programme_id = r.programme_id
                and t.class_id = r.class_id and t.person_id = $4))
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        scope.person_id,
    )
    schools = sorted({(row["school_id"], row["school"]) for row in rows}, key=lambda s: s[1])
    tours = sorted({(row["watched_id"], row["title"]) for row in rows}, key=lambda t: t[1])
    return schools, tours, sorted({row["level"] for row in rows})


# --- a company's reach -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reach:
    """A tour or a live room as its company sees it: aggregates only.

    `pupils` and `minutes` None: fewer than 10 pupils, not told. `curve`: (share of the film, or
    of the time on air; share of the screens and phones that watched it there), empty when not
    told.
    """

    classes: int | None
    pupils: int | None
    minutes: int | None
    curve: tuple[tuple[float, float], ...]

    @property
    def is_told(self) -> bool:
        """Whether enough pupils watched for figures to be shown."""
        return self.pupils is not None


async def reach(conn: Connection, scope: Scope, tour_id: UUID) -> Reach:
    """Reach of a tour of one of the viewer's companies; raises `NotThere`."""
    film_ms = await _own_film(conn, scope, tour_id)
    rows = await conn.fetch(
        """
        select r.* from report_rows r
        where r.programme_id = $1 and r.tour_id = $2 and r.state <> 'planned'
        """,
        scope.programme_id,
        tour_id,
    )
    told = _told_of(await with_live(conn, rows))
    if not told.is_told:
        return told
    return replace(told, curve=await _curve(conn, scope, tour_id, film_ms))


async def reach_of_room(conn: Connection, scope: Scope, room_id: UUID, on_air: Ranges) -> Reach:
    """Reach of a live room of one of the viewer's companies, with its time `on_air`; raises
    `NotThere`."""
    await _own_room(conn, scope, room_id)
    rows = await conn.fetch(
        "select r.* from report_rows r where r.programme_id = $1 and r.room_id = $2",
        scope.programme_id,
        room_id,
    )
    told = _told_of(await with_live(conn, rows))
    if not told.is_told:
        return told
    return replace(told, curve=await _curve_on_air(conn, scope, room_id, on_air))


async def reaches(conn: Connection, scope: Scope) -> dict[UUID, Reach]:
    """The numbers of every tour and room of the viewer's companies that was shown, without the
    curves."""
    rows = await conn.fetch(
        """
        select r.* from report_rows r
        where r.programme_id = $1 and r.company_id = any($2::uuid[]) and r.state <> 'planned'
        """,
        scope.programme_id,
        scope.company_ids,
    )
    grouped: dict[UUID, list[Row]] = {}
    for row in await with_live(conn, rows):
        key = row.tour_id or row.room_id
        assert key is not None
        grouped.setdefault(key, []).append(row)
    return {tour_id: _told_of(found) for tour_id, found in grouped.items()}


def _told_of(rows: Sequence[Row]) -> Reach:
    sums = totals(rows)
    if sums.pupils_reached < FEWEST_SHOWN:
        return Reach(None, None, None, ())
    return Reach(sums.classes, sums.pupils_reached, sums.student_minutes, ())


async def _own_film(conn: Connection, scope: Scope, tour_id: UUID) -> int:
    row = await conn.fetchrow(
        """
        select coalesce(v.duration_ms, 0) as film_ms
        from tours t
        join videos f on (f.programme_id, f.id) = (t.programme_id, t.video_id)
        left join video_versions v
            on (v.programme_id, v.id) = (f.programme_id, f.current_version_id)
        where t.programme_id = $1 and t.id = $2 and (t.company_id = any($3::uuid[]) or $4)
        """,
        scope.programme_id,
        tour_id,
        scope.company_ids,
        scope.sees_all,
    )
    if row is None:
        raise NotThere("tour")
    return int(row["film_ms"])


async def _curve(
    conn: Connection, scope: Scope, tour_id: UUID, film_ms: int
) -> tuple[tuple[float, float], ...]:
    """How many of the devices that watched at all watched each part of the film."""
    if film_ms == 0:
        return ()
    rows = await conn.fetch(
        """
        with watchers as (
            select s.id, range_agg(w) as watched
            from sessions n
            join videos f on f.programme_id = n.programme_id
                and f.current_version_id = n.version_id
            join session_classes c on (c.programme_id, c.session_id) = (n.programme_id, n.id)
            join seats s on (s.programme_id, s.session_class_id) = (c.programme_id, c.id)
                and s.kind <> 'companion' and not s.is_waiting
            join visits v on (v.programme_id, v.seat_id) = (s.programme_id, s.id)
            cross join unnest(v.watched) as w
            where n.programme_id = $1 and n.tour_id = $2
            group by s.id
        )
        select p.n, (select count(*) from watchers w
            where w.watched @> ($3::bigint * (2 * p.n + 1) / (2 * $4::bigint))) as there,
            (select count(*) from watchers) as all_of_them
        from generate_series(0, $4::int - 1) as p (n) order by p.n
        """,
        scope.programme_id,
        tour_id,
        film_ms,
        CURVE_POINTS,
    )
    if not rows or rows[0]["all_of_them"] == 0:
        return ()
    return tuple((row["n"] / (CURVE_POINTS - 1), row["there"] / row["all_of_them"]) for row in rows)


async def _own_room(conn: Connection, scope: Scope, room_id: UUID) -> None:
    found = await conn.fetchval(
        """
        select 1 from rooms r
        where r.programme_id = $1 and r.id = $2 and (r.company_id = any($3::uuid[]) or $4)
        """,
        scope.programme_id,
        room_id,
        scope.company_ids,
        scope.sees_all,
    )
    if found is None:
        raise NotThere("room")


async def _curve_on_air(
    conn: Connection, scope: Scope, room_id: UUID, on_air: Ranges
) -> tuple[tuple[float, float], ...]:
    """How many of the devices that were there on air at all were there at each part of it."""
    rows = await conn.fetch(
        """
        with watchers as (
            select s.id, range_agg(w) as watched
            from sessions n
            join session_classes c on (c.programme_id, c.session_id) = (n.programme_id, n.id)
            join seats s on (s.programme_id, s.session_class_id) = (c.programme_id, c.id)
                and s.kind <> 'companion' and not s.is_waiting
            join visits v on (v.programme_id, v.seat_id) = (s.programme_id, s.id)
            cross join unnest(v.watched) as w
            where n.programme_id = $1 and n.room_id = $2
            group by s.id having range_agg(w) && $3::text::int8multirange
        )
        select (select count(*) from watchers w where w.watched @> p.at) as there,
            (select count(*) from watchers) as all_of_them
        from unnest($4::bigint[]) with ordinality as p (at, n) order by p.n
        """,
        scope.programme_id,
        room_id,
        multirange(on_air),
        list(middles(on_air, CURVE_POINTS)),
    )
    if not rows or rows[0]["all_of_them"] == 0:
        return ()
    return tuple(
        (n / (CURVE_POINTS - 1), row["there"] / row["all_of_them"]) for n, row in enumerate(rows)
    )


@dataclass(frozen=True, slots=True)
class CompanyMonth:
    """What a company is told of a month: aggregates, both None where fewer than ten pupils."""

    programme_id: UUID
    company_id: UUID
    classes: int | None
    pupils: int | None


async def first_watched(conn: Connection, since: datetime) -> list[tuple[UUID, UUID, UUID, str]]:
    """(programme, company, tour, title) of tours with a class that passed lately. For mails."""
    rows = await conn.fetch(
        """
        select distinct r.programme_id, r.company_id, r.tour_id, r.title from report_rows r
        where r.ended_at > $1 and r.tour_id is not null
            and r.outcome in ('present', 'declared', 'replay_only')
        """,
        since,
    )
    return [(row["programme_id"], row["company_id"], row["tour_id"], row["title"]) for row in rows]


async def company_months(conn: Connection, first: date, until: date) -> list[CompanyMonth]:
    """Every company with a class that passed from `first` up to but not including `until`."""
    rows = await conn.fetch(
        """
        with largest as (
            select programme_id, company_id, class_id, max(pupils) as pupils from report_rows
            where local_date >= $1 and local_date < $2
                and outcome in ('present', 'declared', 'replay_only') and is_confirmed_teacher
            group by programme_id, company_id, class_id
        )
        select programme_id, company_id, count(*) as classes, sum(pupils)::int as pupils
        from largest group by programme_id, company_id
        """,
        first,
        until,
    )
    return [
        CompanyMonth(row["programme_id"], row["company_id"], row["classes"], row["pupils"])
        if row["pupils"] >= FEWEST_SHOWN
        else CompanyMonth(row["programme_id"], row["company_id"], None, None)
        for row in rows
    ]
