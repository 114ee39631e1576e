"""The same paths on Debian's PostgreSQL 15 with every byte in S3: a large installation's ground.

Some are other modules' own tests, run on this module's fixtures.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from media import videos
from media.storage import S3Access, Storage, open_storage
from rooms.tours import reviews
from tests.conftest import make_template
from tests.flows import test_lesson
from tests.media import films
from tests.server import test_backup
from tests.server.pages import test_sign_in
from tests.support import films as arriving
from tests.support import sending
from tests.support.buckets import a_bucket, an_s3
from tests.support.databases import drop_waiting
from tests.support.debian_postgres import debian_postgres
from tests.support.floor import Clock, House, house
from tests.support.processes import is_running
from tests.support.tours import NOW, Desk, a_desk, a_draft, fill
from tests.support.workers import a_worker

world = test_lesson.world
test_a_lesson_with_a_screen_and_two_phones = test_lesson.test_a_lesson_with_a_screen_and_two_phones
test_a_twin_programme_sees_nothing = test_lesson.test_a_twin_programme_sees_nothing
noor = test_sign_in.noor
test_a_password_lets_her_in = test_sign_in.test_a_password_lets_her_in_to_where_she_was_going
other = test_backup.other
test_a_backup_goes_there_and_back = test_backup.test_there_and_back
test_files_missing_in_the_bucket_are_named = test_backup.test_missing_files_are_named

AWS = {
    "endpoint": "AWS_ENDPOINT_URL",
    "access_key_id": "AWS_ACCESS_KEY_ID",
    "secret_access_key": "AWS_SECRET_ACCESS_KEY",
}


@pytest.fixture(scope="module")
async def server_dsn() -> AsyncIterator[str]:
    """Debian's server instead of the embedded one."""
    async with debian_postgres() as dsn:
        await make_template(dsn)
        yield dsn
        await drop_waiting(dsn)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with an_s3() as endpoint:
        yield endpoint


@pytest.fixture
async def bucket(s3: str) -> dict[str, Any]:
    """The settings of a bucket of the test's own."""
    return await a_bucket(s3)


@pytest.fixture
async def app_house(
    dsn: str, tmp_path: Path, clock: Clock, bucket: dict[str, Any]
) -> AsyncIterator[House]:
    async with house(dsn, tmp_path, clock, **bucket) as running:
        yield running


@pytest.fixture
async def storage(bucket: dict[str, Any]) -> Storage:
    """The bucket with the three files that the backup's tests know."""
    found = open_storage(bucket["storage_url"], S3Access(**bucket["s3"]))
    await test_backup.fill_storage(found)
    return found


async def test_a_bucket_is_copied_and_comes_back_into_another(
    dsn: str, other: str, storage: Storage, s3: str, tmp_path: Path
) -> None:
    await test_backup.make(dsn, storage, tmp_path / "backup", copies=True)
    new = await a_bucket(s3)
    empty = open_storage(new["storage_url"], S3Access(**new["s3"]))
    done = await test_backup.read(other, empty, tmp_path / "backup")
    assert (done.copied, done.missing) == (3, [])
    assert await empty.get("originals/one") == b"originals/one"


async def test_it_is_the_oldest_we_promise(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        assert connection.get_server_version().major == 15
    finally:
        await connection.close()


async def test_a_film_comes_in_is_made_and_plays(
    app_house: House, tmp_path: Path, bucket: dict[str, Any]
) -> None:
    """tus into pieces, a real worker, every address of the film played: nothing on our disk."""
    film = films.film(tmp_path / "tour.mp4", seconds=5)
    storage = app_house.app.state.floor.storage
    async with app_house.pool.acquire() as conn, conn.transaction():
        desk = await a_desk(conn)
        tour_id = await a_draft(conn, desk)
        token = await sending.a_token(conn, desk.programme, desk.editor)
    told = {AWS[key]: value for key, value in bucket["s3"].items()}
    home = tmp_path / "worker"
    home.mkdir()
    async with a_worker(
        app_house.dsn, home, heartbeat_limit_s=10, STORAGE_URL=bucket["storage_url"], **told
    ) as worker:
        await upload(app_house, token, tour_id, film.read_bytes())
        version = await made(app_house, tour_id)
    assert not is_running(worker.pid)
    assert (version.width, version.height, version.attempt) == (320, 180, 1)
    kept = await arriving.keys(storage)
    assert f"originals/{version.upload_id}" in kept
    assert not [key for key in kept if key.startswith("uploads/")]
    assert not [path for path in tmp_path.rglob("*") if path.suffix in {".m4s", ".m3u8"}]

    await publish(app_house, desk, tour_id, version.id)
    await plays(app_house, version)


async def upload(running: House, token: str, tour_id: UUID, data: bytes) -> None:
    """The film by tus, in two requests."""
    headers = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {token}"}
    async with running.client(headers=headers) as client:
        wanted = sending.metadata(filename="tour.mp4", tour=str(tour_id))
        address = await sending.create(client, len(data), wanted)
        half = len(data) // 2
        assert (await sending.patch(client, address, 0, data[:half])).status_code == 204
        assert (await sending.patch(client, address, half, data[half:])).status_code == 204


async def made(running: House, tour_id: UUID) -> videos.Version:
    """The tour's newest version once it is ready."""
    for _ in range(600):
        async with running.pool.acquire() as conn:
            video_id = await conn.fetchval("select video_id from tours where id = $1", tour_id)
            version = await videos.newest(conn, video_id)
        assert version is not None
        assert version.state not in {"failed", "cancelled"}, version.error_code
        if version.state == "ready":
            return version
        await asyncio.sleep(0.1)
    raise AssertionError("not made within a minute")


async def publish(running: House, desk: Desk, tour_id: UUID, version_id: UUID) -> None:
    """All a review asks for, asked and answered."""
    async with running.pool.acquire() as conn, conn.transaction():
        await fill(conn, desk, tour_id, version_id)
        await reviews.ask(conn, desk.editors, tour_id, NOW)
        await reviews.publish(conn, desk.reviewers, tour_id, [], NOW)


async def plays(running: House, version: videos.Version) -> None:
    """A visitor gets every file that the playlists name, byte for byte as it lies in S3."""
    storage = running.app.state.floor.storage
    visitor, video = running.client(), f"/videos/{version.video_id}"
    master = await visitor.get(f"{video}/master.m3u8")
    assert master.text.startswith("#EXTM3U")
    lists = [line for line in master.text.splitlines() if line and not line.startswith("#")]
    assert lists
    named = []
    for line in lists:
        playlist = await visitor.get(f"{video}/{line}")
        folder = line.rsplit("/", 1)[0].removeprefix(f"{version.id}/")
        names = [each for each in playlist.text.splitlines() if each and not each.startswith("#")]
        named += [f"{folder}/{name}" for name in ["init.mp4", *names]]
    assert len(named) >= 3, "5 s are two segments, and what comes before them"
    for name in [*named, "poster.jpg"]:
        answer = await visitor.get(f"{video}/{version.id}/{name}")
        assert answer.content == await storage.get(f"{version.prefix}/{name}"), name
        part = await visitor.get(f"{video}/{version.id}/{name}", headers={"Range": "bytes=1-9"})
        assert (part.status_code, part.content) == (206, answer.content[1:10])
