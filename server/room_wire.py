"""The wire of a room's pages: what is told to many is made into octets once, and needs no task.

Through ASGI each frame of each page is a coroutine that makes it anew, which is most of what
telling a thousand pages costs. Frames of a server are the same for everybody: nothing is masked,
and nothing is packed (`web.py` says why). All else is uvicorn's. A server without this wire is
told everything through ASGI (`outbox.no_way`).
"""

import asyncio
import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from rooms.live.outbox import Frames, Way, no_way

# The extension of a connection's ASGI scope in which its `say` stands.
EXTENSION = "porthole.wire"
# A page that was hung up on and does not even read that is let go of after this.
LINGER_S = 10.0
# In one turn of the loop a busy room says a handful of things to different people.
KEPT = 32
WHOLE_TEXT = 0x81
LARGEST_PLAIN, LARGEST_SHORT = 125, 65_535


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


@lru_cache(KEPT)
def octets(frames: Frames) -> bytes:
    """Texts as the frames in which they go to whoever is told just these."""
    return b"".join(map(framed, frames))


def way_of(scope: Mapping[str, Any]) -> Way:
    """How frames go to a page in rounds; `no_way` where the server has none."""
    extensions = scope.get("extensions") or {}
    return cast(Way, extensions.get(EXTENSION, {}).get("say", no_way))


def way_over(conn: ServerProtocol, transport: asyncio.Transport, writable: asyncio.Event) -> Way:
    """Writes frames to this connection, unless its page lags behind or it is ending.

    It lags behind when more than the transport's high-water mark, 64 KiB, waits for it. Nothing
    else of the connection is touched: of a thousand, none is in the processor's cache.
    """
    write, is_closing, is_writable = transport.write, transport.is_closing, writable.is_set

    def say(frames: Frames) -> bool:
        if conn.state is not State.OPEN or is_closing() or not is_writable():
            return False
        write(octets(frames))
        return True

    return say


class RoomWire(WebSocketsSansIOProtocol):
    """As uvicorn's, and texts may be said without waiting."""

    def handle_connect(self, event: Request) -> None:
        """As uvicorn calls it."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            say = way_over(self.conn, self.transport, self.writable)
            self.scope["extensions"][EXTENSION] = {"say": say}

    def on_task_complete(self, task: "asyncio.Task[None]") -> None:
        """As uvicorn calls it when the conversation is over: what waits for a page that takes
        nothing does not stay for ever."""
        super().on_task_complete(task)
        self.loop.call_later(LINGER_S, self.transport.abort)
