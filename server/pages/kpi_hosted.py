"""What was hosted, line by line: where the figures of organisers lead to.

The address is the view.
"""

from dataclasses import dataclass, replace
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams
from starlette.responses import Response

from rooms.attendance import hosted, kpi
from rooms.attendance.hosted import CompanyLine, Line, Of, Wanted
from rooms.attendance.kpi import Asked, By
from rooms.attendance.report import NONE, NOWHERE
from rooms.errors import NotThere
from rooms.people import programmes
from server.context import Here
from server.database import Connection
from server.pages import kpi_lessons, kpi_told, kpi_words
from server.pages.attendance_filters import uuid_or_none
from server.pages.kpi_told import Names
from server.pages.kpis import asked_of, period_of
from server.pages.parts import Part, part_of

# The figure that each list is behind.
CODES = {of: code for code, of in kpi_lessons.HOSTED.items()}


@dataclass(frozen=True, slots=True)
class Told:
    """A line with where it leads to: its own page, '' when that is not hers to open; `each`: what
    its presenters told, as `prepared_clock` has it."""

    line: Line
    href: str
    each: tuple[str, ...]


async def index(here: Here) -> Response:
    """`GET /kpis/hosted`."""
    if not hosted.are_hers(here.scope):
        raise NotThere("kpi")
    query = here.request.query_params
    async with here.adding_up() as conn:
        programme = await programmes.by_id(conn, here.scope.programme_id)
        today = here.now.astimezone(ZoneInfo(programme.zone)).date()
        period = period_of(query, today, programme.school_year_starts)
        wanted = wanted_of(query, asked_of(query, period))
        chosen = await _chosen(here, conn, await kpi_told.names(here, conn, today), wanted)
        whole = await hosted.whole(conn, here.scope, wanted)
        part = part_of(query.get("page", ""), whole.lines, hosted.LINES_PER_PAGE)
        lines, companies = await _lines(here, conn, wanted, part)
    word = next(one for one in kpi_words.WORDS if one.code == CODES[wanted.of])
    told = kpi_told.of_hosted(here, whole.figures)
    return here.page(
        "kpis/hosted.html",
        programme=programme,
        period=period,
        is_open=period.is_open(today),
        figures=whole.figures,
        hours=told["company_minutes"],
        of=wanted.of.value,
        heading=here._(word.name).capitalize(),
        definition=kpi_words.definition(here.language, word),
        trail=[
            (what, name, kpi_lessons.of_hosted(wanted, **{by: ""})) for by, what, name in chosen
        ],
        ways={of.value: kpi_lessons.of_hosted(wanted, of=of.value) for of in Of},
        query=kpi_lessons.of_hosted(wanted),
        back=kpi_lessons.of_figures(wanted.asked),
        lines=lines,
        companies=companies,
        is_companys=kpi.is_companys(here.scope),
        part=part,
        stage=stage_clock,
        prepared=prepared_clock,
    )


def wanted_of(query: QueryParams, asked: Asked) -> Wanted:
    """The list in an address: `asked` of its filters, and what belongs to none."""
    typed = query.get("of", "")
    narrowed = replace(
        asked,
        region_id=uuid_or_none(query.get("region", "")),
        network_id=uuid_or_none(query.get("network", "")),
        objective_id=uuid_or_none(query.get("objective", "")),
        sector=NONE if query.get("sector") == NONE else asked.sector,
        level="",
    )
    return Wanted(
        narrowed,
        Of(typed) if typed in set(Of) else Of.SESSIONS,
        uuid_or_none(query.get("company", "")),
    )


async def _chosen(
    here: Here, conn: Connection, known: Names, wanted: Wanted
) -> list[tuple[str, str, str]]:
    """(by, what it is, its name) of everything the list is narrowed by, as paper needs it. Raises
    `NotThere` for what is not hers to ask for."""
    asked = wanted.asked
    _check_region(here, asked.region_id)
    keys = {
        By.REGION: asked.region_id,
        By.NETWORK: asked.network_id,
        By.SECTOR: asked.sector,
        By.OBJECTIVE: asked.objective_id,
        By.KIND: asked.kind,
    }
    found = [
        (by.value, here._(kpi_words.BY[by]), _name(here, known, by, key))
        for by, key in keys.items()
        if key
    ]
    if wanted.company_id == NOWHERE:
        found.append(("company", here._("Company"), here._("no company")))
    elif wanted.company_id:
        name = await hosted.company_name(conn, here.scope, wanted.company_id)
        found.append(("company", here._("Company"), name))
    return found


def _check_region(here: Here, region_id: UUID | None) -> None:
    """A coordinator asks for her own regions; a company's is any, of what is its own."""
    scope = here.scope
    is_hers = scope.sees_all or region_id in scope.region_ids or kpi.is_companys(scope)
    if region_id is not None and not is_hers:
        raise NotThere("region")


def _name(here: Here, known: Names, by: By, key: UUID | str) -> str:
    """What it is called; raises `NotThere` for an id that the programme does not know."""
    if key in {NOWHERE, NONE}:
        return kpi_told.named(here, known, by, "")
    name = kpi_told.named(here, known, by, str(key))
    if by in kpi_lessons.IDS and name == str(key):
        raise NotThere(by.value)
    return name


async def _lines(
    here: Here, conn: Connection, wanted: Wanted, part: Part
) -> tuple[list[Told], list[tuple[CompanyLine, str]]]:
    """The lines of this page, or its companies; each with where it leads to."""
    if wanted.of is Of.COMPANIES:
        companies = await hosted.companies(conn, here.scope, wanted, offset=part.first)
        return [], [(one, _of_company(wanted, one)) for one in companies]
    lines = await hosted.lines(conn, here.scope, wanted, offset=part.first)
    return [
        Told(line, _own_page(here, line), tuple(prepared_clock(one) for one in line.each))
        for line in lines
    ], []


def _of_company(wanted: Wanted, line: CompanyLine) -> str:
    """Its sessions alone."""
    return kpi_lessons.of_hosted(wanted, of=Of.SESSIONS.value, company=str(line.id or NONE))


def _own_page(here: Here, line: Line) -> str:
    """A session's classes, or the sums of a company's tour or room."""
    if not line.is_hers:
        return ""
    if not kpi.is_companys(here.scope):
        return f"/attendance/sessions/{line.id}"
    return f"/rooms/{line.id}/reach" if line.is_live else f"/studio/tours/{line.id}/reach"


def stage_clock(seconds: int) -> str:
    """`12:04:05`: with its hours also when there are none, as it stands beside others."""
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


def prepared_clock(minutes: int) -> str:
    """`1:30`: hours and minutes."""
    return f"{minutes // 60}:{minutes % 60:02}"
