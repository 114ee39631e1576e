"""The verb `doctor`: looks at every part, says what is not well and what to do about it."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import msgspec

from media import ffmpeg
from media.child import ChildLimits, run_child
from media.live.address import address_for
from media.live.messages import LINE_BYTES, Ask, Stats
from media.storage import S3Access, Storage, open_storage
from server import database, heartbeat, restore, turn
from server.asked import Asked, CannotDo
from server.config import Settings
from server.database import Connection
from server.dsn import database_of
from server.templates import STATIC

OLDEST_SERVER = 15
LOW_DISK_BYTES = 5 * 1000**3
CLOCK_OFF_S = 2.0
# Waiting so long means that nobody works: a lane looks for jobs every few seconds.
STUCK_AFTER_S = 600
ANSWERS_WITHIN_S = 20.0
NEEDED_FILTERS = (
    "alimiter", "ass", "bwdif", "ebur128", "scale", "split", "thumbnail", "tile", "tonemap",
    "zscale",
)  # fmt: skip
NEEDED_ENCODERS = ("libx264", "aac", "mjpeg")


class Ill(Exception):
    """A part is not well. The text says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    part: str
    is_well: bool
    text: str


Check = Callable[[], Awaitable[str]]


def run(asked: Asked) -> int:
    """Prints a line per part; 0 when all are well, else 1."""
    findings = asyncio.run(examine(asked.settings))
    for finding in findings:
        print(f"{'ok ' if finding.is_well else 'NOT'}  {finding.part:<9} {finding.text}")
    return 0 if all(finding.is_well for finding in findings) else 1


async def examine(settings: Settings) -> list[Finding]:
    """Every finding; one part that is ill keeps none of the others from being looked at."""
    storage = open_storage(settings.storage_url, S3Access(**settings.s3))
    found = [
        await _look("address", lambda: _address(settings)),
        await _look("storage", lambda: _storage(storage)),
        await _look("disk", lambda: _disk(storage)),
        await _look("ffmpeg", _ffmpeg),
        await _look("browser", lambda: _libraries(STATIC / "vendor")),
        await _look("mail", lambda: _mail(settings)),
        await _look("live", lambda: _live(settings)),
        await _look("relay", lambda: _relay(settings)),
    ]
    try:
        async with database_of(settings) as dsn:
            found += await _look_into_database(dsn)
    except CannotDo as error:
        found.append(Finding("database", False, str(error)))
    return found


async def _look(part: str, check: Check) -> Finding:
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            return Finding(part, True, await check())
    except Ill as ill:
        return Finding(part, False, str(ill))
    except TimeoutError:
        return Finding(part, False, f"did not answer within {ANSWERS_WITHIN_S:.0f} s")
    except Exception as error:  # whatever a driver raises is what the operator has to read
        return Finding(part, False, f"{type(error).__name__}: {error}")


async def _address(settings: Settings) -> str:
    if not settings.is_loopback and not settings.is_secure:
        raise Ill(
            f"{settings.url} is not HTTPS: browsers give no camera, and passwords travel in the "
            "open. Put nginx with a certificate before it (deploy/nginx.conf)."
        )
    if settings.is_secure and not settings.has_proxy:
        raise Ill(
            "HTTPS ends at a proxy, but neither PORTHOLE_SOCKET nor PORTHOLE_TRUSTED_PROXIES is "
            "set: all people seem to come from the proxy. Set the first where it asks at a socket "
            "(deploy/nginx.conf), else the second to its address, such as 127.0.0.1/32."
        )
    return settings.url


async def _storage(storage: Storage) -> str:
    key, data = f"doctor/{uuid4()}", b"porthole"
    await storage.put(key, data)
    try:
        if await storage.get(key) != data:
            raise Ill("what was stored came back changed: do not use this storage")
    finally:
        await storage.delete(key)
    if await storage.exists(key):
        raise Ill("what was deleted is still there: look at the rights of the storage's account")
    return "stores, reads and deletes"


async def _disk(storage: Storage) -> str:
    free = await storage.free_bytes()
    if free is None:
        return "the storage is not a disk of ours"
    if free < LOW_DISK_BYTES:
        raise Ill(f"{free / 1e9:.1f} GB free: uploads are refused soon. Make room.")
    return f"{free / 1e9:.0f} GB free"


async def _ffmpeg() -> str:
    filters, encoders = await _listed("-filters"), await _listed("-encoders")
    missing = [name for name in NEEDED_FILTERS if name not in filters]
    missing += [name for name in NEEDED_ENCODERS if name not in encoders]
    if missing:
        raise Ill(f"{ffmpeg.executable()} lacks {', '.join(missing)}: unset IMAGEIO_FFMPEG_EXE")
    return "has every filter and encoder"


async def _listed(option: str) -> set[str]:
    with TemporaryDirectory() as folder:
        argv = [ffmpeg.executable(), "-hide_banner", option]
        ended = await run_child(argv, ChildLimits(wall_s=15), folder=Path(folder))
    rows = (line.split() for line in ended.stdout.decode().splitlines())
    return {row[1] for row in rows if len(row) > 1}


async def _libraries(vendor: Path) -> str:
    manifest = vendor / "manifest.json"
    if not manifest.is_file():
        raise Ill("the browser's libraries are not installed: run `make setup`")
    told = json.loads(manifest.read_text())
    wanted = [*told.get("imports", {}).values(), *told.get("styles", {}).values()]
    missing = [path for path in wanted if not (STATIC / path.removeprefix("/static/")).is_file()]
    if missing:
        raise Ill(f"{missing[0]} is missing: run `make setup` again")
    return "its libraries are installed"


