"""Does live picture get through here? For whoever looks after a school's network."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from starlette.responses import JSONResponse, Response

from rooms.people import school_checks, schools
from rooms.people.schools import School
from server.arrival import device_of
from server.context import Here
from server.database import Connection
from server.pages.sessions import json_of


class Tried(msgspec.Struct, frozen=True):
    """One way on its own: what came of it, and after how many milliseconds it worked."""

    rung: Literal["udp", "tcp", "turn"]
    result: Literal["works", "fails", "absent"]
    ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] | None = None


class CheckResult(msgspec.Struct, frozen=True):
    """What the page found out."""

    results: Annotated[list[Tried], msgspec.Meta(min_length=1, max_length=3)]


async def show(here: Here) -> Response:
    """`GET /check`."""
    async with here.transaction() as conn:
        school = await _school(here, conn)
    return here.page("rooms/check.html", school=school.name if school else None)


async def keep(here: Here) -> Response:
    """`POST /check/result`: kept with the school of a teacher who is signed in, else nowhere."""
    found: CheckResult = await json_of(here, CheckResult)
    rungs: dict[str, Any] = {
        one.rung: {"result": one.result, "ms": one.ms} for one in found.results
    }
    async with here.transaction() as conn:
        school = await _school(here, conn)
        if school is not None:
            await school_checks.keep(
                conn, here.scope, school.id, rungs, device_of(here.request), here.now
            )
    return JSONResponse({"school": school.name if school else ""})


async def _school(here: Here, conn: Connection) -> School | None:
    viewer = here.viewer
    if viewer is None or not viewer.may("teacher"):
        return None
    first: UUID | None = next(iter(viewer.scope.school_ids), None)
    return await schools.by_id(conn, viewer.scope, first) if first else None
