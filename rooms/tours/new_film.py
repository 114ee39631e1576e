"""What a new version of the film means for its tour: words that go along, and a new look at it."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from rooms.connection import Connection
from rooms.tours import captions_kept, chapters_kept
from rooms.tours.captions import Cue, cues_through
from rooms.tours.chapters import Chapter, Edit, chapters_through


async def carry_along(
    conn: Connection, programme_id: UUID, video_id: UUID, version_id: UUID
) -> bool:
    """Moves captions and chapters from the film that played to the one that plays now.

    Only between two cuts of the same original, through both edits; another film gets none.
    Returns whether another film or cut played before.
    """
    rows = await conn.fetch(
        """
        select id, upload_id, edit, original_ms from video_versions
        where programme_id = $1 and video_id = $2 and (id = $3 or retired_at is not null)
        order by (id = $3) desc, retired_at desc, id limit 2
        """,
        programme_id,
        video_id,
        version_id,
    )
    if len(rows) < 2:
        return False
    new, old = rows
    if new["upload_id"] == old["upload_id"]:
        length_ms = new["original_ms"] or old["original_ms"] or 0
        before, after = _edit(old["edit"], length_ms), _edit(new["edit"], length_ms)
        await _carry_captions(conn, programme_id, (old["id"], before), (new["id"], after))
        await _carry_chapters(conn, programme_id, (old["id"], before), (new["id"], after))
    return True


async def _carry_captions(
    conn: Connection, programme_id: UUID, old: tuple[UUID, Edit], new: tuple[UUID, Edit]
) -> None:
    for kept in await captions_kept.of_version(conn, programme_id, old[0]):
        cues = cues_through(in_original(kept.cues, old[1]), new[1])
        if cues and await captions_kept.one(conn, programme_id, new[0], kept.language) is None:
            await captions_kept.put(conn, programme_id, new[0], replace(kept, cues=cues))


async def _carry_chapters(
    conn: Connection, programme_id: UUID, old: tuple[UUID, Edit], new: tuple[UUID, Edit]
) -> None:
    if await chapters_kept.of_version(conn, programme_id, new[0]):
        return
    chapters = await chapters_kept.of_version(conn, programme_id, old[0])
    in_whole = [Chapter(old[1].to_original(c.start_ms), c.title) for c in chapters]
    await chapters_kept.put(conn, programme_id, new[0], chapters_through(in_whole, new[1]))


def _edit(spans_ms: list[list[int]] | None, length_ms: int) -> Edit:
    spans = spans_ms if spans_ms is not None else [[0, length_ms]]
    return Edit(tuple((start / 1000, end / 1000) for start, end in spans))


def in_original(cues: Iterable[Cue], edit: Edit) -> list[Cue]:
    """Cues of a cut film on the original's time line. An end at a join stays before the cut."""
    return [
        replace(
            cue,
            start_ms=edit.to_original(cue.start_ms),
            end_ms=edit.to_original(cue.end_ms - 1) + 1,
        )
        for cue in cues
    ]
