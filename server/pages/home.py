"""The first page, and the choice of language."""

from starlette.responses import Response

from server.context import Here
from server.i18n import LANGUAGES

YEAR_S = 365 * 24 * 3600


async def show(here: Here) -> Response:
    """`/`: the code field for a class, the way in for everybody else."""
    return here.page("home/show.html")


async def choose_language(here: Here) -> Response:
    """`POST /language`: remembers the choice on this device and goes back."""
    form = await here.form()
    back = str(form.get("back", "/"))
    response = here.go(back if back.startswith("/") and not back.startswith("//") else "/")
    if (language := str(form.get("language", ""))) in LANGUAGES:
        response.set_cookie(
            "language", language, max_age=YEAR_S, httponly=True, samesite="lax", path="/"
        )
    return response
