"""The catalogue, and a tour's own page."""

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from rooms.errors import NotThere
from rooms.people import programmes
from rooms.people.programmes import Programme
from rooms.scope import Scope
from rooms.tours import captions_kept, catalogue, choices, documents
from rooms.tours.catalogue import Found, Wish
from server.context import Here
from server.database import Connection
from server.pages import film_view, tour_words
from server.pages.classes import whole
from server.pages.documents import KINDS
from server.pages.parts import part_of

MAX_WORDS = 200
FILTERS = ("level", "sector", "spoken", "length", "captions")


async def index(here: Here) -> Response:
    """`/tours`: the reader's own programme, or the only public one, or a choice."""
    async with here.transaction() as conn:
        if here.viewer is not None:
            own = await programmes.by_id(conn, here.viewer.scope.programme_id)
            return here.go(f"/p/{own.slug}/tours")
        public = await programmes.public(conn)
    if len(public) == 1:
        return here.go(f"/p/{public[0].slug}/tours")
    return here.page("tours/programmes.html", programmes=public)


async def programme(here: Here) -> Response:
    """`/p/{programme}`: goes to its catalogue."""
    return here.go(f"/p/{here.request.path_params['programme']}/tours")


async def catalogue_of(here: Here) -> Response:
    """`/p/{programme}/tours`: published tours, filtered and searched, a page of them."""
    wish = _wish(here)
    number = max(1, whole(here.request.query_params.get("page", "")) or 1)
    async with here.transaction() as conn:
        programme, scope = await _enter(here, conn)
        first = (number - 1) * catalogue.PAGE
        hits = await catalogue.search(conn, scope, wish, here.language, first)
        if not hits.found and first:
            number, hits = 1, await catalogue.search(conn, scope, wish, here.language)
    return here.page(
        "tours/index.html",
        programme=programme,
        wish=wish,
        films=[poster(here, one) for one in hits.found],
        part=part_of(str(number), hits.all, catalogue.PAGE),
        query=urlencode({name: value for name, value in asdict(wish).items() if value}),
        filters=_filters(here, programme, wish),
    )


async def _enter(here: Here, conn: Connection) -> tuple[Programme, Scope]:
    """The programme of the address, when it is open to this reader."""
    programme = await programmes.by_slug(conn, str(here.request.path_params["programme"]))
    scope = here.scope_in(programme.id)
    if not catalogue.may_enter(scope, programme):
        raise NotThere("programme")
    return programme, scope


def _wish(here: Here) -> Wish:
    asked = here.request.query_params
    words = asked.get("words", "").replace("\0", "").strip()[:MAX_WORDS]
    known = {name: _known(name, asked.get(name, "")) for name in FILTERS}
    return Wish(words=words, **known)


def _known(name: str, value: str) -> str:
    """A filter's value when it is one of its own; anything else asks for nothing."""
    return value if value in _words(name) else ""


def _words(name: str) -> dict[str, str]:
    if name in {"spoken", "captions"}:
        return tour_words.LANGUAGES
    return {
        "level": tour_words.LEVELS,
        "sector": tour_words.SECTORS,
        "length": tour_words.LENGTHS,
    }[name]


def _filters(here: Here, programme: Programme, wish: Wish) -> list[dict[str, Any]]:
    """Each filter as a select: name, label, what "all" is called, choices, value."""
    levels = [code for code in choices.LEVELS if code in programme.levels]
    labels = {
        "level": (here._("Level"), here._("all levels")),
        "sector": (here._("Sector"), here._("all sectors")),
        "spoken": (here._("Spoken"), here._("any language")),
        "length": (here._("Length"), here._("any length")),
        "captions": (here._("Captions"), here._("any language")),
    }
    return [
        {
            "name": name,
            "label": label,
            "all": every,
            "options": tour_words.options(
                here.language, _words(name), levels if name == "level" else None
            ),
            "value": getattr(wish, name),
        }
        for name, (label, every) in labels.items()
    ]


def poster(here: Here, found: Found) -> dict[str, Any]:
    """A tour as `poster_row` takes it."""
    tour = found.tour
    return {
        "href": tour.path,
        "title": found.text.title,
        "lang": found.text.language,
        "company": tour.company_name,
        "poster_url": film_view.poster_url(tour),
        **_facts(here, found),
    }


def _facts(here: Here, found: Found) -> dict[str, str]:
    """What stands under a poster, in words."""
    tour, language = found.tour, here.language
    minutes = max(1, round(tour.duration_s / 60))
    captions = tour_words.spoken(language, tour_words.LANGUAGES, tour.caption_languages)
    return {
        "length": here._("{minutes} min", minutes=minutes),
        "level": tour_words.spoken(language, tour_words.LEVELS, tour.levels),
        "languages": tour_words.spoken(language, tour_words.LANGUAGES, tour.spoken_languages),
        "captions": here._("captions: {languages}", languages=captions) if captions else "",
        "caption_words": captions,
    }


async def show(here: Here) -> Response:
    """`/p/{programme}/tours/{slug}`: the film first, then everything beside it."""
    async with here.transaction() as conn:
        programme, scope = await _enter(here, conn)
        slug = str(here.request.path_params["slug"])
        found = await catalogue.one(conn, scope, slug, here.language)
        film = await film_view.film_of(conn, found.tour, here.language, title=found.text.title)
        papers = await documents.of_tour(conn, scope, found.tour.id)
        cues = await _transcript(conn, found.tour.programme_id, found.tour.version_id, here)
    return here.page(
        "tours/show.html",
        programme=programme,
        tour=found.tour,
        text=found.text,
        film=film,
        papers=[one for one in papers if scope.grants or one.kind != "guide"],
        has_hidden_guide=not scope.grants and any(one.kind == "guide" for one in papers),
        may_plan=_may_plan(here, found.tour.programme_id),
        transcript=cues,
        facts=_facts(here, found),
        sector=tour_words.spoken(here.language, tour_words.SECTORS, found.tour.sectors),
        subjects=tour_words.spoken(here.language, tour_words.SUBJECTS, found.tour.subjects),
        kind_words={code: here._(words) for code, words in KINDS.items()},
        words={code: here._(words) for code, words in tour_words.LANGUAGES.items()},
    )


def _may_plan(here: Here, programme_id: UUID) -> bool:
    """A teacher in the programme she is in now: there her classes are."""
    if here.viewer is None or here.viewer.kind == "classroom":
        return False
    return here.scope.programme_id == programme_id and here.scope.has("teacher")


async def _transcript(
    conn: Connection, programme_id: UUID, version_id: UUID | None, here: Here
) -> captions_kept.Kept | None:
    """The words of the film to read: in the reader's language, else in any."""
    if version_id is None:
        return None
    kept = await captions_kept.of_version(conn, programme_id, version_id)
    ready = [one for one in kept if not one.is_draft]
    own = [one for one in ready if one.language == here.language]
    return next(iter(own or ready), None)
