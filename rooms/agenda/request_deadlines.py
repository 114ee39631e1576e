"""Requests nobody answers, and what is forgotten of them: for the sweep, over all programmes."""

from datetime import date, datetime
from uuid import UUID

import asyncpg

from rooms.agenda import request_states, requests
from rooms.agenda.request_states import Actor, Verb
from rooms.agenda.requests import Request
from rooms.connection import Connection
from rooms.scope import Scope

_SYSTEM = frozenset({Actor.SYSTEM})


async def expire_due(conn: Connection, now: datetime) -> list[Request]:
    """Ends what got no answer in time; those that just ended."""
    rows = await conn.fetch(
        """
        select r.programme_id, r.id, r.state from requests r
        join programmes p on p.id = r.programme_id
        where r.state in ('asked', 'proposed') and r.last_day < ($1 at time zone p.zone)::date
        order by r.last_day, r.id limit 200
        for update of r skip locked
        """,
        now,
    )
    return [await _expire(conn, row, now) for row in rows]


async def _expire(conn: Connection, row: asyncpg.Record, now: datetime) -> Request:
    scope = Scope(row["programme_id"])
    request = await requests.any_of(conn, row["programme_id"], row["id"])
    state = request_states.move(request.state, Verb.EXPIRE, _SYSTEM)
    await requests.set_state(conn, request, state, now)
    await requests.note(conn, scope, request.id, Verb.EXPIRE.value, now)
    return await requests.any_of(conn, row["programme_id"], row["id"])


async def word_due(conn: Connection, now: datetime) -> list[Request]:
    """Marks what has waited for five working days; those of which word is to be given now."""
    rows = await conn.fetch(
        """
        update requests r set word_given_at = $1 from programmes p
        where p.id = r.programme_id and r.state in ('asked', 'proposed')
            and r.word_given_at is null and r.word_on < ($1 at time zone p.zone)::date
            and r.last_day >= ($1 at time zone p.zone)::date
        returning r.programme_id, r.id
        """,
        now,
    )
    for row in rows:
        await requests.note(conn, Scope(row["programme_id"]), row["id"], "word", now)
    return [await requests.any_of(conn, row["programme_id"], row["id"]) for row in rows]


async def drop(conn: Connection, programme_id: UUID, first: date) -> int:
    """Takes away invitations asked before a day, with who asked and what was written."""
    await conn.execute(
        """
        delete from request_events e using requests r, programmes p
        where (r.programme_id, r.id) = (e.programme_id, e.request_id) and p.id = r.programme_id
            and r.programme_id = $1 and (r.asked_at at time zone p.zone)::date < $2
        """,
        programme_id,
        first,
    )
    done = await conn.execute(
        """
        delete from requests r using programmes p
        where p.id = r.programme_id and r.programme_id = $1
            and (r.asked_at at time zone p.zone)::date < $2
        """,
        programme_id,
        first,
    )
    return int(done.rpartition(" ")[2])
