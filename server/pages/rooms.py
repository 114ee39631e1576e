"""Live rooms: the list, the page of whoever is in one, and its end."""

import contextlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.responses import Response

from media.errors import LiveError
from rooms.agenda import plans_b, registrations, room_sessions, webinar_doors
from rooms.agenda.room_sessions import Part
from rooms.attendance import keeping, reach, seats
from rooms.attendance.rule import SeatKind
from rooms.errors import NotThere, Refused, RoomError
from rooms.live import entering, on_air, rooms
from rooms.live.entering import Entered
from rooms.live.rooms import Room
from rooms.people import classes, companies, programmes, school_checks, schools, sign_ins
from rooms.people.codes import school_year_at
from rooms.scope import Scope
from server import errors, forms
from server.addresses import own_url, qr_svg, shown
from server.context import Here
from server.database import Connection
from server.live_rooms import live_of
from server.moderating import moderates
from server.seating import token_in


@dataclass(frozen=True, slots=True)
class Shown:
    """A room as its pages show it. `viewers` None: not known in this process."""

    id: UUID
    title: str
    company_name: str
    zone: str
    is_open: bool
    is_on_air: bool
    may_present: bool
    viewers: int | None


# --- the list ------------------------------------------------------------------------------------


async def index(here: Here) -> Response:
    """`GET /rooms`: what is open, and a form for whoever may open one."""
    return await _index(here)


async def _index(here: Here, problem: RoomError | None = None) -> Response:
    form = await here.form() if problem else None
    async with here.transaction() as conn:
        found = await rooms.open_ones(conn, here.scope)
        live = await on_air.on_air_among(conn, [room.id for room in found])
        earlier = await rooms.earlier(conn, here.scope)
        reaches = await reach.reaches(conn, here.scope) if earlier else {}
        choices = await _companies(conn, here.scope)
        network = await _network(here, conn)
    return here.page(
        "rooms/index.html",
        422 if problem else 200,
        rooms=[shown_in(here, room, is_on_air=room.id in live) for room in found],
        earlier=[(room, reaches.get(room.id)) for room in earlier],
        **network,
        may_open=bool(choices),
        companies=choices,
        typed={name: forms.line(form, name) for name in form} if form else {},
        text=errors.sentence(here.language, problem.code, problem.params) if problem else "",
    )


async def _network(here: Here, conn: Connection) -> dict[str, Any]:
    """What a teacher's school let through when it was tried last."""
    school_id = next(iter(here.scope.school_ids), None) if here.person.may("teacher") else None
    if school_id is None:
        return {}
    school = await schools.by_id(conn, here.scope, school_id)
    found = await school_checks.latest(conn, here.scope, school_id)
    return {"school": school.name, "network": found}


async def _companies(conn: Connection, scope: Scope) -> list[tuple[str, str]]:
    """For whom she may open a room; the programme itself ('' ) stands first for its office."""
    if not rooms.may_open(scope):
        return []
    if not scope.has(*rooms.OFFICE):
        return [
            (str(one.id), one.name)
            for one in await companies.of_person(conn, scope)
            if one.state == "active"
        ]
    programme = await programmes.by_id(conn, scope.programme_id)
    return [("", programme.name), *await companies.active(conn, scope)]


def shown_in(here: Here, room: Room, *, is_on_air: bool) -> Shown:
    stage = live_of(here).stages.get(room.id)
    scope = _scope(here)
    return Shown(
        id=room.id,
        title=room.title,
        company_name=room.company,
        zone=room.zone,
        is_open=room.is_open,
        is_on_air=room.is_open and is_on_air,
        may_present=room.is_open and scope is not None and rooms.may_present(scope, room),
        viewers=stage.viewers if stage else None,
    )


async def create(here: Here) -> Response:
    """`POST /rooms`: opens one; a company goes to its studio, the office to the room's page."""
    form = await here.form()
    try:
        async with here.transaction() as conn:
            room = await rooms.open_room(
                conn,
                here.scope,
                forms.line(form, "title"),
                forms.uuid(form, "company_id"),
                here.now,
            )
    except Refused as problem:
        return await _index(here, problem)
    is_presenter = rooms.role_in(here.scope, room) == "presenter" and here.person.may(
        *rooms.COMPANY
    )
    return here.go(f"/rooms/{room.id}/studio" if is_presenter else f"/rooms/{room.id}")


# --- the page of a room --------------------------------------------------------------------------


async def show(here: Here) -> Response:
    """`GET /rooms/{id}`: the stage; for a teacher her class's door beside it."""
    async with here.transaction() as conn:
        entered = await visitor(here, conn)
        if entered is None:
            return here.go("/join", said="seat_needed")
        if entered.role == "viewer" and is_screen(entered):
            return here.go(f"/rooms/{entered.room.id}/beamer")
        page = await page_of(here, conn, entered)
    return here.page("rooms/show.html", **page)


async def visitor(here: Here, conn: Connection, *, is_device: bool = False) -> Entered | None:
    """The visitor; None for a stranger, who may have lost a seat. Raises `NotThere`.

    `is_device`: whoever is signed in on it; the screen shows nothing of its teacher's.
    """
    scope = None if is_device else _scope(here)
    try:
        return await entering.enter(conn, scope, token_in(here.request), here.id())
    except NotThere:
        if scope is None:
            return None
        raise


def _scope(here: Here) -> Scope | None:
    """A signed-in person's; a classroom screen has a seat, and nothing of its teacher's."""
    return here.scope if here.viewer and here.viewer.kind != "classroom" else None


def is_screen(entered: Entered) -> bool:
    return entered.seat is not None and entered.seat.kind is SeatKind.BEAMER


