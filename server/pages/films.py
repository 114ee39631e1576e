"""The studio's film page: one film, what happens to it, another in its place."""

from typing import Any

from starlette.responses import Response

from media import videos
from media.videos import Version
from rooms.errors import Conflict
from rooms.tours import tours
from server import errors, jobs
from server.context import Here
from server.pages import film_view
from server.pages.studio import part_page


async def show(here: Here) -> Response:
    """`/studio/tours/{id}/film`: drop a film, watch it become ready, preview or replace it."""
    async with here.transaction() as conn:
        tour = await tours.one_of_company(conn, here.scope, here.id())
        newest = await videos.newest(conn, tour.video_id)
        film = await film_view.film_of(conn, tour, here.language, with_drafts=True)
        # a file that was refused is gone: only another one helps
        can_retry = newest is not None and await videos.can_retry(
            conn, tour.programme_id, newest.id
        )
    return part_page(
        here, "studio/film.html", tour, "film",
        film=film, newest=newest, error=_why(here, newest), can_retry=can_retry,
    )  # fmt: skip


def _why(here: Here, version: Version | None) -> str:
    """Why the newest film could not be made, in a sentence."""
    if version is None or version.state != "failed":
        return ""
    return errors.sentence(here.language, version.error_code or "server_fault", _params(version))


def _params(version: Version) -> dict[str, Any]:
    return dict(version.error_params)


async def cancel(here: Here) -> Response:
    """`POST …/film/cancel`: stops the making of the newest film."""
    async with here.transaction() as conn:
        tour = await tours.one_of_company(conn, here.scope, here.id())
        if tour.newest_id is None or not await videos.cancel(
            conn, tour.programme_id, tour.newest_id
        ):
            raise Conflict("film_not_busy")
    return here.go(f"/studio/tours/{tour.id}/film", said="film_cancelled")


async def retry(here: Here) -> Response:
    """`POST …/film/retry`: tries the newest film again, from the file that was kept."""
    async with here.transaction() as conn:
        tour = await tours.one_of_company(conn, here.scope, here.id())
        if tour.newest_id is None or not await videos.retry(
            conn, tour.programme_id, tour.newest_id
        ):
            raise Conflict("film_not_stopped")
        await jobs.enqueue(conn, jobs.PROBE, tour.newest_id)
    return here.go(f"/studio/tours/{tour.id}/film")
