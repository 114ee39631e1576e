"""One UDP and one TCP port for every peer: tells STUN, DTLS and SRTP apart (RFC 7983).

A datagram belongs to the peer whose signed check last came from its address. Everything else is
dropped before it costs more than a look: nobody is answered who does not know a live fragment.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from media.live import ice, srtp
from media.live.paths import Peer, TcpPath, UdpPath

# What the kernel keeps for us while we are busy: a keyframe to hundreds of viewers is megabytes.
SOCKET_BUFFER_BYTES = 4 << 20
# Datagrams taken from one socket before others get their turn.
MOST_AT_ONCE = 64
# Addresses one peer may be known under: networks it has, and the ones it left.
MOST_ADDRESSES = 8

# ICE-TCP connections, and those that have not shown a valid check yet: in all, from one address.
MOST_CONNECTIONS = 4000
MOST_STRANGERS = 500
MOST_STRANGERS_EACH = 100


@dataclass(frozen=True, slots=True)
class Binding:
    """Where we listen. `hosts`: addresses of this machine, or wildcards."""

    hosts: tuple[str, ...]
    port: int


class Port:
    """The sockets of the live process. `clock` gives seconds that only grow."""

    def __init__(self, binding: Binding) -> None:
        self._binding = binding
        self._sockets: list[socket.socket] = []
        self._server: asyncio.Server | None = None  # while we listen
        self._by_fragment: dict[str, Peer] = {}
        self._by_address: dict[tuple[int, object], Peer] = {}
        self._addresses: dict[Peer, list[tuple[int, object]]] = {}
        self._strangers: set[TcpPath] = set()
        self._connections: set[TcpPath] = set()
        self._buffer, self._view = srtp.new_buffer(srtp.PACKET_BYTES)
        self._behind_since: dict[int, float] = {}  # socket -> since when more waits than is taken
        self.counted: Counter[str] = Counter()
        self.clock = time.monotonic

    @property
    def number(self) -> int:
        """The port we listen on: what was asked for, or what the kernel chose for 0."""
        found: int = self._sockets[0].getsockname()[1]
        return found

    @property
    def behind_s(self) -> float:
        """For how long datagrams have come faster than they are dealt with."""
        return self.clock() - min(self._behind_since.values()) if self._behind_since else 0.0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        number = self._binding.port
        try:
            for host in self._binding.hosts:
                sock = _udp_socket(host, number)
                self._sockets.append(sock)
                number = sock.getsockname()[1]
                loop.add_reader(sock.fileno(), self._readable, sock)
            self._server = await loop.create_server(
                lambda: TcpPath(self), list(self._binding.hosts), number, reuse_address=True
            )
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.close()
        for sock in self._sockets:
            asyncio.get_running_loop().remove_reader(sock.fileno())
            sock.close()

    # Peers

    def expect(self, peer: Peer, ufrag: str) -> None:
        """From now on checks addressed to this fragment are the peer's."""
        self._by_fragment[ufrag] = peer

    def forget_fragment(self, ufrag: str) -> None:
        """After an ICE restart: the old credentials are worth nothing."""
        self._by_fragment.pop(ufrag, None)

    def forget(self, peer: Peer) -> None:
        """The peer is gone: nothing that comes from its addresses is looked at."""
        for ufrag in [u for u, p in self._by_fragment.items() if p is peer]:
            del self._by_fragment[ufrag]
        for address in self._addresses.pop(peer, ()):
            if self._by_address.get(address) is peer:
                del self._by_address[address]
        for connection in [c for c in self._connections if c.peer is peer]:
            connection.peer = None
            connection.close()

    # UDP

    def _readable(self, sock: socket.socket) -> None:
        receive, view, fd = sock.recvfrom_into, self._view, sock.fileno()
        by_address, counted = self._by_address, self.counted
        for _ in range(MOST_AT_ONCE):
            try:
                length, address = receive(view)
            except OSError:  # nothing left; or an earlier send was refused, which tells us nothing
                self._behind_since.pop(fd, None)
                return
            if not length:
                continue
            first = view[0]
            peer = by_address.get((fd, address))
            if peer is not None and 127 < first < 192:
                peer.media(self._buffer, view, length)
            elif first < 4:
                self._check(bytes(view[:length]), sock, address)
            elif peer is not None and 19 < first < 64:
                peer.dtls(bytes(view[:length]))
            else:
                counted["junk"] += 1
        if _has_more(sock):
            self._behind_since.setdefault(fd, self.clock())
        else:  # nobody calls again before something comes
            self._behind_since.pop(fd, None)

    def _check(
        self,
        data: bytes,
        sock: socket.socket,
        address: tuple[str, int] | tuple[str, int, int, int],
    ) -> None:
        found = self._checked_peer(data, (address[0], address[1]))
        if found is None:
            return
        peer, ufrag, check = found
        path = UdpPath(sock, address)
        path.send(check.reply)
        self._remember(peer, (sock.fileno(), address))
        peer.checked(path, ufrag, check.is_nominated)

    def _checked_peer(
        self, data: bytes, address: tuple[str, int]
    ) -> tuple[Peer, str, ice.Check] | None:
        ufrag = ice.addressed_to(data)
        peer = self._by_fragment.get(ufrag) if ufrag else None
        ours = peer.credentials(ufrag) if peer and ufrag else None
        check = ice.answer(data, ours, address) if ours else None
        if peer is None or ufrag is None or check is None:
            self.counted["junk"] += 1
            return None
        self.counted["checks"] += 1
        return peer, ufrag, check

    def _remember(self, peer: Peer, address: tuple[int, object]) -> None:
        if self._by_address.get(address) is peer:
            return
        self._by_address[address] = peer
        known = self._addresses.setdefault(peer, [])
        known.append(address)
        if len(known) > MOST_ADDRESSES:
            oldest = known.pop(0)
            if self._by_address.get(oldest) is peer:
                del self._by_address[oldest]

    # TCP

    def welcomes(self, newcomer: TcpPath) -> bool:
        """Whether there is room for one more connection that has shown nothing yet."""
        host = newcomer.address[0]
        from_there = sum(1 for each in self._strangers if each.address[0] == host)
        is_full = (
            len(self._connections) >= MOST_CONNECTIONS
            or len(self._strangers) >= MOST_STRANGERS
            or from_there >= MOST_STRANGERS_EACH
        )
        if is_full:
            self.counted["tcp_refused"] += 1
            return False
        self._connections.add(newcomer)
        self._strangers.add(newcomer)
        return True

    def known(self, connection: TcpPath) -> None:
        """The connection has shown a valid check."""
        self._strangers.discard(connection)

    def lost(self, connection: TcpPath) -> None:
        """The connection is gone."""
        self._strangers.discard(connection)
        self._connections.discard(connection)

    def over_tcp(self, connection: TcpPath, frame: bytes) -> None:
        """A frame came; before its first valid check a connection may send nothing else."""
        first, peer = frame[0], connection.peer
        if first < 4:
            self._check_tcp(connection, frame)
        elif peer is None:
            self.counted["junk"] += 1
            connection.close()
        elif 19 < first < 64:
            peer.dtls(frame)
        elif 127 < first < 192:
            length = len(frame)
            self._view[:length] = frame
            peer.media(self._buffer, self._view, length)

    def _check_tcp(self, connection: TcpPath, frame: bytes) -> None:
        found = self._checked_peer(frame, connection.address)
        if found is None:
            return
        peer, ufrag, check = found
        if connection.peer is not peer:
            connection.introduced(peer)
        connection.send(check.reply)
        peer.checked(connection, ufrag, check.is_nominated)


def _has_more(sock: socket.socket) -> bool:
    try:
        sock.recv(1, socket.MSG_PEEK)
    except OSError:
        return False
    return True


def _udp_socket(host: str, number: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)
        sock.bind((host, number))
    except BaseException:
        sock.close()
        raise
    return sock
