"""The web process: serves HTTP until told to stop."""

import asyncio
import contextlib
import os
import socket
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from rooms.live import protocol
from server import dsn, garbage
from server.app import make_app
from server.asked import Asked
from server.config import Settings, WrongSetting
from server.room_wire import RoomWire

SOCKETS: dict[str, Any] = {
    "ws": RoomWire,
    "ws_max_size": protocol.FRAME_BYTES,
    # a room's frames are a few hundred bytes to thousands of pages: packing costs more
    "ws_per_message_deflate": False,
    # a room asks its pages itself whether they are there (`room_hub.py`)
    "ws_ping_interval": None,
}

# As the exit code of uvicorn's own.
NOT_STARTED = 3
# The name of whoever asks at the unix socket, before its headers are read.
BY_SOCKET = "socket"


def run(asked: Asked) -> int:
    """The verb `web`."""
    settings = asked.settings
    if settings.database_url is None:
        raise WrongSetting("DATABASE_URL", "is not set; `up` brings a database along")
    if settings.socket is not None:
        check_socket(settings.socket)
    asyncio.run(dsn.check(settings.database_url))
    app = make_app(settings, settings.database_url)
    garbage.look_seldom()
    config = uvicorn.Config(
        behind_proxies(app, settings),
        host=settings.bind,
        port=settings.port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        **SOCKETS,
        timeout_graceful_shutdown=10,
    )
    server = Server(config, settings.socket)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else NOT_STARTED


def check_socket(path: Path) -> None:
    """Raises `WrongSetting` where no socket can be made, or another process listens at it: making
    it anew would take its pages away without a word."""
    if not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
        raise WrongSetting("PORTHOLE_SOCKET", f"{path.parent} is no folder to write in")
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as other:
        other.connect(str(path))
        raise WrongSetting("PORTHOLE_SOCKET", f"another process listens at {path}")


class Server(uvicorn.Server):
    """Listens at its port, and at a unix socket beside it: what goes to a proxy that way costs a
    third of what it costs by the network's layers."""

    def __init__(self, config: uvicorn.Config, path: Path | None) -> None:
        super().__init__(config)
        self._path = path

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn calls it."""
        await super().startup(sockets)
        if self._path is not None and self.started:
            loop, path = asyncio.get_running_loop(), self._path
            self.servers.append(
                await loop.create_unix_server(
                    self._a_protocol, str(path), backlog=self.config.backlog
                )
            )
            path.chmod(0o660)

    def _a_protocol(self) -> asyncio.Protocol:
        config, state = self.config, self.lifespan.state
        made: asyncio.Protocol = config.http_protocol_class(  # type: ignore[call-arg]
            config=config, server_state=self.server_state, app_state=state
        )
        return made


def behind_proxies(app: ASGIApp, settings: Settings) -> ASGIApp:
    """Whose a request is says a proxy that is trusted: by its address, or because it may open the
    unix socket, as nobody else may. Who comes that way without a word is nobody."""
    if not settings.has_proxy:
        return app
    trusted = [str(network) for network in settings.trusted_proxies]
    told = ProxyHeadersMiddleware(app, [*trusted, BY_SOCKET])  # type: ignore[arg-type]

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and scope.get("client") is None:
            scope["client"] = (BY_SOCKET, 0)
        await told(scope, receive, send)  # type: ignore[arg-type]

    return named
