"""Visits: one connection's continuous presence, from its first beat to its last.

A visit is never closed at "now": whatever ends it, it ends where it was last seen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from rooms.attendance.moves import Event, Move
from rooms.attendance.ranges import Ranges
from rooms.attendance.rule import SeatKind
from rooms.connection import Connection

# Silent for longer: the device is gone, until it says otherwise.
LOST_AFTER = timedelta(seconds=30)
# At a start: silent for longer than two beats and a flush, so nobody else is writing it.
RESTART_AFTER = timedelta(seconds=6)
# Film a connection may claim beyond twice the time it was there: the beat that is just under way.
CLAIM_GRACE_MS = 6_000
CLAIM_SPEED = 2


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a connection has told since the last flush."""

    programme_id: UUID
    seat_id: UUID
    connection: UUID
    first_at: datetime
    last_at: datetime
    watched: Ranges
    media_wanted: bool
    media_flowed: bool
    is_late: bool
    last_beat: int
    is_leaving: bool
    events: tuple[Event, ...] = ()


def multirange(ranges: Ranges) -> str:
    """As PostgreSQL writes it; asyncpg would take an array of them for a table of numbers."""
    return "{" + ",".join(f"[{start},{end})" for start, end in ranges) + "}"


async def record(conn: Connection, stretches: list[Stretch]) -> set[tuple[UUID, UUID]]:
    """Opens new visits, and moves all on in one update; what was written, as (seat, connection).

    A visit closed meanwhile opens again when the new stretch joins it; a connection that was
    silent for longer than `LOST_AFTER` does not bridge the silence: its device starts another.
    Film beyond twice the time the connection was there is not believed.
    """
    if not stretches:
        return set()
    await _open(conn, stretches)
    rows = await conn.fetch(
        """
        update visits v set
            started_at = least(v.started_at, t.first_at),
            seen_until = greatest(v.seen_until, t.last_at),
            watched = case when watched_ms(v.watched + t.watched::int8multirange)
                <= $10 * extract(epoch from greatest(v.seen_until, t.last_at)
                    - least(v.started_at, t.first_at)) * 1000 + $11
                then v.watched + t.watched::int8multirange else v.watched end,
            media_wanted = v.media_wanted or t.media_wanted,
            media_flowed = v.media_flowed or t.media_flowed,
            is_late = v.is_late or t.is_late,
            last_beat = greatest(v.last_beat, t.last_beat),
            ended_at = case when t.last_beat < v.last_beat then v.ended_at
                when t.is_leaving then greatest(v.seen_until, t.last_at) end,
            end_reason = case when t.last_beat < v.last_beat then v.end_reason
                when t.is_leaving then 'left' end
        from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[],
                $5::text[], $6::boolean[], $7::boolean[], $8::boolean[], $9::bigint[],
                $13::boolean[])
            as t (seat_id, connection, first_at, last_at, watched, media_wanted, media_flowed,
                is_late, last_beat, is_leaving)
        where v.connection = t.connection and v.seat_id = t.seat_id
            and t.first_at <= v.seen_until + $12::interval
            and t.last_at >= v.started_at - $12::interval
        returning v.seat_id, v.connection
        """,
        [one.seat_id for one in stretches],
        [one.connection for one in stretches],
        [one.first_at for one in stretches],
        [one.last_at for one in stretches],
        [multirange(one.watched) for one in stretches],
        [one.media_wanted for one in stretches],
        [one.media_flowed for one in stretches],
        [one.is_late for one in stretches],
        [one.last_beat for one in stretches],
        CLAIM_SPEED,
        CLAIM_GRACE_MS,
        LOST_AFTER,
        [one.is_leaving for one in stretches],
    )
    placed = {(row["seat_id"], row["connection"]) for row in rows}
    await _append(conn, [one for one in stretches if (one.seat_id, one.connection) in placed])
    return placed


