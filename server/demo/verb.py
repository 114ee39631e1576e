"""The verb `demo`: everybody and the tour, then all of it as a table or as one JSON document."""

import asyncio
import sys
from datetime import UTC, datetime

import asyncpg
import msgspec

from media.errors import MediaError
from media.storage import S3Access, open_storage
from server import database, migrations
from server.asked import Asked, CannotDo
from server.config import Settings
from server.demo import invitation, people, room, signs, tour, webinar
from server.demo.told import Document
from server.dsn import database_of


def run(asked: Asked) -> int:
    """Seeds, and tells on standard output; logs go to standard error."""
    settings = asked.settings
    if not settings.is_loopback and not asked.arguments.yes:
        raise CannotDo(
            "not_loopback",
            f"The demo was not made: people elsewhere can reach {settings.url}, and its sign-ins "
            "are printed for all to see. Say --yes if you want that.",
        )
    try:
        document = asyncio.run(_make(settings))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, MediaError) as error:
        raise CannotDo(
            "demo",
            f"The demo was not finished ({type(error).__name__}: {error}). Nothing half is shown; "
            "run it again.",
        ) from error
    if asked.arguments.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document)).decode() + "\n")
    elif not asked.arguments.quiet:
        print(signs.text(settings.url, document.persons, document.classes))
    return 0


async def _make(settings: Settings) -> Document:
    async with database_of(settings) as dsn:
        await migrations.migrate(dsn)
        pool = await database.connect_pool(dsn, max_size=3)
        try:
            now = datetime.now(UTC)
            async with pool.acquire() as conn, conn.transaction():
                main, apart = await people.seed(conn, settings.secret, now)
                live = await room.find_or_open(conn, main, now)
                coming = await webinar.find_or_make(conn, main, now)
                asked = await invitation.find_or_ask(conn, main, now)
            storage = open_storage(settings.storage_url, S3Access(**settings.s3))
            found = await tour.find_or_make(pool, storage, settings.home, main)
        finally:
            await pool.close()
    return Document(
        base_url=settings.url,
        programme=main.programme,
        regions=main.regions,
        schools=main.schools,
        companies=main.companies,
        classes=main.classes,
        persons=main.persons,
        tour=found,
        second_programme=apart,
        room=live,
        webinar=coming,
        invitation=asked,
    )
