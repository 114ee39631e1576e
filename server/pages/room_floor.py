"""What is done beside the stage: a teacher's queue on her phone, a moderator's page."""

from starlette.responses import Response

from rooms.agenda import room_sessions
from rooms.agenda.room_sessions import Part
from rooms.errors import NotThere
from rooms.live import rooms
from rooms.live.entering import Entered
from server.context import Here
from server.database import Connection
from server.moderating import moderates
from server.pages.rooms import is_on_air, shown_in, visitor


async def queue(here: Here) -> Response:
    """`GET /rooms/{id}/queue`: the questions of her classes, for a phone."""
    async with here.transaction() as conn:
        entered = await _person(here, conn)
        parts = await _parts(here, conn, entered)
        if not parts:
            raise NotThere("session_class")
        if not entered.room.is_open:
            return here.go(f"/rooms/{entered.room.id}")
        return here.page(
            "rooms/queue.html",
            room=shown_in(here, entered.room, is_on_air=await is_on_air(conn, entered.room)),
            parts=parts,
            moderates=await moderates(conn, here.scope, entered, here.now),
        )


async def desk(here: Here) -> Response:
    """`GET /rooms/{id}/desk`: for whoever moderates; with one class that is its teacher. Once more
    classes come she goes to her own page, which says so."""
    async with here.transaction() as conn:
        entered = await _person(here, conn)
        if not entered.room.is_open and entered.role == "moderator":
            return here.go(f"/rooms/{entered.room.id}")
        if not await moderates(conn, here.scope, entered, here.now):
            if not await _parts(here, conn, entered):
                raise NotThere("room")
            is_open = entered.room.is_open
            return here.go(f"/rooms/{entered.room.id}", said="desk_moved" if is_open else "")
        return here.page(
            "rooms/desk.html",
            room=shown_in(here, entered.room, is_on_air=await is_on_air(conn, entered.room)),
            parts=await _parts(here, conn, entered),
            afterwards_url=_afterwards_url(entered),
            may_take_over=rooms.is_moderator(entered.role, entered.room, here.person.person_id),
        )


def _afterwards_url(entered: Entered) -> str:
    """Where it stands what came of a webinar; of another room nothing is asked afterwards."""
    cast = entered.room.cast
    return f"/webinars/{cast.webinar_id}/afterwards" if cast else ""


async def _person(here: Here, conn: Connection) -> Entered:
    """Whoever is signed in, in this room. Raises `NotThere` for the others."""
    entered = await visitor(here, conn)
    if entered is None or here.viewer is None:
        raise NotThere("room")
    return entered


async def _parts(here: Here, conn: Connection, entered: Entered) -> list[Part]:
    found = await room_sessions.mine_in(conn, here.scope, entered.room.session_id)
    return [one for one in found if one.is_on or not entered.room.is_open]
