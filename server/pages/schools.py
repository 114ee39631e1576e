"""One school of the office, by a form."""

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
    school_checks,
    school_history,
    schools,
)
from rooms.people.programmes import Programme
from rooms.people.registry_changes import Origin
from rooms.people.registry_files import SchoolRow
from server import errors, forms
from server.context import Here
from server.database import Connection
from server.pages.tour_words import LEVELS

LENGTHS = {"code": 40, "name": 200, "place": 80, "mail_domains": 400}


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
        told={
            "levels": (),
            "region": "",
            "region_from": None,
            **dict.fromkeys(LENGTHS, ""),
            **told,
        },
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
    if told["region_from"] and told["region_from"] > await _today_of(here):
        problems["region_from"] = Refused("day_to_come")
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
    told["region_from"] = forms.day(form, "region_from")
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
    today = _today(here, programme)
    origin = Origin(here._("typed in"), here.now, "", here.scope.person_id)
    if school_id is None:
        school_id = await _make(conn, programme, told)
        await registry.note(conn, here.now, origin.source, by=origin.by)
        told["region_from"] = told["region_from"] or today
    else:
        await _change(here, conn, told, school_id, today, origin)
    await _place(here, conn, school_id, region_id, told["region_from"], today)


async def _place(
    here: Here,
    conn: Connection,
    school_id: UUID,
    region_id: UUID,
    since: date | None,
    today: date,
) -> None:
    """Without a day, a school that stands in that region already (or will) is left alone."""
    school = await schools.by_id(conn, here.scope, school_id) if since is None else None
    if school and school.region_id == region_id:
        return
    since = since or today
    await schools.place(conn, here.scope, school_id, region_id, since)
    await session_classes.give_regions(conn, here.scope)
    moved = await session_classes.regions_since(conn, here.scope, since)
    await kpi_rows.keep(conn, moved, here.now)


async def _make(conn: Connection, programme: Programme, told: dict[str, Any]) -> UUID:
    return await schools.put(
        conn,
        country=programme.country,
        scheme="brin" if programme.country == "NL" else "own",
        code=told["code"].upper().replace(" ", ""),
        mail_domains=_domains(told),
        name=told["name"],
        place=told["place"],
        levels=told["levels"],
    )


async def _change(
    here: Here,
    conn: Connection,
    told: dict[str, Any],
    school_id: UUID,
    today: date,
    origin: Origin,
) -> None:
    """What it was called until today stays with it."""
    before = await schools.by_id(conn, here.scope, school_id)
    domains = schools.checked_domains(_domains(told))
    levels = [level for level in LEVELS if level in told["levels"]]
    row = SchoolRow(
        before.country, before.scheme, before.code, told["name"], told["place"], tuple(levels), 0
    )
    await school_history.put_right(conn, school_id, row, today, origin)
    await schools.change(
        conn,
        here.scope,
        school_id,
        name=row.name,
        place=row.place,
        levels=levels,
        mail_domains=domains,
    )
    await registry.note(conn, here.now, origin.source, by=origin.by)


async def _today_of(here: Here) -> date:
    async with here.transaction() as conn:
        return _today(here, await programmes.by_id(conn, here.scope.programme_id))


def _today(here: Here, programme: Programme) -> date:
    return here.now.astimezone(ZoneInfo(programme.zone)).date()
