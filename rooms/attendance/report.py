"""Reports: a teacher's classes, a coordinator's schools, what the office sees of all.

What is over is read from its kept result; what still runs is judged now, by the same function.
"""

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from rooms import planning
from rooms.attendance import materials, results
from rooms.attendance.results import Result
from rooms.attendance.rule import PASSING, Outcome
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.scope import Scope

ROWS_PER_PAGE = 50


class LiveFigures(NamedTuple):
    """The line of a class in a session without a kept result, as it is now."""

    session_class_id: UUID
    region_id: UUID | None
    reports_as: UUID
    class_id: UUID
    company_id: UUID | None
    level: str
    month: str | None
    session_id: UUID
    is_confirmed_teacher: bool
    outcome: str
    pupils: int
    student_seconds: int
    passes: bool
    is_corrected: bool
    is_poor: bool


Live = Sequence[LiveFigures]


# Wished for as a region, a network, an objective (`NOWHERE`), a sector or a level (`NONE`): what
# belongs to none.
NOWHERE, NONE = UUID(int=0), "none"


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
    """An outcome, or one of `WISHES`."""
    region_id: UUID | None = None
    class_id: UUID | None = None
    company_id: UUID | None = None
    sector: str = ""
    sitting: str = ""
    """'tour' or 'live'."""
    network_id: UUID | None = None
    """The one in which the school was that day."""
    objective_id: UUID | None = None


# What else than one outcome can be wished for.
WISHES = ("came", "passed", "corrected", "poor")


@dataclass(frozen=True, slots=True)
class Row:
    """One class in one session, of a tour or of a live room.

    `is_final` False: no result is kept yet, nearly always since the session still runs: figures may
    grow.
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
    cut_off: int
    correction_reason: str
    corrected_by: str
    corrected_at: datetime | None
    is_final: bool

    @property
    def passes(self) -> bool:
        """Whether it counts."""
        return self.outcome == results.DECLARED or self.outcome in PASSING

    @property
    def is_corrected(self) -> bool:
        """Whether a person laid something over what was measured."""
        return self.outcome != self.measured_outcome or self.headcount_source == results.CORRECTED


_ROW_NAMES = tuple(Row.__dataclass_fields__)
# Of a record, all but whether it is final, which comes last.
_kept: Callable[[asyncpg.Record], tuple[Any, ...]] = itemgetter(*_ROW_NAMES[:-1])
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
    """What a coordinator sees of her regions, the bureau of all, a teacher of her classes, a
    facilitator of her pairs.

    The latest first, `limit` of them from `offset` on. `live`: of `live_figures`, same wish.
    """
    found = await conn.fetch(
        """
        select r.session_class_id
        from report_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) r
        where $17 = '' or is_wished($17, r.outcome, r.passes, r.is_corrected, r.is_poor)
            or r.outcome is null and r.session_class_id = any($18::uuid[])
        order by r.local_date desc nulls last, r.started_at desc nulls last, r.session_class_id
        limit $19 offset $20
        """,
        *filter_values(scope, filters),
        filters.outcome,
        [one.session_class_id for one in live],
        limit,
        offset,
    )
    return await by_ids(conn, scope, [row["session_class_id"] for row in found])


def stretch(
    filters: Filters, months: Sequence[tuple[str, int]], first: int, size: int = ROWS_PER_PAGE
) -> tuple[Filters, int]:
    """(the view with only the months in which its rows from `first` on lie, how many rows of
    those months stand before them): a late part of a list is found as fast as the first.

    `months`: how many rows each has, as 'YYYY-MM', '' for those without a day, in any order.
    """
    counts = dict(months)
    before, found = 0, list[str]()
    for month in sorted(counts, reverse=True):
        if not found and before + counts[month] <= first:
            before += counts[month]
            continue
        found.append(month)
        if before + sum(counts[one] for one in found) >= first + size:
            break
    # Rows without a day come last, and no bound between days finds them.
    if not found or "" in found:
        return filters, first
    since, until = _first_day(found[-1]), _last_day(found[0])
    return (
        replace(
            filters,
            since=max(since, filters.since or since),
            until=min(until, filters.until or until),
        ),
        first - before,
    )


def _first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _last_day(month: str) -> date:
    first = _first_day(month)
    return first.replace(day=monthrange(first.year, first.month)[1])


async def by_ids(conn: Connection, scope: Scope, ids: list[UUID]) -> list[Row]:
    """These session classes in this order; the caller has seen that they are the viewer's."""
    # To plan so many joins takes longer than to look up a page of rows.
    await planning.for_few(conn)
    rows = await conn.fetch(
        """
        select r.* from report_rows r
        where r.programme_id = $1 and r.session_class_id = any($2::uuid[])
        """,
        scope.programme_id,
        ids,
    )
    await planning.as_usual(conn)
    found = {row["session_class_id"]: row for row in rows}
    return await with_live(conn, [found[one] for one in ids if one in found])


