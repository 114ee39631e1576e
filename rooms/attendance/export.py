"""The report as it leaves: the same rows as CSV, JSON and in the API, columns stable.

`VERSION` grows when a column is added at the end; none is renamed, moved or given another meaning.
"""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import asyncpg

from rooms.attendance import report
from rooms.attendance.cells import Cell, local_text, to_csv, utc_text
from rooms.attendance.report import Filters, Row
from rooms.connection import Connection
from rooms.scope import Scope

VERSION = 2
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
)


async def rows(conn: Connection, scope: Scope, filters: Filters) -> AsyncIterator[Row]:
    """The viewer's rows one by one, oldest first, by a cursor: a long report needs no memory.

    Has to run inside a transaction, which it reads as one moment.
    """
    cursor = await conn.cursor(
        """
        select r.* from report_rows r
        where r.programme_id = $1
            and ($2 or r.region_id = any($3::uuid[]) or exists (
                select 1 from class_teachers t where t.programme_id = r.programme_id
                    and t.class_id = r.class_id and t.person_id = $4))
            and ($5::date is null or r.local_date >= $5)
            and ($6::date is null or r.local_date <= $6)
            and ($7::uuid is null or r.school_id = $7)
            and ($8 = '' or r.level = $8)
            and ($9::uuid is null or $9 in (r.tour_id, r.room_id))
        order by r.local_date nulls first, r.started_at nulls first, r.session_class_id
        """,
        *report.filter_values(scope, filters),
    )
    while fetched := await cursor.fetch(AT_A_TIME):
        async for row in _judged(conn, fetched, filters.outcome):
            yield row


async def _judged(
    conn: Connection, fetched: list[asyncpg.Record], outcome: str
) -> AsyncIterator[Row]:
    for row in await report.with_live(conn, fetched):
        if outcome in {"", row.outcome}:
            yield row


def values(row: Row) -> dict[str, Cell]:
    """A row by column. Moments are UTC text and local text with offset; lengths whole seconds.

    What is a tour's is empty in the row of a live room, and the other way round.
    """
    share = 100 * row.present_ms / row.window_ms if row.window_ms else 0.0
    return {
        "session_class_id": str(row.session_class_id),
        "session_id": str(row.session_id),
        "date": row.local_date.isoformat() if row.local_date else "",
        "started_utc": utc_text(row.started_at) if row.started_at else "",
        "started_local": local_text(row.started_at, row.zone) if row.started_at else "",
        "ended_utc": utc_text(row.ended_at) if row.ended_at else "",
        "ended_local": local_text(row.ended_at, row.zone) if row.ended_at else "",
        "region": row.region,
        "school_code": row.school_code,
        "school": row.school,
        "place": row.place,
        "class": row.class_name,
        "level": row.level,
        "teacher_confirmed": row.is_confirmed_teacher,
        "tour_id": str(row.tour_id or ""),
        "tour": row.title if row.tour_id else "",
        "company": row.company,
        "state": row.state,
        "outcome": row.outcome,
        "outcome_measured": row.measured_outcome,
        "reason": row.reason_code,
        "threshold_percent": round(row.pass_share * 100, 1),
        "rule_version": row.rule_version,
        "window_seconds": row.window_ms // 1000,
        "present_seconds": row.present_ms // 1000,
        "present_percent": round(share, 1),
        "headcount": row.headcount,
        "headcount_measured": row.measured_headcount,
        "headcount_source": row.headcount_source,
        "has_classroom_screen": row.has_beamer,
        "devices": row.seats,
        "devices_passed": row.seats_passed,
        "pupils_counted": row.pupils,
        "student_minutes": row.student_seconds // 60,
        "correction_reason": row.correction_reason,
        "corrected_by": row.corrected_by,
        "corrected_utc": utc_text(row.corrected_at) if row.corrected_at else "",
        "is_final": row.is_final,
        "kind": "room" if row.room_id else "tour",
        "room_id": str(row.room_id or ""),
        "room": row.title if row.room_id else "",
    }


def csv(found: Iterable[Row], delimiter: str = ";") -> bytes:
    """The whole file: UTF-8 with BOM, safe cells, decimal commas beside semicolons."""
    return to_csv(COLUMNS, ([values(row)[name] for name in COLUMNS] for row in found), delimiter)


def document(found: Iterable[Row]) -> dict[str, Any]:
    """The same rows as one JSON document."""
    return {"version": VERSION, "columns": list(COLUMNS), "rows": [values(row) for row in found]}
