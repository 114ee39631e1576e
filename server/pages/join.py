"""A pupil's way in: a code from the screen, or the link behind the QR code."""

from uuid import UUID

from starlette.responses import Response

from rooms.agenda import arrivals, offers, sessions
from rooms.agenda.offers import Offered
from rooms.agenda.states import State
from rooms.attendance import seats
from rooms.errors import NotThere, Refused, RoomError
from rooms.people import classes
from rooms.people.classes import Door
from rooms.people.codes import parse_class_code
from rooms.scope import Scope
from server import errors, forms, throttle
from server.auth import SEAT_COOKIE
from server.context import Here
from server.database import Connection
from server.seating import seated

# Held for a look-up: parallel guesses would slip past the counters between looking and counting.
GUESS_LOCK = 0x0F0F_6A6F
EVERYWHERE = "all"


async def ask(here: Here) -> Response:
    """`GET /join`: one field."""
    return here.page("join/ask.html", typed="", text="")


async def enter(here: Here) -> Response:
    """`POST /join`: the code leads to the class, the class to its session."""
    typed = forms.line(await here.form(), "code")
    try:
        code = parse_class_code(typed[:60])
        async with here.transaction() as conn:
            door, found = await _look_up(here, conn, code)
        if door is None:
            raise Refused("class_code_nothing")
    except RoomError as problem:
        return _again(here, typed[:12], problem)
    return await _go_in(here, door, found)


def _again(here: Here, typed: str, problem: RoomError) -> Response:
    status = errors.STATUS_BY_CODE.get(problem.code, 422)
    text = errors.sentence(here.language, problem.code, problem.params)
    return here.page("join/ask.html", status, typed=typed, text=text)


async def _look_up(here: Here, conn: Connection, code: str) -> tuple[Door | None, list[Offered]]:
    """The class and what it leads to. Nothing there counts as a guess, whatever the cause: no
    such code, one that is over, or one with nothing on it today all answer and count the same."""
    network = throttle.address_of(here.request)
    is_known = await _code_of_its_class(here, conn) == code
    if not is_known:
        await conn.execute("select pg_advisory_xact_lock($1)", GUESS_LOCK)
        await _must_not_guess(here, conn, network)
    door = await classes.by_code(conn, code, here.now)
    found = await offers.offered(conn, door.programme_id, door.class_id, here.now) if door else []
    if door is not None and found:
        return door, found
    if not is_known:
        await _count_miss(here, conn, network, code)
    return None, []


async def _code_of_its_class(here: Here, conn: Connection) -> str | None:
    """The code of the class this device sits in while that lesson is open; None without a seat.

    Typing it again teaches the device nothing. Any other code is a guess, as from a stranger: a
    seat is had by every pupil, and would otherwise be a licence to look for other classes.
    """
    seat = await seats.behind(conn, here.request.cookies.get(SEAT_COOKIE))
    if seat is None or seat.ended_at is not None:
        return None
    return await classes.code_of_open(conn, seat.programme_id, seat.session_class_id)


async def _must_not_guess(here: Here, conn: Connection, network: str) -> None:
    for kind, key in (("class_code_address", network), ("class_code_all", EVERYWHERE)):
        if await throttle.is_over(conn, here.settings, kind, key, here.now):
            raise RoomError("throttled_codes")


async def _count_miss(here: Here, conn: Connection, network: str, code: str) -> None:
    """A class that types its code a minute too early makes one miss, not thirty."""
    told = f"{network}\n{code}"
    if await throttle.counted(conn, here.settings, "class_code_same", told, here.now):
        return
    for kind, key in (
        ("class_code_same", told),
        ("class_code_address", network),
        ("class_code_all", EVERYWHERE),
    ):
        await throttle.count(conn, here.settings, kind, key, here.now)


async def _go_in(here: Here, door: Door, found: list[Offered]) -> Response:
    one = offers.leads_to(found, here.now)
    if one is None or one.has_doors_shut:
        return here.page("join/choose.html", door=door, offers=found)
    return await _sit(here, one)


async def _sit(here: Here, one: Offered) -> Response:
    async with here.transaction() as conn:
        if one.state is State.PLANNED and one.home_until is not None:
            await sessions.start_at_home(conn, one.programme_id, one.id, here.now)
        session_class_id = one.session_class_id or await _come(here, conn, one)
        _, token = await seats.sit(
            conn,
            one.programme_id,
            session_class_id,
            here.request.cookies.get(SEAT_COOKIE),
            here.now,
        )
    place, page = _place(one)
    return seated(here, here.go(page), place, token)


async def _come(here: Here, conn: Connection, one: Offered) -> UUID:
    """The first of a registered class: with it the class comes to its webinar."""
    if one.registration_id is None:
        raise NotThere("session_class")
    return await arrivals.come(conn, Scope(one.programme_id), one.registration_id, here.now)


def _place(one: Offered) -> tuple[str, str]:
    """Where its pages are, and the one a phone goes to."""
    if one.room_id is not None:
        return f"/rooms/{one.room_id}", f"/rooms/{one.room_id}"
    return f"/sessions/{one.id}", f"/sessions/{one.id}/phone"


async def door(here: Here) -> Response:
    """`GET /j/{token}`: the class and one button; who sits already goes on at once."""
    async with here.transaction() as conn:
        found = await _door_of(here, conn)
        open_now = await offers.offered(conn, found.programme_id, found.class_id, here.now)
        one = offers.leads_to(open_now, here.now)
        seat = await seats.behind(conn, here.request.cookies.get(SEAT_COOKIE))
    if one and seat and seat.session_class_id == one.session_class_id and seat.ended_at is None:
        return here.go(_place(one)[1])
    return here.page("join/door.html", door=found, one=one, offers=open_now)


async def _door_of(here: Here, conn: Connection) -> Door:
    found = await classes.by_link(conn, str(here.request.path_params["token"]), here.now)
    if found is None:
        raise NotThere("class")
    return found


async def go_through(here: Here) -> Response:
    """`POST /j/{token}`: sits down, in the session chosen from the list if there was one."""
    wanted = forms.uuid(await here.form(), "session_id")
    async with here.transaction() as conn:
        found = await _door_of(here, conn)
        open_now = await offers.offered(conn, found.programme_id, found.class_id, here.now)
    one = _chosen(open_now, wanted) or offers.leads_to(open_now, here.now)
    if one is None or one.has_doors_shut:
        return here.page("join/door.html", door=found, one=None, offers=open_now)
    return await _sit(here, one)


def _chosen(open_now: list[Offered], wanted: UUID | None) -> Offered | None:
    return next((one for one in open_now if one.id == wanted), None)
