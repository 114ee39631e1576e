"""Captions in rooms: told as soon as they are heard of, without the log and its tick.

Who types them is `captioning.py`; what they are, and for how long, `rooms/live/captions.py`.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from rooms.attendance.rule import unix_ms
from rooms.live import captions, protocol, room_views
from rooms.scope import Scope
from server.database import Connection
from server.open_rooms import OpenRoom, OpenRooms


class RoomCaptions:
    """The captions of the rooms at this process."""

    def __init__(self, open_rooms: OpenRooms, clock: Callable[[], datetime]) -> None:
        self._open = open_rooms
        self._clock = clock

    def hear(self, payload: str) -> None:
        """A line that some process kept; or a captioner who may type no more."""
        room_id, said = captions.read(payload)
        room = self._open.rooms.get(room_id) if room_id is not None else None
        if room is None or said is None:
            return
        if isinstance(said, UUID):
            for line in list(room.lines):
                if line.who.captioner == said:
                    line.doubt()
        else:
            self._tell(room, said)

    def doubt(self) -> None:
        """While nobody listened, lines may have come: they are read where they are wanted next."""
        for room in self._open.rooms.values():
            room.news.captions.is_loaded = False

    async def read(self, conn: Connection, room_id: UUID, room: OpenRoom) -> None:
        """The last lines, where nobody listened to them before."""
        board = room.news.captions
        if board.is_loaded:
            return
        board.is_loaded = True
        try:
            recent = await captions.recent(conn, Scope(room.programme_id), room_id, self._clock())
        except BaseException:
            board.is_loaded = False
            raise
        for said in recent:
            self._tell(room, said)

    def _tell(self, room: OpenRoom, said: protocol.Caption) -> None:
        news = room.news
        if not news.captions.take(said, unix_ms(self._clock())):
            return
        frame = protocol.written(protocol.CaptionTold(said))
        for line in list(room.lines):
            if line.as_of is not None and room_views.reads_captions(
                news.state, line.who, news.facts
            ):
                line.tell(frame, f"caption {said.id}")
