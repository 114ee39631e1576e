"""Who may send to a room or watch it, asked by the ways that are no pages: WHIP, WHEP, the socket.

A browser comes with its sign-in or its seat, from our own pages only. A program comes with a
Bearer: a presenter's stream key to send, a viewer token to watch. A Bearer that is no good is
never helped out by a cookie beside it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from starlette.requests import HTTPConnection

from rooms.agenda import captioners
from rooms.attendance import seats
from rooms.attendance.rule import SeatKind
from rooms.attendance.seats import Seat
from rooms.errors import NotThere, Refused
from rooms.live import class_stage, entering, players, presenters, rooms, standing, stream_keys
from rooms.live.entering import Entered
from rooms.live.room_state import Who
from rooms.live.rooms import Room
from rooms.scope import Scope
from server import captioning, csrf, room_orders, seating, viewer_tokens
from server.auth import Viewer
from server.config import Settings
from server.context import Here
from server.database import Connection

# What a viewer token opened may be ended, and its network changed, for as long as a lesson lasts.
TOKEN_KNOWN_FOR = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Guest:
    """`member`: who it is on the stage or among the viewers. `creator`: whose a resource is, by one
    or more names of `room_orders`.

    `is_class`: a class's screen on the stage, whose picture is never recorded.
    """

    room: Room
    member: UUID
    creator: str
    seat_id: UUID | None = None
    is_class: bool = False

    @property
    def asker(self) -> str:
        """Whose offers are counted together, however often she signs in: the first of the names,
        and of who sends by her sign-in alone her place on the stage."""
        first = self.creator.split()[0]
        return f"member:{self.member}" if first.startswith("sign-in:") else first


def bearer_in(here: Here) -> str | None:
    """The Bearer of the request; None without one."""
    scheme, _, token = here.request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def scope_of(viewer: Viewer | None) -> Scope | None:
    """A signed-in person's scope. A classroom screen has a seat, and nothing of its teacher's."""
    return viewer.scope if viewer is not None and viewer.kind == "browser" else None


def who_is(entered: Entered, viewer: Viewer | None) -> Who:
    """Who speaks in a room's socket. The classes she teaches are found as they come
    (`Facts.now`)."""
    seat, captioner, scope = entered.seat, entered.captioner, scope_of(viewer)
    person = scope.person_id if scope is not None else None
    owner = viewer.person_id if viewer is not None else captioner.id if captioner else uuid4()
    return Who(
        owner=seat.id if seat is not None else owner,
        is_moderator=rooms.is_moderator(entered.role, entered.room, person),
        is_presenter=entered.role == "presenter",
        part=seat.session_class_id if seat is not None else None,
        seat=seat.id if seat is not None else None,
        is_screen=seat is not None and seat.kind is SeatKind.BEAMER,
        member=entered.member,
        person=person,
        captioner=captioner.id if captioner is not None else None,
    )


async def publisher(here: Here) -> Guest:
    """Who may send to this room's stage.

    Raises `Refused` `key_wrong`, `credentials_missing`, `cross_site`, `not_on_stage`,
    `presenter_removed`, `room_closed`; `NotThere` for a room that is not there for her.
    """
    token = bearer_in(here)
    async with here.transaction() as conn:
        if token is not None:
            return await _key_holder(here, conn, token)
        entered = await _entered(here, conn)
        if not entered.room.is_open:
            raise Refused("room_closed")
        scope = scope_of(here.viewer)
        presents = scope is not None and rooms.may_present(scope, entered.room)
        if entered.seat is not None and not presents:  # also where its teacher is signed in
            return await _class_on_stage(conn, entered.room, entered.seat)
        if scope is None or not presents:
            raise Refused("not_on_stage")
        place = await presenters.take_place(conn, scope, entered.room.id, here.now)
    return Guest(entered.room, place.member, _signed_in(here.person))


async def _class_on_stage(conn: Connection, room: Room, seat: Seat) -> Guest:
    """A class's screen sends while the class is on the stage; its member there is the class."""
    part = seat.session_class_id
    is_screen = seat.kind is SeatKind.BEAMER
    if not is_screen or not await class_stage.is_on(conn, Scope(room.programme_id), room.id, part):
        raise Refused("not_on_stage")
    return Guest(room, part, room_orders.of_seat(seat.id), seat.id, is_class=True)


async def _key_holder(here: Here, conn: Connection, token: str) -> Guest:
    held = await stream_keys.holder(conn, token, here.now)
    if held is None:
        raise Refused("key_wrong")
    if held.room_id != here.id():
        raise NotThere("room")
    if not held.is_room_open:
        raise Refused("room_closed")
    room = await rooms.shown(conn, held.programme_id, held.room_id)
    if not await standing.may_go_on(conn, room, held.member):
        raise Refused("not_on_stage")
    return Guest(room, held.member, room_orders.of_key(held.key_id))


