"""Exports of attendance: CSV, JSON and spreadsheets of a view, and what was taken out by whom."""

import asyncio
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.responses import JSONResponse, Response, StreamingResponse

from rooms.attendance import export, exports
from rooms.attendance.cells import DELIMITERS
from rooms.attendance.report import Filters
from rooms.attendance.workbook import Workbook
from rooms.errors import NotThere
from server import export_words, jobs
from server.access import LESSONS
from server.context import Here
from server.export_stream import WHAT, Streamed, begun, csv_parts, json_parts, told
from server.pages.attendance_filters import filters_of

# Longer ones are made by a worker while the person goes on.
AT_ONCE_ROWS = 20_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_turn = asyncio.Semaphore(1)


async def csv(here: Here) -> Response:
    """`GET /attendance.csv`: the view's rows; `?delimiter=,` for those who want commas."""
    wanted = here.request.query_params.get("delimiter", ";")
    delimiter = wanted if wanted in DELIMITERS else ";"
    ended = await begun(here, "csv")
    parts = csv_parts(here.floor.pool, here.scope, _filters(here), delimiter, ended)
    return Streamed(parts, media_type="text/csv; charset=utf-8", headers=_download("csv"))


async def json(here: Here) -> Response:
    """`GET /attendance.json`: the same rows."""
    ended = await begun(here, "json")
    parts = json_parts(here.floor.pool, here.scope, _filters(here), ended)
    return Streamed(parts, media_type="application/json", headers=_download("json"))


async def xlsx(here: Here) -> Response:
    """`GET /attendance.xlsx`: a spreadsheet at once, or a place in the list of those being made."""
    filters = _filters(here)
    async with here.transaction() as conn:
        rows = await export.count(conn, here.scope, filters)
        if rows > AT_ONCE_ROWS:
            export_id, is_new = await exports.ask(
                conn, here.scope, WHAT, told(here), filters, here.language, rows, here.now
            )
            if is_new:
                await jobs.enqueue(conn, jobs.EXPORT, export_id)
            return here.go("/exports", said="export_waits")
    return await _spreadsheet(here)


async def _spreadsheet(here: Here) -> Response:
    """A short one, made here."""
    ended = await begun(here, "xlsx")
    async with _turn:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "attendance.xlsx"
            book = Workbook(
                path,
                export.LINES,
                export_words.titles(here.language),
                export_words.definitions(here.language, export.VERSION),
            )
            async with (
                here.floor.pool.acquire() as conn,
                export.one_moment(conn),
                aclosing(export.batches(conn, here.scope, _filters(here))) as parts,
            ):
                async for found in parts:
                    await asyncio.to_thread(book.add, found)
            await asyncio.to_thread(book.close)
            body = await asyncio.to_thread(path.read_bytes)
    await ended(book.rows)
    return Response(body, media_type=XLSX, headers=_download("xlsx"))


def _filters(here: Here) -> Filters:
    return filters_of(here.request.query_params)


def _download(ending: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="attendance.{ending}"',
        "Cache-Control": "private, no-store",
    }


# --- the record --------------------------------------------------------------------------------


async def index(here: Here) -> Response:
    """`GET /exports`: one's own, with their files; the bureau sees everybody's."""
    async with here.transaction() as conn:
        found = await exports.latest(conn, here.scope)
    return here.page(
        "exports/index.html",
        rows=[(one, one.person_id == here.person.person_id) for one in found],
        shows_all=here.person.may("bureau", "operator"),
        sees_lessons=LESSONS.lets_in(here.viewer),
        is_making=any(
            one.state in {"waiting", "working"} and one.person_id == here.person.person_id
            for one in found
        ),
    )


async def status(here: Here) -> Response:
    """`GET /exports/{id}/status`: how far one's own spreadsheet is."""
    async with here.transaction() as conn:
        one = await exports.mine(conn, here.scope, here.id())
    return JSONResponse({"state": one.state, "share": round(one.share, 3)})


async def file(here: Here) -> Response:
    """`GET /exports/{id}.xlsx`: one's own, while it is there."""
    async with here.transaction() as conn:
        one = await exports.mine(conn, here.scope, here.id())
    if one.state != "ready" or here.now - one.at >= exports.KEPT_FOR:
        raise NotThere("export")
    return StreamingResponse(
        here.storage.stream(one.key, 0, one.bytes),
        media_type=XLSX,
        headers={**_download("xlsx"), "Content-Length": str(one.bytes)},
    )
