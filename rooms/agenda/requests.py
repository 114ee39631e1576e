"""Requests: a teacher invites a company for a guest lesson or a live tour for her class.

Seen by the class's teachers, the company's editors, and the coordinators of the school's or the
company's region. Acceptance makes the lesson (`request_lessons.py`) in the same transaction.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import asyncpg

from rooms import planning
from rooms.agenda import request_states
from rooms.agenda.request_drafts import Slot
from rooms.agenda.request_states import Actor, State, Verb
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.people.persons import Person
from rooms.scope import Scope

# Whose yes is waited for.
TURN = {State.ASKED: Verb.ACCEPT, State.PROPOSED: Verb.ACCEPT_DATE}


@dataclass(frozen=True, slots=True)
class Request:
    """One invitation. `weeks`: Mondays; `day`, `from_time`: the date answered with, in `zone`.

    `is_mine`: whether the scope's person teaches the class. `webinar_state`, `room_id`: of the
    lesson it has become, '' and None before.
    """

    programme_id: UUID
    id: UUID
    company_id: UUID
    company: str
    company_place: str
    class_id: UUID
    class_name: str
    school_id: UUID
    school: str
    school_place: str
    region_id: UUID | None
    company_region_id: UUID | None
    level: str
    grade: int | None
    asked_by: UUID | None
    teacher: str
    is_confirmed_teacher: bool
    asked_at: datetime
    kind: str
    subject: str
    goal: str
    prior_knowledge: str
    room_setup: tuple[str, ...]
    weeks: tuple[date, ...]
    times: str
    minutes: int
    headcount: int
    state: State
    changed_at: datetime
    day: date | None
    from_time: time | None
    proposed_by: UUID | None
    word_on: date
    last_day: date
    word_given_at: datetime | None
    webinar_id: UUID | None
    webinar_state: str
    room_id: UUID | None
    zone: str
    is_mine: bool = False

    @property
    def slot(self) -> Slot | None:
        """The date that was proposed or agreed on."""
        if self.day is None or self.from_time is None:
            return None
        return Slot(self.day, self.from_time, self.minutes, self.zone)

    @property
    def is_open(self) -> bool:
        """Whether somebody is waited for."""
        return self.state in request_states.OPEN


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an invitation's history. `who` is empty when the house itself did it."""

    at: datetime
    kind: str
    who: str
    words: str
    day: date | None
    from_time: time | None


def _request(row: asyncpg.Record) -> Request:
    told: dict[str, Any] = dict(row)
    told["state"] = State(told["state"])
    for name in ("room_setup", "weeks"):
        told[name] = tuple(told[name])
    return Request(**told)


def actors(scope: Scope, request: Request) -> frozenset[Actor]:
    """In what roles the scope's person may act on this invitation; a coordinator only reads."""
    found = set()
    if request.is_mine and scope.has("teacher"):
        found.add(Actor.TEACHER)
    if request.company_id in edits(scope):
        found.add(Actor.COMPANY)
    return frozenset(found)


def is_turn_of(scope: Scope, request: Request) -> bool:
    """Whether everybody waits for the scope's person."""
    verb = TURN.get(request.state)
    return verb is not None and request_states.may(request.state, verb, actors(scope, request))


def edits(scope: Scope) -> list[UUID]:
    """Companies for which the scope's person answers."""
    return [one.company_id for one in scope.grants if one.role == "editor" and one.company_id]


# --- reading -------------------------------------------------------------------------------------


async def find(conn: Connection, scope: Scope, request_id: UUID) -> Request:
    """An invitation the scope's person may see; raises `NotThere`."""
    row = await conn.fetchrow(
        """
        with mine as (
            select class_id from class_teachers where programme_id = $1 and person_id = $3)
        select r.*, r.class_id in (select class_id from mine) as is_mine
        from request_rows r
        where r.programme_id = $1 and r.id = $2
            and (r.class_id in (select class_id from mine) or r.company_id = any($4::uuid[]) or $5
                or r.region_id = any($6::uuid[]) or r.company_region_id = any($6::uuid[]))
        """,
        scope.programme_id,
        request_id,
        scope.person_id,
        edits(scope),
        scope.sees_all,
        scope.region_ids,
    )
    if row is None:
        raise NotThere("request")
    return _request(row)


