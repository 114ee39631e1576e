"""Who was erased, noted beside the database: a backup that is put back brings nobody back.

An empty object for each person, named by her id, which tells nothing of her any more. It lies where
the films lie, so that it outlives the database.
"""

from datetime import UTC, datetime
from uuid import UUID

from media.storage import Storage
from rooms.people import erasure
from server.database import Connection

FOLDER = "erased"


async def note(storage: Storage, person_id: UUID, now: datetime) -> None:
    """She stays erased from now on."""
    await storage.put(f"{FOLDER}/{person_id}", now.astimezone(UTC).isoformat().encode())


async def again(conn: Connection, storage: Storage, now: datetime) -> int:
    """Erases all who are noted and are in the database; how many were there again."""
    noted = {each.key.rpartition("/")[2] async for each in storage.list_prefix(FOLDER)}
    rows = await conn.fetch(
        "select id from persons where id::text = any($1) and erased_at is null", sorted(noted)
    )
    for row in rows:
        await erasure.erase(conn, row["id"], now)
    return len(rows)
