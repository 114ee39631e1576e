"""One peer connection: its fragments and path, its handshake, its keys, and its end."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import Protocol

from aiortc import RTCCertificate

from media.live import ice, srtp
from media.live.dtls import Dtls, Fingerprint
from media.live.ice import Credentials
from media.live.messages import Rung
from media.live.paths import Path
from media.live.port import Port
from media.live.srtp import Cdata, Srtp

log = logging.getLogger(__name__)

# RFC 7675: who has not consented to our media for this long gets no more of it.
CONSENT_S = 30.0
# From the answer to the first media; schools' networks try UDP for a while before TCP.
CONNECTED_WITHIN_S = 30.0
# Old credentials stay good this long after an ICE restart nobody followed up.
RESTART_WITHIN_S = 30.0

Relay = tuple[str, int]


class Side(Protocol):
    """Who uses the connection: a publisher or a subscriber."""

    def connected(self) -> None:
        """Keys are there: media may flow."""

    def moved(self) -> None:
        """The peer is reached over another path now."""

    def rtp(self, packet: memoryview, length: int) -> None:
        """A decrypted RTP packet, in a buffer that is ours until this returns."""

    def rtcp(self, packet: bytes) -> None:
        """A decrypted RTCP packet."""

    def gone(self, why: str) -> None:
        """The connection has ended: `left`, `lost`, `failed`, or what `close` was given."""


class Peer:
    """A connection from its answer to its end. It closes itself when consent runs out."""

    def __init__(
        self,
        port: Port,
        certificate: RTCCertificate,
        fingerprints: tuple[Fingerprint, ...],
        relays: tuple[Relay, ...],
        *,
        creator: str = "",
        theirs: tuple[str, str] = ("", ""),
        is_server: bool = True,
        lasts_s: float = float("inf"),
    ) -> None:
        self.creator = creator
        self.theirs = theirs  # their ICE fragment and password: other ones mean a restart
        self._port = port
        self._fingerprints = fingerprints
        self._dtls = Dtls(certificate, self._send_dtls, is_server=is_server)
        self._relays = set(relays)
        self._previous: Credentials | None = None  # for a while after an ICE restart
        self._reached = asyncio.Event()
        self._ending = asyncio.Event()
        self._made_at = port.clock()
        self._ends_at = self._made_at + lasts_s  # whatever it is doing then
        self._restarted_at = 0.0
        self.side: Side | None = None  # set by whoever made us, before the first datagram
        self.resource = secrets.token_urlsafe(18)
        self.ours = ice.new_credentials()
        self.path: Path | None = None  # from the first signed check on
        self.srtp: Srtp | None = None  # from the end of the handshake on
        self.heard_at = self._made_at
        self.why = ""  # why it ended, once it has
        port.expect(self, self.ours.ufrag)

    @property
    def etag(self) -> str:
        """The ICE session's entity tag, quoted (RFC 9725, 4.3.1)."""
        return f'"{self.ours.ufrag}"'

    @property
    def rung(self) -> Rung:
        """How the peer is reached: `udp`, `tcp`, or `turn` through a relay it told us of."""
        if self.path is None:
            return "udp"
        return "turn" if self.path.address in self._relays else self.path.rung

    async def run(self) -> None:
        """Waits for the peer, shakes hands, and keeps the connection until it ends."""
        try:
            if await self._reach() and await self._shake():
                await self._ending.wait()
        except Exception:
            log.exception("connection %s ended by a fault of ours", self.resource)
            self.end("failed")
        finally:
            await self._let_go()

    async def _let_go(self) -> None:
        """Raises nothing: a fault here is this connection's, not every room's."""
        try:
            self._port.forget(self)
            await self._dtls.close()
            self.srtp = None
            if self.side is not None:
                self.side.gone(self.why or "failed")
        except Exception:
            log.exception("connection %s was not let go of cleanly", self.resource)
        # Each holds the other, and 60 kB of keys and contexts with them: let go of at once
        # they cost no full collection, which would be a pause for every viewer.
        self.srtp = None
        self.side = None

    async def _reach(self) -> bool:
        try:
            async with asyncio.timeout(CONNECTED_WITHIN_S):
                await self._reached.wait()
        except TimeoutError:
            self.end("failed")
        return not self.why

    async def _shake(self) -> bool:
        self.srtp = await self._dtls.handshake(self._fingerprints)
        if self.srtp is None or self.why:
            self.end("failed")
            return False
        self._dtls.on_closed(lambda: self.end("left"))
        if self.side is not None:
            self.side.connected()
        return True

    def end(self, why: str) -> None:
        """Lets the connection end soon, for the first reason given."""
        if not self.why:
            self.why = why
        self._reached.set()
        self._ending.set()

    def tick(self, now: float) -> None:
        """Once a second or so: ends what has not consented for 30 s, and what had its time."""
        if now >= self._ends_at:
            self.end("left")
        if self.srtp is not None and now - self.heard_at > CONSENT_S:
            self.end("lost")
        if self._previous is not None and now - self._restarted_at > RESTART_WITHIN_S:
            self._drop_previous()

    # ICE

    def credentials(self, ufrag: str) -> Credentials | None:
        """The credentials of one of our fragments: the present ones or those before a restart."""
        if ufrag == self.ours.ufrag:
            return self.ours
        previous = self._previous
        return previous if previous is not None and ufrag == previous.ufrag else None

    def checked(self, path: Path, ufrag: str, is_nominated: bool) -> None:
        """A signed check came: the peer is there, and may have chosen another path."""
        self.heard_at = self._port.clock()
        if ufrag == self.ours.ufrag and self._previous is not None:
            self._drop_previous()
        if self.path is None or (is_nominated and not _is_same(self.path, path)):
            self._move(path)

    def _move(self, path: Path) -> None:
        is_first = self.path is None
        self.path = path
        self._reached.set()
        if not is_first and self.side is not None:
            self.side.moved()

    def broken(self, path: Path) -> None:
        """A TCP connection ended: the peer is silent until it comes over another."""
        if self.path is path:
            log.debug("%s lost its connection", self.resource)

    def restart(self, theirs: tuple[str, str]) -> Credentials:
        """Fresh credentials for an ICE restart; media goes on over the old path meanwhile."""
        self.theirs = theirs
        self._drop_previous()
        self._previous, self.ours = self.ours, ice.new_credentials()
        self._restarted_at = self._port.clock()
        self._port.expect(self, self.ours.ufrag)
        return self.ours

    def add_relays(self, relays: tuple[Relay, ...]) -> None:
        """Relay candidates told later; at most 16 are kept."""
        self._relays |= set(relays[: max(0, 16 - len(self._relays))])

    def _drop_previous(self) -> None:
        if self._previous is not None:
            self._port.forget_fragment(self._previous.ufrag)
            self._previous = None

    # DTLS and media

    def dtls(self, datagram: bytes) -> None:
        """A DTLS record from the peer."""
        self._dtls.put(datagram)

    def _send_dtls(self, datagram: bytes) -> None:
        if self.path is None:
            raise ConnectionError
        self.path.send(datagram)

    def media(self, packet: Cdata, view: memoryview, length: int) -> None:
        """SRTP or SRTCP from the peer; what cannot be authenticated is dropped and counted."""
        keys, side = self.srtp, self.side
        if keys is None or side is None or length < 12:
            return
        if 191 < view[1] < 224:  # RFC 5761: RTCP's packet types
            size = srtp.unprotect_rtcp(keys, packet, length)
            if size > 0:
                side.rtcp(bytes(view[:size]))
                return
        else:
            size = srtp.unprotect(keys, packet, length)
            if size > 0:
                side.rtp(view, size)
                return
        self._port.counted["forged"] += 1

    def send_rtcp(self, packet: bytes) -> None:
        """Sends one RTCP packet, encrypted; lost when there is no path."""
        if self.srtp is not None and self.path is not None:
            data = srtp.protect_rtcp(self.srtp, packet)
            if data:
                self.path.send(data)

    def send_rtp(self, packet: bytes | bytearray | memoryview) -> None:
        """Sends one RTP packet, encrypted, outside the fan-out: a retransmission."""
        if self.srtp is not None and self.path is not None:
            data = srtp.protect(self.srtp, packet)
            if data:
                self.path.send(data)


def _is_same(one: Path, other: Path) -> bool:
    return one.address == other.address and one.rung == other.rung