async def _open(conn: Connection, stretches: list[Stretch]) -> None:
    """A row for each connection that has none yet; what it told comes with the update."""
    await conn.execute(
        """
        insert into visits (programme_id, seat_id, connection, started_at, seen_until)
        select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[],
            $5::timestamptz[])
        on conflict (connection) do nothing
        """,
        [one.programme_id for one in stretches],
        [one.seat_id for one in stretches],
        [one.connection for one in stretches],
        [one.first_at for one in stretches],
        [one.last_at for one in stretches],
    )


async def _append(conn: Connection, stretches: list[Stretch]) -> None:
    said = [(one.connection, event) for one in stretches for event in one.events]
    # Numbered as the server's own word on that beat.
    late = [
        (one.connection, Event(one.last_beat * 10 + 8, one.last_at, "late_received"))
        for one in stretches
        if one.is_late
    ]
    await _tell(conn, [*said, *late])


async def _tell(conn: Connection, told: list[tuple[UUID, Event]]) -> None:
    if not told:
        return
    await conn.execute(
        """
        insert into visit_events (visit_id, number, at, kind)
        select v.id, e.number, e.at, e.kind
        from unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[])
            as e (connection, number, at, kind)
        join visits v on v.connection = e.connection
        on conflict do nothing
        """,
        [connection for connection, _ in told],
        [event.number for _, event in told],
        [event.at for _, event in told],
        [event.kind for _, event in told],
    )


# --- in a live room ------------------------------------------------------------------------------


async def open_one(
    conn: Connection, programme_id: UUID, seat_id: UUID, connection: UUID | None, now: datetime
) -> UUID:
    """The visit of a seat's connection, taken up again or new; returns the connection it has.

    That is another than the one asked for when that one is another seat's.
    """
    opened: UUID | None = await conn.fetchval(
        """
        with opened as (
            insert into visits as v (programme_id, seat_id, connection, started_at, seen_until)
            values ($1, $2, $3, $4, $4)
            on conflict (connection) do update set ended_at = null, end_reason = null,
                away_since = null, seen_until = greatest(v.seen_until, excluded.seen_until)
                where (v.programme_id, v.seat_id) = (excluded.programme_id, excluded.seat_id)
            returning id, connection
        ), told as (
            insert into visit_events (visit_id, number, at, kind)
            select id, floor(extract(epoch from $4::timestamptz) * 1000)::bigint * 10 + 2, $4,
                'connected' from opened on conflict do nothing
        )
        select connection from opened
        """,
        programme_id,
        seat_id,
        connection or uuid4(),
        now,
    )
    return opened or await open_one(conn, programme_id, seat_id, None, now)


