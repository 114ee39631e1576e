"""Trying a network: each rung on its own, bounded, and nothing of it touches a room."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from media.live.messages import (
    Answered,
    Close,
    Open,
    Publish,
    Re,
    Remove,
    Stage,
    Subscribe,
    Told,
)
from server.live_rooms import REACHED, SENT_TO
from server.trials import LASTS_S, MOST, Rung, only
from tests.support.floor import Clock
from tests.support.live_house import LiveHouse, live_house
from tests.support.scripted_live import refuse

SDP = {"content-type": "application/sdp"}
OWN = {"origin": "http://testserver"}
ANSWER = (
    "v=0\r\na=ice-lite\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
    "a=candidate:1 1 udp 2130706431 192.0.2.7 7900 typ host\r\n"
    "a=candidate:2 1 tcp 1671430143 192.0.2.7 7900 typ host tcptype passive\r\n"
    "a=end-of-candidates\r\n"
)


@pytest.fixture
async def there(dsn: str, tmp_path: Path, clock: Clock) -> AsyncIterator[LiveHouse]:
    async with live_house(dsn, tmp_path, clock) as made:
        yield made


async def tries(client: httpx.AsyncClient, path: str = "/check/whep?rung=udp") -> httpx.Response:
    return await client.post(path, content="v=0\r\n", headers=SDP)


@pytest.mark.parametrize(
    ("rung", "kept"),
    [("udp", "udp"), ("tcp", "tcp"), ("turn", "udp")],
)
def test_an_answer_leads_over_one_rung(rung: Rung, kept: str) -> None:
    left = [one for one in only(ANSWER, rung).split("\r\n") if "candidate:" in one]
    assert [one.split()[2] for one in left] == [kept]
    assert only(ANSWER, rung).endswith("a=end-of-candidates\r\n")


async def test_anybody_tries_and_ends_it(there: LiveHouse) -> None:
    there.live.answers[Subscribe] = Answered("r1", ANSWER, '"1"')
    async with there.client(headers=OWN) as client:
        answer = await tries(client, "/check/whep?rung=tcp")
        assert (answer.status_code, answer.headers["location"]) == (201, "/check/whep?resource=r1")
        assert answer.headers["content-type"].startswith("application/sdp")
        assert " udp " not in answer.text
        assert (await client.delete("/check/whep?resource=r1")).status_code == 200
        assert (await client.delete("/check/whep?resource=r1")).status_code == 200
    [asked] = there.live.of(Subscribe)
    assert (asked.room, asked.offer) == (REACHED, "v=0\r\n")
    assert there.live.of(Remove) == [Remove(REACHED, "r1", "trial")]


async def test_the_room_of_nobody_is_opened_when_live_is_new(there: LiveHouse) -> None:
    asked: list[Subscribe] = []

    def first_not(ask: Subscribe) -> Re:
        asked.append(ask)
        return refuse("room_not_open") if len(asked) == 1 else Answered("r1", ANSWER, '"1"')

    there.live.answers[Subscribe] = first_not
    async with there.client(headers=OWN) as client:
        assert (await tries(client)).status_code == 201
    assert [one.room for one in there.live.of(Open)].count(REACHED) == 1


async def test_what_stays_too_long_is_ended_by_the_next(there: LiveHouse, clock: Clock) -> None:
    async with there.client(headers=OWN) as client:
        first = (await tries(client)).headers["location"].rsplit("=", 1)[1]
        await tries(client)
        assert there.live.of(Remove) == []
        clock.moment += timedelta(seconds=LASTS_S)
        await tries(client)
    assert next(one.resource for one in there.live.of(Remove)) == first


async def test_more_than_there_is_room_for_wait(there: LiveHouse) -> None:
    async with there.client(headers=OWN) as client:
        statuses = [(await tries(client)).status_code for _ in range(MOST + 1)]
    assert statuses == [201] * MOST + [503]
    assert len(there.live.of(Subscribe)) == MOST


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        ("/check/whep", SDP, "v=0", 400),
        ("/check/whep?rung=smoke", SDP, "v=0", 400),
        ("/check/whep?rung=udp", {"content-type": "text/plain"}, "v=0", 415),
        ("/check/whep?rung=udp", SDP, "v" * 70_000, 413),
    ],
)
async def test_what_is_no_offer_reaches_nothing(
    there: LiveHouse, path: str, headers: dict[str, str], body: str, status: int
) -> None:
    async with there.client(headers=OWN) as client:
        answer = await client.post(path, content=body, headers=headers)
    assert answer.status_code == status
    assert there.live.of(Subscribe) == []


async def test_another_site_tries_nothing(there: LiveHouse) -> None:
    async with there.client(headers={"origin": "https://else.test"}) as client:
        assert (await tries(client)).status_code == 403


async def test_only_a_presenter_sends_and_nobody_can_watch_it(there: LiveHouse) -> None:
    there.live.answers[Publish] = Answered("r2", ANSWER, '"1"')
    async with there.client(headers=OWN) as client:
        assert (await tries(client, "/check/whip")).status_code == 401
    async with await there.client_of(there.world.editor) as studio:
        assert (await tries(studio, "/check/whip")).status_code == 201
        assert (await studio.delete("/check/whip?resource=r2")).status_code == 200
    assert [one.room for one in there.live.of(Publish)] == [SENT_TO]
    assert SENT_TO not in [one.room for one in there.live.of(Subscribe)]


async def test_the_rooms_of_nobody_are_left_alone(there: LiveHouse) -> None:
    """Others would be closed: no row says that they are open."""
    there.live.tell(Told(stages=(Stage(REACHED, 1, 1, ()), Stage(SENT_TO, 1, 0, ()))))
    async with there.client(headers=OWN) as client:
        await tries(client)
    assert there.live.of(Close) == []
    assert REACHED not in there.rooms.stages


async def test_the_relays_are_named_before_an_offer(dsn: str, tmp_path: Path, clock: Clock) -> None:
    changes = {"turn_urls": ("turns:turn.test:443?transport=tcp",), "turn_secret": "s" * 32}
    async with live_house(dsn, tmp_path, clock, **changes) as there, there.client() as client:
        answer = await client.options("/check/whep")
    assert answer.status_code == 204
    assert answer.headers["link"].startswith(
        '<turns:turn.test:443?transport=tcp>; rel="ice-server"'
    )
