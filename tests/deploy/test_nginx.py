"""deploy/nginx.conf in a real nginx on loopback: TLS, films from the folder, nothing else open."""

import asyncio
import base64
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from media.storage import open_storage
from rooms.agenda import room_sessions
from rooms.attendance import seats
from server.database import Pool
from tests.support import lessons, people
from tests.support.floor import settings_in
from tests.support.live_rooms import a_room
from tests.support.sending import a_sender
from tests.support.served import free_port, served
from tests.support.sockets import Page
from tests.support.tours import a_desk, a_published_tour

SOCKET = "web.sock"
CONFIG = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
OPENSSL = shutil.which("openssl")

pytestmark = pytest.mark.skipif(
    NGINX is None or OPENSSL is None, reason="nginx or openssl is not installed (Debian has both)"
)

MAIN = """
daemon off; master_process off; worker_processes 1; {user}
pid {home}/nginx.pid; error_log {home}/error.log;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
    include {home}/porthole.conf;
}}
"""


@dataclass(frozen=True)
class Front:
    """nginx before the app: its address, and the app's own."""

    url: str
    app: str
    http: str
    home: Path


def written(home: Path, plain: int, secure: int) -> Path:
    """The config as it is shipped, with this test's ports, certificate and folders."""
    text = CONFIG.read_text()
    for old, new in (
        ("unix:/run/porthole/web.sock;", f"unix:{home / SOCKET};"),
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl;\n", ""),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl;"),
        ("/etc/porthole/tls/fullchain.pem", f"{home}/cert.pem"),
        ("/etc/porthole/tls/privkey.pem", f"{home}/key.pem"),
        ("/var/lib/porthole/storage/", f"{home}/storage/"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    (home / "porthole.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(MAIN.format(home=home, user=user))
    return home / "nginx.conf"


def certificate(home: Path) -> None:
    subprocess.run(
        [
            str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=porthole.example",
            "-keyout", str(home / "key.pem"), "-out", str(home / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip


@pytest.fixture
async def front(dsn: str, tmp_path: Path) -> AsyncIterator[Front]:
    """A running nginx before a running app."""
    settings = settings_in(tmp_path, url="https://porthole.example", socket=tmp_path / SOCKET)
    plain, secure = free_port(), free_port()
    certificate(tmp_path)
    async with served(settings, dsn) as app:
        config = str(written(tmp_path, plain, secure))
        checked = subprocess.run(
            [str(NGINX), "-t", "-c", config], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stderr
        nginx = await asyncio.create_subprocess_exec(
            str(NGINX), "-c", config, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            url = f"https://127.0.0.1:{secure}"
            await until_up(url)
            yield Front(url, app, f"http://127.0.0.1:{plain}", tmp_path)
        finally:
            nginx.terminate()
            await nginx.wait()


def unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def until_up(url: str) -> None:
    async with client(url) as http, asyncio.timeout(20):
        while True:
            try:
                await http.get("/up")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return


def client(url: str, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, verify=unchecked(), timeout=20, headers=headers)


async def a_film(pool: Pool, home: Path) -> str:
    """A published tour whose film has one segment; returns the segment's address."""
    async with pool.acquire() as conn, conn.transaction():
        tour_id = await a_published_tour(conn, await a_desk(conn))
        row = await conn.fetchrow(
            "select v.id, v.current_version_id as version, w.prefix from videos v"
            " join video_versions w on w.id = v.current_version_id"
            " join tours t on t.video_id = v.id where t.id = $1",
            tour_id,
        )
    assert row is not None
    storage = open_storage((home / "storage").as_uri())
    await storage.put(f"{row['prefix']}/720p/s00000.m4s", b"segment" * 1000)
    return f"/videos/{row['id']}/{row['version']}/720p/s00000.m4s"


async def test_a_segment_is_allowed_by_the_app_and_sent_by_nginx(front: Front, pool: Pool) -> None:
    segment = await a_film(pool, front.home)
    async with client(front.app) as app:
        allowed = await app.get(segment, headers={"x-accel": "yes"})
        assert (allowed.status_code, allowed.content) == (200, b"")
        key = allowed.headers["x-accel-redirect"]
    async with client(front.url) as browser:
        sent = await browser.get(segment)
        assert (sent.status_code, sent.content) == (200, b"segment" * 1000)
        assert "immutable" in sent.headers["cache-control"]
        assert sent.headers["content-type"] == "video/iso.segment"
        assert "x-accel-redirect" not in sent.headers
        part = await browser.get(segment, headers={"range": "bytes=7-13"})
        assert (part.status_code, part.content) == (206, b"segment")
        # the same file by its own address, as nobody may ask for it
        assert (await browser.get(key)).status_code == 404


async def test_what_the_app_refuses_nginx_does_not_send(front: Front, pool: Pool) -> None:
    segment = await a_film(pool, front.home)
    await pool.execute("update tours set state = 'draft'")
    async with client(front.url) as browser:
        assert (await browser.get(segment)).status_code == 404


async def test_an_upload_goes_through_byte_by_byte(front: Front, pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        sender = await a_sender(conn)
    name = base64.b64encode(b"film.mp4").decode()
    data = os.urandom(300_000)
    async with client(front.url, headers=sender.headers) as http:
        made = await http.post(
            "/uploads/",
            headers={"upload-length": "900000", "upload-metadata": f"filename {name}"},
        )
        assert made.status_code == 201
        where = made.headers["location"]
        patch = {"upload-offset": "0", "content-type": "application/offset+octet-stream"}

        async def breaks_off() -> AsyncIterator[bytes]:
            yield data
            await asyncio.sleep(0.5)
            raise ConnectionError

        with pytest.raises(ConnectionError):
            await http.patch(where, headers=patch, content=breaks_off())
        # nginx had passed on what it had: with a buffer in between nothing would be here
        head = await http.head(where)
        assert head.headers["upload-offset"] == "300000"


async def test_pages_come_over_tls_only_and_metrics_not_at_all(front: Front) -> None:
    async with client(front.http) as plain:
        moved = await plain.get("/tours")
        assert moved.status_code == 301
        assert moved.headers["location"].startswith("https://")
    async with client(front.url) as browser:
        page = await browser.get("/sign-in")
        assert page.status_code == 200
        assert "max-age" in page.headers["strict-transport-security"]
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert (await browser.get("/metrics")).status_code == 404


async def test_the_socket_of_a_room_goes_through(front: Front, pool: Pool) -> None:
    now = datetime.now(UTC)
    async with pool.acquire() as conn, conn.transaction():
        world = await lessons.a_world(conn)
        room = await a_room(conn, world, now)
        school_class = await lessons.a_class(conn, world)
        part = await room_sessions.take_part(conn, world.scope, room.id, school_class.id, now)
        _, token = await seats.sit(conn, world.programme.id, part.session_class_id, None, now)
    path = f"{front.url.replace('https', 'wss')}/rooms/{room.id}/socket"
    for origin, status in (("https://porthole.example", 101), ("https://elsewhere.example", 403)):
        try:
            async with connect(
                path, ssl=unchecked(), origin=Origin(origin),
                additional_headers={"cookie": f"seat={token}"},
            ) as socket:  # fmt: skip
                page = Page(socket)
                assert (await page.hello())["title"] == room.title
                await page.beating(1)
        except InvalidStatus as refused:
            assert refused.response.status_code == status
        else:
            assert status == 101


async def test_a_form_from_our_own_page_is_taken(front: Front, pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        await people.a_programme(conn)
    async with client(front.url) as browser:
        host = {"host": "porthole.example", "origin": "https://porthole.example"}
        taken = await browser.post("/language", data={"language": "en"}, headers=host)
        assert taken.status_code == 303
        strange = {"host": "porthole.example", "origin": "https://elsewhere.example"}
        refused = await browser.post("/language", data={"language": "en"}, headers=strange)
        assert refused.status_code == 403
