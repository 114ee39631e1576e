"""SRTP on the sessions aiortc negotiates: the only file that knows private names of others.

aiortc gives each packet a copy, a lookup and an `await`; a stage with hundreds of viewers cannot
pay that. So aiortc does the DTLS handshake, and its two keyed libsrtp sessions are then used here
directly, in place, in buffers that live as long as the process. What is borrowed:

- `aiortc.RTCDtlsTransport`: `_set_role`, `_srtp_profiles`, `_rx_srtp`, `_tx_srtp`, `_ssl`
- `aiortc.RTCCertificate._create_ssl_context`
- `pylibsrtp.Session._srtp` and the cffi names `ffi` and `lib` of `pylibsrtp._binding`

Versions are pinned; `tests/media/live/test_srtp.py` is the contract that fails when one changes.
RFC 3711 (SRTP), RFC 7714 (AES-GCM), RFC 5764 (keys from DTLS).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiortc import RTCCertificate, RTCDtlsTransport
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AES128_CM_SHA1_80,
    SRTPProtectionProfile,
)
from OpenSSL import SSL
from pylibsrtp._binding import ffi, lib

# In our order: authenticated encryption in one pass first, what every old client has second.
PROFILES: tuple[SRTPProtectionProfile, ...] = (SRTP_AEAD_AES_128_GCM, SRTP_AES128_CM_SHA1_80)
# What a profile adds to an RTP packet, bytes.
TAG_BYTES = {b"SRTP_AEAD_AES_128_GCM": 16, b"SRTP_AES128_CM_SHA1_80": 10}
# What SRTCP may add: index, tag and room to spare.
RTCP_TRAILER_BYTES = 148

PACKET_BYTES = 2048
"""Room for any datagram we accept: an MTU of 1,500 with what encryption adds, and more."""

Cdata = Any
"""A cffi object; cffi has no types of its own."""

_length = ffi.new("int *")
_rtcp_buffer = ffi.new("char[]", PACKET_BYTES + RTCP_TRAILER_BYTES)
_rtcp_view = ffi.buffer(_rtcp_buffer)

PROTECT = lib.srtp_protect
"""libsrtp's `srtp_protect(context, packet, length *)`: in place, 0 when it went well."""


@dataclass(frozen=True, slots=True)
class Srtp:
    """The two keyed sessions of one peer, and the pylibsrtp objects that own them.

    `tag_bytes`: what protecting adds to an RTP packet.
    """

    receive: Cdata
    send: Cdata
    tag_bytes: int
    owners: tuple[object, object]


class Certificate(RTCCertificate):
    """Ours, with one OpenSSL context for all peers: one each is a seventh of what a join costs."""

    _context: SSL.Context | None = None

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
            # shared, it would remember peers' sessions for one another
            self._context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        return self._context


def prepare(transport: RTCDtlsTransport, *, is_server: bool) -> None:
    """Gives the transport its role in DTLS, and our profiles in our order."""
    transport._set_role("server" if is_server else "client")
    transport._srtp_profiles = list(PROFILES)


def sessions_of(transport: RTCDtlsTransport) -> Srtp:
    """The sessions of a transport whose handshake is done."""
    assert transport._ssl is not None
    receive, send = transport._rx_srtp, transport._tx_srtp
    profile: bytes = transport._ssl.get_selected_srtp_profile()
    return Srtp(receive._srtp[0], send._srtp[0], TAG_BYTES[profile], (receive, send))


def new_buffer(size: int) -> tuple[Cdata, memoryview]:
    """Memory for packets, for C and for Python."""
    memory = ffi.new("char[]", size)
    return memory, memoryview(ffi.buffer(memory)).cast("B")


def unprotect(srtp: Srtp, packet: Cdata, length: int) -> int:
    """Decrypts an RTP packet in place; its new length, or -1 for a forgery or a replay."""
    _length[0] = length
    return -1 if lib.srtp_unprotect(srtp.receive, packet, _length) else int(_length[0])


def unprotect_rtcp(srtp: Srtp, packet: Cdata, length: int) -> int:
    """Decrypts an RTCP packet in place; its new length, or -1."""
    _length[0] = length
    return -1 if lib.srtp_unprotect_rtcp(srtp.receive, packet, _length) else int(_length[0])


def protect(srtp: Srtp, packet: bytes | bytearray | memoryview) -> bytes:
    """One encrypted RTP packet, for what goes to one viewer only; empty when it cannot be."""
    return _protected(srtp, packet, lib.srtp_protect)


def protect_rtcp(srtp: Srtp, packet: bytes) -> bytes:
    """One encrypted RTCP packet; empty when it cannot be."""
    return _protected(srtp, packet, lib.srtp_protect_rtcp)


def _protected(srtp: Srtp, packet: bytes | bytearray | memoryview, encrypt: Any) -> bytes:
    size = len(packet)
    if size > PACKET_BYTES:
        return b""
    _rtcp_view[0:size] = packet
    _length[0] = size
    if encrypt(srtp.send, _rtcp_buffer, _length):
        return b""
    return bytes(_rtcp_view[0 : _length[0]])
