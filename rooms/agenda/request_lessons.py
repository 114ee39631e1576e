"""The lesson an invitation becomes: a webinar for one class, its teachers the moderators.

Room, planned session, registration and the entry in people's calendars come of it at once.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rooms.agenda import registrations, webinar_doors, webinar_presenters, webinars
from rooms.agenda.request_drafts import Slot
from rooms.agenda.webinar_texts import Text
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.people import roles
from rooms.people.classes import MAX_PUPILS
from rooms.scope import Grant, Scope


@dataclass(frozen=True, slots=True)
class Wanted:
    """What both sides agreed to. `asked_by`: the teacher, while she is known; `presents`: who said
    yes, or proposed the date, for the company."""

    kind: str
    subject: str
    goal: str
    company_id: UUID
    class_id: UUID
    school_id: UUID
    region_id: UUID | None
    asked_by: UUID | None
    level: str
    headcount: int
    room_setup: tuple[str, ...]
    slot: Slot
    presents: UUID | None


async def make(conn: Connection, scope: Scope, wanted: Wanted, now: datetime) -> UUID:
    """Makes and announces the lesson and registers the class; returns the webinar's id.

    `scope` is of whoever said yes last. Who answered for the company presents, while she edits for
    it; others are invited on the lesson's page. Raises `NotThere` when nobody teaches the class
    any more, and as `webinar_doors.arrange` and `registrations.register` do.
    """
    teachers = await _teachers(conn, scope, wanted)
    language: str = await conn.fetchval("select language from persons where id = $1", teachers[0])
    wish = webinars.Wish(
        texts={language: Text(language, wanted.subject, wanted.goal)},
        day=wanted.slot.day,
        from_time=wanted.slot.from_time,
        until_time=wanted.slot.until_time,
        zone=wanted.slot.zone,
        kind=wanted.kind,
        original_language=language,
        levels=(wanted.level,),
        company_id=wanted.company_id,
        region_id=wanted.region_id,
        # One class fits, also when it turns out larger than it was said to be.
        capacity=MAX_PUPILS,
        moderator_ids=teachers,
    )
    webinar = await webinar_doors.arrange(conn, scope, wish, now)
    teacher = Scope(
        scope.programme_id, teachers[0], (Grant("teacher", school_id=wanted.school_id),)
    )
    await registrations.register(conn, teacher, webinar.id, _registration(wanted), now)
    editors = await roles.editors(conn, scope, wanted.company_id)
    if wanted.presents is not None and wanted.presents in [one.id for one in editors]:
        await webinar_presenters.put(conn, scope, webinar.id, wanted.presents, now)
    return webinar.id


def _registration(wanted: Wanted) -> registrations.Wish:
    has_own = bool({"phones", "laptops"} & set(wanted.room_setup))
    return registrations.Wish(
        wanted.class_id, wanted.headcount, devices="many" if has_own else "one"
    )


async def _teachers(conn: Connection, scope: Scope, wanted: Wanted) -> list[UUID]:
    """Who teaches the class, first who asked."""
    rows = await conn.fetch(
        """
        select t.person_id from class_teachers t
        where t.programme_id = $1 and t.class_id = $2 and exists (
            select from roles r where r.programme_id = t.programme_id
                and r.person_id = t.person_id and r.role = 'teacher' and r.ended_at is null)
        order by t.person_id <> coalesce($3, t.person_id), t.created_at, t.person_id
        """,
        scope.programme_id,
        wanted.class_id,
        wanted.asked_by,
    )
    if not rows:
        raise NotThere("class")
    return [row["person_id"] for row in rows]
