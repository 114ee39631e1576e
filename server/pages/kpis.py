"""KPIs: the figures of a period with their definitions, told apart by what is asked; the address
is the view."""

from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response

from rooms.agenda import partnerships
from rooms.attendance import exports, kpi, kpi_periods
from rooms.attendance.cells import DELIMITERS, Cell, to_csv
from rooms.attendance.kpi import Asked, By, Figures, Report
from rooms.attendance.kpi_periods import Period
from rooms.errors import Refused
from rooms.people import programmes
from rooms.people.programmes import Programme
from rooms.tours import choices
from server import errors
from server.context import Here
from server.database import Connection
from server.pages import kpi_lessons, kpi_told, kpi_words, tour_words
from server.pages.kpi_told import Names

# Grows when a column is added at the end; none is renamed, moved or given another meaning.
VERSION = 1
COLUMNS = (
    "by",
    "key",
    "name",
    "schools",
    "registry",
    "classes",
    "pupils_reached",
    "participations",
    "student_minutes",
    "sessions",
    "sessions_live",
    "sessions_on_demand",
    "partnerships",
    "hosted",
    "hosted_live",
    "companies",
    "stage_minutes",
    "preparation_minutes",
    "preparation_not_told",
)


@dataclass(frozen=True, slots=True)
class View:
    """One view of the figures: what was asked, the words it needs, and what was found."""

    programme: Programme
    today: date
    asked: Asked
    by: By
    report: Report
    first_day: date | None
    names: Names


# --- reading the address -------------------------------------------------------------------------


