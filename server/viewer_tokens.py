"""Tokens by which a player that has no cookies of ours may watch a room: for a minute, unstored.

One is bound to a room and to the seat that asked for it, so that what such a player does is done
by that seat. It opens the way in only: what was opened with it runs on.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

HOLDS_FOR = timedelta(seconds=60)

_BODY_BYTES = 16 + 16 + 8
_TOKEN_BYTES = _BODY_BYTES + 32


@dataclass(frozen=True, slots=True)
class ViewerToken:
    """What a token says."""

    room_id: UUID
    seat_id: UUID
    until: datetime


def make(secret: bytes, room_id: UUID, seat_id: UUID, now: datetime) -> str:
    """A token for this seat in this room, over in a minute."""
    until = int((now + HOLDS_FOR).timestamp())
    body = room_id.bytes + seat_id.bytes + until.to_bytes(8)
    return base64.urlsafe_b64encode(body + _mark(secret, body)).decode()


def read(secret: bytes, token: str, now: datetime) -> ViewerToken | None:
    """What the token says; None when we did not make it, or when it is over."""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    body, mark = raw[:_BODY_BYTES], raw[_BODY_BYTES:]
    if len(raw) != _TOKEN_BYTES or not hmac.compare_digest(mark, _mark(secret, body)):
        return None
    until = datetime.fromtimestamp(int.from_bytes(body[32:]), UTC)
    if now >= until:
        return None
    return ViewerToken(UUID(bytes=body[:16]), UUID(bytes=body[16:32]), until)


def _mark(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"viewer token\n" + body, "sha256")
