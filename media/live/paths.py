"""How a peer is reached: an address behind a UDP socket, or an ICE-TCP connection (RFC 6544)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from typing import Literal, Protocol, cast

from media.live.ice import Credentials
from media.live.srtp import Cdata

# RFC 4571: a frame is two bytes of length and a datagram.
MOST_FRAME_BYTES = 2000
MOST_BEHIND_BYTES = 256_000
# For a newcomer to show a valid check.
INTRODUCED_WITHIN_S = 10.0

_FRAME = struct.Struct("!H")


class Path(Protocol):
    """How a peer is reached at the moment."""

    rung: Literal["udp", "tcp"]
    address: tuple[str, int]

    def send(self, datagram: bytes) -> None:
        """Sends it, or loses it: never waits, never raises."""


class Peer(Protocol):
    """What the port needs of a peer connection."""

    def credentials(self, ufrag: str) -> Credentials | None:
        """The credentials that go with one of its fragments."""

    def checked(self, path: Path, ufrag: str, is_nominated: bool) -> None:
        """A signed check came over this path."""

    def dtls(self, datagram: bytes) -> None:
        """A DTLS record came."""

    def media(self, packet: Cdata, view: memoryview, length: int) -> None:
        """SRTP or SRTCP came; the buffer is the peer's until it returns."""

    def broken(self, path: Path) -> None:
        """The path's connection is gone."""


class Gate(Protocol):
    """What a TCP connection needs of the port it came to."""

    counted: Counter[str]

    def welcomes(self, newcomer: TcpPath) -> bool:
        """Whether there is room for one more connection that has shown nothing yet."""

    def known(self, connection: TcpPath) -> None:
        """The connection has shown a valid check."""

    def over_tcp(self, connection: TcpPath, frame: bytes) -> None:
        """A frame came."""

    def lost(self, connection: TcpPath) -> None:
        """The connection is gone."""


class UdpPath:
    """An address behind one of our UDP sockets. `name`: its `sockaddr`, as the kernel wants it."""

    rung: Literal["udp", "tcp"] = "udp"
    __slots__ = ("_socket", "_to", "address", "fd", "name")

    def __init__(
        self, sock: socket.socket, to: tuple[str, int] | tuple[str, int, int, int]
    ) -> None:
        self._socket = sock
        self._to = to
        self.address = (to[0], to[1])
        self.fd = sock.fileno()
        self.name = sockaddr(sock.family, to)

    def send(self, datagram: bytes) -> None:
        """Sends it, or loses it."""
        with contextlib.suppress(OSError):
            self._socket.sendto(datagram, self._to)


def sockaddr(
    family: socket.AddressFamily, to: tuple[str, int] | tuple[str, int, int, int]
) -> bytes:
    """`struct sockaddr_in` or `sockaddr_in6` of an address."""
    host = socket.inet_pton(family, to[0].split("%")[0])
    number = struct.pack("=H", family)
    if family == socket.AF_INET:
        return number + struct.pack("!H", to[1]) + host + bytes(8)
    scope = to[3] if len(to) == 4 else 0
    return number + struct.pack("!HI", to[1], 0) + host + struct.pack("=I", scope)


class TcpPath(asyncio.Protocol):
    """One ICE-TCP connection, both the path and what reads from it."""

    rung: Literal["udp", "tcp"] = "tcp"

    def __init__(self, port: Gate) -> None:
        self._port = port
        self._unread = bytearray()
        self._timer: asyncio.TimerHandle | None = None  # until it is introduced
        self._transport: asyncio.Transport | None = None  # while it is connected
        self.address = ("", 0)
        self.peer: Peer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A newcomer: it has ten seconds to show a valid check."""
        # uvloop's transports are asyncio's in all but their class.
        self._transport = stream = cast(asyncio.Transport, transport)
        self.address = transport.get_extra_info("peername")[:2]
        if not self._port.welcomes(self):
            self._transport = None
            stream.abort()
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(INTRODUCED_WITHIN_S, self.close)
        sock = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, error: Exception | None) -> None:
        """Gone, whoever ended it."""
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        self._port.lost(self)
        if self.peer is not None:
            self.peer.broken(self)

    def introduced(self, peer: Peer) -> None:
        """It has shown a valid check: it may stay."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.peer = peer
        self._port.known(self)

    def data_received(self, data: bytes) -> None:
        """Takes whole frames out of the stream; never keeps more than one frame unread."""
        self._unread += data
        for frame in self._frames():
            self._port.over_tcp(self, frame)
            if self._transport is None:
                return

    def _frames(self) -> Iterator[bytes]:
        at, unread = 0, self._unread
        while len(unread) - at >= 2:
            (size,) = _FRAME.unpack_from(unread, at)
            if not 0 < size <= MOST_FRAME_BYTES:
                self.close()
                return
            if len(unread) - at - 2 < size:
                break
            yield bytes(unread[at + 2 : at + 2 + size])
            at += 2 + size
        del unread[:at]

    def send(self, datagram: bytes) -> None:
        """Sends it, or loses it when the other end reads too slowly."""
        transport = self._transport
        if transport is None:
            return
        if transport.get_write_buffer_size() > MOST_BEHIND_BYTES:
            self._port.counted["tcp_lost"] += 1
            return
        transport.write(_FRAME.pack(len(datagram)) + datagram)

    def close(self) -> None:
        """Ends the connection at once."""
        if self._transport is not None:
            self._transport.abort()
