"""Every URL, on one page: method, address, handler, who may come in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response

from server import health
from server.access import ANYONE, Who
from server.context import Here
from server.pages import home

Handler = Callable[[Here], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Address:
    """One row of the URL table. `is_machine`: answers JSON or bytes, errors included."""

    method: str
    path: str
    handler: Handler
    who: Who
    is_machine: bool = False


def page(method: str, path: str, handler: Handler, who: Who) -> Address:
    """A page for people."""
    return Address(method, path, handler, who)


def machine(method: str, path: str, handler: Handler, who: Who) -> Address:
    """An address for programs: player, uploader, API."""
    return Address(method, path, handler, who, is_machine=True)


ADDRESSES: tuple[Address, ...] = (
    machine("GET", "/up", health.up, ANYONE),
    # home
    page("GET", "/", home.show, ANYONE),
    page("POST", "/language", home.choose_language, ANYONE),
)
