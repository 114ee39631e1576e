"""Resumable uploads as numbered immutable pieces: rows, pieces, quotas, one writer. No HTTP.

An upload is a row; its bytes are pieces, each durable in the storage before its row is written,
and acknowledged only after that. What a crash leaves is an object without a row: nobody counts it
and `upload_ends.sweep` removes it. A piece's key carries its writer's lease, so that a writer who
was paused and wakes up too late can neither overwrite a byte nor add one: his lease is no longer
in the row.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias
from uuid import UUID

import asyncpg

from media.errors import MediaError, StorageError
from media.storage import Storage

if TYPE_CHECKING:
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)

FILM_MAX_BYTES = 20 * 1000**3
# A row and an object per piece: 20 GB is 2,400 of them. Each running upload holds twice this.
PIECE_BYTES = 8 * 1024**2
# From Friday afternoon to Monday; each PATCH starts it again.
LIVES_FOR = timedelta(days=3)
# A writer that is not renewed has died; shorter than a newcomer waits.
LEASE_S = 6.0
# The database lives on the same disk and must never be the one to find it full.
SPARE_BYTES = 500 * 1000**2

_COLUMNS = """
    programme_id, id, company_id, tour_id, person_id, filename, metadata, length, received,
    is_partial, parts, state, expires_at, ended_at,
    (select count(*) from upload_pieces p where p.upload_id = uploads.id) as pieces
"""


class UploadError(MediaError):
    """An upload that cannot go on as asked; what had arrived is kept."""


class Interrupted(Exception):
    """The source of bytes ended before its time: gone, stalled, or told to make room."""


class Digest(Protocol):
    """What of hashlib's objects is used here."""

    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload. Sizes in bytes; `length` None while the client has not told it.

    `is_partial`: waits to be joined with others; `parts`: the uploads it was joined from.
    `state`: open, complete, used (a film was made of it, or a concatenation), ended.
    `pieces`: how many there are, which is the number of the next.
    """

    programme_id: UUID
    id: UUID
    company_id: UUID
    tour_id: UUID | None
    person_id: UUID
    filename: str
    metadata: str
    length: int | None
    received: int
    is_partial: bool
    parts: tuple[UUID, ...] | None
    state: str
    expires_at: datetime
    ended_at: datetime | None
    pieces: int

    def is_expired(self, now: datetime) -> bool:
        """Whether it ran out of time, swept already or not."""
        if self.state == "ended":
            return self.ended_at is not None and self.ended_at >= self.expires_at
        return self.state == "open" and self.expires_at <= now

    @property
    def is_whole(self) -> bool:
        """Whether every byte is here."""
        return self.length == self.received


@dataclass(frozen=True, slots=True)
class NewUpload:
    """What a client asks to create. `metadata`: the header as it came, to be given back."""

    programme_id: UUID
    company_id: UUID
    person_id: UUID
    length: int | None
    tour_id: UUID | None = None
    filename: str = ""
    content_type: str = ""
    metadata: str = ""
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """`bytes` bytes at `starts_at`, stored under `key`."""

    number: int
    starts_at: int
    bytes: int
    key: str


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of one append must add up to."""

    running: Digest
    wanted: bytes


def _upload(row: asyncpg.Record) -> Upload:
    parts = row["parts"]
    return Upload(**{**dict(row), "parts": tuple(parts) if parts is not None else None})


# --- create and find -------------------------------------------------------------------------


async def create(conn: Connection, new: NewUpload, now: datetime) -> Upload:
    """Makes an upload and reserves its length; the company's row stays locked until the commit.

    Raises `too_large` above the limit of a film and `over_quota` when the company has no room.
    """
    _check_film(new.length)
    await _check_quota(conn, new.programme_id, new.company_id, new.length or 0, now)
    row = await conn.fetchrow(
        f"""
        insert into uploads (programme_id, company_id, tour_id, person_id, filename, content_type,
                             metadata, length, is_partial, created_at, expires_at, state)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
                case when $8::bigint = 0 then 'complete' else 'open' end)
        returning {_COLUMNS}
        """,
        new.programme_id,
        new.company_id,
        new.tour_id,
        new.person_id,
        new.filename,
        new.content_type,
        new.metadata,
        new.length,
        new.is_partial,
        now,
        now + LIVES_FOR,
    )
    assert row is not None
    return _upload(row)


