"""Requests: a teacher invites a company for a guest lesson or a live tour for her class.

Seen by the class's teachers, the company's editors, and the coordinators of the school's or the
company's region. Acceptance makes the lesson (`request_lessons.py`) in the same transaction.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from rooms.agenda import request_drafts, request_lessons, request_states
from rooms.agenda.request_drafts import LIMITS, SETUP, Draft, Slot
from rooms.agenda.request_lessons import Wanted
from rooms.agenda.request_states import Actor, State, Verb
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.people import classes
from rooms.people.persons import Person
from rooms.scope import Scope

# Each open one is a mail to a company that waits for a person's answer.
MOST_OPEN = 10
# Whose yes is waited for.
TURN = {State.ASKED: Verb.ACCEPT, State.PROPOSED: Verb.ACCEPT_DATE}
_SYSTEM = frozenset({Actor.SYSTEM})


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


# --- asking --------------------------------------------------------------------------------------


async def askable(conn: Connection, scope: Scope) -> list[tuple[UUID, str]]:
    """(id, name) of the companies that can be invited: active, with somebody who answers."""
    rows = await conn.fetch(
        """
        select c.id, c.name from companies c
        where c.programme_id = $1 and c.state = 'active' and exists (
            select from roles r where r.programme_id = c.programme_id and r.company_id = c.id
                and r.role = 'editor' and r.ended_at is null)
        order by c.name, c.id
        """,
        scope.programme_id,
    )
    return [(row["id"], row["name"]) for row in rows]


async def ask(conn: Connection, scope: Scope, draft: Draft, now: datetime) -> Request:
    """A new invitation of the scope's person for a class she teaches.

    Raises `Refused` with the first problem of the draft or `requests_many`, `NotThere` for a
    strange class or company, `Conflict` `request_open` when the class asks this company already.
    """
    draft = request_drafts.tidied(draft)
    if draft.class_id is None or draft.company_id is None:
        raise Refused("plan_class" if draft.company_id else "request_company")
    asking = await classes.get(conn, scope, draft.class_id)
    today = now.astimezone(ZoneInfo(asking.zone)).date()
    if asking.code_until < today:
        raise Refused("plan_class")  # its school year is over
    for code in request_drafts.problems(draft, today).values():
        raise Refused(code, **LIMITS)
    await _check_company(conn, scope, draft.company_id)
    await _check_open(conn, scope)
    return await find(conn, scope, await _insert(conn, scope, draft, asking, now))


async def _check_company(conn: Connection, scope: Scope, company_id: UUID) -> None:
    if company_id not in [one for one, _ in await askable(conn, scope)]:
        raise NotThere("company")


async def _check_open(conn: Connection, scope: Scope) -> None:
    count = await conn.fetchval(
        """
        select count(*) from requests
        where programme_id = $1 and asked_by = $2 and state in ('asked', 'proposed')
        """,
        scope.programme_id,
        scope.person_id,
    )
    if count >= MOST_OPEN:
        raise Refused("requests_many", limit=MOST_OPEN)


async def _insert(
    conn: Connection, scope: Scope, draft: Draft, asking: classes.Class, now: datetime
) -> UUID:
    term = request_states.term(now, asking.zone)
    try:
        request_id: UUID = await conn.fetchval(
            """
            insert into requests (programme_id, company_id, class_id, school_id, region_id, level,
                grade, asked_by, asked_at, kind, subject, goal, prior_knowledge, room_setup, weeks,
                times, minutes, headcount, changed_at, word_on, last_day)
            values ($1, $2, $3, $4,
                (select g.region_id from school_regions g where g.programme_id = $1
                    and g.school_id = $4 and g.valid_to is null),
                $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $8, $18, $19)
            returning id
            """,
            scope.programme_id,
            draft.company_id,
            asking.id,
            asking.school_id,
            asking.level,
            asking.grade,
            scope.person_id,
            now,
            draft.kind,
            draft.subject,
            draft.goal,
            draft.prior_knowledge,
            list(draft.room_setup),
            list(draft.weeks),
            draft.times,
            draft.minutes,
            draft.headcount,
            term.word_on,
            term.last_day,
        )
    except asyncpg.UniqueViolationError:
        raise Conflict("request_open") from None
    await _note(conn, scope, request_id, "asked", now)
    return request_id


# --- answering -----------------------------------------------------------------------------------


async def accept(
    conn: Connection, scope: Scope, request_id: UUID, slot: Slot, now: datetime
) -> Request:
    """The company's yes with a date in one of the weeks that suit; the lesson is made.

    Raises `NotThere`, `Conflict` `request_state`, and `Refused` as `request_drafts.check_slot`
    does or with `request_week` for a date outside those weeks: that one can be proposed.
    """
    request = await _locked(conn, scope, request_id)
    request_states.move(request.state, Verb.ACCEPT, actors(scope, request))
    request_drafts.check_slot(slot, now)
    if not request_drafts.suits(slot, request.weeks):
        raise Refused("request_week")
    return await _become_lesson(conn, scope, request, Verb.ACCEPT, slot, scope.person_id, now)


async def propose(
    conn: Connection, scope: Scope, request_id: UUID, slot: Slot, words: str, now: datetime
) -> Request:
    """The company proposes another date, for whatever reason; it is the teacher's turn."""
    request = await _locked(conn, scope, request_id)
    state = request_states.move(request.state, Verb.PROPOSE, actors(scope, request))
    request_drafts.check_slot(slot, now)
    moved = replace(request, day=slot.day, from_time=slot.from_time, minutes=slot.minutes)
    moved = replace(moved, proposed_by=scope.person_id)
    return await _pass_turn(conn, scope, moved, Verb.PROPOSE, state, words, now)


