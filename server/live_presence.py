"""Writes what live processes tell of presence, and acknowledges it when it is in the database.

A live process tells one batch and waits: until ours is written it keeps what comes after, so that
nothing is lost while the database is away, and nothing piles up here.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

import asyncpg

from media.errors import LiveError
from media.live.messages import Ack, Done, Presence, Seen, Stage, Told
from rooms.connection import Connection
from rooms.live import keeping, leases, stage_log
from rooms.live.presence import Flowed, Happened
from rooms.live.presence import Told as Batch
from server.database import Pool
from server.live_link import LiveLink
from server.live_rooms import LiveRooms

log = logging.getLogger(__name__)

AGAIN_AFTER_S = 0.5
WRITE_WITHIN_S = 10.0
MISSED_EVERY_S = 10.0
# The database is away, full, or another was first: the same batch may go well the next time.
_PASSING = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)


class LivePresence:
    """The batches that wait to be written: at most one of each live process.

    `live` knows what is on the stage of each room now.
    """

    def __init__(self, pool: Pool, clock: Callable[[], datetime], live: LiveRooms) -> None:
        self._pool = pool
        self._clock = clock
        self._live = live
        self._due: dict[LiveLink, Told] = {}
        self._came = asyncio.Event()
        self._looked_at: datetime | None = None  # when `miss` last saw the database

    def told(self, link: LiveLink, told: Told) -> None:
        """Takes a batch; one that waits already is the same, told again."""
        self._due[link] = told
        self._came.set()

    async def write(self) -> None:
        """Writes what is due, as soon as something is; what cannot be written now stays due."""
        await self._came.wait()
        self._came.clear()
        for link, told in list(self._due.items()):
            await self._settle(link, told)
        if self._due:
            await asyncio.sleep(AGAIN_AFTER_S)
            self._came.set()

    async def miss(self) -> None:
        """Writes who left or came unseen, because a live process or the line to it was gone; a
        while passes before."""
        await asyncio.sleep(MISSED_EVERY_S)
        now = self._clock()
        try:
            async with (
                asyncio.timeout(WRITE_WITHIN_S),
                self._pool.acquire() as conn,
                conn.transaction(),
            ):
                await leases.see(conn, self._live.processes(), now)
                await stage_log.note_back(conn, self._seen_now(), now)
                if self._may_judge(now):
                    await self._note_left_behind(conn, now)
            self._looked_at = now
        except _PASSING as error:
            log.warning("who left a stage unseen is written later: %s", type(error).__name__)

    def _seen_now(self) -> dict[UUID, frozenset[UUID]]:
        """Who is on the stages that we hear of."""
        heard = self._live.heard_rooms()
        return {key: who for key in heard if (who := members_on(self._live.stages.get(key)))}

    def _may_judge(self, now: datetime) -> bool:
        """Not at the first look for long: others, too, could not say what they see."""
        looked_at = self._looked_at
        return looked_at is not None and now - looked_at < stage_log.COMES_BACK_WITHIN

    async def _note_left_behind(self, conn: Connection, now: datetime) -> None:
        for one in await stage_log.left_behind(conn, self._live.processes(), now):
            if one.member not in members_on(self._live.stages.get(one.room_id)):
                await stage_log.note_left(conn, one)

    async def _settle(self, link: LiveLink, told: Told) -> None:
        """Writes and acknowledges."""
        try:
            async with (
                asyncio.timeout(WRITE_WITHIN_S),
                self._pool.acquire() as conn,
                conn.transaction(),
            ):
                await keeping.keep(conn, batch_of(told, self._live.stages), self._clock())
        except _PASSING as error:
            log.warning("presence waits to be written: %s", type(error).__name__)
            return
        except Exception:
            # Told again it would fail again, and hold up all that comes after it.
            log.exception("a batch of presence cannot be written and is given up")
        if self._due.get(link) is told:
            del self._due[link]
        with contextlib.suppress(LiveError):  # another line is told it again, and writes it again
            await link.ask(Ack(told.batch), Done)


def batch_of(told: Told, stages: Mapping[UUID, Stage]) -> Batch:
    """The live process's words in those of the rooms."""
    rooms = {one.room for one in told.presence if one.role == "publisher"}
    return Batch(
        happened=tuple(_happened(one) for one in told.presence),
        flowed=tuple(_flowed(one) for one in told.seen),
        stages={room_id: members_on(stages.get(room_id)) for room_id in rooms},
    )


def members_on(stage: Stage | None) -> frozenset[UUID]:
    """Who is on a stage."""
    return frozenset(track.member for track in stage.tracks) if stage else frozenset()


def _happened(one: Presence) -> Happened:
    return Happened(
        one.room, one.member, one.resource, one.role, one.number, one.at, one.kind, one.rung
    )


def _flowed(one: Seen) -> Flowed:
    return Flowed(one.room, one.member, one.role, one.since, one.until)
