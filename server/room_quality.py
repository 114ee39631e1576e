"""What pages of this process say of how well the stage comes in: kept when it changes."""

from datetime import datetime
from uuid import UUID

from rooms.live import protocol, seat_quality
from rooms.live.seat_quality import Noted
from server.database import Connection


class RoomQuality:
    """By connection: what was said last, and what of it was kept when."""

    def __init__(self) -> None:
        self._said: dict[UUID, Noted] = {}
        self._kept: dict[UUID, tuple[Noted, datetime]] = {}
        self._gone: set[UUID] = set()  # of whom a row is still there

    def say(self, connection: UUID, pong: protocol.Pong) -> None:
        """A page's word at its beat; a page that watches nothing says none."""
        if pong.quality is None:
            self.forget(connection)
        else:
            self._said[connection] = Noted(connection, pong.quality, pong.rung)
            self._gone.discard(connection)

    def forget(self, connection: UUID) -> None:
        """The page is gone, or watches nothing any more."""
        self._said.pop(connection, None)
        if self._kept.pop(connection, None) is not None:
            self._gone.add(connection)

    async def keep(self, conn: Connection, now: datetime) -> None:
        """Writes what is new, and once a minute what is not."""
        due = [one for one in self._said.values() if self._is_due(one, now)]
        if due or self._gone:
            gone = frozenset(self._gone)
            await seat_quality.note(conn, due, gone, now)
            self._gone -= gone
            self._kept |= {one.connection: (one, now) for one in due}
            for connection in self._kept.keys() - self._said.keys():
                self.forget(connection)  # it went while its row was written

    def _is_due(self, said: Noted, now: datetime) -> bool:
        kept, at = self._kept.get(said.connection, (None, now))
        return kept != said or now - at > seat_quality.AGAIN_AFTER
