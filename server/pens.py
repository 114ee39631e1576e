"""One writer per upload, on whichever web process: the row holds the lease, this holds the pens.

The classic failure of resumable uploads is a client that comes back while the server still listens
to its dead connection. So a newcomer asks the holder to let go: at once within a process, through
the row (read at every renewal) across processes. The holder keeps what it has and lays the pen
down. A process that died stops renewing; its lease runs out while the newcomer waits.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Self
from uuid import UUID, uuid4

from media import uploads
from media.uploads import UploadError
from rooms.connection import AWAY
from server.database import Pool
from server.owned import Owner, Tasks

log = logging.getLogger(__name__)

RENEW_EVERY_S = 1.0
WAIT_AT_MOST_S = 10.0
# How often a newcomer looks whether another process has let go.
LOOK_EVERY_S = 0.25


class Pen:
    """The right to write one upload. `on_wanted` is set by whoever waits for bytes with it."""

    def __init__(self, upload_id: UUID) -> None:
        self.upload_id = upload_id
        self.lease = uuid4()
        self.is_taken = False
        self.is_wanted = False
        self.on_wanted: Callable[[], None] | None = None
        self.laid_down = asyncio.Event()

    def want(self) -> None:
        """Asks the holder to keep what it has and let go."""
        self.is_wanted = True
        if self.on_wanted is not None:
            self.on_wanted()


class Pens(Owner):
    """The pens held by this process; while it lives they are renewed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._held: dict[UUID, Pen] = {}
        self._tasks = Tasks()
        super().__init__(self._tasks)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._tasks.start(self._renew_all(), "pens")
        return self

    @asynccontextmanager
    async def hold(self, upload_id: UUID) -> AsyncIterator[Pen]:
        """Waits at most 10 s for the holder to let go; then raises `upload_busy`."""
        pen = Pen(upload_id)
        try:
            async with asyncio.timeout(WAIT_AT_MOST_S):
                while not await self._take(pen):
                    await self._until_free(upload_id)
        except TimeoutError:
            await self._lay_down(pen)
            raise UploadError("upload_busy") from None
        try:
            yield pen
        finally:
            await self._lay_down(pen)

    async def _take(self, pen: Pen) -> bool:
        if pen.upload_id in self._held:
            return False
        self._held[pen.upload_id] = pen
        taken = False
        try:
            async with self._pool.acquire() as conn:
                taken = await uploads.take_pen(conn, pen.upload_id, pen.lease)
        finally:
            pen.is_taken = taken
            if not taken:
                self._let_go(pen)
        return taken

    async def _until_free(self, upload_id: UUID) -> None:
        held = self._held.get(upload_id)
        if held is None:
            await asyncio.sleep(LOOK_EVERY_S)
            return
        held.want()
        await held.laid_down.wait()

    async def _lay_down(self, pen: Pen) -> None:
        try:
            async with self._pool.acquire() as conn:
                await uploads.lay_down_pen(conn, pen.upload_id, pen.lease)
        except AWAY:
            log.warning("upload %s: its lease will run out by itself", pen.upload_id)
        finally:
            self._let_go(pen)

    def _let_go(self, pen: Pen) -> None:
        if self._held.get(pen.upload_id) is pen:
            del self._held[pen.upload_id]
        pen.laid_down.set()
        pen.laid_down = asyncio.Event()

    async def _renew_all(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            if self._held:
                with suppress(*AWAY):
                    await self._renew()

    async def _renew(self) -> None:
        held = [pen for pen in self._held.values() if pen.is_taken]
        async with self._pool.acquire() as conn:
            wanted = await uploads.renew_pens(conn, [pen.lease for pen in held])
        for pen in held:
            # one that is not in the answer was lost: whatever it still stores is refused
            if wanted.get(pen.lease, True):
                pen.want()
