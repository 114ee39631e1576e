"""The verb `restore`: a backup becomes the database again; every file on its list is looked for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec

from media.storage import S3Access, Storage, open_storage
from rooms.attendance import retention
from server import archive, database, erased, migrations
from server.archive import DUMP, FILES, LIST, Entry, Manifest
from server.asked import Asked, CannotDo
from server.database import Connection
from server.dsn import database_of

# Where what was there before waits until the new data is whole.
ASIDE = "replaced_by_restore"
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Restored:
    """How it went. `missing`: keys not in the storage, or of another size; `purged`: rows
    that had had their time, `erased`: people who had themselves erased since."""

    manifest: Manifest
    copied: int
    missing: list[str]
    purged: int = 0
    erased: int = 0


def run(asked: Asked) -> int:
    """0 when all is there, 1 when files are missing: then the data is restored all the same."""
    settings = asked.settings
    storage = open_storage(settings.storage_url, S3Access(**settings.s3))
    folder = Path(asked.arguments.folder).absolute()
    done = asyncio.run(_with_database(asked, folder, storage))
    print(f"Restored: schema {done.manifest.schema_version}, made {done.manifest.made_at:%c} UTC.")
    if done.copied:
        print(f"{done.copied} files were copied back.")
    if done.purged or done.erased:
        print(f"Gone again: {done.purged} rows that had their time, {done.erased} people.")
    if done.missing:
        print(f"{len(done.missing)} of {done.manifest.files} files are missing from the storage:")
        print("\n".join(f"  {key}" for key in done.missing[:SHOWN]))
        print("Put the storage of that day back, then run this again with --replace.")
        return 1
    print(f"All {done.manifest.files} files are there, and the schema is up to date.")
    return 0


async def _with_database(asked: Asked, folder: Path, storage: Storage) -> Restored:
    manifest = await asyncio.to_thread(archive.read_manifest, folder)
    async with database_of(asked.settings) as dsn:
        return await read(dsn, storage, folder, manifest, replaces=asked.arguments.replace)


async def read(
    dsn: str, storage: Storage, folder: Path, manifest: Manifest, *, replaces: bool
) -> Restored:
    """Reads the backup back. Raises CannotDo, with the data that was there as it was."""
    conn = await asyncpg.connect(dsn)
    try:
        await _must_be_alone(conn)
        await _put_back(conn)
        if not replaces and not await _is_empty(conn):
            raise CannotDo(
                "not_empty",
                "There is data in this database. Nothing was changed. Say --replace to throw it "
                "away for the backup's.",
            )
        _, programs = archive.tools(await archive.major_of(conn), manifest.tool)
        async with _aside(conn):
            await archive.pour(programs, dsn, folder / DUMP)
    finally:
        await conn.close()
    purged, people = await _forget_again(dsn, storage)
    wanted = _wanted(folder)
    copied = await _copy_back(storage, folder / FILES, wanted)
    return Restored(manifest, copied, await _missing(storage, wanted), purged, people)


async def _forget_again(dsn: str, storage: Storage) -> tuple[int, int]:
    """A backup brings back what had its time since, and people who had themselves erased: both go
    before anybody sees them. The schema is brought up to date first, as that is what knows how."""
    await migrations.migrate(dsn)
    conn = await asyncpg.connect(dsn)
    try:
        await database.prepare(conn)
        now = datetime.now(UTC)
        async with conn.transaction():
            return await retention.purge(conn, now), await erased.again(conn, storage, now)
    finally:
        await conn.close()


async def _must_be_alone(conn: Connection) -> None:
    others = await conn.fetchval(
        """
        select count(*) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
          and backend_type = 'client backend'
        """
    )
    if others:
        raise CannotDo(
            "in_use", f"{others} connections use this database. Stop Porthole first; then restore."
        )


async def _is_empty(conn: Connection) -> bool:
    return not await conn.fetchval(
        "select exists (select from pg_tables where schemaname = 'public')"
    )


async def _put_back(conn: Connection) -> None:
    """An earlier restore was killed: what was there before it comes back."""
    if await conn.fetchval("select exists (select from pg_namespace where nspname = $1)", ASIDE):
        async with conn.transaction():
            await conn.execute("drop schema if exists public cascade")
            await conn.execute(f"alter schema {ASIDE} rename to public")


@asynccontextmanager
async def _aside(conn: Connection) -> AsyncIterator[None]:
    """Keeps what is there until the new data is whole; brings it back when that fails."""
    async with conn.transaction():
        await conn.execute(f"alter schema public rename to {ASIDE}")
        await conn.execute("create schema public authorization pg_database_owner")
    try:
        yield
    except BaseException:
        await _put_back(conn)
        raise
    await conn.execute(f"drop schema {ASIDE} cascade")


def _wanted(folder: Path) -> list[Entry]:
    with (folder / LIST).open("rb") as file:
        return [msgspec.json.decode(line, type=Entry) for line in file]


async def _copy_back(storage: Storage, files: Path, wanted: list[Entry]) -> int:
    """Puts the copied files where they are missing; one that is there stays as it is."""
    if not files.is_dir():
        return 0
    there = await _sizes(storage)
    copied = 0
    for entry in wanted:
        path = files / entry.key
        if there.get(entry.key) != entry.bytes and path.is_file():
            await storage.put_file(entry.key, path)
            copied += 1
    return copied


async def _missing(storage: Storage, wanted: list[Entry]) -> list[str]:
    there = await _sizes(storage)
    return [entry.key for entry in wanted if there.get(entry.key) != entry.bytes]


async def _sizes(storage: Storage) -> dict[str, int]:
    return {each.key: each.size async for each in storage.list_prefix("")}
