"""What both sides answer to a request: yes, no, another date; and what the briefing says.

A yes makes the lesson (`request_lessons.py`) in the same transaction; either side can call that
off again.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from rooms.agenda import (
    request_drafts,
    request_lessons,
    request_states,
    requests,
    webinar_doors,
)
from rooms.agenda.request_drafts import LIMITS, SETUP, Slot
from rooms.agenda.request_lessons import Wanted
from rooms.agenda.request_states import Actor, State, Verb
from rooms.agenda.requests import Request
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.scope import Scope


async def accept(
    conn: Connection, scope: Scope, request_id: UUID, slot: Slot, now: datetime
) -> Request:
    """The company's yes with a date in one of the weeks that suit; the lesson is made.

    Raises `NotThere`, `Conflict` `request_state`, and `Refused` as `request_drafts.check_slot`
    does or with `request_week` for a date outside those weeks: that one can be proposed.
    """
    request = await _locked(conn, scope, request_id)
    request_states.move(request.state, Verb.ACCEPT, requests.actors(scope, request))
    request_drafts.check_slot(slot, now)
    if not request_drafts.suits(slot, request.weeks):
        raise Refused("request_week")
    return await _become_lesson(conn, scope, request, Verb.ACCEPT, slot, scope.person_id, now)


async def propose(
    conn: Connection, scope: Scope, request_id: UUID, slot: Slot, words: str, now: datetime
) -> Request:
    """The company proposes another date, for whatever reason; it is the teacher's turn."""
    request = await _locked(conn, scope, request_id)
    state = request_states.move(request.state, Verb.PROPOSE, requests.actors(scope, request))
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
    request_states.move(request.state, Verb.ACCEPT_DATE, requests.actors(scope, request))
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
    state = request_states.move(request.state, Verb.DECLINE_DATE, requests.actors(scope, request))
    moved = replace(request, day=None, from_time=None, proposed_by=None)
    return await _pass_turn(conn, scope, moved, Verb.DECLINE_DATE, state, words, now)


async def withdraw(conn: Connection, scope: Scope, request_id: UUID, now: datetime) -> Request:
    """The teacher takes it back before there is an answer."""
    return await _end(conn, scope, request_id, Verb.WITHDRAW, "", now)


async def cancel(
    conn: Connection, scope: Scope, request_id: UUID, reason: str, now: datetime
) -> Request:
    """The lesson both agreed to does not take place: it is cancelled, and the reason is told.

    Raises `NotThere`, `Refused` as `request_states.move`, `Conflict` `webinar_state` for a lesson
    that is live, over or cancelled already.
    """
    request = await _locked(conn, scope, request_id)
    reason = reason.strip()[: request_drafts.REASON_LENGTH]
    actors = requests.actors(scope, request)
    request_states.move(request.state, Verb.CANCEL, actors, reason=reason)
    if request.webinar_id is None:
        raise NotThere("webinar")
    by = webinar_doors.SYSTEM
    await webinar_doors.cancel(conn, scope, request.webinar_id, reason, now, by=by)
    await requests.note(conn, scope, request.id, Verb.CANCEL.value, now, words=reason)
    return await requests.find(conn, scope, request.id)


async def _end(
    conn: Connection, scope: Scope, request_id: UUID, verb: Verb, words: str, now: datetime
) -> Request:
    request = await _locked(conn, scope, request_id)
    words = words.strip()[: request_drafts.REASON_LENGTH]
    state = request_states.move(request.state, verb, requests.actors(scope, request), reason=words)
    await requests.set_state(conn, request, state, now)
    await requests.note(conn, scope, request.id, verb.value, now, words=words)
    return await requests.find(conn, scope, request.id)


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
    await requests.note(conn, scope, request.id, verb.value, now, words=words, slot=request.slot)
    return await requests.find(conn, scope, request.id)


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
    await requests.note(conn, scope, request.id, verb.value, now, slot=slot)
    return await requests.find(conn, scope, request.id)


async def _locked(conn: Connection, scope: Scope, request_id: UUID) -> Request:
    """The invitation, with everybody else waiting until our transaction has ended."""
    await conn.execute(
        "select 1 from requests where programme_id = $1 and id = $2 for update",
        scope.programme_id,
        request_id,
    )
    return await requests.find(conn, scope, request_id)


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
    if Actor.TEACHER not in requests.actors(scope, request):
        raise NotThere("request")
    if len(prior_knowledge.strip()) > request_drafts.KNOWN_LENGTH:
        raise Refused("request_known", **LIMITS)
    if not requests.may_tell_more(request, now):
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
    return await requests.find(conn, scope, request_id)
