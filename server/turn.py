"""Credentials for the relay (TURN, RFC 8656): made per person, over by themselves, never stored.

coturn calls it `use-auth-secret`: the user name says until when it holds, the password is an HMAC
of it. They are looked at when a relay address is asked for; what runs then runs on.
"""

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from server.config import Settings

# As long as a lesson in which one may have to come back.
HOLDS_FOR = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class IceServer:
    """As `RTCPeerConnection` takes it."""

    urls: tuple[str, ...]
    username: str
    credential: str


def ice_servers(settings: Settings, now: datetime) -> tuple[IceServer, ...]:
    """The relay with fresh credentials; none where none is set. Never a STUN server."""
    if not settings.turn_urls or settings.turn_secret is None:
        return ()
    until = int((now + HOLDS_FOR).timestamp())
    # random, so that the relay's log links nobody with anything
    username = f"{until}:{secrets.token_hex(6)}"
    digest = hmac.digest(settings.turn_secret.encode(), username.encode(), "sha1")
    return (IceServer(settings.turn_urls, username, base64.b64encode(digest).decode()),)


def link_header(servers: tuple[IceServer, ...]) -> str:
    """The same as the value of a `Link` header (RFC 9725, 4.6); empty without a relay."""
    return ", ".join(
        f'<{url}>; rel="ice-server"; username="{one.username}"; '
        f'credential="{one.credential}"; credential-type="password"'
        for one in servers
        for url in one.urls
    )


def place(url: str) -> tuple[str, int]:
    """Host and port of a relay's address (RFC 7065)."""
    scheme, _, rest = url.partition(":")
    parts = urlsplit(f"//{rest}")
    return parts.hostname or "", parts.port or (5349 if scheme == "turns" else 3478)
