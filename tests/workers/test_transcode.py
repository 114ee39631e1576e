"""Film jobs on real ffmpeg: made, refused, cancelled, given back, fenced."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pgqueuer.domain.errors import RetryRequested

from media import videos
from media.storage import Storage, open_storage
from server import jobs
from server.database import Pool
from tests.media import films
from tests.support import films as arriving
from tests.support.tours import Desk, a_desk
from workers import sweep, transcode
from workers.floor import Floor

AT_ONCE = timedelta(0)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds with sound."""
    return films.film(tmp_path_factory.mktemp("film") / "tour.mp4", seconds=3)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return open_storage((tmp_path / "storage").as_uri())


@pytest.fixture
def floor(tmp_path: Path, pool: Pool, storage: Storage) -> Iterator[Floor]:
    with arriving.a_floor(tmp_path, pool, storage) as floor:
        yield floor


async def a_sent_film(floor: Floor, film: Path) -> tuple[Desk, UUID, UUID]:
    async with floor.pool.acquire() as conn:
        desk = await a_desk(conn)
        tour_id, version_id = await arriving.sent(conn, floor.storage, desk, film)
    return desk, tour_id, version_id


async def now(floor: Floor, version_id: UUID) -> videos.Version:
    async with floor.pool.acquire() as conn:
        return await arriving.version_now(conn, version_id)


async def waiting(floor: Floor, kind: str) -> int:
    count: int = await floor.pool.fetchval(
        "select count(*) from pgqueuer where entrypoint = $1", kind
    )
    return count


async def test_a_film_is_probed_then_made_then_plays(floor: Floor, film: Path) -> None:
    _, _, version_id = await a_sent_film(floor, film)

    await transcode.probe(floor, version_id)
    probed = await now(floor, version_id)
    assert (probed.state, await waiting(floor, jobs.TRANSCODE)) == ("queued", 1)
    assert probed.original_ms == pytest.approx(3000, abs=60)

    await transcode.encode(floor, version_id)
    ready = await now(floor, version_id)
    assert (ready.state, ready.width, ready.height) == ("ready", 320, 180)
    assert ready.duration_ms == pytest.approx(3000, abs=100)
    master = (await floor.storage.get(f"{ready.prefix}/master.m3u8")).decode()
    assert master.startswith("#EXTM3U")
    assert list(floor.scratch.iterdir()) == []
    kept = await arriving.keys(floor.storage)
    assert not [key for key in kept if key.startswith("uploads/")]
    assert f"originals/{ready.upload_id}" in kept


async def test_a_file_that_is_no_film_is_refused_and_leaves_nothing(
    floor: Floor, tmp_path: Path
) -> None:
    page = tmp_path / "tour.mp4"
    page.write_text("<!doctype html><script>alert(1)</script>" * 50)
    _, _, version_id = await a_sent_film(floor, page)

    await transcode.probe(floor, version_id)

    refused = await now(floor, version_id)
    assert (refused.state, refused.error_code) == ("failed", "not_a_video")
    assert await arriving.keys(floor.storage) == []
    assert list(floor.scratch.iterdir()) == []
    async with floor.pool.acquire() as conn:
        assert not await videos.retry(conn, refused.programme_id, version_id)


async def test_cancelling_stops_the_work_and_keeps_the_original(floor: Floor, film: Path) -> None:
    _, _, version_id = await a_sent_film(floor, film)
    await transcode.probe(floor, version_id)
    async with floor.pool.acquire() as conn:
        version = await arriving.version_now(conn, version_id)
        work = asyncio.create_task(transcode.encode(floor, version_id))
        while (await arriving.version_now(conn, version_id)).state != "encoding":
            await asyncio.sleep(0.01)
        assert await videos.cancel(conn, version.programme_id, version_id)
        await work
        assert (await arriving.version_now(conn, version_id)).state == "cancelled"
        assert await videos.retry(conn, version.programme_id, version_id)
    assert await arriving.keys(floor.storage) == [f"originals/{version.upload_id}"]


