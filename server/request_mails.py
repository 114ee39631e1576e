"""Letters about an invitation: to the company, the class's teachers, the coordinators.

Written in the transaction of what they tell. The key of each holds the moment it tells of, so that
a second proposal is told and a repeated sweep is not.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rooms.agenda import request_deadlines, requests
from rooms.agenda.request_states import State
from rooms.agenda.requests import Request
from rooms.agenda.webinars import Webinar
from rooms.connection import Connection
from rooms.people import roles
from rooms.people.persons import Person
from rooms.scope import Scope
from server import mail
from server.request_words import day, week


async def asked(conn: Connection, url: str, request: Request) -> None:
    """The company's editors: a class asks."""
    await _tell(conn, url, request, await _company(conn, request), "request_asked")


async def proposed(conn: Connection, url: str, request: Request, words: str) -> None:
    """The class's teachers: another date is proposed."""
    teachers = await requests.teachers_of(conn, request)
    await _tell(conn, url, request, teachers, "request_proposed", reason=words)


async def declined(conn: Connection, url: str, request: Request, reason: str) -> None:
    """The class's teachers: the company says no, and why."""
    teachers = await requests.teachers_of(conn, request)
    await _tell(conn, url, request, teachers, "request_declined", reason=reason)


async def date_declined(conn: Connection, url: str, request: Request, words: str) -> None:
    """The company's editors: the date does not suit."""
    people = await _company(conn, request)
    await _tell(conn, url, request, people, "request_date_declined", reason=words)


async def agreed(conn: Connection, url: str, request: Request) -> None:
    """Both sides: there is a date, a room and a briefing."""
    people = [*await requests.teachers_of(conn, request), *await _company(conn, request)]
    await _tell(conn, url, request, people, "request_agreed")


async def withdrawn(conn: Connection, url: str, request: Request) -> None:
    """The company's editors: the teacher took it back."""
    await _tell(conn, url, request, await _company(conn, request), "request_withdrawn")


async def cancelled(
    conn: Connection, url: str, request: Request, lesson: Webinar, reason: str
) -> None:
    """The company's editors and the coordinators: the agreed lesson is off. Whoever has it in her
    calendar gets the letter that takes it out there."""
    people = [*await _company(conn, request), *await requests.coordinators_of(conn, request)]
    has_it = {*lesson.moderator_ids, *lesson.presenter_ids}
    others = [one for one in people if one.id not in has_it]
    await _tell(conn, url, request, others, "request_cancelled", reason=reason)


async def expired(conn: Connection, url: str, request: Request) -> None:
    """Both sides: it ended without an answer."""
    people = [*await requests.teachers_of(conn, request), *await _company(conn, request)]
    await _tell(conn, url, request, people, "request_expired")


async def waits(conn: Connection, url: str, request: Request) -> None:
    """Five working days without an answer: word to the coordinators, and to whose turn it is."""
    helpers = await requests.coordinators_of(conn, request)
    await _tell(conn, url, request, helpers, "request_waits")
    has_turn = (
        await _company(conn, request)
        if request.state is State.ASKED
        else await requests.teachers_of(conn, request)
    )
    await _tell(conn, url, request, has_turn, "request_reminder")


async def tell_due(conn: Connection, url: str, now: datetime) -> int:
    """What nobody answered: word after five working days, the end after ten. For the sweep.

    Returns how many invitations it told of.
    """
    waiting, over = (
        await request_deadlines.word_due(conn, now),
        await request_deadlines.expire_due(conn, now),
    )
    for request in waiting:
        await waits(conn, url, request)
    for request in over:
        await expired(conn, url, request)
    return len(waiting) + len(over)


async def _company(conn: Connection, request: Request) -> list[Person]:
    return await roles.editors(conn, Scope(request.programme_id), request.company_id)


async def _tell(
    conn: Connection,
    url: str,
    request: Request,
    people: Sequence[Person],
    kind: str,
    **values: Any,
) -> None:
    is_word = kind in {"request_waits", "request_reminder"}
    moment = (request.word_given_at if is_word else None) or request.changed_at
    for person in {one.id: one for one in people}.values():
        await mail.tell(
            conn,
            person,
            kind,
            programme_id=request.programme_id,
            once_key=f"{kind}:{request.id}:{person.id}:{moment.isoformat()}",
            link=f"{url}/requests/{request.id}",
            briefing=f"{url}/requests/{request.id}/briefing",
            **_words(request, person.language),
            **values,
        )


def _words(request: Request, language: str) -> dict[str, Any]:
    slot = request.slot
    return {
        "company": request.company,
        "class_name": request.class_name,
        "school": request.school,
        "teacher": request.teacher,
        "subject_line": request.subject,
        "goal": request.goal,
        "is_tour": request.kind == "live_tour",
        "pupils": request.headcount,
        "weeks": "; ".join(week(language, monday) for monday in request.weeks),
        "last_day": day(language, request.last_day),
        "day": day(language, slot.day) if slot else "",
        "start": f"{slot.from_time:%H:%M}" if slot else "",
        "end": f"{slot.until_time:%H:%M}" if slot else "",
        "company_has_turn": request.state is State.ASKED,
    }
