"""What live rooms forget with time: what happened in them, their keys, who presented."""

from datetime import date, datetime
from uuid import UUID

from rooms.connection import Connection


async def drop_events(conn: Connection, programme_id: UUID, before: datetime) -> int:
    """The log of rooms from before a moment; how many lines. Their numbers are not given again."""
    done = await conn.execute(
        "delete from room_events where programme_id = $1 and at < $2", programme_id, before
    )
    return _count(done)


async def drop_keys(conn: Connection, programme_id: UUID, before: datetime) -> int:
    """Stream keys that were over or revoked before a moment; how many."""
    done = await conn.execute(
        """
        delete from stream_keys k using room_presenters m
        where (m.programme_id, m.id) = (k.programme_id, k.presenter_id)
            and k.programme_id = $1
            and least(k.expires_at, k.revoked_at, m.removed_at) < $2
        """,
        programme_id,
        before,
    )
    return _count(done)


async def drop_presenters(conn: Connection, programme_id: UUID, before: date) -> int:
    """Who opened and presented in rooms closed before a local day; how many.

    The room stays with its company and its time on air: that is the company's, and nobody's name.
    """
    rows = await conn.fetch(
        """
        update rooms set opened_by = null
        where programme_id = $1 and (closed_at at time zone zone)::date < $2
            and opened_by is not null
        returning id
        """,
        programme_id,
        before,
    )
    done = await conn.execute(
        """
        update room_presenters m set person_id = null from rooms r
        where (r.programme_id, r.id) = (m.programme_id, m.room_id) and m.programme_id = $1
            and (r.closed_at at time zone r.zone)::date < $2 and m.person_id is not null
        """,
        programme_id,
        before,
    )
    return len(rows) + _count(done)


def _count(tag: str) -> int:
    """How many rows a command's tag, such as `DELETE 12`, tells of."""
    return int(tag.rpartition(" ")[2])
