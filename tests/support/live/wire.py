"""The smallest WebRTC end: a socket, ICE checks as the controlling side, DTLS, SRTP.

No jitter buffer and no codec, so that hundreds of viewers fit beside what is measured; bad peers
are made from it too. Real peers are in `peers`. The private names of aiortc and pylibsrtp that
tests need stand in this file alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import pylibsrtp
from aioice import stun
from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AES128_CM_SHA1_80,
    SRTPProtectionProfile,
)
from pylibsrtp._binding import ffi, lib

from tests.support.live.descriptions import Identity, Remote

GCM_FIRST = (SRTP_AEAD_AES_128_GCM, SRTP_AES128_CM_SHA1_80)
CM_ONLY = (SRTP_AES128_CM_SHA1_80,)
CHECK_EVERY_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 1.6, 3.2)  # then the path is dead
CONSENT_EVERY_S = 5.0
UNTIL_CONNECTED_S = 0.1
RECEIVE_BYTES = 1 << 20

Take = Callable[[bytes], None]


class Path(Protocol):
    """How datagrams travel: a UDP socket, or frames on a TCP connection."""

    def send(self, data: bytes) -> None:
        """Sends one datagram; one that the kernel will not take is lost."""

    def close(self) -> None:
        """Lets go of the socket."""


def udp_socket(address: str) -> socket.socket:
    """A socket of the address's family."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    return made


class Datagrams:
    """A UDP socket to `remote`; one that was bound before is used."""

    def __init__(
        self, remote: tuple[str, int], take: Take, bound: socket.socket | None = None
    ) -> None:
        self.socket = bound or udp_socket(remote[0])
        self.socket.connect(remote)
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self.socket.fileno(), self._readable)

    def send(self, data: bytes) -> None:
        """Sends one datagram; one that the kernel will not take is lost."""
        with contextlib.suppress(OSError):
            self.socket.send(data)

    def _readable(self) -> None:
        for _ in range(64):
            try:
                data = self.socket.recv(2048)
            except OSError:
                return
            self._take(data)

    def stop_reading(self) -> int:
        """From now on somebody else reads the socket; returns its descriptor."""
        self._loop.remove_reader(self.socket.fileno())
        return self.socket.fileno()

    def close(self) -> None:
        """Lets go of the socket."""
        self._loop.remove_reader(self.socket.fileno())
        self.socket.close()


class Frames(asyncio.Protocol):
    """Datagrams as frames on a TCP connection (RFC 4571)."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._got = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Called by asyncio: whole frames go on, the rest waits."""
        self._got += data
        while len(self._got) >= 2:
            end = 2 + int.from_bytes(self._got[:2], "big")
            if len(self._got) < end:
                return
            frame = bytes(self._got[2:end])
            del self._got[:end]
            self._take(frame)

    def send(self, data: bytes) -> None:
        """Sends one frame."""
        assert self._transport is not None
        self._transport.write(len(data).to_bytes(2, "big") + data)

    def close(self) -> None:
        """Ends the connection."""
        if self._transport is not None:
            self._transport.close()


class Handshake:
    """What aiortc's DTLS transport takes for an ICE transport: a queue in, a path out."""

    role = "controlling"

    def __init__(self, send: Take) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._out = send

    async def _recv(self) -> bytes:
        data = await self.queue.get()
        if data is None:
            raise ConnectionError
        return data

    async def _send(self, data: bytes) -> None:
        self._out(data)


