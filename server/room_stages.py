"""What pages are told of stages: who is on each, by name, how many watch, and that it is dark."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from uuid import UUID

from media.errors import LiveError
from media.live.messages import Stage as LiveStage
from rooms.live import presenters, protocol
from rooms.scope import Scope
from server import room_orders
from server.database import Pool
from server.live_presence import members_on
from server.live_rooms import DATABASE_AWAY, LiveRooms
from server.open_rooms import OpenRoom, OpenRooms
from server.ticks import Ticks

log = logging.getLogger(__name__)

# What happens within a tick is told together.
TICK_S = 0.05
VIEWERS_EVERY_S = 1.0
AGAIN_AFTER_S = 0.5
READ_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Cut:
    """Who is to be off a stage: a class (`part`), or whoever was removed (`creator`, one of
    `room_orders`)."""

    room_id: UUID
    part: UUID | None = None
    creator: str = ""


class RoomStages:
    """The stages of the rooms at this process; `live` is given once it is made."""

    def __init__(self, pool: Pool, open_rooms: OpenRooms) -> None:
        self.live: LiveRooms
        self._pool = pool
        self._open = open_rooms
        self._staged: set[UUID] = set()  # rooms whose stage is to be told
        self._ticks = Ticks(TICK_S)
        self._nameless: set[UUID] = set()  # with somebody on the stage whose name we lack
        self._has_nameless = asyncio.Event()
        self._cuts: set[Cut] = set()  # that the live process has not heard of yet
        self._has_cuts = asyncio.Event()

    def opened(self, room_id: UUID, room: OpenRoom) -> None:
        """Somebody is the first in a room: she is told the stage as it is."""
        self._take(room_id, room)
        room.stage_told, room.viewers_told = room.stage, room.viewers
        self.changed(room_id)

    def changed(self, room_id: UUID) -> None:
        """The stage of a room is to be told, if anybody is there."""
        if room_id in self._open.rooms:
            self._staged.add(room_id)
            self._ticks.ask()

    @property
    def is_due(self) -> bool:
        """Whether a stage waits to be told."""
        return bool(self._staged)

    async def tell(self) -> None:
        """Tells what is on the stages that changed, in the next tick."""
        await self._ticks.next()
        staged, self._staged = self._staged, set()
        for room_id in staged:
            room, stage = self._open.rooms.get(room_id), self.live.stages.get(room_id)
            if room is not None:
                await self.veil(room_id, room)
            if room is not None and members_on(stage) <= room.names.keys():
                self._tell(room_id)
            elif room is not None:  # first the names
                self._nameless.add(room_id)
                self._has_nameless.set()

    async def name(self) -> None:
        """Reads names that are wanted, as soon as some are; what fails waits."""
        await self._has_nameless.wait()
        self._has_nameless.clear()
        nameless, self._nameless = self._nameless, set()
        for room_id in nameless:
            await self._read_names(room_id)
        if self._nameless:
            await asyncio.sleep(AGAIN_AFTER_S)
            self._has_nameless.set()

    async def tell_viewers(self) -> None:
        """Tells how many watch, where that changed; a second passes before."""
        await asyncio.sleep(VIEWERS_EVERY_S)
        for room in self._open.rooms.values():
            if room.viewers != room.viewers_told:
                room.viewers_told = room.viewers
                room.tell(protocol.Viewers(room.viewers), "viewers")

    async def veil(self, room_id: UUID, room: OpenRoom) -> None:
        """In a pause everybody on the stage is hidden; after it, whoever did not hide herself
        comes back. What the live process does not hear is said again."""
        phase = room.news.state.phase
        if not room_orders.is_veil_due(self.live.stages.get(room_id), phase):
            return
        if not await self._veil(room_id, room, phase):
            asyncio.get_running_loop().call_later(AGAIN_AFTER_S, self.changed, room_id)

    async def _veil(self, room_id: UUID, room: OpenRoom, phase: protocol.Phase) -> bool:
        try:
            async with asyncio.timeout(READ_WITHIN_S), self._pool.acquire() as conn:
                own = await presenters.hidden(conn, Scope(room.programme_id), room_id)
        except DATABASE_AWAY as error:
            log.warning("room %s: its veil waits: %s", room_id, type(error).__name__)
            return False
        return await room_orders.veil(self.live, room.programme_id, room_id, phase, own)

    def cut(self, one: Cut) -> None:
        """What she sends and gets is to end at once."""
        self._cuts.add(one)
        self._has_cuts.set()

    async def make_cuts(self) -> None:
        """Ends what is to end, as soon as something is; what the live process does not hear is
        said again, for as long as somebody is in the room here."""
        await self._has_cuts.wait()
        self._has_cuts.clear()
        cuts, self._cuts = list(self._cuts), set()
        done = await asyncio.gather(*(self._make_cut(one) for one in cuts))
        self._cuts |= {one for one, is_done in zip(cuts, done, strict=True) if not is_done}
        if self._cuts:
            await asyncio.sleep(AGAIN_AFTER_S)
            self._has_cuts.set()

    async def _make_cut(self, one: Cut) -> bool:
        room = self._open.rooms.get(one.room_id)
        if room is None:
            return True
        key = (self.live, room.programme_id, one.room_id)
        if one.creator:
            return await room_orders.cut_creator(*key, one.creator)
        if one.part is None or room.news.state.of_class(one.part).is_on_stage:
            return True
        return await room_orders.cut(*key, one.part)

    async def close(self, room_id: UUID) -> None:
        """Whoever closed the room: nothing goes on in the live process."""
        with contextlib.suppress(LiveError):
            await self.live.close(room_id)

    def _tell(self, room_id: UUID) -> None:
        room = self._open.rooms.get(room_id)
        if room is None:
            return
        self._take(room_id, room)
        if room.stage != room.stage_told:
            room.stage_told = room.stage
            room.tell(protocol.StageChanged(room.stage), "stage")

    def _take(self, room_id: UUID, room: OpenRoom) -> None:
        stage = self.live.stages.get(room_id)
        classes = {part: one.class_name for part, one in room.news.facts.classes.items()}
        room.stage = stage_of(stage, room.names | classes)
        room.viewers = stage.viewers if stage else 0

    async def _read_names(self, room_id: UUID) -> None:
        room = self._open.rooms.get(room_id)
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
        self._tell(room_id)  # the picture is there, with a name or without


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
