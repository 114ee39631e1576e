"""DTLS on aiortc, over our own paths: aiortc's transport on a stand-in for its ICE transport."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from aiortc import RTCCertificate, RTCDtlsTransport
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters

from media.live import srtp
from media.live.srtp import Srtp

# A flight of the handshake has a handful of records; beyond this somebody is flooding us.
MOST_WAITING = 32
HANDSHAKE_WITHIN_S = 15.0

Fingerprint = tuple[str, str]
"""(algorithm, value), as in SDP's `a=fingerprint`."""


class IceStandIn:
    """What `RTCDtlsTransport` needs of an ICE transport: it receives, it sends, it has a role."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._sends: Callable[[bytes], None] | None = send  # None once closed
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)
        self._is_closed = False

    def put(self, datagram: bytes) -> None:
        """Takes a datagram that came for DTLS; what is too much is lost, as on any network."""
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(datagram)

    def close(self) -> None:
        """Ends a wait for the next datagram. What is still to be sent goes out."""
        self._is_closed = True
        if self._waiting.full():
            self._waiting.get_nowait()
        self._waiting.put_nowait(b"")

    async def _recv(self) -> bytes:
        datagram = await self._waiting.get()
        if self._is_closed:
            raise ConnectionError
        return datagram

    async def _send(self, datagram: bytes) -> None:
        if self._sends is None:
            raise ConnectionError
        self._sends(datagram)

    def let_go(self) -> None:
        """Nothing is sent any more; the peer that sent for us may be forgotten."""
        self._sends = None

    async def stop(self) -> None:
        """aiortc's own; there is nothing to stop."""


class Dtls:
    """Our side of one connection: the server's (`a=setup:passive`) unless the peer insists."""

    def __init__(
        self, certificate: RTCCertificate, send: Callable[[bytes], None], *, is_server: bool = True
    ) -> None:
        self._ice = IceStandIn(send)
        self._transport = RTCDtlsTransport(self._ice, [certificate])  # type: ignore[arg-type]
        srtp.prepare(self._transport, is_server=is_server)

    def put(self, datagram: bytes) -> None:
        """A DTLS record from the peer."""
        self._ice.put(datagram)

    async def handshake(self, fingerprints: tuple[Fingerprint, ...]) -> Srtp | None:
        """Shakes hands; None when that failed, took over 15 s, or the certificate is not the one
        whose fingerprint stood in the offer."""
        theirs = RTCDtlsParameters([RTCDtlsFingerprint(*each) for each in fingerprints])
        try:
            async with asyncio.timeout(HANDSHAKE_WITHIN_S):
                await self._transport.start(theirs)
        except TimeoutError:
            return None
        return srtp.sessions_of(self._transport) if self._transport.state == "connected" else None

    def on_closed(self, tell: Callable[[], None]) -> None:
        """Calls `tell` when the peer says goodbye."""

        def changed() -> None:
            if self._transport.state in {"closed", "failed"}:
                tell()

        self._transport.on("statechange", changed)

    async def close(self) -> None:
        """Says goodbye and ends what aiortc runs."""
        self._transport.remove_all_listeners()
        self._ice.close()
        await self._transport.stop()
        self._ice.let_go()


def new_certificate() -> RTCCertificate:
    """One for the whole process: its fingerprint stands in every answer."""
    return srtp.Certificate.generateCertificate()


def fingerprint_of(certificate: RTCCertificate) -> Fingerprint:
    """The SHA-256 fingerprint."""
    found = next(f for f in certificate.getFingerprints() if f.algorithm == "sha-256")
    return found.algorithm, found.value
