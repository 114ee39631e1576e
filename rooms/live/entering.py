"""Who somebody is in a room: by her roles, by her device's seat, or nobody at all."""

from dataclasses import dataclass
from uuid import UUID

from rooms.agenda.webinar_states import State
from rooms.attendance import seats
from rooms.attendance.seats import Seat
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.live import presenters, rooms
from rooms.live.rooms import Role, Room
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Entered:
    """One visitor of a room.

    `seat`: the device's open seat in one of its classes; it may still wait for the teacher's yes.
    `member`: a presenter's place on the stage, None before she has one. `class_name`: the seat's.
    """

    room: Room
    role: Role
    seat: Seat | None = None
    class_name: str = ""
    member: UUID | None = None

    @property
    def may_watch(self) -> bool:
        """Whether picture and sound may go to this visitor: a seat that waits gets none yet."""
        is_waiting = self.seat is not None and self.seat.is_waiting
        return self.room.is_open and not (is_waiting and self.role == "viewer")

    @property
    def is_before_live(self) -> bool:
        """Whether the stage is not hers to see yet: of a webinar's, before it is live, only those
        on it see what is tried there."""
        cast = self.room.cast
        return cast is not None and cast.state is not State.LIVE and self.role not in rooms.ON_STAGE


async def enter(conn: Connection, scope: Scope | None, token: str | None, room_id: UUID) -> Entered:
    """The visitor with this scope (None: not signed in) and this device's seat token.

    Raises `NotThere` for whoever has neither a role that sees the room nor a seat in it: a room
    of another programme, one that is not hers, and none at all look the same.
    """
    room = await rooms.shown(conn, await rooms.programme_of(conn, room_id), room_id)
    role = rooms.role_in(scope, room) if scope is not None else None
    seat, class_name = await _seat_in(conn, room, token)
    if role is None and seat is None:
        raise NotThere("room")
    place = await presenters.place_of(conn, scope, room_id) if scope is not None else None
    return Entered(room, role or "viewer", seat, class_name, place.member if place else None)


async def _seat_in(conn: Connection, room: Room, token: str | None) -> tuple[Seat | None, str]:
    """The device's seat while its class takes part, and what the class is called."""
    seat = await seats.behind(conn, token)
    if seat is None or seat.ended_at is not None or seat.session_id != room.session_id:
        return None, ""
    class_name: str | None = await conn.fetchval(
        """
        select class_name from session_classes
        where programme_id = $1 and id = $2 and left_at is null
        """,
        seat.programme_id,
        seat.session_class_id,
    )
    return (None, "") if class_name is None else (seat, class_name)
