"""The report as it leaves: the same rows as CSV, JSON and in the API, columns stable.

`VERSION` grows when a column is added at the end; none is renamed, moved or given another meaning.
"""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from csv import writer as csv_writer
from datetime import date, datetime
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from rooms.attendance import report
from rooms.attendance.cells import Cell, csv_head, hh_mm, local_text, safe_cell, utc_text
from rooms.attendance.report import Filters, Row
from rooms.connection import Connection
from rooms.scope import Scope

VERSION = 3
# Looked up at once, and handed on at once: each look-up has its price, and nobody waits for a part.
LOOKED_UP = 2_000
AT_A_TIME = 500

COLUMNS = (
    "session_class_id",
    "session_id",
    "date",
    "started_utc",
    "started_local",
    "ended_utc",
    "ended_local",
    "region",
    "school_code",
    "school",
    "place",
    "class",
    "level",
    "teacher_confirmed",
    "tour_id",
    "tour",
    "company",
    "state",
    "outcome",
    "outcome_measured",
    "reason",
    "threshold_percent",
    "rule_version",
    "window_seconds",
    "present_seconds",
    "present_percent",
    "headcount",
    "headcount_measured",
    "headcount_source",
    "has_classroom_screen",
    "devices",
    "devices_passed",
    "pupils_counted",
    "student_minutes",
    "correction_reason",
    "corrected_by",
    "corrected_utc",
    "is_final",
    # since version 2
    "kind",
    "room_id",
    "room",
    # since version 3
    "window_hh_mm",
    "present_hh_mm",
    "connections_cut",
)
Cells = tuple[Cell, ...]
# As the database gives it, or as `raw_of` makes it.
Raw: TypeAlias = "Sequence[Any] | asyncpg.Record"


def one_moment(conn: Connection) -> "asyncpg.transaction.Transaction":
    """A transaction in which every query sees the same: for `batches`."""
    return conn.transaction(isolation="repeatable_read", readonly=True)


async def batches(conn: Connection, scope: Scope, filters: Filters) -> AsyncIterator[list[Cells]]:
    """The viewer's rows, oldest first, some hundred at a time: a long report needs no memory.

    A cursor over the order alone, and each part's rows looked up by their ids: sorting whole rows
    would keep the first one waiting for all. Has to run inside `one_moment`.
    """
    cursor = await conn.cursor(
        """
        select r.session_class_id
        from review_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) r
        where $15 = '' or r.outcome is null or is_wished($15, r.outcome, r.measured_outcome,
            r.headcount_source, r.seats, r.cut_off)
        order by r.local_date nulls first, r.started_at nulls first, r.session_class_id
        """,
        *report.filter_values(scope, filters),
        filters.outcome,
    )

    async def part() -> list[Raw] | None:
        ordered = await cursor.fetch(LOOKED_UP)
        ids = [row[0] for row in ordered]
        return await _looked_up(conn, scope, filters.outcome, ids) if ids else None

    # The database looks up the next part while this one is written.
    coming = asyncio.create_task(part())
    try:
        while (found := await coming) is not None:
            coming = asyncio.create_task(part())
            for first in range(0, len(found), AT_A_TIME):
                yield [cells(raw) for raw in found[first : first + AT_A_TIME]]
    finally:
        coming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await coming


async def _looked_up(conn: Connection, scope: Scope, outcome: str, ids: list[UUID]) -> list[Raw]:
    """Rows with a kept result as they are, the others judged now; both in the order of `RAW`."""
    rows = await conn.fetch(
        """
        select r.session_class_id::text, r.session_id::text, r.local_date, r.started_at,
            r.ended_at, r.zone, r.region, r.school_code, r.school, r.place, r.class_name, r.level,
            r.is_confirmed_teacher, r.tour_id::text, r.room_id::text, r.title, r.company, r.state,
            r.outcome, r.measured_outcome, r.reason_code, r.pass_share, r.rule_version,
            r.window_ms, r.present_ms, r.headcount, r.measured_headcount, r.headcount_source,
            r.has_beamer, r.seats, r.seats_passed, r.pupils, r.student_seconds,
            r.correction_reason, r.corrected_by, r.corrected_at, r.cut_off, true as is_final
        from report_rows r
        where r.programme_id = $1 and r.session_class_id = any($2::uuid[])
        order by r.local_date nulls first, r.started_at nulls first, r.session_class_id
        """,
        scope.programme_id,
        ids,
    )
    open_ids = [UUID(row[0]) for row in rows if row[OUTCOME] is None]
    if not open_ids:
        return list(rows)
    judged = {str(row.session_class_id): row for row in await _judged(conn, scope, open_ids)}
    return [
        raw_of(judged[row[0]]) if row[OUTCOME] is None else row
        for row in rows
        if row[OUTCOME] is not None or report.fits(judged[row[0]], outcome)
    ]


async def _judged(conn: Connection, scope: Scope, ids: list[UUID]) -> list[Row]:
    rows = await conn.fetch(
        """
        select r.* from report_rows r
        where r.programme_id = $1 and r.session_class_id = any($2::uuid[])
        """,
        scope.programme_id,
        ids,
    )
    return await report.with_live(conn, rows)


async def count(conn: Connection, scope: Scope, filters: Filters) -> int:
    """About how many rows there are: what still runs counts whatever its outcome will be."""
    found: int = await conn.fetchval(
        """
        select count(*)
        from review_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) r
        where $15 = '' or r.outcome is null or is_wished($15, r.outcome, r.measured_outcome,
            r.headcount_source, r.seats, r.cut_off)
        """,
        *report.filter_values(scope, filters),
        filters.outcome,
    )
    return found


