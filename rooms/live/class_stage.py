"""Whether a class is on the stage: read from the room's log when its screen wants to send."""

from uuid import UUID

from rooms.connection import Connection
from rooms.scope import Scope


async def is_on(conn: Connection, scope: Scope, room_id: UUID, part: UUID) -> bool:
    """What the last line of the log about this class and the stage says; none says no."""
    found: bool | None = await conn.fetchval(
        """
        select (data ->> 'on')::boolean from room_events
        where programme_id = $1 and room_id = $2 and kind = 'class_on_stage'
            and data ->> 'part' = $3
        order by number desc limit 1
        """,
        scope.programme_id,
        room_id,
        str(part),
    )
    return bool(found)
