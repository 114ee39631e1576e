"""The only consumer of PgQueuer: claim → work → finish or fail, in lanes.

Films, probes, mails and spreadsheets have a lane each, so that a file is looked at while two films
are being made, and neither waits behind a mail server that does not answer.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.models import Job, Schedule
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries
from pgqueuer.sm import SchedulerManager

from server import heartbeat, jobs
from server.database import Pool
from workers import mail, spreadsheets, sweep, transcode
from workers.floor import Floor
from workers.steady import AWAY, SteadyDriver

log = logging.getLogger(__name__)

Work = Callable[[str], Awaitable[None]]

# How long an idle lane waits before it looks again for jobs nobody announced (rescues).
LOOK_AGAIN = timedelta(seconds=4)
# How long a full lane waits before it looks again; PgQueuer's own 0.1 s costs 3 % of a core.
LOOK_AGAIN_WHEN_FULL = timedelta(seconds=1)
# PgQueuer's least is two.
FILMS_AT_ONCE = 2
PROBES_AT_ONCE = 2
MAILS_AT_ONCE = 4
EXPORTS_AT_ONCE = 2


async def run(floor: Floor) -> None:
    """Works until `floor.stopping` is set; then gives back what it holds and returns.

    A lane that breaks stops the others in order and is raised at the end.
    """
    lanes = _lanes(floor)
    clock = SchedulerManager(_queries(floor.pool))
    _every_minute(clock, "sweep", lambda: sweep.sweep(floor))
    work = [_until_stopped(floor, clock.run()), _until_stopped(floor, _live(floor))]
    work += [_until_stopped(floor, _run_lane(floor, lane, at_once)) for lane, at_once in lanes]
    tasks = [asyncio.create_task(each) for each in work]
    await floor.stopping.wait()
    for shutdown in (clock.shutdown, *(lane.shutdown for lane, _ in lanes)):
        shutdown.set()
    await asyncio.wait(tasks)
    await asyncio.gather(*tasks)


async def _live(floor: Floor) -> None:
    """Says every few seconds that this worker lives, and through a database that is away."""
    worker_id = uuid4()
    while not floor.stopping.is_set():
        try:
            async with asyncio.timeout(heartbeat.BEAT_S), floor.pool.acquire() as conn:
                await heartbeat.beat(conn, worker_id)
        except (*AWAY, asyncpg.PostgresError) as error:
            log.warning("the database does not hear us: %s", type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(floor.stopping.wait(), heartbeat.BEAT_S)


def _lanes(floor: Floor) -> list[tuple[QueueManager, int]]:
    """Each lane with how many jobs it holds at once."""
    films = _lane(floor, jobs.TRANSCODE, lambda row_id: transcode.encode(floor, UUID(row_id)))
    probes = _lane(floor, jobs.PROBE, lambda row_id: transcode.probe(floor, UUID(row_id)))
    mails = _lane(floor, jobs.MAIL, lambda row_id: mail.send(floor, int(row_id)))
    made = _lane(floor, jobs.EXPORT, lambda row_id: spreadsheets.make(floor, UUID(row_id)))
    return [
        (films, FILMS_AT_ONCE),
        (probes, PROBES_AT_ONCE),
        (mails, MAILS_AT_ONCE),
        (made, EXPORTS_AT_ONCE),
    ]


def _queries(pool: Pool) -> Queries:
    return Queries(SteadyDriver(pool))


def _lane(floor: Floor, kind: str, work: Work) -> QueueManager:
    lane = QueueManager(_queries(floor.pool))
    lane.min_dequeue_poll_interval = LOOK_AGAIN_WHEN_FULL

    @lane.entrypoint(kind)
    async def entry(job: Job) -> None:
        await _do(floor, kind, work, (job.payload or b"").decode())

    return lane


async def _do(floor: Floor, kind: str, work: Work, row_id: str) -> None:
    """Does one job. Raises `RetryRequested` when it broke: the row counts the attempts.

    Without it the queue would forget the job and the row would wait for nobody.
    """
    try:
        await work(row_id)
    except RetryRequested:
        raise
    except Exception as error:
        log.exception("%s %s broke", kind, row_id)
        raise RetryRequested(floor.heartbeat_limit, type(error).__name__) from error


async def _run_lane(floor: Floor, lane: QueueManager, at_once: int) -> None:
    await lane.run(
        dequeue_timeout=LOOK_AGAIN,
        batch_size=1,
        max_concurrent_tasks=at_once,
        heartbeat_timeout=floor.heartbeat_limit,
    )


async def _until_stopped(floor: Floor, work: Awaitable[None]) -> None:
    try:
        await work
    finally:
        floor.stopping.set()


def _every_minute(clock: SchedulerManager, name: str, work: Callable[[], Awaitable[None]]) -> None:
    @clock.schedule(name, "* * * * *")
    async def entry(_: Schedule) -> None:
        await work()
