"""Film jobs: look at what arrived, then make the tour's film of it.

Every step that writes names its lease. Files go to a folder named by the lease; the one UPDATE
of `videos.finish` makes them the film. Whoever lost the lease removes only what was his; what the
dead left behind is the sweep's, which asks the row first.
"""

import asyncio
import dataclasses
import logging
import math
import shutil
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from pgqueuer.domain.errors import RetryRequested

from media import film, upload_ends, uploads, videos
from media.errors import FINAL, MediaError
from media.package import Package, move_into_place
from media.probe import probe_film
from media.videos import Made, Version
from rooms.tours import tours
from server import jobs, tour_mail
from server.database import Connection
from workers.floor import Floor
from workers.steady import AWAY, steadily

log = logging.getLogger(__name__)

REPORT_EVERY_S = 1.0
BEATS_PER_LIMIT = 5


class LetGo(Exception):
    """The lease was lost or the company cancelled: stop and leave no trace."""


class Stopping(Exception):
    """The process shuts down: give the version back."""


async def probe(floor: Floor, version_id: UUID) -> None:
    """Puts the upload together, finds out what it is, and queues its encoding or refuses it."""
    lease = uuid4()
    version = await _claim(floor, version_id, lease, waiting="uploaded", working="probing")
    if version is not None:
        await _attempt(floor, version, lease, _probe(floor, version, lease))


async def _claim(
    floor: Floor, version_id: UUID, lease: UUID, *, waiting: str, working: str
) -> Version | None:
    """The version to work at, or None when there is nothing to do any more.

    Raises `RetryRequested` while another worker is at it: should that one die, this job is the
    one that goes on.
    """
    async with floor.pool.acquire() as conn, conn.transaction():
        silent_for = floor.heartbeat_limit
        taken = await videos.claim(
            conn, version_id, lease, waiting=waiting, working=working, silent_for=silent_for
        )
        found = taken or await videos.version(conn, version_id)
        if found and found.error_code == "killed_worker":
            await _tell_failed(floor, conn, found, found.error_code, found.lease or lease)
    if taken is None and found is not None:
        await _look_after(floor, found, working)
    return taken


async def _look_after(floor: Floor, found: Version, working: str) -> None:
    """What is left to do at a version that is not ours to work at."""
    if found.state == working:
        raise RetryRequested(floor.heartbeat_limit / 4, "another worker is at it")
    if found.state == "failed" and found.probe is None and found.error_code in FINAL:
        await _remove_refused(floor, found)  # the worker that refused it may have died over it


async def _probe(floor: Floor, version: Version, lease: UUID) -> None:
    source = await _original(floor, version, lease)
    found = await probe_film(source)
    async with floor.pool.acquire() as conn, conn.transaction():
        told = dataclasses.asdict(found)
        if not await videos.probed(conn, version.id, lease, told, round(found.duration_s * 1000)):
            raise LetGo
        await jobs.enqueue(conn, jobs.TRANSCODE, version.id)


async def encode(floor: Floor, version_id: UUID) -> None:
    """Makes renditions, sound, poster and storyboard, and publishes them in one step."""
    lease = uuid4()
    version = await _claim(floor, version_id, lease, waiting="queued", working="encoding")
    if version is not None:
        await _attempt(floor, version, lease, _encode(floor, version, lease))


async def _encode(floor: Floor, version: Version, lease: UUID) -> None:
    source = await _original(floor, version, lease)
    scratch = floor.scratch / str(lease)
    prefix = f"videos/{version.id}/{lease}"
    package = await film.make_film(
        source, scratch, edit=_spans(version), on_progress=_reporter(floor, version.id, lease)
    )
    await move_into_place(package, floor.storage, prefix)
    made = made_of(package, prefix)
    # an hour of encoding is not thrown away because the database is restarted just now
    if not await steadily(lambda: publish(floor, version, lease, made)):
        raise LetGo


