"""What somebody reported from a live room, for the safeguarding officer alone."""

from typing import Any

from starlette.responses import Response

from rooms.connection import Connection
from rooms.live import presenters
from rooms.safety import incidents
from rooms.safety.incidents import Incident
from rooms.scope import Scope
from server.context import Here
from server.i18n import N_

ABOUT = {
    "question": N_("a question"),
    "class": N_("a class"),
    "stage": N_("the stage"),
    "something_else": N_("something else"),
}
CONCERNS = {
    "unkind": N_("unkind"),
    "personal": N_("too personal"),
    "unsafe": N_("not safe"),
    "something_else": N_("something else"),
}
TOLD_BY = {
    "pupil": N_("told by a pupil's device"),
    "teacher": N_("told by a teacher"),
    "presenter": N_("told by a presenter"),
    "moderator": N_("told by a moderator"),
}


async def index(here: Here) -> Response:
    """`/incidents`: the newest first, with what was so at that moment."""
    async with here.transaction() as conn:
        found = await incidents.of_programme(conn, here.scope)
        rows = [await _row(here, conn, one) for one in found]
    return here.page("incidents/index.html", incidents=rows)


async def _row(here: Here, conn: Connection, one: Incident) -> dict[str, Any]:
    return {
        "one": one,
        "about": here._(ABOUT[one.about]),
        "concern": here._(CONCERNS[one.concern]),
        "told_by": here._(TOLD_BY[one.told_by]),
        "question": _text(one, "question"),
        "on_stage": _text(one, "on_stage"),
        "presenters": await _presenters(conn, here.scope, one),
    }


def _text(one: Incident, name: str) -> str:
    kept: dict[str, str] | None = one.evidence[name]
    return kept["text"] if kept is not None else ""


async def _presenters(conn: Connection, scope: Scope, one: Incident) -> list[str]:
    """Who was on the stage, by the names they have now."""
    known = await presenters.of_room(conn, scope, one.room_id)
    return [each.name for each in known if str(each.member) in one.evidence["presenters"]]


async def see(here: Here) -> Response:
    """`POST /incidents/{id}/seen`."""
    async with here.transaction() as conn:
        await incidents.see(conn, here.scope, here.id(), here.now)
    return here.go("/incidents", said="incident_seen")
