"""Who is on a room's stage, as its log tells it: from the live core's stage to lines in the log."""

from datetime import datetime
from uuid import UUID

from rooms.connection import Connection
from rooms.live import log
from rooms.scope import Scope


async def note(conn: Connection, room_id: UUID, members: frozenset[UUID], now: datetime) -> None:
    """Writes who came and who left since the log last said who is there; else nothing."""
    programme_id: UUID | None = await conn.fetchval(
        "select programme_id from rooms where id = $1 and closed_at is null for update", room_id
    )
    if programme_id is None:
        return
    scope = Scope(programme_id)
    known = await on_stage(conn, scope, room_id)
    for kind, who in (("presenter_left", known - members), ("presenter_came", members - known)):
        for member in sorted(who):
            await log.append(conn, scope, room_id, kind, now, {"member": str(member)})


async def on_stage(conn: Connection, scope: Scope, room_id: UUID) -> frozenset[UUID]:
    """Members whose last line in the log says that they came."""
    rows = await conn.fetch(
        """
        select member from (
            select distinct on (data ->> 'member') data ->> 'member' as member, kind
            from room_events
            where programme_id = $1 and room_id = $2
                and kind in ('presenter_came', 'presenter_left')
            order by data ->> 'member', number desc
        ) as last where kind = 'presenter_came'
        """,
        scope.programme_id,
        room_id,
    )
    return frozenset(UUID(row["member"]) for row in rows)
