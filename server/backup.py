"""The verb `backup`: the database and a list of every stored file, whole or not at all."""

import asyncio
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec

from media.errors import StorageError
from media.storage import S3Access, Storage, open_storage
from server import archive, database
from server.archive import DUMP, FILES, LIST, MANIFEST, Entry, Manifest
from server.asked import Asked, CannotDo
from server.dsn import database_of


def run(asked: Asked) -> int:
    """Writes beside the wanted folder and renames at the end: a half backup never has its name."""
    folder = Path(asked.arguments.folder).absolute()
    if folder.exists():
        raise CannotDo("exists", f"{folder} exists already. Choose a folder that does not.")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    settings = asked.settings
    storage = open_storage(settings.storage_url, S3Access(**settings.s3))
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        manifest = asyncio.run(_with_database(asked, unfinished, storage))
        unfinished.rename(folder)
        _flush(folder.parent)
    except OSError as error:
        raise CannotDo("not_written", f"The backup was not written: {error}") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    print(
        f"{folder}: schema {manifest.schema_version}, "
        f"{manifest.files} files of {manifest.files_bytes / 1e6:.1f} MB "
        + ("copied too." if manifest.has_files else "listed; keep the storage itself safe.")
    )
    return 0


async def _with_database(asked: Asked, folder: Path, storage: Storage) -> Manifest:
    async with database_of(asked.settings) as dsn:
        return await write(dsn, storage, folder, copies=asked.arguments.files)


async def write(dsn: str, storage: Storage, folder: Path, *, copies: bool) -> Manifest:
    """Fills the folder. The list is made after the dump: what the dump names is then on it.

    Raises CannotDo when the database has no schema of ours, or pg_dump fails.
    """
    conn = await asyncpg.connect(dsn)
    try:
        version = await database.schema_version(conn)
        major, programs = archive.tools(await archive.major_of(conn))
    finally:
        await conn.close()
    if not version:
        raise CannotDo("empty", "There is nothing in this database to make a backup of.")
    await archive.dump(programs, dsn, folder / DUMP)
    entries = await _list(storage, folder)
    if copies:
        for entry in entries:
            await _copy(storage, entry, folder / FILES)
    return await asyncio.to_thread(_seal, folder, version, major, entries, copies)


async def _list(storage: Storage, folder: Path) -> list[Entry]:
    found = [Entry(each.key, each.size) async for each in storage.list_prefix("")]
    found.sort(key=lambda entry: entry.key)
    with (folder / LIST).open("wb") as file:
        for entry in found:
            file.write(msgspec.json.encode(entry) + b"\n")
    return found


async def _copy(storage: Storage, entry: Entry, target: Path) -> None:
    path = target / entry.key
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("wb") as file:
            async for part in storage.stream(entry.key):
                await asyncio.to_thread(file.write, part)
    except StorageError as error:
        if error.code != "not_stored":
            raise CannotDo(error.code, f"{entry.key} could not be read: {error}") from None
        path.unlink()  # removed since it was listed: restore will say so


def _seal(folder: Path, version: str, tool: int, entries: list[Entry], has_files: bool) -> Manifest:
    manifest = Manifest(
        format=archive.FORMAT,
        made_at=datetime.now(UTC),
        schema_version=version,
        tool=tool,
        files=len(entries),
        files_bytes=sum(entry.bytes for entry in entries),
        has_files=has_files,
        sha256={name: archive.hash_of(folder / name) for name in (DUMP, LIST)},
    )
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    for path in folder.rglob("*"):
        _flush(path)
    _flush(folder)
    return manifest


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
