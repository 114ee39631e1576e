"""Rooms: opened with one click, open until they are closed; whose they are, and who sees them.

A room has one session, in which classes take part (`agenda/room_sessions.py`). Its company's
editors present, coordinators and the bureau moderate, every teacher of the programme sees that it
is open.
A webinar's room has its own cast, and is there for others from when its doors open.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import asyncpg

from rooms.agenda import room_sessions
from rooms.agenda.states import EndReason
from rooms.agenda.webinar_states import State
from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.live import log, on_air
from rooms.scope import Scope

TITLE_LENGTH = 120
# A room nobody closed: a company may break for lunch, nobody comes back after half a day.
IDLE_AFTER = timedelta(hours=12)
# One in which nothing ever happened waits for its day.
UNTOUCHED_AFTER = timedelta(days=14)

OFFICE = ("coordinator", "bureau", "moderator", "operator")
COMPANY = ("editor", "presenter")

Role = Literal["viewer", "teacher", "presenter", "moderator", "captioner"]
ON_STAGE: frozenset[Role | None] = frozenset({"presenter", "moderator"})


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is who in a webinar's room.

    `vetted_ids`: the presenters who may meet pupils. `teacher_ids`: of the classes registered;
    where it is not listed, only they take part.
    """

    webinar_id: UUID
    state: State
    has_pupils: bool
    is_listed: bool
    moderator_ids: frozenset[UUID]
    presenter_ids: frozenset[UUID]
    vetted_ids: frozenset[UUID]
    teacher_ids: frozenset[UUID]

    @property
    def is_before_doors(self) -> bool:
        """Whether nobody but those on its stage is in yet: they try it."""
        return self.state is State.ANNOUNCED

    def may_present(self, person_id: UUID | None) -> bool:
        """A presenter; before pupils only one who is vetted, beforehand any."""
        is_free = self.is_before_doors or not self.has_pupils
        return person_id in (self.presenter_ids if is_free else self.vetted_ids)


@dataclass(frozen=True, slots=True)
class Room:
    """A room with its session. `company` '' : of the programme itself. `cast`: of a webinar's."""

    programme_id: UUID
    id: UUID
    session_id: UUID
    title: str
    company_id: UUID | None
    company: str
    region_id: UUID | None
    zone: str
    opened_by: UUID | None
    opened_at: datetime
    closed_at: datetime | None
    last_number: int
    cast: Cast | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody may come in."""
        return self.closed_at is None


def may_open(scope: Scope) -> bool:
    """A company's people for their company, the office for the programme."""
    return scope.has(*COMPANY, *OFFICE)


def role_in(scope: Scope, room: Room) -> Role | None:
    """What the scope's person is in this room; None: for her it is not there.

    She who opened it presents, and so does everybody of its company. A moderator moderates, a
    coordinator does in her region, and both may present there; others of the programme she may
    look into. In a webinar's room its cast decides.
    """
    if scope.programme_id != room.programme_id:
        return None
    if room.cast is not None:
        return _role_in_cast(scope, room, room.cast)
    if _presents(scope, room):
        return "presenter"
    if _moderates(scope, room):
        return "moderator"
    if scope.has("teacher"):
        return "teacher"
    return "viewer" if scope.has(*OFFICE) else None


def may_present(scope: Scope, room: Room) -> bool:
    """Whether she may go on this stage."""
    return role_in(scope, room) in ON_STAGE


def may_close(scope: Scope, room: Room) -> bool:
    """Whether she may close it and remove presenters: whoever moderates it, and its company; a
    webinar's only who moderates."""
    role = role_in(scope, room)
    return role == "moderator" if room.cast is not None else role in ON_STAGE


def is_moderator(role: Role, room: Room, person_id: UUID | None) -> bool:
    """By her role, or because she opened it; a webinar's cast decides by itself."""
    is_opener = room.cast is None and person_id is not None and room.opened_by == person_id
    return role == "moderator" or is_opener


def _role_in_cast(scope: Scope, room: Room, cast: Cast) -> Role | None:
    if scope.person_id in cast.moderator_ids or _moderates(scope, room):
        return "moderator"
    if cast.may_present(scope.person_id):
        return "presenter"
    if cast.is_before_doors:
        return None
    if scope.has("teacher") and (cast.is_listed or scope.person_id in cast.teacher_ids):
        return "teacher"
    is_of_company = room.company_id is not None and room.company_id in scope.company_ids
    is_presenter = scope.person_id in cast.presenter_ids
    return "viewer" if scope.has(*OFFICE) or is_of_company or is_presenter else None


def _presents(scope: Scope, room: Room) -> bool:
    if scope.person_id is not None and room.opened_by == scope.person_id:
        return scope.has(*COMPANY, *OFFICE)
    return any(
        grant.role in COMPANY and grant.company_id == room.company_id
        for grant in scope.grants
        if room.company_id is not None
    )


def _moderates(scope: Scope, room: Room) -> bool:
    regions = [grant.region_id for grant in scope.grants if grant.role == "moderator"]
    return (
        scope.sees_all
        or None in regions
        or (room.region_id is not None and room.region_id in (*scope.region_ids, *regions))
    )


