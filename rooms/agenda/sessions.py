"""Sessions: one sitting of one tour with a class, its presence rule frozen on it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from rooms.agenda.states import State, Verb, move
from rooms.attendance.ranges import Range, Ranges, union
from rooms.attendance.rule import RULE_VERSION, Rule
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Session:
    """A sitting with its one class. Film times in milliseconds; `chosen` is never empty."""

    programme_id: UUID
    id: UUID
    session_class_id: UUID
    class_id: UUID
    class_name: str
    tour_id: UUID
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


async def show_now(
    conn: Connection, scope: Scope, tour_id: UUID, class_id: UUID, now: datetime
) -> Session:
    """The running session of a tour with a class of the scope's person, made if need be.

    What runs already is taken up again; what she planned for the class starts; another tour
    that still runs for the class ends now, unless it stays open at home. Raises `NotThere`
    when tour or class is not there for her, `Conflict` `film_not_ready`.
    """
    await _lock_class(conn, scope, class_id)
    await _end_others(conn, scope, tour_id, class_id, now)
    found = await _open_one(conn, scope, tour_id, class_id)
    if found is None:
        found = await _make(conn, scope, tour_id, class_id, Verb.SHOW)
    await _start(conn, scope, found, now)
    return await get(conn, scope, found)


async def _lock_class(conn: Connection, scope: Scope, class_id: UUID) -> None:
    """Two taps on "show" make one session: the second waits here for the first."""
    row = await conn.fetchval(
        """
        select 1 from classes c
        join class_teachers t on (t.programme_id, t.class_id) = (c.programme_id, c.id)
        where c.programme_id = $1 and c.id = $2 and t.person_id = $3 for update of c
        """,
        scope.programme_id,
        class_id,
        scope.person_id,
    )
    if row is None:
        raise NotThere("class")


async def _end_others(
    conn: Connection, scope: Scope, tour_id: UUID, class_id: UUID, now: datetime
) -> None:
    await conn.execute(
        """
        update sessions s set state = 'ended', ended_at = $4, is_playing = false
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
    await _add_class(conn, scope, session_id, class_id)
    return session_id


async def _why_not(conn: Connection, scope: Scope, tour_id: UUID) -> NotThere | Conflict:
    is_published = await conn.fetchval(
        "select state = 'published' from tours where programme_id = $1 and id = $2",
        scope.programme_id,
        tour_id,
    )
    return Conflict("film_not_ready") if is_published else NotThere("tour")


async def _add_class(conn: Connection, scope: Scope, session_id: UUID, class_id: UUID) -> None:
    """School, region, name and level are copied: the report stays under what was true."""
    await conn.execute(
        """
        insert into session_classes (programme_id, session_id, class_id, school_id, region_id,
            class_name, level, is_confirmed_teacher, expected)
        select c.programme_id, $2, c.id, c.school_id,
            (select r.region_id from school_regions r
             where r.programme_id = c.programme_id and r.school_id = c.school_id
                 and r.valid_to is null),
            c.name, c.level,
            exists (select 1 from roles t where t.programme_id = c.programme_id
                and t.person_id = $4 and t.role = 'teacher' and t.school_id = c.school_id
                and t.is_confirmed and t.ended_at is null),
            c.pupils
        from classes c where c.programme_id = $1 and c.id = $3
        """,
        scope.programme_id,
        session_id,
        class_id,
        scope.person_id,
    )


async def _start(conn: Connection, scope: Scope, session_id: UUID, now: datetime) -> None:
    """Lets a planned session run; one that runs is left as it is."""
    await conn.execute(
        """
        update sessions set state = 'running', started_at = $3,
            local_date = ($3 at time zone zone)::date
        where programme_id = $1 and id = $2 and state = 'planned'
        """,
        scope.programme_id,
        session_id,
        now,
    )


async def get(conn: Connection, scope: Scope, session_id: UUID) -> Session:
    """A session with a class of which the scope's person is a teacher; raises `NotThere`."""
    row = await conn.fetchrow(
        """
        select s.*, c.id as session_class_id, c.class_id, c.class_name, c.expected, c.declared,
            c.confirmed, v.video_id, v.duration_ms as film_ms
        from sessions s
        join session_classes c on (c.programme_id, c.session_id) = (s.programme_id, s.id)
        join video_versions v on (v.programme_id, v.id) = (s.programme_id, s.version_id)
        join class_teachers t on (t.programme_id, t.class_id) = (c.programme_id, c.class_id)
        where s.programme_id = $1 and s.id = $2 and t.person_id = $3
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