# What a row is made of, in this order: `Row` has the same names.
RAW = (
    "session_class_id",
    "session_id",
    "local_date",
    "started_at",
    "ended_at",
    "zone",
    "region",
    "school_code",
    "school",
    "place",
    "class_name",
    "level",
    "is_confirmed_teacher",
    "tour_id",
    "room_id",
    "title",
    "company",
    "state",
    "outcome",
    "measured_outcome",
    "reason_code",
    "pass_share",
    "rule_version",
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
    "correction_reason",
    "corrected_by",
    "corrected_at",
    "cut_off",
    "is_final",
)
OUTCOME = RAW.index("outcome")
_IDS = frozenset(
    RAW.index(name) for name in ("session_class_id", "session_id", "tour_id", "room_id")
)


def raw_of(row: Row) -> Sequence[Any]:
    """A row of the report in the order of `RAW`, its ids as text."""
    found = [getattr(row, name) for name in RAW]
    return [str(one) if at in _IDS and one else one for at, one in enumerate(found)]


def cells(raw: Raw) -> Cells:
    """A row in the order of `COLUMNS`. Moments are UTC text and local text with offset; lengths
    whole seconds, and hours and minutes for reading.

    What is a tour's is empty in the row of a live room, and the other way round.
    """
    (
        key, session, day, started, ended, zone, region, code, school, place, class_name, level,
        is_confirmed, tour, room, title, company, state, outcome, measured, reason, share, version,
        window_ms, present_ms, headcount, headcount_measured, source, has_beamer, seats, passed,
        pupils, seconds, corrected_for, corrected_by, corrected_at, cut_off, is_final,
    ) = raw  # fmt: skip
    return (
        key,
        session,
        day.isoformat() if day else "",
        _utc(started),
        _local(started, zone),
        _utc(ended),
        _local(ended, zone),
        region,
        code,
        school,
        place,
        class_name,
        level,
        is_confirmed,
        tour or "",
        "" if room else title,
        company,
        state,
        outcome,
        measured,
        reason,
        round(share * 100, 1),
        version,
        window_ms // 1000,
        present_ms // 1000,
        round(100 * present_ms / window_ms if window_ms else 0.0, 1),
        headcount,
        headcount_measured,
        source,
        has_beamer,
        seats,
        passed,
        pupils,
        seconds // 60,
        corrected_for,
        corrected_by,
        _utc(corrected_at),
        is_final,
        "room" if room else "tour",
        room or "",
        title if room else "",
        hh_mm(window_ms),
        hh_mm(present_ms),
        cut_off,
    )


# Rows come by time: a session's classes share its moments.
@lru_cache(maxsize=512)
def _utc(moment: datetime | None) -> str:
    return utc_text(moment) if moment else ""


@lru_cache(maxsize=512)
def _local(moment: datetime | None, zone: str) -> str:
    return local_text(moment, zone) if moment else ""


_AT = {name: place for place, name in enumerate(COLUMNS)}
# Words of people, of which any could look like a formula; the other texts are ours.
_FREE = tuple(
    _AT[name]
    for name in (
        "region", "school_code", "school", "place", "class", "level", "tour", "company",
        "correction_reason", "corrected_by", "room",
    )
)  # fmt: skip
_TRUTHS = tuple(_AT[name] for name in ("teacher_confirmed", "has_classroom_screen", "is_final"))
_SHARES = tuple(_AT[name] for name in ("threshold_percent", "present_percent"))


def csv_part(found: Iterable[Cells], delimiter: str) -> bytes:
    """Lines of a CSV file, the same as `cells.csv_lines` makes of them: what kind of value stands
    in a column is known here, which is most of the work."""
    page, mark = io.StringIO(), "," if delimiter == ";" else "."
    write = csv_writer(page, delimiter=delimiter).writerow
    for row in found:
        line = list(row)
        for at in _FREE:
            if line[at]:
                line[at] = safe_cell(str(line[at]))
        for at in _TRUTHS:
            line[at] = "1" if line[at] else "0"
        for at in _SHARES:
            line[at] = str(line[at]).replace(".", mark)
        write(line)
    return page.getvalue().encode("utf-8", "backslashreplace")


def csv_first(delimiter: str) -> bytes:
    """How such a file begins."""
    return csv_head(COLUMNS, delimiter)


def values(found: Cells) -> dict[str, Cell]:
    """A row by column."""
    return dict(zip(COLUMNS, found, strict=True))


def json_lines(found: Iterable[Cells]) -> bytes:
    """Rows of such a document, for one that is sent in parts: `JSON_HEAD`, these with `JSON_COMMA`
    between them, `JSON_END`."""
    return JSON_COMMA.join([msgspec.json.encode(values(row)) for row in found])


JSON_HEAD = (
    f'{{"version":{VERSION},"columns":'.encode() + msgspec.json.encode(COLUMNS) + b',"rows":[\n'
)
JSON_COMMA = b",\n"
JSON_END = b"\n]}\n"


def typed_cells(found: Cells) -> tuple[Cell | date, ...]:
    """The same row for a spreadsheet: days and moments as such, local ones by the wall."""
    typed: list[Cell | date] = list(found)
    for at in _MOMENTS:
        typed[at] = _wall(str(found[at]))
    day = found[_AT["date"]]
    typed[_AT["date"]] = date.fromisoformat(str(day)) if day else None
    return tuple(typed)


_MOMENTS = tuple(
    _AT[name]
    for name in ("started_utc", "started_local", "ended_utc", "ended_local", "corrected_utc")
)


@lru_cache(maxsize=512)
def _wall(text: str) -> datetime | None:
    """Spreadsheets know no zones: what the clock on the wall said."""
    return datetime.fromisoformat(text).replace(tzinfo=None) if text else None
