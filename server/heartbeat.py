"""Workers say that they live, in rows, wherever they run; whoever wants to know reads them.

The database's clock stamps and judges: that of two machines may differ.
"""

from datetime import timedelta
from uuid import UUID

from server.database import Connection

BEAT_S = 5.0
SILENT_AFTER = timedelta(seconds=30)
# A process that is gone leaves its row; the next beat of any other clears it away.
FORGOTTEN_AFTER = timedelta(hours=1)


async def beat(conn: Connection, worker_id: UUID) -> None:
    """This worker lives."""
    await conn.execute(
        """
        insert into workers (id, started_at, seen_at)
        values ($1, clock_timestamp(), clock_timestamp())
        on conflict (id) do update set seen_at = excluded.seen_at
        """,
        worker_id,
    )
    await conn.execute(
        "delete from workers where seen_at < clock_timestamp() - $1::interval", FORGOTTEN_AFTER
    )


async def silence(conn: Connection) -> timedelta | None:
    """How long no worker has been heard; None when none was within the hour."""
    since: timedelta | None = await conn.fetchval(
        "select clock_timestamp() - max(seen_at) from workers"
    )
    return since
