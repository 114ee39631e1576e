"""What a long-lived object holds begins before it, and ends with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from server.owned import Owner, Tasks


async def test_parts_are_left_in_the_other_order_and_none_stays_when_one_cannot_come() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def part(name: str, *, comes: bool = True) -> AsyncIterator[None]:
        if not comes:
            raise OSError(name)
        seen.append(f"{name} comes")
        yield
        seen.append(f"{name} goes")

    async with Owner(part("a"), part("b")):
        seen.append("in")
    assert seen == ["a comes", "b comes", "in", "b goes", "a goes"]
    seen.clear()
    with pytest.raises(OSError, match="b"):
        async with Owner(part("a"), part("b", comes=False)):
            seen.append("in")
    assert seen == ["a comes"], "what was entered is told of the error, as by a with of two"


async def test_tasks_end_with_their_owner_and_one_that_fails_is_heard() -> None:
    async with Tasks() as tasks:
        waits = tasks.start(asyncio.Event().wait())  # type: ignore[arg-type]
    assert waits.cancelled()

    async def fails() -> None:
        raise OSError("gone")

    with pytest.raises(ExceptionGroup) as raised:
        async with Tasks() as tasks:
            tasks.start(fails())
            await asyncio.sleep(5)
    assert raised.group_contains(OSError, match="gone")
