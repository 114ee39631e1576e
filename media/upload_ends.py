"""How uploads end, and what is freed then: the room they took, their pieces, the whole film.

A row ends first; its objects go after that (`clear`), and again by `sweep` where a process died in
between: nothing that a row counts is ever removed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from media.storage import Storage
from media.uploads import Connection, folder, whole_key

if TYPE_CHECKING:
    from media.uploads import Pool

# Ended rows stay so long, so that a client that comes back hears "expired" and not "unknown".
REMEMBERED_FOR = timedelta(days=30)


async def end(conn: Connection, upload_id: UUID, now: datetime) -> bool:
    """Terminates an upload no film was made of; its bytes may go (`clear`). False when it was."""
    ended = await conn.fetchval(
        """
        update uploads set state = 'ended', ended_at = least($2, expires_at - interval '1 us'),
                           writer = null, writer_until = null, cleared_at = null
        where id = $1 and state in ('open', 'complete') returning true
        """,
        upload_id,
        now,
    )
    if ended:
        await conn.execute("delete from upload_pieces where upload_id = $1", upload_id)
    return bool(ended)


async def end_used(conn: Connection, upload_id: UUID, now: datetime) -> None:
    """The film that was made of it is gone for good: its room is the company's again.

    It did not run out of time, however long ago that would have been (`Upload.is_expired`).
    """
    await conn.execute(
        """
        update uploads set state = 'ended', ended_at = least($2, expires_at - interval '1 us'),
                           cleared_at = null
        where id = $1 and state = 'used'
        """,
        upload_id,
        now,
    )


async def end_replaced(conn: Connection, now: datetime) -> list[UUID]:
    """Ends uploads of which no version plays, is made, has files left, or can be begun again from
    the studio: neither the newest film nor the newest that was readable. At most 100 at once.

    None of them ran out of time (`Upload.is_expired`).
    """
    rows = await conn.fetch(
        """
        update uploads set state = 'ended', ended_at = least($1, expires_at - interval '1 us'),
                           cleared_at = null
        where id in (
            select u.id from uploads u
            where u.state = 'used' and not u.is_partial
                and exists (select from video_versions v where v.upload_id = u.id)
                and not exists (
                    select from video_versions v
                    join videos f on (f.programme_id, f.id) = (v.programme_id, v.video_id)
                    where v.upload_id = u.id and (
                        v.prefix is not null
                        or v.state in ('uploaded', 'probing', 'queued', 'encoding')
                        or v.id = f.current_version_id
                        or not exists (
                            select from video_versions n
                            where (n.programme_id, n.video_id) = (v.programme_id, v.video_id)
                                and n.created_at > v.created_at)
                        or v.probe is not null and not exists (
                            select from video_versions n
                            where (n.programme_id, n.video_id) = (v.programme_id, v.video_id)
                                and n.created_at > v.created_at and n.probe is not null)))
            order by u.created_at limit 100 for update skip locked)
        returning id
        """,
        now,
    )
    ids = [row["id"] for row in rows]
    await conn.execute("delete from upload_pieces where upload_id = any($1::uuid[])", ids)
    return ids


async def end_expired(conn: Connection, now: datetime) -> list[UUID]:
    """Ends what ran out of time, finished ones nobody used included; at most 100 at once.

    Rows that ended long ago are forgotten.
    """
    await conn.execute(
        """
        delete from uploads u where u.state = 'ended' and u.ended_at < $1
          and u.cleared_at is not null
          and not exists (select from video_versions v where v.upload_id = u.id)
        """,
        now - REMEMBERED_FOR,
    )
    rows = await conn.fetch(
        """
        update uploads set state = 'ended', ended_at = $1, writer = null, writer_until = null,
                           cleared_at = null
        where id in (select id from uploads
                     where state in ('open', 'complete') and expires_at <= $1
                     order by expires_at limit 100 for update skip locked)
        returning id
        """,
        now,
    )
    ids = [row["id"] for row in rows]
    await conn.execute("delete from upload_pieces where upload_id = any($1::uuid[])", ids)
    return ids


async def drop_pieces(pool: Pool, storage: Storage, upload_id: UUID) -> None:
    """Removes the pieces once the whole film is kept elsewhere, or refused."""
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute("update uploads set cleared_at = null where id = $1", upload_id)
        await conn.execute("delete from upload_pieces where upload_id = $1", upload_id)
    await clear(pool, storage, upload_id)


async def sweep(pool: Pool, storage: Storage, now: datetime) -> int:
    """Ends what ran out of time or was replaced, and removes what no row counts; how many objects
    of pieces. Run it often.
    """
    async with pool.acquire() as conn, conn.transaction():
        await end_expired(conn, now)
        await end_replaced(conn, now)
    async with pool.acquire() as conn:
        due = await _not_cleared(conn)
    return sum([await clear(pool, storage, upload_id) for upload_id in due])


async def _not_cleared(conn: Connection) -> list[UUID]:
    rows = await conn.fetch(
        """
        select id from uploads where state <> 'open' and cleared_at is null
        order by created_at limit 100
        """
    )
    return [row["id"] for row in rows]


async def clear(pool: Pool, storage: Storage, upload_id: UUID) -> int:
    """Removes the objects without a row in the folders of an upload and its parts; how many. Of
    one that ended, the whole film too.

    Nothing of an upload that is still open: its writer may have stored a piece just now.
    """
    async with pool.acquire() as conn:
        folders = await _closed_folders(conn, upload_id)
        has_ended = await conn.fetchval(
            "select state = 'ended' from uploads where id = $1", upload_id
        )
    if has_ended:
        await storage.delete(whole_key(upload_id))
    removed = 0
    for one in folders:
        async for batch in _batches(storage, one):
            async with pool.acquire() as conn:
                dead = await _without_row(conn, batch)
            for key in dead:
                await storage.delete(key)
            removed += len(dead)
        await storage.tidy(one)
    async with pool.acquire() as conn:
        await conn.execute(
            "update uploads set cleared_at = now() where id = $1 and state <> 'open'", upload_id
        )
    return removed


async def _closed_folders(conn: Connection, upload_id: UUID) -> list[str]:
    row = await conn.fetchrow("select state, parts from uploads where id = $1", upload_id)
    if row is None or row["state"] == "open":
        return []
    return [folder(one) for one in (upload_id, *(row["parts"] or ()))]


async def _batches(storage: Storage, prefix: str) -> AsyncIterator[list[str]]:
    keys = [stored.key async for stored in storage.list_prefix(prefix)]
    for at in range(0, len(keys), 500):
        yield keys[at : at + 500]


async def _without_row(conn: Connection, keys: Sequence[str]) -> list[str]:
    rows = await conn.fetch(
        """
        select key from unnest($1::text[]) key
        where not exists (select from upload_pieces p where p.key = key.key)
        """,
        list(keys),
    )
    return [row["key"] for row in rows]
