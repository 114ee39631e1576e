"""Lists for the school registry: read, looked at, then taken in by one press, or not at all."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from starlette.responses import Response

from rooms.agenda import session_classes
from rooms.attendance import kpi_rows
from rooms.errors import Refused, RoomError
from rooms.people import (
    programmes,
    regions,
    registry,
    registry_files,
    registry_lists,
    registry_mapping,
)
from rooms.people.registry_changes import Origin
from rooms.people.registry_files import SchoolList
from rooms.people.registry_plan import Terms
from server import errors, forms
from server.context import Here
from server.i18n import N_

# A list that was pasted comes percent-encoded, which makes much of it three times as long.
LIST_FORM_BYTES = 16 * 1024 * 1024
BY_COLUMN = "column"

# (line, column, what is wrong in words, what it says).
LineError = tuple[int, str, str, str]

# What is wrong in a line of a list, as `registry_files` and `registry_plan` name it.
IN_A_LINE: dict[str, str] = {
    "column_missing": N_("this column is missing"),
    "no_rows": N_("there is no school in this list"),
    "cell_empty": N_("this is empty"),
    "cell_too_long": N_("this is too long"),
    "cell_html": N_("there is HTML in this line, which no list of schools has"),
    "too_many_cells": N_("this line has more cells than the first line"),
    "too_few_cells": N_("this line ends too early: it is torn"),
    "before_form": N_("this is not a BRIN code of four characters"),
    "site_of_another": N_("this site belongs to another BRIN code"),
    "country_form": N_("this is not a country code of two letters"),
    "scheme_form": N_("this is not the name of a code list"),
    "code_form": N_("this is not a school code"),
    "status_unknown": N_("this word does not say whether the school is open"),
    "day_form": N_("this is not a date"),
    "successor_unknown": N_("no school has this code, so none can be taken over by it"),
    "successor_circle": N_("these schools take each other over in a circle"),
    "school_twice": N_("this school stands in the list twice"),
    "too_many_rows": N_("the list is too long from here on"),
    "quotes_not_closed": N_("a quotation mark is opened here and not closed"),
    "nul_byte": N_("the file is damaged here: it holds a byte of nothing"),
    "list_is_html": N_("this is a web page, not a list"),
    "list_encoding": N_("the file is in none of the encodings that its mapping allows"),
}
# What a list does, one heading each: first what cannot be put right by another list.
KIND_WORDS: dict[str, str] = {
    "closed": N_("Schools that close"),
    "merged": N_("Schools that are taken over"),
    "reopened": N_("Schools that are open again"),
    "renamed": N_("Schools with another name"),
    "changed": N_("Schools with another place or levels"),
    "moved": N_("Schools that come into another region"),
    "new": N_("New schools"),
}


@dataclass(frozen=True)
class _Told:
    """The form as it was sent. `region`: an id, `column` or nothing."""

    region: str
    holds_from: str
    is_complete: bool
    text: str = ""


async def form(here: Here) -> Response:
    """`GET /programme/schools/list`."""
    return await _page(here, _Told("", (await _today(here)).isoformat(), is_complete=False))


async def _today(here: Here) -> date:
    async with here.transaction() as conn:
        programme = await programmes.by_id(conn, here.scope.programme_id)
    return here.now.astimezone(ZoneInfo(programme.zone)).date()


async def _page(
    here: Here, told: _Told, error: str = "", line_errors: Sequence[LineError] = ()
) -> Response:
    async with here.transaction() as conn:
        every = await regions.every(conn, here.scope)
    return here.page(
        "programme/school_list.html",
        422 if error or line_errors else 200,
        error=error,
        line_errors=line_errors,
        told=told,
        regions=[
            (BY_COLUMN, here._("As the list says, by the name of the region")),
            *((str(region.id), region.name) for region in every),
        ],
    )


async def look(here: Here) -> Response:
    """`POST /programme/schools/list`: reads a list and lays it beside the registry; changes
    nothing yet."""
    given = await here.form(LIST_FORM_BYTES)
    told = _Told(
        forms.line(given, "region"),
        forms.line(given, "holds_from"),
        bool(given.get("is_complete")),
        str(given.get("text", "")),
    )
    try:
        source, data = await _source(here, given)
        mapping = await _mapping(given)
        found = await asyncio.to_thread(registry_files.parse_schools, data, mapping)
    except Refused as error:
        return await _page(here, told, _said(here, error))
    if found.errors:
        return await _page(here, told, line_errors=_line_errors(here, found))
    return await _offer(here, told, source, data, found)


async def _source(here: Here, given: FormData) -> tuple[str, bytes | str]:
    """(what to call it, the chosen file or else what was pasted)."""
    name, data = await forms.upload(given, "file", limit_bytes=registry_files.MAX_BYTES)
    if data:
        return name[:120], data
    return here._("pasted list"), str(given.get("text", ""))


async def _mapping(given: FormData) -> registry_mapping.ListMapping | None:
    name, data = await forms.upload(given, "mapping", limit_bytes=registry_mapping.MAX_BYTES)
    return registry_mapping.read(data) if name else None


def _said(here: Here, error: RoomError) -> str:
    plain = Refused("list_not_text") if error.code == "not_text" else error
    return errors.sentence(here.language, plain.code, plain.params)


def _line_errors(here: Here, found: SchoolList) -> list[LineError]:
    return [
        (error.line, error.column, here._(IN_A_LINE.get(error.code, error.code)), error.value)
        for error in found.errors
    ]


async def _offer(
    here: Here, told: _Told, source: str, data: bytes | str, found: SchoolList
) -> Response:
    raw = data if isinstance(data, bytes) else data.encode(errors="replace")
    origin = Origin(source, here.now, hashlib.sha256(raw).hexdigest(), here.scope.person_id)
    try:
        terms = await _terms(here, told)
    except Refused as error:
        return await _page(here, told, _said(here, error))
    async with here.transaction() as conn:
        list_id, plan = await registry_lists.offer(conn, here.scope, found.rows, terms, origin)
    if list_id is None:
        lines = [
            (line, "", here._(IN_A_LINE[code]), value) for line, code, value in plan.line_errors
        ]
        return await _page(here, told, line_errors=lines)
    return here.go(f"/programme/schools/lists/{list_id}")


async def _terms(here: Here, told: _Told) -> Terms:
    """Raises `Refused` `holds_from_missing`, `day_to_come`, `region_missing`."""
    try:
        holds_from = date.fromisoformat(told.holds_from)
    except ValueError:
        raise Refused("holds_from_missing") from None
    if holds_from > await _today(here):
        raise Refused("day_to_come")
    if told.region == BY_COLUMN:
        async with here.transaction() as conn:
            by_name = await registry_lists.region_names(conn, here.scope)
        return Terms(holds_from, regions=by_name, is_complete=told.is_complete)
    region_id = await _region_id(here, told.region)
    return Terms(holds_from, region_id, is_complete=told.is_complete)


async def _region_id(here: Here, text: str) -> UUID | None:
    if not text:
        return None
    async with here.transaction() as conn:
        known = {str(one.id): one.id for one in await regions.every(conn, here.scope)}
    if text not in known:
        raise Refused("region_missing")
    return known[text]


async def show(here: Here) -> Response:
    """`GET /programme/schools/lists/{id}`: what the list would change."""
    async with here.transaction() as conn:
        waiting = await registry_lists.by_id(conn, here.scope, here.id())
        programme = await programmes.by_id(conn, here.scope.programme_id)
        version = await registry.latest(conn)
    counts: dict[str, Any] = waiting.found["counts"]
    return here.page(
        "programme/school_preview.html",
        waiting=waiting,
        is_overtaken=waiting.state == "waiting" and waiting.against != version.number,
        zone=programme.zone,
        counts=counts,
        kinds=[
            (kind, words, counts[kind], _rows(waiting.found["firsts"][kind]))
            for kind, words in KIND_WORDS.items()
            if counts[kind]
        ],
        changes=sum(counts[kind] for kind in KIND_WORDS),
    )


def _rows(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "on": date.fromisoformat(one["on"])} for one in told]


async def apply(here: Here) -> Response:
    """`POST /programme/schools/lists/{id}/apply`: all of the list, or nothing of it."""
    async with here.transaction() as conn:
        told = await registry_lists.by_id(conn, here.scope, here.id())
        await registry_lists.apply(conn, here.scope, here.id(), here.now)
        await session_classes.give_regions(conn, here.scope)
        moved = await session_classes.regions_since(conn, here.scope, told.holds_from)
        await kpi_rows.keep(conn, moved, here.now)
    return here.go("/programme/schools", "schools_kept")


async def drop(here: Here) -> Response:
    """`POST /programme/schools/lists/{id}/drop`."""
    async with here.transaction() as conn:
        await registry_lists.drop(conn, here.scope, here.id(), here.now)
    return here.go("/programme/schools", "list_dropped")
