"""Sessions: one sitting of one tour with a class, its presence rule frozen on it.

A live room's session stands in `room_sessions.py`, how one ends by itself in `session_ends.py`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from rooms.agenda import session_classes, session_ends
from rooms.agenda.states import EndReason, State, Verb, move
from rooms.attendance.ranges import Range, Ranges, union
from rooms.attendance.rule import RULE_VERSION, Rule
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.scope import Scope

MAX_PUPILS = 400
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Session:
    """A sitting with its one class. Film times in milliseconds; `chosen` is never empty."""

    programme_id: UUID
    id: UUID
    session_class_id: UUID
    class_id: UUID
    class_name: str
    tour_id: UUID
    title: str
    video_id: UUID
    version_id: UUID
    organiser_id: UUID
    state: State
    zone: str
    planned_on: date | None
    period: str
    home_until: datetime | None
    film_ms: int
    chosen: Ranges
    chapters: tuple[int, ...]
    rule: Rule
    position_ms: int
    is_playing: bool
    position_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    expected: int | None
    declared: int | None
    confirmed: int | None
    created_at: datetime

    @property
    def home_day(self) -> date | None:
        """The last local day on which it is open at home; `home_until` is the moment after it."""
        return last_day(self.home_until, self.zone)


async def show_now(
    conn: Connection, scope: Scope, tour_id: UUID, class_id: UUID, now: datetime
) -> Session:
    """The running session of a tour with a class of the scope's person, made if need be.

    What runs already is taken up again; what she planned for the class starts; another tour
    that still runs for the class ends now, unless it stays open at home; a live room it leaves.
    Raises `NotThere` when tour or class is not there for her, `Conflict` `film_not_ready`,
    `tour_not_shown`.
    """
    await session_classes.lock(conn, scope, class_id)
    await _end_others(conn, scope, tour_id, class_id, now)
    found = await _open_one(conn, scope, tour_id, class_id)
    if found is None:
        found = await _make(conn, scope, tour_id, class_id, Verb.SHOW)
    await _start(conn, scope, found, now)
    return await get(conn, scope, found)


async def _end_others(
    conn: Connection, scope: Scope, tour_id: UUID, class_id: UUID, now: datetime
) -> None:
    await session_classes.leave_rooms(conn, scope, class_id, now)
    await conn.execute(
        """
        update sessions s set state = 'ended', ended_at = $4, end_reason = 'next_tour',
            is_playing = false
        from session_classes c
        where (c.programme_id, c.session_id) = (s.programme_id, s.id)
            and s.programme_id = $1 and c.class_id = $2 and s.tour_id <> $3
            and s.state = 'running' and (s.home_until is null or s.home_until <= $4)
        """,
        scope.programme_id,
        class_id,
        tour_id,
        now,
    )


async def _open_one(conn: Connection, scope: Scope, tour_id: UUID, class_id: UUID) -> UUID | None:
    """The session of this tour and class that runs, else the one planned first."""
    found: UUID | None = await conn.fetchval(
        """
        select s.id from sessions s
        join session_classes c on (c.programme_id, c.session_id) = (s.programme_id, s.id)
        where s.programme_id = $1 and s.tour_id = $2 and c.class_id = $3
            and s.state in ('running', 'planned')
        order by s.state = 'running' desc, s.planned_on, s.created_at limit 1
        """,
        scope.programme_id,
        tour_id,
        class_id,
    )
    return found


async def _make(conn: Connection, scope: Scope, tour_id: UUID, class_id: UUID, verb: Verb) -> UUID:
    """A planned session with its class and the programme's presence rule as of today."""
    move(None, verb)
    session_id: UUID | None = await conn.fetchval(
        """
        insert into sessions (programme_id, tour_id, version_id, organiser_id, zone, chosen,
            pass_share, gap_grace_s, rule_version)
        select p.id, t.id, v.id, $3, p.zone,
            jsonb_build_array(jsonb_build_array(0, v.duration_ms)), p.pass_share, $4, $5
        from programmes p
        join tours t on t.programme_id = p.id and t.state = 'published'
        join videos f on (f.programme_id, f.id) = (t.programme_id, t.video_id)
        join video_versions v on (v.programme_id, v.id) = (f.programme_id, f.current_version_id)
        where p.id = $1 and t.id = $2 and v.state = 'ready' and v.duration_ms > 0
        returning id
        """,
        scope.programme_id,
        tour_id,
        scope.person_id,
        Rule().gap_grace_s,
        str(RULE_VERSION),
    )
    if session_id is None:
        raise await _why_not(conn, scope, tour_id)
    await session_classes.add(conn, scope, session_id, class_id)
    return session_id