class Wire:
    """One peer's transport. `take` gets every RTP and RTCP packet, decrypted."""

    _shared: RTCCertificate | None = None

    def __init__(
        self,
        take: Take = lambda packet: None,
        *,
        profiles: Sequence[SRTPProtectionProfile] = GCM_FIRST,
        certificate: RTCCertificate | None = None,
    ) -> None:
        self.certificate = certificate or Wire.shared_certificate()
        sha256 = self.certificate.getFingerprints()[0]
        self.identity = Identity(f"{sha256.algorithm} {sha256.value}")
        self.take = take
        self.path: Path | None = None
        self.remote: Remote | None = None
        self.undecryptable = 0
        self._profiles = list(profiles)
        self._handshake = Handshake(self._send)
        self._dtls = RTCDtlsTransport(self._handshake, [self.certificate])
        self._answered = asyncio.Event()
        self._bound: socket.socket | None = None
        self._check = b""
        self._consent: asyncio.Task[None] | None = None

    @classmethod
    def shared_certificate(cls) -> RTCCertificate:
        """One for all of this process: making one costs more than a whole handshake."""
        if cls._shared is None:
            cls._shared = RTCCertificate.generateCertificate()
        return cls._shared

    @property
    def profile(self) -> str:
        """Which SRTP protection was agreed on."""
        return str(self._dtls._ssl.get_selected_srtp_profile(), "ascii")

    @property
    def is_connected(self) -> bool:
        """Whether the handshake is through and the other side has not closed."""
        return bool(self._dtls.state == "connected")

    def show(self, address: str) -> None:
        """Says in its descriptions where it can be found, for a server that must know."""
        self._bound = udp_socket(address)
        self._bound.bind((address, 0))
        self.identity = replace(self.identity, at=self._bound.getsockname()[:2])

    async def connect(
        self, remote: Remote, *, over: str = "udp", to: tuple[str, int] | None = None
    ) -> None:
        """Checks the path, then shakes hands. ConnectionError when either does not succeed."""
        self.remote = remote
        await self.open(over, to or (remote.udp if over == "udp" else remote.tcp)[0])
        self._dtls._srtp_profiles = self._profiles
        self._dtls._set_role("server" if remote.setup == "active" else "client")
        prints = [RTCDtlsFingerprint(algorithm, value) for algorithm, value in remote.fingerprints]
        self._consent = asyncio.create_task(self._keep())
        await self._dtls.start(RTCDtlsParameters(prints))
        if not self.is_connected:
            raise ConnectionError(f"DTLS {self._dtls.state}")

    async def open(self, over: str, to: tuple[str, int]) -> None:
        """A path to the other side, checked; one that was there before is left."""
        if self.path is not None:
            self.path.close()
        if over == "udp":
            self.path = Datagrams(to, self._received, self._bound)
            self._bound = None
        else:
            loop = asyncio.get_running_loop()
            _, self.path = await loop.create_connection(lambda: Frames(self._received), *to)
        await self._checked()

    async def move(self) -> None:
        """Goes on from another port, as a phone does that changes its network (no signalling)."""
        assert isinstance(self.path, Datagrams)
        await self.open("udp", self.path.socket.getpeername()[:2])

    async def _checked(self) -> None:
        """Sends checks until one is answered."""
        self._answered.clear()
        self._check = self.binding_request()
        for wait_s in CHECK_EVERY_S:
            self._send(self._check)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._answered.wait()
                    return
        raise ConnectionError("no check was answered")

    def binding_request(self, **more: object) -> bytes:
        """A connectivity check that nominates (RFC 8445)."""
        assert self.remote is not None
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self.remote.ufrag}:{self.identity.ufrag}"
        message.attributes["PRIORITY"] = 1853824767
        message.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
        message.attributes["USE-CANDIDATE"] = None
        message.attributes.update(more)
        message.add_message_integrity(self.remote.pwd.encode())
        return bytes(message)

    async def _keep(self) -> None:
        """Consent (RFC 7675): the same check again and again says that we are still here."""
        while self._dtls.state in {"new", "connecting", "connected"}:
            await asyncio.sleep(CONSENT_EVERY_S if self.is_connected else UNTIL_CONNECTED_S)
            self._send(self._check)

    def _send(self, data: bytes) -> None:
        if self.path is not None:
            self.path.send(data)

    def _received(self, data: bytes) -> None:
        if not data:
            return
        if data[0] < 4:
            self._on_stun(data)
        elif 20 <= data[0] < 64:
            self._handshake.queue.put_nowait(data)
        elif 128 <= data[0] < 192 and self._dtls._rx_srtp is not None:
            self._on_srtp(data)

    def _on_stun(self, data: bytes) -> None:
        with contextlib.suppress(ValueError):
            message = stun.parse_message(data)
            if message.message_class == stun.Class.RESPONSE:
                self._answered.set()
            elif message.message_class == stun.Class.REQUEST:
                self._answer(message)

    def _answer(self, request: stun.Message) -> None:
        """Janus checks back, though it calls itself lite."""
        assert self.remote is not None
        again = stun.Message(request.message_method, stun.Class.RESPONSE, request.transaction_id)
        again.attributes["XOR-MAPPED-ADDRESS"] = self.remote.udp[0]
        again.add_message_integrity(self.identity.pwd.encode())
        self._send(bytes(again))

    def _on_srtp(self, data: bytes) -> None:
        session = self._dtls._rx_srtp
        open_it = session.unprotect_rtcp if is_rtcp(data) else session.unprotect
        try:
            packet = open_it(data)
        except pylibsrtp.Error:
            self.undecryptable += 1
            return
        self.take(packet)

    def protect(self, packet: bytes) -> bytes:
        """An RTP or RTCP packet as it goes on the wire."""
        session = self._dtls._tx_srtp
        return bytes(session.protect_rtcp(packet) if is_rtcp(packet) else session.protect(packet))

    def send(self, packet: bytes) -> None:
        """Protects and sends an RTP or RTCP packet."""
        self._send(self.protect(packet))

    def send_raw(self, data: bytes) -> None:
        """Sends what was protected before, or never."""
        self._send(data)

    def hand_over(self) -> tuple[int, int]:
        """Another thread receives from now on: (descriptor, address of the libsrtp session)."""
        assert isinstance(self.path, Datagrams)
        session = int(ffi.cast("uintptr_t", self._dtls._rx_srtp._srtp[0]))
        return self.path.stop_reading(), session

    async def close(self) -> None:
        """Says goodbye and lets go."""
        if self._consent is not None:
            self._consent.cancel()
        await self._dtls.stop()
        self._handshake.queue.put_nowait(None)
        if self.path is not None:
            self.path.close()
        if self._bound is not None:
            self._bound.close()


