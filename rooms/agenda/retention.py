"""What sessions forget with time: who gave them, and what the class was called."""

from datetime import date
from uuid import UUID

from rooms.connection import Connection


async def drop_names(conn: Connection, programme_id: UUID, before: date) -> list[UUID]:
    """Takes class name and teacher off session classes of sessions before a local day; their ids.

    School, level and the counts stay, and so does the class's id: it tells apart, not who.
    """
    rows = await conn.fetch(
        """
        update session_classes c set class_name = '', confirmed_by = null,
            showing_declared_by = null, showing_declared_reason = null, took_part_by = null,
            -- what was confirmed at one moment was one teacher's
            teacher_confirmed_at = null
        from sessions s
        where (s.programme_id, s.id) = (c.programme_id, c.session_id)
            and s.programme_id = $1 and s.state in ('ended', 'cancelled')
            and coalesce(s.local_date, s.planned_on) < $2 and s.organiser_id is not null
        returning c.id
        """,
        programme_id,
        before,
    )
    await conn.execute(
        """
        update sessions set organiser_id = null
        where programme_id = $1 and state in ('ended', 'cancelled')
            and coalesce(local_date, planned_on) < $2 and organiser_id is not null
        """,
        programme_id,
        before,
    )
    return [row["id"] for row in rows]
