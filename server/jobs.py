"""The only producer of jobs: an id of a row, inside the transaction that wrote the row."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pgqueuer.queries import Queries

from server.database import Connection

# Every kind of job there is; `workers/queue.py` registers each.
PROBE = "probe"
TRANSCODE = "transcode"
MAIL = "mail"
EXPORT = "export"
KINDS = (PROBE, TRANSCODE, MAIL, EXPORT)


async def enqueue(
    conn: Connection, kind: str, row_id: UUID | int, *, after: timedelta | None = None
) -> None:
    """Puts the row's id in the queue of `kind`, visible when the caller's transaction commits.

    A row may wait twice: whoever comes second finds that there is nothing to do, or waits for as
    long as the first lives. (A dedupe key would swallow the retry of a job that is just being
    cancelled.)
    """
    queries: Any = Queries.from_asyncpg_connection(conn)  # type: ignore[arg-type]
    await queries.enqueue(kind, str(row_id).encode(), execute_after=after)


async def forget_old(conn: Connection, before: datetime) -> None:
    """Drops what the queue noted of jobs that ended before; it keeps every one by itself."""
    await conn.execute("delete from pgqueuer_log where aggregated and created < $1", before)
    await conn.execute("delete from pgqueuer_statistics where created < $1", before)
