"""From a figure to the lessons that it counts: the same part of the programme in the list of
attendance, from where the way goes on to one class and its "why?".

Of lessons that are over the two agree; one that still runs stands in the list, and in no figure.
What was hosted counts by its organiser and not by the school, and has a list of its own.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from rooms.agenda.partnerships import Pair
from rooms.attendance.hosted import Of, Wanted
from rooms.attendance.kpi import Asked, By
from rooms.attendance.report import NONE, NOWHERE, Filters
from server.access import LESSONS
from server.auth import Viewer
from server.pages.attendance_filters import address_of, told_id

# Parts that are known by an id.
IDS = (By.REGION, By.NETWORK, By.OBJECTIVE)
SITTINGS = {"live": "live", "on_demand": "tour"}
# Of each figure: which lessons it counts, and where on the page it is told again. Student-minutes
# are also those of classes that watched too little to count.
COUNTED = {"outcome": "passed"}
FIGURES: dict[str, tuple[dict[str, str], str]] = {
    "schools": ({**COUNTED, "by": "school"}, "#groups"),
    "classes": ({**COUNTED, "by": "class"}, "#groups"),
    "pupils_reached": ({**COUNTED, "by": "class"}, "#groups"),
    "participations": (COUNTED, "#sessions"),
    "student_minutes": ({}, "#sessions"),
    "sessions": (COUNTED, "#sessions"),
}
# Of what was hosted: which list has it.
HOSTED = {"hosted": Of.SESSIONS, "companies": Of.COMPANIES, "company_minutes": Of.HOURS}


def are_hers(person: Viewer) -> bool:
    """Whether she reads lessons: a company sees sums, and is led to no list of them."""
    return person.may(*LESSONS.roles)


def address(asked: Asked, **changes: str) -> str:
    """Where the lessons of these figures are listed."""
    filters = Filters(
        since=asked.period.since,
        until=asked.period.until,
        region_id=asked.region_id,
        level=asked.level,
        sector=asked.sector,
        sitting=SITTINGS.get(asked.kind, ""),
        network_id=asked.network_id,
        objective_id=asked.objective_id,
    )
    return f"/attendance?{address_of(filters, **changes)}"


def of_hosted(wanted: Wanted, **changes: str) -> str:
    """Where what was hosted is listed, with some of what is wanted changed; '' takes one away."""
    asked = wanted.asked
    said = {
        "since": str(asked.period.since),
        "until": str(asked.period.until),
        "region": told_id(asked.region_id),
        "network": told_id(asked.network_id),
        "sector": asked.sector,
        "objective": told_id(asked.objective_id),
        "kind": asked.kind,
        "company": told_id(wanted.company_id),
        "of": wanted.of.value,
        **changes,
    }
    return f"/kpis/hosted?{urlencode({name: value for name, value in said.items() if value})}"


def of_figures(asked: Asked) -> str:
    """The figures themselves; of what belongs to none those of all."""
    ids = {"region": asked.region_id, "network": asked.network_id, "objective": asked.objective_id}
    said = {
        "since": str(asked.period.since),
        "until": str(asked.period.until),
        **{name: str(key) for name, key in ids.items() if key and key != NOWHERE},
        "sector": "" if asked.sector == NONE else asked.sector,
        "kind": asked.kind,
    }
    return f"/kpis?{urlencode({name: value for name, value in said.items() if value})}"


def of_figure(asked: Asked, code: str, *, leads: bool) -> str:
    """Where what one figure counts is listed; '' for what no list has. `leads`: she reads
    lessons."""
    if code in HOSTED:
        return of_hosted(Wanted(asked, HOSTED[code]))
    if not leads:
        return ""
    if code == "partnerships":
        return "#partnerships"
    if code not in FIGURES:
        return ""
    changes, place = FIGURES[code]
    return address(asked, **changes) + place


def of_pair(asked: Asked, pair: Pair) -> str:
    """Where the lessons of a school with a company are listed; '' as long as one is only agreed."""
    if not pair.lessons:
        return ""
    return address(asked, school=str(pair.school_id), company=str(pair.company_id))


def ways(asked: Asked, by: By, keys: Iterable[str]) -> dict[str, str]:
    """Where the lessons of each part are listed, by its key; '' is what belongs to none."""
    parts = {key: narrowed(asked, by, key) for key in keys}
    return {
        key: address(part) if part else address(asked, **{by.value: NONE})
        for key, part in parts.items()
    }


def of_part(asked: Asked, by: By, key: str, code: str) -> str:
    """Where what was hosted of one part is listed."""
    part = narrowed(asked, by, key)
    if part is None:
        return of_hosted(Wanted(asked, HOSTED[code]), **{by.value: NONE})
    return of_hosted(Wanted(part, HOSTED[code]))


def narrowed(asked: Asked, by: By, key: str) -> Asked | None:
    """The same figures of one part alone; None for what belongs to none."""
    if not key:
        return None
    if by is By.MONTH:
        return replace(asked, period=asked.period.in_month(key))
    own: dict[str, Any] = {by.value: key}
    if by in IDS:
        own = {f"{by.value}_id": UUID(key)}
    return replace(asked, **own)
