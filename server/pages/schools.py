"""The office's school registry: one school by form, many by a pasted or chosen list."""

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from rooms.agenda import session_classes
from rooms.decoding import decoded
from rooms.errors import Refused, RoomError
from rooms.people import programmes, regions, school_checks, schools, schools_csv
from rooms.people.programmes import Programme
from rooms.people.schools_csv import SchoolList
from server import errors, forms
from server.context import Here
from server.database import Connection
from server.i18n import N_
from server.pages.tour_words import LEVELS

SHOWN = 15
# A list that was pasted comes percent-encoded, which makes much of it three times as long.
LIST_FORM_BYTES = 3 * schools_csv.MAX_BYTES
LENGTHS = {"code": 40, "name": 200, "place": 80, "mail_domains": 400}

# What is wrong in a line of a list, as `schools_csv` names it.
IN_A_LINE: dict[str, str] = {
    "column_missing": N_("this column is missing"),
    "no_rows": N_("there is no school in this list"),
    "cell_empty": N_("this is empty"),
    "cell_too_long": N_("this is too long"),
    "too_many_cells": N_("this line has more cells than the first line"),
    "brin_form": N_("this is not a BRIN code of four characters"),
    "site_form": N_("this is not a site number of two digits"),
    "site_of_another": N_("this site belongs to another BRIN code"),
    "country_form": N_("this is not a country code of two letters"),
    "scheme_form": N_("this is not the name of a code list"),
    "code_form": N_("this is not a school code"),
    "school_twice": N_("this school stands in the list twice"),
    "too_many_rows": N_("the list is too long from here on"),
    "quotes_not_closed": N_("a quotation mark is opened here and not closed"),
}


async def index(here: Here) -> Response:
    """`GET /programme/schools`."""
    async with here.transaction() as conn:
        every = await schools.every(conn, here.scope)
        count = await schools.count(conn, here.scope)
    return here.page("programme/schools.html", schools=every, count=count)


async def new(here: Here) -> Response:
    """`GET /programme/schools/new`."""
    return await _form(here, {})


async def edit(here: Here) -> Response:
    """`GET /programme/schools/{id}`."""
    async with here.transaction() as conn:
        school = await schools.by_id(conn, here.scope, here.id())
    told = {
        "code": school.code,
        "name": school.name,
        "place": school.place,
        "levels": school.levels,
        "mail_domains": ", ".join(school.mail_domains),
        "region": str(school.region_id),
    }
    return await _form(here, told, school_id=school.id)


async def _form(
    here: Here,
    told: dict[str, Any],
    problems: dict[str, RoomError] | None = None,
    school_id: UUID | None = None,
) -> Response:
    async with here.transaction() as conn:
        programme = await programmes.by_id(conn, here.scope.programme_id)
        every = await regions.every(conn, here.scope)
        network = await school_checks.latest(conn, here.scope, school_id) if school_id else None
    words = {name: _said(here, error) for name, error in (problems or {}).items()}
    return here.page(
        "programme/school.html",
        422 if words else 200,
        told={"levels": (), "region": "", **dict.fromkeys(LENGTHS, ""), **told},
        problems=words,
        school_id=school_id,
        school=told.get("name", ""),
        network=network,
        programme=programme,
        regions=[(str(region.id), region.name) for region in every],
        level_words=LEVELS,
    )


def _said(here: Here, error: RoomError) -> str:
    return errors.sentence(here.language, error.code, error.params)


async def save(here: Here) -> Response:
    """`POST /programme/schools/new` and `POST /programme/schools/{id}`."""
    form = await here.form()
    school_id = here.id() if "id" in here.request.path_params else None
    told, problems = _told(form, school_id)
    if problems:
        return await _form(here, told, problems, school_id)
    region_id = forms.uuid(form, "region")
    assert region_id is not None
    async with here.transaction() as conn:
        await _store(here, conn, told, school_id, region_id)
    return here.go("/programme/schools", "school_kept")


