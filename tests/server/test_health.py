"""`/up`: a part that is missing is named, and a worker that fell silent is missing."""

from uuid import uuid4

import httpx

from server import heartbeat
from server.health import STARTING_S
from tests.support.floor import House


async def up(house: House) -> httpx.Response:
    async with house.client() as client:
        return await client.get("/up")


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
    parts = {"web": True, "database": True, "storage": True, "worker": True}
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "parts": parts})


async def test_without_any_worker_it_is_not_up(app_house: House) -> None:
    running_for(app_house, STARTING_S)
    answer = await up(app_house)
    assert (answer.status_code, answer.json()["ok"]) == (503, False)
    assert [name for name, is_up in answer.json()["parts"].items() if not is_up] == ["worker"]


async def test_a_worker_on_any_machine_is_enough_until_it_falls_silent(app_house: House) -> None:
    running_for(app_house, STARTING_S)
    await heard(app_house)
    for seconds, status in ((25, 200), (31, 503)):
        await silent_for(app_house, seconds)
        assert (await up(app_house)).status_code == status
    await heard(app_house)
    assert (await up(app_house)).status_code == 200


async def test_a_beat_clears_away_who_is_long_gone(app_house: House) -> None:
    await heard(app_house)
    await silent_for(app_house, 4000)
    await heard(app_house)
    assert await app_house.pool.fetchval("select count(*) from workers") == 1