def _check_film(length: int | None) -> None:
    if length is not None and length > FILM_MAX_BYTES:
        raise UploadError("too_large", size_bytes=length, limit_bytes=FILM_MAX_BYTES)


async def _check_quota(
    conn: Connection, programme_id: UUID, company_id: UUID, more: int, now: datetime
) -> None:
    quota = await conn.fetchval(
        "select quota_bytes from companies where programme_id = $1 and id = $2 for update",
        programme_id,
        company_id,
    )
    taken = await bytes_of_company(conn, programme_id, company_id, now)
    if taken + more > (quota or 0):
        left = max(0, (quota or 0) - taken)
        raise UploadError("over_quota", wanted_bytes=more, left_bytes=left)


async def bytes_of_company(
    conn: Connection, programme_id: UUID, company_id: UUID, now: datetime
) -> int:
    """What counts against the quota: lengths promised, bytes arrived where none was, films kept.

    Parts that were joined count in the whole; an upload that ran out of time no longer counts.
    """
    taken: int = await conn.fetchval(
        """
        select coalesce(sum(coalesce(length, received)), 0)::bigint from uploads
        where programme_id = $1 and company_id = $2
          and (state = 'complete' or state = 'open' and expires_at > $3
               or state = 'used' and not is_partial)
        """,
        programme_id,
        company_id,
        now,
    )
    return taken


async def find(
    conn: Connection, programme_id: UUID, company_ids: Sequence[UUID], upload_id: UUID
) -> Upload | None:
    """An upload of one of these companies, ended ones included; None for anybody else's."""
    row = await conn.fetchrow(
        f"""
        select {_COLUMNS} from uploads
        where programme_id = $1 and company_id = any($2::uuid[]) and id = $3
        """,
        programme_id,
        list(company_ids),
        upload_id,
    )
    return _upload(row) if row else None


async def tell_length(conn: Connection, upload: Upload, length: int, now: datetime) -> Upload:
    """Fixes a length that was deferred; the missing bytes are reserved.

    Raises `length_known` when it was told before and differs, or is less than has arrived.
    """
    if length == upload.length:
        return upload
    if upload.length is not None or length < upload.received:
        raise UploadError("length_known")
    _check_film(length)
    more = length - upload.received
    await _check_quota(conn, upload.programme_id, upload.company_id, more, now)
    await conn.execute(
        "update uploads set length = $3 where programme_id = $1 and id = $2",
        upload.programme_id,
        upload.id,
        length,
    )
    return replace(upload, length=length)


# --- one writer ------------------------------------------------------------------------------


async def take_pen(conn: Connection, upload_id: UUID, lease: UUID) -> bool:
    """Makes `lease` the one writer if nobody writes or the last one has died.

    Else asks the writer, wherever it runs, to let go, and returns False. Judged by the
    database's clock alone: the processes' own may differ.
    """
    row = await conn.fetchrow(
        """
        update uploads
        set writer = case when is_free then $2 else writer end,
            writer_until = case when is_free
                then clock_timestamp() + make_interval(secs => $3) else writer_until end,
            is_writer_wanted = not is_free
        from (select u.id as free_id,
                     u.writer is null or u.writer_until < clock_timestamp() as is_free
              from uploads u where u.id = $1 for update) f
        where id = free_id
        returning is_free
        """,
        upload_id,
        lease,
        LEASE_S,
    )
    return bool(row and row["is_free"])


