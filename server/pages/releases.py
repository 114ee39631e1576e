"""Releases: the office freezes the KPIs of a period, and gives funders a link to read them."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from rooms.attendance import kpi, kpi_periods, release_links, releases
from rooms.errors import Conflict, Refused, RoomError
from rooms.people import programmes
from server import errors, forms
from server.context import Here
from server.i18n import LANGUAGES
from server.pages import kpi_words, release_view


async def index(here: Here) -> Response:
    """`GET /releases`: what was released, and for the office: make one, give a link."""
    return await _page(here)


async def _page(
    here: Here, refused: RoomError | None = None, field: str = "", new_link: str = ""
) -> Response:
    async with here.transaction() as conn:
        programme = await programmes.by_id(conn, here.scope.programme_id)
        today = here.now.astimezone(ZoneInfo(programme.zone)).date()
        first = await kpi.first_day(conn, here.scope)
        every = await releases.every(conn, here.scope)
        is_office = here.scope.has("bureau", "operator")
        links = await release_links.every(conn, here.scope, here.now) if is_office else []
    years = kpi_periods.years(first, today, programme.school_year_starts)
    return here.page(
        "releases/index.html",
        422 if refused else 200,
        programme=programme,
        releases=every,
        links=links,
        is_office=is_office,
        years=[(str(one.first_day.year), one.name) for one in years],
        quarters=[(f"q{n}", here._("quarter {number}", number=n)) for n in (1, 2, 3, 4)],
        next_year=today + timedelta(days=365),
        latest_day=today + release_links.LONGEST,
        today=today,
        new_link=new_link,
        field=field,
        error=errors.sentence(here.language, refused.code, refused.params) if refused else "",
    )


async def create(here: Here) -> Response:
    """`POST /releases`: freezes a school year or a quarter."""
    form = await here.form()
    part = forms.line(form, "part")
    try:
        async with here.transaction() as conn:
            programme = await programmes.by_id(conn, here.scope.programme_id)
            today = here.now.astimezone(ZoneInfo(programme.zone)).date()
            period = kpi_periods.named(
                forms.line(form, "year"),
                part if part.startswith("q") else "",
                today,
                programme.school_year_starts,
            )
            words = {language: kpi_words.definitions(language) for language in LANGUAGES}
            made = await releases.make(conn, here.scope, period, words, here.now)
    except Conflict as refused:
        return await _page(here, refused, "year")
    return here.go(f"/releases/{made.id}", said="release_made")


async def show(here: Here) -> Response:
    """`GET /releases/{id}`."""
    async with here.transaction() as conn:
        stored = await releases.get(conn, here.scope, here.id())
    return release_view.page_of(here, "releases/show.html", stored)


async def report(here: Here) -> Response:
    """`GET /releases/{id}/reports/{kind}/{key}`: one region, network or sector of it."""
    async with here.transaction() as conn:
        stored = await releases.get(conn, here.scope, here.id())
    return release_view.report_of(
        here, "releases/report.html", stored, root=f"/releases/{stored.release.id}"
    )


async def document(here: Here) -> Response:
    """`GET /releases/{id}/document.json`: as it was stored."""
    async with here.transaction() as conn:
        stored = await releases.taken(conn, here.scope, here.id(), "json", here.now)
    return release_view.document(stored)


async def table(here: Here) -> Response:
    """`GET /releases/{id}/figures.csv`: as it was stored."""
    async with here.transaction() as conn:
        stored = await releases.taken(conn, here.scope, here.id(), "csv", here.now)
    return release_view.table(stored)


async def make_link(here: Here) -> Response:
    """`POST /releases/links`: the new link is shown this once."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            programme = await programmes.by_id(conn, here.scope.programme_id)
            today = here.now.astimezone(ZoneInfo(programme.zone)).date()
            token = await release_links.make(
                conn, here.scope, forms.line(form, "label"), forms.day(form, "expires_on"), today,
                here.now,
            )  # fmt: skip
    except Refused as refused:
        return await _page(here, refused, "expires_on" if refused.code == "link_day" else "label")
    return await _page(here, new_link=f"{here.settings.url}/funder/{token}")


async def revoke_link(here: Here) -> Response:
    """`POST /releases/links/{id}/revoke`."""
    async with here.transaction() as conn:
        await release_links.revoke(conn, here.scope, here.id(), here.now)
    return here.go("/releases", said="link_revoked")
