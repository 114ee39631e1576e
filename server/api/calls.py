"""How an API call is read and answered: bearer token in, structs in and out, errors as JSON."""

import base64
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from starlette.responses import JSONResponse, Response

from rooms.errors import NotThere, Refused, RoomError
from server import errors
from server.context import Here

MAX_BODY_BYTES = 2_000_000

Call = Callable[[Here, Any], Awaitable[Any]]


class Paging(msgspec.Struct, frozen=True):
    """`cursor`: the `next` of the page before."""

    cursor: Annotated[str, msgspec.Meta(max_length=200)] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 50


class Problem(msgspec.Struct, frozen=True):
    """Every refusal: a stable code, and a sentence in the language that was asked for."""

    error: str
    message: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the API: the route and its description are both made from it.

    `takes`: struct of the JSON body; `asks`: struct of the query. `gives` None: the call answers
    by itself, in one of `kinds`. `roles` empty: any token.
    """

    method: str
    path: str
    call: Call
    says: str
    gives: Any = None
    takes: Any = None
    asks: Any = None
    roles: tuple[str, ...] = ()
    status: int = 200
    kinds: tuple[str, ...] = ("application/json",)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters in its path."""
        return tuple(re.findall(r"{(\w+)}", self.path))


def handler(endpoint: Endpoint) -> Callable[[Here], Awaitable[Response]]:
    """The route's handler."""

    async def handle(here: Here) -> Response:
        if here.viewer is None or here.viewer.kind != "token":
            return _unknown(here)
        if endpoint.roles and not here.viewer.may(*endpoint.roles):
            raise NotThere
        given = await _given(here, endpoint)
        answer = await endpoint.call(here, given)
        if isinstance(answer, Response):
            return answer
        body = msgspec.json.encode(answer)
        return Response(body, endpoint.status, media_type="application/json")

    return handle


def _unknown(here: Here) -> Response:
    text = errors.sentence(here.language, "token_missing", {})
    headers = {"WWW-Authenticate": "Bearer"}
    return JSONResponse({"error": "token_missing", "message": text}, 401, headers)


async def _given(here: Here, endpoint: Endpoint) -> Any:
    if endpoint.asks is not None:
        return _query(here, endpoint.asks)
    if endpoint.takes is not None:
        return await _body(here, endpoint.takes)
    return None


def _query(here: Here, asks: Any) -> Any:
    query = here.request.query_params
    # a filter that is not known would be taken for one that filters
    if strange := set(query) - set(asks.__struct_encode_fields__):
        raise Refused("bad_request", detail=f"unknown parameter {min(strange)[:60]!r}")
    return _converted(lambda: msgspec.convert(dict(query), asks, strict=False), str(query))


async def _body(here: Here, takes: Any) -> Any:
    if here.request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise RoomError("json_wanted")
    raw = bytearray()
    async for chunk in here.request.stream():
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            raise RoomError("body_large")
    return _converted(lambda: msgspec.json.decode(bytes(raw), type=takes), raw.decode("latin-1"))


def _converted(read: Callable[[], Any], text: str) -> Any:
    # PostgreSQL keeps no NUL in a text
    if "\x00" in text or "\\u0000" in text or "%00" in text:
        raise Refused("bad_request", detail="a NUL character")
    try:
        return read()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("bad_request", detail=str(error)) from None


# --- pages ---------------------------------------------------------------------------------------


def place(cursor: str) -> tuple[datetime, UUID] | None:
    """Where the page before ended; None for the first. Raises `bad_request`."""
    if not cursor:
        return None
    try:
        moment, row_id = base64.urlsafe_b64decode(cursor.encode()).decode().split("|")
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None:
            raise ValueError
        return at.astimezone(UTC), UUID(row_id)
    except (ValueError, OverflowError):
        raise Refused("bad_request", detail="this cursor is not one of ours") from None


def cursor_after(rows: Sequence[Any], limit: int) -> str | None:
    """The cursor of the page after `rows`, when this one is full."""
    if len(rows) < limit:
        return None
    last = rows[-1]
    return base64.urlsafe_b64encode(f"{last.created_at.isoformat()}|{last.id}".encode()).decode()