async def open_room(
    conn: Connection, scope: Scope, title: str, company_id: UUID | None, now: datetime
) -> Room:
    """A new open room and its session, with the programme's presence rule as of today.

    `company_id` None: the programme itself, of whoever is no office her only company. Without a
    title it has its company's name. Raises `NotThere` for somebody else's company, `Refused`
    `room_title`, `room_company`, and `company_waits` for one the programme has not said yes to.
    """
    title = " ".join(title.split())
    if len(title) > TITLE_LENGTH:
        raise Refused("room_title", limit=TITLE_LENGTH)
    company_id = _company_for(scope, company_id)
    room_id: UUID | None = await conn.fetchval(
        """
        insert into rooms (programme_id, title, company_id, region_id, zone, opened_by, opened_at)
        select p.id, coalesce(nullif($2, ''), c.name, p.name), c.id, coalesce(c.region_id, $4),
            p.zone, $5, $6
        from programmes p
        left join companies c on c.programme_id = p.id and c.id = $3
        where p.id = $1 and ($3::uuid is null or c.state = 'active')
        returning id
        """,
        scope.programme_id,
        title,
        company_id,
        scope.region_ids[0] if scope.region_ids else None,
        scope.person_id,
        now,
    )
    if room_id is None:
        raise await _why_not(conn, scope, company_id)
    await room_sessions.begin(conn, scope, room_id, now)
    return await shown(conn, scope.programme_id, room_id)


async def make_for_webinar(
    conn: Connection,
    scope: Scope,
    *,
    title: str,
    company_id: UUID | None,
    region_id: UUID | None,
    zone: str,
    now: datetime,
) -> UUID:
    """The room of a webinar that is announced; the caller makes its session, and owns its life."""
    room_id: UUID = await conn.fetchval(
        """
        insert into rooms (programme_id, title, company_id, region_id, zone, opened_by, opened_at)
        values ($1, $2, $3, $4, $5, $6, $7) returning id
        """,
        scope.programme_id,
        title,
        company_id,
        region_id,
        zone,
        scope.person_id,
        now,
    )
    return room_id


async def rename(conn: Connection, scope: Scope, room_id: UUID, title: str, zone: str) -> None:
    """A webinar's room follows its title and zone."""
    await conn.execute(
        "update rooms set title = $3, zone = $4 where programme_id = $1 and id = $2",
        scope.programme_id,
        room_id,
        title,
        zone,
    )


async def close_of_webinar(
    conn: Connection, scope: Scope, room_id: UUID, at: datetime, reason: EndReason
) -> None:
    """Closes a webinar's room with it; again changes nothing. The caller has judged who may."""
    await _close(conn, scope.programme_id, room_id, at, reason)


async def _why_not(conn: Connection, scope: Scope, company_id: UUID | None) -> NotThere | Refused:
    waits = await conn.fetchval(
        "select 1 from companies where programme_id = $1 and id = $2 and state = 'asked'",
        scope.programme_id,
        company_id,
    )
    return Refused("company_waits") if waits else NotThere("company")


def _company_for(scope: Scope, company_id: UUID | None) -> UUID | None:
    own = [one.company_id for one in scope.grants if one.role in COMPANY and one.company_id]
    if scope.has(*OFFICE):
        return company_id
    if company_id is None and len(own) == 1:
        return own[0]
    if company_id is None:
        raise Refused("room_company")
    if company_id not in own:
        raise NotThere("company")
    return company_id


async def get(conn: Connection, scope: Scope, room_id: UUID) -> Room:
    """A room the scope's person may see, open or closed; raises `NotThere`."""
    room = await shown(conn, scope.programme_id, room_id)
    if role_in(scope, room) is None:
        raise NotThere("room")
    return room


async def shown(conn: Connection, programme_id: UUID, room_id: UUID) -> Room:
    """A room for whoever has proved to belong in it (a seat, a stream key); raises `NotThere`."""
    row = await conn.fetchrow(
        "select * from room_rows where programme_id = $1 and id = $2",
        programme_id,
        room_id,
    )
    if row is None:
        raise NotThere("room")
    return _room(row)


_CAST = (
    "webinar_id",
    "webinar_state",
    "audience",
    "is_listed",
    "moderator_ids",
    "presenter_ids",
    "vetted_ids",
    "teacher_ids",
)


def _room(row: asyncpg.Record) -> Room:
    fields = dict(row)
    told = {name: fields.pop(name) for name in _CAST}
    return Room(**fields, cast=_cast(told) if told["webinar_id"] else None)


def _cast(told: dict[str, Any]) -> Cast:
    return Cast(
        webinar_id=told["webinar_id"],
        state=State(told["webinar_state"]),
        has_pupils=told["audience"] in {"pupils", "mixed"},
        is_listed=told["is_listed"],
        moderator_ids=frozenset(told["moderator_ids"]),
        presenter_ids=frozenset(told["presenter_ids"]),
        vetted_ids=frozenset(told["vetted_ids"]),
        teacher_ids=frozenset(told["teacher_ids"]),
    )


