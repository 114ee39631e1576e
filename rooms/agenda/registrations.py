"""Registrations: a class for a webinar, or a teacher herself for a teachers' one.

Capacity counts pupils. When it is full, or others wait already, a registration waits until a
moderator lets it in. A class that is in becomes a session class when it comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from uuid import UUID

import asyncpg

from rooms.agenda import plans_b, session_classes, webinar_states, webinars
from rooms.agenda.webinar_states import Verb
from rooms.agenda.webinars import Webinar
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.scope import Scope

MAX_PUPILS = 400
DEVICES = ("one", "many")
NEEDS = ("captions", "sign_language", "quiet_start", "large_print")
FOR_CLASSES = frozenset({"pupils", "parents", "mixed"})
FOR_TEACHERS = frozenset({"teachers", "mixed"})


@dataclass(frozen=True, slots=True)
class Registration:
    """One row with the words its lists show. `class_id` None: a teacher herself.

    `lesson_from`, `lesson_until`: the lesson's own times, local. `plan_b`: title and page of the
    tour that is shown when the live fails. `by`: the name of who registered, or her mail.
    """

    programme_id: UUID
    id: UUID
    webinar_id: UUID
    class_id: UUID | None
    class_name: str
    level: str
    school: str
    region: str
    registered_by: UUID
    by: str
    registered_at: datetime
    state: str
    expected: int
    devices: str
    needs: tuple[str, ...]
    lesson_from: time | None
    lesson_until: time | None
    plan_b_tour_id: UUID | None
    plan_b_title: str
    plan_b_slug: str
    session_class_id: UUID | None

    @property
    def is_in(self) -> bool:
        """Whether it has its places."""
        return self.state == "in"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a teacher says. `class_id` None: she herself."""

    class_id: UUID | None
    expected: int = 1
    devices: str = "one"
    needs: Sequence[str] = ()
    lesson_from: time | None = None
    lesson_until: time | None = None
    plan_b_tour_id: UUID | None = None


# --- deciding, without I/O ----------------------------------------------------------------------


def place_for(expected: int, *, capacity: int, taken: int, others_wait: bool) -> str:
    """`in` while it fits and nobody was first, else `waiting`."""
    return "in" if not others_wait and taken + expected <= capacity else "waiting"


def check(webinar: Webinar, wish: Wish) -> None:
    """Raises `Refused`: `registration_audience`, `registration_pupils`,
    `registration_devices`, `lesson_times`, `lesson_apart`."""
    wanted = FOR_TEACHERS if wish.class_id is None else FOR_CLASSES
    if webinar.audience not in wanted:
        raise Refused("registration_audience")
    if not 1 <= wish.expected <= MAX_PUPILS:
        raise Refused("registration_pupils", most=MAX_PUPILS)
    if wish.devices not in DEVICES:
        raise Refused("registration_devices")
    _check_lesson(webinar, wish)


def _check_lesson(webinar: Webinar, wish: Wish) -> None:
    start, end = wish.lesson_from, wish.lesson_until
    if start is None and end is None:
        return
    if start is None or end is None or end <= start:
        raise Refused("lesson_times")
    if end <= webinar.from_time or start >= webinar.until_time:
        raise Refused("lesson_apart")


def lesson_span(
    webinar: Webinar, start: time | None, end: time | None
) -> tuple[datetime, datetime] | None:
    """The lesson's own times as moments, on the webinar's day."""
    if start is None or end is None:
        return None
    return (
        webinars.in_utc(webinar.day, start, webinar.zone),
        webinars.in_utc(webinar.day, end, webinar.zone),
    )


# --- registering --------------------------------------------------------------------------------


async def register(
    conn: Connection, scope: Scope, webinar_id: UUID, wish: Wish, now: datetime
) -> Registration:
    """Registers a class of hers, or herself; again changes what she said.

    Raises `NotThere` for a webinar or class that is not there for her, `Refused` as `check` and
    `plan_b`, `Conflict` `webinar_state`, `registration_came`, `webinar_full` when a class that is
    in grows beyond what is left.
    """
    if wish.class_id is None:
        wish = replace(wish, expected=1)
    else:
        await session_classes.lock(conn, scope, wish.class_id)
    webinar = await _registrable(conn, scope, webinar_id)
    check(webinar, wish)
    await _check_plan_b(conn, scope, webinar, wish.plan_b_tour_id)
    before = await _before(conn, scope, webinar_id, wish.class_id)
    state = _state(webinar, wish, before)
    registration_id = await _write(conn, scope, webinar_id, wish, state, now)
    return await by_id(conn, scope, registration_id)


async def _registrable(conn: Connection, scope: Scope, webinar_id: UUID) -> Webinar:
    await webinars.hold(conn, scope, webinar_id)
    webinar = await webinars.find(conn, scope, webinar_id)
    webinar_states.move(webinar.state, Verb.REGISTER, webinars.actors(scope, webinar))
    return webinar