async def publish(floor: Floor, version: Version, lease: UUID, made: Made) -> bool:
    """Publishes, once: a second try finds what the first did when only its answer was lost."""
    now = datetime.now(UTC)
    async with floor.pool.acquire() as conn, conn.transaction():
        if not await videos.finish(conn, version.id, lease, made, now):
            return await videos.is_published(conn, version.id, made.prefix)
        tour_id = await tours.film_ready(
            conn, version.programme_id, version.video_id, version.id, now
        )
        if tour_id is not None:
            url = floor.settings.url
            await tour_mail.film_ready(conn, url, version.programme_id, tour_id, now)
    return True


def made_of(package: Package, prefix: str) -> Made:
    """The package as the version's row tells it; its size is the best rendition's."""
    best = max(package.renditions, key=lambda rendition: rendition.width * rendition.height)
    return Made(
        prefix=prefix,
        duration_ms=round(package.duration_s * 1000),
        width=best.width,
        height=best.height,
        renditions=[dataclasses.asdict(rendition) for rendition in package.renditions],
        notices=package.notices,
    )


def _spans(version: Version) -> tuple[tuple[float, float], ...]:
    return tuple((start / 1000, end / 1000) for start, end in version.edit or ())


async def _original(floor: Floor, version: Version, lease: UUID) -> Path:
    """The film as it was uploaded, as a local file; its pieces are put together once."""
    key = uploads.whole_key(version.upload_id)
    if not await floor.storage.exists(key):
        whole = floor.scratch / f"{lease}.whole"
        await uploads.assemble(floor.pool, floor.storage, version.upload_id, whole)
        await floor.storage.put_file(key, whole)
        await asyncio.to_thread(whole.unlink)
    if version.state == "probing":
        await _drop_pieces(floor, version, lease)
    local = floor.storage.local_path(key)
    if local is not None:
        return local
    fetched = floor.scratch / f"{lease}.original"
    with fetched.open("wb") as file:
        async for part in floor.storage.stream(key):
            await asyncio.to_thread(file.write, part)
    return fetched


async def _drop_pieces(floor: Floor, version: Version, lease: UUID) -> None:
    """Only with the lease in hand: who took over may be putting them together right now."""
    async with floor.pool.acquire() as conn:
        if not await videos.beat(conn, version.id, lease):
            raise LetGo
    await upload_ends.drop_pieces(floor.pool, floor.storage, version.upload_id)


async def _attempt(
    floor: Floor, version: Version, lease: UUID, work: Coroutine[Any, Any, None]
) -> None:
    """Runs one attempt and writes down how it ended, whatever way it ended."""
    try:
        await _until_it_must_stop(floor, version, lease, work)
    except MediaError as error:
        await _failed(floor, version, lease, error)
    except LetGo:
        await _let_go(floor, version, lease)
    except Stopping:
        await _give_back(floor, version, lease)
    finally:
        await asyncio.to_thread(_clear, floor.scratch, lease)


def _clear(scratch: Path, lease: UUID) -> None:
    shutil.rmtree(scratch / str(lease), ignore_errors=True)
    for ending in (".whole", ".original"):
        (scratch / f"{lease}{ending}").unlink(missing_ok=True)