async def _why_not(conn: Connection, scope: Scope, tour_id: UUID) -> NotThere | Conflict:
    is_published = await conn.fetchval(
        "select state = 'published' from tours where programme_id = $1 and id = $2",
        scope.programme_id,
        tour_id,
    )
    return Conflict("film_not_ready") if is_published else NotThere("tour")


async def _start(conn: Connection, scope: Scope, session_id: UUID, now: datetime) -> None:
    """Lets a planned session run; one that runs is left as it is.

    A film replaced since it was planned is the one shown: its version is taken over. Raises
    `Conflict` `tour_not_shown` for a plan whose tour was taken off meanwhile, is being reviewed
    anew, or has come to the end of its rights.
    """
    started = await conn.fetchval(
        """
        update sessions s set state = 'running', started_at = $3,
            local_date = ($3 at time zone s.zone)::date,
            version_id = coalesce(f.current_version_id, s.version_id)
        from tours t join videos f on (f.programme_id, f.id) = (t.programme_id, t.video_id)
        where (t.programme_id, t.id) = (s.programme_id, s.tour_id)
            and s.programme_id = $1 and s.id = $2 and s.state = 'planned'
            and t.state = 'published'
            and (t.rights_until is null or t.rights_until > ($3 at time zone s.zone)::date)
        returning s.id
        """,
        scope.programme_id,
        session_id,
        now,
    )
    if started is not None:
        await _choose(conn, scope, session_id)
    elif await _is_planned(conn, scope, session_id):
        raise Conflict("tour_not_shown")


async def _is_planned(conn: Connection, scope: Scope, session_id: UUID) -> bool:
    found = await conn.fetchval(
        "select 1 from sessions where programme_id = $1 and id = $2 and state = 'planned'",
        scope.programme_id,
        session_id,
    )
    return found is not None


async def version_shown(conn: Connection, session: Session, now: datetime) -> UUID:
    """The film version an open session may show now: its own once it runs, the tour's newest
    while it is planned. Raises `Conflict` `tour_not_shown`.

    What started while its tour was published goes on when the tour is taken off or its film
    replaced, until the rights end.
    """
    version_id: UUID | None = await conn.fetchval(
        """
        select case when s.state = 'planned' then f.current_version_id else s.version_id end
        from sessions s
        join tours t on (t.programme_id, t.id) = (s.programme_id, s.tour_id)
        join videos f on (f.programme_id, f.id) = (t.programme_id, t.video_id)
        where s.programme_id = $1 and s.id = $2
            and (s.state <> 'planned' or t.state = 'published')
            and (t.rights_until is null or t.rights_until > ($3 at time zone s.zone)::date)
        """,
        session.programme_id,
        session.id,
        now,
    )
    if version_id is None:
        raise Conflict("tour_not_shown")
    return version_id


