"""A registered class comes: by its teacher, or by its class code once the doors are open."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rooms.agenda import registrations, room_sessions, session_classes, webinar_states, webinars
from rooms.agenda.registrations import Registration
from rooms.agenda.webinar_states import Actor, Verb
from rooms.agenda.webinars import Webinar
from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.live.rooms import Room
from rooms.scope import Scope


async def take_part(
    conn: Connection, scope: Scope, room: Room, class_id: UUID, now: datetime
) -> UUID:
    """A class of hers comes into a room; returns the session class.

    Into a webinar's room it comes by its registration: raises `Refused` `registration_missing`,
    `registration_waits`, else as `room_sessions.take_part` and `come`.
    """
    if room.cast is None:
        part = await room_sessions.take_part(conn, scope, room.id, class_id, now)
        return part.session_class_id
    row = await conn.fetchrow(
        """
        select id, state from registrations
        where programme_id = $1 and webinar_id = $2 and class_id = $3 and state <> 'cancelled'
        """,
        scope.programme_id,
        room.cast.webinar_id,
        class_id,
    )
    if row is None:
        raise Refused("registration_missing")
    if row["state"] != "in":
        raise Refused("registration_waits")
    return await come(conn, scope, row["id"], now)


async def come(conn: Connection, scope: Scope, registration_id: UUID, now: datetime) -> UUID:
    """The class of a registration comes, by its teacher or by its code: it is a session class from
    now on, with the pupils and the lesson's own times told beforehand.

    For its teacher, and for a device that has proved to be of the class. Again changes nothing.
    Raises `NotThere`, `Conflict` `webinar_state` before the doors are open.
    """
    registration = await registrations.by_id(conn, scope, registration_id)
    webinar = await webinars.by_id(conn, scope, registration.webinar_id)
    if registration.class_id is None or not registration.is_in or webinar.room_id is None:
        raise NotThere("registration")
    webinar_states.move(webinar.state, Verb.COME, frozenset({Actor.SYSTEM}))
    brought_by = await _brought_by(conn, scope, registration)
    part = await room_sessions.take_part(
        conn, brought_by, webinar.room_id, registration.class_id, now
    )
    await _link(conn, scope, webinar, registration, part.session_class_id)
    return part.session_class_id


async def _brought_by(conn: Connection, scope: Scope, registration: Registration) -> Scope:
    """The teacher of the class who is here, else who registered it, else any of its teachers."""
    person_id: UUID | None = await conn.fetchval(
        """
        select person_id from class_teachers where programme_id = $1 and class_id = $2
        order by person_id is not distinct from $3 desc, person_id = $4 desc, created_at limit 1
        """,
        scope.programme_id,
        registration.class_id,
        scope.person_id,
        registration.registered_by,
    )
    return Scope(scope.programme_id, person_id)


async def _link(
    conn: Connection,
    scope: Scope,
    webinar: Webinar,
    registration: Registration,
    session_class_id: UUID,
) -> None:
    span = registrations.lesson_span(webinar, registration.lesson_from, registration.lesson_until)
    await session_classes.say_beforehand(conn, scope, session_class_id, registration.expected, span)
    await conn.execute(
        "update registrations set session_class_id = $3 where programme_id = $1 and id = $2",
        scope.programme_id,
        registration.id,
        session_class_id,
    )


async def note_absent(conn: Connection, webinar: Webinar) -> None:
    """Classes that were in and did not come stand in the session all the same: with no seat, the
    rule says `no_show`."""
    scope = Scope(webinar.programme_id)
    for registration in await registrations.of_webinar(conn, scope, webinar.id):
        if registration.is_in and registration.class_id and not registration.session_class_id:
            by = Scope(webinar.programme_id, registration.registered_by)
            session_class_id = await session_classes.add_absent(
                conn, by, webinar.room_id, registration.class_id
            )
            await _link(conn, scope, webinar, registration, session_class_id)


@dataclass(frozen=True, slots=True)
class Door:
    """A webinar a class is registered for, as its class code leads there."""

    registration_id: UUID
    room_id: UUID
    session_id: UUID
    title: str
    starts_at: datetime
    zone: str
    is_open: bool


async def doors(conn: Connection, programme_id: UUID, class_id: UUID, now: datetime) -> list[Door]:
    """Today's webinars for which the class is in and has not come yet, the next first."""
    rows = await conn.fetch(
        """
        select g.id as registration_id, r.id as room_id, s.id as session_id, r.title,
            w.starts_at, w.zone, w.state <> 'announced' as is_open
        from registrations g
        join webinars w on (w.programme_id, w.id) = (g.programme_id, g.webinar_id)
        join rooms r on (r.programme_id, r.id) = (w.programme_id, w.room_id)
        join sessions s on (s.programme_id, s.room_id) = (r.programme_id, r.id)
        where g.programme_id = $1 and g.class_id = $2 and g.state = 'in'
            and g.session_class_id is null and w.state in ('announced', 'open', 'live')
            and (w.day = ($3::timestamptz at time zone w.zone)::date or w.state <> 'announced')
        order by w.starts_at, g.id
        """,
        programme_id,
        class_id,
        now,
    )
    return [Door(**row) for row in rows]
