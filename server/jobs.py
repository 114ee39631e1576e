"""The only producer of jobs: an id of a row, inside the transaction that wrote the row."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from pgqueuer.queries import Queries

from server.database import Connection

# Every kind of job there is; `workers/queue.py` registers each.
PROBE = "probe"
TRANSCODE = "transcode"
MAIL = "mail"
KINDS = (PROBE, TRANSCODE, MAIL)


async def enqueue(
    conn: Connection, kind: str, row_id: UUID | int, *, after: timedelta | None = None
) -> None:
    """Puts the row's id in the queue of `kind`, visible when the caller's transaction commits.

    A row may wait twice: whoever claims it second finds that there is nothing to do, or takes
    the lease over. (A dedupe key would swallow the retry of a job that is just being cancelled.)
    """
    queries: Any = Queries.from_asyncpg_connection(conn)  # type: ignore[arg-type]
    await queries.enqueue(kind, str(row_id).encode(), execute_after=after)
