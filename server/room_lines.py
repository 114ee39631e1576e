"""One page's connection to a room, and how lines of the room's log reach it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from rooms.live import log as room_log
from rooms.live import protocol
from rooms.live.log import Logged
from rooms.live.outbox import Outbox
from rooms.live.room_state import Who

# How many times in two seconds some of the pages are asked whether they are there.
PING_SLICES = 20
# Close codes of ours, as PROTOCOL.md explains them.
RESUME = 4000
IDLE = 4001
NOT_UNDERSTOOD = 4002
TOO_MANY = 4003
TRY_LATER = 1013


@dataclass(eq=False, slots=True)
class Line:
    """One page's connection. `who`: whose it is, as what she is by now.

    `close` ends it at once with a code; `doubt` has it find out whether it still has a place.
    """

    connection: UUID
    room_id: UUID
    close: Callable[[int], None]
    doubt: Callable[[], None]
    heard_at: float
    who: Who
    outbox: Outbox
    number: int | None = None  # of the last line of the log it was told; None until its welcome
    missed: list[Logged] = field(default_factory=list)  # what happened before its welcome
    is_removed: bool = False  # it has no place here any more: its picture goes too
    as_of: int | None = None  # what is so in the room was told it up to here; None before
    heard: list[tuple[int, str]] = field(default_factory=list)  # of that, before its welcome
    asked: int = 0  # commands that are being decided
    last: str = ""  # the last it is told, once all it asked is answered
    sign_in: UUID | None = None  # she is here by it, and by nothing else of hers when it ends
    beat: int = field(init=False)  # in which slice of all pages it is asked whether it is there

    def __post_init__(self) -> None:
        self.beat = self.connection.int % PING_SLICES

    def welcome(self, frame: str, number: int, logged: list[Logged]) -> None:
        """The first it is told: who it is, then what happened since it was here, and meanwhile."""
        self.number = logged[0].number - 1 if logged else number
        self.tell(frame)
        missed, self.missed = self.missed, []
        for one in (*logged, *missed):
            self.news(one, frame_of(one))

    def show(self, frames: list[str], as_of: int) -> None:
        """All of the room that it may see, as it is at `as_of`; then what was heard meanwhile."""
        for frame in frames:
            self.tell(frame)
        heard, self.heard, self.as_of = self.heard, [], as_of
        for number, frame in heard:
            self.hear(number, frame)

    def hear(self, number: int, frame: str) -> None:
        """Something of the room has changed."""
        if self.as_of is None:
            self.heard.append((number, frame))
            if len(self.heard) > room_log.MOST_TOLD:
                self.close(RESUME)
        elif number > self.as_of and not self.last:
            self._put(frame)

    def tell(self, frame: str, replaces: str = "") -> None:
        """Queues a frame; a page that is too slow for it is closed, and comes back."""
        if self.number is not None and not self.last:
            self._put(frame, replaces)

    def _put(self, frame: str, replaces: str = "") -> None:
        if not self.outbox.put(frame, replaces):
            self.close(RESUME)

    def answer(self, event: protocol.Done | protocol.Refused) -> None:
        """What became of a command that was decided; counted in `asked`."""
        self.asked -= 1
        self._put(protocol.written(event))
        self._end_when_answered()

    def end(self, event: protocol.Closed) -> None:
        """The last it is told, but for answers that come; then it is closed."""
        self.number = self.number or 0
        self.last = self.last or protocol.written(event)
        self._end_when_answered()

    def _end_when_answered(self) -> None:
        if self.last and not self.asked:
            self._put(self.last)
            self.outbox.end()

    def news(self, logged: Logged, frame: str | None) -> None:
        """A line of the log, once."""
        if self.number is None:
            self.missed.append(logged)
            if len(self.missed) > room_log.MOST_TOLD:
                self.close(RESUME)
        elif logged.number > self.number:
            self.number = logged.number
            if logged.kind == "closed":
                self.end(protocol.Closed("room_closed", logged.number))
            elif frame is not None:
                self.tell(frame)
            if logged.kind == "presenter_left" and logged.data.get("member") == str(
                self.who.member
            ):
                self.doubt()


def frame_of(logged: Logged) -> str | None:
    """A line of the log as its event; None for a kind this version does not know."""
    event = event_of(logged)
    return protocol.written(event) if event is not None else None


def event_of(logged: Logged) -> protocol.Numbered | None:
    """A line of the log as pages are told it."""
    number, at = logged.number, int(logged.at.timestamp() * 1000)
    member = UUID(logged.data["member"]) if "member" in logged.data else None
    match logged.kind:
        case "presenter_came" if member is not None:
            return protocol.PresenterCame(number, at, member, logged.name)
        case "presenter_left" if member is not None:
            return protocol.PresenterLeft(number, at, member)
        case "on_air":
            return protocol.OnAir(number, at)
        case "off_air":
            return protocol.OffAir(number, at)
        case "closed":
            return protocol.Closed("room_closed", number)
    return None
