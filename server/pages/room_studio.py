"""A presenter's studio: camera, microphone and screen by the page, OBS by a stream key."""

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from media.errors import LiveError
from media.live.messages import Done, RemoveMember
from rooms.errors import RoomError
from rooms.live import presenters, rooms, stream_keys
from rooms.live.entering import Entered
from rooms.live.presenters import Presenter
from rooms.live.rooms import Room
from rooms.live.standing import TakenOff
from rooms.live.stream_keys import NewKey, StreamKey
from server import errors, forms, room_orders
from server.addresses import own_url
from server.context import Here
from server.database import Connection
from server.live_rooms import live_of
from server.moderating import moderates
from server.pages.rooms import is_on_air, shown_in

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listed:
    """A working stream key as the studio lists it."""

    id: UUID
    label: str
    made_at: datetime
    used_at: datetime | None


async def studio(here: Here) -> Response:
    """`GET /rooms/{id}/studio`: camera, microphone, screen, keys."""
    async with here.transaction() as conn:
        room = await rooms.get(conn, here.scope, here.id())
        if not room.is_open:
            return here.go(f"/rooms/{room.id}")
        return await _studio(here, conn, room)


async def _studio(
    here: Here,
    conn: Connection,
    room: Room,
    new: NewKey | None = None,
    problem: RoomError | None = None,
) -> Response:
    me = await presenters.take_place(conn, here.scope, room.id, here.now)
    entered = Entered(room, rooms.role_in(here.scope, room) or "viewer", member=me.member)
    keys = [key for key in await stream_keys.mine(conn, here.scope, room.id) if key.works(here.now)]
    others = await presenters.of_room(conn, here.scope, room.id)
    return here.page(
        "rooms/studio.html",
        422 if problem else 200,
        room=shown_in(here, room, is_on_air=await is_on_air(conn, room)),
        member=me.member,
        moderates=await moderates(conn, here.scope, entered, here.now),
        keys=[_listed(key) for key in keys],
        new_key=new.token if new else "",
        whip_url=f"{own_url(here)}/rooms/{room.id}/whip",
        others=[(one.member, _name(here, one)) for one in others if _is_other(one, me)],
        text=errors.sentence(here.language, problem.code, problem.params) if problem else "",
    )


def _listed(key: StreamKey) -> Listed:
    return Listed(key.id, key.label, key.created_at, key.last_used_at)


def _is_other(one: Presenter, me: Presenter) -> bool:
    return one.member != me.member and one.removed_at is None


def _name(here: Here, presenter: Presenter) -> str:
    return presenter.name or here._("A presenter")


async def make_key(here: Here) -> Response:
    """`POST /rooms/{id}/keys`: a stream key for OBS, shown on the answer and never again."""
    label = forms.line(await here.form(), "label")
    async with here.transaction() as conn:
        room = await rooms.get(conn, here.scope, here.id())
        try:
            made = await stream_keys.create(conn, here.scope, room.id, label, here.now)
        except RoomError as problem:
            if problem.code not in {"keys_many", "key_label"}:
                raise
            return await _studio(here, conn, room, problem=problem)
        return await _studio(here, conn, room, made)


async def revoke_key(here: Here) -> Response:
    """`POST /rooms/{id}/keys/{key}/revoke`: ends the key, and what is sent in her place now."""
    async with here.transaction() as conn:
        room = await rooms.get(conn, here.scope, here.id())
        await stream_keys.revoke(conn, here.scope, room.id, here.id("key"), here.now)
        place = await presenters.place_of(conn, here.scope, room.id)
    if place is not None and room.is_open:
        await cut_off(here, room, place.member)
    return here.go(f"/rooms/{room.id}/studio", said="key_revoked")


async def remove(here: Here) -> Response:
    """`POST /rooms/{id}/presenters/{member}/remove`: off the stage, at once."""
    member = here.id("member")
    async with here.transaction() as conn:
        room = await rooms.get(conn, here.scope, here.id())
        await presenters.remove(conn, here.scope, room.id, member, here.now)
    await cut_off(here, room, member)
    return here.go(f"/rooms/{room.id}/studio", said="presenter_gone")


async def take_off(here: Here, room: Room, off: TakenOff) -> None:
    """Ends what somebody who was taken off sends, and all that she watches by."""
    if off.member is not None:
        await cut_off(here, room, off.member)
    await end_watching(here, room, room_orders.of_person(off.person))


async def end_watching(here: Here, room: Room, creator: str) -> None:
    """Ends every picture of somebody, one of `room_orders`, as `cut_off` ends what is sent."""
    if not await room_orders.cut_creator(live_of(here), room.programme_id, room.id, creator):
        log.warning("room %s: what %s watches was not ended", room.id, creator)


async def cut_off(here: Here, room: Room, member: UUID) -> None:
    """Ends what a member sends, at once; where that is not heard, `live_rights.py` does."""

    def cut(epoch: int) -> RemoveMember:
        return RemoveMember(room.id, epoch, member)

    try:
        await live_of(here).ask(room.programme_id, room.id, cut, Done)
    except LiveError as error:
        log.warning("room %s: member %s was not cut off: %s", room.id, member, error.code)
