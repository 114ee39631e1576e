"""Invitations: a teacher asks a company into class, and what comes of it."""

from collections.abc import Awaitable, Callable
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.responses import Response

from rooms.agenda import (
    plans_b,
    request_answers,
    request_asking,
    request_drafts,
    request_states,
    requests,
    webinar_doors,
    webinar_presenters,
    webinar_states,
    webinars,
)
from rooms.agenda.request_drafts import KINDS, LIMITS, REASON_LENGTH, Draft, Slot
from rooms.agenda.request_states import Verb
from rooms.agenda.requests import Request
from rooms.agenda.webinar_states import State as WebinarState
from rooms.agenda.webinar_states import Verb as WebinarVerb
from rooms.agenda.webinars import Webinar
from rooms.errors import Conflict, Params, Refused
from rooms.people import classes, programmes
from rooms.people.classes import Class
from server import agenda_mails, errors, forms, request_mails, request_words
from server.context import Here
from server.database import Connection
from server.pages.classes import whole
from server.pages.tour_words import LEVELS
from server.pages.webinar_desk import close_stage

# Which field a refused date or reason is about; any other is about the day.
FIELD_OF = {
    "request_reason": "reason",
    "request_long": "minutes",
    "request_night": "from_time",
    "conduct_missing": "conduct",
}


# --- reading -------------------------------------------------------------------------------------


async def index(here: Here) -> Response:
    """`GET /requests`: what waits for her, what waits for others, what was settled."""
    async with here.transaction() as conn:
        found = await requests.visible(conn, here.scope)
    rows = [_row(here, one) for one in found]
    return here.page(
        "requests/index.html",
        turn=[row for row in rows if row["is_turn"]],
        waiting=[row for row in rows if row["asked"].is_open and not row["is_turn"]],
        settled=[row for row in rows if not row["asked"].is_open],
        may_ask=here.scope.has("teacher"),
    )


def _row(here: Here, request: Request) -> dict[str, Any]:
    word, kind = request_words.STATES[request.state]
    if request.webinar_state == WebinarState.CANCELLED:
        word, kind = request_words.OFF
    return {
        "asked": request,
        "kind": here._(request_words.KINDS[request.kind]),
        "state": here._(word),
        "shape": kind,
        "is_turn": requests.is_turn_of(here.scope, request),
        "waits_long": request.is_open and request.word_given_at is not None,
        "when": _when(here, request),
    }


def _when(here: Here, request: Request) -> str:
    slot = request.slot
    if slot is None:
        return ""
    day = request_words.day(here.language, slot.day)
    return f"{day}, {slot.from_time:%H:%M}–{slot.until_time:%H:%M}"


async def show(here: Here) -> Response:
    """`GET /requests/{id}`: what is asked, where it stands, and what she can do."""
    return await _page(here)


async def _page(
    here: Here, problem: Refused | None = None, typed: dict[str, str] | None = None
) -> Response:
    async with here.transaction() as conn:
        request = await requests.find(conn, here.scope, here.id())
        history = await requests.history(conn, here.scope, request.id)
        lesson = await _lesson_of(here, conn, request)
        is_off = lesson is not None and lesson.state is WebinarState.CANCELLED
        me = here.person.person_id
        tours = await plans_b.instead(conn, lesson, me) if lesson and is_off else []
        has_accepted = await webinar_presenters.has_accepted(conn, here.scope)
    actors = requests.actors(here.scope, request)
    return here.page(
        "requests/show.html",
        422 if problem else 200,
        **_row(here, request),
        lesson=lesson,
        may_cancel=Verb.CANCEL in request_states.verbs(request.state, actors)
        and lesson is not None
        and webinar_states.may(lesson.state, WebinarVerb.CANCEL, webinar_doors.SYSTEM),
        tours=tours,
        may_enter=lesson is not None and webinars.works_on(here.scope, lesson),
        has_accepted=has_accepted,
        verbs=[verb.value for verb in request_states.verbs(request.state, actors)],
        is_company=request.company_id in requests.edits(here.scope),
        level=_level(here, request.level, request.grade),
        weeks=[request_words.week(here.language, monday) for monday in request.weeks],
        setup=request_words.setup(here.language, request.room_setup),
        history=[_event(here, event) for event in history],
        typed=typed or {"minutes": str(request.minutes)},
        longest_reason=REASON_LENGTH,
        error_field=FIELD_OF.get(problem.code, "day") if problem else "",
        error=errors.sentence(here.language, problem.code, problem.params) if problem else "",
    )


async def _lesson_of(here: Here, conn: Connection, request: Request) -> Webinar | None:
    if request.webinar_id is None:
        return None
    return await webinars.by_id(conn, here.scope, request.webinar_id)


