"""Releases: the office freezes the KPIs of a period, and gives funders a link to read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.responses import Response

from rooms.attendance import kpi, kpi_periods, release_gaps, release_links, releases
from rooms.attendance.kpi_periods import Period
from rooms.errors import Conflict, Refused, RoomError
from rooms.people import programmes
from rooms.people.programmes import Programme
from server import errors, forms
from server.context import Here
from server.database import Connection
from server.i18n import LANGUAGES
from server.pages import kpi_words, release_view


async def index(here: Here) -> Response:
    """`GET /releases`: what was released, and for the office: make one, give a link."""
    return await _page(here)


async def _page(
    here: Here,
    refused: RoomError | None = None,
    field: str = "",
    new_link: str = "",
    told: Mapping[str, object] | None = None,
) -> Response:
    """`told`: the form that was refused."""
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
        told=told or {},
        field=field,
        error=errors.sentence(here.language, refused.code, refused.params) if refused else "",
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be released: a school year or a quarter of it. `year`, `part`: as asked for."""

    programme: Programme
    today: date
    period: Period
    year: str
    part: str


async def _wish(here: Here, conn: Connection, told: Mapping[str, object]) -> Wish:
    """Raises `Conflict` when it can be none."""
    programme = await programmes.by_id(conn, here.scope.programme_id)
    today = here.now.astimezone(ZoneInfo(programme.zone)).date()
    year, part = (str(told.get(name, ""))[:10] for name in ("year", "part"))
    part = part if part.startswith("q") else ""
    period = kpi_periods.named(year, part, today, programme.school_year_starts)
    await releases.check(conn, here.scope, period, today)
    return Wish(programme, today, period, year, part)


async def check(here: Here) -> Response:
    """`GET /releases/check`: what is missing from the figures of a period; who knows, freezes."""
    try:
        async with here.transaction() as conn:
            wish = await _wish(here, conn, here.request.query_params)
            gaps = await release_gaps.of_period(conn, here.scope, wish.period)
    except Conflict as refused:
        return await _page(here, refused, "year", told=here.request.query_params)
    return here.page("releases/check.html", wish=wish, gaps=gaps)


async def create(here: Here) -> Response:
    """`POST /releases`: freezes a school year or a quarter; asks once when anything is missing."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            wish = await _wish(here, conn, form)
            is_told = forms.line(form, "told") == "yes"
            if not is_told and (await release_gaps.of_period(conn, here.scope, wish.period)).is_any:
                asked = urlencode({"year": wish.year, "part": wish.part})
                return here.go(f"/releases/check?{asked}")
            words = {language: kpi_words.definitions(language) for language in LANGUAGES}
            made = await releases.make(conn, here.scope, wish.period, words, here.now)
    except Conflict as refused:
        return await _page(here, refused, "year", told=form)
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
        wrong = "expires_on" if refused.code == "link_day" else "label"
        return await _page(here, refused, wrong, told=form)
    return await _page(here, new_link=f"{here.settings.url}/funder/{token}")


async def revoke_link(here: Here) -> Response:
    """`POST /releases/links/{id}/revoke`."""
    async with here.transaction() as conn:
        await release_links.revoke(conn, here.scope, here.id(), here.now)
    return here.go("/releases", said="link_revoked")