def period_of(query: QueryParams, today: date, start_month: int) -> Period:
    """The days asked for: `since` and `until`, or a school year with a part of it. Raises
    `Refused` for days that cannot be."""
    since, until = _day(query.get("since", "")), _day(query.get("until", ""))
    if since and until:
        return kpi_periods.free(since, until)
    return kpi_periods.named(query.get("year", ""), query.get("part", ""), today, start_month)


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _uuid(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def asked_of(query: QueryParams, period: Period) -> Asked:
    """The filters in an address; what cannot be read filters nothing."""
    return Asked(
        period,
        region_id=_uuid(query.get("region", "")),
        level=_known(query.get("level", ""), choices.LEVELS),
        sector=_known(query.get("sector", ""), choices.SECTORS),
        objective_id=_uuid(query.get("objective", "")),
        kind=_known(query.get("kind", ""), kpi.KINDS),
        network_id=_uuid(query.get("network", "")),
    )


def _known(typed: str, among: tuple[str, ...]) -> str:
    return typed if typed in among else ""


def by_of(query: QueryParams) -> By:
    """What the table tells apart; by region when nothing was said."""
    typed = query.get("by", "")
    return By(typed) if typed in set(By) else By.REGION


async def _view(here: Here, conn: Connection, query: QueryParams) -> View:
    programme = await programmes.by_id(conn, here.scope.programme_id)
    today = here.now.astimezone(ZoneInfo(programme.zone)).date()
    asked = asked_of(query, period_of(query, today, programme.school_year_starts))
    by = by_of(query)
    if kpi.is_companys(here.scope):
        asked = replace(asked, level="", network_id=None)
        by = By.REGION if by in kpi.OF_SCHOOLS else by
    return View(
        programme,
        today,
        asked,
        by,
        await kpi.report(conn, here.scope, asked, by),
        await kpi.first_day(conn, here.scope),
        await kpi_told.names(here, conn, today),
    )


# --- the page ------------------------------------------------------------------------------------


async def index(here: Here) -> Response:
    """`GET /kpis`: the figures, each with its definition one click away, and a table of parts."""
    query = here.request.query_params
    problem = ""
    async with here.adding_up() as conn:
        try:
            view = await _view(here, conn, query)
        except Refused as refused:
            problem = errors.sentence(here.language, refused.code, refused.params)
            view = await _view(here, conn, QueryParams())
        pairs = await partnerships.alive(conn, here.scope, view.asked, view.by)
    told = kpi_told.told(here, view.report.total)
    keys = [key for key, _ in view.report.parts]
    leads = kpi_lessons.are_hers(here.person)
    return here.page(
        "kpis/index.html",
        422 if problem else 200,
        view=view,
        problem=problem,
        is_open=view.asked.period.is_open(view.today),
        attended=[one for one in told if not one["is_hosted"]],
        hosted=[one for one in told if one["is_hosted"]],
        parts=kpi_told.in_order(here, view.names, view.by, view.report.parts),
        pairs=pairs,
        chosen=_chosen(here, view),
        ways=kpi_lessons.ways(view.asked, view.by, keys) if leads else {},
        lessons=partial(kpi_lessons.of_figure, view.asked, leads=leads),
        hosted_of=partial(kpi_lessons.of_part, view.asked, view.by),
        lessons_of=partial(kpi_lessons.of_pair, view.asked) if leads else None,
        hours=lambda minutes: kpi_told.hours(here, minutes),
        choices=_choices(here, view),
        words={by: here._(words) for by, words in kpi_words.BY.items()},
        query=urlencode([(name, value) for name, value in query.items() if value]),
    )


def _chosen(here: Here, view: View) -> list[tuple[str, str]]:
    """(what, its name) of everything the figures were narrowed by, as paper needs it."""
    asked = view.asked
    keys = {
        By.REGION: asked.region_id,
        By.NETWORK: asked.network_id,
        By.LEVEL: asked.level,
        By.SECTOR: asked.sector,
        By.OBJECTIVE: asked.objective_id,
        By.KIND: asked.kind,
    }
    return [
        (here._(kpi_words.BY[by]), kpi_told.named(here, view.names, by, str(key)))
        for by, key in keys.items()
        if key
    ]


def _choices(here: Here, view: View) -> dict[str, list[tuple[str, str]]]:
    """What each field of the form offers."""
    start = view.programme.school_year_starts
    chosen = kpi_periods.years(view.first_day, view.today, start)
    months = [
        (f"m{number}", format_date(one.since, "MMMM", locale=here.language))
        for number, one in enumerate(kpi_periods.months(chosen[0]), 1)
    ]
    own = view.programme
    scope = here.scope
    hidden = kpi.OF_SCHOOLS if kpi.is_companys(scope) else ()
    return {
        "years": [(str(one.first_day.year), one.name) for one in chosen],
        "quarters": [(f"q{number}", here._("quarter {number}", number=number))
                     for number in (1, 2, 3, 4)],
        "months": months,
        "regions": [(key, name) for key, name in view.names.regions.items()
                    if scope.sees_all or UUID(key) in scope.region_ids],
        "networks": [] if hidden else list(view.names.networks.items()),
        "levels": [] if hidden else tour_words.options(
            here.language, tour_words.LEVELS, list(own.levels)
        ),
        "sectors": tour_words.options(here.language, tour_words.SECTORS),
        "objectives": [(str(one.id), one.name(here.language)) for one in view.names.objectives],
        "kinds": [(code, here._(words)) for code, words in kpi_words.KINDS.items()],
        "by": [(by.value, here._(words)) for by, words in kpi_words.BY.items()
               if by not in hidden],
    }  # fmt: skip


# --- files ---------------------------------------------------------------------------------------


async def csv(here: Here) -> Response:
    """`GET /kpis.csv`: the view as a table, the whole first; `?delimiter=,` for commas."""
    wanted = here.request.query_params.get("delimiter", ";")
    rows = await _rows(here, "csv")
    body = to_csv(
        COLUMNS,
        ([row[name] for name in COLUMNS] for row in rows),
        wanted if wanted in DELIMITERS else ";",
    )
    return Response(body, media_type="text/csv; charset=utf-8", headers=_download("csv"))


async def json(here: Here) -> Response:
    """`GET /kpis.json`: the same rows."""
    body = {"version": VERSION, "columns": list(COLUMNS), "rows": await _rows(here, "json")}
    return JSONResponse(body, headers=_download("json"))


async def _rows(here: Here, form: str) -> list[dict[str, Cell]]:
    """What goes out, and that it went is on record."""
    query = here.request.url.query
    async with here.adding_up() as conn:
        view = await _view(here, conn, here.request.query_params)
        rows = 1 + len(view.report.parts)
        await exports.note(conn, here.scope, "kpis", form, query, rows, here.now)
    parts = [
        (view.by.value, key, kpi_told.named(here, view.names, view.by, key), one)
        for key, one in view.report.parts
    ]
    return [row("", "", "", view.report.total), *(row(*part) for part in parts)]


def row(by: str, key: str, name: str, figures: Figures) -> dict[str, Cell]:
    """One line of a file; what is not told apart here is empty."""
    side, host = figures.attended, figures.hosted
    return {
        "by": by,
        "key": key,
        "name": name,
        "schools": side.schools,
        "registry": side.registry or None,
        "classes": side.classes,
        "pupils_reached": side.pupils_reached,
        "participations": side.participations,
        "student_minutes": side.student_minutes,
        "sessions": side.sessions,
        "sessions_live": side.sessions_live,
        "sessions_on_demand": side.sessions_on_demand,
        "partnerships": side.partnerships,
        "hosted": host.sessions if host else None,
        "hosted_live": host.sessions_live if host else None,
        "companies": host.companies if host else None,
        "stage_minutes": host.stage_seconds // 60 if host else None,
        "preparation_minutes": host.preparation_minutes if host else None,
        "preparation_not_told": host.preparation_untold if host else None,
    }


def _download(ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="kpis.{ending}"'}
