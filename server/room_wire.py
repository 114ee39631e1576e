"""The wire of a room's pages: what is told to many is made into a frame once.

uvicorn's own makes a frame anew for each page, which is a third of what telling a thousand pages
costs. Frames of a server are the same for everybody: nothing is masked, and nothing is packed
(`web.py` says why). All but the text of an open connection is uvicorn's.
"""

import struct
from functools import lru_cache
from typing import Any, cast

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

# A tick of a busy room makes a handful of frames.
KEPT = 32
WHOLE_TEXT = 0x81
LARGEST_PLAIN, LARGEST_SHORT = 125, 65_535


@lru_cache(KEPT)
def framed(text: str) -> bytes:
    """A text as one whole frame of a server (RFC 6455, 5.2)."""
    payload = text.encode()
    size = len(payload)
    if size <= LARGEST_PLAIN:
        head = bytes((WHOLE_TEXT, size))
    elif size <= LARGEST_SHORT:
        head = struct.pack(">BBH", WHOLE_TEXT, 126, size)
    else:
        head = struct.pack(">BBQ", WHOLE_TEXT, 127, size)
    return head + payload


class RoomWire(WebSocketsSansIOProtocol):
    """As uvicorn's, but for texts that go to a page whose connection is open."""

    async def send(self, message: Any) -> None:
        """As ASGI calls it. Raises `ClientDisconnected`."""
        text = message.get("text")
        if text is None or not self.handshake_complete or self.close_sent:
            await super().send(message)
            return
        if not self.writable.is_set():
            await self.writable.wait()
        if self.disconnected or self.conn.close_rcvd is not None:
            raise ClientDisconnected()
        self.transport.write(framed(cast(str, text)))
