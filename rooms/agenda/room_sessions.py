"""A live room's session: one sitting in which classes take part, each for as long as it wants.

It runs from the moment the room opens and has no film. A class takes part by its teacher; then its
class code leads there, and whatever else runs for it in class is over. It leaves when it is shown
a tour, when the teacher says so, or when nobody of it was seen for half an hour.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from rooms.agenda import session_classes
from rooms.agenda.states import IDLE_AFTER, EndReason
from rooms.attendance.rule import RULE_VERSION, Rule
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Part:
    """A class in a room's session."""

    programme_id: UUID
    session_id: UUID
    session_class_id: UUID
    room_id: UUID
    class_id: UUID
    class_name: str
    title: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    zone: str
    expected: int | None
    declared: int | None
    confirmed: int | None
    left_at: datetime | None

    @property
    def is_on(self) -> bool:
        """Whether the class takes part now."""
        return self.state == "running" and self.left_at is None

    @property
    def told(self) -> int | None:
        """The pupils told so far."""
        return self.confirmed if self.confirmed is not None else self.declared


# --- the session ---------------------------------------------------------------------------------


async def begin(conn: Connection, scope: Scope, room_id: UUID, now: datetime) -> None:
    """The running session of a new room, with the programme's presence rule as of today."""
    await conn.execute(
        """
        insert into sessions (programme_id, room_id, organiser_id, state, zone, chosen, pass_share,
            gap_grace_s, rule_version, started_at, local_date)
        select p.id, $2, $3, 'running', p.zone, '[]', p.pass_share, $4, $5, $6,
            ($6::timestamptz at time zone p.zone)::date
        from programmes p where p.id = $1
        """,
        scope.programme_id,
        room_id,
        scope.person_id,
        Rule().gap_grace_s,
        str(RULE_VERSION),
        now,
    )


async def plan(
    conn: Connection,
    scope: Scope,
    room_id: UUID,
    *,
    zone: str,
    scheduled: tuple[datetime, datetime],
    pass_share: Decimal,
    window_kind: str,
    organiser_id: UUID | None,
) -> None:
    """The planned session of a webinar's room: from now on its presence rule stands."""
    await conn.execute(
        """
        insert into sessions (programme_id, room_id, organiser_id, state, zone, chosen, pass_share,
            gap_grace_s, rule_version, window_kind, scheduled_from, scheduled_until, local_date)
        values ($1, $2, $3, 'planned', $4, '[]', $5, $6, $7, $8, $9, $10,
            ($9::timestamptz at time zone $4)::date)
        """,
        scope.programme_id,
        room_id,
        organiser_id,
        zone,
        pass_share,
        Rule().gap_grace_s,
        str(RULE_VERSION),
        window_kind,
        *scheduled,
    )


async def replan(
    conn: Connection, scope: Scope, room_id: UUID, zone: str, scheduled: tuple[datetime, datetime]
) -> None:
    """Other times, while it is planned or runs; the rule stays as it was."""
    await conn.execute(
        """
        update sessions set zone = $3, scheduled_from = $4, scheduled_until = $5,
            local_date = case when state = 'planned' then ($4::timestamptz at time zone $3)::date
                else local_date end
        where programme_id = $1 and room_id = $2 and state in ('planned', 'running')
        """,
        scope.programme_id,
        room_id,
        zone,
        *scheduled,
    )


async def start(conn: Connection, scope: Scope, room_id: UUID, now: datetime) -> None:
    """The doors of a webinar's room are open: its planned session runs."""
    await conn.execute(
        """
        update sessions set state = 'running', started_at = $3,
            local_date = ($3 at time zone zone)::date
        where programme_id = $1 and room_id = $2 and state = 'planned'
        """,
        scope.programme_id,
        room_id,
        now,
    )


async def call_off(conn: Connection, scope: Scope, room_id: UUID) -> None:
    """A webinar's session that does not take place, or was broken off before it was on air."""
    await conn.execute(
        """
        update sessions set state = 'cancelled'
        where programme_id = $1 and room_id = $2 and state in ('planned', 'running')
        """,
        scope.programme_id,
        room_id,
    )


async def end(
    conn: Connection, programme_id: UUID, room_id: UUID, at: datetime, reason: EndReason
) -> None:
    """Over for every class, a plan that nobody opened too; again changes nothing."""
    await conn.execute(
        """
        update sessions set state = 'ended', ended_at = greatest($3, started_at), end_reason = $4,
            started_at = coalesce(started_at, $3)
        where programme_id = $1 and room_id = $2 and state in ('planned', 'running')
        """,
        programme_id,
        room_id,
        at,
        reason.value,
    )


async def classes_in(conn: Connection, programme_id: UUID, session_id: UUID) -> list[UUID]:
    """The session classes of a session, those that left too."""
    rows = await conn.fetch(
        """
        select id from session_classes where programme_id = $1 and session_id = $2
        order by created_at, id
        """,
        programme_id,
        session_id,
    )
    return [row["id"] for row in rows]


async def room_of(conn: Connection, session_id: UUID) -> UUID | None:
    """The room a session is of; None for one of a tour. For the screen that was let in for it."""
    room_id: UUID | None = await conn.fetchval(
        "select room_id from sessions where id = $1", session_id
    )
    return room_id


# --- classes in it -------------------------------------------------------------------------------