def unprotect_address() -> int:
    """Where libsrtp's `srtp_unprotect` lies in this process, for a receiver in C."""
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, "srtp_unprotect")))


def is_rtcp(packet: bytes) -> bool:
    """Tells RTCP from RTP on one port (RFC 5761)."""
    return len(packet) > 1 and 192 <= packet[1] < 224


# --- the few RTCP packets a small peer sends ------------------------------------------------

NTP_SINCE_1900 = 2208988800


def sender_report(ssrc: int, now: float, timestamp: int, packets: int, octets: int) -> bytes:
    """RFC 3550; `now` in seconds since 1970."""
    ntp = int((now + NTP_SINCE_1900) * 2**32)
    counts = timestamp & 0xFFFFFFFF, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF
    return struct.pack("!BBHLQLLL", 0x80, 200, 6, ssrc, ntp, *counts)


def receiver_report(own: int, blocks: Sequence[tuple[int, int]]) -> bytes:
    """Nothing lost: one block per (ssrc, highest sequence number)."""
    head = struct.pack("!BBHL", 0x80 | len(blocks), 201, 1 + 6 * len(blocks), own)
    return head + b"".join(
        struct.pack("!LLLLLL", ssrc, 0, highest & 0xFFFFFFFF, 10, 0, 0) for ssrc, highest in blocks
    )


def estimate(own: int, bps: int, ssrcs: Sequence[int]) -> bytes:
    """REMB: so much would fit."""
    exponent = max(0, bps.bit_length() - 18)
    number = (len(ssrcs) << 24) | (exponent << 18) | (bps >> exponent)
    body = struct.pack(f"!LL4sL{len(ssrcs)}L", own, 0, b"REMB", number, *ssrcs)
    return struct.pack("!BBH", 0x8F, 206, len(body) // 4) + body


def keyframe_wanted(own: int, media: int) -> bytes:
    """PLI."""
    return struct.pack("!BBHLL", 0x81, 206, 2, own, media)


def nack(own: int, media: int, seqs: Sequence[int]) -> bytes:
    """One entry per missing packet."""
    body = b"".join(struct.pack("!HH", seq & 0xFFFF, 0) for seq in seqs)
    return struct.pack("!BBHLL", 0x81, 205, 2 + len(seqs), own, media) + body
