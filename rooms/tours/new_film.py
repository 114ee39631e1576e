"""What a new version of the film means for its tour: its words go along where they can."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg

from rooms.attendance.ranges import Ranges, difference, length_ms, union
from rooms.connection import Connection
from rooms.tours import captions_kept, chapters_kept
from rooms.tours.captions import Cue, cues_through
from rooms.tours.captions_kept import Kept
from rooms.tours.chapters import Chapter, Edit, chapters_through


@dataclass(frozen=True)
class Take:
    """One version of an original, and which pieces of the original it shows."""

    version_id: UUID
    edit: Edit


async def carry_along(
    conn: Connection, programme_id: UUID, video_id: UUID, version_id: UUID
) -> bool:
    """Moves captions and chapters from the film that played to the one that plays now.

    Only between cuts of the same original, through their edits; another film gets none. Words of
    a piece that is back come from the last cut that still had it. Returns whether another film
    or cut played before.
    """
    rows = await conn.fetch(
        """
        select id, upload_id, edit, original_ms from video_versions
        where programme_id = $1 and video_id = $2 and (id = $3 or retired_at is not null)
        order by (id = $3) desc, retired_at desc, id
        """,
        programme_id,
        video_id,
        version_id,
    )
    if len(rows) < 2:
        return False
    if rows[0]["upload_id"] == rows[1]["upload_id"]:
        takes = [_take(row) for row in rows if row["upload_id"] == rows[0]["upload_id"]]
        await _carry_captions(conn, programme_id, takes[0], takes[1:])
        await _carry_chapters(conn, programme_id, takes[0], takes[1:])
    return True


def _take(row: asyncpg.Record) -> Take:
    spans = row["edit"] if row["edit"] is not None else [[0, row["original_ms"] or 0]]
    return Take(row["id"], Edit(tuple((start / 1000, end / 1000) for start, end in spans)))


async def _carry_captions(
    conn: Connection, programme_id: UUID, new: Take, old: Sequence[Take]
) -> None:
    """A language the company has removed since does not come back from an older cut."""
    for kept in await captions_kept.of_version(conn, programme_id, old[0].version_id):
        cues = await _cues_of(conn, programme_id, kept, old)
        moved = cues_through(cues, new.edit)
        if moved and await _is_free(conn, programme_id, new, kept.language):
            await captions_kept.put(conn, programme_id, new.version_id, replace(kept, cues=moved))


async def _cues_of(
    conn: Connection, programme_id: UUID, kept: Kept, old: Sequence[Take]
) -> list[Cue]:
    """One language on the original's time line, from the cuts of it, the latest first."""
    cues = in_original(kept.cues, old[0].edit)
    covered: Ranges = old[0].edit.spans
    for take in old[1:]:
        older = await captions_kept.one(conn, programme_id, take.version_id, kept.language)
        if older is not None:
            whole = in_original(older.cues, take.edit)
            cues += [cue for cue in whole if _is_outside(cue, covered)]
        covered = union([*covered, *take.edit.spans])
    return cues


def _is_outside(cue: Cue, covered: Ranges) -> bool:
    """Whether most of the cue lies where the later cuts had nothing."""
    span = (cue.start_ms, cue.end_ms)
    return 2 * length_ms(difference([span], covered)) > cue.end_ms - cue.start_ms


async def _is_free(conn: Connection, programme_id: UUID, new: Take, language: str) -> bool:
    return await captions_kept.one(conn, programme_id, new.version_id, language) is None


async def _carry_chapters(
    conn: Connection, programme_id: UUID, new: Take, old: Sequence[Take]
) -> None:
    if await chapters_kept.of_version(conn, programme_id, new.version_id):
        return
    whole: list[Chapter] = []
    covered: Ranges = ()
    for take in old:
        kept = await chapters_kept.of_version(conn, programme_id, take.version_id)
        there = [Chapter(take.edit.to_original(one.start_ms), one.title) for one in kept]
        back = [one for one in there if not _is_in(one.start_ms, covered)]
        whole = [*_without_stand_ins(whole, back, covered), *back]
        covered = union([*covered, *take.edit.spans])
    await chapters_kept.put(conn, programme_id, new.version_id, chapters_through(whole, new.edit))


def _without_stand_ins(
    chapters: list[Chapter], back: Sequence[Chapter], covered: Ranges
) -> list[Chapter]:
    """Less those that began at a join only because their own beginning had been cut."""
    titles = {one.title for one in back}
    joins = {start for start, _ in covered}
    return [one for one in chapters if one.title not in titles or one.start_ms not in joins]


def _is_in(moment_ms: int, spans: Ranges) -> bool:
    return any(start <= moment_ms < end for start, end in spans)


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
