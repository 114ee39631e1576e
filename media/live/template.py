"""A packet as it goes to many viewers, before it is copied and encrypted for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from media.live import srtp
from media.live.packets import SEND_TIME_AT, Offsets, Packet, send_time, write_header
from media.live.sending import MOST_TOGETHER


class Alike(NamedTuple):
    """What makes the copies of a packet for two viewers the same before encryption."""

    payload_type: int
    ssrc: int
    offsets: Offsets
    send_time_id: int
    tag_bytes: int


@dataclass(slots=True, eq=False)
class Template:
    """Memory for one such packet. It is the same for one batch as for the next of its kind, and
    written once.
    """

    memory: Any
    view: memoryview
    _packet: Packet | None = None  # what stands here, and as whose
    _alike: Alike | None = None
    _length: int = 0

    def write(self, packet: Packet, alike: Alike, now: float) -> int:
        """Writes the packet, unless it stands here already; its length."""
        if self._packet is packet and self._alike is alike:
            return self._length
        self._packet, self._alike = packet, alike
        payload_type, ssrc, offsets, send_time_id, _ = alike
        self._length = write_header(self.view, packet, payload_type, ssrc, offsets, send_time_id)
        if send_time_id:
            stamp(self.view, now)
        return self._length


TEMPLATES = [Template(*srtp.new_buffer(srtp.PACKET_BYTES)) for _ in range(MOST_TOGETHER)]
"""One for each packet that goes along."""


def stamp(view: memoryview, now: float) -> None:
    """abs-send-time, so that the viewer can tell a queue building up on its way."""
    stamped = send_time(now)
    view[SEND_TIME_AT] = stamped >> 16
    view[SEND_TIME_AT + 1] = stamped >> 8 & 0xFF
    view[SEND_TIME_AT + 2] = stamped & 0xFF
