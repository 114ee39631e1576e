"""How a session of a tour ends: by a person, or by itself where something was last seen."""

import logging
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from rooms.agenda.states import (
    IDLE_AFTER,
    LAPSES_AFTER,
    EndReason,
    Sitting,
    State,
    due_ending,
)
from rooms.connection import Connection, apart

log = logging.getLogger(__name__)

# A day begins somewhere so long before it does in UTC.
ZONES_APART = timedelta(days=1)
# So many session classes are judged in one round.
AT_ONCE = 500


async def end_one(conn: Connection, session_id: UUID, at: datetime, reason: EndReason) -> None:
    """Ends a session of a tour; one that is over already stays as it was."""
    await conn.execute(
        """
        update sessions set state = 'ended', ended_at = $2, end_reason = $3, is_playing = false
        where id = $1 and state in ('planned', 'running')
        """,
        session_id,
        at,
        reason.value,
    )


async def end_later(conn: Connection, ends: dict[UUID, datetime]) -> None:
    """Moves ends that were a guess on to the moment until which film is known to have run."""
    if not ends:
        return
    await conn.execute(
        """
        update sessions s set ended_at = greatest(s.ended_at, e.at)
        from unnest($1::uuid[], $2::timestamptz[]) as e (id, at)
        where s.id = e.id and s.state = 'ended' and s.end_reason = 'idle'
        """,
        list(ends),
        list(ends.values()),
    )


async def end_due(conn: Connection, now: datetime) -> list[UUID]:
    """Ends what is over by itself, at the moment something was last seen; the session classes
    that closed. For the sweep, over all programmes.

    Only what may be over is held: lessons that go on write where they are meanwhile.
    """
    rows = await conn.fetch(
        """
        select s.id, c.id as session_class_id, s.state, s.zone, s.planned_on, s.period,
            s.started_at, s.home_until, greatest(s.position_at,
                (select max(v.seen_until) from seats t
                 join visits v on (v.programme_id, v.seat_id) = (t.programme_id, t.id)
                 where (t.programme_id, t.session_class_id) = (c.programme_id, c.id))) as seen_at
        from sessions s
        join session_classes c on (c.programme_id, c.session_id) = (s.programme_id, s.id)
        where s.state in ('planned', 'running') and s.tour_id is not null and (
            s.state = 'planned' and s.planned_on <= $2::date
            or s.state = 'running' and s.home_until <= $1
            or s.state = 'running' and s.home_until is null
                and greatest(s.started_at, s.position_at) <= $3
                and not exists (select from seats t
                    join visits v on (v.programme_id, v.seat_id) = (t.programme_id, t.id)
                    where (t.programme_id, t.session_class_id) = (c.programme_id, c.id)
                        and v.seen_until > $3))
        for update of s skip locked
        """,
        now,
        (now - LAPSES_AFTER + ZONES_APART).date(),
        now - IDLE_AFTER,
    )
    closed = []
    for row in rows:
        async with apart(conn, log, "session %s is not ended by itself", row["id"]):
            if ending := due_ending(_sitting(row), now):
                await end_one(conn, row["id"], ending.at, ending.reason)
                closed.append(row["session_class_id"])
    return closed


async def ended_among(conn: Connection, session_class_ids: list[UUID]) -> list[UUID]:
    """Those of these session classes whose session is over."""
    rows = await conn.fetch(
        """
        select session_class_id from session_rows
        where session_class_id = any($1::uuid[]) and state = 'ended'
        """,
        session_class_ids,
    )
    return [row["session_class_id"] for row in rows]


async def ended_without_result(conn: Connection, since: datetime | None = None) -> list[UUID]:
    """Session classes that closed on the way (another tour was shown) and have no result yet, or
    one from before the end: a correction, or the count on the screen, made it meanwhile.

    `since`: only of sessions that ended from then on; to look at every year takes a while. At most
    `AT_ONCE` of them, drawn by lot: many that cannot be judged do not stand before all others.
    """
    rows = await conn.fetch(
        """
        select c.id from sessions s
        join session_classes c on (c.programme_id, c.session_id) = (s.programme_id, s.id)
        left join session_class_results r on (r.programme_id, r.session_class_id)
            = (c.programme_id, c.id)
        where s.state = 'ended' and ($1::timestamptz is null or s.ended_at >= $1)
            and (r.session_class_id is null
                or r.computed_at < s.ended_at and r.intervals_purged_at is null)
        order by random() limit $2
        """,
        since,
        AT_ONCE,
    )
    return [row["id"] for row in rows]


def _sitting(row: asyncpg.Record) -> Sitting:
    planned = planned_span(row["planned_on"], row["period"], row["zone"])
    return Sitting(
        State(row["state"]),
        planned[1] if planned else None,
        row["started_at"],
        row["seen_at"],
        row["home_until"],
    )


def planned_span(day: date | None, period: str, zone: str) -> tuple[datetime, datetime] | None:
    """Start and end of a plan in UTC; without a period the whole day, without an end an hour."""
    if day is None:
        return None
    first, _, last = period.partition("-")
    here = ZoneInfo(zone)
    if not first:
        starts = datetime.combine(day, time(), here)
        return starts.astimezone(UTC), _next_day(day, here)
    starts = datetime.combine(day, time.fromisoformat(first), here).astimezone(UTC)
    if not last:
        return starts, starts + timedelta(hours=1)
    return starts, datetime.combine(day, time.fromisoformat(last), here).astimezone(UTC)


def _next_day(day: date, here: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), here).astimezone(UTC)
