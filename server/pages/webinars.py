"""Webinars as others find them: the list of a programme, and a webinar's own page."""

from dataclasses import dataclass

from starlette.responses import Response

from rooms.agenda import afterwards, captioners, registrations, webinar_presenters, webinars
from rooms.agenda.captioners import Captioner
from rooms.agenda.registrations import Registration
from rooms.agenda.webinar_states import State, Verb
from rooms.agenda.webinar_texts import Text
from rooms.agenda.webinars import Webinar
from rooms.attendance import person_results
from rooms.attendance.person_results import Attendee
from rooms.errors import NotThere
from rooms.people import programmes
from rooms.people.programmes import Programme
from rooms.scope import Scope
from server.context import Here
from server.database import Connection
from server.pages import tour_words, webinar_words


@dataclass(frozen=True, slots=True)
class Shown:
    """A webinar with its words in the reader's language."""

    webinar: Webinar
    text: Text
    state: tuple[str, str]
    audience: str
    levels: str
    sectors: str

    @property
    def is_nearly_full(self) -> bool:
        """Whether so few places are left that it is worth saying."""
        return self.webinar.is_coming and self.webinar.places_left < self.webinar.capacity // 4


def shown(here: Here, webinar: Webinar) -> Shown:
    """For a page, in the reader's language."""
    language = here.language
    words, shape = webinar_words.STATES[webinar.state]
    return Shown(
        webinar,
        webinar.text(language),
        (here._(words), shape),
        here._(webinar_words.AUDIENCES[webinar.audience]),
        tour_words.spoken(language, tour_words.LEVELS, list(webinar.levels)),
        tour_words.spoken(language, tour_words.SECTORS, list(webinar.sectors)),
    )


async def index(here: Here) -> Response:
    """`GET /webinars`: the reader's own programme, or the only public one, or a choice."""
    async with here.transaction() as conn:
        if here.viewer is not None:
            own = await programmes.by_id(conn, here.viewer.scope.programme_id)
            return here.go(f"/p/{own.slug}/webinars")
        public = await programmes.public(conn)
    if len(public) == 1:
        return here.go(f"/p/{public[0].slug}/webinars")
    return here.page("webinars/programmes.html", programmes=public)


async def list_of(here: Here) -> Response:
    """`GET /p/{programme}/webinars`: what is coming, the next first, and what is over; for who
    makes them, her own drafts and those she leads as well."""
    async with here.transaction() as conn:
        programme, scope = await _enter(here, conn)
        found = await webinars.of_programme(conn, scope, here.now)
        own = await webinars.worked_on(conn, scope, here.now) if _is_known(here) else []
        mine = await registrations.coming(conn, scope, here.now) if scope.has("teacher") else []
        over = await afterwards.lately(conn, scope, here.now)
    in_list = {one.id for one in found} | {one.webinar.id for one in over}
    return here.page(
        "webinars/index.html",
        programme=programme,
        found=[shown(here, one) for one in found if one.state != State.ENDED],
        drafts=[shown(here, one) for one in own if one.id not in in_list],
        over=[(one, shown(here, one.webinar)) for one in over],
        led={one.webinar.id for one in over if webinars.works_on(scope, one.webinar)},
        mine=[(one.registration, shown(here, one.webinar)) for one in mine],
        registration_words=registration_words(here),
        may_make=webinars.may_make(scope),
    )


def _is_known(here: Here) -> bool:
    return here.viewer is not None and here.viewer.kind != "classroom"


def registration_words(here: Here) -> dict[str, tuple[str, str]]:
    """What a registration's state is called, with its shape."""
    return {
        code: (here._(words), shape) for code, (words, shape) in webinar_words.REGISTRATIONS.items()
    }


async def _enter(here: Here, conn: Connection) -> tuple[Programme, Scope]:
    """The programme of the address, when its list is open to this reader."""
    programme = await programmes.by_slug(conn, str(here.request.path_params["programme"]))
    scope = here.scope_in(programme.id)
    if not webinars.may_enter(scope, programme):
        raise NotThere("programme")
    return programme, scope


async def show(here: Here) -> Response:
    """`GET /p/{programme}/webinars/{id}`: who, when, for whom, what to prepare, register."""
    async with here.transaction() as conn:
        programme, scope = await _enter(here, conn)
        webinar = await webinars.find(conn, scope, here.id())
        people = await webinar_presenters.of_webinar(conn, scope, webinar.id)
        typing = await captioners.of_webinar(conn, scope, webinar.id)
        mine = await _mine(here, conn, webinar)
        waits = any(one.state == "waiting" for one in mine)
        line = await registrations.places_in_line(conn, scope, webinar.id) if waits else {}
        own = await _own_presence(here, conn, webinar, mine)
        asked = await afterwards.questions(conn, scope, webinar.id)
    return here.page(
        "webinars/show.html",
        answers=[one for one in asked if one.answer],
        programme=programme,
        one=shown(here, webinar),
        presenters=[one.name for one in people],
        captions_in=_captions_in(here, [one for one in typing if one.agreed_at is not None]),
        is_captioner_asked=bool(typing),
        mine=mine,
        places_in_line=line,
        own=own,
        registration_words=registration_words(here),
        has_room=_has_room(here, webinar, mine),
        may_register=_may_register(here, webinar),
        register_at=_register_at(here, webinar),
        works_on=webinars.works_on(scope, webinar),
    )


def _captions_in(here: Here, typing: list[Captioner]) -> list[str]:
    """The languages in which there will be captions."""
    return [here._(tour_words.LANGUAGES[code]) for code in sorted({one.language for one in typing})]


async def _mine(here: Here, conn: Connection, webinar: Webinar) -> list[Registration]:
    if not _is_known(here) or here.scope.programme_id != webinar.programme_id:
        return []
    found = await registrations.mine(conn, here.scope, webinar.id)
    return [one for one in found if one.state != "cancelled"]


async def _own_presence(
    here: Here, conn: Connection, webinar: Webinar, mine: list[Registration]
) -> Attendee | None:
    """What was measured of the reader herself, where she came without a class and it is over."""
    is_hers = any(one.class_id is None and one.is_in for one in mine)
    if webinar.ended_at is None or webinar.live_at is None or not is_hers:
        return None
    found = await person_results.of_webinar(conn, here.scope, webinar.id)
    return next((one for one in found if one.person_id == here.person.person_id), None)


def _may_register(here: Here, webinar: Webinar) -> bool:
    """Whether the button stands there: also for a stranger, who signs in on the way."""
    if not webinar.is_coming:
        return False
    return not _is_known(here) or webinars.may(here.scope, webinar, Verb.REGISTER)


def _register_at(here: Here, webinar: Webinar) -> str:
    """A teacher of the programme goes to the form; for whoever is new it begins with her class."""
    is_teacher = _is_known(here) and webinars.may(here.scope, webinar, Verb.REGISTER)
    by_class = webinar.audience in registrations.FOR_CLASSES
    return (
        f"{webinar.path}/register"
        if by_class and not is_teacher
        else (f"/webinars/{webinar.id}/register")
    )


def _has_room(here: Here, webinar: Webinar, mine: list[Registration]) -> bool:
    """Whether the way into the room stands there: doors open, and she belongs inside."""
    is_open = webinar.state in {State.OPEN, State.LIVE}
    leads = _is_known(here) and webinars.works_on(here.scope, webinar)
    return is_open and (leads or any(one.is_in for one in mine))
