"""Chapters as they are stored: those of one version of a film, in its own time."""

from collections.abc import Sequence
from uuid import UUID

from rooms.connection import Connection
from rooms.tours.chapters import Chapter


async def of_version(conn: Connection, programme_id: UUID, version_id: UUID) -> list[Chapter]:
    """The chapters in the film's order."""
    rows = await conn.fetch(
        """
        select starts_at_ms, title from chapters
        where programme_id = $1 and version_id = $2 order by starts_at_ms
        """,
        programme_id,
        version_id,
    )
    return [Chapter(row["starts_at_ms"], row["title"]) for row in rows]


async def put(
    conn: Connection, programme_id: UUID, version_id: UUID, chapters: Sequence[Chapter]
) -> None:
    """Replaces all chapters of a version; numbered from 1 in the film's order."""
    await conn.execute(
        "delete from chapters where programme_id = $1 and version_id = $2",
        programme_id,
        version_id,
    )
    await conn.executemany(
        """
        insert into chapters (programme_id, version_id, number, starts_at_ms, title)
        values ($1, $2, $3, $4, $5)
        """,
        [
            (programme_id, version_id, number, chapter.start_ms, chapter.title)
            for number, chapter in enumerate(chapters, 1)
        ],
    )