async def test_a_worker_told_to_stop_gives_its_film_back_uncounted(
    floor: Floor, film: Path
) -> None:
    _, _, version_id = await a_sent_film(floor, film)
    await transcode.probe(floor, version_id)
    work = asyncio.create_task(transcode.encode(floor, version_id))
    while (await now(floor, version_id)).state != "encoding":
        await asyncio.sleep(0.01)
    floor.stopping.set()
    await work
    given_back = await now(floor, version_id)
    assert (given_back.state, given_back.attempt, given_back.lease) == ("queued", 0, None)
    assert await waiting(floor, jobs.TRANSCODE) == 2

    floor.stopping.clear()
    await transcode.encode(floor, version_id)
    assert (await now(floor, version_id)).state == "ready"


async def test_three_deaths_are_enough(floor: Floor, film: Path) -> None:
    _, _, version_id = await a_sent_film(floor, film)
    async with floor.pool.acquire() as conn:
        for attempt in range(1, 4):
            taken = await videos.claim(
                conn, version_id, uuid4(), waiting="uploaded", working="probing", silent_for=AT_ONCE
            )
            assert taken is not None
            assert taken.attempt == attempt
    with pytest.raises(RetryRequested, match="another worker"):
        await transcode.probe(floor, version_id)
    floor.heartbeat_limit = AT_ONCE
    await transcode.probe(floor, version_id)
    failed = await now(floor, version_id)
    assert (failed.state, failed.error_code) == ("failed", "killed_worker")


async def test_a_worker_that_lost_its_lease_publishes_nothing(floor: Floor, film: Path) -> None:
    _, _, version_id = await a_sent_film(floor, film)
    await transcode.probe(floor, version_id)
    slow = asyncio.create_task(transcode.encode(floor, version_id))
    while (await now(floor, version_id)).state != "encoding":
        await asyncio.sleep(0.01)
    stolen = uuid4()
    async with floor.pool.acquire() as conn:
        assert await videos.claim(
            conn, version_id, stolen, waiting="queued", working="encoding", silent_for=AT_ONCE
        )
    await slow
    still = await now(floor, version_id)
    assert (still.state, still.lease) == ("encoding", stolen)
    assert [key for key in await arriving.keys(floor.storage) if key.startswith("videos/")] == []


