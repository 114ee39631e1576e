"""Worksheets and guides: in the studio, and as files for whoever may see the tour."""

import asyncio
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import quote
from uuid import UUID, uuid4

from starlette.responses import Response, StreamingResponse

from media.storage import MAX_PIECE_BYTES
from rooms.attendance import seats
from rooms.errors import NotThere, Refused
from rooms.tours import choices, documents, tours
from rooms.tours.documents import Document
from rooms.tours.tours import Tour
from server import forms
from server.auth import SEAT_COOKIE
from server.context import Here
from server.database import Connection
from server.i18n import N_
from server.pages import tour_words
from server.pages.studio import part_page, said

KINDS = {"worksheet": N_("Worksheet"), "guide": N_("Teacher's guide")}


async def index(here: Here) -> Response:
    """`/studio/tours/{id}/documents`."""
    return await _index(here)


async def _index(here: Here, error: str = "", chosen: str = "worksheet") -> Response:
    async with here.transaction() as conn:
        tour = await tours.one_of_company(conn, here.scope, here.id())
        papers = await documents.of_tour(conn, here.scope, tour.id)
    return part_page(
        here,
        "studio/documents.html",
        tour,
        "documents",
        422 if error else 200,
        papers=papers,
        kinds=tour_words.options(here.language, KINDS),
        kind_words={code: here._(words) for code, words in KINDS.items()},
        words={code: here._(words) for code, words in tour_words.LANGUAGES.items()},
        languages=tour_words.options(
            here.language, tour_words.LANGUAGES, list(choices.TEXT_LANGUAGES)
        ),
        chosen=chosen,
        error=error,
        limit_mb=documents.MAX_BYTES // 1_000_000,
        suffixes=",".join(documents.SUFFIXES),
    )


async def add(here: Here) -> Response:
    """`POST …/documents`: the file is stored first, its row second; a row never lacks its file."""
    forms.check_size(here.request, documents.MAX_BYTES)
    form = await here.form(documents.MAX_BYTES)
    kind, language = forms.line(form, "kind"), forms.line(form, "language")
    try:
        if kind not in documents.KINDS or language not in choices.TEXT_LANGUAGES:
            raise Refused("bad_form")
        name, data = await forms.upload(form, "file", limit_bytes=documents.MAX_BYTES)
        found = documents.kind_of(data)
        async with here.transaction() as conn:
            tour = await tours.to_edit(conn, here.scope, here.id())
        key = f"documents/{uuid4()}{found.suffix}"
        await _store(here, key, data, found.content_type)
        await _row(here, tour, kind, language, name, found, len(data), key)
    except Refused as refused:
        return await _index(here, said(here, refused), kind)
    return here.go(f"/studio/tours/{tour.id}/documents", said="saved")


async def _row(
    here: Here,
    tour: Tour,
    kind: str,
    language: str,
    name: str,
    found: documents.Kind,
    size: int,
    key: str,
) -> None:
    """The row of a stored file; when it is refused the file goes again."""
    try:
        async with here.transaction() as conn:
            await documents.add(
                conn,
                here.scope,
                tour.id,
                kind=kind,
                language=language,
                filename=documents.safe_name(name, found.suffix),
                content_type=found.content_type,
                size=size,
                key=key,
            )
    except BaseException:
        await here.storage.delete(key)
        raise


async def _store(here: Here, key: str, data: bytes, content_type: str) -> None:
    """In one put what fits in one, the rest through a file."""
    if len(data) <= MAX_PIECE_BYTES:
        await here.storage.put(key, data, content_type=content_type)
        return
    with NamedTemporaryFile() as file:
        await asyncio.to_thread(Path(file.name).write_bytes, data)
        await here.storage.put_file(key, Path(file.name), content_type=content_type)


async def remove(here: Here) -> Response:
    """`POST …/documents/{document}/remove`."""
    async with here.transaction() as conn:
        tour = await tours.to_edit(conn, here.scope, here.id())
        key = await documents.remove(conn, here.scope, tour.id, here.id("document"))
    await here.storage.delete(key)
    return here.go(f"/studio/tours/{tour.id}/documents", said="document_removed")


async def show(here: Here) -> Response:
    """`/documents/{id}`: a worksheet to whoever may watch the film beside it, and to the class
    that is shown the tour; a guide to who has a role in the programme, never to a seat."""
    async with here.transaction() as conn:
        paper, video_id = await documents.one(conn, here.id())
        if not await _may_have(here, conn, paper, video_id):
            raise NotThere("document")
    headers = {
        "Content-Length": str(paper.bytes),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(paper.filename, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(
        here.storage.stream(paper.key), media_type=paper.content_type, headers=headers
    )


async def _may_have(here: Here, conn: Connection, paper: Document, video_id: UUID) -> bool:
    scope = here.scope_in(paper.programme_id)
    if paper.kind == "guide" and not scope.grants:
        return False
    if await tours.may_watch(conn, scope, video_id):
        return True
    if paper.kind == "guide":
        return False
    # A lesson has its paper to the end, also when the tour is taken off meanwhile.
    token = here.request.cookies.get(SEAT_COOKIE)
    return await seats.is_shown(conn, token, paper.tour_id, here.now)
