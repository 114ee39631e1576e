"""The office's networks: groups of schools and companies, and who was in them from when."""

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.responses import Response

from rooms.attendance import kpi_rows
from rooms.errors import Conflict, Refused, RoomError
from rooms.people import companies, networks, programmes, regions, school_index
from rooms.people.networks import Kind, Member
from rooms.people.school_index import Filters
from server import errors, forms
from server.context import Here
from server.database import Connection

MOST_FOUND = 50
ROOT = "/programme/networks"


# As a form offers it: what it sends, a name, and words that tell it apart.
Choice = tuple[str, ...]


async def index(here: Here) -> Response:
    """`GET /programme/networks`."""
    return await _list(here)


async def _list(here: Here, refused: RoomError | None = None, typed: str = "") -> Response:
    async with here.transaction() as conn:
        every = await networks.every(conn, here.scope, await _today(here, conn))
    return here.page(
        "programme/networks.html",
        422 if refused else 200,
        networks=every,
        typed=typed,
        error=_said(here, refused),
    )


def _said(here: Here, refused: RoomError | None) -> str:
    return errors.sentence(here.language, refused.code, refused.params) if refused else ""


async def _today(here: Here, conn: Connection) -> date:
    programme = await programmes.by_id(conn, here.scope.programme_id)
    return here.now.astimezone(ZoneInfo(programme.zone)).date()


async def save(here: Here) -> Response:
    """`POST /programme/networks`: a new one."""
    name = forms.line(await here.form(), "name")[:80]
    if not name:
        return await _list(here, Refused("name_missing"))
    try:
        async with here.transaction() as conn:
            made = await networks.create(conn, here.scope, name, here.now)
    except Conflict as refused:
        return await _list(here, refused, name)
    return here.go(f"{ROOT}/{made.id}", "network_kept")


async def show(here: Here) -> Response:
    """`GET /programme/networks/{id}`: who is in it; `?q=` looks for others."""
    return await _page(here)


async def _page(
    here: Here, refused: RoomError | None = None, field: str = "", name: str | None = None
) -> Response:
    """`name`: as it was typed, where it could not be kept."""
    words = here.request.query_params.get("q", "").replace("\0", "")[:100].strip()
    async with here.transaction() as conn:
        network = await networks.by_id(conn, here.scope, here.id())
        today = await _today(here, conn)
        known = await networks.members(conn, here.scope, network.id)
        found = await _search(here, conn, words, known) if words else []
        places = await regions.every(conn, here.scope)
    return here.page(
        "programme/network.html",
        422 if refused else 200,
        network=network,
        typed=network.name if name is None else name,
        members=[one for one in known if one.valid_to is None],
        former=[one for one in known if one.valid_to is not None],
        words=words,
        found=found,
        most=MOST_FOUND,
        regions=[(str(one.id), one.name) for one in places],
        today=today,
        field=field,
        error=_said(here, refused),
    )


async def _search(
    here: Here, conn: Connection, words: str, known: list[Member]
) -> list[Choice]:  # fmt: skip
    """Schools of the programme and its companies by words, without those that are in it."""
    inside = {one.id for one in known if one.valid_to is None}
    part = await school_index.part(conn, here.scope, Filters(words=words, state="open"))
    found: list[Choice] = [
        (f"{Kind.SCHOOL}:{one.id}", one.name, ", ".join(filter(None, (one.place, one.code))))
        for one in part.lines
        if one.id not in inside
    ]
    asked = words.casefold().split()
    found += [
        (f"{Kind.COMPANY}:{one.id}", one.name, *filter(None, [one.place]))
        for one in await companies.every(conn, here.scope)
        if one.state == "active" and one.id not in inside
        and all(word in f"{one.name} {one.place}".casefold() for word in asked)
    ]  # fmt: skip
    return found[:MOST_FOUND]


async def rename(here: Here) -> Response:
    """`POST /programme/networks/{id}`: another name."""
    name = forms.line(await here.form(), "name")[:80]
    if not name:
        return await _page(here, Refused("name_missing"), "name", name)
    try:
        async with here.transaction() as conn:
            await networks.rename(conn, here.scope, here.id(), name, here.now)
    except Conflict as refused:
        return await _page(here, refused, "name", name)
    return here.go(f"{ROOT}/{here.id()}", "network_kept")


async def join(here: Here) -> Response:
    """`POST /programme/networks/{id}/members`: those that were ticked, or a region's schools."""
    form = await here.form()
    chosen = {kind: _chosen(forms.many(form, "member"), kind) for kind in Kind}
    region_id = forms.uuid(form, "region")
    try:
        async with here.transaction() as conn:
            await networks.by_id(conn, here.scope, here.id())
            on = _day(forms.day(form, "on"), await _today(here, conn))
            if region_id is not None:
                chosen[Kind.SCHOOL] += await networks.of_region(conn, here.scope, region_id)
            await _join(here, conn, chosen, on)
    except Refused as refused:
        return await _page(here, refused, "on" if refused.code == "day_to_come" else "q")
    return here.go(f"{ROOT}/{here.id()}", "network_kept")


def _chosen(keys: list[str], kind: Kind) -> list[UUID]:
    """The ids among what was ticked; what cannot be read is not there."""
    found = []
    for key in keys:
        what, _, typed = key.partition(":")
        if what == kind and (one := _uuid(typed)) is not None:
            found.append(one)
    return found


def _uuid(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _day(typed: date | None, today: date) -> date:
    """From when; without a day from today. Raises `Refused` `day_to_come`."""
    if typed is not None and typed > today:
        raise Refused("day_to_come")
    return typed or today


async def _join(here: Here, conn: Connection, chosen: dict[Kind, list[UUID]], on: date) -> None:
    ids = {kind: await networks.ours(conn, here.scope, kind, chosen[kind]) for kind in Kind}
    if not any(ids.values()):
        raise Refused("network_nobody")
    for kind, members in ids.items():
        await networks.join(conn, here.scope, here.id(), kind, members, on)
        await kpi_rows.keep_of_members(conn, here.scope, members, here.now)


async def leave(here: Here) -> Response:
    """`POST /programme/networks/{id}/leave`: one of them, from a day on."""
    form = await here.form()
    member_id = forms.uuid(form, "member")
    try:
        async with here.transaction() as conn:
            known = await networks.members(conn, here.scope, here.id())
            await networks.by_id(conn, here.scope, here.id())
            on = _day(forms.day(form, "on"), await _today(here, conn))
            members = [one.id for one in known if one.id == member_id and one.valid_to is None]
            if not members:
                raise Refused("network_nobody")
            await networks.leave(conn, here.scope, members, on)
            await kpi_rows.keep_of_members(conn, here.scope, members, here.now)
    except Refused as refused:
        return await _page(here, refused)
    return here.go(f"{ROOT}/{here.id()}", "network_kept")
