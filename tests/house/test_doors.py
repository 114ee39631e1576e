"""Every address × everybody: who may comes in; who may not does not even learn that it is there."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from media.live.address import address_for
from rooms.people import api_tokens, sign_ins
from server.auth import COOKIE
from server.routes import ADDRESSES, Address
from tests.house.doors import (
    ANYONE,
    CONFLICT,
    DOORS,
    JOIN,
    NOT_THERE,
    SIGN_IN,
    WHO_ARE_YOU,
    Door,
    deep,
    filled,
)
from tests.house.likes import LIKES, Like
from tests.support.databases import fresh_database
from tests.support.floor import Clock, House, house
from tests.support.pages import cookies, store_films
from tests.support.scripted_live import scripted_live
from tests.support.whole import Whole, a_whole

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
ELSEWHERE = ({"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"})
# What stands in the place of a real id, token, word; none of these was ever made.
NEVER = {
    "programme": "never-made",
    "slug": "never-made",
    "language": "nl",
    "file:path": "poster.jpg",
}
TABLE = {(one.method, one.path): one for one in ADDRESSES}


@dataclass
class Street:
    """Two programmes side by side, twins in everything, the second one closed to visitors."""

    house: House
    worlds: dict[str, Whole]
    jars: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    others: dict[str, dict[str, str]] = field(default_factory=dict)  # jars of `LIKES`

    async def look(self) -> None:
        """Signs everybody in anew and seats the devices."""
        async with self.house.pool.acquire() as conn, conn.transaction():
            own = await cookies(conn, self.worlds["own"])
            twin = await cookies(conn, self.worlds["twin"])
        self.jars = {name.replace(" ", "-"): jar for name, jar in own.items()}
        self.jars["phone"] = self.jars.pop("companion")
        self.jars["screen"] |= self.jars.pop("classroom")
        self.jars |= {f"twin-{name.replace(' ', '-')}": jar for name, jar in twin.items()}

    async def take_in(self, like: Like) -> None:
        """Signs one more in, with an API token of her own."""
        world = self.worlds["twin" if like.is_twin else "own"]
        async with self.house.pool.acquire() as conn, conn.transaction():
            person_id = await like.comes(conn, world)
            now, programme = datetime.now(UTC), world.programme.id
            token = await sign_ins.start(conn, person_id, now=now, programme_id=programme)
            self.tokens[like.name] = f"token-of-{like.name}-with-enough-letters"
            scope = world.scope("bureau")
            await api_tokens.put(conn, scope, person_id, self.tokens[like.name], "test")
        self.others[like.name] = {COOKIE: token}

    async def make_tokens(self) -> None:
        """An API token for every person."""
        for mark, world in self.worlds.items():
            async with self.house.pool.acquire() as conn, conn.transaction():
                for name, person in world.people.items():
                    who = f"{'twin-' if mark == 'twin' else ''}{name.replace(' ', '-')}"
                    self.tokens[who] = f"token-of-{who}-with-enough-letters"
                    scope = world.scope("bureau")
                    await api_tokens.put(conn, scope, person.id, self.tokens[who], "test")

    async def ask(
        self, at: Door, who: str, values: dict[str, str], **headers: str
    ) -> httpx.Response:
        """One request, from a network of its own so that no limit of tries is reached."""
        number = ANYONE.split().index(who) if who in ANYONE.split() else 99
        address = ("127.0.0.1" if at.from_here and who == "machine" else f"10.{number}.0.1", 9)
        transport = httpx.ASGITransport(
            app=self.house.app, client=address, raise_app_exceptions=False
        )
        sent = deep(dict(at.sent), values)
        sent["headers"] = {
            "accept-language": "en", "accept": "text/html", **sent.get("headers", {}), **headers
        }  # fmt: skip
        cookie_jar = {**self.jars.get(who, {}), **self.others.get(who, {})}
        if at.path.startswith("/api/") and who in self.tokens and not headers:
            sent["headers"]["authorization"] = f"Bearer {self.tokens[who]}"
            cookie_jar = {}
        url = filled(at.path, values) + (f"?{filled(at.query, values)}" if at.query else "")
        async with httpx.AsyncClient(
            transport=transport, base_url="http://testserver", cookies=cookie_jar
        ) as client:
            return await client.request(at.method, url, **sent)

    async def values(self, at: Door) -> dict[str, str]:
        """What fills the address and the form in: made anew where the row says so."""
        world = self.worlds["twin" if at.of_twin else "own"]
        found = {
            **world.at, "region": str(world.region.id), "programme_id": str(world.programme.id)
        }  # fmt: skip
        async with self.house.pool.acquire() as conn, conn.transaction():
            for name, thing in at.fills.items():
                made = world.at.get(thing, thing) if isinstance(thing, str) else (
                    await thing(conn, world)
                )  # fmt: skip
                found |= made if isinstance(made, dict) else {name: str(made)}
        return found

    def nothing(self, at: Door, values: dict[str, str]) -> dict[str, str]:
        """The same row about something that was never made."""
        never = dict(values)
        for name, text in values.items():
            if f"{{{name}}}" in at.path:
                never[name] = NEVER.get(name, _never(text))
        return never


def _never(text: str) -> str:
    try:
        return str(UUID(int=UUID(text).int ^ 1))
    except ValueError:
        return "A" * len(text)


@pytest.fixture(scope="module")
async def street(
    server_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Street]:
    home = tmp_path_factory.mktemp("doors")
    film = home / "film"
    film.mkdir()
    for name in ("master.m3u8", "poster.jpg"):
        (film / name).write_text("#EXTM3U\n")
    async with (
        fresh_database(server_dsn) as dsn,
        scripted_live(address_for(home, 7900)),
        house(dsn, home, Clock(), is_demo=True) as running,
    ):
        worlds = {}
        async with running.pool.acquire() as conn, conn.transaction():
            for key, mark, is_public in (("own", "Zilver", True), ("twin", "Kwik", False)):
                worlds[key] = await a_whole(
                    conn, mark, running.settings, running.clock(), is_public=is_public
                )
        made = Street(running, worlds)
        for world in worlds.values():
            world.at["name"] = world.programme.name
            store_films(world, film)
        # no worker runs here, and `/up` is asked long after the start
        await running.pool.execute(
            "insert into workers values (gen_random_uuid(), now(), now() + interval '1 hour')"
        )
        await made.make_tokens()
        await made.look()
        for like in LIKES:
            await made.take_in(like)
        yield made


def test_the_table_has_every_door() -> None:
    assert {at.key for at in DOORS} == set(TABLE)


@pytest.mark.parametrize("at", DOORS, ids=lambda at: at.name)
async def test_a_door(street: Street, at: Door) -> None:
    address = TABLE[at.key]
    if address.method in UNSAFE:
        await _nobody_comes_from_elsewhere(street, at)
    values = await street.values(at)
    never = street.nothing(at, values)
    for who in ANYONE.split():
        if who not in at.allowed:
            await _stays_outside(street, at, address, who, values, never)
    for like in LIKES:
        if not like.is_let_in(at):
            answer = await street.ask(at, like.name, values)
            wanted = at.others.get("safeguarding") or NOT_THERE
            assert _said(answer) == wanted, (like.name, answer.status_code, answer.text[-600:])
    await _comes_in(street, at, values)
    if never != values and not at.path.endswith(("/type", "/p/{programme}")):
        await _finds_nothing(street, at, never)
    if at.path.startswith(("/account", "/sign-", "/screen")) or at.path.endswith("/finish"):
        await street.look()  # some sign-ins ended there


async def _nobody_comes_from_elsewhere(street: Street, at: Door) -> None:
    """Another site cannot press our buttons, whoever is signed in."""
    values = await street.values(at)
    for who in sorted(at.allowed)[:2]:
        for headers in ELSEWHERE:
            answer = await street.ask(at, who, values, **headers)
            assert answer.status_code == 403, (who, headers)


async def _stays_outside(
    street: Street, at: Door, address: Address, who: str, values: dict[str, str],
    never: dict[str, str],
) -> None:  # fmt: skip
    answer = await street.ask(at, who, values)
    wanted = at.others.get(who) or _turned_away(address, who)
    assert _said(answer) == wanted, (who, answer.status_code, answer.text[-600:])
    if wanted in {NOT_THERE, WHO_ARE_YOU} and never != values:
        other = await street.ask(at, who, never)
        assert _said(other) == wanted, (who, "never made", other.status_code)
        assert _without_path(other, at, never) == _without_path(answer, at, values), who
        assert _headers(other) == _headers(answer)


async def _comes_in(street: Street, at: Door, values: dict[str, str]) -> None:
    """The good one works: with the very object the others could not reach."""
    is_used_up = False
    for who in sorted(at.tries or at.allowed or {"machine"}):
        answer = await street.ask(at, who, await street.values(at) if is_used_up else values)
        assert answer.status_code < 400, (who, answer.status_code, answer.text[-900:])
        assert _said(answer) != SIGN_IN, who
        if at.is_ended:
            path, _, query = answer.headers["location"].partition("?")
            gone = await street.ask(Door("DELETE", path, at.allowed, query=query), who, {})
            assert gone.status_code == 200, (who, gone.text[-900:])
        is_used_up = at.method in UNSAFE


async def _finds_nothing(street: Street, at: Door, never: dict[str, str]) -> None:
    """Who may come in where something is, is told 404 where nothing is."""
    who = min(at.tries or at.allowed or {"machine"})
    if at.path.startswith("/sign-in/link"):
        assert (await street.ask(at, who, never)).status_code == 410
    elif at.path.endswith("/phone"):
        assert _said(await street.ask(at, who, never)) == JOIN
    elif at.method != "OPTIONS":
        answer = await street.ask(at, who, never)
        assert _said(answer) == NOT_THERE, (who, answer.status_code, answer.text[-300:])


def _turned_away(address: Address, who: str) -> str:
    is_known = who not in {"anonymous", "phone"}
    if is_known or address.who.anyone:
        return NOT_THERE
    return WHO_ARE_YOU if address.is_machine else SIGN_IN


def _said(answer: httpx.Response) -> str:
    """An answer in one word of the table."""
    if answer.status_code == 303:
        place = answer.headers["location"]
        return SIGN_IN if place.startswith("/sign-in?") else JOIN if place == "/join" else "303"
    return str(answer.status_code) if answer.status_code != 409 else CONFLICT


def _without_path(answer: httpx.Response, at: Door, values: dict[str, str]) -> bytes:
    """The body; a page says in its language form where it is."""
    return answer.content.replace(filled(at.path, values).encode(), b"/...")


def _headers(answer: httpx.Response) -> dict[str, Any]:
    return {name: text for name, text in answer.headers.items() if name != "content-length"}


async def test_a_classroom_screen_plays_its_own_film_and_no_other(street: Street) -> None:
    """The PC a teacher let in sees nothing of a closed programme but her lesson."""
    twin, jar = street.worlds["twin"], dict(street.jars["twin-classroom"])
    jar |= street.jars["twin-screen"]
    async with street.house.pool.acquire() as conn, conn.transaction():
        other = await twin.a_tour_in(conn, "published")
        store_films(twin, twin.settings.home / "film")
        film = await conn.fetchval("select video_id from tours where id = $1", other)
        paper = await conn.fetchval("select id from documents where tour_id = $1", other)
    async with street.house.client(cookies=jar) as screen:
        assert (await screen.get(f"/videos/{twin.at['video']}/master.m3u8")).status_code == 200
        assert (await screen.get(f"/videos/{film}/master.m3u8")).status_code == 404
        for path in (
            f"/documents/{paper}",
            "/account",
            "/classes",
            "/attendance",
            f"/classes/{twin.at['class']}",
        ):
            assert (await screen.get(path)).status_code == 404
    async with street.house.client(cookies=street.jars["twin-companion"]) as phone:
        assert (await phone.get(f"/documents/{twin.at['document']}")).status_code == 200
        assert (await phone.get(f"/documents/{paper}")).status_code == 404
    async with street.house.client(cookies=street.jars["twin-teacher"]) as teacher:
        assert (await teacher.get(f"/videos/{film}/master.m3u8")).status_code == 200
