"""Seat cookies: a device's token, newest everywhere, and kept apart for each session.

`seat` goes with every request (films are checked by it) and is replaced by the next lesson's;
`seat_in` goes to its own session's addresses only, so that what was kept without network can
still be sent after another lesson.
"""

from datetime import timedelta
from uuid import UUID

from starlette.requests import HTTPConnection
from starlette.responses import Response

from rooms.attendance import seats
from rooms.attendance.seats import Seat
from server.auth import SEAT_COOKIE
from server.context import Here
from server.database import Connection

OWN_COOKIE = "seat_in"
# Beats are taken for seven days; one more for clocks that differ.
KEPT = timedelta(days=8)


def token_in(request: HTTPConnection) -> str | None:
    """The token this device has for the session it is asking about."""
    return request.cookies.get(OWN_COOKIE) or request.cookies.get(SEAT_COOKIE)


async def seat_of(here: Here, conn: Connection, session_id: UUID) -> Seat:
    """The device's open seat in this session; raises `NotThere`."""
    return await seats.in_session(conn, token_in(here.request), session_id)


async def seat_or_none(here: Here, conn: Connection, session_id: UUID) -> Seat | None:
    """The device's open seat in this session, if it has one."""
    found = await seats.behind(conn, token_in(here.request))
    is_there = found is not None and found.session_id == session_id and found.ended_at is None
    return found if is_there else None


def seated(here: Here, response: Response, place: str, token: str) -> Response:
    """The response, carrying the seat; `place` is where its session or room has its pages."""
    for name, path in ((SEAT_COOKIE, "/"), (OWN_COOKIE, place)):
        response.set_cookie(
            name,
            token,
            max_age=int(KEPT.total_seconds()),
            path=path,
            secure=here.settings.is_secure,
            httponly=True,
            samesite="lax",
        )
    return response
