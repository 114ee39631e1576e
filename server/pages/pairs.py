"""Pairs of a school and a company that a facilitator brings together."""

from typing import Any

from starlette.responses import Response

from rooms.errors import Conflict, NotThere, Refused, RoomError
from rooms.people import companies, pairs, schools
from server import errors, forms
from server.context import Here
from server.database import Connection


async def index(here: Here) -> Response:
    """`GET /pairs`: those of the viewer's regions, and a form for one more."""
    return await _page(here)


async def _page(
    here: Here, problem: RoomError | None = None, told: dict[str, Any] | None = None
) -> Response:
    async with here.transaction() as conn:
        found = await pairs.every(conn, here.scope)
        facilitators = await pairs.facilitators(conn, here.scope)
        active = await companies.active(conn, here.scope)
    return here.page(
        "pairs/index.html",
        422 if problem else 200,
        pairs=found,
        facilitators=facilitators,
        companies=active,
        told=told or {"person": "", "school": "", "company": ""},
        text=errors.sentence(here.language, problem.code, problem.params) if problem else "",
    )


async def make(here: Here) -> Response:
    """`POST /pairs`."""
    form = await here.form()
    told = {name: forms.line(form, name) for name in ("person", "school", "company")}
    person, company = forms.uuid(form, "person"), forms.uuid(form, "company")
    try:
        async with here.transaction() as conn:
            school_id = await _school(here, conn, told["school"])
            await pairs.make(conn, here.scope, person, school_id, company, here.now)
    except (Refused, Conflict) as problem:
        return await _page(here, problem, told)
    except NotThere:
        return await _page(here, Refused("school_unknown"), told)
    return here.go("/pairs", said="pair_made")


async def _school(here: Here, conn: Connection, typed: str) -> Any:
    found = await schools.search(conn, here.scope, typed)
    if len(found) != 1:
        raise Refused("school_choose" if found else "school_unknown")
    return found[0].id


async def end(here: Here) -> Response:
    """`POST /pairs/{id}/end`."""
    async with here.transaction() as conn:
        await pairs.end(conn, here.scope, here.id(), here.now)
    return here.go("/pairs", said="pair_ended")