async def live_figures(conn: Connection, scope: Scope, filters: Filters) -> Live:
    """What has no kept result in the viewer's part of the report, as wished for, judged now.

    Few rows: lessons that run, and whatever could not be judged at its end, however long ago; the
    list and the exports show these too.
    """
    rows = await conn.fetch(
        """
        select r.session_class_id, r.region_id, r.reports_as, r.class_id, r.company_id, r.level,
            r.month, r.session_id, r.is_confirmed_teacher
        from report_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) r
        where r.outcome is null
        """,
        *filter_values(scope, filters),
    )
    if not rows:
        return ()
    lines = {row["session_class_id"]: row for row in rows}
    found = await materials.of(conn, list(lines))
    judged = [(lines[one.session_class_id], results.judge(one)) for one in found]
    return [
        _live(line, one)
        for line, one in judged
        if fits(one, filters.outcome, is_confirmed=line["is_confirmed_teacher"])
    ]


def _live(line: asyncpg.Record, judged: Result) -> LiveFigures:
    return LiveFigures(
        **line,
        outcome=judged.outcome,
        pupils=judged.pupils,
        student_seconds=judged.student_seconds,
        passes=line["is_confirmed_teacher"] and judged.passes,
        is_corrected=judged.is_corrected,
        is_poor=is_poor(judged.outcome, judged.seats, judged.cut_off),
    )


def live_columns(live: Live) -> list[list[object]]:
    """The parameters of what still runs, a list per column."""
    return [[one[at] for one in live] for at in range(len(LiveFigures._fields))]


def filter_values(scope: Scope, filters: Filters) -> tuple[object, ...]:
    """The parameters $1 to $16 of `report_part`, by which every query knows a person's part of
    the report."""
    return (
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        scope.person_id if scope.has("teacher", "facilitator") else None,
        filters.since,
        filters.until,
        filters.school_id,
        filters.level,
        filters.tour_id,
        filters.region_id,
        filters.class_id,
        filters.company_id,
        filters.sector,
        filters.sitting,
        filters.network_id,
        filters.objective_id,
    )


def fits(row: Row | Result, wished: str, *, is_confirmed: bool) -> bool:
    """Whether a row is among those with this outcome, or this one of `WISHES`; 'declared' is what
    counts by the teacher's word. `is_confirmed`: the row's teacher; nothing counts of others."""
    match wished:
        case "":
            return True
        case "came":
            return row.outcome != Outcome.NO_SHOW
        case "passed" | "declared":
            return is_confirmed and row.passes and wished in {"passed", row.outcome}
        case "corrected":
            return row.is_corrected
        case "poor":
            return is_poor(row.outcome, row.seats, row.cut_off)
    return row.outcome == wished


def is_poor(outcome: str, seats: int, cut_off: int) -> bool:
    """Whether devices lost the connection so often, or got nothing at all, that the school should
    look at its network: twice or more, and once on each device."""
    return outcome == Outcome.UNKNOWN_NETWORK or cut_off >= max(2, seats)


async def one(conn: Connection, scope: Scope, session_class_id: UUID) -> Row:
    """One session class in the viewer's part of the report; raises `NotThere`."""
    is_hers = await conn.fetchval(
        """
        select 1
        from report_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) r
        where r.session_class_id = $17
        """,
        *filter_values(scope, Filters()),
        session_class_id,
    )
    if is_hers is None:
        raise NotThere("session_class")
    [row] = await by_ids(conn, scope, [session_class_id])
    return row


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


async def is_coordinated(conn: Connection, scope: Scope, session_class_id: UUID) -> bool:
    """Whether the viewer coordinates the region of a session class: what she sees for another
    reason, as of a pair in her care, she only reads."""
    found = await conn.fetchval(
        """
        select 1 from session_classes
        where programme_id = $1 and id = $2 and ($3 or region_id = any($4::uuid[]))
        """,
        scope.programme_id,
        session_class_id,
        scope.sees_all,
        scope.region_ids,
    )
    return found is not None


async def with_live(conn: Connection, rows: Sequence[asyncpg.Record]) -> list[Row]:
    """Rows with kept results as they are, the others judged now."""
    open_ids = [row["session_class_id"] for row in rows if row["outcome"] is None]
    found = await materials.of(conn, open_ids) if open_ids else []
    judged = {one.session_class_id: results.judge(one) for one in found}
    return [_row(row, judged.get(row["session_class_id"])) for row in rows]


def _row(record: asyncpg.Record, live: Result | None) -> Row:
    row = Row(*(*_kept(record), live is None))
    if live is None:
        return row
    return replace(row, **{name: getattr(live, name) for name in _JUDGED})
