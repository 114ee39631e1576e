"""What the presenter of the load sends: VP8 in shape, so that a forwarder sees its keyframes.

The pictures are noise: nothing in the load decodes them, and the end of every packet says when it
was sent, whatever becomes of headers, extensions and padding on the way.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

FRAMES_PER_S = 30
KEY_EVERY_FRAMES = 90
KEY_BYTES, DELTA_BYTES = 60_000, 5_650  # 1.5 Mbit/s together
PIECE_BYTES = 1_080
SOUND_PER_S = 50
SOUND_BYTES = 120
MAGIC = b"PHLT"
KEY_HEAD = bytes([0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A]) + struct.pack("<HH", 1280, 720)
DELTA_HEAD = bytes([0x11, 0x02, 0x00])


@dataclass(frozen=True)
class Frame:
    """One picture, cut into the payloads of its packets but for what each packet adds."""

    is_key: bool
    pieces: tuple[bytes, ...]


def frames(count: int = KEY_EVERY_FRAMES, seed: int = 1) -> list[Frame]:
    """A group of pictures: one keyframe and what leans on it, to be sent round and round."""
    noise = random.Random(seed)
    sizes = [KEY_BYTES, *([DELTA_BYTES] * (count - 1))]
    return [_frame(noise, size, is_key=n == 0) for n, size in enumerate(sizes)]


def _frame(noise: random.Random, size: int, *, is_key: bool) -> Frame:
    data = (KEY_HEAD if is_key else DELTA_HEAD) + noise.randbytes(size)
    pieces = -(-len(data) // PIECE_BYTES)
    each = -(-len(data) // pieces)
    return Frame(is_key, tuple(data[n * each : (n + 1) * each] for n in range(pieces)))


def described(piece: bytes, *, is_first: bool, picture: int, tl0: int) -> bytes:
    """A piece with its VP8 payload descriptor (RFC 7741): picture id, one temporal layer."""
    start = 0x90 if is_first else 0x80
    return struct.pack("!BBHBB", start, 0xE0, 0x8000 | picture & 0x7FFF, tl0 & 0xFF, 0) + piece


def sent_at(now_ns: int) -> bytes:
    """The end of every packet."""
    return MAGIC + struct.pack("!Q", now_ns)


def starts_key(payload: bytes) -> bool:
    """Whether a VP8 payload is the first of a keyframe."""
    if len(payload) < 3 or not payload[0] & 0x10 or payload[0] & 0x07:
        return False
    at = 1
    if payload[0] & 0x80:
        more, at = payload[1], 2
        if more & 0x80:
            at += 2 if payload[at] & 0x80 else 1
        at += (more >> 6 & 1) + (1 if more & 0x30 else 0)
    return len(payload) > at and not payload[at] & 0x01


class FirstPicture:
    """Watches RTP packets of one video source until a keyframe has come whole."""

    def __init__(self, ssrc: int | None = None) -> None:
        self._ssrc = ssrc
        self._next: int | None = None  # of the keyframe under way

    def is_whole(self, packet: bytes) -> bool:
        """True with the packet that completes the first keyframe."""
        if self._ssrc is not None and int.from_bytes(packet[8:12], "big") != self._ssrc:
            return False
        seq, marker = int.from_bytes(packet[2:4], "big"), packet[1] & 0x80
        if starts_key(payload_of(packet)):
            self._next = seq
        if self._next != seq:
            self._next = None
            return False
        self._next = (seq + 1) & 0xFFFF
        return bool(marker)


def payload_of(packet: bytes) -> bytes:
    """An RTP packet without its header (RFC 3550)."""
    at = 12 + 4 * (packet[0] & 15)
    if packet[0] & 0x10:
        at += 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big")
    return packet[at:]
