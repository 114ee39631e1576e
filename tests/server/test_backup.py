"""Backup and restore: there and back, nothing half, and nothing thrown away by mistake."""

import argparse
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from media.storage import Storage, open_storage
from rooms.people import persons
from server import archive, backup, erased, restore
from server.archive import DUMP, LIST, MANIFEST, Manifest
from server.asked import Asked, CannotDo
from server.database import Pool, connect_pool
from tests.support.databases import fresh_database
from tests.support.floor import settings_in
from tests.support.lessons import a_class, a_session, a_world


@pytest.fixture
async def storage(tmp_path: Path) -> Storage:
    """A storage with three files, one in a folder."""
    found = open_storage((tmp_path / "storage").as_uri())
    await fill_storage(found)
    return found


async def fill_storage(storage: Storage) -> None:
    """Three files, each holding its own name."""
    for key in ("originals/one", "videos/two/s00000.m4s", "videos/two/master.m3u8"):
        await storage.put(key, key.encode())


@pytest.fixture
async def dsn(server_dsn: str) -> AsyncIterator[str]:
    """A fresh database; nobody else is connected, which a restore asks for."""
    async with fresh_database(server_dsn, is_left_alone=True) as dsn:
        yield dsn


@pytest.fixture
async def other(server_dsn: str) -> AsyncIterator[str]:
    """A second database, with nothing in it."""
    async with fresh_database(server_dsn, is_left_alone=True) as dsn:
        conn = await asyncpg.connect(dsn)
        await conn.execute("drop schema public cascade; create schema public")
        await conn.close()
        yield dsn


async def fill(dsn: str) -> list[tuple[object, ...]]:
    pool = await connect_pool(dsn, max_size=1)
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        await a_session(conn, world, await a_class(conn, world))
    told = await content(pool)
    await pool.close()
    return told


async def content(pool: Pool) -> list[tuple[object, ...]]:
    """Every row of every table, views and generated columns included."""
    names = await pool.fetch(
        "select table_name from information_schema.tables where table_schema = 'public' order by 1"
    )
    found: list[tuple[object, ...]] = []
    for (name,) in names:
        rows = await pool.fetch(f'select t::text from "{name}" t order by 1')
        found.append((name, *(row[0] for row in rows)))
    return found


async def content_of(dsn: str) -> list[tuple[object, ...]]:
    pool = await connect_pool(dsn, max_size=1)
    try:
        return await content(pool)
    finally:
        await pool.close()


async def make(dsn: str, storage: Storage, folder: Path, *, copies: bool = False) -> Manifest:
    folder.mkdir()
    return await backup.write(dsn, storage, folder, copies=copies)


async def read(
    dsn: str, storage: Storage, folder: Path, *, replaces: bool = False
) -> restore.Restored:
    manifest = archive.read_manifest(folder)
    return await restore.read(dsn, storage, folder, manifest, replaces=replaces)


async def test_there_and_back(dsn: str, other: str, storage: Storage, tmp_path: Path) -> None:
    before = await fill(dsn)
    assert sum(len(table) for table in before) > 60
    manifest = await make(dsn, storage, tmp_path / "backup")
    assert (manifest.files, manifest.has_files) == (3, False)
    done = await read(other, storage, tmp_path / "backup")
    assert done.missing == []
    assert await content_of(other) == before
    # and once more from what was restored
    await make(other, storage, tmp_path / "again")
    await read(other, storage, tmp_path / "again", replaces=True)
    assert await content_of(other) == before


async def test_a_restored_backup_forgets_again(
    dsn: str, other: str, storage: Storage, tmp_path: Path
) -> None:
    await fill(dsn)
    conn = await asyncpg.connect(dsn)
    her = await conn.fetchrow("select id, email from persons where email like '%@%' limit 1")
    assert her is not None
    await conn.execute(
        """
        insert into school_checks (programme_id, school_id, at, rungs)
        select p.id, s.id, now() - interval '366 days', '{}' from programmes p, schools s limit 1
        """
    )
    await conn.close()
    await make(dsn, storage, tmp_path / "backup")
    await erased.note(storage, her["id"], datetime.now(UTC))
    done = await read(other, storage, tmp_path / "backup")
    assert (done.purged, done.erased) == (1, 1)
    conn = await asyncpg.connect(other)
    assert await conn.fetchval("select count(*) from school_checks") == 0
    assert await conn.fetchval("select what from purges") == "school_checks"
    assert not await conn.fetchval(
        "select exists (select from persons where email = $1)", her["email"]
    )
    await conn.close()


