"""The company's studio: its tours, a new one, and what one still lacks."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from media import videos
from rooms.attendance import reach as reaching
from rooms.errors import NotThere, RoomError
from rooms.people import companies
from rooms.tours import choices, reviews, tours
from rooms.tours.states import State
from rooms.tours.tours import Tour
from server import errors, forms
from server.context import Here
from server.i18n import N_
from server.pages import tour_words

PARTS = {
    "film": N_("Film"),
    "texts": N_("Texts and for whom"),
    "cut": N_("Start, end and cuts"),
    "chapters": N_("Chapters"),
    "captions": N_("Captions"),
    "documents": N_("Worksheet and guide"),
    "declaration": N_("Declaration"),
    "review": N_("Checklist and review"),
}
# Chapters and papers make a tour better, but it may do without.
OPTIONAL = frozenset({"cut", "chapters", "documents"})


async def index(here: Here) -> Response:
    """`/studio`: the tours of one's company, with the next step of each."""
    async with here.transaction() as conn:
        found = await tours.of_company(conn, here.scope)
        reaches = await reaching.reaches(conn, here.scope)
    rows = [_row(here, tour, reaches.get(tour.id)) for tour in found]
    return here.page("studio/index.html", rows=rows)


def _row(here: Here, tour: Tour, reach: reaching.Reach | None) -> dict[str, Any]:
    missing = tour_words.missing(here.language, tours.missing(tour, here.now))
    word, kind = tour_words.STATES[tour.state]
    step, part = _next_step(here, tour, missing)
    return {
        "tour": tour,
        "reach": reach,
        "state": here._(word),
        "kind": kind,
        "step": step,
        "href": f"/studio/tours/{tour.id}{part}",
    }


def _next_step(here: Here, tour: Tour, missing: list[tuple[str, str, str]]) -> tuple[str, str]:
    """What to do now, in words, and where."""
    if tour.state is State.REVIEW:
        return here._("A coordinator looks at it."), ""
    if tour.state is State.PUBLISHED:
        return here._("Classes can watch it."), ""
    if missing:
        return here._("Next: {what}", what=missing[0][1]), f"/{missing[0][2]}"
    return here._("Next: ask for review."), "/review"


async def new(here: Here) -> Response:
    """`/studio/tours/new`: a title and a language."""
    return await _ask_new(here)


async def create(here: Here) -> Response:
    """`POST /studio/tours/new`: makes the tour and goes on to its film."""
    form = await here.form()
    title, language = forms.line(form, "title"), forms.line(form, "language")
    if not title or len(title) > tours.MAX_TITLE or language not in choices.TEXT_LANGUAGES:
        code = "tour_title_long" if len(title) > tours.MAX_TITLE else "tour_title"
        return await _ask_new(here, title, language, code)
    async with here.transaction() as conn:
        company_id = forms.uuid(form, "company") or _first_company(here)
        video_id = await videos.create(conn, here.scope.programme_id, company_id)
        tour_id = await tours.create(conn, here.scope, company_id, video_id, title, language)
    return here.go(f"/studio/tours/{tour_id}/film")


def _first_company(here: Here) -> UUID:
    """Her company, when the form has not asked which."""
    own = tours.editor_companies(here.scope)
    if not own:
        raise NotThere("company")
    return own[0]


async def _ask_new(here: Here, title: str = "", language: str = "", code: str = "") -> Response:
    async with here.transaction() as conn:
        own = await companies.of_person(conn, here.scope)
    error = errors.sentence(here.language, code, {"limit": tours.MAX_TITLE}) if code else ""
    return here.page(
        "studio/new.html",
        422 if code else 200,
        title=title,
        chosen=language or here.language,
        error=error,
        companies=[
            (company.id, company.name)
            for company in own
            if company.id in tours.editor_companies(here.scope)
        ],
        languages=tour_words.options(
            here.language, tour_words.LANGUAGES, list(choices.TEXT_LANGUAGES)
        ),
    )


async def show(here: Here) -> Response:
    """`/studio/tours/{id}`: where the tour stands, what is missing, what happened."""
    async with here.transaction() as conn:
        tour = await tours.one_of_company(conn, here.scope, here.id())
        history = await reviews.history(conn, here.scope, tour.id)
    return part_page(here, "studio/show.html", tour, "", history=told(here, history))


def told(here: Here, history: list[reviews.Event]) -> list[dict[str, Any]]:
    """A tour's history in words."""
    return [
        {
            "at": event.at,
            "what": here._(tour_words.EVENTS[event.kind]),
            "who": event.who,
            "reasons": event.reasons,
        }
        for event in history
    ]


def part_page(
    here: Here, template: str, tour: Tour, part: str, status: int = 200, **values: Any
) -> Response:
    """A page of the studio about one tour, with the list of its parts in the margin."""
    missing = tour_words.missing(here.language, tours.missing(tour, here.now))
    word, kind = tour_words.STATES[tour.state]
    lacking = {place for _, _, place in missing}
    return here.page(
        template,
        status,
        tour=tour,
        part=part,
        base=f"/studio/tours/{tour.id}",
        state_word=here._(word),
        state_kind=kind,
        missing=missing,
        parts=[(key, here._(words), key in lacking) for key, words in PARTS.items()],
        optional=OPTIONAL,
        due=reviews.due(tour),
        **values,
    )


def said(here: Here, error: RoomError) -> str:
    """A refusal as the sentence a form shows."""
    return errors.sentence(here.language, error.code, error.params)
