"""A clock in the picture: milliseconds as black and white bars that survive an encoder.

The bars stand along the upper edge, one bit each, with a checksum, over a picture that moves.
"""

from __future__ import annotations

import random
import time

from av import VideoFrame

WIDTH, HEIGHT = 640, 360
BITS = 32
CHECK_BITS = 8
BAR = WIDTH // (BITS + CHECK_BITS)
BAR_HEIGHT = 40
BLACK, WHITE = 16, 235
MIDDLE = (BLACK + WHITE) // 2
BLOCK = 20  # the picture below is made of blocks, as coarse as a face is to an encoder


def now_ms() -> int:
    """The clock that is drawn and that is read against; the same in every process here."""
    return time.monotonic_ns() // 1_000_000 & 0xFFFFFFFF


class Drawing:
    """Draws pictures with the clock in them."""

    def __init__(self) -> None:
        noise = random.Random(1)
        blocks = [bytes([noise.randrange(40, 200)]) * BLOCK for _ in range(WIDTH // BLOCK * 3)]
        row = b"".join(blocks)
        self._rows = [row[n * BLOCK : n * BLOCK + WIDTH] for n in range(WIDTH // BLOCK)]
        self._grey = bytes([128]) * (WIDTH // 2 * HEIGHT // 2)

    def picture(self, number: int) -> VideoFrame:
        """The picture of this number, with the time at which it is drawn."""
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        moving = [
            self._rows[(number + y // BLOCK) % len(self._rows)] for y in range(HEIGHT - BAR_HEIGHT)
        ]
        bars = _bars(now_ms()) * BAR_HEIGHT
        frame.planes[0].update(_padded(bars + b"".join(moving), WIDTH, frame.planes[0].line_size))
        for plane in frame.planes[1:]:
            plane.update(_padded(self._grey, WIDTH // 2, plane.line_size))
        return frame


def _bars(value: int) -> bytes:
    number = value << CHECK_BITS | _check(value)
    bits = range(BITS + CHECK_BITS - 1, -1, -1)
    return b"".join(bytes([WHITE if number >> bit & 1 else BLACK]) * BAR for bit in bits)


def _check(value: int) -> int:
    return sum(value.to_bytes(4, "big")) * 31 % 251


def _padded(data: bytes, width: int, line_size: int) -> bytes:
    """Rows as FFmpeg keeps them: each begins at a multiple of the line size."""
    if width == line_size:
        return data
    gap = bytes(line_size - width)
    return b"".join(data[at : at + width] + gap for at in range(0, len(data), width))


def read(frame: VideoFrame) -> int | None:
    """The time drawn into a picture; None when the bars cannot be read."""
    if frame.width * HEIGHT != frame.height * WIDTH:
        return None
    if frame.format.name != "yuv420p":
        frame = frame.reformat(format="yuv420p")
    plane = frame.planes[0]
    scale = frame.width / WIDTH
    row = bytes(plane)[int(BAR_HEIGHT / 2 * scale) * plane.line_size :][: frame.width]
    number = 0
    for bar in range(BITS + CHECK_BITS):
        number = number << 1 | (row[int((bar + 0.5) * BAR * scale)] > MIDDLE)
    value, check = number >> CHECK_BITS, number & (1 << CHECK_BITS) - 1
    return value if _check(value) == check else None


def age_ms(frame: VideoFrame) -> int | None:
    """How long ago a picture was drawn; None when it does not tell."""
    drawn = read(frame)
    return None if drawn is None else (now_ms() - drawn) & 0xFFFFFFFF
