"""Ids in an address that only we can have written: a secret that is no row.

`purpose` says what it opens, so that a seal for one thing opens nothing else.
"""

import base64
import hmac
from uuid import UUID

from rooms.errors import NotThere
from server.config import Settings

_MAC_BYTES = 16


def seal(settings: Settings, purpose: str, *ids: UUID) -> str:
    """The ids with 128 bits nobody can guess, as one word."""
    told = b"".join(one.bytes for one in ids)
    return base64.urlsafe_b64encode(_mac(settings, purpose, told) + told).decode().rstrip("=")


def unseal(settings: Settings, purpose: str, word: str, count: int) -> tuple[UUID, ...]:
    """The `count` ids of a word; raises `NotThere` for one we did not write for this purpose."""
    try:
        raw = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
    except ValueError:
        raise NotThere from None
    mac, told = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if len(told) != 16 * count or not hmac.compare_digest(mac, _mac(settings, purpose, told)):
        raise NotThere
    return tuple(UUID(bytes=told[at : at + 16]) for at in range(0, len(told), 16))


def key_of(settings: Settings, purpose: str, *ids: UUID) -> bytes:
    """What stands for these ids and does not lead back to them."""
    return hmac.digest(
        settings.secret, _head(purpose) + b"".join(one.bytes for one in ids), "sha256"
    )


def _mac(settings: Settings, purpose: str, told: bytes) -> bytes:
    return hmac.digest(settings.secret, _head(purpose) + told, "sha256")[:_MAC_BYTES]


def _head(purpose: str) -> bytes:
    return purpose.encode() + b"\n"
