"""How a burst is spread, so that it does not drown in the first small buffer on its way; pure.

A keyframe leaves an encoder at once: 79 packets in one moment. Through a TURN server or a thin
line some of them are lost, and then nothing decodes. What comes at once is therefore passed on at
8 Mbit/s, or 2.5 times the rate the feed runs at, and faster only where a packet would otherwise
wait longer than `most_delay_s`.
"""

from __future__ import annotations

from collections import deque

BURST_BYTES = 10_000
"""Passes at once: eight packets of the usual size."""

STEP_S = 0.002
"""Between two groups of a burst. Event loops wake by the millisecond."""

_SPEED_UP = 2.5
_LEAST_BYTES_S = 1_000_000  # 8 Mbit/s: a feed that is only starting is not held up
_MEMORY_S = 1.0  # over which the running rate is an average
_ON_TIME = 0.8  # of the delay that is planned with; the rest is for a loop that wakes late


class Pacer:
    """Decides for one feed; the caller keeps what is queued, in order."""

    __slots__ = ("_at", "_credit", "_most_delay_s", "_queue", "_queued_bytes", "_running_bytes_s")

    def __init__(self, most_delay_s: float = 0.020) -> None:
        self._most_delay_s = most_delay_s
        self._queue: deque[tuple[float, int]] = deque()  # (when it came, its size)
        self._queued_bytes = 0
        self._credit = float(BURST_BYTES)
        self._running_bytes_s = 0.0
        self._at = 0.0  # when credit and rate were last brought up to date

    def offer(self, now: float, size_bytes: int, is_video: bool) -> bool:
        """True: pass it on now. False: it is queued. Sound is never queued."""
        if not is_video:
            return True
        self._catch_up(now)
        self._running_bytes_s += size_bytes / _MEMORY_S
        if not self._queue and self._credit >= size_bytes:
            self._credit -= size_bytes
            return True
        self._queue.append((now, size_bytes))
        self._queued_bytes += size_bytes
        return False

    def release(self, now: float) -> int:
        """How many of the queued may go now, the first ones first."""
        self._catch_up(now)
        queue = self._queue
        overdue = now - self._most_delay_s
        count = 0
        while queue and (self._credit >= queue[0][1] or queue[0][0] <= overdue):
            _, size = queue.popleft()
            self._queued_bytes -= size
            self._credit = max(0.0, self._credit - size)
            count += 1
        return count

    def next_at(self, now: float) -> float | None:
        """When to ask `release` next; None while nothing is queued."""
        if not self._queue:
            return None
        return min(now + STEP_S, self._queue[0][0] + self._most_delay_s)

    def _catch_up(self, now: float) -> None:
        passed = now - self._at
        if passed <= 0:
            return
        most = max(BURST_BYTES, self._queued_bytes)
        self._credit = min(most, self._credit + passed * self._speed())
        self._at = now
        self._running_bytes_s -= self._running_bytes_s * min(1.0, passed / _MEMORY_S)

    def _speed(self) -> float:
        """Bytes a second at which credit has grown: enough for all that is queued to be in time."""
        speed = max(_LEAST_BYTES_S, self._running_bytes_s * _SPEED_UP)
        if self._queue:
            left = self._queue[-1][0] + self._most_delay_s * _ON_TIME - self._at
            speed = max(speed, self._queued_bytes / max(left, STEP_S))
        return speed
