"""One language's captions, line by line: typed along with the film, adjusted, finished."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from starlette.responses import JSONResponse, Response

from rooms.errors import Refused
from rooms.tours import captions, captions_kept
from rooms.tours.captions import Captions, Cue
from rooms.tours.captions_kept import Kept
from rooms.tours.chapters import shown_time
from rooms.tours.tours import Tour
from server import forms
from server.context import Here
from server.database import Connection
from server.pages import film_view, tour_words
from server.pages.captions import keep, language_of, line_errors, one_kept, to_caption
from server.pages.studio import part_page

MAX_BODY_BYTES = 4 * 1024 * 1024
SOURCES = frozenset({"typed", "spread", "file"})


async def show(here: Here) -> Response:
    """`/studio/tours/{id}/captions/{language}`: the film, the typing, the lines."""
    return await _page(here)


async def _page(
    here: Here, vtt: str | None = None, wrong: list[tuple[int, str]] | None = None
) -> Response:
    language = language_of(here)
    async with here.transaction() as conn:
        tour, version_id = await to_caption(conn, here)
        kept = await one_kept(conn, tour, language)
        film = await film_view.film_of(conn, tour, here.language, with_drafts=True)
    if film is not None:
        film = {**film, "captions": [], "transcript": False, "position_key": ""}
    kept = kept or Kept(language, "typed", True, ())
    return part_page(
        here,
        "studio/caption_lines.html",
        tour,
        "captions",
        422 if wrong else 200,
        film=film,
        kept=kept,
        language_words=here._(tour_words.LANGUAGES[language]),
        rows=_rows(kept.cues),
        vtt=captions.to_vtt(kept.cues) if vtt is None else vtt,
        line_errors=wrong or [],
        version_id=version_id,
    )


def _rows(cues: Sequence[Cue]) -> list[dict[str, str]]:
    """Lines as the page's script holds them: times as typed."""
    return [
        {
            "start": shown_time(cue.start_ms),
            "end": shown_time(cue.end_ms),
            "text": "\n".join(cue.lines),
        }
        for cue in cues
    ]


async def save_text(here: Here) -> Response:
    """`POST …/captions/{language}`: the whole as WebVTT text, finished."""
    form = await here.form(MAX_BODY_BYTES)
    vtt = forms.lines(form, "vtt")
    async with here.transaction() as conn:
        tour, version_id = await to_caption(conn, here)
        read = captions.fitted(captions.parse_captions(vtt), tour.duration_ms or 0)
        if not read.errors:
            kept = Kept(language_of(here), "file", False, read.cues)
            await keep(conn, here, tour, version_id, kept)
    if read.errors:
        return await _page(here, vtt, line_errors(here, read.errors))
    return here.go(f"/studio/tours/{tour.id}/captions", said="captions_saved")


async def save_lines(here: Here) -> Response:
    """`POST …/captions/{language}/lines` (JSON): every line as it stands now.

    `{"rows": [{"start", "end", "text"}], "is_draft": true, "source": "typed"}`; answers how many
    were kept, or 422 with what is wrong in which line: then nothing was changed here.
    """
    sent = await _sent(here)
    async with here.transaction() as conn:
        tour, version_id = await to_caption(conn, here)
        read = captions.parse_rows(sent.rows, tour.duration_ms or 0)
        if not read.errors:
            await _store(conn, here, tour, version_id, sent, read)
    wrong = [{"line": line, "message": words} for line, words in line_errors(here, read.errors)]
    return JSONResponse({"kept": len(read.cues), "errors": wrong}, 422 if wrong else 200)


class Sent:
    """What the page's script sends, held against what it may be."""

    def __init__(self, body: Any) -> None:
        try:
            self.rows = [(str(r["start"]), str(r["end"]), _text(r["text"])) for r in body["rows"]]
            self.is_draft = bool(body["is_draft"])
            self.source = str(body["source"])
        except (KeyError, TypeError):
            raise Refused("bad_form") from None
        if self.source not in SOURCES:
            raise Refused("bad_form")


def _text(value: Any) -> str:
    return str(value).replace("\0", "")


async def _sent(here: Here) -> Sent:
    forms.check_size(here.request, MAX_BODY_BYTES)
    try:
        return Sent(json.loads(await here.request.body()))
    except ValueError:
        raise Refused("bad_form") from None


async def _store(
    conn: Connection, here: Here, tour: Tour, version_id: UUID, sent: Sent, read: Captions
) -> None:
    """An empty list is a draft that has only begun; finished captions have words."""
    language = language_of(here)
    if not read.cues:
        if not sent.is_draft:
            raise Refused("captions_nothing")
        await captions_kept.remove(conn, tour.programme_id, version_id, language)
        return
    kept = Kept(language, sent.source, sent.is_draft, read.cues)
    await keep(conn, here, tour, version_id, kept)
