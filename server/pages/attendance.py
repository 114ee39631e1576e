"""Attendance of a class in a session: "why?", corrections, the morning after."""

from collections.abc import Mapping

from starlette.responses import Response

from rooms.agenda import room_sessions, sessions
from rooms.attendance import confirmations, corrections, materials, report, results
from rooms.attendance.report import Row
from rooms.attendance.results import Result
from rooms.attendance.rule import Outcome
from rooms.errors import NotThere, Refused, RoomError
from server import errors, forms
from server.confirm_mails import read_token
from server.context import Here
from server.database import Connection
from server.pages.attendance_words import (
    clock_picture,
    counted_picture,
    seat_lines,
    table_words,
    why,
)
from server.pages.classes import whole


async def show(here: Here) -> Response:
    """`GET /attendance/{session_class}`: why this row says what it says."""
    return await _why_page(here)


async def _why_page(
    here: Here, problem: RoomError | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    """`typed`: what a correction said that could not be kept."""
    async with here.transaction() as conn:
        row = await report.one(conn, here.scope, here.id("session_class"))
        found = await materials.one(conn, row.session_class_id)
        frozen = await results.frozen(conn, row.session_class_id)
        history = await corrections.history(conn, here.scope, row.session_class_id)
        is_coordinated = await report.is_coordinated(conn, here.scope, row.session_class_id)
        may_correct = await _may_correct(here, conn, row)
        showing_url = await _showing_url(here, conn, row) if frozen is None else ""
    result = frozen.result if frozen else results.judge(found)
    return here.page(
        "attendance/show.html",
        422 if problem else 200,
        row=row,
        result=result,
        why=why(here.language, result),
        history=history,
        may_correct=may_correct and frozen is None,
        may_settle=_to_settle(row, result) if is_coordinated and frozen is None else "",
        purged_at=frozen.purged_at if frozen else None,
        showing_reason=found.showing_declared_reason,
        showing_url=showing_url,
        counted=counted_picture(here.language, result, row.zone),
        clock=clock_picture(here.language, result, row.zone),
        seat_lines=seat_lines(here.language, result),
        problem=problem.code if problem else "",
        text=errors.sentence(here.language, problem.code, problem.params) if problem else "",
        typed={"field": "", "reason": "", **(typed or {})},
        **table_words(here.language),
    )


def _to_settle(row: Row, result: Result) -> str:
    """What of it waits for who coordinates: '' , 'headcount' or 'seen'."""
    if not row.is_final:
        return ""
    if result.outcome in {Outcome.NO_SHOW, Outcome.UNKNOWN_NETWORK}:
        return "seen"
    is_told = result.headcount_source in {"declared", "measured"}
    return "headcount" if result.passes and is_told else ""


async def _may_correct(here: Here, conn: Connection, row: Row) -> bool:
    """Her own class, or her own region's; a company or another teacher reads nothing at all."""
    if await report.is_coordinated(conn, here.scope, row.session_class_id):
        return True
    return await report.is_teacher(conn, here.scope, row.class_id)


async def _showing_url(here: Here, conn: Connection, row: Row) -> str:
    """Where its teacher says that a live room was shown although the network never returned; ""
    while the class is there. (Of a tour she says so on its own page.)"""
    if row.room_id is None or row.passes or not here.person.may("teacher"):
        return ""
    for part in await room_sessions.mine_in(conn, here.scope, row.session_id):
        if part.session_class_id == row.session_class_id and not part.is_on:
            return f"/rooms/{part.room_id}/classes/{part.session_class_id}/showing"
    return ""


async def correct(here: Here) -> Response:
    """`POST /attendance/{session_class}/corrections`."""
    form = await here.form()
    field, reason = forms.line(form, "field"), forms.line(form, "reason")
    value = forms.line(form, field) if field in {"headcount", "outcome"} else ""
    try:
        async with here.transaction() as conn:
            row = await _own_row(here, conn)
            await corrections.correct(
                conn, here.scope, row.session_class_id, field, value, reason, here.now
            )
    except Refused as problem:
        typed = {"field": field, field: value, "reason": reason}
        return await _why_page(here, problem, typed)
    return here.go(f"/attendance/{row.session_class_id}", said="corrected")


async def _own_row(here: Here, conn: Connection) -> Row:
    row = await report.one(conn, here.scope, here.id("session_class"))
    if not await _may_correct(here, conn, row):
        raise NotThere("session_class")
    return row


async def confirm_as_told(here: Here) -> Response:
    """`POST /attendance/{session_class}/confirmation`: the pupils are as the teacher told them,
    says who coordinates, when nobody answered. Of a lesson that still runs there is nothing to
    confirm yet."""
    async with here.transaction() as conn:
        row = await _own_row(here, conn)
        if not row.is_final:
            raise NotThere("session_class")
        await sessions.confirm(
            conn,
            here.scope.programme_id,
            row.session_class_id,
            row.headcount,
            here.person.person_id,
            here.now,
        )
        await results.rebuild(conn, row.session_class_id, here.now)
    return here.go(f"/attendance/{row.session_class_id}", said="headcount_confirmed")


async def undo(here: Here) -> Response:
    """`POST /attendance/{session_class}/corrections/{id}/undo`."""
    async with here.transaction() as conn:
        row = await _own_row(here, conn)
        await corrections.undo(conn, here.scope, row.session_class_id, here.id(), here.now)
    return here.go(f"/attendance/{row.session_class_id}", said="correction_undone_now")


# --- the morning after -------------------------------------------------------------------------


async def confirm_page(here: Here) -> Response:
    """`GET /attendance/confirm/{token}`: from the mail; shows the count and one button."""
    asked = read_token(here.settings, str(here.request.path_params["token"]))
    async with here.transaction() as conn:
        row = await confirmations.row_to_confirm(conn, *asked, here.now)
    return here.page("attendance/confirm.html", row=row, is_done=False)


async def confirm(here: Here) -> Response:
    """`POST /attendance/confirm/{token}`: yes, or another number; without signing in."""
    token = read_token(here.settings, str(here.request.path_params["token"]))
    pupils = whole(forms.line(await here.form(), "pupils"))
    async with here.transaction() as conn:
        asked = await confirmations.row_to_confirm(conn, *token, here.now)
        await sessions.confirm(
            conn,
            asked.programme_id,
            asked.session_class_id,
            -1 if pupils is None else pupils,
            asked.person_id,
            here.now,
        )
        await results.rebuild(conn, asked.session_class_id, here.now)
        asked = await confirmations.row_to_confirm(conn, *token, here.now)
    return here.page("attendance/confirm.html", row=asked, is_done=True)