@pytest.mark.parametrize("why", ["told to end", "its lease is over"])
async def test_a_film_published_while_its_worker_is_stopped_keeps_its_files(
    floor: Floor, film: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """The row is committed, and the worker does not know it yet."""
    publish = transcode.publish

    async def and_is_stopped(*args: Any) -> bool:
        is_published = await publish(*args)
        if why == "told to end":
            floor.stopping.set()
        await asyncio.sleep(0.5)  # several beats, which find the lease gone
        return is_published

    _, _, version_id = await a_sent_film(floor, film)
    await transcode.probe(floor, version_id)
    monkeypatch.setattr(transcode, "publish", and_is_stopped)
    floor.heartbeat_limit = timedelta(seconds=0.5)
    await transcode.encode(floor, version_id)
    ready = await now(floor, version_id)
    assert ready.state == "ready"
    assert f"{ready.prefix}/master.m3u8" in await arriving.keys(floor.storage)


async def test_a_worker_that_slept_before_its_first_step_takes_nothing_away(
    floor: Floor, film: Path
) -> None:
    _, _, version_id = await a_sent_film(floor, film)
    await transcode.probe(floor, version_id)
    slept = uuid4()
    async with floor.pool.acquire() as conn:
        taken = await videos.claim(
            conn, version_id, slept, waiting="queued", working="encoding", silent_for=AT_ONCE
        )
    assert taken is not None
    floor.heartbeat_limit = AT_ONCE
    await transcode.encode(floor, version_id)
    published = await arriving.keys(floor.storage)

    with pytest.raises(transcode.LetGo):
        await transcode._encode(floor, taken, slept)
    await transcode._let_go(floor, taken, slept)
    assert await arriving.keys(floor.storage) == published
    ready = await now(floor, version_id)
    assert ready.state == "ready"
    assert f"{ready.prefix}/master.m3u8" in published


async def test_replacing_keeps_the_address_and_swaps_when_ready(floor: Floor, film: Path) -> None:
    desk, tour_id, first = await a_sent_film(floor, film)
    await transcode.probe(floor, first)
    await transcode.encode(floor, first)
    async with floor.pool.acquire() as conn:
        second = await arriving.sent_again(conn, floor.storage, desk, tour_id, film)
        video_id = (await arriving.version_now(conn, first)).video_id
        before = await videos.current(conn, video_id)
        assert before is not None
        assert before.id == first
    await transcode.probe(floor, second)
    await transcode.encode(floor, second)
    async with floor.pool.acquire() as conn:
        after = await videos.current(conn, video_id)
        assert after is not None
        assert after.id == second
        now = datetime.now(UTC)
        assert await videos.retired_before(conn, now, now) == [(first, before.prefix)]


async def test_what_was_cut_is_in_no_rendition(floor: Floor, film: Path) -> None:
    desk, _, first = await a_sent_film(floor, film)
    await transcode.probe(floor, first)
    await transcode.encode(floor, first)
    async with floor.pool.acquire() as conn:
        video_id = (await arriving.version_now(conn, first)).video_id
        cut = await videos.re_edit(
            conn, desk.programme.id, video_id, [(0, 1000), (2000, 3000)], desk.editor.id
        )
    await transcode.probe(floor, cut)
    await transcode.encode(floor, cut)
    ready = await now(floor, cut)
    assert ready.duration_ms == pytest.approx(2000, abs=100)


async def test_a_refused_file_is_removed_even_when_its_worker_died_over_it(
    floor: Floor, tmp_path: Path
) -> None:
    page = tmp_path / "tour.mp4"
    page.write_text("<!doctype html>" * 50)
    _, _, version_id = await a_sent_film(floor, page)
    await floor.pool.execute(
        "update video_versions set state = 'failed', error_code = 'not_a_video' where id = $1",
        version_id,
    )
    await transcode.probe(floor, version_id)
    assert await arriving.keys(floor.storage) == []


async def test_a_film_published_just_before_the_answer_was_lost_stays(
    floor: Floor, film: Path
) -> None:
    _, _, version_id = await a_sent_film(floor, film)
    lease = uuid4()
    async with floor.pool.acquire() as conn:
        version = await videos.claim(
            conn, version_id, lease, waiting="uploaded", working="probing", silent_for=AT_ONCE
        )
    assert version is not None
    made = videos.Made(f"videos/{version_id}/{lease}", 3000, 320, 180, [])
    publish = partial(transcode.publish, floor, version, lease, made)
    assert await publish()
    assert await publish()
    made = videos.Made("videos/of/another", 3000, 320, 180, [])
    assert not await transcode.publish(floor, version, lease, made)


async def test_a_version_that_waits_without_a_job_gets_one(floor: Floor, film: Path) -> None:
    _, _, version_id = await a_sent_film(floor, film)
    await floor.pool.execute("delete from pgqueuer")
    await sweep.sweep(floor)
    await sweep.sweep(floor)
    assert await waiting(floor, jobs.PROBE) == 1

    await floor.pool.execute("delete from pgqueuer")
    async with floor.pool.acquire() as conn:
        await videos.claim(
            conn, version_id, uuid4(), waiting="uploaded", working="probing", silent_for=AT_ONCE
        )
    await sweep.sweep(floor)
    assert await waiting(floor, jobs.PROBE) == 0, "its worker lives"
    floor.heartbeat_limit = AT_ONCE
    await sweep.sweep(floor)
    assert await waiting(floor, jobs.PROBE) == 1


def test_time_left_is_told_only_when_there_is_something_to_go_by() -> None:
    assert transcode.seconds_left("encoding", 1, 0.5) is None
    assert transcode.seconds_left("encoding", 10, 0.01) is None
    assert transcode.seconds_left("encoding", 10, 0.25) == 30
    assert transcode.seconds_left("loudness", 10, 0.25) is None, "it has another pace"


def test_the_stages_make_one_whole() -> None:
    assert transcode.whole_share("probing", 0) == 0
    assert transcode.whole_share("encoding", 1) == pytest.approx(0.97)
    assert transcode.whole_share("packing", 1) == 1
