"""The rooms open in this web process: what each page in them is told, and whether it is there.

Any process serves any room. What happens in a room is a row in its log, and NOTIFY is the hint to
read it (`room_ears.py`); what a log adds up to is `room_news.py`. The stage comes from the live
process (`room_stages.py`), captions and reactions from any process, without a log. A page is a
`Line` (`room_lines.py`); which is where `open_rooms.py` knows. What many are told is written once.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from media.live.messages import Stage as LiveStage
from media.live.messages import Told
from rooms.live import (
    captions,
    protocol,
    questions,
    reactions,
    room_facts,
    room_views,
    rooms,
    standing,
)
from rooms.live import log as room_log
from rooms.live.log import Logged
from rooms.live.outbox import Round
from rooms.live.room_facts import AdultSeen
from rooms.scope import Scope
from server import room_orders
from server.database import Connection, Pool
from server.live_link import LiveLink
from server.live_presence import LivePresence
from server.live_rooms import DATABASE_AWAY, LiveRooms
from server.open_rooms import OpenRoom, OpenRooms
from server.owned import Owner
from server.room_captions import RoomCaptions
from server.room_desk import RoomDesk
from server.room_ears import RoomEars
from server.room_lines import IDLE, PING_SLICES, Line
from server.room_quality import RoomQuality
from server.room_reactions import RoomReactions
from server.room_stages import Cut, RoomStages
from server.room_work import WITHIN_S, Places, RoomWork
from server.ticks import Ticks

log = logging.getLogger(__name__)

# What happens within a tick is told together.
TICK_S = 0.05
# Who is there, and figures that change often.
ADULTS_EVERY_S = 0.5
FIGURES_EVERY_S = 1.0
AGAIN_AFTER_S = 0.5
# Logs are read one after the other, and rooms looked after; what is slow has a place beside.
AT_ONCE, SLOW = 1, 1
# A page that does not answer for so long is not there; it comes back by itself.
IDLE_AFTER_S = 20.0


class RoomHub(Owner):
    """Implements `live_rooms.Audience`; `presence` and `desk` are given once they are made."""

    def __init__(self, pool: Pool, dsn: str, clock: Callable[[], datetime]) -> None:
        self.presence: LivePresence
        self.desk: RoomDesk
        self.open = OpenRooms()
        self.stages = RoomStages(pool, self.open)
        self.quality = RoomQuality()
        self.round = Round()  # in which all its pages are sent to
        self.reactions = RoomReactions(pool, self.open)
        self.captions = RoomCaptions(self.open, clock)
        hears = {
            room_log.CHANNEL: self._notice,
            reactions.CHANNEL: self.reactions.hear,
            captions.CHANNEL: self.captions.hear,
        }
        self.ears = RoomEars(dsn, hears, self._look_everywhere)
        self._pool = pool
        self._clock = clock
        self._noticed: dict[UUID, int] = {}  # rooms in whose log there is something to be read
        self._ticks = Ticks(TICK_S)
        self.reading = RoomWork(Places(AT_ONCE, SLOW), self._was_read)
        self.looking = RoomWork(Places(AT_ONCE, SLOW))
        self._slices = 0  # that were asked whether they are there
        super().__init__(self.reading, self.looking)

    @property
    def live(self) -> LiveRooms:
        """The lines to live processes."""
        return self.stages.live

    @live.setter
    def live(self, live: LiveRooms) -> None:
        self.stages.live = live

    # --- pages come and go ---------------------------------------------------------------------

    def join(self, line: Line, programme_id: UUID, number: int) -> bool:
        """Adds a line; one that its page had before makes room for it. False: there is no room."""
        if not self.open.has_place(line):
            return False
        if self.open.join(line, programme_id, number):
            self.stages.opened(line.room_id, self.open.rooms[line.room_id])
        return True

    def leave(self, line: Line) -> None:
        """Removes a line; the one its page has by now stays."""
        self.open.leave(line)
        if line.connection not in self.open.lines:
            self.quality.forget(line.connection)

    def stage_of(self, room_id: UUID) -> tuple[protocol.Stage, int]:
        """What is on the stage, and how many watch."""
        room = self.open.rooms.get(room_id)
        return (room.stage, room.viewers) if room else (protocol.Stage(), 0)

    def lost(self, connections: frozenset[UUID]) -> None:
        """Visits that do not go on: each page finds out what became of its place."""
        for connection in connections:
            line = self.open.lines.get(connection)
            if line is not None:
                line.doubt()

    def count_pages(self) -> int:
        """How many pages are connected to this process."""
        return len(self.open.lines)

    async def ping(self) -> None:
        """The beat of everybody: asks each page of a slice whether it is there; a slice's share
        of two seconds passes before. All at once would answer all at once."""
        await asyncio.sleep(protocol.PING_EVERY_S / PING_SLICES)
        now = asyncio.get_running_loop().time()
        self._slices += 1
        number, due = divmod(self._slices, PING_SLICES)
        frame = protocol.written(protocol.Ping(number))
        for line in list(self.open.lines.values()):
            if line.beat != due:
                continue
            if now - line.heard_at > IDLE_AFTER_S:
                line.close(IDLE)
            else:
                line.tell(frame, "ping")

    # --- what the live process says ------------------------------------------------------------

    def stage_changed(self, stage: LiveStage) -> None:
        """As `live_rooms.Audience`."""
        self.stages.changed(stage.room)

    def restarted(self, room_id: UUID, epoch: int) -> None:
        """As `live_rooms.Audience`."""
        room = self.open.rooms.get(room_id)
        if room is not None:
            room.tell(protocol.LiveRestarted(epoch), "live_restarted")

    def told(self, link: LiveLink, told: Told) -> None:
        """As `live_rooms.Audience`."""
        self.presence.told(link, told)

    # --- the log -------------------------------------------------------------------------------

    async def read(self) -> None:
        """Begins, in the next tick, to read the logs that are wanted; each room's by itself."""
        await self._ticks.next()
        for room_id in self._noticed.keys() - self.reading.rooms:
            self.reading.begin(room_id, self._read(room_id, self._noticed.pop(room_id)))

    async def _read(self, room_id: UUID, number: int) -> None:
        """What fails is read again a moment later."""
        try:
            await self._read_log(room_id, number)
        except DATABASE_AWAY as error:
            log.warning("room %s: its log waits: %s", room_id, type(error).__name__)
            await asyncio.sleep(AGAIN_AFTER_S)
            self._noticed.setdefault(room_id, number)
        except Exception:
            log.exception("room %s: a fault in reading its log", room_id)

    def _was_read(self, room_id: UUID) -> None:
        if room_id in self._noticed:
            self._ticks.ask()

    def _notice(self, payload: str) -> None:
        try:
            room_id, number = room_log.read_payload(payload)
        except ValueError:
            log.warning("a notification that is none of ours")
            return
        if room_id in self.open.rooms or self.live.knows(room_id) is not None:
            self._noticed[room_id] = max(number, self._noticed.get(room_id, 0))
            self._ticks.ask()

    def _look_everywhere(self) -> None:
        """While nobody listened, anything may have happened in any room."""
        self.captions.doubt()
        for room_id in {*self.open.rooms, *self.live.known_rooms()}:
            self._noticed.setdefault(room_id, 0)
        self._ticks.ask()

    async def _read_log(self, room_id: UUID, number: int) -> None:
        room = self.open.rooms.get(room_id)
        known = room or self.live.knows(room_id)
        if known is None:
            return
        async with self.reading.places.take(), self._pool.acquire() as conn:
            if room is not None:
                await self._read_on(conn, room_id, room)
                is_over = room.news.state.phase == "ended"
            else:
                key = (Scope(known.programme_id), room_id, max(0, number - 1))
                is_over = any(one.kind == "closed" for one in await room_log.since(conn, *key))
        self.stages.changed(room_id)  # a pause hides it, and waits for the live process
        if is_over:
            await self.stages.close(room_id)

    # --- what is so in a room beside its stage --------------------------------------------------

    async def know(self, conn: Connection, line: Line) -> None:
        """Reads the room as it is, and who the visitor is in it, before her welcome."""
        room = self.open.of(line)
        if room is not None:
            await self._read_on(conn, line.room_id, room)
            line.who = room.news.facts.now(line.who)

    def moderates(self, line: Line) -> bool:
        """Whether the visitor moderates now."""
        room = self.open.of(line)
        return room is not None and room.news.facts.moderates(line.who)

    async def show(self, conn: Connection, line: Line) -> None:
        """Tells a page all of the room that it may see: at its welcome, and when what it may see
        is another."""
        room = self.open.of(line)
        if room is None:
            return
        news, scope, texts = room.news, Scope(room.programme_id), dict[UUID, str]()
        while missing := room_views.needed_texts(news.state, line.who, news.facts) - texts.keys():
            found = await questions.texts_of(conn, scope, line.room_id, missing)
            texts |= dict.fromkeys(missing, "") | found
        line.show(news.welcome(line.who, texts), news.state.number)

    async def _read_on(self, conn: Connection, room_id: UUID, room: OpenRoom) -> None:
        """Takes in what the log has by now, and tells each page what it may see of it."""
        scope, news = Scope(room.programme_id), room.news
        logged = await room_log.after(conn, scope, room_id, news.state.number)
        await self.captions.read(conn, room_id, room)
        if not news.is_loaded:
            facts = await room_facts.read(conn, scope, room_id, None, self._clock())
            if not news.is_loaded:
                news.facts = facts
                news.load(logged)
                for one in logged:
                    room.tell_plain(one)
                return  # else somebody has read it meanwhile, perhaps less far
        wanted = room_views.wanted_texts(room_log.line_of(one) for one in logged)
        texts = await questions.texts_of(conn, scope, room_id, wanted)
        for one in logged:
            room.tell_plain(one)
            for audience, frame in news.take_in(one, texts):
                room.tell_news(one.number, audience, frame)
        for seat in news.state.banned:
            room.remove(seat)
        for one in logged:
            if (cut := _cut(room_id, one)) is not None:
                self.stages.cut(cut)

    async def look(self) -> None:
        """Says which adults are at this process, and begins to see who is there in each room; half
        a second passes before."""
        await asyncio.sleep(ADULTS_EVERY_S)
        self.desk.keep(self.open.rooms.keys())
        if not self.open.rooms:
            return
        try:
            # Not in the rooms' queue: behind some that hang, classes would freeze beside an adult.
            async with asyncio.timeout(WITHIN_S), self._pool.acquire() as conn:
                await room_facts.note_adults(conn, self._adults(), self._clock())
                await self.quality.keep(conn, self._clock())
        except DATABASE_AWAY as error:
            log.warning("nobody says who is there: %s", type(error).__name__)
        for room_id in self.open.rooms.keys() - self.looking.rooms:
            self.looking.begin(room_id, self._look_into(room_id, self.open.rooms[room_id]))

    async def _look_into(self, room_id: UUID, room: OpenRoom) -> None:
        """A fault in one room keeps nobody from looking after the others."""
        try:
            async with self.looking.places.take(), self._pool.acquire() as conn:
                await self._look_at(conn, room_id, room)
        except DATABASE_AWAY as error:
            log.warning("room %s: nobody looks after it: %s", room_id, type(error).__name__)
        except Exception:
            log.exception("room %s: a fault in looking after it", room_id)

    def _adults(self) -> list[AdultSeen]:
        now, loop_now = self._clock(), asyncio.get_running_loop().time()
        found = []
        for line in self.open.lines.values():
            who, room = line.who, self.open.rooms[line.room_id]
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

    async def _look_at(self, conn: Connection, room_id: UUID, room: OpenRoom) -> None:
        scope, news = Scope(room.programme_id), room.news
        await self._take_powers(conn, room_id, room)
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

    async def _take_powers(self, conn: Connection, room_id: UUID, room: OpenRoom) -> None:
        """Who moderates or presents no more has nothing of it from now on, and finds out."""
        led = {one: one.who.person for one in room.lines if standing.has_power(one.who)}
        if not led:
            return
        row = await rooms.shown(conn, room.programme_id, room_id)
        persons = {person for person in led.values() if person is not None}
        roles = await standing.roles_of(conn, row, persons)
        for line, person in led.items():
            who = standing.by_now(line.who, row, roles[person] if person is not None else None)
            if who != line.who:
                line.who = who
                line.doubt()

    async def tell_figures(self) -> None:
        """Tells votes and counts, where they changed; a second passes before."""
        await asyncio.sleep(FIGURES_EVERY_S)
        for room in self.open.rooms.values():
            lines = [line for line in room.lines if line.as_of is not None]
            changed = room.news.changed_figures(line.who for line in lines)
            for line in lines:
                for replaces, frame in changed[room.news.key_of(line.who)]:
                    line.tell(frame, replaces)


def _cut(room_id: UUID, logged: Logged) -> Cut | None:
    """Who is off the stage by this line."""
    if logged.kind == "class_on_stage" and not logged.data["on"]:
        return Cut(room_id, part=UUID(logged.data["part"]))
    if logged.kind == "banned":
        return Cut(room_id, creator=room_orders.of_seat(UUID(logged.data["seat"])))
    return None
