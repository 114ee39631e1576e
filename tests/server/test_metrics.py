"""`/metrics`: counts what happened, names nobody, and is not for everybody."""

from pathlib import Path
from uuid import uuid4

import httpx
from prometheus_client.parser import text_string_to_metric_families

from media.live.messages import Counted, Stats
from server import jobs
from tests.support.floor import Clock, House, house
from tests.support.live_house import live_house
from tests.support.tours import a_desk, client_of


async def read(client: httpx.AsyncClient, **headers: str) -> dict[tuple[str, ...], float]:
    answer = await client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): (
            sample.value
        )
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_answers_are_counted_by_pattern(app_house: House) -> None:
    async with app_house.client() as client:
        await client.get("/up")
        for _ in range(2):
            await client.get(f"/videos/{uuid4()}/master.m3u8")
        await client.get("/wp-login.php")
        found = await read(client)
    told = {key[2]: value for key, value in found.items() if key[0] == "porthole_requests_total"}
    assert told == {
        "route=/up": 1,
        "route=/videos/{id}/master.m3u8": 2,
        "route=none": 1,
    }
    assert found["porthole_request_seconds_count", "method=GET", "route=/up"] == 1


async def test_waiting_jobs_and_sizes_are_told(app_house: House) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        await jobs.enqueue(conn, jobs.PROBE, uuid4())
    async with app_house.client() as client:
        found = await read(client)
    assert found["porthole_jobs_waiting", "kind=probe"] == 1
    assert found["porthole_jobs_waiting", "kind=transcode"] == 0
    assert found["porthole_database_bytes",] > 1_000_000
    assert found["porthole_seats_live",] == 0
    assert found["porthole_beats_flushed",] == 0
    assert found["porthole_pool_connections", "state=open"] >= 1


async def test_bytes_of_uploads_are_counted(app_house: House) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        desk = await a_desk(conn)
    tus = {"tus-resumable": "1.0.0"}
    async with await client_of(app_house, desk.editor, desk.programme) as client:
        made = await client.post("/uploads/", headers={**tus, "upload-length": "5000"})
        patch = {**tus, "upload-offset": "0", "content-type": "application/offset+octet-stream"}
        sent = await client.patch(made.headers["location"], headers=patch, content=b"x" * 1000)
        assert sent.status_code == 204
        await client.post("/sign-in", content=b"x" * 500)
        found = await read(client)
    assert found["porthole_upload_bytes_total",] == 1000


async def test_others_do_not_see_it(app_house: House) -> None:
    transport = httpx.ASGITransport(app=app_house.app, client=("192.0.2.7", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert (await client.get("/metrics")).status_code == 404
    async with app_house.client() as client:
        through_proxy = await client.get("/metrics", headers={"x-forwarded-for": "192.0.2.7"})
        assert through_proxy.status_code == 404


async def test_a_token_opens_it_from_anywhere(dsn: str, tmp_path: Path, clock: Clock) -> None:
    async with house(dsn, tmp_path, clock, metrics_token="of-the-monitor") as running:
        transport = httpx.ASGITransport(app=running.app, client=("192.0.2.7", 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            assert await read(client, authorization="Bearer of-the-monitor")
            for wrong in ({}, {"authorization": "Bearer of-the-janitor"}):
                assert (await client.get("/metrics", headers=wrong)).status_code == 404


async def test_what_live_processes_count_is_told_by_room(
    dsn: str, tmp_path: Path, clock: Clock
) -> None:
    async with live_house(dsn, tmp_path, clock) as there:
        room = str(there.room.id)
        there.live.answers[Stats] = Counted(
            1_000,
            {"sent_total": 40.0, "loop_lag_seconds": 0.002},
            {there.room.id: {"sent_total": 30.0, "layer_h-1_viewers": 2.0}},
        )
        async with there.client() as client:
            found = await read(client)
    live = "live=live-7900"
    assert found["porthole_live_processes",] == 1
    assert found["porthole_room_sockets",] == 0
    assert found["porthole_live_started_seconds", live] == 1
    assert found["porthole_live_sent_total", live] == 40
    assert found["porthole_live_loop_lag_seconds", live] == 0.002
    assert found["porthole_live_room_sent_total", live, f"room={room}"] == 30
    for name in ("received", "send_lost", "nack", "rtx", "pli", "switches"):
        assert found[f"porthole_live_{name}_total", live] == 0
        assert found[f"porthole_live_room_{name}_total", live, f"room={room}"] == 0
    assert found["porthole_live_room_layer_h_1_viewers", live, f"room={room}"] == 2


async def test_without_a_live_process_the_rest_is_told(app_house: House) -> None:
    async with app_house.client() as client:
        assert (await read(client))["porthole_live_processes",] == 0