async def visible(conn: Connection, scope: Scope) -> list[Request]:
    """The invitations she may see: what waits first, by the day it ends; then the newest first.

    At most 300.
    """
    await planning.for_few(conn)
    rows = await conn.fetch(
        """
        with mine as (
            select class_id from class_teachers where programme_id = $1 and person_id = $2)
        select r.*, r.class_id in (select class_id from mine) as is_mine
        from request_rows r
        where r.programme_id = $1
            and (r.class_id in (select class_id from mine) or r.company_id = any($3::uuid[]) or $4
                or r.region_id = any($5::uuid[]) or r.company_region_id = any($5::uuid[]))
        order by r.state not in ('asked', 'proposed'),
            case when r.state in ('asked', 'proposed') then r.last_day end,
            r.changed_at desc, r.id
        limit 300
        """,
        scope.programme_id,
        scope.person_id,
        edits(scope),
        scope.sees_all,
        scope.region_ids,
    )
    await planning.as_usual(conn)
    return [_request(row) for row in rows]


async def history(conn: Connection, scope: Scope, request_id: UUID) -> list[Event]:
    """Everything that happened to an invitation, the latest first."""
    rows = await conn.fetch(
        """
        select e.at, e.kind, coalesce(p.name, '') as who, e.words, e.day, e.from_time
        from request_events e left join persons p on p.id = e.person_id
        where e.programme_id = $1 and e.request_id = $2 order by e.id desc
        """,
        scope.programme_id,
        request_id,
    )
    return [Event(**row) for row in rows]


async def teachers_of(conn: Connection, request: Request) -> list[Person]:
    """Who teaches the class: they get the answer."""
    rows = await conn.fetch(
        """
        select p.id, p.email, p.name, p.language, p.password_hash is not null as has_password
        from class_teachers t join persons p on p.id = t.person_id
        where t.programme_id = $1 and t.class_id = $2 order by t.created_at, p.id
        """,
        request.programme_id,
        request.class_id,
    )
    return [Person(**row) for row in rows]


async def coordinators_of(conn: Connection, request: Request) -> list[Person]:
    """Who can help: the coordinators of the school's and of the company's region and those of the
    whole programme, the office where there is none."""
    rows = await conn.fetch(
        """
        with able as (
            select p.id, p.email, p.name, p.language, p.password_hash is not null as has_password,
                r.role
            from roles r join persons p on p.id = r.person_id
            where r.programme_id = $1 and r.ended_at is null
                and (r.role = 'bureau' or (r.role = 'coordinator'
                    and (r.region_id is null or r.region_id in ($2, $3))))
        )
        select distinct id, email, name, language, has_password from able
        where role = 'coordinator' or not exists (select from able where role = 'coordinator')
        order by email
        """,
        request.programme_id,
        request.region_id,
        request.company_region_id,
    )
    return [Person(**row) for row in rows]


async def any_of(conn: Connection, programme_id: UUID, request_id: UUID) -> Request:
    """An invitation as the house itself sees it."""
    row = await conn.fetchrow(
        """
        select * from request_rows where programme_id = $1 and id = $2
        """,
        programme_id,
        request_id,
    )
    if row is None:
        raise NotThere("request")
    return _request(row)


def may_tell_more(request: Request, now: datetime) -> bool:
    """Whether what the briefing says can still change."""
    slot = request.slot
    is_coming = slot is None or slot.starts_at > now
    return is_coming and request.state in request_states.OPEN | {State.ACCEPTED}


# --- what happened to it -------------------------------------------------------------------------


async def set_state(conn: Connection, request: Request, state: State, now: datetime) -> None:
    """Moves it on; the caller has judged by `request_states.move`."""
    await conn.execute(
        "update requests set state = $3, changed_at = $4 where programme_id = $1 and id = $2",
        request.programme_id,
        request.id,
        state.value,
        now,
    )


async def note(
    conn: Connection,
    scope: Scope,
    request_id: UUID,
    kind: str,
    now: datetime,
    *,
    words: str = "",
    slot: Slot | None = None,
) -> None:
    """Keeps that something happened to it."""
    await conn.execute(
        """
        insert into request_events (programme_id, request_id, at, kind, person_id, day, from_time,
            words)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        scope.programme_id,
        request_id,
        now,
        kind,
        scope.person_id,
        slot.day if slot else None,
        slot.from_time if slot else None,
        words,
    )
