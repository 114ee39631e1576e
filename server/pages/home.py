"""The first page, and the choice of language."""

from datetime import UTC, datetime

from starlette.responses import Response

from rooms.agenda import room_sessions
from rooms.connection import Connection
from rooms.people import programmes
from rooms.scope import Scope
from rooms.tours import catalogue
from rooms.tours.catalogue import Found, Wish
from server.arrival import safe_next
from server.auth import Viewer
from server.context import Here
from server.i18n import LANGUAGES
from server.pages import needs, next_steps
from server.pages.tours import poster

YEAR_S = 365 * 24 * 3600
# One in the window and three on the wall under it.
NEWEST = 4
LONG_AGO = datetime.min.replace(tzinfo=UTC)


async def show(here: Here) -> Response:
    """`/`: the code field and the newest tours; for who is signed in her own next steps; for who
    coordinates what needs her."""
    viewer = here.viewer
    if viewer is not None and viewer.may("coordinator", "bureau"):
        return await needs.show(here)
    is_person = viewer is not None and viewer.kind != "classroom"
    async with here.transaction() as conn:
        open_to_all = await programmes.public(conn)
        steps = await next_steps.of(conn, here.scope, here.now) if is_person else []
        scopes = [here.scope] if is_person else [Scope(one.id) for one in open_to_all]
        lesson = await _lesson(conn, viewer) if viewer else ""
        newest = [poster(here, found) for found in await _newest(conn, scopes, here.language)]
    return here.page(
        "home/show.html",
        steps=steps,
        newest=newest,
        programmes=open_to_all,
        lesson=lesson,
    )


async def _lesson(conn: Connection, viewer: Viewer) -> str:
    """Where a classroom PC's lesson is; '' for everybody else."""
    if viewer.session_id is None:
        return ""
    room_id = await room_sessions.room_of(conn, viewer.session_id)
    return f"/rooms/{room_id}/beamer" if room_id else f"/sessions/{viewer.session_id}/beamer"


async def _newest(conn: Connection, scopes: list[Scope], language: str) -> list[Found]:
    found = [
        one
        for scope in scopes
        for one in (await catalogue.search(conn, scope, Wish(), language, most=NEWEST)).found
    ]
    return sorted(found, key=lambda one: one.tour.published_at or LONG_AGO, reverse=True)[:NEWEST]


async def choose_language(here: Here) -> Response:
    """`POST /language`: remembers the choice on this device and goes back."""
    form = await here.form()
    response = here.go(safe_next(str(form.get("back", "/"))))
    if (language := str(form.get("language", ""))) in LANGUAGES:
        response.set_cookie(
            "language", language, max_age=YEAR_S, httponly=True, samesite="lax", path="/"
        )
    return response
