"""The rooms open in this web process: who is connected, and what each of them is told.

Any process serves any room. What happens in a room is a row in its log, and NOTIFY is the hint to
read it: one channel, one listening connection per process. The stage comes from the live process.
Everything told to many is written once.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from media.errors import LiveError
from media.live.messages import Stage as LiveStage
from media.live.messages import Told
from rooms.live import log as room_log
from rooms.live import presenters, protocol, questions, reactions, room_facts, room_views
from rooms.live.log import Logged
from rooms.live.outbox import Outbox
from rooms.live.room_facts import AdultSeen
from rooms.live.room_state import Who
from rooms.scope import Scope
from server import room_orders
from server.database import Connection, Pool
from server.live_link import LiveLink
from server.live_presence import LivePresence, members_on
from server.live_rooms import DATABASE_AWAY, LiveRooms
from server.room_desk import RoomDesk
from server.room_news import News

log = logging.getLogger(__name__)

# What happens within a tick is told together.
TICK_S = 0.05
VIEWERS_EVERY_S = 1.0
# Who is there, and figures that change often.
ADULTS_EVERY_S = 0.5
FIGURES_EVERY_S = 1.0
REACTIONS_EVERY_S = 0.5
AGAIN_AFTER_S = 0.5
# A listening connection that is cut without a word is noticed within this.
LOOK_EVERY_S = 5.0
READ_WITHIN_S = 5.0
# A page that does not answer for so long is not there; it comes back by itself.
IDLE_AFTER_S = 20.0
MOST_LINES = 5_000
# A device or person with more pages of one room than this has a page that runs away.
MOST_OF_ONE = 12

# Close codes of ours, as PROTOCOL.md explains them.
RESUME = 4000
IDLE = 4001
NOT_UNDERSTOOD = 4002
TOO_MANY = 4003
TRY_LATER = 1013


@dataclass(eq=False, slots=True)
class Line:
    """One page's connection. `owner`: whose; `member`: her presenter's place on the stage.

    `close` ends it at once with a code; `doubt` has it find out whether it still has a place.
    """

    connection: UUID
    room_id: UUID
    owner: UUID
    member: UUID | None
    close: Callable[[int], None]
    doubt: Callable[[], None]
    heard_at: float
    who: Who
    outbox: Outbox = field(default_factory=Outbox)
    number: int | None = None  # of the last line of the log it was told; None until its welcome
    missed: list[Logged] = field(default_factory=list)  # what happened before its welcome
    is_last: bool = False  # what waits is the last it is told
    is_removed: bool = False  # its device was: its picture goes too
    as_of: int | None = None  # what is so in the room was told it up to here; None before
    heard: list[tuple[int, str]] = field(default_factory=list)  # of that, before its welcome

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
        elif number > self.as_of:
            self.tell(frame)

    def tell(self, frame: str, replaces: str = "") -> None:
        """Queues a frame; a page that is too slow for it is closed, and comes back."""
        if self.number is None or self.is_last:
            return
        if not self.outbox.put(frame, replaces):
            self.close(RESUME)

    def end(self, event: protocol.Closed) -> None:
        """The last it is told; then it is closed."""
        if not self.is_last:
            self.number = self.number or 0
            self.tell(protocol.written(event))
            self.is_last = True

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
            if logged.kind == "presenter_left" and logged.data.get("member") == str(self.member):
                self.doubt()


@dataclass(slots=True)
class _Room:
    """A room with somebody in it. `number`: of its log, as far as it was read here.

    `stage` and `viewers` are what is so now, `stage_told` and `viewers_told` what all were told.
    """

    programme_id: UUID
    number: int
    lines: set[Line] = field(default_factory=set)
    names: dict[UUID, str] = field(default_factory=dict)
    stage: protocol.Stage = field(default_factory=protocol.Stage)
    stage_told: protocol.Stage = field(default_factory=protocol.Stage)
    viewers: int = 0
    viewers_told: int = 0
    news: News = field(default_factory=News)
    reactions: dict[str, int] = field(default_factory=dict)  # of this process's pages, to be said
    veiled: set[UUID] = field(default_factory=set)  # members hidden because of a pause


class RoomHub:
    """Implements `live_rooms.Audience`; `live` and `presence` are given once they are made."""

    def __init__(self, pool: Pool, dsn: str, clock: Callable[[], datetime]) -> None:
        self.live: LiveRooms
        self.presence: LivePresence
        self.desk: RoomDesk
        self._pool = pool
        self._dsn = dsn
        self._clock = clock
        self._rooms: dict[UUID, _Room] = {}
        self._lines: dict[UUID, Line] = {}  # by connection
        self._staged: set[UUID] = set()  # rooms whose stage is to be told
        self._has_staged = asyncio.Event()
        self._nameless: set[UUID] = set()  # rooms with somebody on the stage whose name we lack
        self._noticed: dict[UUID, int] = {}  # rooms in whose log there is something to be read
        self._has_noticed = asyncio.Event()
        self._pings = 0

    # --- pages come and go ---------------------------------------------------------------------

    def join(self, line: Line, programme_id: UUID, number: int) -> bool:
        """Adds a line; one that its page had before makes room for it. False: there is no room."""
        before = self._lines.get(line.connection)
        if before is None and self._is_full(line):
            return False
        self._lines[line.connection] = line
        if line.room_id not in self._rooms:
            self._open(line.room_id, programme_id, number)
        self._rooms[line.room_id].lines.add(line)
        if before is not None:
            self._forget(before)
            before.close(RESUME)
        return True

    def _open(self, room_id: UUID, programme_id: UUID, number: int) -> None:
        self._rooms[room_id] = room = _Room(programme_id, number)
        self._take_stage(room_id, room)
        room.stage_told, room.viewers_told = room.stage, room.viewers
        self.stage_changed_in(room_id)

    def _is_full(self, line: Line) -> bool:
        room = self._rooms.get(line.room_id)
        of_one = sum(one.owner == line.owner for one in room.lines) if room else 0
        return len(self._lines) >= MOST_LINES or of_one >= MOST_OF_ONE

    def leave(self, line: Line) -> None:
        """Removes a line; the one its page has by now stays."""
        if self._lines.get(line.connection) is line:
            del self._lines[line.connection]
        self._forget(line)

    def _forget(self, line: Line) -> None:
        room = self._rooms.get(line.room_id)
        if room is not None:
            room.lines.discard(line)
            if not room.lines:
                del self._rooms[line.room_id]

    def stage_of(self, room_id: UUID) -> tuple[protocol.Stage, int]:
        """What is on the stage, and how many watch."""
        room = self._rooms.get(room_id)
        return (room.stage, room.viewers) if room else (protocol.Stage(), 0)

    def lost(self, connections: frozenset[UUID]) -> None:
        """Visits that do not go on: each page finds out what became of its place."""
        for connection in connections:
            line = self._lines.get(connection)
            if line is not None:
                line.doubt()

    # --- what the live process says ------------------------------------------------------------

    def stage_changed(self, stage: LiveStage) -> None:
        """As `live_rooms.Audience`."""
        self.stage_changed_in(stage.room)

    def stage_changed_in(self, room_id: UUID) -> None:
        """The stage of a room is to be told, if anybody is there."""
        if room_id in self._rooms:
            self._staged.add(room_id)
            self._has_staged.set()

    def restarted(self, room_id: UUID, epoch: int) -> None:
        """As `live_rooms.Audience`."""
        room = self._rooms.get(room_id)
        if room is not None:
            frame = protocol.written(protocol.LiveRestarted(epoch))
            for line in list(room.lines):
                line.tell(frame, "live_restarted")

    def told(self, link: LiveLink, told: Told) -> None:
        """As `live_rooms.Audience`."""
        self.presence.told(link, told)

    # --- telling -------------------------------------------------------------------------------

    async def tell_stages(self) -> None:
        """Tells what is on the stages that changed, as soon as some have."""
        await self._has_staged.wait()
        self._has_staged.clear()
        await asyncio.sleep(TICK_S)
        staged, self._staged = self._staged, set()
        for room_id in staged:
            room, stage = self._rooms.get(room_id), self.live.stages.get(room_id)
            if room is not None:
                await self._veil(room_id, room)
            if room is not None and members_on(stage) <= room.names.keys():
                self._tell_stage(room_id)
            elif room is not None:  # first the names
                self._nameless.add(room_id)
                self._has_noticed.set()

    async def read(self) -> None:
        """Reads names and logs that are wanted, as soon as some are; what fails waits."""
        await self._has_noticed.wait()
        self._has_noticed.clear()
        await asyncio.sleep(TICK_S)
        nameless, self._nameless = self._nameless, set()
        for room_id in nameless:
            await self._read_names(room_id)
        noticed, self._noticed = self._noticed, {}
        for room_id, number in noticed.items():
            await self._read_log(room_id, number)
        if self._noticed or self._nameless:
            await asyncio.sleep(AGAIN_AFTER_S)
            self._has_noticed.set()

    def count_pages(self) -> int:
        """How many pages are connected to this process."""
        return len(self._lines)

    async def tell_viewers(self) -> None:
        """Tells how many watch, where that changed; a second passes before."""
        await asyncio.sleep(VIEWERS_EVERY_S)
        for room in self._rooms.values():
            if room.viewers != room.viewers_told:
                room.viewers_told = room.viewers
                self._tell(room, protocol.Viewers(room.viewers), "viewers")

    async def ping(self) -> None:
        """The beat of everybody: asks each page whether it is there; two seconds pass before."""
        await asyncio.sleep(protocol.PING_EVERY_S)
        now = asyncio.get_running_loop().time()
        self._pings += 1
        frame = protocol.written(protocol.Ping(self._pings))
        for line in list(self._lines.values()):
            if now - line.heard_at > IDLE_AFTER_S:
                line.close(IDLE)
            else:
                line.tell(frame, "ping")

    def _tell(self, room: _Room, event: protocol.Event, replaces: str = "") -> None:
        frame = protocol.written(event)
        for line in list(room.lines):
            line.tell(frame, replaces)

    def _tell_stage(self, room_id: UUID) -> None:
        room = self._rooms.get(room_id)
        if room is None:
            return
        self._take_stage(room_id, room)
        if room.stage != room.stage_told:
            room.stage_told = room.stage
            self._tell(room, protocol.StageChanged(room.stage), "stage")

    def _take_stage(self, room_id: UUID, room: _Room) -> None:
        stage = self.live.stages.get(room_id)
        classes = {part: one.class_name for part, one in room.news.facts.classes.items()}
        room.stage = stage_of(stage, room.names | classes)
        room.viewers = stage.viewers if stage else 0

    async def _read_names(self, room_id: UUID) -> None:
        room = self._rooms.get(room_id)
        if room is None:
            return
        try:
            async with asyncio.timeout(READ_WITHIN_S), self._pool.acquire() as conn:
                known = await presenters.of_room(conn, Scope(room.programme_id), room_id)
            room.names |= dict.fromkeys(members_on(self.live.stages.get(room_id)), "")
            room.names |= {one.member: one.name for one in known}
        except DATABASE_AWAY as error:
            log.warning("room %s: no names now: %s", room_id, type(error).__name__)
            self._nameless.add(room_id)
        self._tell_stage(room_id)  # the picture is there, with a name or without

    async def _read_log(self, room_id: UUID, number: int) -> None:
        room = self._rooms.get(room_id)
        known = room or self.live.knows(room_id)
        if known is None:
            return
        since = room.number if room is not None else max(0, number - 1)
        scope = Scope(known.programme_id)
        try:
            async with asyncio.timeout(READ_WITHIN_S), self._pool.acquire() as conn:
                lines = await room_log.since(conn, scope, room_id, since)
                if room is not None:
                    await self._read_news(conn, room_id, room)
        except DATABASE_AWAY as error:
            log.warning("room %s: its log waits: %s", room_id, type(error).__name__)
            self._noticed.setdefault(room_id, number)
            return
        if room is not None:
            room.number = max(room.number, number, lines[-1].number if lines else 0)
            _tell_news(room.lines, lines)
            await self._veil(room_id, room)
        if any(line.kind == "closed" for line in lines):
            await self._close_stage(room_id)

    # --- what is so in a room beside its stage --------------------------------------------------

    async def know(self, conn: Connection, line: Line) -> None:
        """Reads the room as it is, and who the visitor is in it, before her welcome."""
        room = self._rooms.get(line.room_id)
        if room is not None:
            await self._read_news(conn, line.room_id, room)
            line.who = room.news.facts.now(line.who)

    def moderates(self, line: Line) -> bool:
        """Whether the visitor moderates now."""
        room = self._rooms.get(line.room_id)
        return room is not None and room.news.facts.moderates(line.who)

    async def show(self, conn: Connection, line: Line) -> None:
        """Tells a page all of the room that it may see: at its welcome, and when what it may see
        is another."""
        room = self._rooms.get(line.room_id)
        if room is None:
            return
        news, scope, texts = room.news, Scope(room.programme_id), dict[UUID, str]()
        while missing := room_views.needed_texts(news.state, line.who, news.facts) - texts.keys():
            found = await questions.texts_of(conn, scope, line.room_id, missing)
            texts |= dict.fromkeys(missing, "") | found
        line.show(news.welcome(line.who, texts), news.state.number)

    async def _read_news(self, conn: Connection, room_id: UUID, room: _Room) -> None:
        scope, news = Scope(room.programme_id), room.news
        logged = await room_log.after(conn, scope, room_id, news.state.number)
        if not news.is_loaded:
            facts = await room_facts.read(conn, scope, room_id, None, self._clock())
            if not news.is_loaded:
                news.facts = facts
                news.load(logged)
            return
        wanted = room_views.wanted_texts(room_log.line_of(one) for one in logged)
        texts = await questions.texts_of(conn, scope, room_id, wanted)
        for number, audience, frame in news.take_in(logged, texts):
            for line in list(room.lines):
                if audience.has(line.who, news.facts):
                    line.hear(number, frame)
        for seat in news.state.banned:
            _remove(room, seat)
        for part in {UUID(one.data["part"]) for one in logged if _is_cut(one)}:
            if not news.state.of_class(part).is_on_stage:
                await room_orders.cut(self.live, room.programme_id, room_id, part)

    async def _veil(self, room_id: UUID, room: _Room) -> None:
        key = (self.live, room.programme_id, room_id)
        room.veiled = await room_orders.veil(*key, room.news.state.phase, room.veiled)

    async def look(self) -> None:
        """Says which adults are at this process, and sees who is there in each room; half a
        second passes before."""
        await asyncio.sleep(ADULTS_EVERY_S)
        self.desk.keep(self._rooms.keys())
        if not self._rooms:
            return
        try:
            async with asyncio.timeout(READ_WITHIN_S), self._pool.acquire() as conn:
                await room_facts.note_adults(conn, self._adults(), self._clock())
                for room_id, room in list(self._rooms.items()):
                    await self._look_at(conn, room_id, room)
        except DATABASE_AWAY as error:
            log.warning("nobody looks after the rooms: %s", type(error).__name__)

    def _adults(self) -> list[AdultSeen]:
        now, loop_now = self._clock(), asyncio.get_running_loop().time()
        found = []
        for line in self._lines.values():
            who, room = line.who, self._rooms[line.room_id]
            parts = who.parts | ({who.part} if who.is_screen and who.part else set())
            if parts or who.is_moderator:
                seen_at = now - timedelta(seconds=loop_now - line.heard_at)
                found.append(
                    AdultSeen(
                        line.connection, room.programme_id, line.room_id, who.person,
                        tuple(parts), who.is_moderator, seen_at,
                    )
                )  # fmt: skip
        return found

    async def _look_at(self, conn: Connection, room_id: UUID, room: _Room) -> None:
        scope, news = Scope(room.programme_id), room.news
        facts = await room_facts.read(conn, scope, room_id, news.state.host, self._clock())
        news.devices = await room_facts.devices(conn, scope, room_id, self._clock())
        before, news.facts = news.facts, facts
        if news.is_loaded and news.state.due(facts):
            self.desk.look(room.programme_id, room_id)
        for line in list(room.lines):
            who = facts.now(line.who)
            was = (line.who.parts, before.moderates(line.who))
            line.who = who
            if line.as_of is not None and was != (who.parts, facts.moderates(who)):
                await self.show(conn, line)

    async def tell_figures(self) -> None:
        """Tells votes and counts, where they changed; a second passes before."""
        await asyncio.sleep(FIGURES_EVERY_S)
        for room in self._rooms.values():
            lines = [line for line in room.lines if line.as_of is not None]
            changed = room.news.changed_figures(line.who for line in lines)
            for line in lines:
                for replaces, frame in changed[room.news.key_of(line.who)]:
                    line.tell(frame, replaces)

    def react(self, line: Line, kind: protocol.Reaction) -> None:
        """A device's reaction, where its class may speak."""
        room = self._rooms.get(line.room_id)
        if room is not None and room_views.may_react(room.news.state, line.who, room.news.facts):
            room.reactions[kind] = room.reactions.get(kind, 0) + 1

    async def say_reactions(self) -> None:
        """Says what its pages reacted to all processes; half a second passes before."""
        await asyncio.sleep(REACTIONS_EVERY_S)
        due = [(room_id, room) for room_id, room in self._rooms.items() if room.reactions]
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

    def _reacted(self, _conn: Any, _pid: int, _channel: str, payload: Any) -> None:
        room_id, counts = reactions.read(str(payload))
        room = self._rooms.get(room_id) if room_id is not None else None
        if room is not None and counts:
            self._tell(room, protocol.Reactions(counts))

    async def _close_stage(self, room_id: UUID) -> None:
        """Whoever closed the room: nothing goes on in the live process."""
        with contextlib.suppress(LiveError):
            await self.live.close(room_id)

    # --- hearing of the log --------------------------------------------------------------------

    async def listen(self) -> None:
        """Hears of every room's log until its connection breaks; then a moment passes."""
        try:
            await self._listen()
        except DATABASE_AWAY as error:
            log.warning("nothing is heard of rooms: %s", type(error).__name__)
        await asyncio.sleep(AGAIN_AFTER_S)

    async def _listen(self) -> None:
        conn = await asyncpg.connect(self._dsn, timeout=READ_WITHIN_S)
        try:
            is_over = asyncio.Event()
            conn.add_termination_listener(lambda _: is_over.set())
            await conn.add_listener(room_log.CHANNEL, self._notice)
            await conn.add_listener(reactions.CHANNEL, self._reacted)
            self._look_everywhere()
            while not is_over.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(is_over.wait(), LOOK_EVERY_S)
                if not is_over.is_set():
                    await conn.execute("select 1", timeout=READ_WITHIN_S)
        finally:
            conn.terminate()

    def _notice(self, _conn: Any, _pid: int, _channel: str, payload: Any) -> None:
        try:
            room_id, number = room_log.read_payload(str(payload))
        except ValueError:
            log.warning("a notification that is none of ours")
            return
        if room_id in self._rooms or self.live.knows(room_id) is not None:
            self._noticed[room_id] = max(number, self._noticed.get(room_id, 0))
            self._has_noticed.set()

    def _look_everywhere(self) -> None:
        """While nobody listened, anything may have happened in any room."""
        for room_id in {*self._rooms, *self.live.known_rooms()}:
            self._noticed.setdefault(room_id, 0)
        self._has_noticed.set()


def _is_cut(logged: Logged) -> bool:
    return logged.kind == "class_on_stage" and not logged.data["on"]


def _remove(room: _Room, seat: UUID) -> None:
    """A device that was removed hears so, and nothing more."""
    for line in list(room.lines):
        if line.who.seat == seat:
            line.is_removed = True
            line.end(protocol.Closed("removed"))


def _tell_news(lines: Iterable[Line], logged: list[Logged]) -> None:
    told = [(one, frame_of(one)) for one in logged]
    for line in list(lines):
        for one, frame in told:
            line.news(one, frame)


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


def stage_of(stage: LiveStage | None, names: dict[UUID, str]) -> protocol.Stage:
    """The live process's stage as pages are told it: nothing in it but what they show."""
    if stage is None:
        return protocol.Stage()
    tracks = tuple(
        protocol.Track(
            one.member,
            names.get(one.member, ""),
            one.source,
            one.kind,
            one.slot,
            one.state,
            one.is_shaky,
        )
        for one in stage.tracks
    )
    return protocol.Stage(tracks, any(one.state != "waiting" for one in tracks))
