"""Captions as they are stored: one set per version of a film and language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.tours.captions import Cue, to_vtt

SOURCES = ("file", "typed", "spread", "sound")


@dataclass(frozen=True, slots=True)
class Kept:
    """The captions of one version in one language. A draft is seen by its company only."""

    language: str
    source: str
    is_draft: bool
    cues: tuple[Cue, ...]


async def of_version(conn: Connection, programme_id: UUID, version_id: UUID) -> list[Kept]:
    """Every language of a version, drafts included."""
    rows = await conn.fetch(
        """
        select language, source, is_draft, cues from captions
        where programme_id = $1 and version_id = $2 order by language
        """,
        programme_id,
        version_id,
    )
    return [_kept(row) for row in rows]


async def one(conn: Connection, programme_id: UUID, version_id: UUID, language: str) -> Kept | None:
    """One language of a version, or None."""
    row = await conn.fetchrow(
        """
        select language, source, is_draft, cues from captions
        where programme_id = $1 and version_id = $2 and language = $3
        """,
        programme_id,
        version_id,
        language,
    )
    return _kept(row) if row else None


async def put(conn: Connection, programme_id: UUID, version_id: UUID, kept: Kept) -> None:
    """Writes one language, in the place of what was there."""
    await conn.execute(
        """
        insert into captions (programme_id, version_id, language, source, is_draft, cues)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (programme_id, version_id, language) do update
        set source = excluded.source, is_draft = excluded.is_draft, cues = excluded.cues,
            changed_at = now()
        """,
        programme_id,
        version_id,
        kept.language,
        kept.source,
        kept.is_draft,
        [_plain(cue) for cue in kept.cues],
    )


async def remove(conn: Connection, programme_id: UUID, version_id: UUID, language: str) -> bool:
    """Takes one language away; False when there was none."""
    found = await conn.fetchval(
        """
        delete from captions where programme_id = $1 and version_id = $2 and language = $3
        returning true
        """,
        programme_id,
        version_id,
        language,
    )
    return bool(found)


async def clean_vtt(conn: Connection, version_id: UUID, language: str) -> str | None:
    """Finished captions as WebVTT, or None. Whether the reader may see the film: `may_watch`."""
    row = await conn.fetchrow(
        """
        select language, source, is_draft, cues from captions
        where version_id = $1 and language = $2 and not is_draft
        """,
        version_id,
        language,
    )
    return to_vtt(_kept(row).cues) if row else None


def _plain(cue: Cue) -> dict[str, Any]:
    return {"start_ms": cue.start_ms, "end_ms": cue.end_ms, "text": "\n".join(cue.lines)}


def _kept(row: asyncpg.Record) -> Kept:
    cues: Sequence[dict[str, Any]] = row["cues"]
    return Kept(
        row["language"],
        row["source"],
        row["is_draft"],
        tuple(Cue(cue["start_ms"], cue["end_ms"], tuple(cue["text"].split("\n"))) for cue in cues),
    )
