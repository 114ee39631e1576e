"""A captioner's cookie: her link's token, for the pages of one room. She has no account."""

from uuid import UUID

from starlette.requests import HTTPConnection
from starlette.responses import Response

from server.context import Here

COOKIE = "captioner"
# As long as a session with its rehearsal may take; then her link leads there again.
COOKIE_S = 24 * 3600


def token_in(connection: HTTPConnection) -> str | None:
    """The token that her browser shows to this room."""
    return connection.cookies.get(COOKIE)


def let_in(here: Here, response: Response, room_id: UUID, token: str) -> None:
    """From now on this browser types in that room."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_S,
        httponly=True,
        samesite="lax",
        secure=here.settings.is_secure,
        path=f"/rooms/{room_id}",
    )
