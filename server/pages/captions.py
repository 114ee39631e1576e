"""The studio's captions: by file, by typing along, by pasted text, or one sentence on the sound."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from rooms.errors import Conflict, NotThere, Refused
from rooms.tours import captions, captions_kept, choices, tours
from rooms.tours.captions import Captions
from rooms.tours.captions_kept import Kept
from rooms.tours.chapters import LineError
from rooms.tours.tours import Tour
from server import errors, forms
from server.context import Here
from server.database import Connection
from server.pages import tour_words
from server.pages.studio import part_page, said

# What a reading put right by itself is told in the same breath as "saved".
NOTICES = {"sorted": "captions_sorted", "overlaps": "captions_overlaps"}


async def index(here: Here) -> Response:
    """`/studio/tours/{id}/captions`: the languages there are, and the ways to make one."""
    return await _index(here)


async def _index(here: Here, **wrong: Any) -> Response:
    async with here.transaction() as conn:
        tour = await tours.one_of_company(conn, here.scope, here.id())
        kept = await _all(conn, tour)
    return part_page(
        here,
        "studio/captions.html",
        tour,
        "captions",
        422 if wrong else 200,
        kept=[(one, here._(tour_words.LANGUAGES.get(one.language, one.language))) for one in kept],
        languages=tour_words.options(here.language, tour_words.LANGUAGES),
        chosen=wrong.get("chosen") or _first_missing(tour),
        error=wrong.get("error", ""),
        error_field=wrong.get("field", ""),
        line_errors=wrong.get("line_errors", []),
        sound=wrong.get("sound", ""),
        pasted=wrong.get("pasted", ""),
    )


async def _all(conn: Connection, tour: Tour) -> list[Kept]:
    if tour.version_id is None:
        return []
    return await captions_kept.of_version(conn, tour.programme_id, tour.version_id)


def _first_missing(tour: Tour) -> str:
    """The language most likely meant: spoken in the film and not captioned yet."""
    open_ones = [code for code in tour.spoken_languages if code not in tour.caption_languages]
    return (open_ones or tour.spoken_languages or [tour.original_language])[0]


async def upload(here: Here) -> Response:
    """`POST …/captions`: a WebVTT or SRT file, in whatever encoding."""
    forms.check_size(here.request, captions.MAX_BYTES)
    form = await here.form(captions.MAX_BYTES)
    language = _language(forms.line(form, "language"))
    try:
        _, data = await forms.upload(form, "file", limit_bytes=captions.MAX_BYTES)
        read = captions.parse_captions(data)
        async with here.transaction() as conn:
            tour, version_id = await to_caption(conn, here)
            read = captions.fitted(read, tour.duration_ms or 0)
            if not read.errors:
                await keep(conn, here, tour, version_id, Kept(language, "file", False, read.cues))
    except Refused as refused:
        return await _index(here, error=said(here, refused), field="file", chosen=language)
    if read.errors:
        told = line_errors(here, read.errors)
        return await _index(here, field="file", chosen=language, line_errors=told)
    return here.go(f"/studio/tours/{tour.id}/captions", said=_said(read))


def _said(read: Captions) -> str:
    """The code of what is told after saving."""
    return next((NOTICES[code] for code in read.notices if code in NOTICES), "captions_saved")


def line_errors(here: Here, wrong: tuple[LineError, ...]) -> list[tuple[int, str]]:
    """(line, sentence) of everything wrong in a file or a typed list."""
    return [
        (one.line, errors.sentence(here.language, one.code, {"typed": one.value})) for one in wrong
    ]


async def to_caption(conn: Connection, here: Here) -> tuple[Tour, UUID]:
    """The tour, locked for its company, and the film that plays; `film_first` without one."""
    tour = await tours.to_edit(conn, here.scope, here.id())
    if tour.version_id is None:
        raise Conflict("film_first")
    return tour, tour.version_id


async def keep(conn: Connection, here: Here, tour: Tour, version_id: UUID, kept: Kept) -> None:
    """Stores one language; whether anybody speaks follows from what it is."""
    await captions_kept.put(conn, tour.programme_id, version_id, kept)
    await tours.say_nobody_speaks(conn, here.scope, tour.id, kept.source == "sound")


async def sound(here: Here) -> Response:
    """`POST …/captions/sound`: nobody speaks; one sentence says what is heard."""
    form = await here.form()
    sentence = forms.line(form, "sentence")
    try:
        async with here.transaction() as conn:
            tour, version_id = await to_caption(conn, here)
            read = captions.sound_captions(sentence, tour.duration_ms or 0)
            kept = Kept(tour.original_language, "sound", False, read.cues)
            await keep(conn, here, tour, version_id, kept)
    except Refused as refused:
        return await _index(here, error=said(here, refused), field="sentence", sound=sentence)
    return here.go(f"/studio/tours/{tour.id}/captions", said="captions_saved")


async def spread(here: Here) -> Response:
    """`POST …/captions/spread`: pasted text over the whole film, as a draft to adjust."""
    form = await here.form()
    language, pasted = _language(forms.line(form, "language")), forms.lines(form, "text")
    try:
        async with here.transaction() as conn:
            tour, version_id = await to_caption(conn, here)
            read = captions.spread_text(pasted, tour.duration_ms or 0)
            await keep(conn, here, tour, version_id, Kept(language, "spread", True, read.cues))
    except Refused as refused:
        return await _index(
            here, error=said(here, refused), field="text", pasted=pasted, chosen=language
        )
    return here.go(f"/studio/tours/{tour.id}/captions/{language}")


async def start_typing(here: Here) -> Response:
    """`…/captions/type?to=nl`: goes to the page of that language."""
    language = _language(here.request.query_params.get("to", ""))
    return here.go(f"/studio/tours/{here.id()}/captions/{language}")


async def remove(here: Here) -> Response:
    """`POST …/captions/{language}/remove`."""
    language = language_of(here)
    async with here.transaction() as conn:
        tour, version_id = await to_caption(conn, here)
        if not await captions_kept.remove(conn, tour.programme_id, version_id, language):
            raise NotThere("captions")
    return here.go(f"/studio/tours/{tour.id}/captions", said="captions_removed")


async def download(here: Here) -> Response:
    """`/studio/tours/{id}/captions/{language}/file`: as WebVTT, drafts too."""
    language = language_of(here)
    async with here.transaction() as conn:
        tour = await tours.one_of_company(conn, here.scope, here.id())
        kept = await one_kept(conn, tour, language)
    if kept is None:
        raise NotThere("captions")
    return Response(
        captions.to_vtt(kept.cues),
        media_type="text/vtt",
        headers={"Content-Disposition": f'attachment; filename="{tour.slug}-{language}.vtt"'},
    )


async def one_kept(conn: Connection, tour: Tour, language: str) -> Kept | None:
    if tour.version_id is None:
        return None
    return await captions_kept.one(conn, tour.programme_id, tour.version_id, language)


def language_of(here: Here) -> str:
    """The caption language of the address; one we do not know is not there."""
    return _language(str(here.request.path_params["language"]))


def _language(code: str) -> str:
    if code not in choices.LANGUAGES:
        raise NotThere("language")
    return code
