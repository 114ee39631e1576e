"""What became of a school: closed, taken over, open again; and one that is another, after all."""

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.responses import Response

from rooms.agenda import request_schools, session_classes
from rooms.attendance import kpi_rows
from rooms.errors import Refused
from rooms.people import (
    classes,
    networks,
    pairs,
    placings,
    programmes,
    roles,
    school_history,
    school_merges,
    schools,
)
from rooms.people.registry_changes import Origin
from rooms.people.schools import School
from server import errors, forms
from server.context import Here
from server.database import Connection
from server.i18n import N_

EVENT_WORDS: dict[str, str] = {
    "opened": N_("came into the registry"),
    "renamed": N_("got another name"),
    "changed": N_("got another place or other levels"),
    "closed": N_("closed"),
    "merged": N_("was taken over by"),
    "reopened": N_("open again"),
    "took_over": N_("took over"),
}

# What follows a school that is another one; each verb moves rows and says which.
MOVES = {
    "roles": roles.move_school,
    "classes": classes.move_school,
    "session_classes": session_classes.move_school,
    "requests": request_schools.move_school,
    "facilitator_pairs": pairs.move_school,
}
NO_REGION = "session_classes_without_region"
# Stays in networks: those that came along, and the one that ended with the school.
BROUGHT, ENDED = "network_stays_brought", "network_stays_ended"


async def show(here: Here) -> Response:
    """`GET /programme/schools/{id}/history`."""
    return await _page(here, here.id())


async def _page(here: Here, school_id: UUID, error: str = "", q: str = "") -> Response:
    async with here.transaction() as conn:
        school = await schools.by_id(conn, here.scope, school_id)
        life = await school_history.life(conn, here.scope, school_id)
        merges = await school_merges.every(conn, here.scope, school_id)
        found = await _alike(here, conn, school, q) if life.is_unlisted else []
        today = await _today(here, conn)
    return here.page(
        "programme/school_history.html",
        422 if error else 200,
        school=school,
        life=life,
        merges=merges,
        found=found,
        q=q,
        error=error,
        today=today,
        event_words=EVENT_WORDS,
    )


async def _alike(here: Here, conn: Connection, school: School, q: str) -> list[School]:
    """Schools that may be meant: by the words typed, else by its name, else all of its place.

    Those of a registry only: it may stand in a region itself by now, and finds nobody then.
    """
    for words in (q,) if q else (school.name, school.place):
        found = await schools.search(conn, here.scope, words)
        if listed := [one for one in found if one.scheme != schools.UNLISTED]:
            return listed
    return []


async def _today(here: Here, conn: Connection) -> date:
    programme = await programmes.by_id(conn, here.scope.programme_id)
    return here.now.astimezone(ZoneInfo(programme.zone)).date()


async def search(here: Here) -> Response:
    """`GET /programme/schools/{id}/same`: which school of the registry is it?"""
    return await _page(here, here.id(), q=here.request.query_params.get("q", "")[:100])


def _origin(here: Here) -> Origin:
    return Origin(here._("typed in"), here.now, "", here.scope.person_id)


async def close(here: Here) -> Response:
    """`POST /programme/schools/{id}/close`."""
    form = await here.form()
    on, code = forms.day(form, "on"), forms.line(form, "successor")[:40]
    if on is None:
        return await _page(here, here.id(), here._(N_("Choose the day on which it closed.")))
    try:
        async with here.transaction() as conn:
            await schools.by_id(conn, here.scope, here.id())
            if on > await _today(here, conn):
                raise Refused("day_to_come")
            await school_history.close(conn, here.id(), on, code, _origin(here))
    except Refused as error:
        words = errors.sentence(here.language, error.code, error.params)
        return await _page(here, here.id(), words)
    return here.go(f"/programme/schools/{here.id()}/history", "school_kept")


async def reopen(here: Here) -> Response:
    """`POST /programme/schools/{id}/reopen`."""
    async with here.transaction() as conn:
        await schools.by_id(conn, here.scope, here.id())
        await school_history.reopen(conn, here.id(), await _today(here, conn), _origin(here))
    return here.go(f"/programme/schools/{here.id()}/history", "school_kept")


async def merge(here: Here) -> Response:
    """`POST /programme/schools/{id}/same`: its teachers, classes and sessions go along."""
    form = await here.form()
    into_id = forms.uuid(form, "into")
    async with here.transaction() as conn:
        await schools.by_id(conn, here.scope, here.id())
        if into_id is None:
            raise Refused("school_choose")
        merge_id = await school_merges.merge(conn, here.scope, here.id(), into_id, here.now)
        await _follow(here, conn, merge_id, here.id(), into_id)
    return here.go(f"/programme/schools/{into_id}/history", "schools_merged")


async def _follow(
    here: Here, conn: Connection, merge_id: UUID, from_id: UUID, into_id: UUID
) -> None:
    scope = here.scope
    homeless = await session_classes.without_region(conn, scope, from_id)
    await school_merges.note_rows(conn, scope, merge_id, NO_REGION, homeless)
    for what, move in MOVES.items():
        moved = await move(conn, scope, from_id, into_id, None)
        await school_merges.note_rows(conn, scope, merge_id, what, moved)
    await session_classes.give_regions(conn, scope)
    today = await _today(here, conn)
    await placings.end_here(conn, scope, from_id, today)
    brought = await networks.bring(conn, scope, from_id, into_id)
    await school_merges.note_rows(conn, scope, merge_id, BROUGHT, brought)
    ended = await networks.end_here(conn, scope, from_id, today)
    await school_merges.note_rows(conn, scope, merge_id, ENDED, ended)
    await kpi_rows.keep_of_school(conn, scope.programme_id, into_id, here.now)


async def undo(here: Here) -> Response:
    """`POST /programme/schools/merges/{id}/undo`: the rows that went along go back."""
    async with here.transaction() as conn:
        found = await school_merges.undo(conn, here.scope, here.id(), here.now)
        for what, move in MOVES.items():
            rows = await school_merges.rows_of(conn, here.scope, here.id(), what)
            await move(conn, here.scope, found.into_id, found.from_id, rows)
        homeless = await school_merges.rows_of(conn, here.scope, here.id(), NO_REGION)
        await session_classes.take_regions(conn, here.scope, homeless)
        today = await _today(here, conn)
        await placings.begin_again_here(conn, here.scope, found.from_id, today)
        await _part(here, conn, found.id)
        for school_id in (found.from_id, found.into_id):
            await kpi_rows.keep_of_school(conn, here.scope.programme_id, school_id, here.now)
    return here.go(f"/programme/schools/{found.from_id}/history", "schools_unmerged")


async def _part(here: Here, conn: Connection, merge_id: UUID) -> None:
    """Both are in the networks they were in before."""
    brought = await school_merges.rows_of(conn, here.scope, merge_id, BROUGHT)
    await networks.take_back(conn, here.scope, brought)
    ended = await school_merges.rows_of(conn, here.scope, merge_id, ENDED)
    await networks.go_on(conn, here.scope, ended)
