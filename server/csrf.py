"""A request that changes something and rides on a cookie must come from our own pages."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def is_own(connection: HTTPConnection, own_url: str) -> bool:
    """Whether the browser says that the request comes from this origin.

    `Sec-Fetch-Site` where the browser sends it (secure contexts), else `Origin`; neither means
    no browser sent it, and then no cookie of a victim came along. The Host the browser used is
    accepted beside PORTHOLE_URL, so that phones on the local network can join by address.
    """
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    return origin == own_url or urlsplit(origin).netloc == connection.headers.get("host")
