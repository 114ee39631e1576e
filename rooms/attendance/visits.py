"""Visits: one connection's continuous presence, from its first beat to its last.

A visit is never closed at "now": whatever ends it, it ends where it was last seen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from rooms.attendance.ranges import Ranges
from rooms.connection import Connection

# Silent for longer: the device is gone, until it says otherwise.
LOST_AFTER = timedelta(seconds=30)
# At a start: silent for longer than two beats and a flush, so nobody else is writing it.
RESTART_AFTER = timedelta(seconds=6)
# Film a connection may claim beyond twice the time it was there: the beat that is just under way.
CLAIM_GRACE_MS = 6_000
CLAIM_SPEED = 2


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed on a connection; the number makes a second copy harmless."""

    number: int
    at: datetime
    kind: str


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
    """The ranges as PostgreSQL writes an int8multirange."""
    return "{" + ",".join(f"[{start},{end})" for start, end in ranges) + "}"


async def record(conn: Connection, stretches: list[Stretch]) -> None:
    """Opens new visits and moves known ones on, all in one statement.

    A visit closed meanwhile opens again when the new stretch joins it; a connection that was
    silent for longer than `LOST_AFTER` does not bridge the silence: its device starts another.
    Film beyond twice the time the connection was there is not believed.
    """
    if not stretches:
        return
    await conn.execute(
        """
        with told as (
            select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[],
                $5::timestamptz[], $6::text[], $7::boolean[], $8::boolean[], $9::boolean[],
                $10::bigint[], $11::boolean[])
            as t (programme_id, seat_id, connection, first_at, last_at, watched, media_wanted,
                media_flowed, is_late, last_beat, is_leaving)
        )
        insert into visits as v (programme_id, seat_id, connection, started_at, seen_until, watched,
            media_wanted, media_flowed, is_late, last_beat, ended_at, end_reason)
        select programme_id, seat_id, connection, first_at, last_at,
            case when watched_ms(watched::int8multirange)
                <= $12 * extract(epoch from last_at - first_at) * 1000 + $13
                then watched::int8multirange else '{}' end,
            media_wanted, media_flowed, is_late, last_beat,
            case when is_leaving then last_at end, case when is_leaving then 'left' end
        from told
        on conflict (connection) do update set
            started_at = least(v.started_at, excluded.started_at),
            seen_until = greatest(v.seen_until, excluded.seen_until),
            watched = case when watched_ms(v.watched + excluded.watched)
                <= $12 * extract(epoch from greatest(v.seen_until, excluded.seen_until)
                    - least(v.started_at, excluded.started_at)) * 1000 + $13
                then v.watched + excluded.watched else v.watched end,
            media_wanted = v.media_wanted or excluded.media_wanted,
            media_flowed = v.media_flowed or excluded.media_flowed,
            is_late = v.is_late or excluded.is_late,
            last_beat = greatest(v.last_beat, excluded.last_beat),
            ended_at = case
                when excluded.last_beat < v.last_beat then v.ended_at
                else excluded.ended_at end,
            end_reason = case
                when excluded.last_beat < v.last_beat then v.end_reason
                else excluded.end_reason end
        where v.seat_id = excluded.seat_id
            and excluded.started_at <= v.seen_until + $14::interval
            and excluded.seen_until >= v.started_at - $14::interval
        """,
        [one.programme_id for one in stretches],
        [one.seat_id for one in stretches],
        [one.connection for one in stretches],
        [one.first_at for one in stretches],
        [one.last_at for one in stretches],
        [multirange(one.watched) for one in stretches],
        [one.media_wanted for one in stretches],
        [one.media_flowed for one in stretches],
        [one.is_late for one in stretches],
        [one.last_beat for one in stretches],
        [one.is_leaving for one in stretches],
        CLAIM_SPEED,
        CLAIM_GRACE_MS,
        LOST_AFTER,
    )
    await _append(conn, stretches)


async def _append(conn: Connection, stretches: list[Stretch]) -> None:
    said = [(one.connection, event) for one in stretches for event in one.events]
    late = [(one.connection, one) for one in stretches if one.is_late]
    rows = [
        *((connection, event.number, event.at, event.kind) for connection, event in said),
        # Numbered as the server's own word on that beat.
        *((c, one.last_beat * 10 + 8, one.last_at, "late_received") for c, one in late),
    ]
    if not rows:
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
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        [row[3] for row in rows],
    )


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


async def close_of_left_seats(conn: Connection, session_class_id: UUID) -> None:
    """Closes the visits of seats another device took over."""
    await conn.execute(
        """
        update visits v set ended_at = v.seen_until, end_reason = 'taken_over'
        from seats s
        where (s.programme_id, s.id) = (v.programme_id, v.seat_id) and v.ended_at is null
            and s.session_class_id = $1 and s.ended_at is not null
        """,
        session_class_id,
    )
