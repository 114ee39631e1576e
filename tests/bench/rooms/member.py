"""One page's end of a room's socket, as cheap as can be: a thousand of them share one core.

It shakes hands, says hello, answers both kinds of pings, and notes when frames came. Nothing else
of it is read.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import time
from collections.abc import Callable
from typing import cast

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
_MASK = b"\0\0\0\0"  # masking with noughts leaves every octet as it is
# A reader that never reads is to fill the server's memory, not the kernel's.
SMALL_WINDOW, SMALL_SEGMENT = 2048, 536

News = Callable[["Member", bytes], None]


def frame(opcode: int, payload: bytes) -> bytes:
    """A frame as a page sends it."""
    size = len(payload)
    head = bytes((0x80 | opcode,))
    if size < 126:
        return head + bytes((0x80 | size,)) + _MASK + payload
    return head + b"\xfe" + struct.pack(">H", size) + _MASK + payload


def said(**command: object) -> bytes:
    """A command as a frame."""
    return frame(TEXT, json.dumps(command).encode())


def cut(buffer: bytearray) -> tuple[int, bytes] | None:
    """The first whole frame of what came, taken out of it; None while there is none."""
    if len(buffer) < 2:
        return None
    size, start = buffer[1], 2
    if size == 126:
        if len(buffer) < 4:
            return None
        size, start = int.from_bytes(buffer[2:4], "big"), 4
    elif size == 127:
        if len(buffer) < 10:
            return None
        size, start = int.from_bytes(buffer[2:10], "big"), 10
    if len(buffer) < start + size:
        return None
    opcode, payload = buffer[0] & 0x0F, bytes(buffer[start : start + size])
    del buffer[: start + size]
    return opcode, payload


class Member(asyncio.Protocol):
    """`heard` is called with each frame. `joined`: once it saw the room; `closed`: at its end."""

    def __init__(
        self, room: str, cookie: str, heard: News, connection: str | None = None, since: int = 0
    ) -> None:
        loop = asyncio.get_running_loop()
        self.began = time.monotonic()
        self.joined: asyncio.Future[float] = loop.create_future()
        self.closed: asyncio.Future[int] = loop.create_future()
        self.came = 0  # frames
        self.octets = 0
        self._heard = heard
        self._hello = {"since": since, "connection": connection}
        self._buffer = bytearray()
        self._is_open = False
        self._request = (
            f"GET /rooms/{room}/socket HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {_KEY}\r\n"
            f"Origin: http://bench\r\nCookie: {cookie}\r\n\r\n"
        ).encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio calls it."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """As asyncio calls it."""
        self._buffer += data
        if not self._is_open and not self._opened():
            return
        while (found := cut(self._buffer)) is not None:
            self._take(*found)

    def _opened(self) -> bool:
        head, blank, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not blank:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            self.transport.close()
            return False
        self._is_open, self._buffer = True, bytearray(rest)
        self.say(do="hello", **self._hello)
        return True

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.transport.write(frame(PONG, payload))
        elif opcode == CLOSE:
            self._end(int.from_bytes(payload[:2], "big"))
            self.transport.close()
        elif opcode == TEXT:
            self._read(payload)

    def _read(self, payload: bytes) -> None:
        self.came += 1
        self.octets += len(payload)
        if payload.startswith(b'{"event":"ping"'):
            self.pong(json.loads(payload)["number"])
        elif not self.joined.done() and payload.startswith(b'{"event":"room"'):
            self.joined.set_result(time.monotonic() - self.began)
        self._heard(self, payload)

    def pong(self, number: int) -> None:
        """The beat of a page that is seen and shows a picture."""
        self.say(do="pong", number=number, is_flowing=True, is_shown=True, is_audible=False)

    def say(self, **command: object) -> None:
        """Sends a command."""
        self.transport.write(said(**command))

    def connection_lost(self, exc: Exception | None) -> None:
        """As asyncio calls it."""
        self._end(1006)

    def _end(self, code: int) -> None:
        if not self.closed.done():
            self.closed.set_result(code)
        if not self.joined.done():
            self.joined.set_exception(
                ConnectionError(f"closed with {code}: {self._buffer[:200]!r}")
            )


async def connect(
    at: int | str,
    room: str,
    cookie: str,
    heard: News,
    *,
    is_slow: bool = False,
    connection: str | None = None,
    since: int = 0,
) -> Member:
    """A member on its way in, by a port or the path of a unix socket. `is_slow`: the kernel will
    hold little for it."""
    loop, is_tcp = asyncio.get_running_loop(), isinstance(at, int)
    wire = socket.socket(socket.AF_INET if is_tcp else socket.AF_UNIX)
    wire.setblocking(False)
    if is_slow and is_tcp:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SMALL_SEGMENT)
    await loop.sock_connect(wire, ("127.0.0.1", at) if is_tcp else at)
    _, member = await loop.create_connection(
        lambda: Member(room, cookie, heard, connection, since), sock=wire
    )
    return member


def descriptors_for(count: int) -> None:
    """Lets this process have so many sockets."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 100:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 1000), hard))
    assert os.sysconf("SC_OPEN_MAX") >= count + 50
