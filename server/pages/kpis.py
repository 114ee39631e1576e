"""KPIs: the figures of a period with their definitions, told apart by what is asked; the address
is the view."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response

from rooms.agenda import objectives, partnerships
from rooms.agenda.objectives import Objective
from rooms.attendance import exports, kpi, kpi_periods
from rooms.attendance.cells import DELIMITERS, Cell, to_csv
from rooms.attendance.kpi import Asked, By, Figures, Report
from rooms.attendance.kpi_periods import Period
from rooms.errors import Refused
from rooms.people import programmes, regions
from rooms.people.programmes import Programme
from rooms.tours import choices
from server import errors
from server.context import Here
from server.database import Connection
from server.pages import kpi_words, tour_words

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
    regions: dict[str, str]
    objectives: list[Objective]


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
    return View(
        programme,
        today,
        asked,
        by,
        await kpi.report(conn, here.scope, asked, by),
        await kpi.first_day(conn, here.scope),
        {str(one.id): one.name for one in await regions.every(conn, here.scope)},
        await objectives.every(conn, here.scope),
    )


# --- the page ------------------------------------------------------------------------------------


async def index(here: Here) -> Response:
    """`GET /kpis`: the figures, each with its definition one click away, and a table of parts."""
    query = here.request.query_params
    problem = ""
    async with here.transaction() as conn:
        try:
            view = await _view(here, conn, query)
        except Refused as refused:
            problem = errors.sentence(here.language, refused.code, refused.params)
            view = await _view(here, conn, QueryParams())
        pairs = await partnerships.alive(conn, here.scope, view.asked.period, view.asked.region_id)
    return here.page(
        "kpis/index.html",
        422 if problem else 200,
        view=view,
        problem=problem,
        is_open=view.asked.period.is_open(view.today),
        attended=[one for one in _told(here, view.report.total) if not one["is_hosted"]],
        hosted=[one for one in _told(here, view.report.total) if one["is_hosted"]],
        parts=_named(here, view),
        pairs=pairs,
        hours=lambda minutes: hours(here, minutes),
        choices=_choices(here, view),
        words={by: here._(words) for by, words in kpi_words.BY.items()},
        query=urlencode([(name, value) for name, value in query.items() if value]),
    )


def _named(here: Here, view: View) -> list[tuple[str, Figures]]:
    """The parts with their names: by name, months as they come, what has none last."""
    found = [(key, _name(here, view, key), figures) for key, figures in view.report.parts]
    if view.by is not By.MONTH:
        found.sort(key=lambda one: (not one[0], one[1].casefold()))
    return [(name, figures) for _, name, figures in found]


def _told(here: Here, figures: Figures) -> list[dict[str, Any]]:
    """Each figure with its words; those that are not told apart here are left out."""
    shown = _attended(here, figures.attended)
    if figures.hosted is not None:
        shown |= _hosted(here, figures.hosted)
    return [
        {
            "name": here._(word.name),
            "definition": kpi_words.definition(here.language, word),
            "is_hosted": word.is_hosted,
            "figure": shown[word.code][0],
            "more": shown[word.code][1],
        }
        for word in kpi_words.WORDS
        if word.code in shown
    ]


def _attended(here: Here, side: kpi.Attended) -> dict[str, tuple[str, str]]:
    """Figure and the few words that go with it, by the KPI's code."""
    return {
        "schools": (_number(here, side.schools), _share(here, side)),
        "classes": (_number(here, side.classes), ""),
        "pupils_reached": (_number(here, side.pupils_reached), ""),
        "participations": (_number(here, side.participations), ""),
        "student_minutes": (_number(here, side.student_minutes), ""),
        "sessions": (
            _number(here, side.sessions),
            here._(
                "{live} live, {other} on demand",
                live=_number(here, side.sessions_live),
                other=_number(here, side.sessions_on_demand),
            ),
        ),
        "partnerships": (_number(here, side.partnerships), ""),
    }


def _hosted(here: Here, side: kpi.Hosted) -> dict[str, tuple[str, str]]:
    """The same of what was hosted."""
    return {
        "hosted": (
            _number(here, side.sessions),
            here._("{live} of them live", live=_number(here, side.sessions_live)),
        ),
        "companies": (_number(here, side.companies), ""),
        "company_minutes": (
            hours(here, side.company_minutes),
            here._(
                "{stage} on stage, {preparation} of preparation; not told: {untold}",
                stage=hours(here, side.stage_seconds // 60),
                preparation=hours(here, side.preparation_minutes),
                untold=_number(here, side.preparation_untold),
            ),
        ),
    }


def _number(here: Here, value: int) -> str:
    return format_decimal(value, locale=here.language)


def _share(here: Here, side: kpi.Attended) -> str:
    if not side.registry:
        return ""
    share = format_percent(side.schools / side.registry, locale=here.language)
    return here._("{share} of {all} in the registry", share=share, all=_number(here, side.registry))


def hours(here: Here, minutes: int) -> str:
    """`12.5 h`: to the tenth, in the reader's language."""
    told = format_decimal(round(minutes / 60, 1), "#,##0.0", locale=here.language)
    return here._("{hours} h", hours=told)


def _name(here: Here, view: View, key: str) -> str:
    """What a part is called."""
    if not key:
        return here._(kpi_words.NONE.get(view.by, "–"))
    if view.by is By.MONTH:
        return format_date(date.fromisoformat(f"{key}-01"), "MMMM y", locale=here.language)
    if view.by is By.OBJECTIVE:
        return _objective_name(here.language, view.objectives, key)
    if view.by is By.REGION:
        return view.regions.get(key, key)
    words = {
        By.LEVEL: tour_words.LEVELS,
        By.SECTOR: tour_words.SECTORS,
        By.KIND: kpi_words.KINDS,
    }
    return here._(words[view.by].get(key, key))


def _objective_name(language: str, known: list[Objective], key: str) -> str:
    return next((one.name(language) for one in known if str(one.id) == key), key)


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
    return {
        "years": [(str(one.first_day.year), one.name) for one in chosen],
        "quarters": [(f"q{number}", here._("quarter {number}", number=number))
                     for number in (1, 2, 3, 4)],
        "months": months,
        "regions": [(key, name) for key, name in view.regions.items()
                    if scope.sees_all or UUID(key) in scope.region_ids],
        "levels": tour_words.options(here.language, tour_words.LEVELS, list(own.levels)),
        "sectors": tour_words.options(here.language, tour_words.SECTORS),
        "objectives": [(str(one.id), one.name(here.language)) for one in view.objectives],
        "kinds": [(code, here._(words)) for code, words in kpi_words.KINDS.items()],
        "by": [(by.value, here._(words)) for by, words in kpi_words.BY.items()],
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
    async with here.transaction() as conn:
        view = await _view(here, conn, here.request.query_params)
        export_id = await exports.begin(conn, here.scope, "kpis", form, query, here.now)
        await exports.end(conn, export_id, 1 + len(view.report.parts), here.now)
    parts = [(view.by.value, key, _name(here, view, key), one) for key, one in view.report.parts]
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
