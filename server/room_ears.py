"""The one connection by which a web process hears of all rooms: NOTIFY, as a hint."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any

import asyncpg

from server.live_rooms import DATABASE_AWAY

log = logging.getLogger(__name__)

AGAIN_AFTER_S = 0.5
# A listening connection that is cut without a word is noticed within this.
LOOK_EVERY_S = 5.0
WITHIN_S = 5.0

Hear = Callable[[str], None]


class RoomEars:
    """`hears`: what is done with a payload of each channel. `began`: called whenever it begins to
    listen: before that anything may have happened."""

    def __init__(self, dsn: str, hears: Mapping[str, Hear], began: Callable[[], None]) -> None:
        self._dsn = dsn
        self._hears = hears
        self._began = began

    async def listen(self) -> None:
        """Listens until its connection breaks; then a moment passes."""
        try:
            await self._listen()
        except DATABASE_AWAY as error:
            log.warning("nothing is heard of rooms: %s", type(error).__name__)
        await asyncio.sleep(AGAIN_AFTER_S)

    async def _listen(self) -> None:
        conn = await asyncpg.connect(self._dsn, timeout=WITHIN_S)
        try:
            is_over = asyncio.Event()
            conn.add_termination_listener(lambda _: is_over.set())
            for channel in self._hears:
                await conn.add_listener(channel, self._heard)
            self._began()
            while not is_over.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(is_over.wait(), LOOK_EVERY_S)
                if not is_over.is_set():
                    await conn.execute("select 1", timeout=WITHIN_S)
        finally:
            conn.terminate()

    def _heard(self, _conn: Any, _pid: int, channel: str, payload: Any) -> None:
        self._hears[channel](str(payload))
