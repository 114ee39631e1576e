"""The studio's cut page: start, end and pieces out; every save makes the film anew."""

from typing import Any

from starlette.responses import Response

from media import videos
from media.errors import MediaError
from media.videos import Version
from rooms.attendance.ranges import Ranges, length_ms
from rooms.errors import Conflict, Refused
from rooms.tours import cutting, tours
from rooms.tours.chapters import shown_time
from rooms.tours.cutting import Asked
from rooms.tours.tours import Tour
from server import forms, jobs
from server.context import Here
from server.database import Connection
from server.pages import film_view
from server.pages.studio import part_page, said


async def show(here: Here) -> Response:
    """`/studio/tours/{id}/cut`."""
    return await _page(here)


async def _page(here: Here, refused: Refused | None = None, **typed: str) -> Response:
    async with here.transaction() as conn:
        tour = await tours.one_of_company(conn, here.scope, here.id())
        film = await film_view.film_of(conn, tour, here.language, with_drafts=True)
        current = await videos.current(conn, tour.video_id)
        newest = await videos.newest(conn, tour.video_id)
    return part_page(
        here,
        "studio/cut.html",
        tour,
        "cut",
        422 if refused else 200,
        film=film,
        is_busy=newest is not None and newest.is_busy,
        out=_out(current),
        error=said(here, refused) if refused else "",
        typed={"start": "", "end": "", "cuts": "", **typed},
    )


def _out(current: Version | None) -> list[dict[str, Any]]:
    """Pieces that are out now, each with its place in the original and its length."""
    if current is None or current.original_ms is None:
        return []
    pieces = cutting.taken_out(_spans(current), current.original_ms)
    return [
        {"start": start, "end": end, "words": f"{shown_time(start)} – {shown_time(end)}"}
        for start, end in pieces
    ]


def _spans(version: Version) -> Ranges:
    return cutting.spans_of(version.edit, version.original_ms or 0)


async def save(here: Here) -> Response:
    """`POST …/cut`: takes pieces out of the film as it plays now."""
    form = await here.form()
    typed = {name: forms.line(form, name) for name in ("start", "end")}
    typed["cuts"] = forms.lines(form, "cuts")
    try:
        asked = Asked(typed["start"], typed["end"], cutting.parse_cuts(typed["cuts"]))
        if asked.is_empty:
            raise Refused("cut_nothing")
        async with here.transaction() as conn:
            tour, current = await _to_cut(conn, here)
            kept = cutting.kept_now(asked, current.duration_ms or 0)
            await _make(conn, here, tour, current, cutting.in_original(_spans(current), kept))
    except Refused as refused:
        return await _page(here, refused, **typed)
    return here.go(f"/studio/tours/{tour.id}/film", said="cut_saved")


async def put_back(here: Here) -> Response:
    """`POST …/cut/back`: one piece, or with `all` everything that was taken out."""
    form = await here.form()
    start, end = forms.line(form, "start"), forms.line(form, "end")
    async with here.transaction() as conn:
        tour, current = await _to_cut(conn, here)
        out = cutting.taken_out(_spans(current), current.original_ms or 0)
        chosen = [piece for piece in out if (str(piece[0]), str(piece[1])) == (start, end)]
        if forms.line(form, "all"):
            chosen = list(out)
        if not chosen:
            raise Conflict("cut_gone")
        spans = _spans(current)
        for piece in chosen:
            spans = cutting.with_back(spans, piece)
        await _make(conn, here, tour, current, spans)
    return here.go(f"/studio/tours/{tour.id}/film", said="cut_saved")


async def _to_cut(conn: Connection, here: Here) -> tuple[Tour, Version]:
    """The tour and the film that plays; refused while another is still being made."""
    tour = await tours.to_edit(conn, here.scope, here.id())
    current = await videos.current(conn, tour.video_id)
    newest = await videos.newest(conn, tour.video_id)
    if current is None or newest is None:
        raise Conflict("film_first")
    if newest.is_busy or newest.upload_id != current.upload_id:
        raise Conflict("film_busy")
    return tour, current


async def _make(conn: Connection, here: Here, tour: Tour, current: Version, spans: Ranges) -> None:
    """Puts the new version in the queue; captions and chapters follow when it is ready."""
    if spans == _spans(current):
        raise Refused("cut_nothing")
    if length_ms(spans) < 1000:
        raise Refused("nothing_left")
    edit = cutting.whole_or(spans, current.original_ms or 0)
    try:
        version_id = await videos.re_edit(
            conn, tour.programme_id, tour.video_id, edit, here.person.person_id
        )
    except MediaError as error:
        raise Conflict(error.code) from error
    await jobs.enqueue(conn, jobs.PROBE, version_id)
