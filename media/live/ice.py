"""The ICE-lite side of a connection (RFC 8445, 2.7): answers checks, never makes any.

A check names us by `USERNAME = our fragment : theirs` and is signed with our password, which only
the one who got our answer over HTTPS knows. Junk is turned away before anything is parsed.
"""

from __future__ import annotations

import base64
import secrets
import struct
from dataclasses import dataclass

from aioice import stun

HEADER_BYTES = 20
COOKIE = b"\x21\x12\xa4\x42"
REQUEST = b"\x00\x01"
USERNAME = 0x0006
# An honest check has a handful of attributes; a scan never looks at more.
MOST_ATTRIBUTES = 12


@dataclass(frozen=True, slots=True)
class Credentials:
    """Our fragment (8 characters) and password (32): 48 and 192 random bits."""

    ufrag: str
    password: str


def new_credentials() -> Credentials:
    """Fresh ones: for a new connection, and for every ICE restart."""
    return Credentials(_letters(6), _letters(24))


def _letters(size: int) -> str:
    """Random bytes as `ice-char`: letters, digits, + and / (RFC 8839, 5.4)."""
    return base64.b64encode(secrets.token_bytes(size)).decode()


def addressed_to(data: bytes | memoryview) -> str | None:
    """The fragment a binding request is addressed to; None for anything else. Checks nothing."""
    size = len(data)
    if size < HEADER_BYTES or data[0:2] != REQUEST or data[4:8] != COOKIE:
        return None
    at = HEADER_BYTES
    for _ in range(MOST_ATTRIBUTES):
        if at + 4 > size:
            return None
        kind, length = data[at] << 8 | data[at + 1], data[at + 2] << 8 | data[at + 3]
        if kind == USERNAME:
            name = bytes(data[at + 4 : at + 4 + length])
            return name.split(b":", 1)[0].decode("ascii", "replace")
        at += 4 + length + (-length & 3)
    return None


@dataclass(frozen=True, slots=True)
class Check:
    """A check that was signed with our password. `is_nominated`: they chose this path."""

    reply: bytes
    is_nominated: bool


def answer(data: bytes, ours: Credentials, address: tuple[str, int]) -> Check | None:
    """The reply to a check from `address`; None when it is malformed or not signed by our peer.

    The reply is about as long as the request: nobody gains by asking under a false address.
    """
    try:
        request = stun.parse_message(data)
        if not request.check_message_integrity(ours.password.encode()):
            return None
    except (ValueError, KeyError, struct.error):  # aioice lets a torn attribute through as the last
        return None
    reply = stun.Message(
        stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id
    )
    reply.attributes["XOR-MAPPED-ADDRESS"] = address
    reply.add_message_integrity(ours.password.encode())
    return Check(bytes(reply), "USE-CANDIDATE" in request.attributes)
