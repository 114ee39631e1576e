"""Worksheets and teacher's guides: rows here, bytes under `key` in the storage."""

import re
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.scope import Scope
from rooms.tours.tours import editor_companies

MAX_BYTES = 20 * 1000 * 1000
MAX_PER_TOUR = 20
KINDS = ("worksheet", "guide")


@dataclass(frozen=True, slots=True)
class Document:
    """One file beside the film."""

    id: UUID
    programme_id: UUID
    tour_id: UUID
    kind: str
    language: str
    filename: str
    content_type: str
    bytes: int
    key: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file we take: how it begins, what it is called, how it is sent."""

    suffix: str
    content_type: str
    starts: bytes
    holds: bytes = b""


_ZIP = b"PK\x03\x04"
_TAKEN = (
    Kind(".pdf", "application/pdf", b"%PDF-"),
    Kind(
        ".docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ZIP,
        b"word/",
    ),
    Kind(
        ".odt",
        "application/vnd.oasis.opendocument.text",
        _ZIP,
        b"application/vnd.oasis.opendocument.text",
    ),
    Kind(".png", "image/png", b"\x89PNG\r\n\x1a\n"),
    Kind(".jpg", "image/jpeg", b"\xff\xd8\xff"),
)
SUFFIXES = tuple(kind.suffix for kind in _TAKEN)


def kind_of(data: bytes) -> Kind:
    """What the bytes are, whatever the name says; refuses with `document_empty`,
    `document_large` or `document_kind`."""
    if not data:
        raise Refused("document_empty")
    if len(data) > MAX_BYTES:
        raise Refused("document_large", limit_mb=MAX_BYTES // 1_000_000)
    for kind in _TAKEN:
        if data.startswith(kind.starts) and kind.holds in data:
            return kind
    raise Refused("document_kind")


def safe_name(name: str, suffix: str) -> str:
    """A name to save the file under: letters and figures of any language, ours the ending."""
    stem = re.sub(r"\.[^.]{1,8}$", "", re.split(r"[/\\]", name)[-1])
    kept = "".join(char if char.isalnum() or char in " -_().," else " " for char in stem)
    return (" ".join(kept.split())[:80].strip(" .") or "document") + suffix


async def add(
    conn: Connection,
    scope: Scope,
    tour_id: UUID,
    *,
    kind: str,
    language: str,
    filename: str,
    content_type: str,
    size: int,
    key: str,
) -> UUID:
    """The row of a file that is stored already."""
    if kind not in KINDS:
        raise Refused("document_kind")
    document_id: UUID | None = await conn.fetchval(
        """
        insert into documents
            (programme_id, tour_id, kind, language, filename, content_type, bytes, key)
        select t.programme_id, t.id, $4, $5, $6, $7, $8, $9 from tours t
        where t.programme_id = $1 and t.id = $2 and t.company_id = any($3::uuid[])
          and (select count(*) from documents d where d.tour_id = t.id) < $10
        returning id
        """,
        scope.programme_id,
        tour_id,
        editor_companies(scope),
        kind,
        language,
        filename,
        content_type,
        size,
        key,
        MAX_PER_TOUR,
    )
    if document_id is None:
        raise Refused("document_many", limit=MAX_PER_TOUR)
    return document_id


async def of_tour(conn: Connection, scope: Scope, tour_id: UUID) -> list[Document]:
    """The files beside one film, worksheets first."""
    rows = await conn.fetch(
        """
        select id, programme_id, tour_id, kind, language, filename, content_type, bytes, key
        from documents where programme_id = $1 and tour_id = $2
        order by kind desc, language, created_at, id
        """,
        scope.programme_id,
        tour_id,
    )
    return [_document(row) for row in rows]


async def one(conn: Connection, document_id: UUID) -> tuple[Document, UUID]:
    """A file and the video it stands beside; whether the reader may have it, `may_watch` says."""
    row = await conn.fetchrow(
        """
        select d.id, d.programme_id, d.tour_id, d.kind, d.language, d.filename, d.content_type,
               d.bytes, d.key, t.video_id
        from documents d join tours t on t.programme_id = d.programme_id and t.id = d.tour_id
        where d.id = $1
        """,
        document_id,
    )
    if row is None:
        raise NotThere("document")
    return _document(row), row["video_id"]


async def remove(conn: Connection, scope: Scope, tour_id: UUID, document_id: UUID) -> str:
    """Takes the file off the tour; returns the key of the bytes, which may go now."""
    key: str | None = await conn.fetchval(
        """
        delete from documents d using tours t
        where d.programme_id = $1 and d.id = $2 and d.tour_id = $3
          and t.programme_id = d.programme_id and t.id = d.tour_id
          and t.company_id = any($4::uuid[])
        returning d.key
        """,
        scope.programme_id,
        document_id,
        tour_id,
        editor_companies(scope),
    )
    if key is None:
        raise NotThere("document")
    return key


def _document(row: asyncpg.Record) -> Document:
    fields = {name: value for name, value in row.items() if name != "video_id"}
    return Document(**fields)