async def _mail(settings: Settings) -> str:
    if settings.mail_url is None:
        return f"no server: mails go to {settings.home / 'outbox'}"
    parts = urlsplit(settings.mail_url)
    is_tls = parts.scheme == "smtps"
    port = parts.port or (465 if is_tls else 587)
    try:
        reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=is_tls or None)
    except OSError as error:
        raise Ill(f"{parts.hostname}:{port} does not answer ({error}): PORTHOLE_MAIL_URL") from None
    try:
        greeting = await reader.readline()
    finally:
        writer.close()
    if not greeting.startswith(b"220"):
        raise Ill(f"{parts.hostname}:{port} is no mail server: it said {greeting[:60]!r}")
    return f"{parts.hostname}:{port} answers"


async def _live(settings: Settings) -> str:
    """Whether it answers, and whether browsers elsewhere are sent to where it can be reached."""
    told = ", ".join(settings.live_addresses)
    is_here = all(ip_address(one).is_loopback for one in settings.live_addresses)
    if is_here and not settings.is_loopback:
        raise Ill(f"browsers are sent to {told}, which is their own machine: set"
                  " PORTHOLE_LIVE_ADDRESSES to this machine's address")  # fmt: skip
    address = address_for(settings.home, settings.live_port)
    where = f"port {settings.live_port} (UDP and TCP) of {told}"
    try:
        reader, writer = await asyncio.open_unix_connection(str(address), limit=LINE_BYTES)
    except (FileNotFoundError, ConnectionRefusedError):  # the socket of one that was killed stays
        return f"not running now; {where}"
    try:
        writer.write(msgspec.json.encode(Ask(1, Stats())) + b"\n")
        line = await reader.readline()
    finally:
        writer.close()
    if b'"counted"' not in line:
        raise Ill(f"what listens at {address} is no live process of ours: stop it")
    return f"answers; {where}"


async def _relay(settings: Settings) -> str:
    if not settings.turn_urls:
        return "none: who reaches neither UDP nor TCP of the live port sees nothing live"
    for url in settings.turn_urls:
        if "transport=tcp" not in url and not url.startswith("turns:"):
            continue  # a UDP port that is silent says nothing
        host, port = turn.place(url)
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            raise Ill(f"{host}:{port} does not answer ({error}): PORTHOLE_TURN_URL") from None
        writer.close()
    return ", ".join(settings.turn_urls)


# --- the database --------------------------------------------------------------------------------


async def _look_into_database(dsn: str) -> list[Finding]:
    try:
        conn = await asyncpg.connect(dsn, timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        return [Finding("database", False, f"cannot be reached: {error}. Look at DATABASE_URL.")]
    try:
        found = [
            await _look("database", lambda: _version(conn)),
            await _look("schema", lambda: _schema(conn)),
            await _look("clock", lambda: _clock(conn)),
        ]
        if found[1].is_well:
            found += [
                await _look("worker", lambda: _worker(conn)),
                await _look("jobs", lambda: _jobs(conn)),
                await _look("mails", lambda: _mails(conn)),
            ]
        return found
    finally:
        await conn.close()


async def _version(conn: Connection) -> str:
    number = int(await conn.fetchval("show server_version_num"))
    if number // 10000 < OLDEST_SERVER:
        raise Ill(f"is PostgreSQL {number // 10000}; {OLDEST_SERVER} or newer is needed")
    return f"PostgreSQL {number // 10000}.{number % 10000}"


async def _schema(conn: Connection) -> str:
    aside = await conn.fetchval(
        "select exists (select from pg_namespace where nspname = $1)", restore.ASIDE
    )
    if aside:
        raise Ill("a restore was killed: run the same `restore` again; what was there comes back")
    version, newest = await database.schema_version(conn), database.newest_version()
    if version != newest:
        raise Ill(f"is at {version or 'nothing'}, not {newest}: run `python -m server migrate`")
    return f"at the newest version, {version}"


async def _clock(conn: Connection) -> str:
    off_s = abs(float(await conn.fetchval("select extract(epoch from clock_timestamp())"))
                - time.time())  # fmt: skip
    if off_s > CLOCK_OFF_S:
        raise Ill(f"ours and the database's are {off_s:.0f} s apart: attendance needs them right")
    return "ours and the database's agree"


async def _worker(conn: Connection) -> str:
    """A worker says every few seconds that it lives."""
    others = await conn.fetchval(
        "select count(*) from pg_stat_activity where application_name = 'porthole'"
        " and datname = current_database()"
    )
    silence = await heartbeat.silence(conn)
    if not others:
        return "Porthole is not running now"
    if silence is None or silence > heartbeat.SILENT_AFTER:
        raise Ill("none is heard: start `python -m workers` (systemd: its log)")
    return f"heard {silence.total_seconds():.0f} s ago"


async def _jobs(conn: Connection) -> str:
    row = await conn.fetchrow(
        """
        select count(*) filter (where status = 'queued') as waiting,
               extract(epoch from now() - min(greatest(created, execute_after))
                   filter (where status = 'queued' and execute_after <= now())) as oldest_s
        from pgqueuer
        """
    )
    assert row is not None
    if row["oldest_s"] is not None and row["oldest_s"] > STUCK_AFTER_S:
        minutes = row["oldest_s"] / 60
        raise Ill(f"{row['waiting']} wait, the oldest for {minutes:.0f} minutes: add a worker")
    return f"{row['waiting']} wait"


async def _mails(conn: Connection) -> str:
    failed = await conn.fetchval(
        "select count(*) from mails where state = 'failed' and created_at > now() - interval '7 d'"
    )
    if failed:
        raise Ill(f"{failed} of the last week could not be sent: look at PORTHOLE_MAIL_URL")
    return "none failed in the last week"
