"""Everything on one machine: database, migrations, web and worker, kept running together."""

import asyncio
import sys
from collections.abc import Mapping

import asyncpg

from server import database
from server.asked import Asked, CannotDo
from server.config import Settings
from server.dsn import database_of
from server.supervisor import Child, Supervisor, stop_signals


def run(asked: Asked) -> int:
    """The verb `up`: runs until SIGTERM, SIGINT or a closed terminal; then stops all in order."""
    asyncio.run(_up(asked.settings, asked.environment))
    return 0


async def _up(settings: Settings, environment: Mapping[str, str]) -> None:
    async with stop_signals() as stop, database_of(settings) as dsn:
        told = _told(settings, dsn, environment)
        await _migrate(dsn, told)
        async with Supervisor(_children(told)):
            print(f"Porthole is at {settings.url} (Ctrl-C stops it)", flush=True)
            await stop.wait()


async def _migrate(dsn: str, told: Mapping[str, str]) -> None:
    """In a process of its own, and only when it is due: alembic takes a second to import."""
    connection = await asyncpg.connect(dsn)
    try:
        version = await database.schema_version(connection)
    finally:
        await connection.close()
    if version == database.newest_version():
        return
    argv = (sys.executable, "-m", "server", "migrate")
    child = await asyncio.create_subprocess_exec(*argv, env=told)
    if await child.wait() != 0:
        raise CannotDo("migration", "The database could not be brought to the newest version.")


def _told(settings: Settings, dsn: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of our children: our own, with the settings that were read."""
    return {
        **environment,
        "DATABASE_URL": dsn,
        "PORTHOLE_SECRET": settings.secret.decode(),
        "PORTHOLE_HOME": str(settings.home),
        "PORTHOLE_DEMO": "yes" if settings.is_demo else "no",
    }


def _children(told: Mapping[str, str]) -> list[Child]:
    return [
        Child("web", (sys.executable, "-m", "server", "web"), told),
        Child("worker", (sys.executable, "-m", "workers"), told, stop_within_s=20),
    ]
