"""What is forgotten with time, and the proof of it: the table in `rooms.safety.kept`, carried out.

A result whose seats are gone is frozen as it is.
"""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from rooms.agenda import request_deadlines, webinar_retention
from rooms.agenda import retention as of_sessions
from rooms.attendance import exports, person_results
from rooms.connection import Connection
from rooms.live import questions
from rooms.live import retention as of_rooms
from rooms.people import programmes, school_checks
from rooms.people import retention as of_classes
from rooms.people.programmes import Programme
from rooms.safety import incidents, purges
from rooms.safety.kept import KEPT, Calendar, kept_from

# Session classes whose seats go in one statement: a national year has a million seats.
CLASSES_AT_ONCE = 500


async def is_due(conn: Connection, now: datetime) -> bool:
    """Once a day, whichever worker asks first: the others find it done."""
    found = await conn.fetchval(
        """
        insert into purge_checks (checked_at) values ($1)
        on conflict (is_only) do update set checked_at = excluded.checked_at
            where purge_checks.checked_at <= $1 - interval '1 day'
        returning 1
        """,
        now,
    )
    return found is not None


async def purge(conn: Connection, now: datetime) -> int:
    """Takes away what has had its time, in every programme; returns how many rows went."""
    return sum([await _purge(conn, programme, now) for programme in await programmes.every(conn)])


async def _purge(conn: Connection, programme: Programme, now: datetime) -> int:
    at, removed = Calendar(now, programme.zone, programme.school_year_starts), 0
    for what, drop in DROPS.items():
        until = kept_from(KEPT[what], at)
        assert until is not None, what
        count = await drop(_Due(conn, programme, until, now))
        if count:
            await purges.prove(conn, programme.id, what, count, until, now)
        removed += count
    return removed


class _Due:
    """What had its time in one programme: everything of a kind from before a moment."""

    def __init__(
        self, conn: Connection, programme: Programme, until: datetime, now: datetime
    ) -> None:
        self.conn, self.programme_id, self.until, self.now = conn, programme.id, until, now
        self._zone = ZoneInfo(programme.zone)

    @property
    def key(self) -> tuple[Connection, UUID, datetime]:
        """For kinds that know moments."""
        return self.conn, self.programme_id, self.until

    @property
    def day_key(self) -> tuple[Connection, UUID, date]:
        """For kinds that know local days."""
        return self.conn, self.programme_id, self.until.astimezone(self._zone).date()


# In this order: visits before the classes they are of.
DROPS: dict[str, Callable[[_Due], Awaitable[int]]] = {
    "visit_events": lambda due: _drop_events(*due.key),
    "seat_intervals": lambda due: _drop_seats(*due.day_key, due.now),
    "person_visits": lambda due: person_results.freeze(*due.day_key, due.now),
    "person_results": lambda due: person_results.drop(*due.day_key),
    "class_names": lambda due: _drop_names(*due.day_key),
    "webinar_people": lambda due: webinar_retention.drop_people(*due.day_key),
    "requests": lambda due: request_deadlines.drop(*due.day_key),
    "room_events": lambda due: of_rooms.drop_events(*due.key),
    "questions": lambda due: questions.drop(*due.key),
    "incident_words": lambda due: incidents.drop_words(*due.key),
    "incidents": lambda due: incidents.drop(*due.key),
    "stream_keys": lambda due: of_rooms.drop_keys(*due.key),
    "presenters": lambda due: of_rooms.drop_presenters(*due.day_key),
    "school_checks": lambda due: school_checks.drop(*due.key),
    "exports": lambda due: exports.drop(*due.key),
}


async def _drop_events(conn: Connection, programme_id: UUID, before: datetime) -> int:
    done = await conn.execute(
        """
        delete from visit_events e using visits v
        where v.id = e.visit_id and v.programme_id = $1 and e.at < $2
        """,
        programme_id,
        before,
    )
    return _count(done)


async def _drop_seats(conn: Connection, programme_id: UUID, first: date, now: datetime) -> int:
    """Seats, their tokens and visits of sessions before a day; freezes the results first.

    A session that has ended without a result yet keeps them: it would become "nobody came".
    """
    rows = await conn.fetch(
        """
        select c.id from session_classes c
        join sessions s on (s.programme_id, s.id) = (c.programme_id, c.session_id)
        left join session_class_results r
            on (r.programme_id, r.session_class_id) = (c.programme_id, c.id)
        where s.programme_id = $1 and coalesce(s.local_date, s.planned_on) < $2
            and r.intervals_purged_at is null
            and (s.state = 'ended' and r.session_class_id is not null
                or s.state = 'cancelled' and exists (select 1 from seats t
                    where (t.programme_id, t.session_class_id) = (c.programme_id, c.id)))
        """,
        programme_id,
        first,
    )
    removed, ids = 0, [row["id"] for row in rows]
    for first_of in range(0, len(ids), CLASSES_AT_ONCE):
        some = ids[first_of : first_of + CLASSES_AT_ONCE]
        await _freeze(conn, programme_id, some, now)
        removed += await _delete_seats(conn, programme_id, some)
    return removed


async def _freeze(
    conn: Connection, programme_id: UUID, session_class_ids: list[UUID], now: datetime
) -> None:
    await conn.execute(
        """
        update session_class_results set intervals = '[]', intervals_purged_at = $3
        where programme_id = $1 and session_class_id = any($2::uuid[])
        """,
        programme_id,
        session_class_ids,
        now,
    )


async def _delete_seats(conn: Connection, programme_id: UUID, session_class_ids: list[UUID]) -> int:
    seats = await conn.fetch(
        "select id from seats where programme_id = $1 and session_class_id = any($2::uuid[])",
        programme_id,
        session_class_ids,
    )
    ids = [row["id"] for row in seats]
    await conn.execute(
        """
        delete from visit_events e using visits v
        where v.id = e.visit_id and v.programme_id = $1 and v.seat_id = any($2::uuid[])
        """,
        programme_id,
        ids,
    )
    gone = await conn.execute(
        "delete from visits where programme_id = $1 and seat_id = any($2::uuid[])",
        programme_id,
        ids,
    )
    await conn.execute(
        "delete from seats where programme_id = $1 and id = any($2::uuid[])", programme_id, ids
    )
    return _count(gone) + len(ids)


async def _drop_names(conn: Connection, programme_id: UUID, first: date) -> int:
    """Class name and teacher, wherever they stand; with them the corrections, which are hers."""
    ids = await of_sessions.drop_names(conn, programme_id, first)
    await conn.execute(
        "delete from corrections where programme_id = $1 and session_class_id = any($2::uuid[])",
        programme_id,
        ids,
    )
    return len(ids) + await of_classes.drop_class_names(conn, programme_id, first)


def _count(tag: str) -> int:
    """How many rows a command's tag, such as `DELETE 12`, tells of."""
    return int(tag.rpartition(" ")[2])