async def _choose(conn: Connection, scope: Scope, session_id: UUID) -> None:
    """The chosen part of the film, from the chosen chapters of its version; none means all."""
    await conn.execute(
        """
        with parts as (
            select h.starts_at_ms, h.number,
                lead(h.starts_at_ms, 1, v.duration_ms) over (order by h.number) as ends_at_ms
            from sessions s
            join video_versions v on (v.programme_id, v.id) = (s.programme_id, s.version_id)
            join chapters h on (h.programme_id, h.version_id) = (v.programme_id, v.id)
            where s.programme_id = $1 and s.id = $2
        )
        update sessions s set chosen = coalesce(
            (select jsonb_agg(jsonb_build_array(p.starts_at_ms, p.ends_at_ms) order by p.number)
             from parts p where p.number = any(s.chapters) and p.ends_at_ms > p.starts_at_ms),
            jsonb_build_array(jsonb_build_array(0, v.duration_ms)))
        from video_versions v
        where (v.programme_id, v.id) = (s.programme_id, s.version_id)
            and s.programme_id = $1 and s.id = $2
        """,
        scope.programme_id,
        session_id,
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """What a teacher says beforehand. Times of day are local; `chapters` empty: the whole film."""

    day: date | None = None
    starts: time | None = None
    ends: time | None = None
    home_until: date | None = None
    chapters: tuple[int, ...] = ()

    @property
    def period(self) -> str:
        """As the row keeps it: `10:15-11:05`, `10:15`, or nothing."""
        if self.starts is None:
            return ""
        return f"{self.starts:%H:%M}" + (f"-{self.ends:%H:%M}" if self.ends else "")


async def plan(
    conn: Connection, scope: Scope, tour_id: UUID, class_id: UUID, wish: Plan, now: datetime
) -> Session:
    """A session on a day and, if told, a period. Raises as `show_now`, and `Refused`
    `plan_day_past`, `plan_times`, `plan_home_past`."""
    await session_classes.lock(conn, scope, class_id)
    session_id = await _make(conn, scope, tour_id, class_id, Verb.PLAN)
    return await change(conn, scope, session_id, wish, now)


async def change(
    conn: Connection, scope: Scope, session_id: UUID, wish: Plan, now: datetime
) -> Session:
    """Other times or chapters. Once it runs, only how long it stays open at home can change."""
    session = await get(conn, scope, session_id)
    if session.state not in (State.PLANNED, State.RUNNING):
        raise Conflict("session_state", state=session.state.value, verb=Verb.PLAN.value)
    _check_plan(session, wish, now)
    await conn.execute(
        """
        update sessions set home_until = $3,
            planned_on = case when state = 'planned' then $4 else planned_on end,
            local_date = case when state = 'planned' then $4 else local_date end,
            period = case when state = 'planned' then $5 else period end,
            chapters = case when state = 'planned' then $6 else chapters end
        where programme_id = $1 and id = $2
        """,
        scope.programme_id,
        session_id,
        _end_of(wish.home_until, session.zone),
        wish.day,
        wish.period,
        list(wish.chapters),
    )
    if session.state is State.PLANNED:
        await _choose(conn, scope, session_id)
    return await get(conn, scope, session_id)


def _check_plan(session: Session, wish: Plan, now: datetime) -> None:
    today = now.astimezone(ZoneInfo(session.zone)).date()
    if session.state is State.PLANNED and (wish.day is None or wish.day < today):
        raise Refused("plan_day_past")
    if wish.ends is not None and (wish.starts is None or wish.ends <= wish.starts):
        raise Refused("plan_times")
    if wish.home_until is not None and wish.home_until < max(today, wish.day or today):
        raise Refused("plan_home_past")


def last_day(until: datetime | None, zone: str) -> date | None:
    """The local day that a moment still belongs to when it is the first one after it."""
    return (until - _MOMENT).astimezone(ZoneInfo(zone)).date() if until else None


def _end_of(day: date | None, zone: str) -> datetime | None:
    """The first moment after a local day."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


async def start(conn: Connection, scope: Scope, session_id: UUID, now: datetime) -> Session:
    """Shows a planned session now; what else runs for the class ends."""
    session = await get(conn, scope, session_id)
    move(session.state, Verb.SHOW)
    await session_classes.lock(conn, scope, session.class_id)
    await _end_others(conn, scope, session.tour_id, session.class_id, now)
    await _start(conn, scope, session_id, now)
    return await get(conn, scope, session_id)


async def start_at_home(
    conn: Connection, programme_id: UUID, session_id: UUID, at: datetime
) -> None:
    """The first pupil at home opens a session her teacher left open there."""
    await _start(conn, Scope(programme_id), session_id, at)


async def start_by_screen(
    conn: Connection, programme_id: UUID, session_id: UUID, now: datetime
) -> None:
    """ "Start" pressed on the classroom screen its teacher made one."""
    await _start(conn, Scope(programme_id), session_id, now)


async def end_by_screen(conn: Connection, session_id: UUID, now: datetime) -> None:
    """The end pressed there."""
    await session_ends.end_one(conn, session_id, now, EndReason.TEACHER)


async def end(conn: Connection, scope: Scope, session_id: UUID, now: datetime) -> Session:
    """The teacher's end, in class and at home."""
    session = await get(conn, scope, session_id)
    move(session.state, Verb.END)
    await session_ends.end_one(conn, session_id, now, EndReason.TEACHER)
    return await get(conn, scope, session_id)


async def cancel(conn: Connection, scope: Scope, session_id: UUID) -> None:
    """A plan that will not take place; nothing of it is in any report."""
    session = await get(conn, scope, session_id)
    move(session.state, Verb.CANCEL)
    await conn.execute(
        "update sessions set state = 'cancelled' where programme_id = $1 and id = $2",
        scope.programme_id,
        session_id,
    )


async def declare(
    conn: Connection, programme_id: UUID, session_class_id: UUID, pupils: int, now: datetime
) -> None:
    """The headcount at the start; said again it replaces the first. The caller may speak here."""
    _check_count(pupils)
    await conn.execute(
        """
        update session_classes set declared = $3, declared_at = $4
        where programme_id = $1 and id = $2
        """,
        programme_id,
        session_class_id,
        pupils,
        now,
    )


async def confirm(
    conn: Connection,
    programme_id: UUID,
    session_class_id: UUID,
    pupils: int,
    by: UUID | None,
    now: datetime,
) -> None:
    """The headcount at the end, or the next morning, by one tap."""
    _check_count(pupils)
    await conn.execute(
        """
        update session_classes set confirmed = $3, confirmed_at = $4, confirmed_by = $5
        where programme_id = $1 and id = $2
        """,
        programme_id,
        session_class_id,
        pupils,
        now,
        by,
    )


def _check_count(pupils: int) -> None:
    if not 0 <= pupils <= MAX_PUPILS:
        raise Refused("headcount", most=MAX_PUPILS)


async def declare_showing(
    conn: Connection, scope: Scope, session_id: UUID, reason: str, now: datetime
) -> Session:
    """The network never returned: shown all the same, says the teacher, and why."""
    session = await get(conn, scope, session_id)
    await session_classes.declare_showing(conn, scope, session.session_class_id, reason, now)
    return session


async def of_class(conn: Connection, scope: Scope, class_id: UUID) -> list[Session]:
    """A class's sessions for its teacher, the newest first; at most 200."""
    rows = await conn.fetch(
        """
        select s.* from session_rows s
        join class_teachers t on (t.programme_id, t.class_id) = (s.programme_id, s.class_id)
        where s.programme_id = $1 and s.class_id = $2 and t.person_id = $3
            and s.tour_id is not null and s.state <> 'cancelled'
        order by coalesce(s.started_at, s.planned_on::timestamptz) desc, s.created_at desc
        limit 200
        """,
        scope.programme_id,
        class_id,
        scope.person_id,
    )
    return [session_of(row) for row in rows]


async def mine(conn: Connection, scope: Scope, now: datetime) -> list[Session]:
    """What a teacher could put on a screen now of tours: what runs, and today's plans."""
    rows = await conn.fetch(
        """
        select s.* from session_rows s
        join class_teachers t on (t.programme_id, t.class_id) = (s.programme_id, s.class_id)
        where s.programme_id = $1 and t.person_id = $2 and s.tour_id is not null
            and (s.state = 'running'
                or s.state = 'planned' and s.planned_on = ($3 at time zone s.zone)::date)
        order by s.state = 'running' desc, s.started_at desc, s.period, s.created_at
        """,
        scope.programme_id,
        scope.person_id,
        now,
    )
    return [session_of(row) for row in rows]


async def coming(conn: Connection, scope: Scope, now: datetime, limit: int = 5) -> list[Session]:
    """What a teacher planned for after today, the next first."""
    rows = await conn.fetch(
        """
        select s.* from session_rows s
        join class_teachers t on (t.programme_id, t.class_id) = (s.programme_id, s.class_id)
        where s.programme_id = $1 and t.person_id = $2 and s.state = 'planned'
            and s.planned_on > ($3 at time zone s.zone)::date
        order by s.planned_on, s.period, s.created_at, s.id limit $4
        """,
        scope.programme_id,
        scope.person_id,
        now,
        limit,
    )
    return [session_of(row) for row in rows]


async def shown(conn: Connection, programme_id: UUID, session_id: UUID) -> Session:
    """A session for a device that has proved to sit in it; raises `NotThere`."""
    row = await conn.fetchrow(
        """
        select s.* from session_rows s
        where s.programme_id = $1 and s.id = $2 and s.tour_id is not null
        """,
        programme_id,
        session_id,
    )
    if row is None:
        raise NotThere("session")
    return session_of(row)


async def get(conn: Connection, scope: Scope, session_id: UUID) -> Session:
    """A session with a class of which the scope's person is a teacher; raises `NotThere`."""
    row = await conn.fetchrow(
        """
        select s.* from session_rows s
        join class_teachers t on (t.programme_id, t.class_id) = (s.programme_id, s.class_id)
        where s.programme_id = $1 and s.id = $2 and t.person_id = $3 and s.tour_id is not null
        """,
        scope.programme_id,
        session_id,
        scope.person_id,
    )
    if row is None:
        raise NotThere("session")
    return session_of(row)


def session_of(row: asyncpg.Record) -> Session:
    """The dataclass of a row with the columns that `get` selects."""
    made: dict[str, Any] = {
        "state": State(row["state"]),
        "chosen": chosen_ranges(row["chosen"]),
        "chapters": tuple(row["chapters"]),
        "rule": frozen_rule(row["pass_share"], row["gap_grace_s"], row["rule_version"]),
    }
    plain: dict[str, Any] = {
        name: row[name] for name in Session.__dataclass_fields__ if name not in made
    }
    return Session(**plain, **made)


def chosen_ranges(stored: list[list[int]]) -> Ranges:
    """The chosen parts of the film from their JSON."""
    ranges: list[Range] = [(start, end) for start, end in stored]
    return union(ranges)


def frozen_rule(pass_share: Decimal, gap_grace_s: int, rule_version: str) -> Rule:
    """The presence rule as it was when the session was made."""
    return Rule(pass_share, gap_grace_s, int(rule_version))