async def renew_pens(conn: Connection, leases: Iterable[UUID]) -> dict[UUID, bool]:
    """Keeps the writers alive: lease → whether a newcomer wants it. A lease left out is lost."""
    rows = await conn.fetch(
        """
        update uploads set writer_until = clock_timestamp() + make_interval(secs => $2)
        where writer = any($1::uuid[])
        returning writer, is_writer_wanted
        """,
        list(leases),
        LEASE_S,
    )
    return {row["writer"]: row["is_writer_wanted"] for row in rows}


async def lay_down_pen(conn: Connection, upload_id: UUID, lease: UUID) -> None:
    """The writer has finished; a lease that was lost changes nothing."""
    await conn.execute(
        """
        update uploads set writer = null, writer_until = null, is_writer_wanted = false
        where id = $1 and writer = $2
        """,
        upload_id,
        lease,
    )


# --- append ----------------------------------------------------------------------------------

Keep: TypeAlias = Callable[[Sequence[Piece]], Awaitable[Upload]]


async def append(
    storage: Storage,
    upload: Upload,
    lease: UUID,
    chunks: AsyncIterator[bytes],
    keep: Keep,
    checksum: Checksum | None = None,
) -> Upload:
    """Stores what `chunks` gives, in pieces; returns the upload as it stands afterwards.

    `keep` writes the rows of pieces that are durable (`add_pieces`, in a transaction of the
    caller's). When `chunks` raises `Interrupted`, what is in hand is kept first; with a checksum
    nothing counts before all of it fits, else `checksum_differs`. More than the length is
    `too_large`.
    """
    if checksum is not None:
        return await _append_checked(storage, upload, lease, chunks, keep, checksum)
    hand = _Hand(storage, upload, lease)
    try:
        async for chunk in _cut(chunks):
            hand.take(chunk)
            if hand.is_full:
                await _keep_or_drop(storage, keep, [await hand.put()])
    except Interrupted:
        if not hand.is_empty:
            await _keep_or_drop(storage, keep, [await hand.put()])
        raise
    return await _keep_or_drop(storage, keep, [] if hand.is_empty else [await hand.put()])


async def _append_checked(
    storage: Storage,
    upload: Upload,
    lease: UUID,
    chunks: AsyncIterator[bytes],
    keep: Keep,
    checksum: Checksum,
) -> Upload:
    hand = _Hand(storage, upload, lease)
    pieces: list[Piece] = []
    try:
        async for chunk in _cut(chunks):
            hand.take(chunk)
            checksum.running.update(chunk)
            if hand.is_full:
                pieces.append(await hand.put())
        if checksum.running.digest() != checksum.wanted:
            raise UploadError("checksum_differs")
        if not hand.is_empty:
            pieces.append(await hand.put())
    except BaseException:
        await _drop(storage, pieces)
        raise
    return await _keep_or_drop(storage, keep, pieces)


