"""The programme office: the programme's own settings, and the way to all it keeps."""

from starlette.datastructures import FormData
from starlette.responses import Response

from rooms.errors import Refused
from rooms.people import (
    companies,
    programmes,
    regions,
    registry_lists,
    roles,
    school_index,
    schools,
)
from server import errors, forms
from server.context import Here
from server.pages.tour_words import LEVELS

CONTENT_LANGUAGES = ("nl", "en", "fr", "es", "eu", "da", "de")
MONTHS = range(1, 13)


async def show(here: Here) -> Response:
    """`GET /programme`."""
    return await _page(here)


async def _page(here: Here, error: Refused | None = None) -> Response:
    async with here.transaction() as conn:
        values = {
            "programme": await programmes.by_id(conn, here.scope.programme_id),
            "schools": await schools.count(conn, here.scope),
            "regions": len(await regions.every(conn, here.scope)),
            "persons": len({held.person_id for held in await roles.every(conn, here.scope)}),
            "companies": await companies.every(conn, here.scope),
            "unconfirmed": len(await roles.unconfirmed(conn, here.scope)),
            "lists": await registry_lists.waiting(conn, here.scope),
            "typed": await school_index.typed(conn, here.scope),
        }
    problem = errors.sentence(here.language, error.code, error.params) if error else ""
    return here.page(
        "programme/show.html",
        422 if error else 200,
        error=problem,
        level_words=LEVELS,
        content_languages=CONTENT_LANGUAGES,
        **values,
    )


async def change(here: Here) -> Response:
    """`POST /programme`."""
    form = await here.form()
    name = forms.line(form, "name")[:80]
    if not name:
        return await _page(here, Refused("name_missing"))
    async with here.transaction() as conn:
        before = await programmes.by_id(conn, here.scope.programme_id)
        await programmes.change(
            conn,
            here.scope,
            name=name,
            zone=before.zone,
            languages=_known(form, "languages", CONTENT_LANGUAGES) or before.languages,
            levels=_known(form, "levels", tuple(LEVELS)) or before.levels,
            school_year_starts=_whole(form, "school_year_starts", 1, 12),
            pass_share=_whole(form, "pass_percent", 1, 100) / 100,
            is_public=bool(form.get("is_public")),
        )
    return here.go("/programme", "programme_kept")


def _known(form: FormData, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    ticked = forms.many(form, name)
    return tuple(each for each in allowed if each in ticked)


def _whole(form: FormData, name: str, least: int, most: int) -> int:
    text = forms.line(form, name)
    if not text.isdecimal() or len(text) > 3 or not least <= int(text) <= most:
        raise Refused("bad_form")
    return int(text)
