"""In which live process each room is: leases taken, rooms opened there, and again after a restart.

A question about a room goes to the process its lease names, under the lease's epoch. When that is
refused because the room has moved on, or because the process has started anew and knows no rooms,
the lease is read again, the room opened, and the question asked once more.
"""

import asyncio
import logging
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, Self
from uuid import UUID

from media.errors import LiveError
from media.live.messages import (
    Close,
    Counted,
    Do,
    Done,
    Listening,
    Open,
    Present,
    Roll,
    RollCall,
    Stage,
    Stats,
    Told,
    name_of,
)
from rooms.connection import AWAY
from rooms.errors import NotThere
from rooms.live import leases, rooms, stage_log
from rooms.live.leases import Lease
from rooms.scope import Scope
from server.context import Here
from server.database import Pool
from server.live_link import LiveLink, Wanted
from server.owned import Owner, Tasks

log = logging.getLogger(__name__)

# The database has so long to say where a room is.
LOOK_WITHIN_S = 3.0
AGAIN_AFTER_S = 0.25
CONNECT_WITHIN_S = 1.0
# A live process that is not ours and does not answer for so long has lost its rooms to ours.
GIVEN_UP_AFTER_S = 5.0
# What was on its stages is shown for so long.
STAGES_KEPT_S = stage_log.COMES_BACK_WITHIN.total_seconds()
MOST_LINKS = 64

# Rooms of nobody, the same in every live process, that no lease names: what a network lets through
# is tried in the one, what gets up in the other (`server/trials.py`).
REACHED = UUID("7c0d7f3e-0b54-4d0e-9d5b-5a1f5d3c1a01")
SENT_TO = UUID("7c0d7f3e-0b54-4d0e-9d5b-5a1f5d3c1a02")
MOST_TRIALS = 100

_MOVED = frozenset({"stale_epoch", "room_not_open"})
_UNHEARD = frozenset({"live_away", "live_overloaded"})
DATABASE_AWAY = AWAY


class Audience(Protocol):
    """Who wants to know what happens on stages. None of these may block or raise."""

    def stage_changed(self, stage: Stage) -> None:
        """The whole stage of one room."""

    def restarted(self, room_id: UUID, epoch: int) -> None:
        """The room is in another live process now: whoever is there offers anew."""

    def told(self, link: LiveLink, told: Told) -> None:
        """Who came, flowed and went: to be written and acknowledged."""


@dataclass(frozen=True, slots=True)
class Known:
    """A room and where it was opened. `process`: the start of the live process that has it."""

    programme_id: UUID
    link: LiveLink
    process: UUID
    epoch: int


