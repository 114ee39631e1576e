"""Trying a network: each rung on its own, bounded, and nothing of it touches a room."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from media.errors import LiveError
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
from media.live.stage import SLOTS
from server import whip
from server.live_rooms import REACHED, SENT_TO
from server.trials import KEPT_S, LASTS_S, MOST, MOST_SENDING, MOST_WAITING, Rung, Trials, only
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


async def test_a_trial_lasts_some_seconds_and_no_longer(there: LiveHouse, clock: Clock) -> None:
    """The live process ends it, whatever becomes of this one."""
    async with there.client(headers=OWN) as client:
        for _ in range(MOST):
            await tries(client)
        assert (await tries(client)).status_code == 503
        clock.moment += timedelta(seconds=LASTS_S)
        assert (await tries(client)).status_code == 201
    assert {one.lasts_s for one in there.live.of(Subscribe)} == {LASTS_S}


# --- who waits for a turn to send ----------------------------------------------------------------


def begun(trials: Trials, now_s: float, *tickets: str) -> list[int]:
    return [trials.place(ticket, now_s) for ticket in tickets]


def test_four_send_and_the_fifth_is_first_in_line() -> None:
    trials = Trials()
    assert begun(trials, 0, "a", "b", "c", "d", "e", "f") == [0, 0, 0, 0, 1, 2]
    assert begun(trials, 2, "f", "e") == [2, 1]
    del trials.running["b"]
    assert begun(trials, 4, "f", "e", "f") == [1, 0, 1]
    trials.running.clear()
    assert begun(trials, 5, "f") == [0]


def test_the_line_moves_on_when_a_trial_has_had_its_time() -> None:
    trials = Trials()
    begun(trials, 0, "a", "b", "c", "d")
    assert begun(trials, LASTS_S - 0.1, "e") == [1]
    assert begun(trials, LASTS_S, "e") == [0]


def test_who_does_not_ask_again_loses_the_place() -> None:
    trials = Trials()
    begun(trials, 0, "a", "b", "c", "d", "gone", "e")
    assert begun(trials, KEPT_S + 0.1, "f", "e") == [1, 2]


def test_the_line_is_bounded_and_who_stands_in_it_stays() -> None:
    trials = Trials()
    begun(trials, 0, "a", "b", "c", "d", *map(str, range(MOST_WAITING)))
    with pytest.raises(LiveError, match="live_overloaded"):
        trials.place("one more", 1)
    assert trials.place("0", 1) == 1


def test_there_are_no_more_turns_than_places() -> None:
    assert MOST_SENDING == SLOTS


async def test_a_fifth_presenter_reads_her_place_and_has_her_turn(there: LiveHouse) -> None:
    made = iter(f"r{n}" for n in range(9))
    there.live.answers[Publish] = lambda ask: Answered(next(made), ANSWER, '"1"')
    async with await there.client_of(there.world.editor) as studio:
        for n in range(MOST_SENDING):
            assert (await tries(studio, f"/check/whip?ticket={n}")).status_code == 201
        for ticket, place in (("e", 1), ("f", 2), ("f", 2)):
            answer = await tries(studio, f"/check/whip?ticket={ticket}")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert answer.json()["place"] == place
            assert f"number {place} in line" in answer.json()["message"]
        assert (await studio.delete("/check/whip?resource=r0")).status_code == 200
        assert (await tries(studio, "/check/whip?ticket=f")).json()["place"] == 1
        assert (await tries(studio, "/check/whip?ticket=e")).status_code == 201
        there.live.answers[Publish] = refuse("stage_full")  # sent to by way of another process
        await studio.delete("/check/whip?resource=r1")
        assert (await tries(studio, "/check/whip?ticket=f")).json()["place"] == 1
    assert {one.lasts_s for one in there.live.of(Publish)} == {LASTS_S}


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


async def test_an_offer_that_never_ends_is_not_waited_for(
    there: LiveHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whip, "BODY_WITHIN_S", 0.1)

    async def for_ever() -> AsyncIterator[bytes]:
        yield b"v=0"
        await asyncio.Event().wait()

    async with there.client(headers=OWN) as client, asyncio.timeout(5):
        answer = await client.post("/check/whep?rung=udp", content=for_ever(), headers=SDP)
    assert answer.status_code == 408
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
