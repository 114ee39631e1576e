"""`/up`: a part that is missing is named, and a worker that fell silent is missing."""

from uuid import uuid4

import httpx

from media.live.address import address_for
from server import heartbeat
from server.health import STARTING_S
from tests.support.floor import House
from tests.support.scripted_live import scripted_live
from tests.support.waiting import until


async def up(house: House) -> httpx.Response:
    async with house.client() as client:
        return await client.get("/up")


def missing(answer: httpx.Response) -> list[str]:
    """The parts that are not there."""
    return [name for name, is_up in answer.json()["parts"].items() if not is_up]


def running_for(house: House, seconds: float) -> None:
    """As if the web process had been started so long ago."""
    house.app.state.floor.started_s -= seconds


async def heard(house: House) -> None:
    async with house.pool.acquire() as conn:
        await heartbeat.beat(conn, uuid4())


async def silent_for(house: House, seconds: float) -> None:
    await house.pool.execute(
        "update workers set seen_at = now() - make_interval(secs => $1)", seconds
    )


async def test_while_all_starts_no_worker_is_missed(app_house: House) -> None:
    answer = await up(app_house)
    parts = {"web": True, "database": True, "storage": True, "worker": True, "live": True}
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "parts": parts})


async def test_without_any_worker_it_is_not_up(app_house: House) -> None:
    running_for(app_house, STARTING_S)
    answer = await up(app_house)
    assert (answer.status_code, answer.json()["ok"]) == (503, False)
    assert missing(answer) == ["worker", "live"]


async def test_a_worker_on_any_machine_is_enough_until_it_falls_silent(app_house: House) -> None:
    running_for(app_house, STARTING_S)
    await heard(app_house)
    for seconds, ill in ((25, ["live"]), (31, ["worker", "live"])):
        await silent_for(app_house, seconds)
        assert missing(await up(app_house)) == ill
    await heard(app_house)
    assert missing(await up(app_house)) == ["live"]


async def test_the_live_process_beside_us_is_enough_until_it_dies(app_house: House) -> None:
    running_for(app_house, STARTING_S)
    await heard(app_house)
    live = app_house.app.state.floor.rooms["live"]
    async with scripted_live(address_for(app_house.settings.home, 7900)):
        await until(lambda: live.is_there)
        assert (await up(app_house)).status_code == 200
    await until(lambda: not live.is_there)
    assert missing(await up(app_house)) == ["live"]


async def test_a_beat_clears_away_who_is_long_gone(app_house: House) -> None:
    await heard(app_house)
    await silent_for(app_house, 4000)
    await heard(app_house)
    assert await app_house.pool.fetchval("select count(*) from workers") == 1
