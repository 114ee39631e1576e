"""A class in a live room: its teacher brings it, its screen and phones show the stage."""

from uuid import UUID

from starlette.responses import JSONResponse, Response

from rooms.agenda import arrivals, room_sessions, session_classes, sessions
from rooms.agenda.room_sessions import Part
from rooms.attendance import results, seats
from rooms.attendance.rule import SeatKind
from rooms.attendance.seats import Seat
from rooms.errors import NotThere, Refused
from rooms.live import rooms
from rooms.live.rooms import Room
from rooms.people import sign_ins
from server import forms
from server.context import Here
from server.database import Connection
from server.pages.classes import whole
from server.pages.rooms import is_screen, page_of, visitor
from server.pages.sessions import Said, json_of
from server.seating import seat_of, seated, token_in

# --- a class takes part --------------------------------------------------------------------------


async def take_part(here: Here) -> Response:
    """`POST /rooms/{id}/classes`: a class of hers comes in here from now on."""
    class_id = forms.uuid(await here.form(), "class_id")
    if class_id is None:
        raise Refused("plan_class")
    async with here.transaction() as conn:
        room = await rooms.get(conn, here.scope, here.id())
        part = await arrivals.take_part(conn, here.scope, room, class_id, here.now)
    return here.go(f"/rooms/{room.id}?class={part}", said="class_takes_part")


async def _own_part(here: Here, conn: Connection) -> Part:
    """The class in this room that the address names, if she teaches it; raises `NotThere`."""
    room = await rooms.get(conn, here.scope, here.id())
    wanted = here.id("part")
    for one in await room_sessions.mine_in(conn, here.scope, room.session_id):
        if one.session_class_id == wanted:
            return one
    raise NotThere("session_class")


async def headcount(here: Here) -> Response:
    """`POST /rooms/{id}/classes/{part}/headcount`: declared now, confirmed when it is over."""
    pupils = whole(forms.line(await here.form(), "pupils"))
    async with here.transaction() as conn:
        part = await _own_part(here, conn)
        told = -1 if pupils is None else pupils
        await _count(here, conn, part, told, here.person.person_id, is_end=not part.is_on)
    return here.go(f"/rooms/{part.room_id}?class={part.session_class_id}", said="headcount_kept")


async def let_in(here: Here) -> Response:
    """`POST /rooms/{id}/classes/{part}/waiting`: yes or no to devices beyond the headcount."""
    form = await here.form()
    async with here.transaction() as conn:
        part = await _own_part(here, conn)
        if form.get("do") == "no":
            await seats.turn_away(conn, here.scope, part.session_class_id, here.now)
        else:
            await seats.let_in(conn, here.scope, part.session_class_id)
    return here.go(f"/rooms/{part.room_id}?class={part.session_class_id}")


async def leave(here: Here) -> Response:
    """`POST /rooms/{id}/classes/{part}/leave`: the class goes; the room stays for the others."""
    async with here.transaction() as conn:
        part = await _own_part(here, conn)
        await room_sessions.leave(conn, part.programme_id, part.session_class_id, here.now)
        await sign_ins.end_of_class(conn, part.session_class_id, here.now)
    return here.go(f"/rooms/{part.room_id}", said="class_left")


async def declare_showing(here: Here) -> Response:
    """`POST /rooms/{id}/classes/{part}/showing`: the network never returned; with a reason."""
    reason = forms.line(await here.form(), "reason")
    async with here.transaction() as conn:
        part = await _own_part(here, conn)
        await session_classes.declare_showing(
            conn, here.scope, part.session_class_id, reason, here.now
        )
        if part.state == "ended":
            await results.rebuild(conn, part.session_class_id, here.now)
    return here.go(f"/attendance/{part.session_class_id}", said="showing_declared")


# --- the classroom screen and the phones ---------------------------------------------------------


