"""What a handler holds: the request, its viewer, a connection when it asks for one."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Message, Receive
from starlette.websockets import WebSocket

from media.storage import Storage
from rooms.errors import NotThere, Refused, RoomError
from rooms.scope import Scope
from server import errors, i18n, templates
from server.auth import Viewer
from server.config import Settings
from server.database import Connection, Pool
from server.navigation import entries
from server.turns import Turns

# What a form may weigh. Somebody we do not know gets room for a few fields, no more.
FORM_BYTES = 1_000_000
STRANGERS_FORM_BYTES = 64_000
# So many pages of a process add up years of lessons at the same time: each takes a core of the
# database while it does, and more of them at once would each be slower, on connections that have
# not seen their queries before.
SUMS_AT_ONCE, SUMS_WITHIN_S = 3, 20.0
# Who asks is looked up for so many requests at the same time: else each of a burst would open a
# connection, which takes longer than ten that wait in turn.
LOOKED_UP_AT_ONCE, LOOKED_UP_WITHIN_S = 3, 20.0


def utc_now() -> datetime:
    """The wall clock. Handlers read `Here.now` instead, so that tests can move it."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Floor:
    """What one web process holds while it lives; made by `app.lifespan`.

    `started_s`: when, on the monotonic clock.
    """

    settings: Settings
    pool: Pool
    storage: Storage
    clock: Any = utc_now
    rooms: dict[str, Any] = field(default_factory=dict)
    started_s: float = field(default_factory=time.monotonic)
    sums: Turns = field(default_factory=lambda: Turns(SUMS_AT_ONCE, SUMS_WITHIN_S))
    askers: Turns = field(default_factory=lambda: Turns(LOOKED_UP_AT_ONCE, LOOKED_UP_WITHIN_S))


@dataclass(slots=True)
class Knock:
    """A page that asks for a socket, with everything its handler needs. Not yet accepted."""

    websocket: WebSocket
    floor: Floor
    viewer: Viewer | None
    language: str

    @property
    def settings(self) -> Settings:
        """The process's settings."""
        return self.floor.settings

    @property
    def now(self) -> datetime:
        """The present moment, UTC; tests move it."""
        moment: datetime = self.floor.clock()
        return moment

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside one transaction, committed at the end of the block."""
        async with self.floor.pool.acquire() as conn, conn.transaction():
            yield conn

    def id(self, name: str = "id") -> UUID:
        """A uuid from the path; anything else is simply not there."""
        return _uuid(self.websocket.path_params[name])


@dataclass(slots=True)
class Here:
    """One request, with everything its handler needs and nothing global."""

    request: Request
    floor: Floor
    viewer: Viewer | None
    language: str
    read_form: FormData | None = field(default=None, init=False)

    @property
    def settings(self) -> Settings:
        """The process's settings."""
        return self.floor.settings

    @property
    def storage(self) -> Storage:
        """Where bytes live."""
        return self.floor.storage

    @property
    def now(self) -> datetime:
        """The present moment, UTC; tests move it."""
        moment: datetime = self.floor.clock()
        return moment

    @property
    def person(self) -> Viewer:
        """The signed-in viewer; behind a route for the signed-in it is always there."""
        if self.viewer is None:
            raise NotThere
        return self.viewer

    @property
    def scope(self) -> Scope:
        """The signed-in viewer's scope."""
        return self.person.scope

    def scope_in(self, programme_id: UUID) -> Scope:
        """The viewer's scope in the programme of a public thing; a visitor's if she has none."""
        return self.viewer.scope_in(programme_id) if self.viewer else Scope(programme_id)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside one transaction, committed at the end of the block."""
        async with self.floor.pool.acquire() as conn, conn.transaction():
            yield conn

    @asynccontextmanager
    async def adding_up(self) -> AsyncIterator[Connection]:
        """The same for a page that reads years of lessons: it waits for its turn, without a
        connection, while `SUMS_AT_ONCE` others do; raises `Conflict` when that takes too long."""
        async with self.floor.sums, self.transaction() as conn:
            yield conn

    def id(self, name: str = "id") -> UUID:
        """A uuid from the path; anything else is simply not there."""
        return _uuid(self.request.path_params[name])

    async def form(self, files_bytes: int = 0) -> FormData:
        """The posted form: at most 20 files, 2000 fields, and 1 MB, a stranger's 64 kB.

        `files_bytes`: how much more the files may weigh that the route welcomes. Raises
        `RoomError` `form_large` before more than that was read, `Refused` `bad_form`.
        """
        if self.read_form is None:
            limit = files_bytes + (FORM_BYTES if self.viewer else STRANGERS_FORM_BYTES)
            _check_length(self.request, limit)
            request = Request(self.request.scope, _bounded(self.request.receive, limit))
            try:
                given = await request.form(max_files=20, max_fields=2000, max_part_size=limit)
            except HTTPException:  # not the multipart it says it is
                raise Refused("bad_form") from None
            self.read_form = _without_nul(given)
        return self.read_form

    def _(self, text: str, **values: Any) -> str:
        """A sentence in the reader's language."""
        translated = i18n.translate(self.language, text)
        return translated.format(**values) if values else translated

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Renders a template with what `base.html` needs."""
        said = self.request.cookies.get("said", "")
        response = HTMLResponse(
            templates.render(
                template,
                self.language,
                request=self.request,
                path=self.request.url.path,
                person=self.viewer if self.viewer and self.viewer.kind != "classroom" else None,
                nav=entries(self.viewer, self.request.url.path, self.language),
                flashes=_flashes(said, self.language),
                now=self.now,
                is_demo=self.settings.is_demo,
                **values,
            ),
            status,
        )
        if said:
            response.delete_cookie("said", path="/")
        return response

    def go(self, path: str, said: str = "") -> RedirectResponse:
        """Sends the browser on with 303; `said` is a code of `errors.SENTENCES` shown there."""
        response = RedirectResponse(path, 303)
        if said:
            response.set_cookie("said", said, max_age=30, httponly=True, samesite="lax", path="/")
        return response

    def refuse(self, code: str, status: int, params: Mapping[str, Any] | None = None) -> Response:
        """The error page: what happened, in words."""
        text = errors.sentence(self.language, code, params or {})
        return self.page("error.html", status, code=code, text=text, is_missing=status == 404)


def _uuid(text: object) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        raise NotThere from None


def _check_length(request: Request, limit: int) -> None:
    """By what the browser announces; one that announces nothing is counted while it sends."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise _form_large(limit)


def _bounded(receive: Receive, limit: int) -> Receive:
    """The same body, refused as soon as more than `limit` bytes of it have come."""
    left = limit

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise _form_large(limit)
        return message

    return counted


def _form_large(limit: int) -> RoomError:
    return RoomError("form_large", limit_kb=limit // 1000)


def _without_nul(given: FormData) -> FormData:
    """The fields without the one character that no text column takes."""
    return FormData(
        [
            (name, value.replace("\0", "") if isinstance(value, str) else value)
            for name, value in given.multi_items()
        ]
    )


def _flashes(said: str, language: str) -> list[tuple[str, str]]:
    """The message of the last action; only codes we know are shown, never a cookie's text."""
    if said not in errors.SENTENCES:
        return []
    return [("info", errors.sentence(language, said, {}))]
