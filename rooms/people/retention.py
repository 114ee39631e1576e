"""What classes forget with time: their name, and who taught them."""

from datetime import date
from uuid import UUID

from rooms.connection import Connection


async def drop_class_names(conn: Connection, programme_id: UUID, before: date) -> int:
    """Takes name, subject and teachers off classes of school years before a day; how many.

    One that still met on or after that day waits. The row stays: results are summed by it.
    """
    rows = await conn.fetch(
        """
        update classes c set name = '', subject = '', created_by = null
        where c.programme_id = $1 and c.school_year < extract(year from $2::date)
            and c.created_by is not null
            and not exists (select 1 from session_rows s
                where (s.programme_id, s.class_id) = (c.programme_id, c.id)
                    and (s.state in ('planned', 'running') or s.local_date >= $2))
        returning c.id
        """,
        programme_id,
        before,
    )
    ids = [row["id"] for row in rows]
    await conn.execute(
        "delete from class_invites where programme_id = $1 and class_id = any($2::uuid[])",
        programme_id,
        ids,
    )
    await conn.execute(
        "delete from class_teachers where programme_id = $1 and class_id = any($2::uuid[])",
        programme_id,
        ids,
    )
    return len(ids)
