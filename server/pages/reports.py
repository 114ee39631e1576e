"""The report of one region, network or sector: all its figures of a period on one page."""

from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams
from starlette.responses import Response

from rooms.agenda import partnerships
from rooms.attendance import kpi, kpi_parts, kpi_periods
from rooms.attendance.kpi import Asked, Attended, By
from rooms.attendance.kpi_periods import Period
from rooms.errors import NotThere, Refused
from rooms.people import programmes
from rooms.people.programmes import Programme
from rooms.tours import choices
from server import errors
from server.context import Here
from server.database import Connection
from server.pages import kpi_lessons, kpi_told, kpi_words, tour_words
from server.pages.kpi_told import Names
from server.pages.kpis import period_of

# What each report tells apart, beside its own kind.
PARTS = (By.MONTH, By.REGION, By.NETWORK, By.LEVEL, By.SECTOR, By.OBJECTIVE, By.KIND)


@dataclass(frozen=True, slots=True)
class About:
    """What a report is of: `key` is a region's or network's id, or a sector's word."""

    by: By
    key: str
    name: str

    def asked(self, period: Period) -> Asked:
        """Its figures."""
        whole = Asked(period)
        if self.by is By.REGION:
            return replace(whole, region_id=UUID(self.key))
        if self.by is By.NETWORK:
            return replace(whole, network_id=UUID(self.key))
        return replace(whole, sector=self.key)


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a report. `parts`: (key, name, figures); `ways`: where the lessons of each are
    listed, by its key, for who reads lessons."""

    by: By
    heading: str
    name: str
    parts: list[tuple[str, str, Attended]]
    ways: dict[str, str]


# --- all of them ---------------------------------------------------------------------------------


async def index(here: Here) -> Response:
    """`GET /reports`: which there are."""
    async with here.transaction() as conn:
        programme = await programmes.by_id(conn, here.scope.programme_id)
        known = await kpi_told.names(here, conn, _today(here, programme))
        sectors = await kpi.sectors(conn, here.scope)
    return here.page(
        "reports/index.html",
        programme=programme,
        regions=[(key, name) for key, name in known.regions.items() if _is_hers(here, key)],
        networks=list(known.networks.items()),
        sectors=tour_words.options(here.language, tour_words.SECTORS, sectors),
    )


def _is_hers(here: Here, key: str) -> bool:
    return here.scope.sees_all or UUID(key) in here.scope.region_ids


def _today(here: Here, programme: Programme) -> date:
    return here.now.astimezone(ZoneInfo(programme.zone)).date()


# --- one of them ---------------------------------------------------------------------------------


async def region(here: Here) -> Response:
    """`GET /reports/regions/{id}`."""
    return await _page(here, By.REGION, str(here.id()))


async def network(here: Here) -> Response:
    """`GET /reports/networks/{id}`."""
    return await _page(here, By.NETWORK, str(here.id()))


async def sector(here: Here) -> Response:
    """`GET /reports/sectors/{sector}`."""
    return await _page(here, By.SECTOR, str(here.request.path_params["sector"]))


async def _page(here: Here, by: By, key: str) -> Response:
    query, problem = here.request.query_params, ""
    async with here.adding_up() as conn:
        programme = await programmes.by_id(conn, here.scope.programme_id)
        today = _today(here, programme)
        known = await kpi_told.names(here, conn, today)
        about = _about(here, known, by, key)
        try:
            period = period_of(query, today, programme.school_year_starts)
        except Refused as refused:
            problem = errors.sentence(here.language, refused.code, refused.params)
            period = period_of(QueryParams(), today, programme.school_year_starts)
        found = (await kpi.report(conn, here.scope, about.asked(period))).total
        sections = await _sections(here, conn, known, about, period)
        pairs = await partnerships.alive(conn, here.scope, about.asked(period))
        first = await kpi.first_day(conn, here.scope)
    told, leads = kpi_told.told(here, found), kpi_lessons.are_hers(here.person)
    return here.page(
        "reports/show.html",
        422 if problem else 200,
        programme=programme,
        about=about,
        kind=here._(kpi_words.REPORTS[by]),
        period=period,
        is_open=period.is_open(today),
        is_part=not here.scope.sees_all and by is not By.REGION,
        problem=problem,
        whole=found.attended,
        attended=[one for one in told if not one["is_hosted"]],
        hosted=[one for one in told if one["is_hosted"]],
        sections=sections,
        lessons=partial(kpi_lessons.of_figure, about.asked(period), leads=leads),
        lessons_of=partial(kpi_lessons.of_pair, about.asked(period)) if leads else None,
        pairs=pairs,
        choices=_choices(here, programme, first, today),
        query=_query(about, query),
    )


def _about(here: Here, known: Names, by: By, key: str) -> About:
    """Raises `NotThere` for what is not there, or is a region of somebody else's."""
    if by is By.SECTOR:
        is_there = key in choices.SECTORS
    elif by is By.REGION:
        is_there = key in known.regions and _is_hers(here, key)
    else:
        is_there = key in known.networks
    if not is_there:
        raise NotThere(by.value)
    return About(by, key, kpi_told.named(here, known, by, key))


async def _sections(
    here: Here, conn: Connection, known: Names, about: About, period: Period
) -> list[Section]:
    """The tables that tell anything: more than one part, or one that has a name."""
    wanted = [by for by in PARTS if by is not about.by]
    told = await kpi_parts.of(conn, here.scope, about.asked(period), wanted)
    leads = kpi_lessons.are_hers(here.person)
    found = []
    for by in wanted:
        if any(key for key, _ in told[by]):
            shown = kpi_told.in_order(here, known, by, told[by])
            heading, name = here._(kpi_words.HEADINGS[by]), here._(kpi_words.BY[by])
            keys = [key for key, _ in told[by]]
            ways = kpi_lessons.ways(about.asked(period), by, keys) if leads else {}
            found.append(Section(by, heading, name, shown, ways))
    return found


def _choices(
    here: Here, programme: Programme, first: date | None, today: date
) -> dict[str, list[tuple[str, str]]]:
    years = kpi_periods.years(first, today, programme.school_year_starts)
    return {
        "years": [(str(one.first_day.year), one.name) for one in years],
        "quarters": [
            (f"q{number}", here._("quarter {number}", number=number)) for number in (1, 2, 3, 4)
        ],
    }


def _query(about: About, query: QueryParams) -> str:
    """The same figures at `/kpis`, and as files."""
    period = [(name, query[name]) for name in ("year", "part", "since", "until") if query.get(name)]
    return urlencode([*period, (about.by.value, about.key)])
