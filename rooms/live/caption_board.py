"""The captions of a room that a page needs which comes in now, without I/O."""

from datetime import timedelta
from uuid import UUID

from rooms.live.protocol import Caption

KEPT_FOR = timedelta(minutes=15)
# For whoever comes in later, and a captioner who comes back.
MOST_TOLD = 30


class Board:
    """The last lines of one room at one process. `is_loaded`: the rows were read."""

    def __init__(self) -> None:
        self.is_loaded = False
        self._lines: dict[UUID, Caption] = {}

    def take(self, caption: Caption, now_ms: int) -> bool:
        """Takes a line in; False for what was known, or is older than what was known."""
        kept_from = now_ms - KEPT_FOR // timedelta(milliseconds=1)
        known = self._lines.get(caption.id)
        if caption.at < kept_from or (known is not None and known.number >= caption.number):
            return False
        lines = {**self._lines, caption.id: caption}
        newest = sorted(lines.values(), key=lambda one: (one.at, one.number))[-MOST_TOLD:]
        self._lines = {one.id: one for one in newest if one.at >= kept_from}
        return True

    def since(self, at_ms: int) -> tuple[Caption, ...]:
        """Lines from this moment on, the oldest first, without those taken back."""
        return tuple(one for one in self._lines.values() if one.at >= at_ms and one.text)
