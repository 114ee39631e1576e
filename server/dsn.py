"""Where the installation's database is: given, running already, or started here."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg

from server.asked import CannotDo
from server.config import Settings
from server.embedded import EmbeddedError, embedded

ANSWERS_WITHIN_S = 10.0


async def check(dsn: str) -> None:
    """Raises CannotDo, for its reader by the name of the setting, when no database answers."""
    try:
        connection = await asyncpg.connect(dsn, timeout=ANSWERS_WITHIN_S)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        why = str(error) or "no answer"
        raise CannotDo("database", f"DATABASE_URL: the database cannot be used: {why}") from None
    except (asyncpg.InterfaceError, ValueError):  # their texts may hold the password
        raise CannotDo("database", "DATABASE_URL: it cannot be read as an address") from None
    await connection.close()


@contextlib.asynccontextmanager
async def database_of(settings: Settings, *, may_share: bool = True) -> AsyncIterator[str]:
    """The DSN of the installation's database, wherever it runs.

    External: as set. Embedded: the one another process of ours already runs if we may share it,
    else one started here for as long as the block lasts. Raises CannotDo when neither can be had.
    """
    if settings.database_url is not None:
        await check(settings.database_url)
        yield settings.database_url
        return
    note = settings.home / "database-url"
    async with contextlib.AsyncExitStack() as stack:
        try:
            server = await stack.enter_async_context(embedded(settings.home))
        except EmbeddedError as error:
            if error.code != "in_use" or not may_share or not note.exists():
                raise CannotDo(error.code, str(error)) from None
            yield note.read_text()
            return
        _write(note, server.dsn)
        stack.callback(note.unlink, missing_ok=True)
        yield server.dsn


def _write(note: Path, dsn: str) -> None:
    note.touch(mode=0o600)
    note.write_text(dsn)
