"""The rooms with somebody in them at this web process, and whose page is in which."""

from dataclasses import dataclass, field
from uuid import UUID

from rooms.live import log as room_log
from rooms.live import protocol
from rooms.live.log import Logged
from rooms.live.room_views import Audience
from server.room_lines import RESUME, Line, frame_of
from server.room_news import News

MOST_LINES = 5_000
# A device or person with more pages of one room than this has a page that runs away.
MOST_OF_ONE = 12


@dataclass(slots=True)
class OpenRoom:
    """A room with somebody in it. `since`: the last number of its log when the first came.

    `stage` and `viewers` are what is so now, `stage_told` and `viewers_told` what all were told.
    """

    programme_id: UUID
    since: int
    lines: set[Line] = field(default_factory=set)
    names: dict[UUID, str] = field(default_factory=dict)
    stage: protocol.Stage = field(default_factory=protocol.Stage)
    stage_told: protocol.Stage = field(default_factory=protocol.Stage)
    viewers: int = 0
    viewers_told: int = 0
    news: News = field(default_factory=News)
    reactions: dict[str, int] = field(default_factory=dict)  # of this process's pages, to be said

    def tell(self, event: protocol.Event, replaces: str = "") -> None:
        """Tells everybody in it."""
        frame = protocol.written(event)
        for line in list(self.lines):
            line.tell(frame, replaces)

    def tell_plain(self, logged: Logged) -> None:
        """A line of the log that everybody hears as it stands; all others are passed over."""
        if logged.kind in room_log.PLAIN and logged.number > self.since:
            frame = frame_of(logged)
            for line in list(self.lines):
                line.news(logged, frame)

    def tell_news(self, number: int, audience: Audience, frame: str) -> None:
        """What a line of the log has changed, to those who may see it."""
        facts, is_for_all = self.news.facts, audience.kind == "all"
        for line in list(self.lines):
            if is_for_all or audience.has(line.who, facts):
                line.hear(number, frame)

    def remove(self, seat: UUID) -> None:
        """A device that was removed hears so, and nothing more."""
        for line in list(self.lines):
            if line.who.seat == seat:
                line.is_removed = True
                line.end(protocol.Closed("removed"))


class OpenRooms:
    """`rooms` by id, `lines` by connection."""

    def __init__(self) -> None:
        self.rooms: dict[UUID, OpenRoom] = {}
        self.lines: dict[UUID, Line] = {}

    def of(self, line: Line) -> OpenRoom | None:
        """The room of a page that is in it."""
        return self.rooms.get(line.room_id)

    def has_place(self, line: Line) -> bool:
        """Whether this page can come in; one that was here before takes its own place."""
        if line.connection in self.lines:
            return True
        room = self.of(line)
        of_one = sum(one.who.owner == line.who.owner for one in room.lines) if room else 0
        return len(self.lines) < MOST_LINES and of_one < MOST_OF_ONE

    def join(self, line: Line, programme_id: UUID, number: int) -> bool:
        """Adds a page; the line it had before makes room for it. Whether it is the room's first."""
        before = self.lines.get(line.connection)
        self.lines[line.connection] = line
        is_first = line.room_id not in self.rooms
        if is_first:
            self.rooms[line.room_id] = OpenRoom(programme_id, number)
        self.rooms[line.room_id].lines.add(line)
        if before is not None:
            self._forget(before)
            before.close(RESUME)
        return is_first

    def leave(self, line: Line) -> None:
        """Removes a line; the one its page has by now stays."""
        if self.lines.get(line.connection) is line:
            del self.lines[line.connection]
        self._forget(line)

    def _forget(self, line: Line) -> None:
        room = self.of(line)
        if room is not None:
            room.lines.discard(line)
            if not room.lines:
                del self.rooms[line.room_id]
