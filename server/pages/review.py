"""Review of attendance: a period with its pictures, down to school, class, session and device."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from starlette.responses import Response

from rooms import planning
from rooms.agenda import objectives
from rooms.attendance import kpi, materials, overview, report, results, review, totals
from rooms.attendance.ranges import Range
from rooms.attendance.report import Filters, Row
from rooms.attendance.results import Result, SeatResult
from rooms.attendance.review import Month, Review
from rooms.errors import NotThere
from server import charts, templates
from server.charts import Chart, Series
from server.context import Here
from server.database import Connection
from server.i18n import N_
from server.pages import attendance_groups, kpi_words
from server.pages.attendance_filters import address_of, in_year, of_none, told
from server.pages.attendance_words import (
    OUTCOMES,
    clock_at,
    clock_picture,
    counted_picture,
    seat_name,
    table_words,
    why,
)
from server.pages.needs import moment_of
from server.pages.parts import part_of
from server.pages.tour_words import LEVELS, SECTORS

POINTS = 30
MINUTE_MS = 60_000
# So many days have no month twice.
A_YEAR = timedelta(days=366)

SITTINGS = {"tour": N_("Tours"), "live": N_("Live and webinars")}
WISHES = {
    "came": N_("Came"),
    "passed": N_("Counts"),
    "declared": N_("Declared"),
    "corrected": N_("Corrected"),
    "no_show": N_("Did not come"),
    "poor": N_("Poor connection"),
}


async def index(here: Here) -> Response:
    """`GET /attendance`: the sentence, the pictures, the groups, the sessions; the address is the
    view."""
    query = here.request.query_params
    async with here.adding_up() as conn:
        programme, _, year = await moment_of(here, conn)
        filters = in_year(query, year)
        by = attendance_groups.by_of(query.get("by", ""), here.scope, filters)
        registry = 0
        if _is_of_all_schools(filters):
            registry = await overview.registry(conn, here.scope, filters.region_id)
        live = await report.live_figures(conn, here.scope, filters)
        await planning.anew(conn)
        found = await review.of_period(conn, here.scope, filters, by, live)
        regions, companies = await review.choices(conn, here.scope, filters)
        part = part_of(query.get("page", ""), found.whole.registered, report.ROWS_PER_PAGE)
        months = [(month.key, month.registered) for month in found.months]
        some, skipped = report.stretch(filters, months, part.first)
        names = await _names(here, conn, filters)
        rows = await report.of_programme(conn, here.scope, some, live, offset=skipped)

    def none(what: str) -> list[tuple[str, str]]:
        words = _none(here, filters)
        return [(report.NONE, words[what])] if what in words else []

    return here.page(
        "attendance/index.html",
        has_pairs_only={grant.role for grant in here.scope.grants} == {"facilitator"},
        rows=rows,
        whole=found.whole,
        **attendance_groups.told(here, filters, by, found),
        months=over_time(here, filters, found),
        wishes=_wishes(here, filters, found),
        part=part,
        registry=registry,
        filters=filters,
        chosen=told(filters),
        trail=_trail(here, filters, names),
        year=year.name,
        choices={
            "regions": [*none("region"), *regions],
            "companies": companies,
            "levels": [
                *none("level"),
                *((level, here._(LEVELS.get(level, level))) for level in programme.levels),
            ],
            "sectors": [
                *none("sector"),
                *((sector, here._(words)) for sector, words in SECTORS.items()),
            ],
            "sittings": [(sitting, here._(words)) for sitting, words in SITTINGS.items()],
            "outcomes": _outcomes(here),
        },
        query=address_of(filters),
        **table_words(here.language),
    )


def _is_of_all_schools(filters: Filters) -> bool:
    """Whether what is shown could be of every school of a region, so that the registry says of how
    many: a level or a network has fewer, and of no-shows none is reached."""
    has_fewer = filters.school_id or filters.class_id or filters.level or filters.network_id
    return not has_fewer and filters.outcome in {"", "came", "passed"}


async def _names(here: Here, conn: Connection, filters: Filters) -> dict[str, str]:
    """What is chosen by id, as it is called now."""
    names = await review.named(conn, here.scope, filters)
    if filters.objective_id:
        known = await objectives.every(conn, here.scope)
        found = (one.name(here.language) for one in known if one.id == filters.objective_id)
        names["objective"] = next(found, "")
    return names


def _outcomes(here: Here) -> list[tuple[str, list[tuple[str, str]]]]:
    """(heading, choices): what takes several outcomes together, and each of them."""
    several = [(wish, here._(WISHES[wish])) for wish in report.WISHES]
    each = [(code, here._(words).capitalize()) for code, words in OUTCOMES.items()]
    return [(here._("Several outcomes together"), several), (here._("One outcome"), each)]


def _none(here: Here, filters: Filters) -> dict[str, str]:
    """The words of what is wished for as belonging to none, by what it is."""
    return {what: here._(kpi_words.NONE[kpi.By(what)]) for what in of_none(filters)}


def _trail(here: Here, filters: Filters, names: dict[str, str]) -> list[tuple[str, str, str]]:
    """(what, its name, the address without it) of everything that was chosen, as paper needs it."""
    words = {
        "region": here._("Region"),
        "network": here._("Network"),
        "school": here._("School"),
        "class": here._("Class"),
        "company": here._("Company"),
        "tour": here._("Tour"),
        "level": here._("Level"),
        "sector": here._("Sector"),
        "objective": here._("Objective"),
        "sitting": here._("Tours or live"),
        "outcome": here._("Outcome"),
    }
    said = {
        **names,
        "level": here._(LEVELS.get(filters.level, filters.level)),
        "sector": here._(SECTORS.get(filters.sector, filters.sector)),
        "sitting": here._(SITTINGS.get(filters.sitting, filters.sitting)),
        "outcome": here._({**OUTCOMES, **WISHES}.get(filters.outcome, filters.outcome)),
    }
    said |= _none(here, filters)
    return [
        (words[what], name, f"/attendance?{address_of(filters, **{what: ''})}")
        for what, name in said.items()
        if name
    ]


def _wishes(here: Here, filters: Filters, found: Review) -> list[tuple[str, str, str, bool]]:
    """(words, how many, address, is it shown now): of what is shown alone no other is counted."""
    whole = found.whole
    counts = {
        "came": whole.came,
        "passed": whole.passed,
        "declared": whole.declared,
        "corrected": whole.corrected,
        "no_show": whole.registered - whole.came,
        "poor": whole.poor,
    }
    everything = (here._("Registered"), "" if filters.outcome else _number(here, whole.registered))
    return [
        (*everything, f"/attendance?{address_of(filters, outcome='')}", not filters.outcome),
        *(
            (
                here._(words),
                "" if filters.outcome not in {"", wish} else _number(here, counts[wish]),
                f"/attendance?{address_of(filters, outcome=wish)}",
                filters.outcome == wish,
            )
            for wish, words in WISHES.items()
        ),
    ]


def _number(here: Here, value: float) -> str:
    return templates.number(here.language, value)


# --- pictures ------------------------------------------------------------------------------------


def over_time(here: Here, filters: Filters, found: Review) -> Chart | None:
    """Classes in sessions by month: what counts, and on it what does not; None without any. A month
    says its year, but for those of one year that stands above them."""
    dated = every_month([month for month in found.months if month.key])
    if not dated:
        return None
    since, until = filters.since, filters.until
    is_of_one_year = since is not None and until is not None and until - since < A_YEAR
    counted = tuple(float(month.passed) for month in dated)
    others = tuple(float(month.registered - month.passed) for month in dated)
    best = max(dated, key=lambda month: month.registered)
    return charts.columns(
        here._("Classes in lessons, month by month"),
        here._(
            "{counted} of {all} classes in lessons count; the most were in {month}.",
            counted=_number(here, sum(counted)),
            all=_number(here, sum(counted) + sum(others)),
            month=_month(here, best.key, "LLLL y"),
        ),
        [_month(here, month.key, "LLL" if is_of_one_year else "LLL yy") for month in dated],
        [Series(here._("Counts"), counted), Series(here._("Does not count"), others)],
        here._("Month"),
        lambda value: _number(here, value),
    )


def every_month(months: Sequence[Month]) -> list[Month]:
    """From the first to the last, those between them without a lesson too: else a picture of time
    would leave out the summer."""
    known = {month.key: month for month in months}
    found: list[Month] = []
    for number in range(_number_of(min(known)), _number_of(max(known)) + 1) if known else ():
        key = f"{number // 12:04d}-{number % 12 + 1:02d}"
        found.append(known.get(key, Month(key, 0, 0)))
    return found


def _number_of(key: str) -> int:
    """A month, 'YYYY-MM', as one of all months that ever were."""
    year, month = key.split("-")
    return int(year) * 12 + int(month) - 1


def _month(here: Here, key: str, how: str) -> str:
    return _month_words(here.language, key, how)


@lru_cache(maxsize=1024)
def _month_words(language: str, key: str, how: str) -> str:
    return str(format_date(date.fromisoformat(f"{key}-01"), how, locale=language))


# --- one session ---------------------------------------------------------------------------------


async def session(here: Here) -> Response:
    """`GET /attendance/sessions/{session}`: its classes that are the viewer's to see, how many
    devices were there, and when they went."""
    async with here.transaction() as conn:
        rows = await review.of_session(conn, here.scope, here.id("session"))
        stays = await review.stays(conn, rows)
    span, there = review.there_at(stays, POINTS)
    return here.page(
        "attendance/session.html",
        row=rows[0],
        rows=rows,
        totals=totals.of(rows),
        there=_there(here, rows[0], span, there),
        staying=_staying(here, rows[0], span, review.staying(stays, span, POINTS)),
        devices=len(stays),
        **table_words(here.language),
    )


def _places(row: Row, span: Range) -> list[str]:
    """When each point is; to the second where two would have the same minute."""
    first, last = span
    middles = [first + (last - first) * (2 * n + 1) // (2 * POINTS) for n in range(POINTS)]
    is_short = last - first < POINTS * MINUTE_MS
    return [clock_at(at, row.zone, to_second=is_short) for at in middles]


def _there(here: Here, row: Row, span: Range, there: list[int]) -> Chart | None:
    if not there:
        return None
    places, most = _places(row, span), max(there)
    return charts.line(
        here._("Devices at the same time"),
        here._(
            "At most {most} devices were there at the same time, first at {time}.",
            most=most,
            time=places[there.index(most)],
        ),
        places,
        Series(here._("Devices"), tuple(float(count) for count in there)),
        here._("Time"),
        lambda value: _number(here, value),
        steps=True,
    )


def _staying(here: Here, row: Row, span: Range, shares: list[float]) -> Chart | None:
    if not shares:
        return None
    return charts.line(
        here._("Who stays until when"),
        here._(
            "Half-way {half}% of the devices had not left for good; at the end {end}%.",
            half=round(shares[len(shares) // 2] * 100),
            end=round(shares[-1] * 100),
        ),
        _places(row, span),
        Series(here._("Not left yet"), tuple(share * 100 for share in shares)),
        here._("Time"),
        lambda value: f"{round(value)}%",
        top=100,
    )


# --- one device ----------------------------------------------------------------------------------


async def seat(here: Here) -> Response:
    """`GET /attendance/{session_class}/seats/{number}`: why one device counts, or does not."""
    typed = str(here.request.path_params["number"])
    async with here.transaction() as conn:
        row = await report.one(conn, here.scope, here.id("session_class"))
        frozen = await results.frozen(conn, row.session_class_id)
        found = None if frozen else await materials.one(conn, row.session_class_id)
    result = results.judge(found) if found else None
    device = _device(result, typed)
    if result is None or device is None:
        raise NotThere("seat")
    alone, device_name = of_device(result, device), seat_name(here.language, device)
    counted = counted_picture(here.language, alone, row.zone)
    for drawn in counted["rows"] if counted else ():
        drawn["label"] = device_name
    return here.page(
        "attendance/seat.html",
        row=row,
        device=device,
        device_name=device_name,
        result=alone,
        why=why(here.language, alone),
        counted=counted,
        clock=clock_picture(here.language, alone, row.zone),
        **table_words(here.language),
    )


def _device(result: Result | None, typed: str) -> SeatResult | None:
    devices: tuple[Any, ...] = result.seat_results if result else ()
    return next((one for one in devices if str(one.number) == typed), None)


def of_device(result: Result, device: SeatResult) -> Result:
    """A class's result as if this device were all of it."""
    return replace(
        result,
        outcome=device.outcome or result.outcome,
        reason_code=device.reason_code,
        present_ms=device.present_ms,
        intervals=device.intervals,
        has_beamer=device.kind == "beamer",
        seat_results=(device,),
    )
