"""Work that may be asked for at any moment and is done once for all who asked."""

import asyncio
import math


class Ticks:
    """The first that asks is not kept waiting; who asks within `every_s` of it waits for the next
    tick, together with all others."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._asked = asyncio.Event()
        self._began = -math.inf  # of the tick before, by the loop's clock

    def ask(self) -> None:
        """There is something to do."""
        self._asked.set()

    async def next(self) -> None:
        """Returns when there is something to do and a tick is over since it returned last."""
        await self._asked.wait()
        loop = asyncio.get_running_loop()
        # in any case one turn: what came together is done together
        await asyncio.sleep(max(0.0, self._began + self._every_s - loop.time()))
        self._asked.clear()
        self._began = loop.time()
