"""Invitations of a school that turns out to be another one."""

from uuid import UUID

from rooms.connection import Connection
from rooms.scope import Scope


async def move_school(
    conn: Connection, scope: Scope, from_id: UUID, into_id: UUID, only: list[UUID] | None
) -> list[UUID]:
    """Invitations of the one school stand under the other; `only`: these. Returns which."""
    rows = await conn.fetch(
        """
        update requests set school_id = $3
        where programme_id = $1 and school_id = $2 and ($4::uuid[] is null or id = any($4))
        returning id
        """,
        scope.programme_id,
        from_id,
        into_id,
        only,
    )
    return [row["id"] for row in rows]
