"""Two programmes with twin data: nothing of the one stands on any page of the other."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from rooms.people import api_tokens
from tests.support.databases import fresh_database
from tests.support.floor import Clock, House, house
from tests.support.pages import VISITS, Visit, cookies
from tests.support.whole import Whole, a_whole

# What machines are told, as the same people.
FILES = (
    *(
        Visit(path, who, query=query)
        for path, who, query in (
            ("/attendance.csv", "teacher", ""),
            ("/attendance.csv", "coordinator", ""),
            ("/attendance.csv", "bureau", ""),
            ("/attendance.json", "bureau", ""),
            ("/kpis.csv", "bureau", ""),
            ("/kpis.csv", "editor", ""),
            ("/kpis.json", "coordinator", ""),
            ("/attendance.json", "editor", ""),
            ("/schools/search", "anonymous", "programme={programme}&q=College"),
        )
    ),
    Visit("/releases/{id}/document.json", "bureau", (("id", "release"),)),
)
API = (
    "/api/v1/tours",
    "/api/v1/sessions",
    "/api/v1/attendance",
    "/api/v1/kpis?by=region",
    "/api/v1/releases",
)
# Pages without a name of anything in a programme: forms, figures, ways elsewhere.
BARE = {
    "/sign-in",
    "/sign-in/code",
    "/keeping",
    "/keeping/report",
    "/sign-in/link/{token}",
    "/join",
    "/screen",
    "/demo/mail",
    "/nothing-here",
    "/check",
    "/mail/stop/{token}",
    "/tours",
    "/webinars",
    "/p/{programme}",
    "/studio/tours/{id}/captions/type",
    "/studio/tours/new",
    "/sessions/{id}/phone",
    "/programme/schools/list",
}
# Those who have nothing yet, or read figures only.
EMPTY_HANDED = {"far teacher", "far coordinator", "editor"}


@dataclass
class Twins:
    """Both worlds in one house."""

    house: House
    own: Whole
    twin: Whole
    jars: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
async def twins(server_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Twins]:
    home = tmp_path_factory.mktemp("twins")
    async with fresh_database(server_dsn) as dsn, house(dsn, home, Clock(), is_demo=True) as made:
        async with made.pool.acquire() as conn, conn.transaction():
            own = await a_whole(conn, "Zilver", made.settings, made.clock())
            twin = await a_whole(conn, "Kwik", made.settings, made.clock(), is_public=False)
            jars = await cookies(conn, own)
            await cookies(conn, twin)
        yield Twins(made, own, twin, jars)


# Anybody's day: it gives nobody away.
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def traces(twin: Whole) -> list[str]:
    """Every name and id by which the twin could be recognised."""
    people = [str(person.id) for person in twin.people.values()]
    things = [text for text in twin.at.values() if len(text) > 8 and not DAY.fullmatch(text)]
    places = [str(one.id) for one in (twin.programme, twin.region, twin.far, twin.school)]
    return [twin.mark, twin.mark.lower(), *people, *things, *places]


@pytest.mark.parametrize("visit", (*VISITS, *FILES), ids=lambda visit: visit.name)
async def test_a_page_shows_nothing_of_the_twin(twins: Twins, visit: Visit) -> None:
    async with twins.house.client(cookies=twins.jars[visit.who]) as client:
        answer = await client.get(visit.path(twins.own), headers={"accept": "text/html"})
    assert answer.status_code < 500
    assert [trace for trace in traces(twins.twin) if trace in answer.text] == []
    if visit.address not in BARE and visit.who not in EMPTY_HANDED and not visit.query:
        assert twins.own.mark in answer.text


@pytest.mark.parametrize("path", API)
@pytest.mark.parametrize("who", ["teacher", "editor", "coordinator", "bureau"])
async def test_the_api_tells_nothing_of_the_twin(twins: Twins, path: str, who: str) -> None:
    token = f"token-of-{who}-with-enough-letters"
    async with twins.house.pool.acquire() as conn, conn.transaction():
        scope = twins.own.scope("bureau")
        await api_tokens.put(conn, scope, twins.own.people[who].id, token, "test")
    async with twins.house.client(headers={"authorization": f"Bearer {token}"}) as client:
        answer = await client.get(path)
    assert answer.status_code in {200, 404}
    assert [trace for trace in traces(twins.twin) if trace in answer.text] == []


async def test_the_twins_own_people_do_see_it(twins: Twins) -> None:
    """The traces are real: who belongs there finds them."""
    async with twins.house.pool.acquire() as conn, conn.transaction():
        jars = await cookies(conn, twins.twin)
    for visit in VISITS:
        if visit.who != "bureau" or visit.address in BARE:
            continue
        async with twins.house.client(cookies=jars[visit.who]) as client:
            text = (await client.get(visit.path(twins.twin))).text
        assert twins.twin.mark in text, visit.name
        assert twins.own.mark not in text, visit.name
