"""A company's reach: aggregates of its tours and live rooms, never who or where."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

import asyncpg

from rooms.attendance import totals
from rooms.attendance.ranges import Ranges, middles
from rooms.attendance.report import Row, with_live
from rooms.attendance.tables import EMPTY, LIMITS
from rooms.attendance.visits import multirange
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.scope import Scope

CURVE_POINTS = 60


@dataclass(frozen=True, slots=True)
class Reach:
    """A tour or a live room as its company sees it: aggregates only, in all and by the region of
    the classes' schools that day.

    `curve`: (share of the film, or of the time on air; share of the screens and phones that
    watched it there), empty until a class counts.
    """

    classes: int
    pupils: int
    minutes: int
    curve: tuple[tuple[float, float], ...] = ()
    regions: tuple["InRegion", ...] = ()

    @property
    def is_told(self) -> bool:
        """Whether a class has watched enough to count."""
        return self.classes > 0


@dataclass(frozen=True, slots=True)
class InRegion:
    """A region's part of a reach. `name` '': of schools that stand in none."""

    name: str
    classes: int
    pupils: int
    minutes: int


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
    sums = totals.of(rows)
    by_region: dict[str, list[Row]] = {}
    for row in rows:
        by_region.setdefault(row.region, []).append(row)
    regions = (
        InRegion(name, part.classes, part.pupils_reached, part.student_minutes)
        for name, part in ((name, totals.of(found)) for name, found in by_region.items())
        if part.classes
    )
    return Reach(
        sums.classes,
        sums.pupils_reached,
        sums.student_minutes,
        regions=tuple(sorted(regions, key=lambda one: (not one.name, one.name.casefold()))),
    )


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
    """What a company is told of a month: aggregates, both None where they are small.

    Its own pages tell them from the first class on. A mail leaves the programme and is handed on:
    it keeps to the limits of all that leaves.
    """

    programme_id: UUID
    company_id: UUID
    classes: int | None
    pupils: int | None


async def first_watched(conn: Connection, since: datetime) -> list[tuple[UUID, UUID, UUID, str]]:
    """(programme, company, tour, title) of tours with a class that began to count lately, and none
    before: it passed, by itself or corrected, or had passed when its teacher was confirmed. For
    mails."""
    rows = await conn.fetch(
        """
        with lately as materialized (
            select c.programme_id, c.id from sessions s
            join session_classes c on (c.programme_id, c.session_id) = (s.programme_id, s.id)
            where s.state = 'ended' and s.ended_at > $1
            union
            select programme_id, id from session_classes where teacher_confirmed_at > $1
            union
            select programme_id, session_class_id from corrections
            where greatest(at, undone_at) > $1
        ), news as materialized (
            select distinct r.programme_id, r.company_id, r.tour_id, r.title
            from lately l
            join report_rows r on (r.programme_id, r.session_class_id) = (l.programme_id, l.id)
            where r.tour_id is not null and r.is_confirmed_teacher
                and r.outcome in ('present', 'declared', 'replay_only')
        )
        select n.* from news n where not exists (
            select from sessions s
            join session_classes c on (c.programme_id, c.session_id) = (s.programme_id, s.id)
            join session_class_results r on (r.programme_id, r.session_class_id)
                = (c.programme_id, c.id)
            where s.programme_id = n.programme_id and s.tour_id = n.tour_id and s.state = 'ended'
                and c.is_confirmed_teacher and r.outcome in ('present', 'declared', 'replay_only')
                and (c.programme_id, c.id) not in (select l.programme_id, l.id from lately l))
        """,
        since,
    )
    return [(row["programme_id"], row["company_id"], row["tour_id"], row["title"]) for row in rows]


async def company_months(conn: Connection, first: date, until: date) -> list[CompanyMonth]:
    """Every company with a class that passed from `first` up to but not including `until`."""
    rows = await conn.fetch(
        """
        with counted as materialized (
            select programme_id, company_id, class_id, reports_as, pupils from report_rows
            where local_date >= $1 and local_date < $2
                and outcome in ('present', 'declared', 'replay_only') and is_confirmed_teacher
        ), largest as (
            select programme_id, company_id, class_id, max(pupils) as pupils from counted
            group by programme_id, company_id, class_id
        )
        select l.programme_id, l.company_id, count(*) as classes, sum(l.pupils)::int as pupils,
            (select count(distinct c.reports_as) from counted c
                where (c.programme_id, c.company_id) = (l.programme_id, l.company_id)) as schools
        from largest l group by l.programme_id, l.company_id
        """,
        first,
        until,
    )
    return [_month(row) for row in rows]


def _month(row: asyncpg.Record) -> CompanyMonth:
    month = CompanyMonth(row["programme_id"], row["company_id"], row["classes"], row["pupils"])
    figures = {**EMPTY, "schools": row["schools"], "pupils_reached": row["pupils"]}
    return replace(month, classes=None, pupils=None) if LIMITS.is_small(figures) else month
