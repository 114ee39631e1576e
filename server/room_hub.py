"""The rooms open in this web process: what each page in them is told, and whether it is there.

Any process serves any room. What happens in a room is a row in its log, and NOTIFY is the hint to
read it (`room_ears.py`). The stage comes from the live process (`room_stages.py`). Everything told
to many is written once.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from media.live.messages import Stage as LiveStage
from media.live.messages import Told
from rooms.attendance.rule import unix_ms
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
from rooms.live.room_facts import AdultSeen
from rooms.scope import Scope
from server import room_orders
from server.database import Connection, Pool
from server.live_link import LiveLink
from server.live_presence import LivePresence
from server.live_rooms import DATABASE_AWAY, LiveRooms
from server.open_rooms import OpenRoom, OpenRooms
from server.room_desk import RoomDesk
from server.room_ears import RoomEars
from server.room_lines import IDLE, Line, tell_news
from server.room_quality import RoomQuality
from server.room_stages import READ_WITHIN_S, RoomStages

log = logging.getLogger(__name__)

# What happens within a tick is told together.
TICK_S = 0.05
# Who is there, and figures that change often.
ADULTS_EVERY_S = 0.5
FIGURES_EVERY_S = 1.0
REACTIONS_EVERY_S = 0.5
AGAIN_AFTER_S = 0.5
# A page that does not answer for so long is not there; it comes back by itself.
IDLE_AFTER_S = 20.0


class RoomHub:
    """Implements `live_rooms.Audience`; `presence` and `desk` are given once they are made."""

    def __init__(self, pool: Pool, dsn: str, clock: Callable[[], datetime]) -> None:
        self.presence: LivePresence
        self.desk: RoomDesk
        self.open = OpenRooms()
        self.stages = RoomStages(pool, self.open)
        self.quality = RoomQuality()
        hears = {
            room_log.CHANNEL: self._notice,
            reactions.CHANNEL: self._reacted,
            captions.CHANNEL: self._captioned,
        }
        self.ears = RoomEars(dsn, hears, self._look_everywhere)
        self._pool = pool
        self._clock = clock
        self._noticed: dict[UUID, int] = {}  # rooms in whose log there is something to be read
        self._has_noticed = asyncio.Event()
        self._pings = 0

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
        """The beat of everybody: asks each page whether it is there; two seconds pass before."""
        await asyncio.sleep(protocol.PING_EVERY_S)
        now = asyncio.get_running_loop().time()
        self._pings += 1
        frame = protocol.written(protocol.Ping(self._pings))
        for line in list(self.open.lines.values()):
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
        """Reads logs that are wanted, as soon as some are; what fails waits."""
        await self._has_noticed.wait()
        self._has_noticed.clear()
        await asyncio.sleep(TICK_S)
        noticed, self._noticed = self._noticed, {}
        for room_id, number in noticed.items():
            await self._read_log(room_id, number)
        if self._noticed:
            await asyncio.sleep(AGAIN_AFTER_S)
            self._has_noticed.set()

    def _notice(self, payload: str) -> None:
        try:
            room_id, number = room_log.read_payload(payload)
        except ValueError:
            log.warning("a notification that is none of ours")
            return
        if room_id in self.open.rooms or self.live.knows(room_id) is not None:
            self._noticed[room_id] = max(number, self._noticed.get(room_id, 0))
            self._has_noticed.set()

    def _look_everywhere(self) -> None:
        """While nobody listened, anything may have happened in any room."""
        for room in self.open.rooms.values():
            room.news.captions.is_loaded = False
        for room_id in {*self.open.rooms, *self.live.known_rooms()}:
            self._noticed.setdefault(room_id, 0)
        self._has_noticed.set()

    async def _read_log(self, room_id: UUID, number: int) -> None:
        room = self.open.rooms.get(room_id)
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
            tell_news(room.lines, lines)
            await self.stages.veil(room_id, room)
        if any(line.kind == "closed" for line in lines):
            await self.stages.close(room_id)

    # --- what is so in a room beside its stage --------------------------------------------------

    async def know(self, conn: Connection, line: Line) -> None:
        """Reads the room as it is, and who the visitor is in it, before her welcome."""
        room = self.open.of(line)
        if room is not None:
            await self._read_news(conn, line.room_id, room)
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

    async def _read_news(self, conn: Connection, room_id: UUID, room: OpenRoom) -> None:
        scope, news = Scope(room.programme_id), room.news
        logged = await room_log.after(conn, scope, room_id, news.state.number)
        await self._read_captions(conn, room_id, room)
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
            room.remove(seat)
        for part in {UUID(one.data["part"]) for one in logged if _is_cut(one)}:
            if not news.state.of_class(part).is_on_stage:
                await room_orders.cut(self.live, room.programme_id, room_id, part)

    async def look(self) -> None:
        """Says which adults are at this process, and sees who is there in each room; half a
        second passes before."""
        await asyncio.sleep(ADULTS_EVERY_S)
        self.desk.keep(self.open.rooms.keys())
        if not self.open.rooms:
            return
        try:
            async with asyncio.timeout(READ_WITHIN_S), self._pool.acquire() as conn:
                await room_facts.note_adults(conn, self._adults(), self._clock())
                await self.quality.keep(conn, self._clock())
                for room_id, room in list(self.open.rooms.items()):
                    await self._look_at(conn, room_id, room)
        except DATABASE_AWAY as error:
            log.warning("nobody looks after the rooms: %s", type(error).__name__)

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

    # --- reactions and captions: said to all processes, and told at once ------------------------

    def react(self, line: Line, kind: protocol.Reaction) -> None:
        """A device's reaction, where its class may speak."""
        room = self.open.of(line)
        if room is not None and room_views.may_react(room.news.state, line.who, room.news.facts):
            room.reactions[kind] = room.reactions.get(kind, 0) + 1

    async def say_reactions(self) -> None:
        """Says what its pages reacted to all processes; half a second passes before."""
        await asyncio.sleep(REACTIONS_EVERY_S)
        due = [(room_id, room) for room_id, room in self.open.rooms.items() if room.reactions]
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

    def _reacted(self, payload: str) -> None:
        room_id, counts = reactions.read(payload)
        room = self.open.rooms.get(room_id) if room_id is not None else None
        if room is not None and counts:
            room.tell(protocol.Reactions(counts))

    def _captioned(self, payload: str) -> None:
        room_id, said = captions.read(payload)
        room = self.open.rooms.get(room_id) if room_id is not None else None
        if room is None or said is None:
            return
        if isinstance(said, UUID):
            for line in list(room.lines):
                if line.who.captioner == said:
                    line.doubt()
        else:
            self._caption(room, said)

    async def _read_captions(self, conn: Connection, room_id: UUID, room: OpenRoom) -> None:
        """The last lines, where nobody listened to them before."""
        board = room.news.captions
        if board.is_loaded:
            return
        board.is_loaded = True
        for said in await captions.recent(conn, Scope(room.programme_id), room_id, self._clock()):
            self._caption(room, said)

    def _caption(self, room: OpenRoom, said: protocol.Caption) -> None:
        news = room.news
        if not news.captions.take(said, unix_ms(self._clock())):
            return
        frame = protocol.written(protocol.CaptionTold(said))
        for line in list(room.lines):
            if line.as_of is not None and room_views.reads_captions(
                news.state, line.who, news.facts
            ):
                line.tell(frame, f"caption {said.id}")


def _is_cut(logged: Logged) -> bool:
    return logged.kind == "class_on_stage" and not logged.data["on"]
