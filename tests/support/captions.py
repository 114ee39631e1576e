"""Builders for live captions: a webinar with somebody who types, and a class in it."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from rooms.agenda import captioners, room_sessions, webinar_doors
from rooms.agenda.captioners import Captioner
from rooms.agenda.webinars import Webinar
from rooms.attendance import seats
from rooms.scope import Scope
from tests.support import lessons
from tests.support.floor import House
from tests.support.lessons import World
from tests.support.webinars import a_maker, an_announced


@dataclass(frozen=True)
class Captioned:
    """`token`: of her link; `phone`: a pupil's seat. The doors are open, it is not live yet."""

    by: Scope
    webinar: Webinar
    room_id: UUID
    captioner: Captioner
    token: str
    phone: str


async def a_captioned_webinar(running: House, world: World) -> Captioned:
    """One that begins in ten minutes, with its captioner and a class."""
    now = running.clock()
    async with running.pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, now, by=by)
        _, token = await captioners.invite(
            conn, by, made.id, "tess@tolk.example", "Tess Tolk", "nl", now
        )
        await captioners.agree(conn, await captioners.by_link(conn, token, now), now)
    running.clock.move(seconds=(made.starts_at - timedelta(minutes=10) - now).total_seconds())
    now = running.clock()
    async with running.pool.acquire() as conn, conn.transaction():
        await webinar_doors.open_doors(conn, by, made.id, now)
        assert made.room_id is not None
        school_class = await lessons.a_class(conn, world, "3B")
        part = await room_sessions.take_part(conn, world.scope, made.room_id, school_class.id, now)
        key = (conn, world.programme.id, part.session_class_id, None, now)
        _, phone = await seats.sit(*key)
        captioner = await captioners.by_link(conn, token, now)
    return Captioned(by, made, made.room_id, captioner, token, phone)