def _level(here: Here, level: str, grade: int | None) -> str:
    words = here._(LEVELS.get(level, level))
    return f"{words} {grade}" if grade else words


def _event(here: Here, event: requests.Event) -> dict[str, Any]:
    day = request_words.day(here.language, event.day) if event.day else ""
    return {
        "at": event.at,
        "what": here._(request_words.EVENTS[event.kind]),
        "when": f"{day} {event.from_time:%H:%M}" if event.from_time else "",
        "who": event.who,
        "words": event.words,
    }


# --- asking --------------------------------------------------------------------------------------


async def new(here: Here) -> Response:
    """`GET /requests/new`: `?company=` chooses the company beforehand."""
    wanted = here.request.query_params.get("company", "")
    return await _form(here, {"company_id": wanted}, Draft(None, None))


async def _form(
    here: Here,
    typed: dict[str, str],
    draft: Draft,
    problems: dict[str, str] | None = None,
    params: Params = LIMITS,
) -> Response:
    async with here.transaction() as conn:
        own = await classes.mine(conn, here.scope)
        askable = await request_asking.askable(conn, here.scope)
        programme = await programmes.by_id(conn, here.scope.programme_id)
    today = here.now.astimezone(ZoneInfo(programme.zone)).date()
    own = [one for one in own if one.code_until >= today]
    weeks = request_drafts.weeks_from(today)
    return here.page(
        "requests/new.html",
        422 if problems else 200,
        classes=[(one.id, _class_words(here, one)) for one in own],
        companies=askable,
        kinds=[
            (code, here._(request_words.KINDS[code]), here._(request_words.KIND_HINTS[code]))
            for code in KINDS
        ],
        weeks=[(monday, request_words.week(here.language, monday)) for monday in weeks],
        setup=[(code, here._(words)) for code, words in request_words.SETUP.items()],
        typed={**_usual(own), **typed},
        ticked_weeks=[str(monday) for monday in draft.weeks],
        ticked_setup=draft.room_setup,
        limits=LIMITS,
        problems={
            name: errors.sentence(here.language, code, params)
            for name, code in (problems or {}).items()
        },
    )


def _class_words(here: Here, one: Class) -> str:
    return f"{one.name}, {_level(here, one.level, one.grade)}, {one.school}"


def _usual(own: list[Class]) -> dict[str, str]:
    """What the form has in it before anything is typed."""
    pupils = own[0].pupils if len(own) == 1 else None
    return {
        "class_id": str(own[0].id) if own else "",
        "kind": KINDS[0],
        "minutes": str(request_drafts.USUAL_MINUTES),
        "headcount": str(pupils or ""),
    }


async def create(here: Here) -> Response:
    """`POST /requests`: the company hears of it by mail."""
    form = await here.form()
    draft = request_drafts.tidied(_draft(form))
    try:
        async with here.transaction() as conn:
            request = await request_asking.ask(conn, here.scope, draft, here.now)
            await request_mails.asked(conn, here.settings.url, request)
    except (Refused, Conflict) as problem:
        return await _not_yet(here, form, draft, problem)
    return here.go(f"/requests/{request.id}", said="request_sent")


async def _not_yet(
    here: Here, form: FormData, draft: Draft, problem: Refused | Conflict
) -> Response:
    async with here.transaction() as conn:
        programme = await programmes.by_id(conn, here.scope.programme_id)
    today = here.now.astimezone(ZoneInfo(programme.zone)).date()
    found = request_drafts.problems(draft, today) or {"company_id": problem.code}
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    return await _form(here, typed, draft, found, {**LIMITS, **problem.params})


def _draft(form: FormData) -> Draft:
    return Draft(
        company_id=forms.uuid(form, "company_id"),
        class_id=forms.uuid(form, "class_id"),
        kind=forms.line(form, "kind"),
        subject=forms.line(form, "subject"),
        goal=forms.lines(form, "goal"),
        prior_knowledge=forms.lines(form, "prior_knowledge"),
        room_setup=tuple(forms.many(form, "room_setup")),
        weeks=tuple(_days(forms.many(form, "weeks"))),
        times=forms.line(form, "times"),
        minutes=whole(forms.line(form, "minutes")),
        headcount=whole(forms.line(form, "headcount")),
    )


def _days(typed: list[str]) -> list[date]:
    days = []
    for text in typed:
        try:
            days.append(date.fromisoformat(text))
        except ValueError:
            continue
    return days


# --- answering -----------------------------------------------------------------------------------


async def accept(here: Here) -> Response:
    """`POST /requests/{id}/accept`: the company's yes with a date; the lesson is made."""

    async def act(conn: Connection, form: FormData) -> Request:
        slot = await _slot(here, conn, form)
        made = await request_answers.accept(conn, here.scope, here.id(), slot, here.now)
        await _keep_conduct(here, conn, form)
        await _tell_agreed(here, conn, made)
        return made

    return await _answer(here, act, "request_agreed")


