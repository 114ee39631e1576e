"""Turns for what only a few may do at the same time: nobody waits for one without an end."""

import asyncio
from types import TracebackType

from rooms.errors import Conflict


class Turns:
    """So many at once; who waits longer than `within_s` is told to come back.

    `async with turns:` raises `Conflict` `turns_taken` then.
    """

    def __init__(self, at_once: int, within_s: float) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._within_s = within_s

    async def __aenter__(self) -> None:
        try:
            async with asyncio.timeout(self._within_s):
                await self._free.acquire()
        except TimeoutError:
            raise Conflict("turns_taken") from None

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._free.release()
