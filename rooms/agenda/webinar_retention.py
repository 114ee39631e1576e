"""What webinars forget with time: who made, led and presented them, and who registered a class."""

from datetime import date
from uuid import UUID

from rooms.connection import Connection


async def drop_people(conn: Connection, programme_id: UUID, before: date) -> int:
    """Takes people off webinars that were over before a local day; how many rows went.

    The webinar, its words and its session classes stay: what was reached is told by those.
    """
    rows = await conn.fetch(
        """
        with past as (
            select programme_id, id from webinars
            where programme_id = $1 and day < $2 and state in ('ended', 'archived', 'cancelled')
        ), registered as (
            delete from registrations g using past
            where (g.programme_id, g.webinar_id) = (past.programme_id, past.id) returning 1
        ), presenting as (
            delete from webinar_presenters e using past
            where (e.programme_id, e.webinar_id) = (past.programme_id, past.id) returning 1
        ), preparing as (
            -- how long they prepared together is kept with the session's figures
            delete from webinar_preparations t using past
            where (t.programme_id, t.webinar_id) = (past.programme_id, past.id) returning 1
        ), typing as (
            delete from captioners k using past
            where (k.programme_id, k.webinar_id) = (past.programme_id, past.id) returning 1
        ), moderating as (
            delete from webinar_moderators m using past
            where (m.programme_id, m.webinar_id) = (past.programme_id, past.id) returning 1
        ), noted as (
            update webinar_events v set person_id = null from past
            where (v.programme_id, v.webinar_id) = (past.programme_id, past.id)
                and v.person_id is not null returning 1
        ), made as (
            update webinars w set created_by = null, host_id = null from past
            where (w.programme_id, w.id) = (past.programme_id, past.id)
                and num_nonnulls(w.created_by, w.host_id) > 0 returning 1
        )
        select 1 from registered union all select 1 from presenting union all
        select 1 from preparing union all select 1 from typing union all
        select 1 from moderating union all select 1 from noted union all select 1 from made
        """,
        programme_id,
        before,
    )
    return len(rows)
