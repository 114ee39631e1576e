"""Everything on one machine: database, migrations, web and worker, kept running together."""

import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from server import database
from server.config import Settings
from server.embedded import EmbeddedError, embedded
from server.supervisor import Child, Supervisor, stop_signals


@contextlib.asynccontextmanager
async def database_of(settings: Settings) -> AsyncIterator[str]:
    """The DSN of the installation's database, wherever it runs.

    External: as set. Embedded: the one another process of ours already runs, else one started
    here for as long as the block lasts. Raises EmbeddedError when neither can be had.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    note = settings.home / "database-url"
    try:
        async with embedded(settings.home) as server:
            _write_note(note, server.dsn)
            try:
                yield server.dsn
            finally:
                note.unlink(missing_ok=True)
    except EmbeddedError as error:
        if error.code != "in_use" or not note.exists():
            raise
        yield note.read_text()


def _write_note(note: Path, dsn: str) -> None:
    note.touch(mode=0o600)
    note.write_text(dsn)


async def up(settings: Settings, environment: Mapping[str, str]) -> None:
    """Runs until SIGTERM, SIGINT or a closed terminal; then stops all in order.

    `environment` is this process's own; the children get it with the settings that were read.
    """
    async with stop_signals() as stop, database_of(settings) as dsn:
        await database.migrate(dsn)
        async with Supervisor(_children(settings, dsn, environment)):
            print(f"Porthole is at {settings.url} (Ctrl-C stops it)", flush=True)
            await stop.wait()


def _children(settings: Settings, dsn: str, environment: Mapping[str, str]) -> list[Child]:
    told = {
        **environment,
        "DATABASE_URL": dsn,
        "PORTHOLE_SECRET": settings.secret.decode(),
        "PORTHOLE_HOME": str(settings.home),
        "PORTHOLE_DEMO": "yes" if settings.is_demo else "no",
    }
    return [
        Child("web", (sys.executable, "-m", "server", "web"), told),
        Child("worker", (sys.executable, "-m", "workers"), told, stop_within_s=20),
    ]
