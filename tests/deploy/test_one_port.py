"""HTTPS and the relay on one port: deploy/nginx-stream.conf and deploy/haproxy.cfg as they run."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.deploy.test_nginx import CONFIG as PORTHOLE
from tests.deploy.test_nginx import MAIN, NGINX
from tests.media.live.conftest import live, room  # noqa: F401 - fixtures
from tests.media.live.rooms import Room
from tests.support.chromium import own_chromium
from tests.support.live.peers import publishing
from tests.support.live.relay import (
    OPENSSL,
    TURNSERVER,
    coturn,
    listens,
    relayed,
    running,
    servers,
    until,
)
from tests.support.served import free_port

DEPLOY = PORTHOLE.parent
STREAM = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
HAPROXY = shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin")
# Another address of loopback than the proxies' own, so that it is seen whose they pass on.
VISITOR = "127.0.0.5"
TRUSTS = ("--ignore-certificate-errors", "--host-resolver-rules=MAP *.porthole.example 127.0.0.1")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        None in (NGINX, TURNSERVER, OPENSSL),
        reason="nginx, coturn or openssl is not installed (Debian has all)",
    ),
]


def filled(text: str, changes: dict[str, str]) -> str:
    """The recipe with this test's ports and places; each of them stood in it."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@asynccontextmanager
async def telling() -> AsyncIterator[int]:
    """Stands for Porthole: answers with the address it is told. Its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        told = head.partition("x-forwarded-for: ")[2].partition("\r\n")[0]
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(told)}\r\n\r\n{told}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def https_behind(home: Path, app: int, *, stream: str = "") -> AsyncIterator[int]:
    """Porthole's nginx as the recipes want it, behind who tells whose connection it is. Its port.

    `stream`: the recipe that stands beside its `http` block.
    """
    secure = free_port()
    site = filled(
        PORTHOLE.read_text(),
        {
            "unix:/run/porthole/web.sock;": f"127.0.0.1:{app};",
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl;\n": "",
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl proxy_protocol;\n"
            "    set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;",
            "/etc/porthole/tls/fullchain.pem": f"{home}/cert.pem",
            "/etc/porthole/tls/privkey.pem": f"{home}/key.pem",
        },
    )
    (home / "porthole.conf").write_text(site)
    user = "user root;" if os.geteuid() == 0 else ""
    module = f"load_module {STREAM};\n" if stream else ""
    stream = stream.replace("127.0.0.1:8443", f"127.0.0.1:{secure}")
    config = home / "nginx.conf"
    config.write_text(module + MAIN.format(home=home, user=user) + stream)
    async with running(home, str(NGINX), "-c", str(config)):
        await until(lambda: listens(secure), within_s=10)
        yield secure


@asynccontextmanager
async def by_nginx(home: Path, relay: int, app: int) -> AsyncIterator[int]:
    """The one port, kept by nginx' stream module."""
    if not STREAM.exists():
        pytest.skip("nginx' stream module is not installed: apt-get install libnginx-mod-stream")
    port = free_port()
    recipe = filled(
        (DEPLOY / "nginx-stream.conf").read_text(),
        {
            "127.0.0.1:5349": f"127.0.0.1:{relay}",
            "listen 443;\n": f"listen 127.0.0.1:{port};\n",
            "        listen [::]:443;\n": "",
            "127.0.0.1:8444": f"127.0.0.1:{free_port()}",
        },
    )
    async with https_behind(home, app, stream=recipe):
        yield port


@asynccontextmanager
async def by_haproxy(home: Path, relay: int, app: int) -> AsyncIterator[int]:
    """The one port, kept by haproxy."""
    if HAPROXY is None:
        pytest.skip("haproxy is not installed: apt-get install haproxy")
    port = free_port()
    async with https_behind(home, app) as secure:
        recipe = filled(
            (DEPLOY / "haproxy.cfg").read_text(),
            {
                "127.0.0.1:5349": f"127.0.0.1:{relay}",
                "127.0.0.1:8443 send-proxy": f"127.0.0.1:{secure} send-proxy",
                "bind :443\n": f"bind 127.0.0.1:{port}\n",
                "    bind [::]:443 v6only\n": "",
                "    user haproxy\n    group haproxy\n": "",
            },
        )
        (home / "haproxy.cfg").write_text(recipe)
        async with running(home, HAPROXY, "-db", "-f", str(home / "haproxy.cfg")):
            await until(lambda: listens(port), within_s=10)
            yield port


@pytest.mark.parametrize("front", [by_nginx, by_haproxy])
async def test_pages_and_the_relay_share_a_port(
    front: Callable[[Path, int, int], AbstractAsyncContextManager[int]],
    room: Room,  # noqa: F811
    tmp_path: Path,
) -> None:
    async with (
        coturn(tmp_path) as relay,
        telling() as app,
        front(tmp_path, relay, app) as port,
        own_chromium(*TRUSTS) as browser,
        publishing(room.publisher()),
    ):
        page = await relayed(browser)
        place = f"turn.porthole.example:{port}"
        await page.connect("watch", servers(tmp_path, place), room.viewer())
        await until(lambda: page.has_frames(30), within_s=30)
        way = await page.way()
        assert (way.kind, way.over) == ("relay", "tls")
        assert await seen_as(port) == VISITOR


async def seen_as(port: int) -> str:
    """The address Porthole is told of a visitor who comes for a page."""
    transport = httpx.AsyncHTTPTransport(verify=False, local_address=VISITOR)
    async with httpx.AsyncClient(transport=transport) as visitor:
        asked = await visitor.get(
            f"https://127.0.0.1:{port}/",
            headers={"host": "porthole.example"},
            extensions={"sni_hostname": "porthole.example"},
        )
    return asked.text