async def _cut(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes, none of the chunks larger than a piece."""
    async for chunk in chunks:
        for at in range(0, len(chunk), PIECE_BYTES):
            yield chunk[at : at + PIECE_BYTES]


async def _keep_or_drop(storage: Storage, keep: Keep, pieces: Sequence[Piece]) -> Upload:
    """A piece whose row was refused (another writer, no quota) leaves no object behind."""
    try:
        return await keep(pieces)
    except MediaError:
        await _drop(storage, pieces)
        raise


async def _drop(storage: Storage, pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        await storage.delete(piece.key)


class _Hand:
    """The bytes in hand: gathered until they make a piece, then stored."""

    def __init__(self, storage: Storage, upload: Upload, lease: UUID) -> None:
        self._storage = storage
        self._folder = folder(upload.id)
        self._lease = lease.hex[:8]
        self._number = upload.pieces
        self._offset = upload.received
        self._limit = FILM_MAX_BYTES if upload.length is None else upload.length
        self._chunks: list[bytes] = []
        self._size = 0

    @property
    def is_empty(self) -> bool:
        return self._size == 0

    @property
    def is_full(self) -> bool:
        return self._size >= PIECE_BYTES

    def take(self, chunk: bytes) -> None:
        size = self._offset + self._size + len(chunk)
        if size > self._limit:
            raise UploadError("too_large", size_bytes=size, limit_bytes=self._limit)
        self._chunks.append(chunk)
        self._size += len(chunk)

    async def put(self) -> Piece:
        data = b"".join(self._chunks)
        self._chunks.clear()
        key = f"{self._folder}/{self._number:06d}-{self._lease}"
        await self._storage.put(key, data)
        piece = Piece(self._number, self._offset, self._size, key)
        self._number, self._offset, self._size = self._number + 1, self._offset + self._size, 0
        return piece


def folder(upload_id: UUID) -> str:
    """Where the pieces of an upload lie."""
    return f"uploads/{upload_id}"


def whole_key(upload_id: UUID) -> str:
    """Where the film lies as it was uploaded, whole."""
    return f"originals/{upload_id}"


async def add_pieces(
    conn: Connection, upload: Upload, lease: UUID, pieces: Sequence[Piece], now: datetime
) -> tuple[Upload, bool]:
    """Counts stored pieces; (the upload, whether these were its last). None is fine too.

    Raises `upload_busy` when another writer has the pen: nothing is counted then. Bytes of an
    upload without a length are checked against the quota here.
    """
    more = sum(piece.bytes for piece in pieces)
    if upload.length is None and more:
        await _check_quota(conn, upload.programme_id, upload.company_id, more, now)
    row = await conn.fetchrow(
        """
        update uploads
        set received = received + $3::bigint, expires_at = $4,
            state = case when length = received + $3::bigint then 'complete' else 'open' end
        where id = $1 and writer = $2 and state = 'open' and ($5::bigint is null or received = $5)
        returning state
        """,
        upload.id,
        lease,
        more,
        now + LIVES_FOR,
        pieces[0].starts_at if pieces else None,
    )
    if row is None:
        raise UploadError("upload_busy")
    await _insert_pieces(conn, upload.id, pieces)
    return await _again(conn, upload.id), row["state"] == "complete"


async def _insert_pieces(conn: Connection, upload_id: UUID, pieces: Sequence[Piece]) -> None:
    await conn.executemany(
        """
        insert into upload_pieces (upload_id, number, starts_at, bytes, key)
        values ($1, $2, $3, $4, $5)
        """,
        [(upload_id, one.number, one.starts_at, one.bytes, one.key) for one in pieces],
    )


async def _again(conn: Connection, upload_id: UUID) -> Upload:
    row = await conn.fetchrow(f"select {_COLUMNS} from uploads where id = $1", upload_id)
    assert row is not None
    return _upload(row)


# --- concatenate -----------------------------------------------------------------------------


async def concatenate(
    conn: Connection,
    new: NewUpload,
    company_ids: Sequence[UUID],
    part_ids: Sequence[UUID],
    now: datetime,
) -> Upload:
    """Joins finished partial uploads of these companies, in this order, without copying a byte.

    The pieces move to the new upload; the parts are used up. Raises `parts_unfinished` when one
    is missing, unfinished, used before, or named twice, `too_large` and `over_quota` for the sum.
    """
    parts = await _lock_parts(conn, new.programme_id, company_ids, part_ids)
    total = sum(part["received"] for part in parts)
    _check_film(total)
    # a part may have been sent before it was known for which company
    more = sum(one["received"] for one in parts if one["company_id"] != new.company_id)
    await _check_quota(conn, new.programme_id, new.company_id, more, now)
    upload_id: UUID = await conn.fetchval(
        """
        insert into uploads (programme_id, company_id, tour_id, person_id, filename, content_type,
                             metadata, length, received, parts, state, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, 'complete', $10, $11)
        returning id
        """,
        new.programme_id,
        new.company_id,
        new.tour_id,
        new.person_id,
        new.filename,
        new.content_type,
        new.metadata,
        total,
        list(part_ids),
        now,
        now + LIVES_FOR,
    )
    await _move_pieces(conn, upload_id, part_ids)
    return await _again(conn, upload_id)


async def _lock_parts(
    conn: Connection,
    programme_id: UUID,
    company_ids: Sequence[UUID],
    part_ids: Sequence[UUID],
) -> list[asyncpg.Record]:
    # ordered, so that two concatenations of the same parts wait for each other and never deadlock
    parts = await conn.fetch(
        """
        select id, company_id, received from uploads
        where programme_id = $1 and company_id = any($2::uuid[]) and id = any($3::uuid[])
          and is_partial and state = 'complete'
        order by id for update
        """,
        programme_id,
        list(company_ids),
        list(part_ids),
    )
    if not part_ids or len(parts) != len(part_ids):
        raise UploadError("parts_unfinished")
    return parts


async def _move_pieces(conn: Connection, upload_id: UUID, part_ids: Sequence[UUID]) -> None:
    await conn.execute(
        """
        with placed as (
            select p.upload_id, p.number,
                   row_number() over w - 1 as new_number,
                   coalesce(sum(p.bytes) over (w rows between unbounded preceding
                                                      and 1 preceding), 0) as new_start
            from unnest($2::uuid[]) with ordinality part (id, place)
            join upload_pieces p on p.upload_id = part.id
            window w as (order by part.place, p.number)
        )
        update upload_pieces u
        set upload_id = $1, number = new_number, starts_at = new_start
        from placed where u.upload_id = placed.upload_id and u.number = placed.number
        """,
        upload_id,
        list(part_ids),
    )
    await conn.execute(
        "update uploads set state = 'used' where id = any($1::uuid[])", list(part_ids)
    )


# --- read ------------------------------------------------------------------------------------


async def pieces_of(conn: Connection, upload_id: UUID) -> list[Piece]:
    """The pieces in the order of their bytes."""
    rows = await conn.fetch(
        """
        select number, starts_at, bytes, key from upload_pieces
        where upload_id = $1 order by number
        """,
        upload_id,
    )
    return [Piece(**dict(row)) for row in rows]


async def assemble(pool: Pool, storage: Storage, upload_id: UUID, target: Path) -> int:
    """Writes the whole film to a local file and returns its size; memory stays constant.

    Raises `not_stored` when a piece is missing. No connection is held while copying.
    """
    async with pool.acquire() as conn:
        pieces = await pieces_of(conn, upload_id)
        length = await conn.fetchval("select length from uploads where id = $1", upload_id)
    written = 0
    await asyncio.to_thread(target.write_bytes, b"")
    for piece in pieces:
        written += await _copy(storage, piece, target)
    if written != length:
        raise StorageError("not_stored", key=folder(upload_id))
    return written


async def _copy(storage: Storage, piece: Piece, target: Path) -> int:
    source = storage.local_path(piece.key)
    if source is None:
        data = await storage.get(piece.key)
        await asyncio.to_thread(_add_bytes, data, target)
        return len(data)
    try:
        return await asyncio.to_thread(_add_file, source, target)
    except FileNotFoundError:
        raise StorageError("not_stored", key=piece.key) from None


def _add_bytes(data: bytes, target: Path) -> None:
    with target.open("ab") as file:
        file.write(data)


def _add_file(source: Path, target: Path) -> int:
    with source.open("rb") as piece, target.open("ab") as file:
        shutil.copyfileobj(piece, file, 1024**2)
        return piece.tell()


async def is_used_elsewhere(conn: Connection, upload_id: UUID, version_id: UUID) -> bool:
    """Whether another version than this one was made of the same upload."""
    found: bool = await conn.fetchval(
        "select exists (select from video_versions where upload_id = $1 and id <> $2)",
        upload_id,
        version_id,
    )
    return found
