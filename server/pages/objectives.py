"""The office's objectives: what the programme wants to reach, by name in each of its languages."""

from collections.abc import Mapping

from starlette.responses import Response

from rooms.agenda import objectives
from rooms.errors import Refused
from rooms.people import programmes
from server import errors, forms
from server.context import Here
from server.i18n import LANGUAGES
from server.pages import tour_words


async def index(here: Here) -> Response:
    """`GET /programme/objectives`."""
    return await _page(here)


async def _page(
    here: Here, refused: Refused | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    async with here.transaction() as conn:
        every = await objectives.every(conn, here.scope)
        programme = await programmes.by_id(conn, here.scope.programme_id)
    error = errors.sentence(here.language, refused.code, refused.params) if refused else ""
    return here.page(
        "programme/objectives.html",
        422 if refused else 200,
        objectives=every,
        programme=programme,
        languages=tour_words.options(here.language, tour_words.LANGUAGES, list(LANGUAGES)),
        typed=typed or {},
        error=error,
    )


async def save(here: Here) -> Response:
    """`POST /programme/objectives`: a new one, or, with its id, other names."""
    form = await here.form()
    names = {language: forms.line(form, f"name_{language}") for language in LANGUAGES}
    objective_id = forms.uuid(form, "id")
    try:
        async with here.transaction() as conn:
            if objective_id is None:
                await objectives.create(conn, here.scope, names, here.now)
            else:
                await objectives.rename(conn, here.scope, objective_id, names, here.now)
    except Refused as refused:
        return await _page(here, refused, names)
    return here.go("/programme/objectives", said="objective_kept")


async def end(here: Here) -> Response:
    """`POST /programme/objectives/{id}/end`: not to be chosen any more, or (`again`) again."""
    is_again = bool(forms.line(await here.form(), "again"))
    async with here.transaction() as conn:
        await objectives.end(conn, here.scope, here.id(), None if is_again else here.now)
    return here.go("/programme/objectives", said="objective_kept")