async def decline(
    conn: Connection, scope: Scope, request_id: UUID, reason: str, now: datetime
) -> Request:
    """The company's no; the teacher reads the reason as it stands."""
    return await _end(conn, scope, request_id, Verb.DECLINE, reason, now)


async def accept_date(conn: Connection, scope: Scope, request_id: UUID, now: datetime) -> Request:
    """The teacher's yes to the proposed date; the lesson is made. Raises as `accept`."""
    request = await _locked(conn, scope, request_id)
    request_states.move(request.state, Verb.ACCEPT_DATE, actors(scope, request))
    slot = request.slot
    if slot is None:
        raise Conflict("request_state", state=request.state.value, verb=Verb.ACCEPT_DATE.value)
    request_drafts.check_slot(slot, now)
    verb, presents = Verb.ACCEPT_DATE, request.proposed_by
    return await _become_lesson(conn, scope, request, verb, slot, presents, now)


async def decline_date(
    conn: Connection, scope: Scope, request_id: UUID, words: str, now: datetime
) -> Request:
    """The proposed date does not suit; the company may think of another."""
    request = await _locked(conn, scope, request_id)
    state = request_states.move(request.state, Verb.DECLINE_DATE, actors(scope, request))
    moved = replace(request, day=None, from_time=None, proposed_by=None)
    return await _pass_turn(conn, scope, moved, Verb.DECLINE_DATE, state, words, now)


async def withdraw(conn: Connection, scope: Scope, request_id: UUID, now: datetime) -> Request:
    """The teacher takes it back before there is an answer."""
    return await _end(conn, scope, request_id, Verb.WITHDRAW, "", now)


async def _end(
    conn: Connection, scope: Scope, request_id: UUID, verb: Verb, words: str, now: datetime
) -> Request:
    request = await _locked(conn, scope, request_id)
    words = words.strip()[: request_drafts.REASON_LENGTH]
    state = request_states.move(request.state, verb, actors(scope, request), reason=words)
    await _set_state(conn, request, state, now)
    await _note(conn, scope, request.id, verb.value, now, words=words)
    return await find(conn, scope, request.id)


async def _pass_turn(
    conn: Connection,
    scope: Scope,
    request: Request,
    verb: Verb,
    state: State,
    words: str,
    now: datetime,
) -> Request:
    """Stores the date and whose turn it is; who gets the turn has a whole term."""
    term = request_states.term(now, request.zone)
    await conn.execute(
        """
        update requests set state = $3, changed_at = $4, day = $5, from_time = $6, minutes = $7,
            proposed_by = $8, word_on = $9, last_day = $10, word_given_at = null
        where programme_id = $1 and id = $2
        """,
        request.programme_id,
        request.id,
        state.value,
        now,
        request.day,
        request.from_time,
        request.minutes,
        request.proposed_by,
        term.word_on,
        term.last_day,
    )
    words = words.strip()[: request_drafts.REASON_LENGTH]
    await _note(conn, scope, request.id, verb.value, now, words=words, slot=request.slot)
    return await find(conn, scope, request.id)


async def _become_lesson(
    conn: Connection,
    scope: Scope,
    request: Request,
    verb: Verb,
    slot: Slot,
    presents: UUID | None,
    now: datetime,
) -> Request:
    wanted = Wanted(
        request.kind, request.subject, request.goal, request.company_id, request.class_id,
        request.school_id, request.region_id, request.asked_by, request.level, request.headcount,
        request.room_setup, slot, presents,
    )  # fmt: skip
    webinar_id = await request_lessons.make(conn, scope, wanted, now)
    await conn.execute(
        """
        update requests set state = 'accepted', changed_at = $3, day = $4, from_time = $5,
            minutes = $6, webinar_id = $7
        where programme_id = $1 and id = $2
        """,
        request.programme_id,
        request.id,
        now,
        slot.day,
        slot.from_time,
        slot.minutes,
        webinar_id,
    )
    await _note(conn, scope, request.id, verb.value, now, slot=slot)
    return await find(conn, scope, request.id)