async def test_data_is_not_thrown_away_unasked(dsn: str, storage: Storage, tmp_path: Path) -> None:
    before = await fill(dsn)
    await make(dsn, storage, tmp_path / "backup")
    with pytest.raises(CannotDo) as refused:
        await read(dsn, storage, tmp_path / "backup")
    assert refused.value.code == "not_empty"
    assert await content_of(dsn) == before
    conn = await asyncpg.connect(dsn)
    await persons.find_or_create(conn, "later@school.example")
    await conn.close()
    await read(dsn, storage, tmp_path / "backup", replaces=True)
    assert await content_of(dsn) == before


async def test_a_restore_that_fails_leaves_what_was_there(
    dsn: str, storage: Storage, tmp_path: Path
) -> None:
    before = await fill(dsn)
    manifest = await make(dsn, storage, tmp_path / "backup")
    dump = tmp_path / "backup" / DUMP
    dump.write_bytes(dump.read_bytes()[:-5000])
    with pytest.raises(CannotDo) as refused:
        await restore.read(dsn, storage, tmp_path / "backup", manifest, replaces=True)
    assert refused.value.code == "pg_restore"
    assert await content_of(dsn) == before


async def test_a_restore_that_was_killed_is_undone_by_the_next(
    dsn: str, storage: Storage, tmp_path: Path
) -> None:
    before = await fill(dsn)
    await make(dsn, storage, tmp_path / "backup")
    conn = await asyncpg.connect(dsn)
    await conn.execute(f"alter schema public rename to {restore.ASIDE}")
    await conn.execute("create schema public; create table half (id int)")
    await conn.close()
    with pytest.raises(CannotDo):
        await read(dsn, storage, tmp_path / "backup")
    assert await content_of(dsn) == before


async def test_a_running_porthole_is_not_pulled_from_under_its_people(
    dsn: str, pool: Pool, storage: Storage, tmp_path: Path
) -> None:
    await pool.fetchval("select 1")
    await make(dsn, storage, tmp_path / "backup")
    with pytest.raises(CannotDo) as refused:
        await read(dsn, storage, tmp_path / "backup", replaces=True)
    assert refused.value.code == "in_use"


@pytest.mark.parametrize("name", [DUMP, LIST])
async def test_a_changed_backup_is_refused(
    dsn: str, storage: Storage, tmp_path: Path, name: str
) -> None:
    await make(dsn, storage, tmp_path / "backup")
    file = tmp_path / "backup" / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(CannotDo) as refused:
        archive.read_manifest(tmp_path / "backup")
    assert refused.value.code == "damaged"


async def test_missing_files_are_named(
    dsn: str, other: str, storage: Storage, tmp_path: Path
) -> None:
    await make(dsn, storage, tmp_path / "backup")
    await storage.delete("originals/one")
    await storage.put("videos/two/master.m3u8", b"other")
    done = await read(other, storage, tmp_path / "backup")
    assert done.missing == ["originals/one", "videos/two/master.m3u8"]


async def test_copied_files_come_back(
    dsn: str, other: str, storage: Storage, tmp_path: Path
) -> None:
    await make(dsn, storage, tmp_path / "backup", copies=True)
    empty = open_storage((tmp_path / "new").as_uri())
    done = await read(other, empty, tmp_path / "backup")
    assert (done.copied, done.missing) == (3, [])
    assert await empty.get("originals/one") == b"originals/one"


async def test_what_was_killed_while_writing_has_no_name(
    dsn: str, storage: Storage, tmp_path: Path
) -> None:
    await make(dsn, storage, tmp_path / "backup")
    (tmp_path / "backup" / MANIFEST).unlink()
    with pytest.raises(CannotDo) as refused:
        archive.read_manifest(tmp_path / "backup")
    assert refused.value.code == "no_backup"


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    asked = Asked(settings_in(tmp_path), argparse.Namespace(folder=str(tmp_path), files=False), {})
    with pytest.raises(CannotDo) as refused:
        backup.run(asked)
    assert refused.value.code == "exists"


@pytest.mark.parametrize(
    ("dsn", "bare", "secret"),
    [
        (
            "postgresql://app:p%40ss@db.example:5432/porthole?sslmode=require",
            "postgresql://app@db.example:5432/porthole?sslmode=require",
            {"PGPASSWORD": "p@ss"},
        ),
        (
            "postgresql://app@/postgres?host=/run/pg&password=s",
            "postgresql://app@/postgres?host=/run/pg",
            {"PGPASSWORD": "s"},
        ),
        ("postgresql:///x", "postgresql:///x", {}),
    ],
)
def test_a_password_never_stands_in_the_arguments(
    dsn: str, bare: str, secret: dict[str, str]
) -> None:
    assert archive.without_password(dsn) == (bare, secret)