async def _check_plan_b(
    conn: Connection, scope: Scope, webinar: Webinar, tour_id: UUID | None
) -> None:
    if tour_id is not None and tour_id not in {one[0] for one in await plans_b.of(conn, webinar)}:
        raise Refused("plan_b")


async def _before(
    conn: Connection, scope: Scope, webinar_id: UUID, class_id: UUID | None
) -> asyncpg.Record | None:
    return await conn.fetchrow(
        """
        select state, expected, session_class_id from registrations
        where programme_id = $1 and webinar_id = $2
            and (class_id = $3 or $3::uuid is null and class_id is null and registered_by = $4)
        """,
        scope.programme_id,
        webinar_id,
        class_id,
        scope.person_id,
    )


def _state(webinar: Webinar, wish: Wish, before: asyncpg.Record | None) -> str:
    """In or waiting; a class that is in stays in."""
    if before is not None and before["session_class_id"] is not None:
        raise Conflict("registration_came")
    is_in = before is not None and before["state"] == "in"
    is_waiting = before is not None and before["state"] == "waiting"
    own = before["expected"] if before is not None and is_in else 0
    place = place_for(
        wish.expected,
        capacity=webinar.capacity,
        taken=webinar.pupils_in - own,
        others_wait=webinar.waiting > 0 and not is_in,
    )
    if is_in and place == "waiting" and wish.expected > own:
        raise Conflict("webinar_full", left=webinar.places_left)
    return "in" if is_in else "waiting" if is_waiting else place


async def _write(
    conn: Connection, scope: Scope, webinar_id: UUID, wish: Wish, state: str, now: datetime
) -> UUID:
    found: UUID | None = await conn.fetchval(
        """
        update registrations set state = $5, expected = $6, devices = $7, needs = $8,
            lesson_from = $9, lesson_until = $10, plan_b_tour_id = $11, changed_at = $12,
            registered_at = case when state = 'cancelled' then $12 else registered_at end,
            registered_by = case when state = 'cancelled' then $4 else registered_by end,
            cancelled_at = null
        where programme_id = $1 and webinar_id = $2
            and (class_id = $3 or $3::uuid is null and class_id is null and registered_by = $4)
        returning id
        """,
        *_values(scope, webinar_id, wish, state, now),
    )
    if found is not None:
        return found
    made: UUID = await conn.fetchval(
        """
        insert into registrations (programme_id, webinar_id, class_id, registered_by, state,
            expected, devices, needs, lesson_from, lesson_until, plan_b_tour_id, registered_at,
            changed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) returning id
        """,
        *_values(scope, webinar_id, wish, state, now),
    )
    return made


def _values(
    scope: Scope, webinar_id: UUID, wish: Wish, state: str, now: datetime
) -> tuple[object, ...]:
    return (
        scope.programme_id,
        webinar_id,
        wish.class_id,
        scope.person_id,
        state,
        wish.expected,
        wish.devices,
        [need for need in NEEDS if need in wish.needs],
        wish.lesson_from,
        wish.lesson_until,
        wish.plan_b_tour_id,
        now,
    )


async def cancel(conn: Connection, scope: Scope, registration_id: UUID, now: datetime) -> None:
    """Gives the places back. Raises `NotThere` for what is not hers, `Conflict`
    `registration_came`, `webinar_state`."""
    registration = await mine_by_id(conn, scope, registration_id)
    await _registrable(conn, scope, registration.webinar_id)
    if registration.session_class_id is not None:
        raise Conflict("registration_came")
    await conn.execute(
        """
        update registrations set state = 'cancelled', cancelled_at = $3, changed_at = $3
        where programme_id = $1 and id = $2 and state <> 'cancelled'
        """,
        scope.programme_id,
        registration_id,
        now,
    )


async def let_in(conn: Connection, scope: Scope, registration_id: UUID, now: datetime) -> Webinar:
    """A moderator's yes to one that waits, also beyond the capacity. Raises `NotThere`."""
    registration = await by_id(conn, scope, registration_id)
    await webinars.hold(conn, scope, registration.webinar_id)
    webinar = await webinars.by_id(conn, scope, registration.webinar_id)
    if not webinars.leads(scope, webinar):
        raise NotThere("registration")
    webinar_states.move(webinar.state, Verb.LET_IN, webinars.actors(scope, webinar))
    await conn.execute(
        """
        update registrations set state = 'in', let_in_by = $3, let_in_at = $4, changed_at = $4
        where programme_id = $1 and id = $2 and state = 'waiting'
        """,
        scope.programme_id,
        registration_id,
        scope.person_id,
        now,
    )
    return webinar


