"""A teacher asks a company of the programme for a guest lesson or a live tour."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from rooms.agenda import request_drafts, request_states, requests
from rooms.agenda.request_drafts import LIMITS, Draft
from rooms.agenda.requests import Request
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.people import classes
from rooms.scope import Scope

# Each open one is a mail to a company that waits for a person's answer.
MOST_OPEN = 10


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
    return await requests.find(conn, scope, await _insert(conn, scope, draft, asking, now))


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
    await requests.note(conn, scope, request_id, "asked", now)
    return request_id
