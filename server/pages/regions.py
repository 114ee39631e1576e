"""The office's regions."""

from starlette.responses import Response

from rooms.errors import Conflict
from rooms.people import regions
from server import errors, forms
from server.context import Here


async def index(here: Here) -> Response:
    """`GET /programme/regions`."""
    return await _page(here)


async def _page(here: Here, error: str = "", typed: str = "") -> Response:
    async with here.transaction() as conn:
        every = await regions.every(conn, here.scope)
    status = 422 if error else 200
    return here.page("programme/regions.html", status, regions=every, error=error, typed=typed)


async def save(here: Here) -> Response:
    """`POST /programme/regions`: a new one, or, with its id, a new name."""
    form = await here.form()
    name, region_id = forms.line(form, "name")[:80], forms.uuid(form, "id")
    if not name:
        return await _page(here, errors.sentence(here.language, "name_missing", {}))
    try:
        async with here.transaction() as conn:
            if region_id is None:
                await regions.create(conn, here.scope, name)
            else:
                await regions.rename(conn, here.scope, region_id, name, here.now)
    except Conflict as error:
        return await _page(here, errors.sentence(here.language, error.code, error.params), name)
    return here.go("/programme/regions", "region_kept")