async def places_in_line(conn: Connection, scope: Scope, webinar_id: UUID) -> dict[UUID, int]:
    """Of each registration that waits, how manieth it is: who asked first stands first."""
    rows = await conn.fetch(
        """
        select id, row_number() over (order by registered_at, id) as place from registrations
        where programme_id = $1 and webinar_id = $2 and state = 'waiting'
        """,
        scope.programme_id,
        webinar_id,
    )
    return {row["id"]: row["place"] for row in rows}


async def is_guest(conn: Connection, programme_id: UUID, webinar_id: UUID, person_id: UUID) -> bool:
    """Whether she registered herself and is in: her own presence is then kept."""
    found = await conn.fetchval(
        """
        select 1 from registrations
        where programme_id = $1 and webinar_id = $2 and registered_by = $3 and class_id is null
            and state = 'in'
        """,
        programme_id,
        webinar_id,
        person_id,
    )
    return found is not None


async def persons_of(conn: Connection, scope: Scope, registration: Registration) -> list[UUID]:
    """Whom it concerns: the teachers of its class, or who registered herself."""
    if registration.class_id is None:
        return [registration.registered_by]
    rows = await conn.fetch(
        """
        select person_id from class_teachers where programme_id = $1 and class_id = $2
        order by person_id
        """,
        scope.programme_id,
        registration.class_id,
    )
    return [row["person_id"] for row in rows]


# --- reading ------------------------------------------------------------------------------------


async def by_id(conn: Connection, scope: Scope, registration_id: UUID) -> Registration:
    """One of the programme, for a caller who judges; raises `NotThere`."""
    row = await conn.fetchrow(
        "select * from registration_rows where programme_id = $1 and id = $2",
        scope.programme_id,
        registration_id,
    )
    if row is None:
        raise NotThere("registration")
    return _registration(row)


async def mine_by_id(conn: Connection, scope: Scope, registration_id: UUID) -> Registration:
    """One of a class she teaches, or of herself; raises `NotThere`."""
    row = await conn.fetchrow(
        """
        select r.* from registration_rows r
        where r.programme_id = $1 and r.id = $2 and (
            r.class_id is null and r.registered_by = $3
            or exists (select from class_teachers t where t.person_id = $3
                and (t.programme_id, t.class_id) = (r.programme_id, r.class_id)))
        """,
        scope.programme_id,
        registration_id,
        scope.person_id,
    )
    if row is None:
        raise NotThere("registration")
    return _registration(row)


async def mine(conn: Connection, scope: Scope, webinar_id: UUID) -> list[Registration]:
    """Those of her classes and of herself for one webinar, cancelled ones too."""
    rows = await conn.fetch(
        """
        select r.* from registration_rows r
        where r.programme_id = $1 and r.webinar_id = $2 and (
            r.class_id is null and r.registered_by = $3
            or exists (select from class_teachers t where t.person_id = $3
                and (t.programme_id, t.class_id) = (r.programme_id, r.class_id)))
        order by r.class_name, r.registered_at, r.id
        """,
        scope.programme_id,
        webinar_id,
        scope.person_id,
    )
    return [_registration(row) for row in rows]


async def of_webinar(conn: Connection, scope: Scope, webinar_id: UUID) -> list[Registration]:
    """All for one webinar, first come first; for those who lead it, the caller judges."""
    rows = await conn.fetch(
        """
        select * from registration_rows where programme_id = $1 and webinar_id = $2
        order by registered_at, id
        """,
        scope.programme_id,
        webinar_id,
    )
    return [_registration(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Coming:
    """A registration with its webinar, as a teacher's own list shows them."""

    registration: Registration
    webinar: Webinar


async def coming(conn: Connection, scope: Scope, now: datetime, limit: int = 20) -> list[Coming]:
    """What she or her classes are registered for and is not over, the next first."""
    rows = await conn.fetch(
        """
        select r.* from registration_rows r
        join webinars w on (w.programme_id, w.id) = (r.programme_id, r.webinar_id)
        where r.programme_id = $1 and r.state <> 'cancelled' and w.ends_at > $3
            and w.state in ('announced', 'open', 'live') and (
            r.class_id is null and r.registered_by = $2
            or exists (select from class_teachers t where t.person_id = $2
                and (t.programme_id, t.class_id) = (r.programme_id, r.class_id)))
        order by w.starts_at, r.class_name, r.id limit $4
        """,
        scope.programme_id,
        scope.person_id,
        now,
        limit,
    )
    found = [_registration(row) for row in rows]
    known = await webinars.by_ids(conn, scope, [one.webinar_id for one in found])
    return [Coming(one, known[one.webinar_id]) for one in found]


def _registration(row: asyncpg.Record) -> Registration:
    return Registration(**{**row, "needs": tuple(row["needs"])})
