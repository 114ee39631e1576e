"""The beats of a process's devices: collected, written once a second, and only then answered."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from rooms.attendance.beats import Now, Post, write
from rooms.connection import AWAY
from rooms.errors import Conflict, RoomError
from rooms.people.codes import hash_token

log = logging.getLogger(__name__)

FLUSH_EVERY_S = 1.0
# A flush that takes longer than this has failed as far as the device is concerned.
ANSWER_WITHIN_S = 15.0
# Posts that may wait in one process: 5,000 devices with one each. Beyond it: come back later.
MOST_WAITING = 5_000
MOST_IN_ONE_FLUSH = 2_000


@dataclass(slots=True)
class _Waiting:
    """One post until its flush: whose, what, and where the answer goes."""

    token_hash: bytes
    session_id: UUID
    post: Post
    answer: "asyncio.Future[Now]"


@dataclass(slots=True)
class Collector:
    """Takes posts of every device in this process and writes them once a second.

    `flushed`: beats in posts that were committed and accepted, since the process began.
    """

    pool: "asyncpg.Pool[asyncpg.Record]"
    clock: Callable[[], datetime]
    flushed: int = 0
    _waiting: list[_Waiting] = field(default_factory=list)
    _called: asyncio.Event = field(default_factory=asyncio.Event)
    _is_closing: bool = False

    async def take(self, token: str, session_id: UUID, post: Post) -> Now:
        """Waits until the beats are committed; says where the class is.

        Raises `NotThere` for a token without an open seat in the session, `Conflict`
        `beats_busy` when too many wait: the device keeps its beats and comes back.
        """
        if self._is_closing or len(self._waiting) >= MOST_WAITING:
            raise Conflict("beats_busy")
        answer: asyncio.Future[Now] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(hash_token(token), session_id, post, answer))
        self._called.set()
        try:
            return await asyncio.wait_for(answer, ANSWER_WITHIN_S)
        except TimeoutError:
            raise Conflict("beats_busy") from None

    async def run(self) -> None:
        """Flushes once a second while there is something; returns after `close` and the last."""
        while not (self._is_closing and not self._waiting):
            await self._called.wait()
            self._called.clear()
            if not self._is_closing:
                await asyncio.sleep(FLUSH_EVERY_S)
            for _ in range(0, len(self._waiting), MOST_IN_ONE_FLUSH):
                await self._flush()
            if self._waiting:
                self._called.set()

    def close(self) -> None:
        """Takes nothing more; what waits is still written."""
        self._is_closing = True
        self._called.set()

    async def _flush(self) -> None:
        batch = self._waiting[:MOST_IN_ONE_FLUSH]
        del self._waiting[:MOST_IN_ONE_FLUSH]
        try:
            async with self.pool.acquire() as conn, conn.transaction():
                told = await write(
                    conn,
                    [(one.token_hash, one.session_id, one.post.beats) for one in batch],
                    self.clock(),
                )
        except AWAY as error:
            log.warning("%s posts of beats were not written: %s", len(batch), type(error).__name__)
            told = [Conflict("beats_busy") for _ in batch]
        for one, answer in zip(batch, told, strict=True):
            self.flushed += 0 if isinstance(answer, RoomError) else len(one.post.beats)
            _tell(one.answer, answer)


def _tell(future: "asyncio.Future[Now]", answer: Now | RoomError) -> None:
    if future.done():
        return
    if isinstance(answer, RoomError):
        future.set_exception(answer)
    else:
        future.set_result(answer)