async def _locked(conn: Connection, scope: Scope, request_id: UUID) -> Request:
    """The invitation, with everybody else waiting until our transaction has ended."""
    await conn.execute(
        "select 1 from requests where programme_id = $1 and id = $2 for update",
        scope.programme_id,
        request_id,
    )
    return await find(conn, scope, request_id)


async def _set_state(conn: Connection, request: Request, state: State, now: datetime) -> None:
    await conn.execute(
        "update requests set state = $3, changed_at = $4 where programme_id = $1 and id = $2",
        request.programme_id,
        request.id,
        state.value,
        now,
    )


async def _note(
    conn: Connection,
    scope: Scope,
    request_id: UUID,
    kind: str,
    now: datetime,
    *,
    words: str = "",
    slot: Slot | None = None,
) -> None:
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


async def tell_more(
    conn: Connection,
    scope: Scope,
    request_id: UUID,
    prior_knowledge: str,
    room_setup: tuple[str, ...],
    now: datetime,
) -> Request:
    """What the teacher adds for the briefing, until the lesson begins.

    Raises `NotThere` for others, `Refused` `request_known`, `Conflict` `request_over`.
    """
    request = await _locked(conn, scope, request_id)
    if Actor.TEACHER not in actors(scope, request):
        raise NotThere("request")
    if len(prior_knowledge.strip()) > request_drafts.KNOWN_LENGTH:
        raise Refused("request_known", **LIMITS)
    if not may_tell_more(request, now):
        raise Conflict("request_over")
    await conn.execute(
        """
        update requests set prior_knowledge = $3, room_setup = $4
        where programme_id = $1 and id = $2
        """,
        scope.programme_id,
        request_id,
        prior_knowledge.strip(),
        [code for code in SETUP if code in room_setup],
    )
    return await find(conn, scope, request_id)


def may_tell_more(request: Request, now: datetime) -> bool:
    """Whether what the briefing says can still change."""
    slot = request.slot
    is_coming = slot is None or slot.starts_at > now
    return is_coming and request.state in request_states.OPEN | {State.ACCEPTED}


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
    return [_request(row) for row in rows]


async def of_lesson(conn: Connection, scope: Scope, webinar_id: UUID) -> Request | None:
    """The invitation a lesson came from, if she may see it."""
    request_id = await conn.fetchval(
        "select id from requests where programme_id = $1 and webinar_id = $2",
        scope.programme_id,
        webinar_id,
    )
    if request_id is None:
        return None
    try:
        return await find(conn, scope, request_id)
    except NotThere:
        return None


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


# --- the sweep: over all programmes --------------------------------------------------------------


async def expire_due(conn: Connection, now: datetime) -> list[Request]:
    """Ends what got no answer in time; those that just ended."""
    rows = await conn.fetch(
        """
        select r.programme_id, r.id, r.state from requests r
        join programmes p on p.id = r.programme_id
        where r.state in ('asked', 'proposed') and r.last_day < ($1 at time zone p.zone)::date
        order by r.last_day, r.id limit 200
        for update of r skip locked
        """,
        now,
    )
    return [await _expire(conn, row, now) for row in rows]


async def _expire(conn: Connection, row: asyncpg.Record, now: datetime) -> Request:
    scope = Scope(row["programme_id"])
    request = await _any(conn, row["programme_id"], row["id"])
    state = request_states.move(request.state, Verb.EXPIRE, _SYSTEM)
    await _set_state(conn, request, state, now)
    await _note(conn, scope, request.id, Verb.EXPIRE.value, now)
    return await _any(conn, row["programme_id"], row["id"])


async def word_due(conn: Connection, now: datetime) -> list[Request]:
    """Marks what has waited for five working days; those of which word is to be given now."""
    rows = await conn.fetch(
        """
        update requests r set word_given_at = $1 from programmes p
        where p.id = r.programme_id and r.state in ('asked', 'proposed')
            and r.word_given_at is null and r.word_on < ($1 at time zone p.zone)::date
            and r.last_day >= ($1 at time zone p.zone)::date
        returning r.programme_id, r.id
        """,
        now,
    )
    for row in rows:
        await _note(conn, Scope(row["programme_id"]), row["id"], "word", now)
    return [await _any(conn, row["programme_id"], row["id"]) for row in rows]


async def _any(conn: Connection, programme_id: UUID, request_id: UUID) -> Request:
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


async def drop(conn: Connection, programme_id: UUID, first: date) -> int:
    """Takes away invitations asked before a day, with who asked and what was written."""
    await conn.execute(
        """
        delete from request_events e using requests r, programmes p
        where (r.programme_id, r.id) = (e.programme_id, e.request_id) and p.id = r.programme_id
            and r.programme_id = $1 and (r.asked_at at time zone p.zone)::date < $2
        """,
        programme_id,
        first,
    )
    done = await conn.execute(
        """
        delete from requests r using programmes p
        where p.id = r.programme_id and r.programme_id = $1
            and (r.asked_at at time zone p.zone)::date < $2
        """,
        programme_id,
        first,
    )
    return int(done.rpartition(" ")[2])
