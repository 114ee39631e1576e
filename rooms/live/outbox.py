"""What waits to be sent to one page: bounded, in order, and of what is replaced only the newest.

It goes out in rounds: what pages are told in one turn of the loop goes to each in one piece, one
page after the other, and costs no task. A page that takes no more gets what waits by itself, one
frame after the other, until it has caught up.
"""

import asyncio
import logging
from collections.abc import Callable

log = logging.getLogger(__name__)

MOST_FRAMES = 256
MOST_CHARACTERS = 1024 * 1024

Frames = tuple[str, ...]
# Sends frames to a page without waiting. False: it takes none now, and nothing was sent.
Way = Callable[[Frames], bool]


def no_way(_: Frames) -> bool:
    """Of a page that is sent all of it frame by frame."""
    return False


class Round:
    """The outboxes in which something waits; at the end of this turn of the loop they are emptied
    together."""

    def __init__(self) -> None:
        self._due: list[Outbox] = []

    def add(self, outbox: "Outbox") -> None:
        """Has an outbox emptied with the others."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self._go)
        self._due.append(outbox)

    def _go(self) -> None:
        due, self._due = self._due, []
        for outbox in due:
            outbox.hand_over()


class Outbox:
    """The frames of one connection. Full is full: the page is too slow, and comes back later.

    `way`: how they go out in rounds; what does not go that way is fetched by `next`. Nearly always
    a frame comes to an outbox that is empty and leaves it in the same turn, on a thousand pages at
    once: it lies beside the others, so that nothing is made for it.
    """

    __slots__ = (
        "_came",
        "_characters",
        "_frames",
        "_is_behind",
        "_is_over",
        "_most",
        "_most_characters",
        "_number",
        "_only",
        "_round",
        "_way",
    )

    def __init__(
        self,
        way: Way = no_way,
        round_: Round | None = None,
        most: int = MOST_FRAMES,
        most_characters: int = MOST_CHARACTERS,
    ) -> None:
        self._way = way
        self._round = round_ or Round()
        self._most = most
        self._most_characters = most_characters
        self._only: str | None = None  # all that waits, when that is one frame that replaces none
        self._characters = 0  # of all others that wait
        self._frames: dict[str | int, str] = {}  # what it replaces, or its number → the frame
        self._number = 0
        self._is_behind = False  # frames are fetched one by one, and none overtakes them
        self._is_over = False  # nothing more comes
        self._came = asyncio.Event()

    def __len__(self) -> int:
        return len(self._frames) + (self._only is not None)

    def put(self, frame: str, replaces: str = "") -> bool:
        """Adds a frame; one of the same kind `replaces` that waits still makes room for it.

        False when there is no place for it. By itself a frame may be as long as it is. After the
        end nothing is added.
        """
        if self._is_over:
            return True
        if not (replaces or self._frames or self._is_behind or self._only is not None):
            self._only = frame
            self._round.add(self)
            return True
        self._lay_together()
        waiting = self._frames.get(replaces) if replaces else None
        characters = self._characters + len(frame) - len(waiting or "")
        if waiting is None and self._is_full(characters):
            return False
        if not self._frames and not self._is_behind:
            self._round.add(self)
        self._characters = characters
        if not replaces:
            self._number += 1
        self._frames[replaces or self._number] = frame
        return True

    def _lay_together(self) -> None:
        """What lay by itself is the first of those that wait."""
        if self._only is not None:
            self._number += 1
            self._frames[self._number] = self._only
            self._characters = len(self._only)
            self._only = None

    def _is_full(self, characters: int) -> bool:
        """How many frames wait says something of a page that is behind: to all others what they
        are told in one turn, however many frames it is, goes at its end."""
        if not self._frames:
            return False
        is_slow = self._is_behind and len(self._frames) >= self._most
        return is_slow or characters > self._most_characters

    def end(self) -> None:
        """What waits is the last."""
        self._is_over = True
        self._came.set()

    def hand_over(self) -> None:
        """Sends all that waits in one piece; else it is to be fetched."""
        if self._only is not None:
            if self._is_sent((self._only,)):
                self._only = None
            else:
                self._fall_behind()
        elif self._frames and not self._is_behind:
            if self._is_sent(tuple(self._frames.values())):
                self._frames.clear()
                self._characters = 0
            else:
                self._fall_behind()

    def _is_sent(self, frames: Frames) -> bool:
        try:
            return self._way(frames)
        except Exception:
            log.exception("a page was not sent to")
            return False

    def _fall_behind(self) -> None:
        self._lay_together()
        self._is_behind = True
        self._came.set()

    async def next(self) -> str | None:
        """The next frame that does not go out in a round, as soon as there is one; None at the
        end."""
        self._lay_together()
        while not self._frames:
            if self._is_over:
                return None
            self._is_behind = False
            self._came.clear()
            await self._came.wait()
            self._lay_together()
        self._is_behind = True
        frame = self._frames.pop(next(iter(self._frames)))
        self._characters -= len(frame)
        return frame
