"""What a long-lived object holds while it is entered: tasks that end with it, parts that are
entered before it and left after it."""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Any, Self


class Tasks:
    """Tasks of one owner. They are cancelled when it is left; one that fails ends all of them, and
    its error is raised there."""

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in list(self._running):
            task.cancel()
        await self._group.__aexit__(kind, error, trace)

    def start(self, work: Coroutine[Any, Any, None], name: str = "") -> asyncio.Task[None]:
        """Begins it; only while it is entered."""
        task = self._group.create_task(work, name=name or None)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task


class Owner:
    """Entered with its parts, in their order, and left in the other one."""

    def __init__(self, *parts: AbstractAsyncContextManager[Any]) -> None:
        self._parts = parts
        self._entered = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for part in self._parts:
                await stack.enter_async_context(part)
            self._entered = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._entered.__aexit__(kind, error, trace)
