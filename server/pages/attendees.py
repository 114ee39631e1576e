"""Those who came to a webinar by themselves: why it says so, a correction, the list as a file."""

from typing import Any

from starlette.responses import Response

from rooms.agenda import webinars
from rooms.agenda.webinars import Webinar
from rooms.attendance import cells, exports, person_corrections, person_results
from rooms.attendance.corrections import OUTCOMES
from rooms.attendance.person_results import Attendee
from rooms.errors import Conflict, NotThere, Refused, RoomError
from server import errors, forms
from server.context import Here
from server.database import Connection
from server.pages.attendance_words import (
    OUTCOME_KINDS,
    person_pictures,
    person_words,
    reason,
)

# Stable, in the order of version 1; a new one comes at the end.
COLUMNS = (
    "webinar_id", "title", "local_date", "name", "outcome", "measured_outcome", "reason_code",
    "present_seconds", "window_seconds", "pass_share", "rule_version", "corrected_for",
    "corrected_by", "corrected_at",
)  # fmt: skip


async def show(here: Here) -> Response:
    """`GET /webinars/{id}/attendees/{person}`: for who leads it, and for herself."""
    return await _page(here)


async def _page(here: Here, problem: RoomError | None = None) -> Response:
    async with here.transaction() as conn:
        webinar, attendee = await _attendee(here, conn)
    language = here.language
    return here.page(
        "attendees/show.html",
        422 if problem else 200,
        webinar=webinar,
        text=webinar.text(language),
        one=attendee,
        why=reason(language, attendee),
        may_correct=webinars.leads(here.scope, webinar) and not attendee.is_frozen,
        choices=[(code, person_words(language)[code]) for code in OUTCOMES],
        problem=problem.code if problem else "",
        problem_words=(errors.sentence(language, problem.code, problem.params) if problem else ""),
        **_pictures(here, webinar, attendee),
        outcome_words=person_words(language),
        outcome_kinds=OUTCOME_KINDS,
    )


def _pictures(here: Here, webinar: Webinar, attendee: Attendee) -> dict[str, Any]:
    if attendee.is_frozen or not attendee.window:
        return {"counted": None}
    return {"counted": person_pictures(here.language, attendee, webinar.zone)}


async def _attendee(here: Here, conn: Connection) -> tuple[Webinar, Attendee]:
    """Of one that is over; raises `NotThere` for everybody else's eyes."""
    webinar = await webinars.by_id(conn, here.scope, here.id())
    person_id = here.id("person")
    is_hers = person_id == here.person.person_id
    if webinar.ended_at is None or not (is_hers or webinars.leads(here.scope, webinar)):
        raise NotThere("webinar")
    return webinar, await person_results.of_person(conn, here.scope, webinar.id, person_id)


async def correct(here: Here) -> Response:
    """`POST /webinars/{id}/attendees/{person}/corrections`."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            webinar, attendee = await _changed(here, conn)
            await person_corrections.correct(
                conn, here.scope, webinar.id, attendee.person_id, attendee.measured_outcome,
                forms.line(form, "outcome"), forms.line(form, "reason"), here.now,
            )  # fmt: skip
    except Refused as problem:
        return await _page(here, problem)
    return here.go(_path(webinar, attendee), said="attendee_corrected")


async def undo(here: Here) -> Response:
    """`POST /webinars/{id}/attendees/{person}/corrections/{correction}/undo`."""
    async with here.transaction() as conn:
        webinar, attendee = await _changed(here, conn)
        await person_corrections.undo(
            conn, here.scope, webinar.id, attendee.person_id, here.id("correction"), here.now
        )
    return here.go(_path(webinar, attendee), said="correction_undone_now")


async def _changed(here: Here, conn: Connection) -> tuple[Webinar, Attendee]:
    """One that who leads it may correct; raises `NotThere` and `Conflict` `result_frozen`."""
    webinar, attendee = await _attendee(here, conn)
    if not webinars.leads(here.scope, webinar):
        raise NotThere("webinar")
    if attendee.is_frozen:
        raise Conflict("result_frozen")
    return webinar, attendee


def _path(webinar: Webinar, attendee: Attendee) -> str:
    return f"/webinars/{webinar.id}/attendees/{attendee.person_id}"


async def csv(here: Here) -> Response:
    """`GET /webinars/{id}/attendees.csv`: for who leads it; it stands on the record of exports."""
    async with here.transaction() as conn:
        webinar = await webinars.by_id(conn, here.scope, here.id())
        if webinar.ended_at is None or not webinars.leads(here.scope, webinar):
            raise NotThere("webinar")
        found = await person_results.of_webinar(conn, here.scope, webinar.id)
        rows, about = len(found), str(webinar.id)
        await exports.note(conn, here.scope, "attendees", "csv", about, rows, here.now)
    data = cells.to_csv(COLUMNS, [_row(webinar, one) for one in found])
    name = f"attendees-{webinar.day}.csv"
    return Response(
        data,
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _row(webinar: Webinar, one: Attendee) -> tuple[cells.Cell, ...]:
    holds = one.correction
    return (
        str(webinar.id), webinar.title, webinar.day.isoformat(), one.name, one.outcome,
        one.measured_outcome, one.reason_code, one.present_ms // 1000, one.window_ms // 1000,
        one.pass_share, one.rule_version, holds.reason if holds else None,
        holds.by if holds else None, holds.at if holds else None,
    )  # fmt: skip