class LiveRooms(Owner):
    """The rooms of this web process and the lines to their live processes.

    `own`: the address of the live process beside us, where new rooms go.
    """

    def __init__(
        self, pool: Pool, clock: Callable[[], datetime], own: Path, audience: Audience
    ) -> None:
        self.stages: dict[UUID, Stage] = {}
        self._pool = pool
        self._clock = clock
        self._audience = audience
        self._own = LiveLink(own, self)
        self._links: dict[str, LiveLink] = {str(own): self._own}
        self._lost_at: dict[str, float] = {}  # address → when its line broke, or was first tried
        self._known: dict[UUID, Known] = {}
        self._adopting: set[UUID] = set()
        self._unclosed: dict[UUID, Known] = {}  # closed, but perhaps not where they run
        self._locks: weakref.WeakValueDictionary[UUID, asyncio.Lock] = weakref.WeakValueDictionary()
        self._tasks = Tasks()
        super().__init__(self._tasks)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._hold(self._own)
        return self

    @property
    def is_there(self) -> bool:
        """Whether the live process beside us answers."""
        return self._own.is_connected

    def processes(self) -> list[UUID]:
        """The live processes whose line stands: what is on their stages we know."""
        found = (link.listening for link in self._links.values() if link.is_connected)
        return [listening.process for listening in found if listening is not None]

    def epoch(self, room_id: UUID) -> int:
        """The epoch the room has as far as we know; 0 before it was ever opened."""
        known = self._known.get(room_id)
        return known.epoch if known else 0

    def knows(self, room_id: UUID) -> Known | None:
        """Where the room is, when it is open in a live process we talk to."""
        return self._known.get(room_id)

    def known_rooms(self) -> list[UUID]:
        """The rooms that are open in live processes we talk to."""
        return list(self._known)

    def heard_rooms(self) -> list[UUID]:
        """Those of them whose line stands."""
        return [room_id for room_id, known in self._known.items() if known.link.is_connected]

    async def know(self, programme_id: UUID, room_id: UUID) -> None:
        """Opens the room in its live process, unless that was done. Raises `LiveError`."""
        if room_id not in self._known:
            await self._open(programme_id, room_id, None)

    async def ask(
        self, programme_id: UUID, room_id: UUID, make: Callable[[int], Do], wanted: type[Wanted]
    ) -> Wanted:
        """Asks the room's live process what `make` says for the room's epoch.

        Raises `LiveError` with the code of the refusal, or `live_away`.
        """
        known = self._known.get(room_id) or await self._open(programme_id, room_id, None)
        try:
            return await known.link.ask(make(known.epoch), wanted)
        except LiveError as error:
            is_away = error.code == "live_away" and not known.link.is_connected
            if error.code not in _MOVED and not (is_away and known.link is not self._own):
                raise
        known = await self._open(programme_id, room_id, known)
        return await known.link.ask(make(known.epoch), wanted)

    async def try_out(self, room_id: UUID, do: Do, wanted: type[Wanted]) -> Wanted:
        """Asks the live process beside us about one of the rooms of nobody. Raises `LiveError`."""
        try:
            return await self._own.ask(do, wanted)
        except LiveError as error:
            if error.code != "room_not_open":
                raise
        await self._own.ask(Open(room_id, 1, MOST_TRIALS), Done)
        return await self._own.ask(do, wanted)

    async def close(self, room_id: UUID) -> None:
        """Ends the room where it is open, if it is; whoever is there is cut off."""
        known = self._known.pop(room_id, None)
        self.stages.pop(room_id, None)
        if known is not None:
            await self._close(room_id, known)

    async def close_again(self) -> None:
        """Ends the rooms whose end may not have been heard."""
        unclosed, self._unclosed = self._unclosed, {}
        asked = (self._close(room_id, known) for room_id, known in unclosed.items())
        await asyncio.gather(*asked, return_exceptions=True)

    async def _close(self, room_id: UUID, known: Known) -> None:
        try:
            await known.link.ask(Close(room_id, known.epoch), Done)
        except LiveError as error:
            # a line that broke will tell which rooms still run, and they are ended then
            if error.code in _UNHEARD and known.link.is_connected:
                self._unclosed[room_id] = known
            raise

    async def stats(self) -> dict[str, Counted]:
        """What each live process we have a line to has counted, by the name of its socket."""
        links = [link for link in self._links.values() if link.is_connected]
        found = await asyncio.gather(
            *(link.ask(Stats(), Counted) for link in links), return_exceptions=True
        )
        return {
            link.address.stem: counted
            for link, counted in zip(links, found, strict=True)
            if isinstance(counted, Counted)
        }

    async def roll_call(self) -> dict[UUID, Present]:
        """By whose right what they carry is in the live processes, of rooms in which anybody is.

        Each is asked about its own rooms: in one that lost a room somebody may still be there.
        """
        occupied = {room_id for room_id, one in self.stages.items() if one.viewers or one.tracks}
        links = {known.link for key, known in self._known.items() if key in occupied}
        asked = [link for link in links if link.is_connected]
        rolls = await asyncio.gather(
            *(link.ask(RollCall(), Roll) for link in asked), return_exceptions=True
        )
        return {
            room_id: present
            for link, roll in zip(asked, rolls, strict=True)
            if isinstance(roll, Roll)
            for room_id, present in roll.rooms.items()
            if (known := self._known.get(room_id)) is not None and known.link is link
        }

    # --- opening -------------------------------------------------------------------------------

    async def _open(self, programme_id: UUID, room_id: UUID, stale: Known | None) -> Known:
        """Finds or takes the room's lease and opens the room there.

        `stale`: what was known and did not work; of many who come with it one does it for all.
        """
        lock = self._locks.setdefault(room_id, asyncio.Lock())
        async with lock:
            known = self._known.get(room_id)
            if known is not None and known is not stale:
                return known
            lease, link = await self._lease(Scope(programme_id), room_id)
            await link.ask(Open(room_id, lease.epoch), Done)
            self._known[room_id] = made = Known(programme_id, link, lease.process, lease.epoch)
        if stale is not None and stale.epoch != made.epoch:
            log.info("room %s: opened anew, epoch %d", room_id, made.epoch)
            self._audience.restarted(room_id, made.epoch)
        return made

    async def _lease(self, scope: Scope, room_id: UUID) -> tuple[Lease, LiveLink]:
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                return await self._lease_in_time(scope, room_id)
        except DATABASE_AWAY as error:
            log.warning("room %s: its lease cannot be read: %s", room_id, type(error).__name__)
            raise LiveError("live_away") from None

    async def _lease_in_time(self, scope: Scope, room_id: UUID) -> tuple[Lease, LiveLink]:
        async with self._pool.acquire() as conn:
            lease = await leases.current(conn, scope, room_id)
        link = await self._link_to(lease)
        listening = link.listening
        if listening is None:
            raise LiveError("live_away")
        if lease is not None and lease.process == listening.process:
            return lease, link
        address, now = str(link.address), self._clock()
        async with self._pool.acquire() as conn:
            taken = await leases.take(conn, scope, room_id, address, listening.process, now)
        return taken, link

    async def _link_to(self, lease: Lease | None) -> LiveLink:
        """The line to where the lease says the room is; ours when nobody has it, or the dead."""
        if lease is None or lease.live_address == str(self._own.address):
            return self._own
        link = self._links.get(lease.live_address)
        if link is None and len(self._links) < MOST_LINKS:
            link = self._links[lease.live_address] = LiveLink(Path(lease.live_address), self)
            self._lost_at[lease.live_address] = asyncio.get_running_loop().time()
            self._hold(link)
            await link.stands_within(CONNECT_WITHIN_S)
        if link is None or self._is_given_up(link):
            return self._own
        return link

    def _is_given_up(self, link: LiveLink) -> bool:
        since = self._lost_at.get(str(link.address))
        now = asyncio.get_running_loop().time()
        return not link.is_connected and since is not None and now - since > GIVEN_UP_AFTER_S

    def _hold(self, link: LiveLink) -> None:
        self._tasks.start(self._held(link))

    async def _held(self, link: LiveLink) -> None:
        async with link:
            await asyncio.Event().wait()

    # --- what the lines say --------------------------------------------------------------------

    def connected(self, link: LiveLink, listening: Listening) -> None:
        """A line stands: its stages are these and no others; after a restart, none of ours."""
        self._lost_at.pop(str(link.address), None)
        if name_of(RollCall) not in listening.knows:
            log.warning(
                "live %s is older than this process: until it is restarted, a right that is taken "
                "away is not held against what goes on there",
                link.address,
            )
        present = {stage.room for stage in listening.stages}
        for room_id in [room_id for room_id, known in self._of(link) if room_id not in present]:
            self._set_stage(Stage(room_id, self.epoch(room_id), 0, ()))
        self._take_stages(link, listening.stages)
        if any(known.process != listening.process for _, known in self._of(link)):
            self._tasks.start(self._open_again(link, listening.process))

    def told(self, link: LiveLink, told: Told) -> None:
        """Stages go to whoever shows them, presence to whoever writes it."""
        self._take_stages(link, told.stages)
        if told.presence or told.seen:
            self._audience.told(link, told)

    def lost(self, link: LiveLink) -> None:
        """A line broke: the last we know of its stages stays until it says otherwise, or for as
        long as a studio may take to be back."""
        loop = asyncio.get_running_loop()
        self._lost_at[str(link.address)] = lost_at = loop.time()
        loop.call_later(STAGES_KEPT_S, self._clear_stages, link, lost_at)

    def _clear_stages(self, link: LiveLink, lost_at: float) -> None:
        if self._lost_at.get(str(link.address)) == lost_at:
            for room_id, known in list(self._of(link)):
                self._set_stage(Stage(room_id, known.epoch, 0, ()))

    def _of(self, link: LiveLink) -> Iterator[tuple[UUID, Known]]:
        return ((room_id, known) for room_id, known in self._known.items() if known.link is link)

    def _take_stages(self, link: LiveLink, stages: tuple[Stage, ...]) -> None:
        for stage in stages:
            if stage.room in {REACHED, SENT_TO}:
                continue
            known = self._known.get(stage.room)
            if known is None and stage.room not in self._adopting:
                self._adopting.add(stage.room)
                self._tasks.start(self._adopt(link, stage))
            if known is not None and known.link is link and known.epoch < stage.epoch:
                self._known[stage.room] = replace(known, epoch=stage.epoch)
            if known is None or known.link is link:
                self._set_stage(stage)

    def _set_stage(self, stage: Stage) -> None:
        self.stages[stage.room] = stage
        self._audience.stage_changed(stage)

    async def _open_again(self, link: LiveLink, process: UUID) -> None:
        """Every room of ours, in the live process that has just started anew."""
        while link.listening is not None and link.listening.process == process:
            due = [(key, known) for key, known in self._of(link) if known.process != process]
            if not due:
                return
            try:
                for room_id, known in due:
                    await self._open(known.programme_id, room_id, known)
            except LiveError as error:
                log.warning("live %s: not all rooms are open again: %s", link.address, error.code)
                await asyncio.sleep(AGAIN_AFTER_S)

    async def _adopt(self, link: LiveLink, stage: Stage) -> None:
        """A room another web process opened, or we before we started anew: ours to know as well.

        One that was closed meanwhile is ended where it still runs.
        """
        try:
            programme_id = await self._programme_if_open(stage.room)
            listening = link.listening
            if listening is None or stage.room in self._known:
                return
            if programme_id is None:
                self.stages.pop(stage.room, None)
                await link.ask(Close(stage.room, stage.epoch), Done)
            else:
                known = Known(programme_id, link, listening.process, stage.epoch)
                self._known[stage.room] = known
        except (LiveError, *DATABASE_AWAY) as error:
            # it is told again with the room's next change
            log.info("room %s is not known here: %s", stage.room, type(error).__name__)
        finally:
            self._adopting.discard(stage.room)

    async def _programme_if_open(self, room_id: UUID) -> UUID | None:
        async with asyncio.timeout(LOOK_WITHIN_S), self._pool.acquire() as conn:
            try:
                programme_id = await rooms.programme_of(conn, room_id)
                room = await rooms.shown(conn, programme_id, room_id)
            except NotThere:
                return None
            return programme_id if room.is_open else None


def live_of(here: Here) -> LiveRooms:
    """The rooms of this process."""
    found: LiveRooms = here.floor.rooms["live"]
    return found
