"""The studio's page of texts: title and description per language, and for whom the tour is."""

from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from rooms.errors import Refused
from rooms.tours import choices, texts, tours
from rooms.tours.texts import Text
from rooms.tours.tours import Tour
from server import forms
from server.context import Here
from server.pages import tour_words
from server.pages.studio import part_page, said


async def show(here: Here) -> Response:
    """`/studio/tours/{id}/texts`."""
    async with here.transaction() as conn:
        tour = await tours.one_of_company(conn, here.scope, here.id())
        written = await texts.of_tour(conn, here.scope, tour.id)
    return _page(here, tour, written)


async def save(here: Here) -> Response:
    """`POST /studio/tours/{id}/texts`: all or nothing."""
    form = await here.form()
    typed = {code: _text(form, code) for code in choices.TEXT_LANGUAGES}
    try:
        async with here.transaction() as conn:
            tour = await tours.to_edit(conn, here.scope, here.id())
            if not typed[tour.original_language].title:
                raise Refused("tour_title", limit=tours.MAX_TITLE)
            for text in typed.values():
                await texts.put(conn, here.scope, tour.id, text)
            await tours.describe(conn, here.scope, tour.id, **_about(form))
    except Refused as refused:
        async with here.transaction() as conn:
            tour = await tours.one_of_company(conn, here.scope, here.id())
        return _page(here, tour, typed, said(here, refused))
    return here.go(f"/studio/tours/{tour.id}", said="saved")


def _text(form: FormData, code: str) -> Text:
    return Text(code, forms.line(form, f"title_{code}"), forms.lines(form, f"description_{code}"))


def _about(form: FormData) -> dict[str, list[str]]:
    names = ("sectors", "levels", "subjects", "spoken_languages")
    return {name: forms.many(form, name) for name in names}


def _page(here: Here, tour: Tour, written: dict[str, Text], error: str = "") -> Response:
    order = sorted(choices.TEXT_LANGUAGES, key=lambda code: code != tour.original_language)
    return part_page(
        here,
        "studio/texts.html",
        tour,
        "texts",
        422 if error else 200,
        texts=[(code, written.get(code, Text(code))) for code in order],
        error=error,
        max_title=tours.MAX_TITLE,
        max_description=texts.MAX_DESCRIPTION,
        words={code: here._(words) for code, words in tour_words.LANGUAGES.items()},
        **_lists(here, tour),
    )


def _lists(here: Here, tour: Tour) -> dict[str, Any]:
    levels = [code for code in choices.LEVELS if code in tour.programme_levels]
    return {
        "sectors": tour_words.options(here.language, tour_words.SECTORS),
        "levels": tour_words.options(here.language, tour_words.LEVELS, levels),
        "subjects": tour_words.options(here.language, tour_words.SUBJECTS),
        "spoken": tour_words.options(here.language, tour_words.LANGUAGES),
    }