async def take_part(
    conn: Connection, scope: Scope, room_id: UUID, class_id: UUID, now: datetime
) -> Part:
    """A class of the scope's person takes part; again changes nothing.

    It leaves another room, and a tour that runs for it in class is over; one open at home stays.
    Raises `NotThere` for a class that is not hers, `Conflict` `room_closed`.
    """
    await session_classes.lock(conn, scope, class_id)
    session_id = await _running(conn, scope, room_id)
    await session_classes.leave_rooms(conn, scope, class_id, now, stays_in=session_id)
    await _end_tours(conn, scope, class_id, now)
    await session_classes.add(conn, scope, session_id, class_id)
    await conn.execute(
        """
        update session_classes set left_at = null, took_part_at = $4, took_part_by = $5
        where programme_id = $1 and session_id = $2 and class_id = $3
            and (left_at is not null or took_part_at is null)
        """,
        scope.programme_id,
        session_id,
        class_id,
        now,
        scope.person_id,
    )
    [part] = [one for one in await mine_in(conn, scope, session_id) if one.class_id == class_id]
    return part


async def _running(conn: Connection, scope: Scope, room_id: UUID) -> UUID:
    row = await conn.fetchrow(
        "select id, state from sessions where programme_id = $1 and room_id = $2 for share",
        scope.programme_id,
        room_id,
    )
    if row is None:
        raise NotThere("room")
    if row["state"] != "running":
        raise Conflict("room_closed")
    session_id: UUID = row["id"]
    return session_id


async def _end_tours(conn: Connection, scope: Scope, class_id: UUID, now: datetime) -> None:
    await conn.execute(
        """
        update sessions s set state = 'ended', ended_at = $3, end_reason = 'next_tour',
            is_playing = false
        from session_classes c
        where (c.programme_id, c.session_id) = (s.programme_id, s.id)
            and s.programme_id = $1 and c.class_id = $2 and s.tour_id is not null
            and s.state = 'running' and (s.home_until is null or s.home_until <= $3)
        """,
        scope.programme_id,
        class_id,
        now,
    )


async def leave(conn: Connection, programme_id: UUID, session_class_id: UUID, at: datetime) -> None:
    """The class is gone; the room stays open for the others. The caller closes its attendance."""
    await conn.execute(
        """
        update session_classes set left_at = $3
        where programme_id = $1 and id = $2 and left_at is null
        """,
        programme_id,
        session_class_id,
        at,
    )


async def leave_idle(conn: Connection, now: datetime) -> list[UUID]:
    """Classes of which nobody was seen for half an hour have gone; where each was seen last.

    Else the class's code would lead into the room for as long as it stays open. Of a webinar it
    leads there until that is over by its plan. For the sweep.
    """
    rows = await conn.fetch(
        """
        with seen as (
            select c.programme_id, c.id, greatest(c.took_part_at,
                (select max(v.seen_until) from seats t
                 join visits v on (v.programme_id, v.seat_id) = (t.programme_id, t.id)
                 where (t.programme_id, t.session_class_id) = (c.programme_id, c.id)),
                (select max(t.created_at) from seats t
                 where (t.programme_id, t.session_class_id) = (c.programme_id, c.id))) as at
            from session_classes c
            join sessions s on (s.programme_id, s.id) = (c.programme_id, c.session_id)
            where s.room_id is not null and s.state = 'running' and c.left_at is null
                and (s.scheduled_until is null or s.scheduled_until < $1)
        )
        update session_classes c set left_at = seen.at from seen
        where (c.programme_id, c.id) = (seen.programme_id, seen.id) and seen.at < $1
        returning c.id
        """,
        now - IDLE_AFTER,
    )
    return [row["id"] for row in rows]


# --- reading -------------------------------------------------------------------------------------


async def mine_in(conn: Connection, scope: Scope, session_id: UUID) -> list[Part]:
    """The teacher's classes in a room's session, those that left too, by name."""
    rows = await conn.fetch(
        """
        select s.* from room_part_rows s
        join class_teachers t on (t.programme_id, t.class_id) = (s.programme_id, s.class_id)
        where s.programme_id = $1 and s.session_id = $2 and t.person_id = $3
        order by s.class_name, s.session_class_id
        """,
        scope.programme_id,
        session_id,
        scope.person_id,
    )
    return [_part(row) for row in rows]


async def mine(conn: Connection, scope: Scope, now: datetime) -> list[Part]:
    """Rooms in which a class of the teacher takes part now."""
    rows = await conn.fetch(
        """
        select s.* from room_part_rows s
        join class_teachers t on (t.programme_id, t.class_id) = (s.programme_id, s.class_id)
        where s.programme_id = $1 and t.person_id = $2 and s.state = 'running'
            and s.left_at is null and s.started_at <= $3
        order by s.started_at desc, s.class_name, s.session_class_id
        """,
        scope.programme_id,
        scope.person_id,
        now,
    )
    return [_part(row) for row in rows]


async def of_class(conn: Connection, scope: Scope, class_id: UUID) -> list[Part]:
    """A class's rooms for its teacher, the newest first; at most 200."""
    rows = await conn.fetch(
        """
        select s.* from room_part_rows s
        join class_teachers t on (t.programme_id, t.class_id) = (s.programme_id, s.class_id)
        where s.programme_id = $1 and s.class_id = $2 and t.person_id = $3
        order by s.started_at desc, s.session_class_id limit 200
        """,
        scope.programme_id,
        class_id,
        scope.person_id,
    )
    return [_part(row) for row in rows]


async def shown(conn: Connection, programme_id: UUID, session_class_id: UUID) -> Part:
    """A class's part for a device that has proved to sit in it; raises `NotThere`."""
    row = await conn.fetchrow(
        "select * from room_part_rows where programme_id = $1 and session_class_id = $2",
        programme_id,
        session_class_id,
    )
    if row is None:
        raise NotThere("session_class")
    return _part(row)


def _part(row: asyncpg.Record) -> Part:
    return Part(**row)
