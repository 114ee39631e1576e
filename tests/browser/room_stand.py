"""A small server with the pages of a live room, and a room socket that says what a test wants.

It shows every form of the pages without a database and without a live process, so that a look at
them is quick; the offers of their scripts are refused as a test says.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from server import templates
from server.addresses import qr_svg
from server.app import OurHeaders, content_policy

NOW = datetime(2026, 11, 28, 9, 15, tzinfo=UTC)
CONNECTION = "4a5cbe4c-94ee-4fb7-8b2f-5a1f8a3f0a11"
ANNA, BRAM = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def room(**changes: Any) -> SimpleNamespace:
    """What the templates take as a room."""
    whole: dict[str, Any] = {
        "id": "r1", "title": "In de walserij van De Graaf", "company_name": "De Graaf Metaal",
        "is_open": True, "is_on_air": True, "viewers": 28, "may_present": False,
        "zone": "Europe/Amsterdam",
    }  # fmt: skip
    return SimpleNamespace(**{**whole, **changes})


def seat(kind: str, *, is_waiting: bool = False) -> SimpleNamespace:
    """A device's seat."""
    return SimpleNamespace(kind=kind, is_waiting=is_waiting)


def _show(**changes: Any) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {
        "room": room(), "role": "viewer", "seat": None, "class_name": "", "classes": [],
        "code": ("K7M", "4WQ"), "qr": qr_svg("http://porthole.example/j/abc"), "declared": None,
        "join_at": "porthole.example/join", "screen_at": "porthole.example/screen", "expected": 28,
        "has_beamer": False, "declare_url": "/declared", "headcount_url": "",
        "teaches": changes.get("role") == "teacher",
    }  # fmt: skip
    return "rooms/show.html", {**values, **changes}


def _studio(**changes: Any) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {
        "room": room(is_on_air=False), "member": ANNA, "keys": [], "new_key": "",
        "whip_url": "https://porthole.example/rooms/r1/whip",
    }  # fmt: skip
    return "rooms/studio.html", {**values, **changes}


PART = SimpleNamespace(session_class_id="s1", class_name="3B")
PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "none": ("rooms/index.html", {"rooms": [], "may_open": False, "companies": []}),
    "open": (
        "rooms/index.html",
        {"rooms": [], "may_open": True, "companies": [("1", "De Graaf"), ("2", "Zilver")]},
    ),
    "many": (
        "rooms/index.html",
        {
            "rooms": [
                room(may_present=True),
                room(id="r2", title="Vragen aan een lasser", is_on_air=False),
                room(id="r3", title="Een dag in het magazijn van een heel groot bedrijf"),
            ],
            "may_open": True, "companies": [("1", "De Graaf")],
        },
    ),
    "viewer": _show(seat=seat("own"), class_name="3B"),
    "unstarted": _show(seat=seat("own"), class_name="3B", room=room(is_on_air=False)),
    "companion": _show(seat=seat("companion"), class_name="3B", has_beamer=True),
    "back": _show(seat=seat("own"), class_name="3B", has_beamer=True),
    "waiting": _show(seat=seat("own", is_waiting=True), class_name="3B"),
    "beamer": _show(seat=seat("beamer"), class_name="3B"),
    "teacher": _show(role="teacher", classes=[("1", "3B, Cals"), ("2", "H4, Cals")]),
    "classless": _show(role="teacher"),
    "with-class": _show(
        role="teacher", class_name="3B", classes=[("2", "H4, Cals")], headcount_url="/headcount",
        present=SimpleNamespace(phones=12, waiting=2, has_beamer=True), waiting_url="/waiting",
        queue_qr=qr_svg("http://porthole.example/rooms/r1/queue"),
        leave_url="/leave", parts=[PART, SimpleNamespace(session_class_id="s2", class_name="V2")],
        part=PART,
    ),
    "closed": _show(seat=seat("own"), class_name="3B", room=room(is_open=False, is_on_air=False)),
    "moderator": _show(role="moderator"),
    "queue": ("rooms/queue.html", {"room": room(), "parts": [PART], "moderates": False}),
    "queue-of-two": (
        "rooms/queue.html",
        {"room": room(), "moderates": False,
         "parts": [PART, SimpleNamespace(session_class_id="s2", class_name="V2")]},
    ),
    "desk": (
        "rooms/desk.html",
        {"room": room(), "parts": [], "afterwards_url": "/afterwards", "may_take_over": True},
    ),
    "studio": _studio(),
    "keys": _studio(
        keys=[
            SimpleNamespace(id="k1", label="", made_at=NOW, used_at=None),
            SimpleNamespace(id="k2", label="De camera in de hal", made_at=NOW, used_at=NOW),
        ],
        new_key="pk_9fX2mQ7rT4vB8nL1zK6w", others=[(BRAM, "Bram de Boer")],
    ),
    "check": ("rooms/check.html", {"school": None}),
    "school": ("rooms/check.html", {"school": "Cals College, Nieuwegein"}),
}  # fmt: skip


