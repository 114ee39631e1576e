"""The studio's chapters: typed as lines, or added at the moment the film shows."""

from starlette.responses import Response

from rooms.errors import Conflict
from rooms.tours import chapters, chapters_kept, tours
from server import forms
from server.context import Here
from server.pages import film_view
from server.pages.captions import line_errors
from server.pages.studio import part_page


async def show(here: Here) -> Response:
    """`/studio/tours/{id}/chapters`."""
    return await _page(here)


async def _page(
    here: Here, typed: str | None = None, wrong: list[tuple[int, str]] | None = None
) -> Response:
    async with here.transaction() as conn:
        tour = await tours.one_of_company(conn, here.scope, here.id())
        film = await film_view.film_of(conn, tour, here.language, with_drafts=True)
        kept = (
            await chapters_kept.of_version(conn, tour.programme_id, tour.version_id)
            if tour.version_id
            else []
        )
    lines = "\n".join(f"{chapters.shown_time(one.start_ms)} {one.title}" for one in kept)
    return part_page(
        here,
        "studio/chapters.html",
        tour,
        "chapters",
        422 if wrong else 200,
        film=film,
        typed=lines if typed is None else typed,
        line_errors=wrong or [],
    )


async def save(here: Here) -> Response:
    """`POST …/chapters`: all lines at once, or none."""
    form = await here.form()
    typed = forms.lines(form, "chapters")
    async with here.transaction() as conn:
        tour = await tours.to_edit(conn, here.scope, here.id())
        if tour.version_id is None:
            raise Conflict("film_first")
        read = chapters.parse_chapters(typed, tour.duration_ms or 0)
        if not read.errors:
            await chapters_kept.put(conn, tour.programme_id, tour.version_id, read.chapters)
    if read.errors:
        return await _page(here, typed, line_errors(here, read.errors))
    return here.go(f"/studio/tours/{tour.id}/chapters", said="saved")
