"""The report as it leaves: the same rows as CSV, JSON and in the API, columns stable.

`VERSION` grows when a column is added at the end; none is renamed, moved or given another meaning.
"""

from collections.abc import AsyncIterator, Iterable
from datetime import date
from typing import Any

import msgspec

from rooms.attendance import report
from rooms.attendance.cells import Cell, hh_mm, local_text, to_csv, utc_text
from rooms.attendance.report import Filters, Row
from rooms.attendance.workbook import utc_time, wall_time
from rooms.connection import Connection
from rooms.scope import Scope

VERSION = 3
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


async def batches(conn: Connection, scope: Scope, filters: Filters) -> AsyncIterator[list[Row]]:
    """The viewer's rows, oldest first, some hundred at a time by a cursor: a long report needs no
    memory.

    Has to run inside a transaction, which it reads as one moment.
    """
    cursor = await conn.cursor(
        """
        select r.* from report_rows r
        where r.programme_id = $1 and r.session_class_id in (
            select p.session_class_id
            from review_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) p)
        order by r.local_date nulls first, r.started_at nulls first, r.session_class_id
        """,
        *report.filter_values(scope, filters),
    )
    while fetched := await cursor.fetch(AT_A_TIME):
        found = await report.with_live(conn, fetched)
        yield [row for row in found if report.fits(row, filters.outcome)]


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


async def rows(conn: Connection, scope: Scope, filters: Filters) -> AsyncIterator[Row]:
    """The same rows one by one."""
    async for found in batches(conn, scope, filters):
        for row in found:
            yield row


def cells(row: Row) -> Cells:
    """A row in the order of `COLUMNS`. Moments are UTC text and local text with offset; lengths
    whole seconds, and hours and minutes for reading.

    What is a tour's is empty in the row of a live room, and the other way round.
    """
    started, ended, is_room = row.started_at, row.ended_at, row.room_id is not None
    return (
        str(row.session_class_id),
        str(row.session_id),
        row.local_date.isoformat() if row.local_date else "",
        utc_text(started) if started else "",
        local_text(started, row.zone) if started else "",
        utc_text(ended) if ended else "",
        local_text(ended, row.zone) if ended else "",
        row.region,
        row.school_code,
        row.school,
        row.place,
        row.class_name,
        row.level,
        row.is_confirmed_teacher,
        str(row.tour_id or ""),
        "" if is_room else row.title,
        row.company,
        row.state,
        row.outcome,
        row.measured_outcome,
        row.reason_code,
        round(row.pass_share * 100, 1),
        row.rule_version,
        row.window_ms // 1000,
        row.present_ms // 1000,
        round(100 * row.present_ms / row.window_ms if row.window_ms else 0.0, 1),
        row.headcount,
        row.measured_headcount,
        row.headcount_source,
        row.has_beamer,
        row.seats,
        row.seats_passed,
        row.pupils,
        row.student_seconds // 60,
        row.correction_reason,
        row.corrected_by,
        utc_text(row.corrected_at) if row.corrected_at else "",
        row.is_final,
        "room" if is_room else "tour",
        str(row.room_id or ""),
        row.title if is_room else "",
        hh_mm(row.window_ms),
        hh_mm(row.present_ms),
        row.cut_off,
    )


def values(row: Row) -> dict[str, Cell]:
    """A row by column."""
    return dict(zip(COLUMNS, cells(row), strict=True))


def csv(found: Iterable[Row], delimiter: str = ";") -> bytes:
    """The whole file: UTF-8 with BOM, safe cells, decimal commas beside semicolons."""
    return to_csv(COLUMNS, (cells(row) for row in found), delimiter)


def document(found: Iterable[Row]) -> dict[str, Any]:
    """The same rows as one JSON document."""
    return {"version": VERSION, "columns": list(COLUMNS), "rows": [values(row) for row in found]}


def json_lines(found: Iterable[Row]) -> bytes:
    """Rows of such a document, for one that is sent in parts: `JSON_HEAD`, these with `JSON_COMMA`
    between them, `JSON_END`."""
    return JSON_COMMA.join([msgspec.json.encode(values(row)) for row in found])


JSON_HEAD = (
    f'{{"version":{VERSION},"columns":'.encode() + msgspec.json.encode(COLUMNS) + b',"rows":[\n'
)
JSON_COMMA = b",\n"
JSON_END = b"\n]}\n"


_AT = {name: place for place, name in enumerate(COLUMNS)}


def typed_cells(row: Row) -> tuple[Cell | date, ...]:
    """The same row for a spreadsheet: days and moments as such, local ones by the wall."""
    found: list[Cell | date] = list(cells(row))
    for name, moment in (("started", row.started_at), ("ended", row.ended_at)):
        found[_AT[f"{name}_utc"]] = utc_time(moment) if moment else None
        found[_AT[f"{name}_local"]] = wall_time(moment, row.zone) if moment else None
    found[_AT["corrected_utc"]] = utc_time(row.corrected_at) if row.corrected_at else None
    found[_AT["date"]] = row.local_date
    return tuple(found)