def _told(form: FormData, school_id: UUID | None) -> tuple[dict[str, Any], dict[str, RoomError]]:
    told: dict[str, Any] = {name: forms.line(form, name)[:most] for name, most in LENGTHS.items()}
    told["levels"] = [level for level in forms.many(form, "levels") if level in LEVELS]
    told["region"] = forms.line(form, "region")
    problems: dict[str, RoomError] = {}
    if school_id is None and not told["code"]:
        problems["code"] = Refused("code_missing")
    if not told["name"]:
        problems["name"] = Refused("name_missing")
    if forms.uuid(form, "region") is None:
        problems["region"] = Refused("region_missing")
    try:
        schools.checked_domains(_domains(told))
    except Refused as error:
        problems["mail_domains"] = error
    return told, problems


def _domains(told: dict[str, Any]) -> list[str]:
    return str(told["mail_domains"]).replace(";", ",").split(",")


async def _store(
    here: Here, conn: Connection, told: dict[str, Any], school_id: UUID | None, region_id: UUID
) -> None:
    programme = await programmes.by_id(conn, here.scope.programme_id)
    words = {"name": told["name"], "place": told["place"], "levels": told["levels"]}
    if school_id is None:
        school_id = await schools.put(
            conn,
            country=programme.country,
            scheme="brin" if programme.country == "NL" else "own",
            code=told["code"].upper().replace(" ", ""),
            mail_domains=_domains(told),
            **words,
        )
    else:
        domains = schools.checked_domains(_domains(told))
        await schools.change(conn, here.scope, school_id, mail_domains=domains, **words)
    await schools.place(conn, here.scope, school_id, region_id, _today(here, programme))
    await session_classes.give_regions(conn, here.scope)


def _today(here: Here, programme: Programme) -> date:
    return here.now.astimezone(ZoneInfo(programme.zone)).date()


async def list_form(here: Here) -> Response:
    """`GET /programme/schools/list`."""
    return await _list_page(here)


async def _list_page(here: Here, error: str = "", **values: Any) -> Response:
    async with here.transaction() as conn:
        every = await regions.every(conn, here.scope)
    shown = {"text": "", "region": "", "found": None, "line_errors": [], "known": 0, **values}
    return here.page(
        "programme/school_list.html",
        422 if error or shown["line_errors"] else 200,
        error=error,
        regions=[(str(region.id), region.name) for region in every],
        shown=SHOWN,
        **shown,
    )


async def preview(here: Here) -> Response:
    """`POST /programme/schools/list`: reads the list and says what would happen; keeps nothing."""
    form = await here.form(LIST_FORM_BYTES)
    region = forms.line(form, "region")
    try:
        text = await _text(form)
        found = schools_csv.parse_schools(text)
    except Refused as error:
        plain = Refused("list_not_text") if error.code == "not_text" else error
        return await _list_page(here, _said(here, plain), region=region)
    if found.errors:
        lines = _line_errors(here, found)
        return await _list_page(here, text=text, region=region, line_errors=lines)
    if forms.uuid(form, "region") is None:
        problem = _said(here, Refused("region_missing"))
        return await _list_page(here, problem, text=text, region=region)
    identities = [(row.country, row.scheme, row.code) for row in found.rows]
    async with here.transaction() as conn:
        known = await schools.codes_known(conn, identities)
    return await _list_page(here, text=text, region=region, found=found.rows, known=known)


async def _text(form: FormData) -> str:
    """The chosen file, else what was pasted."""
    file = form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        source = await file.read(schools_csv.MAX_BYTES + 1)
        if len(source) > schools_csv.MAX_BYTES:
            raise Refused("list_too_big", limit=schools_csv.MAX_BYTES)
        return decoded(source)
    return str(form.get("text", ""))


def _line_errors(here: Here, found: SchoolList) -> list[tuple[int, str, str, str]]:
    return [
        (error.line, error.column, here._(IN_A_LINE.get(error.code, error.code)), error.value)
        for error in found.errors
    ]


async def take_in(here: Here) -> Response:
    """`POST /programme/schools/list/keep`: all of the list, or nothing of it."""
    form = await here.form(LIST_FORM_BYTES)
    region_id = forms.uuid(form, "region")
    found = schools_csv.parse_schools(str(form.get("text", "")))
    if found.errors or region_id is None:
        raise Refused("bad_form")
    async with here.transaction() as conn:
        await regions.by_id(conn, here.scope, region_id)
        programme = await programmes.by_id(conn, here.scope.programme_id)
        today = _today(here, programme)
        await schools.put_list(conn, here.scope, found.rows, region_id, today)
        await session_classes.give_regions(conn, here.scope)
    return here.go("/programme/schools", "schools_kept")
