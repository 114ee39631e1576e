"""Reactions in rooms: gathered at each process, said to all of them, and told at once.

They are kept nowhere: what a cut line or a database that is away takes with it is lost.
"""

import asyncio
import logging

from rooms.live import protocol, reactions, room_views
from server.database import Pool
from server.live_rooms import DATABASE_AWAY
from server.open_rooms import OpenRooms
from server.room_lines import Line
from server.room_stages import READ_WITHIN_S

log = logging.getLogger(__name__)

SAID_EVERY_S = 0.5


class RoomReactions:
    """The reactions of the rooms at this process."""

    def __init__(self, pool: Pool, open_rooms: OpenRooms) -> None:
        self._pool = pool
        self._open = open_rooms

    def react(self, line: Line, kind: protocol.Reaction) -> None:
        """A device's reaction, where its class may speak."""
        room = self._open.of(line)
        if room is not None and room_views.may_react(room.news.state, line.who, room.news.facts):
            room.reactions[kind] = room.reactions.get(kind, 0) + 1

    async def say(self) -> None:
        """Says what its pages reacted to all processes; half a second passes before."""
        await asyncio.sleep(SAID_EVERY_S)
        due = [(room_id, room) for room_id, room in self._open.rooms.items() if room.reactions]
        if not due:
            return
        said = [(room_id, room.reactions) for room_id, room in due]
        for _, room in due:
            room.reactions = {}
        try:
            async with asyncio.timeout(READ_WITHIN_S), self._pool.acquire() as conn:
                for room_id, counts in said:
                    await reactions.say(conn, room_id, counts)
        except DATABASE_AWAY as error:
            log.warning("reactions are lost: %s", type(error).__name__)

    def hear(self, payload: str) -> None:
        """What some process said: told to everybody in the room."""
        room_id, counts = reactions.read(payload)
        room = self._open.rooms.get(room_id) if room_id is not None else None
        if room is not None and counts:
            room.tell(protocol.Reactions(counts))
