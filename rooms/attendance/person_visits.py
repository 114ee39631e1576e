"""Visits of those who come by themselves to a webinar: signed in, without a class and a seat.

As in `visits.py` a visit is never closed at "now", and what a page says twice counts once. Picture
and sound came where the page named a way by which they do.
"""

from datetime import date, datetime
from uuid import UUID, uuid4

from rooms.attendance.moves import Move
from rooms.attendance.rule import SeatKind
from rooms.attendance.visits import multirange
from rooms.connection import Connection


async def open_one(
    conn: Connection,
    programme_id: UUID,
    webinar_id: UUID,
    person_id: UUID,
    connection: UUID | None,
    now: datetime,
) -> UUID:
    """Her connection's visit, taken up again or new; returns the connection it has, which is
    another than the one asked for when that one is somebody else's."""
    opened: UUID | None = await conn.fetchval(
        """
        insert into person_visits as v (connection, programme_id, webinar_id, person_id, started_at,
            seen_until)
        values ($1, $2, $3, $4, $5, $5)
        on conflict (connection) do update set ended_at = null,
            seen_until = greatest(v.seen_until, excluded.seen_until)
            where (v.programme_id, v.webinar_id, v.person_id)
                = (excluded.programme_id, excluded.webinar_id, excluded.person_id)
        returning connection
        """,
        connection or uuid4(),
        programme_id,
        webinar_id,
        person_id,
        now,
    )
    return opened or await open_one(conn, programme_id, webinar_id, person_id, None, now)


async def move(conn: Connection, moves: list[Move]) -> dict[UUID, SeatKind]:
    """Moves visits on in one update; the connections whose visit goes on: those of a webinar that
    is not over."""
    rows = await conn.fetch(
        """
        with held as materialized (
            select connection from person_visits where connection = any($1::uuid[])
            order by connection for update
        )
        update person_visits v set
            started_at = least(v.started_at, t.first_at),
            seen_until = greatest(v.seen_until, t.last_at),
            present = v.present + t.present::int8multirange,
            rung = coalesce(v.rung, t.rung),
            last_beat = greatest(v.last_beat, t.last_beat),
            ended_at = case when t.is_leaving then greatest(v.seen_until, t.last_at) end
        from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[],
                $6::boolean[], $7::bigint[])
            as t (connection, first_at, last_at, present, rung, is_leaving, last_beat),
            held, webinars w
        where v.connection = held.connection and v.connection = t.connection
            and (w.programme_id, w.id) = (v.programme_id, v.webinar_id)
            and w.state in ('announced', 'open', 'live')
        returning v.connection
        """,
        [one.connection for one in moves],
        [one.first_at for one in moves],
        [one.last_at for one in moves],
        [multirange(one.present) for one in moves],
        [one.rung for one in moves],
        [one.is_leaving for one in moves],
        [one.last_beat for one in moves],
    )
    return {row["connection"]: SeatKind.OWN for row in rows}


async def webinars_before(conn: Connection, programme_id: UUID, before: date) -> list[UUID]:
    """Webinars over before a local day of which visits are kept."""
    rows = await conn.fetch(
        """
        select distinct w.id from webinars w
        join person_visits v on (v.programme_id, v.webinar_id) = (w.programme_id, w.id)
        where w.programme_id = $1 and w.day < $2 and w.state in ('ended', 'archived', 'cancelled')
        """,
        programme_id,
        before,
    )
    return [row["id"] for row in rows]


async def drop(conn: Connection, programme_id: UUID, webinar_id: UUID) -> int:
    """Takes a webinar's visits away; how many."""
    done = await conn.execute(
        "delete from person_visits where programme_id = $1 and webinar_id = $2",
        programme_id,
        webinar_id,
    )
    return int(done.rpartition(" ")[2])
