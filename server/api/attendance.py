"""Attendance by API: the report's rows, as JSON or CSV, with the columns of every export."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

import msgspec
from starlette.responses import Response

from rooms.attendance.report import Filters
from server.context import Here
from server.export_stream import Streamed, begun, csv_parts, json_parts


class Asked(msgspec.Struct, frozen=True):
    """Which rows, and how. `since` and `until` are local days, both inside. `outcome` may also be
    came, passed, corrected or poor; declared: what counts by the teacher's word. `sector` and
    `objective`: those under which a session counts; `network`: the one in which the school was that
    day. What belongs to none of them: the nil UUID, and `none` for `sector` and `level`.
    `sitting`: of tours, or live."""

    format: Literal["json", "csv"] = "json"
    delimiter: Literal[";", ","] = ";"
    since: date | None = None
    until: date | None = None
    school: UUID | None = None
    level: str = ""
    tour: UUID | None = None
    outcome: str = ""
    region: UUID | None = None
    company: UUID | None = None
    sector: str = ""
    sitting: Literal["", "tour", "live"] = ""
    network: UUID | None = None
    objective: UUID | None = None
    class_id: UUID | None = msgspec.field(default=None, name="class")


class Attendance(msgspec.Struct, frozen=True):
    """`columns` in the order of the CSV; each row has all of them.

    `is_final`: whether the lesson is over and its result is kept; if not, outcome and figures are
    those of this moment.
    """

    version: int
    columns: list[str]
    rows: list[dict[str, Any]]


async def show(here: Here, asked: Asked) -> Attendance | Response:
    """Sent while it is read. A teacher's own classes, a coordinator's region at that time, a
    bureau's programme."""
    filters = Filters(
        since=asked.since,
        until=asked.until,
        school_id=asked.school,
        level=asked.level,
        tour_id=asked.tour,
        outcome=asked.outcome,
        region_id=asked.region,
        company_id=asked.company,
        sector=asked.sector,
        sitting=asked.sitting,
        class_id=asked.class_id,
        network_id=asked.network,
        objective_id=asked.objective,
    )
    ended = await begun(here, asked.format)
    pool = here.floor.pool
    if asked.format == "csv":
        parts = csv_parts(pool, here.scope, filters, asked.delimiter, ended)
        return Streamed(parts, media_type="text/csv; charset=utf-8")
    parts = json_parts(pool, here.scope, filters, ended)
    return Streamed(parts, media_type="application/json")