async def move(conn: Connection, moves: list[Move]) -> dict[UUID, SeatKind]:
    """Moves visits in rooms on in one update; the connections whose visit goes on, each with the
    kind that its seat has by now.

    A visit whose seat, class or room is over does not. What the live core saw while the page
    said that it is neither seen nor heard does not count. Rows are held in one order, because
    pages and the live core tell of the same ones at the same time.
    """
    if not moves:
        return {}
    rows = await conn.fetch(
        """
        with held as materialized (
            select id from visits where connection = any($1::uuid[]) order by id for update
        )
        update visits v set
            started_at = least(v.started_at, t.first_at),
            seen_until = greatest(v.seen_until, t.last_at),
            watched = v.watched + case when t.is_away is null and v.away_since is not null
                then t.present::int8multirange * int8multirange(int8range(null,
                    floor(extract(epoch from v.away_since) * 1000)::bigint))
                else t.present::int8multirange end,
            media_wanted = v.media_wanted or s.kind <> 'companion',
            media_flowed = v.media_flowed or t.media_flowed,
            rung = coalesce(t.rung, v.rung),
            last_beat = greatest(v.last_beat, t.last_beat),
            away_since = case when t.is_away is null or t.last_beat < v.last_beat then v.away_since
                when t.is_away then coalesce(v.away_since, t.last_at) end,
            ended_at = case when t.is_leaving then greatest(v.seen_until, t.last_at)
                when t.last_beat < v.last_beat and v.ended_at is not null
                    then greatest(v.ended_at, t.last_at) end,
            end_reason = case when t.is_leaving then 'left'
                when t.last_beat < v.last_beat then v.end_reason end
        from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::boolean[],
                $6::text[], $7::boolean[], $8::boolean[], $9::bigint[])
            as t (connection, first_at, last_at, present, media_flowed, rung, is_away, is_leaving,
                last_beat),
            held,
            seats s
            join session_classes c on (c.programme_id, c.id) = (s.programme_id, s.session_class_id)
            join sessions n on (n.programme_id, n.id) = (c.programme_id, c.session_id)
        where v.id = held.id and v.connection = t.connection
            and (s.programme_id, s.id) = (v.programme_id, v.seat_id)
            and s.ended_at is null and c.left_at is null
            and n.state = 'running' and n.room_id is not null
        returning v.connection, s.kind
        """,
        [one.connection for one in moves],
        [one.first_at for one in moves],
        [one.last_at for one in moves],
        [multirange(one.present) for one in moves],
        [one.media_flowed for one in moves],
        [one.rung for one in moves],
        [one.is_away for one in moves],
        [one.is_leaving for one in moves],
        [one.last_beat for one in moves],
    )
    placed = {row["connection"]: SeatKind(row["kind"]) for row in rows}
    told = [one for one in moves if one.connection in placed]
    await _tell(conn, [(one.connection, event) for one in told for event in one.events])
    return placed


async def close_silent(conn: Connection, now: datetime) -> list[UUID]:
    """Closes what was silent for 30 s where it was last seen; the session classes touched."""
    return await _close(conn, now - LOST_AFTER, "lost", "disconnected")


async def close_after_crash(conn: Connection, now: datetime) -> list[UUID]:
    """At a start: closes what a process that died left open, where it was last seen.

    Visits that another process is writing are younger. A device that is still there opens its
    visit again with its next beat, so that a quick restart costs it nothing.
    """
    return await _close(conn, now - RESTART_AFTER, "server_restart", "server_restarted")


async def _close(conn: Connection, silent_since: datetime, reason: str, kind: str) -> list[UUID]:
    rows = await conn.fetch(
        """
        with closed as (
            update visits set ended_at = seen_until, end_reason = $2
            where ended_at is null and seen_until < $1
            returning id, programme_id, seat_id, seen_until, last_beat
        ), told as (
            insert into visit_events (visit_id, number, at, kind)
            select id, last_beat * 10 + 9, seen_until, $3 from closed on conflict do nothing
        )
        select distinct s.session_class_id from closed c
        join seats s on (s.programme_id, s.id) = (c.programme_id, c.seat_id)
        """,
        silent_since,
        reason,
        kind,
    )
    return [row["session_class_id"] for row in rows]


async def close_all(conn: Connection, session_class_id: UUID, reason: str) -> None:
    """Closes every open visit of a session class where it was last seen."""
    await conn.execute(
        """
        update visits v set ended_at = v.seen_until, end_reason = $2
        from seats s
        where (s.programme_id, s.id) = (v.programme_id, v.seat_id) and v.ended_at is null
            and s.session_class_id = $1
        """,
        session_class_id,
        reason,
    )


async def close_of_left_seats(conn: Connection, session_class_id: UUID, reason: str) -> None:
    """Closes the visits of seats that were just ended, where they were last seen."""
    await conn.execute(
        """
        update visits v set ended_at = v.seen_until, end_reason = $2
        from seats s
        where (s.programme_id, s.id) = (v.programme_id, v.seat_id) and v.ended_at is null
            and s.session_class_id = $1 and s.ended_at is not null
        """,
        session_class_id,
        reason,
    )
