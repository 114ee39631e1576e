"""A film on its way: uploaded for a tour, with a worker's floor to make it on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from media import uploads, videos
from media.storage import Storage
from media.videos import Version
from rooms.connection import Connection
from server.database import Pool
from tests.support.floor import settings_in
from tests.support.tours import Desk, a_draft
from workers.floor import Floor

PIECE = 100_000  # small, so that a test film has several


@contextmanager
def a_floor(home: Path, pool: Pool, storage: Storage) -> Iterator[Floor]:
    """A worker's floor in the test's own process."""
    scratch = home / "scratch-of-test"
    scratch.mkdir()
    yield Floor(settings_in(home), pool, storage, scratch)


async def sent(conn: Connection, storage: Storage, desk: Desk, film: Path) -> tuple[UUID, UUID]:
    """A tour whose film has arrived whole, in pieces; returns (tour, version)."""
    tour_id = await a_draft(conn, desk)
    return tour_id, await sent_again(conn, storage, desk, tour_id, film)


async def sent_again(
    conn: Connection, storage: Storage, desk: Desk, tour_id: UUID, film: Path
) -> UUID:
    """One more film for a tour; returns the new version."""
    data = film.read_bytes()
    upload_id = await conn.fetchval(
        """
        insert into uploads (programme_id, company_id, tour_id, person_id, filename, length,
                             received, state, expires_at)
        values ($1, $2, $3, $4, $5, $6, $6, 'complete', $7) returning id
        """,
        desk.programme.id,
        desk.company.id,
        tour_id,
        desk.editor.id,
        film.name,
        len(data),
        datetime.now(UTC) + timedelta(days=1),
    )
    for number, at in enumerate(range(0, len(data), PIECE)):
        key = f"{uploads.folder(upload_id)}/{number:06}"
        piece = data[at : at + PIECE]
        await storage.put(key, piece)
        await conn.execute(
            "insert into upload_pieces (upload_id, number, starts_at, bytes, key) values "
            "($1, $2, $3, $4, $5)",
            upload_id,
            number,
            at,
            len(piece),
            key,
        )
    video_id = await conn.fetchval("select video_id from tours where id = $1", tour_id)
    return await videos.add_version(conn, desk.programme.id, video_id, upload_id, desk.editor.id)


async def version_now(conn: Connection, version_id: UUID) -> Version:
    """The version as its row says."""
    found = await videos.version(conn, version_id)
    assert found is not None
    return found


async def keys(storage: Storage) -> list[str]:
    """Everything that lies in storage."""
    return sorted([stored.key async for stored in storage.list_prefix("")])
