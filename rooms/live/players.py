"""Who a player without cookies of ours is: the seat it says it plays for, looked up anew."""

from uuid import UUID

from rooms.attendance.rule import SeatKind
from rooms.attendance.seats import Seat
from rooms.connection import Connection
from rooms.live import rooms
from rooms.live.entering import Entered


async def enter(conn: Connection, seat_id: UUID, room_id: UUID) -> Entered | None:
    """The visitor in this seat; None when it has ended, its class has left, or it is elsewhere."""
    row = await conn.fetchrow(
        """
        select s.programme_id, s.id, c.session_id, s.session_class_id, s.kind, s.is_waiting,
            s.created_at, s.ended_at, c.class_name
        from seats s
        join session_classes c on (c.programme_id, c.id) = (s.programme_id, s.session_class_id)
        join sessions n on (n.programme_id, n.id) = (c.programme_id, c.session_id)
        where s.id = $1 and n.room_id = $2 and s.ended_at is null and c.left_at is null
        """,
        seat_id,
        room_id,
    )
    if row is None:
        return None
    told = {**row, "kind": SeatKind(row["kind"])}
    class_name = told.pop("class_name")
    room = await rooms.shown(conn, row["programme_id"], room_id)
    return Entered(room, "viewer", Seat(**told), class_name)


async def seat_of(conn: Connection, connection: UUID) -> UUID | None:
    """The seat whose visit is kept under this connection; None when no visit is."""
    found: UUID | None = await conn.fetchval(
        "select seat_id from visits where connection = $1", connection
    )
    return found