async def watcher(here: Here, *, is_newcomer: bool) -> Guest:
    """Who may watch this room; `is_newcomer` False: what she opened before is hers to change.

    Raises `Refused` `token_over`, `credentials_missing`, `cross_site`, `seat_waits`,
    `room_closed`, `not_live_yet`; `NotThere` for a room that is not there for her.
    """
    token = bearer_in(here)
    async with here.transaction() as conn:
        if token is not None:
            return await _token_holder(here, conn, token, is_newcomer=is_newcomer)
        entered = await _entered(here, conn)
        _check_may_see(entered)
        seat_id = entered.seat.id if entered.seat is not None else None
        connection = await _connection(here, conn, seat_id)
        return Guest(entered.room, connection, _watches_by(entered, here.viewer), seat_id)


def watches_as(entered: Entered, viewer: Viewer | None) -> str:
    """Whose her picture is, under whatever names of connections: all of it ends with her place."""
    if entered.seat is not None:
        return room_orders.of_seat(entered.seat.id)
    if entered.role == "captioner" and entered.captioner is not None:
        return room_orders.of_captioner(entered.captioner.id)
    assert viewer is not None  # who is none of these came in by her sign-in
    return room_orders.of_person(viewer.person_id)


def _watches_by(entered: Entered, viewer: Viewer | None) -> str:
    """The names of what she watches by: a person's picture ends with her sign-in as well."""
    name = watches_as(entered, viewer)
    is_persons = viewer is not None and name == room_orders.of_person(viewer.person_id)
    return f"{name} {_signed_in(viewer)}" if viewer is not None and is_persons else name


def _signed_in(viewer: Viewer) -> str:
    assert viewer.sign_in_id is not None  # a program's token is no cookie
    return room_orders.of_sign_in(viewer.sign_in_id)


def check_may_watch(entered: Entered) -> None:
    """Raises `Refused` `room_closed` or `seat_waits` where no picture may go to this visitor."""
    if not entered.room.is_open:
        raise Refused("room_closed")
    if not entered.may_watch:
        raise Refused("seat_waits")


def _check_may_see(entered: Entered) -> None:
    """The same for the stage itself: raises `not_live_yet` as well."""
    check_may_watch(entered)
    if entered.is_before_live:
        raise Refused("not_live_yet")


async def _token_holder(here: Here, conn: Connection, token: str, *, is_newcomer: bool) -> Guest:
    known_for = timedelta() if is_newcomer else TOKEN_KNOWN_FOR
    told = viewer_tokens.read(here.settings.secret, token, here.now - known_for)
    if told is None:
        raise Refused("token_over")
    if told.room_id != here.id():
        raise NotThere("room")
    entered = await players.enter(conn, told.seat_id, told.room_id)
    if entered is None:
        raise Refused("token_over")
    _check_may_see(entered)
    connection = await _connection(here, conn, told.seat_id)
    return Guest(entered.room, connection, room_orders.of_seat(told.seat_id), told.seat_id)


async def _connection(here: Here, conn: Connection, seat_id: UUID | None) -> UUID:
    """The page's connection, under which its visit is kept; a player's own without one.

    Another's is not there: what flows to a viewer counts for the visit of that name.
    """
    text = here.request.query_params.get("connection")
    if not text:
        return uuid4()
    try:
        connection = UUID(text)
    except ValueError:
        raise NotThere("connection") from None
    if await players.seat_of(conn, connection) not in {None, seat_id}:
        raise NotThere("connection")
    return connection


async def _entered(here: Here, conn: Connection) -> Entered:
    return await visitor(conn, here.request, here.settings, here.viewer, here.id(), here.now)


async def visitor(
    conn: Connection,
    connection: HTTPConnection,
    settings: Settings,
    viewer: Viewer | None,
    room_id: UUID,
    now: datetime,
) -> Entered:
    """The visitor of a room by her cookies, when one of our own pages asks.

    Raises `Refused` `cross_site`, `credentials_missing`; `NotThere`.
    """
    if not csrf.is_own(connection, settings.url):
        raise Refused("cross_site")
    scope, token = scope_of(viewer), seating.token_in(connection)
    types = await captioners.of_room(conn, captioning.token_in(connection), room_id, now)
    if scope is None and types is None and await seats.behind(conn, token) is None:
        raise Refused("credentials_missing")
    return await entering.enter(conn, scope, token, room_id, types)
