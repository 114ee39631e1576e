"""The address pupils' phones are sent to, and its QR code."""

import io
from urllib.parse import urlsplit

import segno

from server.context import Here

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def own_url(here: Here) -> str:
    """PORTHOLE_URL; where that is only this machine, the address the browser itself used.

    A class in front of a laptop reaches it over the local network by the address in its bar.
    """
    used = here.request.base_url
    if here.settings.is_loopback and used.hostname not in LOOPBACK:
        return f"{used.scheme}://{used.netloc}"
    return here.settings.url


def shown(url: str) -> str:
    """An address as one types it: without its scheme."""
    return urlsplit(url).netloc + urlsplit(url).path


def qr_svg(url: str) -> str:
    """The QR code as SVG without any style; a module in it is a square of the view box."""
    picture = io.BytesIO()
    segno.make(url, error="m", micro=False).save(
        picture,
        kind="svg",
        border=3,
        xmldecl=False,
        omitsize=True,
        light="#ffffff",
        dark="#14222b",
        svgclass=None,
        lineclass=None,
        nl=False,
    )
    return picture.getvalue().decode()
