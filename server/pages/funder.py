"""A funder reads releases by a link: without an account, and nothing else.

A link that never was, is over or was revoked is not there; nobody learns which.
"""

from starlette.responses import Response

from rooms.attendance import release_links, releases
from rooms.attendance.releases import Stored
from rooms.people import programmes
from server.context import Here
from server.pages import release_view

# No search engine keeps the address, and no machine on the way keeps what is there.
HEADERS = {
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "private, no-store",
}


async def index(here: Here) -> Response:
    """`GET /funder/{token}`: the programme's releases."""
    async with here.transaction() as conn:
        link = await release_links.opened_by(conn, _token(here), here.now)
        every = await releases.every(conn, link.scope)
        programme = await programmes.by_id(conn, link.scope.programme_id)
    return _hidden(
        here.page("funder/index.html", releases=every, programme=programme, root=_root(here))
    )


async def show(here: Here) -> Response:
    """`GET /funder/{token}/{id}`: one of them, with its definitions."""
    stored = await _opened(here)
    return _hidden(release_view.page_of(here, "funder/show.html", stored, root=_root(here)))


async def report(here: Here) -> Response:
    """`GET /funder/{token}/{id}/reports/{kind}/{key}`: one region, network or sector of it."""
    stored = await _opened(here)
    root = f"{_root(here)}/{stored.release.id}"
    return _hidden(release_view.report_of(here, "funder/report.html", stored, root=root))


async def document(here: Here) -> Response:
    """`GET /funder/{token}/{id}/document.json`: byte for byte."""
    return _hidden(release_view.document(await _taken(here, "json")))


async def table(here: Here) -> Response:
    """`GET /funder/{token}/{id}/figures.csv`: byte for byte."""
    return _hidden(release_view.table(await _taken(here, "csv")))


async def _opened(here: Here) -> Stored:
    async with here.transaction() as conn:
        link = await release_links.opened_by(conn, _token(here), here.now)
        return await releases.get(conn, link.scope, here.id())


async def _taken(here: Here, format: str) -> Stored:
    """The same, with its file on record."""
    async with here.transaction() as conn:
        link = await release_links.opened_by(conn, _token(here), here.now)
        return await releases.taken(conn, link.scope, here.id(), format, here.now, link.id)


def _token(here: Here) -> str:
    return str(here.request.path_params["token"])


def _root(here: Here) -> str:
    return f"/funder/{_token(here)}"


def _hidden(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response
