"""The report as it leaves: the same rows as CSV, JSON, in spreadsheets and by API; columns stable.

`VERSION` grows when a column is added at the end; none is renamed, moved or given another meaning.
"""

import asyncio
from collections.abc import AsyncGenerator

import asyncpg

from rooms import planning
from rooms.attendance import report
from rooms.attendance.export_rows import Part, Reader
from rooms.attendance.lines import Kind, Lines, Values
from rooms.attendance.report import Filters
from rooms.connection import Connection
from rooms.scope import Scope

VERSION = 4
# Looked up at once, at first and later on: each look-up has its price, and a reader waits for the
# first one. Handed on at once: while that is written the database says more.
FIRST_LOOKED_UP, LOOKED_UP = 500, 4_000
AT_A_TIME = 250

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
) -> AsyncGenerator[list[Values], None]:
    """The viewer's rows, oldest first, some hundred at a time: a long report needs no memory.

    Only their order is sorted, and each row looked up as the reader comes to it: sorting whole
    rows would keep the first one waiting for all. Runs inside `one_moment`, and has to be closed
    before that ends (`contextlib.aclosing`): while a part is written the next one is on its way.
    """
    await planning.anew(conn)
    cursor = await conn.cursor(
        """
        select x.*
        from (
            select r.session_class_id as id, r.local_date, r.started_at
            from report_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                $16) r
            where $17 = '' or r.outcome is null
                or is_wished($17, r.outcome, r.passes, r.is_corrected, r.is_poor)
            order by r.local_date nulls first, r.started_at nulls first, r.session_class_id
            offset 0
        ) i
        cross join lateral (
            select c.id::text, c.session_id::text, c.school_id::text, c.region_id::text,
                c.class_name, c.level, c.is_confirmed_teacher, c.lesson_from, c.lesson_until,
                r.outcome, r.measured_outcome, r.reason_code, r.window_ms, r.present_ms,
                r.headcount, r.measured_headcount, r.headcount_source, r.has_beamer, r.seats,
                r.seats_passed, r.pupils, r.student_seconds, r.cut_off
            from session_classes c
            left join session_class_results r on r.session_class_id = c.id
            where c.id = i.id and c.programme_id = $1
            offset 0
        ) x
        order by i.local_date nulls first, i.started_at nulls first, i.id
        """,
        *report.filter_values(scope, filters),
        filters.outcome,
    )
    await planning.for_few(conn)

    reader = Reader(conn, scope, filters.outcome)

    async def part(size: int) -> Part | None:
        rows = await cursor.fetch(size)
        return await reader.part(rows) if rows else None

    # The database looks up the next part while this one is made into values and written.
    size = min(FIRST_LOOKED_UP, LOOKED_UP)
    coming = asyncio.create_task(part(size))
    try:
        while (found := await coming) is not None:
            size = min(2 * size, LOOKED_UP)
            coming = asyncio.create_task(part(size))
            for first in range(0, len(found.rows), AT_A_TIME):
                # A reader that takes everything at once would never let the next part begin.
                await asyncio.sleep(0)
                yield found.values(first, AT_A_TIME)
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def count(conn: Connection, scope: Scope, filters: Filters) -> int:
    """About how many rows there are: what still runs counts whatever its outcome will be."""
    found: int = await conn.fetchval(
        """
        select count(*)
        from report_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) r
        where $17 = '' or r.outcome is null
            or is_wished($17, r.outcome, r.passes, r.is_corrected, r.is_poor)
        """,
        *report.filter_values(scope, filters),
        filters.outcome,
    )
    return found
