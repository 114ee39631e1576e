"""Nothing leaves the house: no foreign address on any page, no socket but to our own."""

import re
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from media.live.address import address_for
from server.templates import WEB, import_map
from tests.support.databases import fresh_database
from tests.support.floor import Clock, House, house
from tests.support.pages import VISITS, Visit, cookies
from tests.support.whole import Whole, a_whole

# Word by word, so that a change of the policy is a change of this test.
POLICY = (
    "default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; "
    "worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# A name of a format, not an address anybody visits.
NAMES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
FOREIGN = re.compile(r"""(?:https?:|wss?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+[^\s"'<>)]*""", re.I)
SOURCES = [
    path
    for folder in ("templates", "static/js", "static/css", "static/icons")
    for path in sorted((WEB / folder).rglob("*.*"))
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(WEB)))
def test_a_source_names_no_foreign_address(path: Any) -> None:
    assert [one for one in FOREIGN.findall(path.read_text()) if one not in NAMES] == []


def test_the_net_catches_foreign_addresses() -> None:
    told = "<a href='//fonts.example.org/a'> url(https://cdn.example.org/b) wss://c.example/d"
    assert len(FOREIGN.findall(told)) == 3


class Found(HTMLParser):
    """What a browser would run, style or fetch, and what is written into attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.addresses: list[str] = []
        self.inline_scripts: list[str] = []
        self._is_map = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.inline += [f"{tag} {name}" for name in told if name == "style" or name[:2] == "on"]
        if tag == "style":
            self.inline.append(tag)
        if tag == "script" and "src" not in told:
            self._is_map = told.get("type") == "importmap"
            if told.get("type") not in {"importmap", "application/json"}:
                self.inline.append("script")
        names = ("src", "href", "action", "formaction", "poster", "srcset", "data")
        self.addresses += [text for name in names if (text := told.get(name))]

    def handle_data(self, data: str) -> None:
        if self._is_map:
            self.inline_scripts.append(data)
            self._is_map = False


@dataclass
class Walk:
    """One house with a whole programme, and the places its process wanted to reach."""

    house: House
    world: Whole
    jars: dict[str, dict[str, str]]
    reached: list[str] = field(default_factory=list)

    async def get(self, visit: Visit) -> httpx.Response:
        async with self.house.client(cookies=self.jars[visit.who]) as client:
            return await client.get(visit.path(self.world), headers={"accept": "text/html"})


@pytest.fixture(scope="module")
async def walk(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Walk]:
    home = tmp_path_factory.mktemp("egress")
    async with fresh_database(server_dsn) as dsn, house(dsn, home, Clock(), is_demo=True) as made:
        async with made.pool.acquire() as conn, conn.transaction():
            world = await a_whole(conn, "Zilver", made.settings, made.clock())
            jars = await cookies(conn, world)
        yield Walk(made, world, jars)


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: visit.name)
async def test_a_page_holds_only_what_the_policy_allows(walk: Walk, visit: Visit) -> None:
    answer = await walk.get(visit)
    policy = answer.headers["content-security-policy"]
    assert re.fullmatch(re.escape(POLICY).replace(r"\{digest\}", r"[\w+/=]{44}"), policy)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    if not answer.headers.get("content-type", "").startswith("text/html"):
        return
    assert "no-store" in answer.headers["cache-control"]
    found = Found(answer.text)
    assert found.inline == []
    assert found.inline_scripts in ([], [import_map()])
    assert [one for one in found.addresses if not _stays_here(one)] == []


def _stays_here(address: str) -> bool:
    """On our origin; a calendar program is called by a scheme of its own, to our host."""
    path = address.removeprefix("webcal://testserver")
    return path[:1] in "/#" and path[:2] != "//"


# --- sockets -------------------------------------------------------------------------------------

_listening: list[list[str]] = []


def _overhear(event: str, arguments: tuple[Any, ...]) -> None:
    if _listening and event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
        where = arguments[1] if event != "socket.getaddrinfo" else arguments[0]
        _listening[-1].append(str(where))


sys.addaudithook(_overhear)


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Every place this process connects to or looks up, through any of Python's sockets."""
    _listening.append([])
    try:
        yield _listening[-1]
    finally:
        _listening.pop()


def _is_ours(place: str, house: House) -> bool:
    """The database, or the live process beside us."""
    live = str(address_for(house.settings.home, house.settings.live_port))
    return ".s.PGSQL." in place or place in house.dsn or place == live


async def test_no_page_opens_a_socket_but_to_our_own(walk: Walk) -> None:
    with overheard() as reached:
        for visit in VISITS:
            await walk.get(visit)
        await walk.house.pool.expire_connections()
        await walk.get(VISITS[0])
    assert [place for place in reached if not _is_ours(place, walk.house)] == []
    assert reached, "nothing at all was overheard: the new connection to the database was not"


def test_a_call_home_would_be_overheard() -> None:

    with overheard() as reached, socket.socket() as caller:
        caller.setblocking(False)
        with pytest.raises((BlockingIOError, ConnectionError, OSError)):
            caller.connect(("127.0.0.1", 9))
    assert reached == ["('127.0.0.1', 9)"]
