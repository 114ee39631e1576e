"""The office's list of schools, with what waits and what the operator's place came to."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.responses import Response

from rooms.people import (
    programmes,
    regions,
    registry,
    registry_lists,
    registry_looks,
    school_index,
)
from rooms.people.codes import school_year_on
from rooms.people.programmes import Programme
from rooms.people.registry_looks import Look
from rooms.people.school_index import ELSEWHERE, OURS, TYPED, Filters
from server import errors
from server.context import Here
from server.i18n import N_
from server.pages.school_lists import IN_A_LINE
from server.pages.tour_words import LEVELS

KINDS: dict[str, str] = {
    OURS: N_("In our regions"),
    TYPED: N_("Typed in by a teacher"),
    ELSEWHERE: N_("In the registry, in no region of ours"),
}
STATES: dict[str, str] = {"open": N_("Open"), "closed": N_("Closed")}
REACHED: dict[str, str] = {"yes": N_("Reached this school year"), "no": N_("Not reached yet")}
LOOKS: dict[str, str] = {
    "asked": N_("somebody asked for a look; it comes within a minute or two"),
    "unchanged": N_("nothing new"),
    "applied": N_("taken in"),
    "waits": N_("schools close with it: it waits for a yes"),
    "place_away": N_("the place could not be reached"),
    "place_empty": N_("there is no list in the folder"),
}


async def show(here: Here) -> Response:
    """`GET /programme/schools`."""
    asked = here.request.query_params
    async with here.transaction() as conn:
        programme = await programmes.by_id(conn, here.scope.programme_id)
        filters = _filters(asked, programme, _today(here, programme))
        part = await school_index.part(conn, here.scope, filters, _page_number(asked))
        waiting = await registry_lists.waiting(conn, here.scope)
        every = await regions.every(conn, here.scope)
        version = await registry.latest(conn)
        looks = await registry_looks.latest(conn) if here.settings.registry else []
    return here.page(
        "programme/schools.html",
        part=part,
        filters=filters,
        query=_query(filters),
        waiting=waiting,
        version=version,
        zone=programme.zone,
        looks_somewhere=bool(here.settings.registry),
        looks=[(look, _looked(here, look)) for look in looks],
        choices={
            "kinds": _words(here, KINDS),
            "states": _words(here, STATES),
            "reached": _words(here, REACHED),
            "regions": [(str(region.id), region.name) for region in every],
            "levels": [(level, here._(LEVELS.get(level, level))) for level in programme.levels],
        },
    )


def _today(here: Here, programme: Programme) -> date:
    return here.now.astimezone(ZoneInfo(programme.zone)).date()


def _filters(asked: Mapping[str, str], programme: Programme, today: date) -> Filters:
    """What the address asks for; what makes no sense is as if it were not there."""
    year = school_year_on(today, programme.zone, programme.school_year_starts)
    return Filters(
        words=asked.get("q", "").replace("\0", "")[:100].strip(),
        kind=_one_of(asked.get("kind", ""), KINDS) or OURS,
        region_id=_uuid(asked.get("region", "")),
        level=_one_of(asked.get("level", ""), LEVELS),
        state=_one_of(asked.get("state", ""), STATES),
        reached=_one_of(asked.get("reached", ""), REACHED),
        since=year.first_day,
        until=today,
    )


def _one_of(text: str, known: Mapping[str, str]) -> str:
    return text if text in known else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _page_number(asked: Mapping[str, str]) -> int:
    text = asked.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 6 else 1


def _query(filters: Filters) -> str:
    """The address of this view, without its page."""
    told: dict[str, Any] = {
        "q": filters.words,
        "kind": "" if filters.kind == OURS else filters.kind,
        "region": filters.region_id or "",
        "level": filters.level,
        "state": filters.state,
        "reached": filters.reached,
    }
    return urlencode({name: value for name, value in told.items() if value})


def _words(here: Here, known: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(key, here._(words)) for key, words in known.items()]


def _looked(here: Here, look: Look) -> str:
    """What a look came to: a sentence."""
    if look.outcome != "failed" or look.code in LOOKS:
        return here._(LOOKS[look.code or look.outcome])
    if look.code in IN_A_LINE:
        told = {key: str(look.params.get(key, "")) for key in ("line", "column", "value")}
        words = here._(IN_A_LINE[look.code])
        line = here._(N_("line {line}"), line=told["line"])
        return " · ".join(part for part in (line, told["column"], words, told["value"]) if part)
    code = "list_not_text" if look.code == "not_text" else look.code
    return errors.sentence(here.language, code, look.params)


async def look(here: Here) -> Response:
    """`POST /programme/schools/look`: a worker looks at the operator's place now."""
    if here.settings.registry:
        async with here.transaction() as conn:
            await registry_looks.ask(conn, here.now)
    return here.go("/programme/schools", "registry_asked")
