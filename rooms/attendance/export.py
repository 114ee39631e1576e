"""The report as it leaves: the same rows as CSV, JSON, in spreadsheets and by API; columns stable.

`VERSION` grows when a column is added at the end; none is renamed, moved or given another meaning.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from rooms.attendance import report
from rooms.attendance.cells import hh_mm, local_text, utc_text
from rooms.attendance.lines import Kind, Lines, Texts
from rooms.attendance.report import Filters, Row
from rooms.connection import Connection
from rooms.scope import Scope

VERSION = 4
# Looked up at once, and handed on at once: each look-up has its price, and nobody waits for a part.
LOOKED_UP = 2_000
AT_A_TIME = 500

LINES = Lines(
    {
        "session_class_id": Kind.CODE,
        "session_id": Kind.CODE,
        "date": Kind.DAY,
        "started_utc": Kind.MOMENT,
        "started_local": Kind.MOMENT,
        "ended_utc": Kind.MOMENT,
        "ended_local": Kind.MOMENT,
        "region": Kind.TEXT,
        "school_code": Kind.TEXT,
        "school": Kind.TEXT,
        "place": Kind.TEXT,
        "class": Kind.TEXT,
        "level": Kind.TEXT,
        "teacher_confirmed": Kind.TRUTH,
        "tour_id": Kind.CODE,
        "tour": Kind.TEXT,
        "company": Kind.TEXT,
        "state": Kind.CODE,
        "outcome": Kind.CODE,
        "outcome_measured": Kind.CODE,
        "reason": Kind.CODE,
        "threshold_percent": Kind.SHARE,
        "rule_version": Kind.CODE,
        "window_seconds": Kind.NUMBER,
        "present_seconds": Kind.NUMBER,
        "present_percent": Kind.SHARE,
        "headcount": Kind.NUMBER,
        "headcount_measured": Kind.NUMBER,
        "headcount_source": Kind.CODE,
        "has_classroom_screen": Kind.TRUTH,
        "devices": Kind.NUMBER,
        "devices_passed": Kind.NUMBER,
        "pupils_counted": Kind.NUMBER,
        "student_minutes": Kind.NUMBER,
        "correction_reason": Kind.TEXT,
        "corrected_by": Kind.TEXT,
        "corrected_utc": Kind.MOMENT,
        "is_final": Kind.TRUTH,
        # since version 2
        "kind": Kind.CODE,
        "room_id": Kind.CODE,
        "room": Kind.TEXT,
        # since version 3
        "window_hh_mm": Kind.CODE,
        "present_hh_mm": Kind.CODE,
        "connections_cut": Kind.NUMBER,
        # since version 4
        "window_kind": Kind.CODE,
        "lesson_from_local": Kind.MOMENT,
        "lesson_until_local": Kind.MOMENT,
        "network": Kind.TEXT,
    }
)
COLUMNS = LINES.columns


def one_moment(conn: Connection) -> "asyncpg.transaction.Transaction":
    """A transaction in which every query sees the same: for `batches`."""
    return conn.transaction(isolation="repeatable_read", readonly=True)


async def batches(
    conn: Connection, scope: Scope, filters: Filters
) -> AsyncGenerator[list[Texts], None]:
    """The viewer's rows, oldest first, some hundred at a time: a long report needs no memory.

    A cursor over the order alone, and each part's rows looked up by their ids: sorting whole rows
    would keep the first one waiting for all. Runs inside `one_moment`, and has to be closed before
    that ends (`contextlib.aclosing`): while a part is written the next one is on its way.
    """
    await report.plan_anew(conn)
    cursor = await conn.cursor(
        """
        select r.session_class_id
        from report_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) r
        where $15 = '' or r.outcome is null or is_wished($15, r.outcome, r.measured_outcome,
            r.headcount_source, r.seats, r.cut_off)
        order by r.local_date nulls first, r.started_at nulls first, r.session_class_id
        """,
        *report.filter_values(scope, filters),
        filters.outcome,
    )
    await report.plan_for_few(conn)

    async def part() -> Part | None:
        ids = [row[0] for row in await cursor.fetch(LOOKED_UP)]
        return await _looked_up(conn, scope, filters.outcome, ids) if ids else None

    # The database looks up the next part while this one is made into texts and written.
    coming = asyncio.create_task(part())
    try:
        while (found := await coming) is not None:
            coming = asyncio.create_task(part())
            for first in range(0, len(found.rows), AT_A_TIME):
                yield found.texts(first, AT_A_TIME)
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def count(conn: Connection, scope: Scope, filters: Filters) -> int:
    """About how many rows there are: what still runs counts whatever its outcome will be."""
    found: int = await conn.fetchval(
        """
        select count(*)
        from report_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) r
        where $15 = '' or r.outcome is null or is_wished($15, r.outcome, r.measured_outcome,
            r.headcount_source, r.seats, r.cut_off)
        """,
        *report.filter_values(scope, filters),
        filters.outcome,
    )
    return found


# --- one part, looked up -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sitting:
    """The texts that the rows of a session share: they are made once. `zone`: where its times are
    told."""

    times: tuple[str, ...]
    tour: tuple[str, ...]
    rule: tuple[str, ...]
    room: tuple[str, ...]
    window: str
    zone: str


# (why it was corrected, by whom, when); of most rows there is nothing to say.
Correction: TypeAlias = tuple[str, str, str]
UNCORRECTED: Correction = ("", "", "")


@dataclass(frozen=True, slots=True)
class Part:
    """Rows as they were looked up, not yet made into texts. `judged`: those without a kept result,
    as they are now."""

    rows: list[asyncpg.Record]
    sittings: dict[str, Sitting]
    corrected: dict[str, Correction]
    judged: dict[str, Row]

    def texts(self, first: int, size: int) -> list[Texts]:
        """Some of them."""
        return [self._text(row) for row in self.rows[first : first + size]]

    def _text(self, row: asyncpg.Record) -> Texts:
        key, shared = row[0], self.sittings[row[1]]
        if key in self.judged:
            return texts_of(self.judged[key], shared.window, row[-len(APART) :])
        return texts(row, shared, self.corrected.get(key, UNCORRECTED))


async def _looked_up(conn: Connection, scope: Scope, outcome: str, ids: list[UUID]) -> Part:
    """These session classes in this order: kept results as they are, the others judged now; those
    of them that are not wished for are left out."""
    rows = await _own(conn, scope, ids)
    sittings = await _sittings(conn, scope, ids)
    corrected = await _corrections(conn, scope, ids)
    open_ids = [UUID(row[0]) for row in rows if row["outcome"] is None]
    judged = await _judged(conn, scope, open_ids) if open_ids else {}
    unwished = {key for key, one in judged.items() if not report.fits(one, outcome)}
    return Part([row for row in rows if row[0] not in unwished], sittings, corrected, judged)


async def _own(conn: Connection, scope: Scope, ids: list[UUID]) -> list[asyncpg.Record]:
    """What each row has of its own, in the order of `OWN`; a school by its name of that day."""
    return await conn.fetch(
        """
        select c.id::text, c.session_id::text, coalesce(g.name, ''), o.code,
            coalesce((
                select e.was ->> 'name' from school_events e
                where e.school_id = c.school_id and e.kind = 'renamed'
                    and e.happened_on > s.local_date
                order by e.happened_on, e.id limit 1
            ), o.name), o.place, c.class_name, c.level, c.is_confirmed_teacher, r.outcome,
            r.measured_outcome, r.reason_code, r.window_ms, r.present_ms, r.headcount,
            r.measured_headcount, r.headcount_source, r.has_beamer, r.seats, r.seats_passed,
            r.pupils, r.student_seconds, r.cut_off, c.lesson_from, c.lesson_until,
            coalesce(n.name, '')
        from unnest($2::uuid[]) with ordinality as i (id, place)
        join session_classes c on c.programme_id = $1 and c.id = i.id
        join sessions s on (s.programme_id, s.id) = (c.programme_id, c.session_id)
        join schools o on o.id = c.school_id
        left join regions g on (g.programme_id, g.id) = (c.programme_id, c.region_id)
        left join network_members m on m.programme_id = $1 and m.school_id = c.school_id
            and m.valid_from <= s.local_date
            and (m.valid_to is null or m.valid_to > s.local_date)
        left join networks n on (n.programme_id, n.id) = (m.programme_id, m.network_id)
        left join session_class_results r on s.state = 'ended'
            and (r.programme_id, r.session_class_id) = (c.programme_id, c.id)
        order by i.place
        """,
        scope.programme_id,
        ids,
    )


async def _sittings(conn: Connection, scope: Scope, ids: list[UUID]) -> dict[str, Sitting]:
    rows = await conn.fetch(
        """
        select s.id::text, s.local_date, s.started_at, s.ended_at, s.zone, s.tour_id::text,
            s.room_id::text, coalesce(x.title, m.title, ''), coalesce(k.name, ''), s.state,
            s.pass_share::float8, s.rule_version, s.window_kind
        from (select distinct session_id from session_classes
            where programme_id = $1 and id = any($2::uuid[])) c
        join sessions s on (s.programme_id, s.id) = ($1, c.session_id)
        left join tours t on (t.programme_id, t.id) = (s.programme_id, s.tour_id)
        left join tour_texts x on (x.programme_id, x.tour_id, x.language)
            = (t.programme_id, t.id, t.original_language)
        left join rooms m on (m.programme_id, m.id) = (s.programme_id, s.room_id)
        left join companies k on k.programme_id = s.programme_id
            and k.id = coalesce(t.company_id, m.company_id)
        """,
        scope.programme_id,
        ids,
    )
    return {row[0]: sitting(*row) for row in rows}


async def _corrections(conn: Connection, scope: Scope, ids: list[UUID]) -> dict[str, Correction]:
    rows = await conn.fetch(
        """
        select c.session_class_id::text, string_agg(c.reason, ' / ' order by c.at),
            string_agg(distinct coalesce(nullif(p.name, ''), p.email), ' / '), max(c.at)
        from corrections c join persons p on p.id = c.person_id
        where c.programme_id = $1 and c.session_class_id = any($2::uuid[]) and c.undone_at is null
        group by c.session_class_id
        """,
        scope.programme_id,
        ids,
    )
    return {key: (reason, by, utc_text(at)) for key, reason, by, at in rows}


async def _judged(conn: Connection, scope: Scope, ids: list[UUID]) -> dict[str, Row]:
    rows = await conn.fetch(
        """
        select r.* from report_rows r
        where r.programme_id = $1 and r.session_class_id = any($2::uuid[])
        """,
        scope.programme_id,
        ids,
    )
    return {str(row.session_class_id): row for row in await report.with_live(conn, rows)}


# --- one row -------------------------------------------------------------------------------------

# What a row has of its own, in this order: `Row` has the same names.
OWN = (
    "session_class_id",
    "session_id",
    "region",
    "school_code",
    "school",
    "place",
    "class_name",
    "level",
    "is_confirmed_teacher",
    "outcome",
    "measured_outcome",
    "reason_code",
    "window_ms",
    "present_ms",
    "headcount",
    "measured_headcount",
    "headcount_source",
    "has_beamer",
    "seats",
    "seats_passed",
    "pupils",
    "student_seconds",
    "cut_off",
)
# And behind these: the lesson's own times, and the network its school was in that day.
APART = ("lesson_from", "lesson_until", "network")


def sitting(
    session_id: str, day: Any, started: datetime | None, ended: datetime | None, zone: str,
    tour_id: str | None, room_id: str | None, title: str, company: str, state: str, share: float,
    version: str, window: str,
) -> Sitting:  # fmt: skip
    """What is a tour's is empty of a live room, and the other way round. `window`: what a live
    one is held against; a tour always against its film."""
    return Sitting(
        (
            day.isoformat() if day else "",
            utc_text(started) if started else "",
            local_text(started, zone) if started else "",
            utc_text(ended) if ended else "",
            local_text(ended, zone) if ended else "",
        ),
        (tour_id or "", "" if room_id else title, company, state),
        (str(round(share * 100, 1)), version),
        ("room" if room_id else "tour", room_id or "", title if room_id else ""),
        window if room_id else "film",
        zone,
    )


def texts(
    own: "Sequence[Any] | asyncpg.Record",
    shared: Sitting,
    correction: Correction,
    *,
    is_final: bool = True,
) -> Texts:
    """A row in the order of `COLUMNS`. Moments are UTC text and local text with offset; lengths
    whole seconds, and hours and minutes for reading."""
    (
        key, session, region, code, school, place, class_name, level, is_confirmed, outcome,
        measured, reason, window_ms, present_ms, headcount, headcount_measured, source, has_beamer,
        seats, passed, pupils, seconds, cut_off, lesson_from, lesson_until, network,
    ) = own  # fmt: skip
    return [
        key,
        session,
        *shared.times,
        region,
        code,
        school,
        place,
        class_name,
        level,
        "1" if is_confirmed else "0",
        *shared.tour,
        outcome,
        measured,
        reason,
        *shared.rule,
        str(window_ms // 1000),
        str(present_ms // 1000),
        _percent(present_ms, window_ms),
        str(headcount),
        str(headcount_measured),
        source,
        "1" if has_beamer else "0",
        str(seats),
        str(passed),
        str(pupils),
        str(seconds // 60),
        *correction,
        "1" if is_final else "0",
        *shared.room,
        _hh_mm(window_ms),
        _hh_mm(present_ms),
        str(cut_off),
        shared.window,
        local_text(lesson_from, shared.zone) if lesson_from else "",
        local_text(lesson_until, shared.zone) if lesson_until else "",
        network,
    ]


def texts_of(row: Row, window: str, apart: Sequence[Any]) -> Texts:
    """The same of a row of the report, with what stands `APART`."""
    own = [*(getattr(row, name) for name in OWN), *apart]
    shared = sitting(
        str(row.session_id), row.local_date, row.started_at, row.ended_at, row.zone,
        str(row.tour_id) if row.tour_id else None, str(row.room_id) if row.room_id else None,
        row.title, row.company, row.state, row.pass_share, row.rule_version, window,
    )  # fmt: skip
    at = utc_text(row.corrected_at) if row.corrected_at else ""
    correction = (row.correction_reason, row.corrected_by, at)
    return texts([str(own[0]), str(own[1]), *own[2:]], shared, correction, is_final=row.is_final)


def _percent(part: int, whole: int) -> str:
    return str(round(100 * part / whole, 1)) if whole else "0.0"


# Windows are few, and a class that stayed to the end was there for all of it.
_hh_mm = lru_cache(maxsize=4096)(hh_mm)
