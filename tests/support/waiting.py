"""Waiting for something that happens by itself, with a deadline."""

import asyncio
from collections.abc import Callable


async def until(is_so: Callable[[], bool], within_s: float = 5) -> None:
    """Returns as soon as it is so; raises TimeoutError when it is not in time."""
    async with asyncio.timeout(within_s):
        while not is_so():
            await asyncio.sleep(0.01)