async def _until_it_must_stop(
    floor: Floor, version: Version, lease: UUID, work: Coroutine[Any, Any, None]
) -> None:
    """Works until done. Raises Stopping or LetGo when something else came first."""
    task = asyncio.create_task(work)
    told = asyncio.create_task(floor.stopping.wait())
    lost = asyncio.create_task(_until_lost(floor, version.id, lease))
    try:
        await asyncio.wait({task, told, lost}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Stopping if told.done() else LetGo
        await task
    finally:
        for each in (task, told, lost):
            each.cancel()
        await asyncio.gather(task, told, lost, return_exceptions=True)


async def _until_lost(floor: Floor, version_id: UUID, lease: UUID) -> None:
    """Says that we live, in every stage, until the version is not ours any more."""
    every_s = floor.heartbeat_limit.total_seconds() / BEATS_PER_LIMIT
    is_mine = True
    while is_mine:
        await asyncio.sleep(every_s)
        try:
            async with floor.pool.acquire() as conn:
                is_mine = await videos.beat(conn, version_id, lease)
        except AWAY as error:
            log.warning("version %s goes on without a database: %s", version_id, error)


async def _failed(floor: Floor, version: Version, lease: UUID, error: MediaError) -> None:
    log.info("version %s failed: %s", version.id, error)
    async with floor.pool.acquire() as conn, conn.transaction():
        is_mine = await videos.fail(conn, version.id, lease, error.code, error.params)
        if is_mine:
            told = dataclasses.replace(version, error_params=error.params)
            await _tell_failed(floor, conn, told, error.code, lease)
    if is_mine and version.state == "probing" and error.is_final:
        await _remove_refused(floor, version)
    await _remove_own(floor, version, lease)


async def _tell_failed(
    floor: Floor, conn: Connection, version: Version, code: str, attempt: UUID
) -> None:
    """The tour's row and its company learn of it with the version's own row, or not at all."""
    tour_id = await tours.film_failed(conn, version.programme_id, version.video_id, code)
    if tour_id is not None:
        await tour_mail.film_failed(conn, floor.settings.url, version, tour_id, code, attempt)


async def _remove_refused(floor: Floor, version: Version) -> None:
    """A file that is no film leaves nothing behind; one that failed in encoding may be retried."""
    async with floor.pool.acquire() as conn:
        if await uploads.is_used_elsewhere(conn, version.upload_id, version.id):
            return
        await upload_ends.end_used(conn, version.upload_id, datetime.now(UTC))
    await upload_ends.drop_pieces(floor.pool, floor.storage, version.upload_id)


async def _remove_own(floor: Floor, version: Version, lease: UUID) -> None:
    """What this attempt made, unless it became the film at the very moment it was told to stop."""
    prefix = f"videos/{version.id}/{lease}"
    async with floor.pool.acquire() as conn, conn.transaction():
        if await videos.is_published(conn, version.id, prefix):
            return
    await floor.storage.delete_prefix(prefix)


async def _let_go(floor: Floor, version: Version, lease: UUID) -> None:
    await _remove_own(floor, version, lease)
    async with floor.pool.acquire() as conn:
        await videos.stopped(conn, version.id, lease)


async def _give_back(floor: Floor, version: Version, lease: UUID) -> None:
    await _remove_own(floor, version, lease)
    kind = jobs.PROBE if version.state == "probing" else jobs.TRANSCODE
    async with floor.pool.acquire() as conn, conn.transaction():
        if await videos.give_back(conn, version.id, lease):
            await jobs.enqueue(conn, kind, version.id)


def _reporter(
    floor: Floor, version_id: UUID, lease: UUID
) -> Callable[[str, float], Awaitable[None]]:
    """Writes the progress at most once a second, and stops the work when it must stop."""
    last = -math.inf
    began: dict[str, float] = {}

    async def report(stage: str, share: float) -> None:
        nonlocal last
        now = time.monotonic()
        began.setdefault(stage, now)
        if now - last < REPORT_EVERY_S:
            return
        last = now
        left = seconds_left(stage, now - began[stage], share)
        whole = whole_share(stage, share)
        try:
            async with floor.pool.acquire() as conn:
                is_mine = await videos.report(conn, version_id, lease, stage, whole, left)
        except AWAY:
            return  # told a second later, or never: the film goes on
        if not is_mine:
            raise LetGo

    return report


# Where each stage begins in the whole job, from what they take on a film with sound.
STAGE_STARTS = {
    "probing": 0.0,
    "loudness": 0.02,
    "encoding": 0.06,
    "storyboard": 0.97,
    "packing": 0.98,
}


def whole_share(stage: str, share: float) -> float:
    """How much of the whole job is done when `share` of `stage` is."""
    starts = [*STAGE_STARTS.values(), 1.0]
    at = list(STAGE_STARTS).index(stage)
    return starts[at] + (starts[at + 1] - starts[at]) * share


def seconds_left(stage: str, stage_s: float, share: float) -> int | None:
    """Time left at the pace so far; None while there is too little to go by.

    Only making the film tells: what comes before has another pace, what comes after is short.
    """
    if stage != "encoding" or share < 0.02 or stage_s < 5:
        return None
    return round(stage_s * (1 - share) / share)
