"""The filters of an attendance report as an address has them: the address is the saved view."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from rooms.attendance.report import NONE, NOWHERE, Filters
from rooms.people.codes import SchoolYear

# Of these there is what belongs to none.
NAMELESS = ("region", "network", "level", "sector", "objective")


def filters_of(query: Mapping[str, str]) -> Filters:
    """The filters in an address; what cannot be read filters nothing."""
    return Filters(
        since=_day(query.get("since", "")),
        until=_day(query.get("until", "")),
        school_id=_uuid(query.get("school", "")),
        level=query.get("level", ""),
        tour_id=_uuid(query.get("tour", "")),
        outcome=query.get("outcome", ""),
        region_id=uuid_or_none(query.get("region", "")),
        class_id=_uuid(query.get("class", "")),
        company_id=_uuid(query.get("company", "")),
        sector=query.get("sector", ""),
        sitting=query.get("sitting", ""),
        network_id=uuid_or_none(query.get("network", "")),
        objective_id=uuid_or_none(query.get("objective", "")),
    )


def in_year(query: Mapping[str, str], year: SchoolYear) -> Filters:
    """The same on a page: an address that says nothing of days means this school year; one with
    empty days means all of them."""
    found = filters_of(query)
    if "since" in query or "until" in query:
        return found
    return replace(found, since=year.first_day, until=year.last_day)


def told(filters: Filters) -> dict[str, str]:
    """The filters as an address says them; '' for what filters nothing."""
    return {
        "since": str(filters.since or ""),
        "until": str(filters.until or ""),
        "region": told_id(filters.region_id),
        "network": told_id(filters.network_id),
        "school": str(filters.school_id or ""),
        "class": str(filters.class_id or ""),
        "company": str(filters.company_id or ""),
        "level": filters.level,
        "sector": filters.sector,
        "objective": told_id(filters.objective_id),
        "tour": str(filters.tour_id or ""),
        "sitting": filters.sitting,
        "outcome": filters.outcome,
    }


def address_of(filters: Filters, **changes: str) -> str:
    """The part of an address behind the `?` that gives these filters, with some changed; ''
    takes one away, but for the days, of which nothing said is something else."""
    said = told(filters) | changes
    return urlencode(
        {name: value for name, value in said.items() if value or name in {"since", "until"}}
    )


def of_none(filters: Filters) -> list[str]:
    """What is wished for as belonging to none, as an address calls it."""
    said = told(filters)
    return [name for name in NAMELESS if said[name] == NONE]


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def uuid_or_none(typed: str) -> UUID | None:
    """An id in an address: `NOWHERE` for what belongs to none, None for what cannot be read."""
    return NOWHERE if typed == NONE else _uuid(typed)


def told_id(key: UUID | None) -> str:
    """An id as an address has it; '' for all, `NONE` for what belongs to none."""
    return NONE if key == NOWHERE else str(key or "")


def _uuid(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None
