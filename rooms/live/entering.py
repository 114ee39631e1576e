"""Who somebody is in a room: by her roles, by her device's seat, or nobody at all."""

from dataclasses import dataclass
from uuid import UUID

from rooms.agenda.captioners import Captioner
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
    `captioner`: who types what is said, by her link.
    """

    room: Room
    role: Role
    seat: Seat | None = None
    class_name: str = ""
    member: UUID | None = None
    captioner: Captioner | None = None

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
        tries = self.role in rooms.ON_STAGE or self.captioner is not None
        return cast is not None and cast.state is not State.LIVE and not tries


async def enter(
    conn: Connection,
    scope: Scope | None,
    token: str | None,
    room_id: UUID,
    captioner: Captioner | None = None,
) -> Entered:
    """The visitor with this scope (None: not signed in), this device's seat token, or the link of
    a captioner of this room.

    Raises `NotThere` for whoever has neither a role that sees the room nor a seat in it: a room
    of another programme, one that is not hers, and none at all look the same.
    """
    room = await rooms.shown(conn, await rooms.programme_of(conn, room_id), room_id)
    role = rooms.role_in(scope, room) if scope is not None else None
    seat, class_name = await _seat_in(conn, room, token)
    if role is None and seat is None and captioner is None:
        raise NotThere("room")
    place = await presenters.place_of(conn, scope, room_id) if scope is not None else None
    member = place.member if place else None
    other: Role = "viewer" if seat is not None else "captioner"
    return Entered(room, role or other, seat, class_name, member, captioner)


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
