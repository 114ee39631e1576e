"""What a presenter does with her own picture and sound while she is on the stage: hide, mute.

Answered when the live process has done it: from then on nothing of it goes out.
"""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import msgspec
from starlette.responses import JSONResponse, Response

from media.live.messages import Do, Done, Hide, Mute
from rooms.errors import NotThere, Refused, RoomError
from rooms.live import presenters, rooms
from rooms.live.rooms import Room
from rooms.scope import Scope
from server import room_orders
from server.context import Here
from server.live_rooms import live_of

BODY_BYTES = 1_000


class Hidden(msgspec.Struct, frozen=True):
    """Picture and sound give way to a still."""

    hidden: bool


class Muted(msgspec.Struct, frozen=True):
    """The sound is cut."""

    muted: bool


Wish = TypeVar("Wish", Hidden, Muted)


async def hide(here: Here) -> Response:
    """`POST /rooms/{id}/hide` `{"hidden": true|false}`."""
    wish = await _read(here, Hidden)
    room, member = await _place(here)
    async with here.transaction() as conn:
        since = here.now if wish.hidden else None
        await presenters.hide(conn, Scope(room.programme_id), member, since)
        is_dark = await rooms.phase_of(conn, room.programme_id, room.id) in room_orders.DARK
    if wish.hidden or not is_dark:  # after the pause it comes back by itself
        await _ask(here, room, lambda epoch: Hide(room.id, epoch, member, wish.hidden))
    return JSONResponse({"hidden": wish.hidden})


async def mute(here: Here) -> Response:
    """`POST /rooms/{id}/mute` `{"muted": true|false}`."""
    wish = await _read(here, Muted)
    room, member = await _place(here)
    await _ask(here, room, lambda epoch: Mute(room.id, epoch, member, wish.muted))
    return JSONResponse({"muted": wish.muted})


async def _place(here: Here) -> tuple[Room, UUID]:
    """Raises `NotThere` for who has no place on this stage."""
    async with here.transaction() as conn:
        room = await rooms.get(conn, here.scope, here.id())
        place = await presenters.place_of(conn, here.scope, room.id)
    if place is None or not room.is_open:
        raise NotThere("presenter")
    return room, place.member


async def _ask(here: Here, room: Room, make: Callable[[int], Do]) -> None:
    """Raises `LiveError`."""
    await live_of(here).ask(room.programme_id, room.id, make, Done)


async def _read(here: Here, kind: type[Wish]) -> Wish:
    raw = bytearray()
    async for chunk in here.request.stream():
        raw += chunk
        if len(raw) > BODY_BYTES:
            raise RoomError("body_large")
    try:
        return msgspec.json.decode(bytes(raw), type=kind)
    except msgspec.DecodeError:
        raise Refused("bad_form") from None
