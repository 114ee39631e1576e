"""The first is served at once, and the others once per tick."""

import asyncio

import pytest

from server.ticks import Ticks


async def test_the_first_does_not_wait_and_the_others_wait_together() -> None:
    ticks, loop = Ticks(0.1), asyncio.get_running_loop()
    began = loop.time()
    ticks.ask()
    await ticks.next()
    assert loop.time() - began < 0.08
    for _ in range(3):
        ticks.ask()
    await ticks.next()
    assert loop.time() - began >= 0.1
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ticks.next(), 0.15)
    ticks.ask()
    await asyncio.wait_for(ticks.next(), 0.08)


async def test_who_asks_before_the_tick_begins_is_in_it() -> None:
    ticks, asked = Ticks(0.1), 0

    def ask() -> None:
        nonlocal asked
        asked += 1
        ticks.ask()

    loop = asyncio.get_running_loop()
    loop.call_soon(ask)
    loop.call_soon(ask)
    await ticks.next()
    assert asked == 2
