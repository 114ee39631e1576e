"""A teacher's sessions of tours, page by page: what the API lists."""

from datetime import datetime
from uuid import UUID

from rooms.agenda import sessions
from rooms.agenda.sessions import Session
from rooms.connection import Connection
from rooms.scope import Scope

Place = tuple[datetime, UUID]
"""Where a page ended: the last row's `created_at` and id."""


async def page(
    conn: Connection, scope: Scope, state: str, after: Place | None, limit: int
) -> list[Session]:
    """Sessions with classes of the scope's person, the newest first; `state` '' means any."""
    rows = await conn.fetch(
        """
        select s.* from session_rows s
        join class_teachers t on (t.programme_id, t.class_id) = (s.programme_id, s.class_id)
        where s.programme_id = $1 and t.person_id = $2 and s.tour_id is not null
          and ($3 = '' or s.state = $3)
          and ($4::timestamptz is null or (s.created_at, s.id) < ($4, $5::uuid))
        order by s.created_at desc, s.id desc limit $6
        """,
        scope.programme_id,
        scope.person_id,
        state,
        *(after or (None, None)),
        limit,
    )
    return [sessions.session_of(row) for row in rows]
