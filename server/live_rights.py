"""Ends what goes on in live processes without a right: taken off, signed out, a room that closed.

Whoever takes a right away asks for its end at once (`room_orders.py`); that call is lost where the
live process or this one dies at the wrong moment. So every process asks its live processes, again
and again, by whose right what they carry is there, and holds that against the rows
(`rooms/live/rights.py`). While the database is away everything goes on as it is.
"""

import asyncio
import contextlib
import logging
from typing import cast, get_args
from uuid import UUID

from media.errors import LiveError
from media.live.messages import Present
from rooms.errors import NotThere
from rooms.live import rights
from rooms.live.rights import Kind, Lost, Right
from server import room_orders
from server.database import Connection, Pool
from server.live_rooms import DATABASE_AWAY, LiveRooms
from server.open_rooms import OpenRooms

log = logging.getLogger(__name__)

EVERY_S = 2.0
READ_WITHIN_S = 5.0
_KINDS = frozenset(get_args(Kind))


class LiveRights:
    """`open_rooms`: those with pages at this process."""

    def __init__(self, pool: Pool, live: LiveRooms, open_rooms: OpenRooms) -> None:
        self._pool = pool
        self._live = live
        self._open = open_rooms

    async def look(self) -> None:
        """Looks once at everything, after a while; what fails is looked at the next time."""
        await asyncio.sleep(EVERY_S)
        await self._doubt_signed_out()
        await self._live.close_again()
        for room_id, present in (await self._live.roll_call()).items():
            known = self._live.knows(room_id)
            if known is not None:
                await self._look_at(known.programme_id, room_id, present)

    async def _doubt_signed_out(self) -> None:
        """Pages whose sign-in was ended find out what is left of their place."""
        lines = [one for one in self._open.lines.values() if one.sign_in is not None]
        if not lines:
            return
        try:
            async with asyncio.timeout(READ_WITHIN_S), self._pool.acquire() as conn:
                asked = {one.sign_in for one in lines if one.sign_in is not None}
                ended = await rights.ended_sign_ins(conn, asked)
        except DATABASE_AWAY as error:
            log.warning("who signed out is seen later: %s", type(error).__name__)
            return
        for line in lines:
            if line.sign_in in ended:
                line.doubt()

    async def _look_at(self, programme_id: UUID, room_id: UUID, present: Present) -> None:
        try:
            async with asyncio.timeout(READ_WITHIN_S), self._pool.acquire() as conn:
                lost = await _lost(conn, programme_id, room_id, present)
        except DATABASE_AWAY as error:
            log.warning("room %s: rights are looked at later: %s", room_id, type(error).__name__)
            return
        except Exception:  # a fault in one room keeps nobody from looking at the others
            log.exception("room %s: a fault in looking at its rights", room_id)
            return
        if lost is None:
            log.info("room %s: ended, as it is closed", room_id)
            with contextlib.suppress(LiveError):
                await self._live.close(room_id)
            return
        key = (self._live, programme_id, room_id)
        for member in sorted(lost.members):
            log.info("room %s: member %s is cut off late", room_id, member)
            await room_orders.cut(*key, member)
        for kind, one in sorted(lost.rights):
            log.info("room %s: what a %s carried is cut off late", room_id, kind)
            await room_orders.cut_creator(*key, f"{kind}:{one}")


async def _lost(
    conn: Connection, programme_id: UUID, room_id: UUID, present: Present
) -> Lost | None:
    claimed = [right for name in present.names if (right := _right(name)) is not None]
    with contextlib.suppress(NotThere):
        return await rights.lost(conn, programme_id, room_id, claimed, present.members)
    return None


def _right(name: str) -> Right | None:
    """What a name of `room_orders` stands for; None for any other, which nothing is asked of."""
    kind, _, text = name.partition(":")
    try:
        return (cast(Kind, kind), UUID(text)) if kind in _KINDS else None
    except ValueError:
        return None
