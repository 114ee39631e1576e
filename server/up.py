"""Everything on one machine: database, migrations, web, live, worker, kept running together."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from server import database, ports
from server.asked import Asked, CannotDo
from server.config import Settings
from server.demo import people, published, room, signs
from server.demo.told import ProgrammeTold
from server.dsn import database_of
from server.supervisor import Child, Supervisor, clear_group, spawn, stop_signals

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 0.05
# People come to the web process: it has the cores to itself until it listens, or for so long.
WEB_ALONE_S = 10.0


@dataclass(frozen=True, slots=True)
class _Demo:
    """Who is in the demo, and whether its tour is still to be made."""

    told: ProgrammeTold
    lacks_tour: bool


def run(asked: Asked) -> int:
    """The verb `up`: runs until SIGTERM, SIGINT or a closed terminal; then stops all in order."""
    asyncio.run(_up(asked.settings, asked.environment))
    return 0


async def _up(settings: Settings, environment: Mapping[str, str]) -> None:
    async with stop_signals() as stop, database_of(settings, may_share=False) as dsn:
        await ports.check(settings)
        told = _told(settings, dsn, environment)
        await _migrate(dsn, told)
        demo = await _seed(settings, dsn)
        async with Supervisor([_web(told)]), _meanwhile(settings, demo, told):
            await _listens_or_stops(settings, stop)
            async with Supervisor(_beside_web(told)):
                await stop.wait()


async def _listens_or_stops(settings: Settings, stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WEB_ALONE_S):
            while not stop.is_set() and not await _listens(settings):
                await asyncio.sleep(LOOK_AGAIN_S)


async def _migrate(dsn: str, told: Mapping[str, str]) -> None:
    """In a process of its own, and only when it is due: alembic takes a second to import."""
    async with _connection(dsn) as conn:
        version = await database.schema_version(conn)
    if version == database.newest_version():
        return
    argv = (sys.executable, "-m", "server", "migrate")
    child = await asyncio.create_subprocess_exec(*argv, env=told)
    if await child.wait() != 0:
        raise CannotDo(
            "migration",
            "The database could not be brought to the newest version. All it held is there, and "
            "nothing is half changed: start again; if it stays so, the lines above say why.",
        )


@contextlib.asynccontextmanager
async def _connection(dsn: str) -> AsyncIterator[database.Connection]:
    conn = await asyncpg.connect(dsn)
    try:
        await database.prepare(conn)
        yield conn
    finally:
        await conn.close()


async def _seed(settings: Settings, dsn: str) -> _Demo | None:
    """The demo's people stand in their rows before anybody can ask for them."""
    if not settings.is_demo:
        return None
    now = datetime.now(UTC)
    async with _connection(dsn) as conn, conn.transaction():
        told, _ = await people.seed(conn, settings.secret, now, resets=False)
        await room.find_or_open(conn, told, now)
        tour = await published.find(conn, told.programme.id)
    return _Demo(told, tour is None)


@contextlib.asynccontextmanager
async def _meanwhile(
    settings: Settings, demo: _Demo | None, told: Mapping[str, str]
) -> AsyncIterator[None]:
    """Beside the running children: says where to look, then makes the demo's film."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(_welcome(settings, demo, told))
        try:
            yield
        finally:
            task.cancel()


async def _welcome(settings: Settings, demo: _Demo | None, told: Mapping[str, str]) -> None:
    while not await _listens(settings):
        await asyncio.sleep(LOOK_AGAIN_S)
    if demo is None:
        print(f"Porthole is at {settings.url} (Ctrl-C stops it)", flush=True)
        return
    print(signs.text(settings.url, demo.told.persons, demo.told.classes), flush=True)
    print("  Ctrl-C stops it.\n", flush=True)
    if demo.lacks_tour:
        await _make_film(told)


async def _listens(settings: Settings) -> bool:
    try:
        _, writer = await asyncio.open_connection(settings.bind, settings.port)
    except OSError:
        return False
    writer.close()
    return True


async def _make_film(told: Mapping[str, str]) -> None:
    """In a process of its own: the media libraries would slow every start down."""
    argv = (sys.executable, "-m", "server", "demo", "--quiet", "--yes")
    process = await spawn(Child("demo", argv, told))
    try:
        if await process.wait() != 0:
            log.warning("the demo's film was not made; `python -m server demo` tries again")
    finally:
        clear_group(process.pid)


def _told(settings: Settings, dsn: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of our children: our own, with the settings that were read."""
    return {
        **environment,
        "DATABASE_URL": dsn,
        "PORTHOLE_SECRET": settings.secret.decode(),
        "PORTHOLE_HOME": str(settings.home),
        "PORTHOLE_DEMO": "yes" if settings.is_demo else "no",
    }


def _web(told: Mapping[str, str]) -> Child:
    return Child("web", (sys.executable, "-m", "server", "web"), told)


def _beside_web(told: Mapping[str, str]) -> list[Child]:
    return [
        Child("live", (sys.executable, "-m", "server", "live"), told),
        Child("worker", (sys.executable, "-m", "workers"), told, stop_within_s=20),
    ]
