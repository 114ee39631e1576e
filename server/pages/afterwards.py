"""After a webinar: the page of the thank-you mail, and what came of it for who worked on it."""

from typing import Any
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from rooms.agenda import afterwards, webinars
from rooms.agenda.webinar_states import State
from rooms.agenda.webinars import Webinar
from rooms.attendance import person_results
from rooms.errors import NotThere, Refused, RoomError
from rooms.scope import Scope
from server import errors, sealed
from server.agenda_mails import THANKS
from server.context import Here
from server.database import Connection
from server.i18n import N_
from server.pages import attendance_words

QUESTIONS: tuple[tuple[str, str], ...] = (
    ("clear", N_("It was easy to follow.")),
    ("useful", N_("We saw something new of the company.")),
    ("again", N_("I would take part again.")),
)
GRADES: tuple[tuple[int, str], ...] = (
    (1, N_("not true")),
    (2, N_("hardly true")),
    (3, N_("partly true")),
    (4, N_("mostly true")),
    (5, N_("completely true")),
)
OVER = {State.ENDED, State.ARCHIVED}


async def thanks(here: Here) -> Response:
    """`GET /thanks/{token}`: three questions, and to a presenter one more."""
    return await _thanks_page(here)


async def _thanks_page(here: Here, error: RoomError | None = None, at: str = "") -> Response:
    programme_id, webinar_id, person_id = _opened(here)
    async with here.transaction() as conn:
        webinar = await _over(conn, programme_id, webinar_id)
        key = _key(here, webinar_id, person_id)
        is_given = await afterwards.is_given(conn, programme_id, webinar_id, key)
        minutes = await afterwards.preparation(conn, programme_id, webinar_id, person_id)
    return here.page(
        "afterwards/thanks.html",
        422 if error else 200,
        base=_thanks_path(here),
        webinar=webinar,
        text=webinar.text(here.language),
        questions=[(name, here._(words)) for name, words in QUESTIONS],
        grades=[(str(grade), here._(words)) for grade, words in GRADES],
        is_given=is_given,
        is_presenter=person_id in webinar.presenter_ids,
        hours=None if minutes is None else minutes / 60,
        error=errors.sentence(here.language, error.code, error.params) if error else "",
        error_at=at,
    )


def _opened(here: Here) -> tuple[UUID, UUID, UUID]:
    word = str(here.request.path_params["token"])
    programme_id, webinar_id, person_id = sealed.unseal(here.settings, THANKS, word, 3)
    return programme_id, webinar_id, person_id


async def _over(conn: Connection, programme_id: UUID, webinar_id: UUID) -> Webinar:
    webinar = await webinars.by_id(conn, Scope(programme_id), webinar_id)
    if webinar.state not in OVER:
        raise NotThere("webinar")
    return webinar


def _key(here: Here, webinar_id: UUID, person_id: UUID) -> bytes:
    """That she answered, and not what: kept apart from the answers."""
    return sealed.key_of(here.settings, "webinar feedback", webinar_id, person_id)


async def give_feedback(here: Here) -> Response:
    """`POST /thanks/{token}/feedback`."""
    programme_id, webinar_id, person_id = _opened(here)
    form = await here.form()
    try:
        async with here.transaction() as conn:
            await _over(conn, programme_id, webinar_id)
            key = _key(here, webinar_id, person_id)
            await afterwards.give(conn, programme_id, webinar_id, key, _grades(form))
    except Refused as error:
        return await _thanks_page(here, error, "clear")
    return here.go(_thanks_path(here), "feedback_kept")


def _grades(form: FormData) -> list[int]:
    given = [str(form.get(name, "")) for name in afterwards.ASKED]
    return [int(one) if one.isdecimal() and len(one) == 1 else 0 for one in given]


def _thanks_path(here: Here) -> str:
    return f"/thanks/{here.request.path_params['token']}"


async def tell_preparation(here: Here) -> Response:
    """`POST /thanks/{token}/preparation`: hours, with a comma or a point."""
    programme_id, webinar_id, person_id = _opened(here)
    form = await here.form()
    try:
        async with here.transaction() as conn:
            await _over(conn, programme_id, webinar_id)
            minutes = _minutes(str(form.get("hours", "")))
            await afterwards.tell_preparation(
                conn, programme_id, webinar_id, person_id, minutes, here.now
            )
    except Refused as error:
        return await _thanks_page(here, error, "hours")
    return here.go(_thanks_path(here), "preparation_kept")


def _minutes(typed: str) -> int:
    """Raises `Refused` `preparation_minutes` for what is no number of hours."""
    try:
        hours = float(typed.strip().replace(",", "."))
        return round(hours * 60)
    except (ValueError, OverflowError):
        raise Refused("preparation_minutes") from None


# --- for who worked on it -----------------------------------------------------------------------


async def show(here: Here) -> Response:
    """`GET /webinars/{id}/afterwards`: what was thought of it, and questions without an answer."""
    return await _page(here)


async def _page(
    here: Here, error: RoomError | None = None, at: str = "", typed: str = ""
) -> Response:
    """`at`: the field the error is about, in which `typed` still stands."""
    async with here.transaction() as conn:
        webinar = await _worked_on(here, conn)
        values = {
            "feedback": await afterwards.feedback(conn, here.scope, webinar.id),
            "preparations": await afterwards.preparations(conn, here.scope, webinar.id),
            "questions": await afterwards.questions(conn, here.scope, webinar.id),
            "attendees": await person_results.of_webinar(conn, here.scope, webinar.id),
        }
    return here.page(
        "afterwards/show.html",
        422 if error else 200,
        webinar=webinar,
        text=webinar.text(here.language),
        lines=_lines(here, values["feedback"]),
        leads=webinars.leads(here.scope, webinar),
        outcome_words=attendance_words.person_words(here.language),
        outcome_kinds=attendance_words.OUTCOME_KINDS,
        fewest=afterwards.FEWEST_ANSWERS,
        grades=[here._(words) for _, words in GRADES],
        error=errors.sentence(here.language, error.code, error.params) if error else "",
        error_at=at,
        typed=typed,
        **values,
    )


def _lines(here: Here, found: Any) -> list[tuple[str, tuple[int, ...]]]:
    asked = [here._(words) for _, words in QUESTIONS]
    return list(zip(asked, found.grades, strict=True)) if found.grades else []


async def _worked_on(here: Here, conn: Connection) -> Webinar:
    webinar = await webinars.by_id(conn, here.scope, here.id())
    if not webinars.works_on(here.scope, webinar) or webinar.state not in OVER:
        raise NotThere("webinar")
    return webinar


async def answer(here: Here) -> Response:
    """`POST /webinars/{id}/questions/{question}`: the answer for the webinar's page."""
    form, question_id = await here.form(), here.id("question")
    words = str(form.get("answer", ""))
    try:
        async with here.transaction() as conn:
            webinar = await _worked_on(here, conn)
            await afterwards.answer(conn, here.scope, webinar.id, question_id, words, here.now)
    except Refused as error:
        return await _page(here, error, f"answer-{question_id}", words)
    return here.go(f"/webinars/{here.id()}/afterwards#questions", "answer_kept")
