"""Hostile and broken files on the way every film takes: a row, pieces, a probe job."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from media import uploads
from media.storage import open_storage
from media.videos import Version
from server import errors
from server.database import Pool
from tests.media import films
from tests.support import films as arriving
from tests.support import samples
from tests.support.tours import Desk, a_desk
from tests.support.watching import opened
from workers import transcode
from workers.floor import Floor

# Headers that lie about a film that is fine: made, as what it really is.
LIARS = {"claims-49-days.mp4", "claims-65535x65535.mp4"}
WITHIN_S = 60.0


@pytest.fixture
def floor(tmp_path: Path, pool: Pool) -> Iterator[Floor]:
    storage = open_storage((tmp_path / "storage").as_uri())
    with arriving.a_floor(tmp_path, pool, storage) as floor:
        yield floor


@pytest.fixture
async def desk(floor: Floor) -> Desk:
    async with floor.pool.acquire() as conn:
        return await a_desk(conn)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return films.film(tmp_path_factory.mktemp("good") / "good.mp4", seconds=1)


async def looked_at(floor: Floor, desk: Desk, file: Path) -> Version:
    """The version after the worker has looked at the file, within the promised time."""
    async with floor.pool.acquire() as conn:
        _, version_id = await arriving.sent(conn, floor.storage, desk, file)
    started = time.monotonic()
    await transcode.probe(floor, version_id)
    assert time.monotonic() - started < WITHIN_S, file.name
    return await version_of(floor, version_id)


async def version_of(floor: Floor, version_id: UUID) -> Version:
    async with floor.pool.acquire() as conn:
        return await arriving.version_now(conn, version_id)


async def assert_refused(floor: Floor, version: Version) -> None:
    """Refused in words of both languages, and nothing of it is left or counted."""
    assert (version.state, version.lease) == ("failed", None), version.filename
    assert version.error_code is not None
    said = [
        errors.sentence(each, version.error_code, version.error_params) for each in ("nl", "en")
    ]
    assert said[0] != said[1], f"no Dutch for {version.error_code}"
    assert not [text for text in said if "{" in text or "_" in text], said
    assert await arriving.keys(floor.storage) == [], version.filename
    assert list(floor.scratch.iterdir()) == [], version.filename
    folder = floor.storage.local_path(uploads.folder(version.upload_id))
    assert folder is not None
    assert not folder.exists(), "an empty folder is left"
    upload = await floor.pool.fetchval("select state from uploads where id = $1", version.upload_id)
    assert upload == "ended", "it still counts against the company's quota"


async def assert_made(floor: Floor, version: Version) -> Version:
    assert version.state == "queued", (version.filename, version.error_code)
    await transcode.encode(floor, version.id)
    made = await version_of(floor, version.id)
    assert made.state == "ready", made.error_code
    return made


async def test_every_bad_sample_is_refused_and_the_next_film_is_made(
    floor: Floor, desk: Desk, good: Path
) -> None:
    for sample in sorted(samples.sample("bad").iterdir()):
        version = await looked_at(floor, desk, sample)
        if sample.name not in LIARS:
            await assert_refused(floor, version)
            continue
        made = await assert_made(floor, version)
        assert made.duration_ms == pytest.approx(1470, abs=100)
        assert (made.width, made.height) == (640, 480)
        await floor.storage.delete_prefix("videos")
        await floor.storage.delete_prefix("originals")
    await assert_made(floor, await looked_at(floor, desk, good))


def is_empty(target: Path, _: Path) -> None:
    target.write_bytes(b"")


def is_nothing(target: Path, _: Path) -> None:
    target.write_bytes(bytes(65536))


def is_a_page(target: Path, _: Path) -> None:
    target.write_text("<!doctype html><script>alert(1)</script>")


def is_half(target: Path, good: Path) -> None:
    films.cut(good, target, 0.5)


def is_half_with_its_index(target: Path, good: Path) -> None:
    first = target.with_name("first.mp4")
    films.ffmpeg("-i", good, "-c", "copy", "-movflags", "+faststart", first)
    films.cut(first, target, 0.5)


def is_locked(target: Path, _: Path) -> None:
    films.locked(target)


def is_a_time_bomb(target: Path, _: Path) -> None:
    films.time_bomb(target)


def is_sound(target: Path, good: Path) -> None:
    films.ffmpeg("-i", good, "-vn", "-c:a", "copy", target)


def is_a_picture(target: Path, good: Path) -> None:
    picture = target.with_name("picture.jpg")
    films.ffmpeg("-i", good, "-frames:v", "1", picture)
    shutil.move(picture, target)


TWINS: dict[Callable[[Path, Path], None], str] = {
    is_empty: "empty",
    is_nothing: "not_a_video",
    is_a_page: "not_a_video",
    is_half: "incomplete",
    is_half_with_its_index: "incomplete",
    is_locked: "encrypted",
    is_a_time_bomb: "too_long",
    is_sound: "no_picture",
    is_a_picture: "not_a_video",
}


async def test_every_trap_made_here_is_refused_for_its_reason(
    floor: Floor, desk: Desk, good: Path, tmp_path: Path
) -> None:
    for make, code in TWINS.items():
        trap = tmp_path / "traps" / make.__name__ / "film.mp4"
        trap.parent.mkdir(parents=True)
        make(trap, good)
        version = await looked_at(floor, desk, trap)
        assert version.error_code == code, make.__name__
        await assert_refused(floor, version)
    await assert_made(floor, await looked_at(floor, desk, good))


async def test_no_playlist_in_disguise_opens_another_file(
    floor: Floor, desk: Desk, tmp_path: Path
) -> None:
    secret = films.film(tmp_path / "secret.ts", seconds=1, sound=None)
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n"
    thieves = [f"{head}{way}\n#EXT-X-ENDLIST\n" for way in ways_to(secret)]
    thieves += [f"ffconcat version 1.0\nfile '{way}'\n" for way in ways_to(secret)]
    with opened(secret) as has_been_opened:
        for number, text in enumerate(thieves):
            thief = tmp_path / f"thief-{number}.mp4"
            thief.write_text(text)
            await assert_refused(floor, await looked_at(floor, desk, thief))
        assert not has_been_opened()
        secret.read_bytes()
        assert has_been_opened(), "the watch would have told"


def ways_to(secret: Path) -> list[str]:
    """By its name, by its address, and from where the thief will lie in storage or scratch."""
    return [str(secret), f"file://{secret}", f"../../{secret.name}", f"../{secret.name}"]