async def page_of(here: Here, conn: Connection, entered: Entered) -> dict[str, Any]:
    """What the page needs. A person's own page is hers, whatever seat her device has."""
    seat = entered.seat if entered.role == "viewer" else None
    part = None
    values: dict[str, Any] = {"classes": [], "parts": [], "teaches": False}
    if seat is not None:
        part = await room_sessions.shown(conn, seat.programme_id, seat.session_class_id)
        values["has_beamer"] = await seats.has_beamer(conn, seat)
    elif (scope := _scope(here)) is not None and scope.has("teacher"):
        values |= await _teaching(here, conn, entered)
        part = _chosen(here, values["parts"])
        values |= await _waiting(here, conn, part)
    if seat is None and here.viewer is not None:
        values["moderates"] = await moderates(conn, here.scope, entered, here.now)
    return {
        "room": shown_in(here, entered.room, is_on_air=await is_on_air(conn, entered.room)),
        "role": entered.role,
        "seat": seat,
        "watch_url": f"/rooms/{entered.room.id}/watch",
        "declare_url": f"/rooms/{entered.room.id}/declare" if is_screen(entered) else "",
        **values,
        **await _door(here, conn, part),
    }


async def is_on_air(conn: Connection, room: Room) -> bool:
    return room.id in await on_air.on_air_among(conn, [room.id])


async def _teaching(here: Here, conn: Connection, entered: Entered) -> dict[str, Any]:
    """A teacher's classes in the room, and those she could bring. In her own guest lesson she
    moderates, and has her class all the same."""
    room = entered.room
    parts = await room_sessions.mine_in(conn, here.scope, room.session_id)
    parts = [one for one in parts if one.is_on or not room.is_open]
    can_bring = await _classes_to_bring(here, conn, room, parts) if room.is_open else []
    has_hers = bool(parts or (room.cast and can_bring))
    return {
        "teaches": entered.role == "teacher" or has_hers,
        "parts": parts,
        "classes": can_bring if entered.role == "teacher" or room.cast else [],
        "register_url": f"/webinars/{room.cast.webinar_id}/register" if room.cast else "",
    }


async def _classes_to_bring(
    here: Here, conn: Connection, room: Room, inside: list[Part]
) -> list[tuple[UUID, str]]:
    """Her classes of this school year that are not in yet; into a webinar those registered."""
    present = {one.class_id for one in inside}
    if room.cast is not None:
        found = await registrations.mine(conn, here.scope, room.cast.webinar_id)
        return [
            (one.class_id, one.class_name)
            for one in found
            if one.class_id is not None and one.class_id not in present and one.is_in
        ]
    programme = await programmes.by_id(conn, here.scope.programme_id)
    year = school_year_at(here.now, programme.zone, programme.school_year_starts)
    return [
        (one.id, one.name)
        for one in await classes.mine(conn, here.scope)
        if one.id not in present and one.school_year == year.first_day.year
    ]


def _chosen(here: Here, parts: list[Part]) -> Part | None:
    """The class the page is about: the one asked for, else her only or first one."""
    wanted = here.request.query_params.get("class", "")
    return next((one for one in parts if str(one.session_class_id) == wanted), None) or next(
        iter(parts), None
    )


async def _waiting(here: Here, conn: Connection, part: Part | None) -> dict[str, Any]:
    """Who is here of the class, who waits, and where the teacher says yes; of a class that has
    been here, how many it was."""
    if part is None:
        return {}
    place = f"/rooms/{part.room_id}/classes/{part.session_class_id}"
    count = {"headcount_url": f"{place}/headcount"}
    if not part.is_on:
        return {**count, "attendance_url": f"/attendance/{part.session_class_id}"}
    counts = await seats.here_now(conn, here.scope, part.session_class_id, here.now)
    return {
        **count,
        "plan_b": await plans_b.chosen(conn, here.scope, part.session_class_id),
        "present": counts,
        "waiting_url": f"{place}/waiting",
        "leave_url": f"{place}/leave",
        "queue_qr": qr_svg(f"{own_url(here)}/rooms/{part.room_id}/queue"),
    }


async def _door(here: Here, conn: Connection, part: Part | None) -> dict[str, Any]:
    """The class code and its picture, and what was told of the class."""
    if part is None:
        return {"class_name": "", "part": None}
    code, link_token = await classes.of_session(conn, part.programme_id, part.class_id)
    return {
        "part": part,
        "class_name": part.class_name,
        "code": (code[:3], code[3:]),
        "qr": qr_svg(f"{own_url(here)}/j/{link_token}"),
        "join_at": shown(f"{own_url(here)}/join"),
        "screen_at": shown(f"{own_url(here)}/screen"),
        "declared": part.told,
        "expected": part.expected,
    }


async def close(here: Here) -> Response:
    """`POST /rooms/{id}/close`: over for everybody; each class's attendance stands."""
    async with here.transaction() as conn:
        room = await _close(here, conn)
        await keeping.close_room(conn, room, here.now)
        await sign_ins.end_of_session(conn, room.session_id, here.now)
    with contextlib.suppress(LiveError):
        await live_of(here).close(room.id)
    return here.go("/rooms", said="room_closed_now")


async def _close(here: Here, conn: Connection) -> Room:
    """A webinar's room closes with it."""
    room = await rooms.get(conn, here.scope, here.id())
    if room.cast is None or not room.is_open:
        return await rooms.close(conn, here.scope, room.id, here.now)
    if not rooms.may_close(here.scope, room):
        raise NotThere("room")
    await webinar_doors.end(conn, here.scope, room.cast.webinar_id, here.now)
    return await rooms.get(conn, here.scope, room.id)
