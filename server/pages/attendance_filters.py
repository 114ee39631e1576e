"""The filters of an attendance report as an address has them: the address is the saved view."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from rooms.attendance.report import Filters
from rooms.people.codes import SchoolYear


def filters_of(query: Mapping[str, str]) -> Filters:
    """The filters in an address; what cannot be read filters nothing."""
    return Filters(
        since=_day(query.get("since", "")),
        until=_day(query.get("until", "")),
        school_id=_uuid(query.get("school", "")),
        level=query.get("level", ""),
        tour_id=_uuid(query.get("tour", "")),
        outcome=query.get("outcome", ""),
        region_id=_uuid(query.get("region", "")),
        class_id=_uuid(query.get("class", "")),
        company_id=_uuid(query.get("company", "")),
        sector=query.get("sector", ""),
        sitting=query.get("sitting", ""),
        network_id=_uuid(query.get("network", "")),
        objective_id=_uuid(query.get("objective", "")),
    )


def in_year(query: Mapping[str, str], year: SchoolYear) -> Filters:
    """The same on a page: an address that says nothing of days means this school year; one with
    empty days means all of them."""
    found = filters_of(query)
    if "since" in query or "until" in query:
        return found
    return replace(found, since=year.first_day, until=year.last_day)


def address_of(filters: Filters, **changes: str) -> str:
    """The part of an address behind the `?` that gives these filters, with some changed; ''
    takes one away, but for the days, of which nothing said is something else."""
    told = {
        "since": str(filters.since or ""),
        "until": str(filters.until or ""),
        "region": str(filters.region_id or ""),
        "network": str(filters.network_id or ""),
        "school": str(filters.school_id or ""),
        "class": str(filters.class_id or ""),
        "company": str(filters.company_id or ""),
        "level": filters.level,
        "sector": filters.sector,
        "objective": str(filters.objective_id or ""),
        "tour": str(filters.tour_id or ""),
        "sitting": filters.sitting,
        "outcome": filters.outcome,
        **changes,
    }
    return urlencode(
        {name: value for name, value in told.items() if value or name in {"since", "until"}}
    )


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
