"""The composition root: routes, doorkeepers, headers, and what lives as long as the process."""

import base64
import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from functools import cache
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from media.errors import MediaError
from media.storage import S3Access, open_storage
from rooms.attendance.keeping import keeping
from rooms.errors import Conflict, NotThere, RoomError
from server import auth, bodies, csrf, database, errors, i18n, templates
from server.auth import Viewer
from server.config import Settings
from server.context import Floor, Here, Knock, utc_now
from server.live_floor import live_floor
from server.metrics import Counting, Metrics
from server.packed import PackedFiles
from server.pens import Pens
from server.routes import ADDRESSES, SOCKETS, Address, Socket

log = logging.getLogger(__name__)


def make_app(
    settings: Settings,
    dsn: str,
    clock: Callable[[], datetime] = utc_now,
    pooled: Callable[[str], AbstractAsyncContextManager[database.Pool]] = database.pooled,
) -> Starlette:
    """The whole web process as one ASGI application on the database at `dsn`, with the pool of
    `pooled` from start to end."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        storage = open_storage(settings.storage_url, S3Access(**settings.s3))
        async with (
            pooled(dsn) as pool,
            keeping(pool, clock) as beats,
            Pens(pool) as pens,
            live_floor(settings, dsn, pool, clock) as live,
        ):
            held = {"beats": beats, "pens": pens, "metrics": metrics, **live}
            app.state.floor = Floor(settings, pool, storage, clock, held)
            yield

    metrics = Metrics()
    routes = [_route(address) for address in ADDRESSES]
    app = Starlette(
        routes=[*routes, *map(_socket_route, SOCKETS), _static()],
        lifespan=lifespan,
        exception_handlers={404: _not_there, 405: _not_there, 500: _fault},
    )
    app.add_middleware(OurHeaders, policy=content_policy(templates.import_map()))
    patterns = {route.endpoint: route.path for route in routes}
    app.add_middleware(Counting, metrics=metrics, patterns=patterns)
    return app


@cache
def _static() -> BaseRoute:
    return Mount("/static", PackedFiles(directory=templates.STATIC, check_dir=False), name="static")


@cache
def _route(address: Address) -> Route:
    """Knows nothing of the app it is in, so that each app of a process has the same one."""

    async def endpoint(request: Request) -> Response:
        timed = bodies.in_time(request) if address.times_body else request
        try:
            here = await look_around(timed)
        except Conflict as error:  # so many ask that nobody was looked up
            nobody = Here(timed, request.app.state.floor, None, _language(timed, None))
            return _refuse(nobody, error, address.is_machine)
        try:
            return await _answer(here, address)
        except (RoomError, MediaError) as error:
            return _refuse(here, error, address.is_machine)

    return Route(address.path, endpoint, methods=[address.method])


@cache
def _socket_route(socket: Socket) -> WebSocketRoute:
    async def endpoint(websocket: WebSocket) -> None:
        floor: Floor = websocket.app.state.floor
        await socket.handler(Knock(websocket, floor, *await _asking(websocket, floor)))

    return WebSocketRoute(socket.path, endpoint)


async def _answer(here: Here, address: Address) -> Response:
    own = csrf.is_own(here.request, here.settings.url)
    is_token = here.viewer is not None and here.viewer.kind == "token"
    is_unsafe = address.checks_origin and address.method not in csrf.SAFE
    if is_unsafe and not own and not is_token:
        return _say(here, "cross_site", 403, address.is_machine)
    if not address.who.lets_in(here.viewer):
        return _turn_away(here, address)
    if _has_nul(here.request):
        raise NotThere
    return await address.handler(here)


def _has_nul(request: Request) -> bool:
    """NUL in an address: no text column takes it, so nothing can be there."""
    return "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]


async def look_around(request: Request) -> Here:
    """Finds out who is asking and in which language."""
    floor: Floor = request.app.state.floor
    return Here(request, floor, *await _asking(request, floor))


async def _asking(asked: HTTPConnection, floor: Floor) -> tuple[Viewer | None, str]:
    """Who is asking, and in which language."""
    viewer = None
    bearer = asked.headers.get("authorization", "")
    cookie = asked.cookies.get(auth.COOKIE)
    if bearer.lower().startswith("bearer "):
        async with floor.askers, floor.pool.acquire() as conn:
            viewer = await auth.by_bearer(conn, bearer[7:].strip())
    elif cookie:
        async with floor.askers, floor.pool.acquire() as conn:
            viewer = await auth.by_cookie(conn, cookie)
    return viewer, _language(asked, viewer)


def _language(asked: HTTPConnection, viewer: Viewer | None) -> str:
    return i18n.choose(
        viewer.language if viewer and viewer.kind == "token" else None,
        asked.cookies.get("language") or (viewer.language if viewer else None),
        asked.headers.get("accept-language", ""),
    )


def _turn_away(here: Here, address: Address) -> Response:
    if here.viewer is not None or address.is_machine:
        status = 404 if here.viewer is not None else 401
        return _say(here, "not_there", status, address.is_machine)
    wanted = _asked_for(here.request) if address.method == "GET" else "/"
    return RedirectResponse(f"/sign-in?next={quote(wanted)}", 303)


def _asked_for(request: Request) -> str:
    """The address as the browser sent it, its query too: what to choose stands in there."""
    path, query = request.scope["raw_path"].decode("latin-1"), request.url.query
    return f"{path}?{query}" if query else path


def _refuse(here: Here, error: RoomError | MediaError, is_machine: bool) -> Response:
    status = errors.STATUS_BY_CODE.get(error.code) or _status_of(error)
    response = _say(here, error.code, status, is_machine, dict(error.params))
    if error.code == "body_slow":  # what may still come of the body is no next request
        response.headers["Connection"] = "close"
    return response


def _status_of(error: RoomError | MediaError) -> int:
    if isinstance(error, NotThere):
        return 404
    return 409 if isinstance(error, Conflict) else 422


def _say(
    here: Here, code: str, status: int, is_machine: bool, params: dict[str, object] | None = None
) -> Response:
    if not is_machine:
        return here.refuse(code, status, params)
    text = errors.sentence(here.language, code, params or {})
    return JSONResponse({"error": code, "message": text}, status)


async def _not_there(request: Request, error: Exception) -> Response:
    here = await look_around(request)
    is_page = "text/html" in request.headers.get("accept", "")
    if not isinstance(error, HTTPException) or error.status_code != 405:
        return _say(here, "not_there", 404, not is_page)
    response = _say(here, "method_other", 405, not is_page)
    response.headers["Allow"] = ", ".join(_methods_at(request))
    return response


def _methods_at(request: Request) -> list[str]:
    """What the address takes; each method has a row of its own in the table."""
    routes = (route for route in request.app.routes if isinstance(route, Route))
    found = (route.methods or set() for route in routes if route.matches(request.scope)[0].value)
    return sorted(set().union(*found))


async def _fault(request: Request, error: Exception) -> Response:
    log.error("fault at %s %s", request.method, request.url.path, exc_info=error)
    is_page = "text/html" in request.headers.get("accept", "")
    language = i18n.choose(
        None, request.cookies.get("language"), request.headers.get("accept-language", "")
    )
    here = Here(request, request.app.state.floor, None, language)
    return _say(here, "server_fault", 500, not is_page)


def content_policy(import_map: str) -> str:
    """The one Content-Security-Policy; the import map is the only inline script, by its hash."""
    digest = base64.b64encode(hashlib.sha256(import_map.encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'sha256-{digest}'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


class OurHeaders:
    """Puts the headers every answer carries on it; a handler's own Cache-Control stays."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self.app = app
        self.fixed = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), "
            "geolocation=(), interest-cohort=()",
        }

        # Fifty scripts of a page are under its own policy; repeated with each it would be a fifth
        # of all that a pupil's phone loads.
        self.of_parts = {"X-Content-Type-Options": "nosniff"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and adds the headers to its answer."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (self.of_parts if _is_part(scope) else self.fixed).items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", _keep(scope))
            await send(message)

        await self.app(scope, receive, with_headers)


def _is_part(scope: Scope) -> bool:
    """Whether the browser says that it puts our file into a page; a worker has its own policy."""
    if not scope.get("path", "").startswith("/static/"):
        return False
    wants = Headers(scope=scope).get("sec-fetch-dest", "")
    return wants in {"script", "style", "font"}


def _keep(scope: Scope) -> str:
    path, query = scope.get("path", ""), scope.get("query_string", b"")
    if path.startswith("/static/vendor/") or (path.startswith("/static/") and query):
        return "public, max-age=31536000, immutable"
    return "no-cache" if path.startswith("/static/") else "private, no-store"