async def phase_of(conn: Connection, programme_id: UUID, room_id: UUID) -> str | None:
    """The phase of the room's log; None before its first."""
    phase: str | None = await conn.fetchval(
        "select phase from rooms where programme_id = $1 and id = $2", programme_id, room_id
    )
    return phase


async def programme_of(conn: Connection, room_id: UUID) -> UUID:
    """The programme a room belongs to, before anybody's place in it is known; raises `NotThere`."""
    programme_id: UUID | None = await conn.fetchval(
        "select programme_id from rooms where id = $1", room_id
    )
    if programme_id is None:
        raise NotThere("room")
    return programme_id


async def open_ones(conn: Connection, scope: Scope) -> list[Room]:
    """The open rooms she may see, the latest first; at most 200."""
    rows = await conn.fetch(
        """
        select r.* from room_rows r
        where r.programme_id = $1 and r.closed_at is null
            and ($2 or r.opened_by = $3 or r.company_id = any($4::uuid[])
                or $3 = any(r.presenter_ids))
            and r.webinar_state is distinct from 'announced'
        order by r.opened_at desc, r.id limit 200
        """,
        scope.programme_id,
        scope.has("teacher", *OFFICE),
        scope.person_id,
        scope.company_ids,
    )
    found = [_room(row) for row in rows]
    return [room for room in found if role_in(scope, room) is not None]


async def earlier(conn: Connection, scope: Scope) -> list[Room]:
    """The closed rooms of the scope's companies, the latest first; at most 100."""
    rows = await conn.fetch(
        """
        select r.programme_id, r.id, s.id as session_id, r.title, r.company_id,
            coalesce(c.name, '') as company, r.region_id, r.zone, r.opened_by, r.opened_at,
            r.closed_at, r.last_number
        from rooms r
        join sessions s on (s.programme_id, s.room_id) = (r.programme_id, r.id)
        left join companies c on (c.programme_id, c.id) = (r.programme_id, r.company_id)
        where r.programme_id = $1 and r.closed_at is not null and r.company_id = any($2::uuid[])
        order by r.opened_at desc, r.id limit 100
        """,
        scope.programme_id,
        scope.company_ids,
    )
    return [Room(**row) for row in rows]


async def close(conn: Connection, scope: Scope, room_id: UUID, now: datetime) -> Room:
    """Closes a room for everybody; closing it again changes nothing.

    The caller closes the session's attendance (`attendance.keeping.close_room`) and ends the
    stage. Raises `NotThere` for whoever may not close it.
    """
    room = await get(conn, scope, room_id)
    if not may_close(scope, room):
        raise NotThere("room")
    if room.is_open:
        await _close(conn, room.programme_id, room.id, now, EndReason.ROOM_CLOSED)
    return await get(conn, scope, room_id)


async def close_idle(conn: Connection, now: datetime) -> list[tuple[UUID, UUID]]:
    """Closes rooms in which nothing has happened for half a day; (programme, session) of each.

    Such a session ends where something was last seen. For the sweep, over all programmes; a
    webinar's room ends with it. No other room is held: what is asked in it waits for nothing.
    """
    rows = await conn.fetch(
        """
        select r.programme_id, r.id, s.id as session_id,
            greatest(r.opened_at, seen.at) as seen_at
        from rooms r
        join sessions s on (s.programme_id, s.room_id) = (r.programme_id, r.id)
        cross join lateral (
            select greatest(
                (select max(a.seen_until) from on_air a
                 where (a.programme_id, a.session_id) = (s.programme_id, s.id)),
                (select max(v.seen_until) from session_classes c
                 join seats t on (t.programme_id, t.session_class_id) = (c.programme_id, c.id)
                 join visits v on (v.programme_id, v.seat_id) = (t.programme_id, t.id)
                 where (c.programme_id, c.session_id) = (s.programme_id, s.id))) as at
        ) seen
        where r.closed_at is null and r.opened_at < $1
            and greatest(r.opened_at, seen.at) <= case when seen.at is null then $2 else $1 end
            and not exists (select from webinars w
                where (w.programme_id, w.room_id) = (r.programme_id, r.id))
        for update of r skip locked
        """,
        now - IDLE_AFTER,
        now - UNTOUCHED_AFTER,
    )
    for row in rows:
        await _close(conn, row["programme_id"], row["id"], row["seen_at"], EndReason.IDLE)
    return [(row["programme_id"], row["session_id"]) for row in rows]


async def _close(
    conn: Connection, programme_id: UUID, room_id: UUID, at: datetime, reason: EndReason
) -> None:
    await on_air.end(conn, [room_id])
    await conn.execute(
        "update rooms set closed_at = $3 where programme_id = $1 and id = $2",
        programme_id,
        room_id,
        at,
    )
    await room_sessions.end(conn, programme_id, room_id, at, reason)
    await log.append(conn, Scope(programme_id), room_id, "closed", at)
