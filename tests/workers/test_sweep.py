"""What the sweep takes away, and what it leaves."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from media import uploads
from media.storage import open_storage
from server.database import Pool
from tests.support import films as arriving
from tests.support.playing import put_files
from tests.support.tours import a_desk, a_draft, a_film
from workers import sweep
from workers.floor import Floor


@pytest.fixture
def floor(tmp_path: Path, pool: Pool) -> Iterator[Floor]:
    storage = open_storage((tmp_path / "storage").as_uri())
    with arriving.a_floor(tmp_path, pool, storage) as floor:
        yield floor


async def retired(floor: Floor, version_id: UUID, hours: int) -> None:
    await floor.pool.execute(
        "update video_versions set retired_at = now() - make_interval(hours => $2) where id = $1",
        version_id,
        hours,
    )


async def test_an_old_film_goes_a_day_after_it_was_replaced(floor: Floor) -> None:
    async with floor.pool.acquire() as conn:
        desk = await a_desk(conn)
        tour_id = await a_draft(conn, desk)
        first = await a_film(conn, desk, tour_id)
        await put_files(conn, floor.storage, first)
        second = await a_film(conn, desk, tour_id)
        await put_files(conn, floor.storage, second)
    both = len(await arriving.keys(floor.storage))

    await retired(floor, first, hours=23)
    await sweep.sweep(floor)
    assert len(await arriving.keys(floor.storage)) == both, "players may still run on it"

    await retired(floor, first, hours=25)
    await sweep.sweep(floor)
    kept = await arriving.keys(floor.storage)
    assert len(kept) == both // 2
    assert all(str(second) in key for key in kept)


async def upload_of(floor: Floor, version_id: UUID) -> UUID:
    """The upload of a version, its film kept whole."""
    found: UUID = await floor.pool.fetchval(
        "select upload_id from video_versions where id = $1", version_id
    )
    await floor.storage.put(uploads.whole_key(found), b"a whole film")
    return found


async def test_a_replaced_films_room_is_its_companys_again(floor: Floor, tmp_path: Path) -> None:
    (tmp_path / "no-film.mp4").write_bytes(b"no film")
    async with floor.pool.acquire() as conn:
        desk = await a_desk(conn)
        tour_id = await a_draft(conn, desk)
        first, second = [await a_film(conn, desk, tour_id) for _ in range(2)]
        failed = await arriving.sent_again(
            conn, floor.storage, desk, tour_id, tmp_path / "no-film.mp4"
        )
        await conn.execute("update video_versions set state = 'failed' where id = $1", failed)
        owned = [await upload_of(floor, version_id) for version_id in (first, second, failed)]
        await conn.execute(
            "update uploads set length = 10, received = 10, expires_at = now() - interval '9 days'"
        )

    async def kept() -> list[bool]:
        await sweep.sweep(floor)
        states = [
            await floor.pool.fetchval("select state from uploads where id = $1", upload_id)
            for upload_id in owned
        ]
        whole = [await floor.storage.exists(uploads.whole_key(one)) for one in owned]
        assert whole == [state == "used" for state in states]
        async with floor.pool.acquire() as conn:
            taken = await uploads.bytes_of_company(
                conn, desk.programme.id, desk.company.id, datetime.now(UTC)
            )
        assert taken == 10 * sum(whole)
        return whole

    await retired(floor, first, hours=23)
    assert await kept() == [True, True, True]
    await retired(floor, first, hours=25)
    assert await kept() == [False, True, True], "one plays, the newest may be tried again"
    async with floor.pool.acquire() as conn:
        owned.append(await upload_of(floor, await a_film(conn, desk, tour_id)))
        await conn.execute("update uploads set length = 10, received = 10")
    await retired(floor, second, hours=1)
    assert await kept() == [False, True, False, True], "what was replaced just now has its files"
    ran_out = await floor.pool.fetchval(
        "select count(*) from uploads where state = 'ended' and ended_at >= expires_at"
    )
    assert ran_out == 0, "nobody is told that it waited for too long"


@pytest.mark.parametrize("state", ["ready", "encoding", "queued", "failed", "cancelled"])
async def test_what_a_dead_attempt_left_goes_and_nothing_else(floor: Floor, state: str) -> None:
    async with floor.pool.acquire() as conn:
        desk = await a_desk(conn)
        version_id = await a_film(conn, desk, await a_draft(conn, desk))
        await conn.execute(
            "update video_versions set prefix = $2 where id = $1",
            version_id,
            f"videos/{version_id}/{uuid4()}",
        )
        await put_files(conn, floor.storage, version_id)
        film = await arriving.keys(floor.storage)
        working = uuid4() if state == "encoding" else None
        await conn.execute(
            "update video_versions set state = $2, lease = $3, attempt = 2, alive_at = now() "
            "where id = $1",
            version_id,
            state,
            working,
        )
    in_hand = f"videos/{version_id}/{working}/index.m3u8"
    if working:
        await floor.storage.put(in_hand, b"being made")
    await floor.storage.put(f"videos/{version_id}/{uuid4()}/v1/seg.m4s", b"half a film")

    await sweep.sweep(floor)
    assert await arriving.keys(floor.storage) == sorted([*film, *([in_hand] if working else [])])


async def test_the_queues_notes_do_not_grow_for_ever(floor: Floor) -> None:
    await floor.pool.execute(
        """
        insert into pgqueuer_log (created, job_id, status, priority, entrypoint, aggregated)
        select now() - make_interval(days => days), days, 'successful', 0, 'probe', true
        from unnest(array[1, 15]) days
        """
    )
    await sweep.sweep(floor)
    assert await floor.pool.fetchval("select array_agg(job_id) from pgqueuer_log") == [1]


async def test_one_part_that_breaks_does_not_keep_the_others(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> int:
        raise RuntimeError("storage is away")

    monkeypatch.setattr("media.upload_ends.sweep", broken)
    await test_the_queues_notes_do_not_grow_for_ever(floor)
