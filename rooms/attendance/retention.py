"""What attendance forgets with time, and the proof of it.

Events and questions go after 30 days, seats and their visits a month after the school year, class
name, teacher, presenter and incidents after two more school years. A result whose seats are gone is
frozen as it is. What a school's network let through is news for a year.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from rooms.agenda import request_deadlines, webinar_retention
from rooms.agenda import retention as of_sessions
from rooms.attendance import person_results
from rooms.connection import Connection
from rooms.live import questions
from rooms.live import retention as of_rooms
from rooms.people import programmes, school_checks
from rooms.people import retention as of_classes
from rooms.people.codes import school_year_on
from rooms.people.programmes import Programme
from rooms.safety import incidents

EVENTS_KEPT = timedelta(days=30)
CHECKS_KEPT = timedelta(days=365)
NAMES_KEPT_YEARS = 2


# --- deciding, without I/O ---------------------------------------------------------------------


def seats_kept_from(today: date, start_month: int) -> date:
    """The first day whose seats and visits stay: a school year's go a month after its end."""
    return school_year_on(_month_before(today), "UTC", start_month).first_day


def names_kept_from(today: date, start_month: int) -> date:
    """The first day whose class names stay: a school year's go two school years after it."""
    first_day = school_year_on(today, "UTC", start_month).first_day
    return first_day.replace(year=first_day.year - NAMES_KEPT_YEARS)


def _month_before(day: date) -> date:
    year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


# --- doing -------------------------------------------------------------------------------------


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
    today = now.astimezone(ZoneInfo(programme.zone)).date()
    start_month = programme.school_year_starts
    seats_from = seats_kept_from(today, start_month)
    names_from = names_kept_from(today, start_month)
    removed = {
        "visit_events": (await _drop_events(conn, programme.id, now), now - EVENTS_KEPT),
        "seat_intervals": (
            await _drop_seats(conn, programme.id, seats_from, now),
            _begins(seats_from, programme.zone),
        ),
        "person_visits": (
            await person_results.freeze(conn, programme.id, seats_from, now),
            _begins(seats_from, programme.zone),
        ),
        "person_results": (
            await person_results.drop(conn, programme.id, names_from),
            _begins(names_from, programme.zone),
        ),
        "class_names": (
            await _drop_names(conn, programme.id, names_from),
            _begins(names_from, programme.zone),
        ),
        "webinar_people": (
            await webinar_retention.drop_people(conn, programme.id, names_from),
            _begins(names_from, programme.zone),
        ),
        "requests": (
            await request_deadlines.drop(conn, programme.id, names_from),
            _begins(names_from, programme.zone),
        ),
        **await _purge_rooms(conn, programme, names_from, now),
    }
    for what, (count, until) in removed.items():
        if count:
            await _prove(conn, programme.id, what, count, until, now)
    return sum(count for count, _ in removed.values())


async def _purge_rooms(
    conn: Connection, programme: Programme, names_from: date, now: datetime
) -> dict[str, tuple[int, datetime]]:
    """How many of each kind went, and the first moment that was kept."""
    events_from, checks_from = now - EVENTS_KEPT, now - CHECKS_KEPT
    key = (conn, programme.id)
    return {
        "room_events": (await of_rooms.drop_events(*key, events_from), events_from),
        "questions": (await questions.drop(*key, events_from), events_from),
        "incidents": (
            await incidents.drop(*key, _begins(names_from, programme.zone)),
            _begins(names_from, programme.zone),
        ),
        "stream_keys": (await of_rooms.drop_keys(*key, events_from), events_from),
        "presenters": (
            await of_rooms.drop_presenters(*key, names_from),
            _begins(names_from, programme.zone),
        ),
        "school_checks": (await school_checks.drop(*key, checks_from), checks_from),
    }


def _begins(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))


async def _drop_events(conn: Connection, programme_id: UUID, now: datetime) -> int:
    done = await conn.execute(
        """
        delete from visit_events e using visits v
        where v.id = e.visit_id and v.programme_id = $1 and e.at < $2
        """,
        programme_id,
        now - EVENTS_KEPT,
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
    ids = [row["id"] for row in rows]
    await conn.execute(
        """
        update session_class_results set intervals = '[]', intervals_purged_at = $3
        where programme_id = $1 and session_class_id = any($2::uuid[])
        """,
        programme_id,
        ids,
        now,
    )
    return await _delete_seats(conn, programme_id, ids)


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


async def _prove(
    conn: Connection, programme_id: UUID, what: str, removed: int, until: datetime, now: datetime
) -> None:
    await conn.execute(
        """
        insert into purges (programme_id, what, removed, until, at) values ($1, $2, $3, $4, $5)
        """,
        programme_id,
        what,
        removed,
        until,
        now,
    )


def _count(tag: str) -> int:
    """How many rows a command's tag, such as `DELETE 12`, tells of."""
    return int(tag.rpartition(" ")[2])