def track(slot: int, **changes: Any) -> dict[str, Any]:
    """One track of the stage event."""
    whole = {
        "member": ANNA, "name": "Anna Bakker", "source": "camera", "kind": "video", "slot": slot,
        "state": "flowing",
    }  # fmt: skip
    return {**whole, **changes}


@dataclass(slots=True)
class RoomStand:
    """Where the stand is, what its room says, and what was said and posted to it."""

    url: str = ""
    stage: dict[str, Any] = field(default_factory=lambda: {"tracks": [], "is_on_air": False})
    viewers: int = 28
    epoch: int = 1
    seat_kind: str | None = None
    is_before_live: bool = False
    offer_status: int = 503
    sockets: list[WebSocket] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)
    posted: list[tuple[str, Any]] = field(default_factory=list)
    answer: Callable[[str], str] | None = None

    def posts_to(self, path: str) -> list[Any]:
        """What was posted there, oldest first."""
        return [body for at, body in self.posted if at == path]

    async def tell(self, **event: Any) -> None:
        """An event to every page."""
        for socket in self.sockets:
            await socket.send_text(json.dumps(event))

    async def put_on(self, *tracks: dict[str, Any]) -> None:
        """This stands on the stage from now on."""
        self.stage = {"tracks": list(tracks), "is_on_air": bool(tracks)}
        await self.tell(event="stage", stage=self.stage)

    async def hang_up(self) -> None:
        """Every socket ends without a word."""
        for socket in [*self.sockets]:
            await socket.close(1012)


def _page(request: Request) -> Response:
    name, values = PAGES[request.path_params["name"]]
    language = request.cookies.get("language", "en")
    person = SimpleNamespace(name="Anna Bakker")
    page = templates.render(
        name, language, request=request, path=request.url.path, person=person, flashes=[], now=NOW,
        nav=[("Tours", "/tours", False), ("Live", "/rooms", True)], is_demo=True, **values,
    )  # fmt: skip
    return HTMLResponse(page)


def _posts(stand: RoomStand) -> Any:
    async def post(request: Request) -> Response:
        body = await request.body()
        is_json = request.headers.get("content-type") == "application/json"
        stand.posted.append((request.url.path, json.loads(body) if is_json else body.decode()))
        if request.url.path.endswith(("/whip", "/whep")) and request.method == "POST":
            return _answered(stand, request.url.path, body.decode())
        return JSONResponse({"school": None})

    return post


def _answered(stand: RoomStand, path: str, offer: str) -> Response:
    if stand.answer is None:
        return Response(status_code=stand.offer_status)
    headers = {"Location": f"{path}/r-1", "ETag": '"1"'}
    return Response(stand.answer(offer), 201, headers, "application/sdp")


def _socket(stand: RoomStand) -> Any:
    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        stand.heard.append(await socket.receive_json())
        await socket.send_text(json.dumps(_welcome(stand)))
        stand.sockets.append(socket)
        pinging = asyncio.create_task(_ping(socket))
        try:
            while True:
                stand.heard.append(await socket.receive_json())
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            pinging.cancel()
            stand.sockets.remove(socket)

    return talk


def _welcome(stand: RoomStand) -> dict[str, Any]:
    return {
        "event": "hello", "connection": CONNECTION, "number": 7, "epoch": stand.epoch, "ping_s": 1,
        "title": "Room", "role": "viewer", "seat_kind": stand.seat_kind, "stage": stand.stage,
        "viewers": stand.viewers, "ice_servers": [], "is_before_live": stand.is_before_live,
    }  # fmt: skip


async def _ping(socket: WebSocket) -> None:
    number = 0
    while True:
        number += 1
        await socket.send_text(json.dumps({"event": "ping", "number": number}))
        await asyncio.sleep(1)


@asynccontextmanager
async def room_stand() -> AsyncIterator[RoomStand]:
    """Serves `/page/{name of PAGES}` and what its scripts ask for, until the block ends."""
    there = RoomStand()
    app = Starlette(
        routes=[
            Route("/page/{name}", _page),
            WebSocketRoute("/rooms/r1/socket", _socket(there)),
            Route("/{path:path}", _posts(there), methods=["POST", "OPTIONS", "DELETE"]),
            Mount("/static", StaticFiles(directory=templates.STATIC)),
        ]
    )
    app.add_middleware(OurHeaders, policy=content_policy(templates.import_map()))
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.02)
        there.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        yield there
    finally:
        server.should_exit = True
        await task
