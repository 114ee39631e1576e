"""What waits to be sent to one page: bounded, in order, and of what is replaced only the newest."""

import asyncio
from collections import deque

MOST_FRAMES = 256
MOST_CHARACTERS = 1024 * 1024


class Outbox:
    """The frames of one connection. Full is full: the page is too slow, and comes back later."""

    def __init__(self, most: int = MOST_FRAMES, most_characters: int = MOST_CHARACTERS) -> None:
        self._most = most
        self._most_characters = most_characters
        self._characters = 0  # of all that waits
        self._frames: deque[list[str]] = deque()  # of one element, so that it can be replaced
        self._newest: dict[str, list[str]] = {}  # kind → its frame that waits
        self._came = asyncio.Event()

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: str, replaces: str = "") -> bool:
        """Adds a frame; one of the same kind `replaces` that waits still makes room for it.

        False when there is no place for it. By itself a frame may be as long as it is.
        """
        waiting = self._newest.get(replaces)
        if waiting is not None:
            self._characters += len(frame) - len(waiting[0])
            waiting[0] = frame
            return True
        if self._is_full(len(frame)):
            return False
        self._characters += len(frame)
        entry = [frame]
        self._frames.append(entry)
        if replaces:
            self._newest[replaces] = entry
        self._came.set()
        return True

    def _is_full(self, coming: int) -> bool:
        if not self._frames:
            return False
        is_long = self._characters + coming > self._most_characters
        return is_long or len(self._frames) >= self._most

    async def next(self) -> str:
        """The next frame, as soon as there is one."""
        while not self._frames:
            self._came.clear()
            await self._came.wait()
        entry = self._frames.popleft()
        self._characters -= len(entry[0])
        for kind, waiting in list(self._newest.items()):
            if waiting is entry:
                del self._newest[kind]
        return entry[0]
