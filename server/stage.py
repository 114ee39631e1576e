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
    room_id = here.id()
    await _do(here, lambda epoch, member: Hide(room_id, epoch, member, wish.hidden))
    return JSONResponse({"hidden": wish.hidden})


async def mute(here: Here) -> Response:
    """`POST /rooms/{id}/mute` `{"muted": true|false}`."""
    wish = await _read(here, Muted)
    room_id = here.id()
    await _do(here, lambda epoch, member: Mute(room_id, epoch, member, wish.muted))
    return JSONResponse({"muted": wish.muted})


async def _do(here: Here, make: Callable[[int, UUID], Do]) -> None:
    """Raises `NotThere` for who has no place on this stage, `LiveError`."""
    async with here.transaction() as conn:
        room = await rooms.get(conn, here.scope, here.id())
        place = await presenters.place_of(conn, here.scope, room.id)
    if place is None or not room.is_open:
        raise NotThere("presenter")
    member = place.member
    await live_of(here).ask(room.programme_id, room.id, lambda epoch: make(epoch, member), Done)


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
