"""Segments to players: megabytes per CPU-second of all the serving processes.

Each request is authorised by the app. Alone it sends the bytes too; behind nginx it answers with
`X-Accel-Redirect`, and nginx sends them. CPU is of the web process and of nginx with its workers;
PostgreSQL's is told beside it, the client's is not in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from media.storage import open_storage
from server import database, migrations
from server.embedded import Embedded, embedded
from tests.support.processes import enterable_folder
from tests.support.served import free_port
from tests.support.tours import a_desk, a_published_tour
from tests.support.workers import a_process, environment

PLAYERS = 4
SEGMENT_BYTES = 2_500_000  # 4 s at 5 Mbit/s
FILES = 8
DEBIAN_NGINX = "/usr/sbin/nginx"

NGINX = """
daemon off; master_process on; worker_processes 1; pid {home}/nginx.pid; {user}
error_log {home}/nginx.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off; sendfile on; tcp_nopush on; types {{ }} default_type application/octet-stream;
    client_body_temp_path {home}/n1; proxy_temp_path {home}/n2; fastcgi_temp_path {home}/n3;
    uwsgi_temp_path {home}/n4; scgi_temp_path {home}/n5;
    upstream app {{ server 127.0.0.1:{app}; keepalive 16; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Accel yes;
        }}
        location /stored/ {{ internal; alias {home}/storage/; }}
    }}
}}
"""


@dataclass(frozen=True)
class Served:
    """What was sent and what it cost."""

    sent_bytes: int
    wall_s: float
    web_cpu_s: float
    nginx_cpu_s: float
    database_cpu_s: float

    @property
    def mb_per_cpu_s(self) -> float:
        """Megabytes per CPU-second of web process and nginx together."""
        return self.sent_bytes / 1e6 / (self.web_cpu_s + self.nginx_cpu_s)


@contextlib.asynccontextmanager
async def a_film_server() -> AsyncIterator[Stand]:
    """A web process with a public film of a few segments, and nginx in front of it."""
    with enterable_folder() as home:
        async with embedded(home / "pg") as server:
            await migrations.migrate(server.dsn)
            address = await _a_film(server.dsn, home)
            app = free_port()
            told = environment(
                server.dsn, home, PORTHOLE_PORT=str(app), PORTHOLE_TRUSTED_PROXIES="127.0.0.1"
            )
            log = home / "web.log"
            async with a_process(log, "-m", "server", "web", told=told) as web:
                with _nginx(home, app) as nginx:
                    stand = Stand(address, app, web.pid, nginx, server)
                    await stand.is_up()
                    yield stand


async def _a_film(dsn: str, home: Path) -> str:
    storage = open_storage((home / "storage").as_uri())
    pool = await database.connect_pool(dsn, max_size=1)
    async with pool.acquire() as conn, conn.transaction():
        tour_id = await a_published_tour(conn, await a_desk(conn))
        row = await conn.fetchrow(
            """
            select v.id, v.video_id, v.prefix from video_versions v
            join tours t on t.video_id = v.video_id where t.id = $1
            """,
            tour_id,
        )
    await pool.close()
    assert row is not None
    for number in range(FILES):
        await storage.put(f"{row['prefix']}/1080p/seg-{number:05}.m4s", os.urandom(SEGMENT_BYTES))
    return f"/videos/{row['video_id']}/{row['id']}/1080p"


@dataclass(frozen=True)
class Nginx:
    """A running nginx: its port, and its processes."""

    port: int
    pid: int


@contextlib.contextmanager
def _nginx(home: Path, app: int) -> Iterator[Nginx | None]:
    """nginx before the app; None where it is not installed."""
    program = shutil.which("nginx") or shutil.which(DEBIAN_NGINX)
    if program is None:
        yield None
        return
    port, conf = free_port(), home / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    conf.write_text(NGINX.format(home=home, app=app, port=port, user=user))
    running = psutil.Popen([program, "-p", str(home), "-c", str(conf)])
    try:
        yield Nginx(port, running.pid)
    finally:
        running.terminate()
        running.wait(10)


@dataclass(frozen=True)
class Stand:
    """All processes of the measurement."""

    address: str
    app: int
    web: int
    nginx: Nginx | None
    database: Embedded

    async def is_up(self) -> None:
        """Waits until app and nginx answer."""
        ports = [self.app, *([self.nginx.port] if self.nginx else [])]
        async with httpx.AsyncClient() as client, asyncio.timeout(30):
            for port in ports:
                while not await _answers(client, f"http://127.0.0.1:{port}/up"):
                    await asyncio.sleep(0.05)

    def alone(self, requests: int) -> Served:
        """The app sends the bytes itself."""
        return self._measure(self.app, requests)

    def behind_nginx(self, requests: int) -> Served:
        """The app says yes, nginx sends."""
        if self.nginx is None:
            pytest.skip("Debian's package nginx is not installed")
        return self._measure(self.nginx.port, requests)

    def _measure(self, port: int, requests: int) -> Served:
        url = f"http://127.0.0.1:{port}{self.address}"
        _fetch(url, PLAYERS * 2)  # connections and caches are warm
        before, started = self._cpu(), monotonic()
        sent = _fetch(url, requests)
        wall_s, after = monotonic() - started, self._cpu()
        web, nginx, rows = (b - a for a, b in zip(before, after, strict=True))
        return Served(sent, wall_s, web, nginx, rows)

    def _cpu(self) -> tuple[float, float, float]:
        nginx = _cpu_s(self.nginx.pid) if self.nginx else 0.0
        return _cpu_s(self.web), nginx, _cpu_s(self.database.pid or 0)


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == 200
    except httpx.TransportError:
        return False


def _cpu_s(pid: int) -> float:
    """User and system time of a process and all below it, to a hundredth of a second."""
    top = psutil.Process(pid)
    times = [process.cpu_times() for process in (top, *top.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


def _fetch(url: str, requests: int) -> int:
    """Several players at once, each on a connection of its own; returns the bytes they got."""
    shares = [requests // PLAYERS] * PLAYERS
    with ThreadPoolExecutor(PLAYERS) as players:
        return sum(players.map(partial(_play, url), shares))


def _play(url: str, requests: int) -> int:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port)
    got, room = 0, bytearray(1024 * 1024)
    for number in range(requests):
        connection.request("GET", f"{parts.path}/seg-{number % FILES:05}.m4s")
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()[:200]
        size = 0
        while piece := answer.readinto(room):
            size += piece
        assert size == SEGMENT_BYTES, "nginx or the app sent something else"
        got += size
    connection.close()
    return got
