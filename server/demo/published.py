"""Whether the demo's tour is there: asked at every start, so it imports nothing heavy."""

from uuid import UUID

from server.database import Connection
from server.demo.told import TourTold


async def find(conn: Connection, programme_id: UUID) -> TourTold | None:
    """The demo's tour while it is published, the first one made."""
    row = await conn.fetchrow(
        """
        select id, slug, title, video_id, programme_slug from tour_rows
        where programme_id = $1 and state = 'published' and slug like $2
        order by created_at, id limit 1
        """,
        programme_id,
        "zo-maak-je-een-windmolen%",
    )
    if row is None:
        return None
    return TourTold(
        id=row["id"],
        slug=row["slug"],
        title=row["title"],
        path=f"/p/{row['programme_slug']}/tours/{row['slug']}",
        video=row["video_id"],
        master=f"/videos/{row['video_id']}/master.m3u8",
    )
