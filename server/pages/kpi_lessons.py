"""From a figure to the lessons that it counts: the same part of the programme in the list of
attendance, from where the way goes on to one class and its "why?".

Of lessons that are over the two agree; one that still runs stands in the list, and in no figure.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from rooms.agenda.partnerships import Pair
from rooms.attendance.kpi import Asked, By
from rooms.attendance.report import NONE, Filters
from rooms.scope import Scope
from server.access import LESSONS
from server.auth import Viewer
from server.pages.attendance_filters import address_of

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
# Of what was hosted, where all of the programme is asked for: its organisers have no region then.
HOSTED = ("hosted", "companies")


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


def of_figure(scope: Scope, asked: Asked, code: str) -> str:
    """Where what one figure counts is listed; '' for what no list has: what was hosted in a place
    is told by the organiser's, and lessons by the school's."""
    if code in HOSTED and scope.sees_all and not (asked.region_id or asked.network_id):
        return address(asked, **COUNTED, by="company") + "#groups"
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
