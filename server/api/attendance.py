"""Attendance by API: the report's rows, as JSON or CSV, with the columns of every export."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

import msgspec
from starlette.responses import Response

from rooms.attendance import export
from rooms.attendance.report import Filters
from server.context import Here


class Asked(msgspec.Struct, frozen=True):
    """Which rows, and how. `since` and `until` are local days, both inside."""

    format: Literal["json", "csv"] = "json"
    delimiter: Literal[";", ","] = ";"
    since: date | None = None
    until: date | None = None
    school: UUID | None = None
    level: str = ""
    tour: UUID | None = None
    outcome: str = ""


class Attendance(msgspec.Struct, frozen=True):
    """`columns` in the order of the CSV; each row has all of them.

    Where `is_final` is false the lesson still runs: its outcome and figures are as of now.
    """

    version: int
    columns: list[str]
    rows: list[dict[str, Any]]


async def show(here: Here, asked: Asked) -> Attendance | Response:
    """A teacher's own classes, a coordinator's region at that time, a bureau's programme."""
    filters = Filters(
        since=asked.since,
        until=asked.until,
        school_id=asked.school,
        level=asked.level,
        tour_id=asked.tour,
        outcome=asked.outcome,
    )
    async with here.transaction() as conn:
        found = [row async for row in export.rows(conn, here.scope, filters)]
    if asked.format == "csv":
        body = export.csv(found, asked.delimiter)
        return Response(body, media_type="text/csv; charset=utf-8")
    return Attendance(**export.document(found))
