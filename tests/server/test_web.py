"""The web process at its unix socket: whose a request is, and that the port is there beside it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from stat import S_IMODE

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from server.config import Settings, WrongSetting
from server.web import BY_SOCKET, Server, behind_proxies, check_socket
from tests.support.floor import settings_in
from tests.support.served import free_port

OF_PUPIL = {"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https"}


def told(request: Request) -> PlainTextResponse:
    """Who asks, as the app sees it."""
    assert request.client is not None
    return PlainTextResponse(f"{request.client.host} {request.url.scheme}")


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[int]:
    """The port of a server that says who asks."""
    app = behind_proxies(Starlette(routes=[Route("/", told)]), settings)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=free_port(), log_config=None, lifespan="off",
        proxy_headers=False,
    )  # fmt: skip
    server = Server(config, settings.socket)
    running = asyncio.create_task(server._serve())
    try:
        async with asyncio.timeout(10):
            while not server.started or (settings.socket and not settings.socket.exists()):
                await asyncio.sleep(0.02)
        yield config.port
    finally:
        server.should_exit = True
        await running


async def asked(port: int, socket: Path | None = None, **headers: str) -> str:
    transport = httpx.AsyncHTTPTransport(uds=str(socket)) if socket is not None else None
    async with httpx.AsyncClient(transport=transport, headers=headers) as client:
        return (await client.get(f"http://127.0.0.1:{port}/")).text


@pytest.mark.parametrize("proxies", [(), (ip_network("127.0.0.1/32"),)])
async def test_who_asks_by_the_socket_is_whom_the_proxy_names(
    tmp_path: Path, proxies: tuple[object, ...]
) -> None:
    socket = tmp_path / "web.sock"
    settings = settings_in(tmp_path, socket=socket, trusted_proxies=proxies)
    async with serving(settings) as port:
        assert S_IMODE(socket.stat().st_mode) == 0o660, "whoever may open it is believed"
        assert await asked(port, socket, **OF_PUPIL) == "192.0.2.7 https"
        assert await asked(port, socket) == f"{BY_SOCKET} http", "and not this machine itself"
        by_port = "192.0.2.7 https" if proxies else "127.0.0.1 http"
        assert await asked(port, **OF_PUPIL) == by_port


async def test_without_a_proxy_nobody_is_believed(tmp_path: Path) -> None:
    async with serving(settings_in(tmp_path)) as port:
        assert await asked(port, **OF_PUPIL) == "127.0.0.1 http"


async def test_a_socket_is_never_taken_from_another_process(tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    async with serving(replace(settings_in(tmp_path), socket=path)):
        with pytest.raises(WrongSetting, match="another process listens"):
            check_socket(path)
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(tmp_path / "left.sock"))
    check_socket(tmp_path / "left.sock")  # is in nobody's way
    with pytest.raises(WrongSetting, match="no folder to write in"):
        check_socket(tmp_path / "none" / "web.sock")