async def beamer(here: Here) -> Response:
    """`GET /rooms/{id}/beamer`: the classroom screen, or the button that makes this device one."""
    async with here.transaction() as conn:
        entered = await visitor(here, conn, is_device=True)
        if entered is None or not is_screen(entered):
            if here.viewer is None:
                return here.go(f"/sign-in?next={here.request.url.path}")
            room = await rooms.shown(conn, here.person.scope.programme_id, here.id())
            parts = await _parts_to_show(here, conn, room)
            return here.page("rooms/claim.html", room=room, parts=parts)
        page = await page_of(here, conn, entered)
    return here.page("rooms/show.html", **page)


async def _parts_to_show(here: Here, conn: Connection, room: Room) -> list[Part]:
    """The classes this device could be the screen of. Raises `NotThere` when there are none."""
    if here.person.kind == "classroom":
        found = await _part_of_screen(here, conn, room)
        parts = [found] if found else []
    else:
        parts = await room_sessions.mine_in(conn, here.scope, room.session_id)
    parts = [one for one in parts if one.is_on]
    if not parts:
        raise NotThere("session_class")
    return parts


async def _part_of_screen(here: Here, conn: Connection, room: Room) -> Part | None:
    """The class a classroom PC was let in for: that of the seat it had, even if another has it."""
    seat = await seats.behind(conn, token_in(here.request))
    if seat is None or seat.session_id != room.session_id:
        return None
    return await room_sessions.shown(conn, seat.programme_id, seat.session_class_id)


async def claim(here: Here) -> Response:
    """`POST /rooms/{id}/beamer`: this device becomes the screen; the one before hands over."""
    wanted = forms.uuid(await here.form(), "session_class_id")
    async with here.transaction() as conn:
        room = await rooms.shown(conn, here.person.scope.programme_id, here.id())
        parts = await _parts_to_show(here, conn, room)
        part = next((one for one in parts if one.session_class_id == wanted), None)
        if part is None and (wanted is not None or len(parts) > 1):
            raise NotThere("session_class")
        part = part or parts[0]
        key = (part.programme_id, part.session_class_id)
        _, token = await seats.become_beamer(
            conn, *key, token_in(here.request), here.now, here.person.classroom_sign_in
        )
    place = f"/rooms/{room.id}"
    return seated(here, here.go(f"{place}/beamer"), place, token)


async def declare(here: Here) -> Response:
    """`POST /rooms/{id}/declare` by the screen: the pupils at the start, or at the end."""
    said: Said = await json_of(here, Said)
    async with here.transaction() as conn:
        seat = await _seat(here, conn)
        if seat.kind is not SeatKind.BEAMER:
            raise NotThere("seat")
        part = await room_sessions.shown(conn, seat.programme_id, seat.session_class_id)
        await _count(here, conn, part, said.pupils, None, is_end=said.is_end or not part.is_on)
    return JSONResponse({"headcount": said.pupils})


async def _count(
    here: Here, conn: Connection, part: Part, pupils: int, by: UUID | None, *, is_end: bool
) -> None:
    """Declared while the class takes part; confirmed at its end, and after it."""
    key = (part.programme_id, part.session_class_id)
    if not is_end:
        await sessions.declare(conn, *key, pupils, here.now)
        return
    await sessions.confirm(conn, *key, pupils, by, here.now)
    if part.state == "ended":
        await results.rebuild(conn, part.session_class_id, here.now)


async def watch(here: Here) -> Response:
    """`POST /rooms/{id}/watch`: the stage on this phone, or no more."""
    form = await here.form()
    async with here.transaction() as conn:
        seat = await _seat(here, conn)
        await seats.watch_here(conn, seat, form.get("here") == "1")
    return here.go(f"/rooms/{here.id()}")


async def _seat(here: Here, conn: Connection) -> Seat:
    """The device's open seat in this room; raises `NotThere`."""
    room = await rooms.shown(conn, await rooms.programme_of(conn, here.id()), here.id())
    return await seat_of(here, conn, room.session_id)