async def _tell_agreed(here: Here, conn: Connection, made: Request) -> None:
    """Both sides hear of it, and get the entry for their calendars."""
    await request_mails.agreed(conn, here.settings.url, made)
    await agenda_mails.tell_changes(conn, here.settings, here.now)


async def propose(here: Here) -> Response:
    """`POST /requests/{id}/propose`: another date, which the teacher answers."""

    async def act(conn: Connection, form: FormData) -> Request:
        slot, words = await _slot(here, conn, form), forms.lines(form, "words")
        made = await request_answers.propose(conn, here.scope, here.id(), slot, words, here.now)
        await _keep_conduct(here, conn, form)
        await request_mails.proposed(conn, here.settings.url, made, words)
        return made

    return await _answer(here, act, "request_proposed")


async def decline(here: Here) -> Response:
    """`POST /requests/{id}/decline`: with the reason, which is needed."""

    async def act(conn: Connection, form: FormData) -> Request:
        reason = forms.lines(form, "reason")
        made = await request_answers.decline(conn, here.scope, here.id(), reason, here.now)
        await request_mails.declined(conn, here.settings.url, made, reason)
        return made

    return await _answer(here, act, "request_declined")


async def accept_date(here: Here) -> Response:
    """`POST /requests/{id}/date/accept`: the teacher's yes; the lesson is made."""

    async def act(conn: Connection, _: FormData) -> Request:
        made = await request_answers.accept_date(conn, here.scope, here.id(), here.now)
        await _tell_agreed(here, conn, made)
        return made

    return await _answer(here, act, "request_agreed")


async def decline_date(here: Here) -> Response:
    """`POST /requests/{id}/date/decline`: the company may think of another."""

    async def act(conn: Connection, form: FormData) -> Request:
        words = forms.lines(form, "words")
        made = await request_answers.decline_date(conn, here.scope, here.id(), words, here.now)
        await request_mails.date_declined(conn, here.settings.url, made, words)
        return made

    return await _answer(here, act, "request_date_declined")


async def withdraw(here: Here) -> Response:
    """`POST /requests/{id}/withdraw`: the teacher takes it back."""

    async def act(conn: Connection, _: FormData) -> Request:
        made = await request_answers.withdraw(conn, here.scope, here.id(), here.now)
        await request_mails.withdrawn(conn, here.settings.url, made)
        return made

    return await _answer(here, act, "request_withdrawn")


async def cancel(here: Here) -> Response:
    """`POST /requests/{id}/cancel`: the agreed lesson does not take place; either side says why."""
    form = await here.form()
    reason = forms.lines(form, "reason")
    try:
        async with here.transaction() as conn:
            request = await request_answers.cancel(conn, here.scope, here.id(), reason, here.now)
            lesson = await _lesson_of(here, conn, request)
            assert lesson is not None
            url = here.settings.url
            await request_mails.cancelled(conn, url, request, lesson, lesson.cancel_reason)
            await agenda_mails.tell_changes(conn, here.settings, here.now)
    except Refused as problem:
        return await _page(here, problem, {"reason": reason})
    await close_stage(here, lesson)
    return here.go(f"/requests/{request.id}", said="lesson_cancelled")


async def _answer(
    here: Here, act: Callable[[Connection, FormData], Awaitable[Request]], said: str
) -> Response:
    """One move and its mails in one transaction; what is not right comes back to the page."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            await requests.find(conn, here.scope, here.id())
            request = await act(conn, form)
    except Refused as problem:
        typed = {name: value for name, value in form.items() if isinstance(value, str)}
        return await _page(here, problem, typed)
    return here.go(f"/requests/{request.id}", said=said)


async def _keep_conduct(here: Here, conn: Connection, form: FormData) -> None:
    """Who comes into class has accepted the code of conduct; raises `Refused` `conduct_missing`."""
    if await webinar_presenters.has_accepted(conn, here.scope):
        return
    if forms.line(form, "conduct") != "1":
        raise Refused("conduct_missing")
    await webinar_presenters.accept(conn, here.scope, here.now)


async def _slot(here: Here, conn: Connection, form: FormData) -> Slot:
    """The typed date in the programme's zone; raises `Refused` `request_date`."""
    day, minutes = forms.day(form, "day"), whole(forms.line(form, "minutes"))
    starts = _clock(forms.line(form, "from_time"))
    if day is None or starts is None:
        raise Refused("request_date")
    programme = await programmes.by_id(conn, here.scope.programme_id)
    return Slot(day, starts, minutes if minutes is not None else -1, programme.zone)


def _clock(typed: str) -> time | None:
    try:
        return time.fromisoformat(typed).replace(tzinfo=None)
    except ValueError:
        return None
