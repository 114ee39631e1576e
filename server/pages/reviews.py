"""The coordinator's desk: tours that wait, oldest first; look, then publish or return."""

from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from rooms.agenda import objectives
from rooms.agenda.objectives import Aim
from rooms.errors import Refused
from rooms.tours import captions_kept, documents, reviews, texts, tours
from rooms.tours.captions_kept import Kept
from rooms.tours.tours import Tour
from server import forms, tour_mail
from server.context import Here
from server.database import Connection
from server.pages import film_view, tour_words
from server.pages.studio import said, told


async def index(here: Here) -> Response:
    """`/reviews`: what waits, each with its due day, then what was settled."""
    async with here.transaction() as conn:
        waiting = await reviews.waiting(conn, here.scope)
        settled = await reviews.settled(conn, here.scope)
    today = here.now.date()
    return here.page(
        "reviews/index.html",
        waiting=[_row(here, tour) for tour in waiting],
        settled=[_row(here, tour) for tour in settled],
        today=today,
    )


def _row(here: Here, tour: Tour) -> dict[str, Any]:
    word, kind = tour_words.STATES[tour.state]
    return {"tour": tour, "state": here._(word), "kind": kind, "due": reviews.due(tour)}


async def show(here: Here) -> Response:
    """`/reviews/{id}`: film, texts, checklist, declaration, history; then the answer."""
    return await _page(here)


async def publish(here: Here) -> Response:
    """`POST /reviews/{id}/publish`."""
    form = await here.form()
    types = forms.many(form, "btm_types")
    if len(types) > 2:
        return await _page(here, Refused("btm_many"))
    async with here.transaction() as conn:
        tour = await reviews.publish(conn, here.scope, here.id(), types, here.now)
        await objectives.aim_tour(conn, here.scope, tour.id, _aim(form))
        await tour_mail.published(conn, here.settings.url, tour.programme_id, tour.id, here.now)
    return here.go("/reviews", said="tour_published")


async def aim(here: Here) -> Response:
    """`POST /reviews/{id}/aim`: what a published tour counts under from now on."""
    form = await here.form()
    async with here.transaction() as conn:
        tour = await reviews.one(conn, here.scope, here.id())
        await objectives.aim_tour(conn, here.scope, tour.id, _aim(form))
    return here.go(f"/reviews/{tour.id}", said="aim_kept")


def _aim(form: FormData) -> Aim:
    return Aim(forms.uuid(form, "objective"), forms.line(form, "main_sector"))


async def give_back(here: Here) -> Response:
    """`POST /reviews/{id}/return`: with reasons, which are needed."""
    form = await here.form()
    reasons = forms.lines(form, "reasons")
    try:
        async with here.transaction() as conn:
            tour = await reviews.give_back(conn, here.scope, here.id(), reasons, here.now)
            await tour_mail.returned(
                conn, here.settings.url, tour.programme_id, tour.id, here.now, reasons
            )
    except Refused as refused:
        return await _page(here, refused, reasons)
    return here.go("/reviews", said="tour_returned")


async def unpublish(here: Here) -> Response:
    """`POST /reviews/{id}/unpublish`: a published tour is taken off."""
    form = await here.form()
    async with here.transaction() as conn:
        tour = await reviews.unpublish(
            conn, here.scope, here.id(), forms.lines(form, "reasons"), here.now
        )
    return here.go(f"/reviews/{tour.id}", said="tour_unpublished")


async def _page(here: Here, refused: Refused | None = None, reasons: str = "") -> Response:
    async with here.transaction() as conn:
        tour = await reviews.one(conn, here.scope, here.id())
        written = await texts.of_tour(conn, here.scope, tour.id)
        film = await film_view.film_of(conn, tour, here.language)
        papers = await documents.of_tour(conn, here.scope, tour.id)
        captions = await _captions(conn, tour)
        history = await reviews.history(conn, here.scope, tour.id)
        declared_by = await tours.declared_by(conn, here.scope, tour.id)
        known = await objectives.every(conn, here.scope)
        aim = await objectives.of_tour(conn, here.scope, tour.id)
    return here.page(
        "reviews/show.html",
        422 if refused else 200,
        **_row(here, tour),
        film=film,
        texts=list(written.values()),
        papers=papers,
        captions=[
            (one, here._(tour_words.LANGUAGES.get(one.language, one.language))) for one in captions
        ],
        history=told(here, history),
        declared_by=declared_by,
        missing=tour_words.missing(here.language, tours.missing(tour, here.now)),
        facts=_facts(here, tour),
        checks=tour_words.options(here.language, tour_words.CHECKS),
        btm_types=tour_words.options(here.language, tour_words.BTM_TYPES),
        aim=aim,
        objectives=objectives.choosable(known, aim, here.language),
        sectors=tour_words.options(here.language, tour_words.SECTORS, tour.sectors),
        error=said(here, refused) if refused else "",
        error_field=refused.code if refused else "",
        reasons=reasons,
        words={code: here._(words) for code, words in tour_words.LANGUAGES.items()},
    )


async def _captions(conn: Connection, tour: Tour) -> list[Kept]:
    """What a class will read, drafts left out."""
    if tour.version_id is None:
        return []
    kept = await captions_kept.of_version(conn, tour.programme_id, tour.version_id)
    return [one for one in kept if not one.is_draft]


def _facts(here: Here, tour: Tour) -> list[tuple[str, str]]:
    """What it is about, as words in the margin."""
    return [
        (here._("Sector"), tour_words.spoken(here.language, tour_words.SECTORS, tour.sectors)),
        (here._("For"), tour_words.spoken(here.language, tour_words.LEVELS, tour.levels)),
        (here._("Subjects"), tour_words.spoken(here.language, tour_words.SUBJECTS, tour.subjects)),
        (
            here._("Spoken"),
            tour_words.spoken(here.language, tour_words.LANGUAGES, tour.spoken_languages),
        ),
        (
            here._("Captions"),
            tour_words.spoken(here.language, tour_words.LANGUAGES, tour.caption_languages),
        ),
    ]
