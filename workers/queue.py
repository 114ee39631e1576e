"""The only consumer of PgQueuer: claim → work → finish or fail, in lanes.

Films have a lane of their own, so that probing, mail and the sweep never wait behind an encoding.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from pgqueuer import PgQueuer
from pgqueuer.models import Job, Schedule

from server import jobs
from workers import mail, sweep, transcode
from workers.floor import Floor

log = logging.getLogger(__name__)

# A worker that was killed stops its heartbeat; its jobs are picked up elsewhere after this long.
HEARTBEAT_LIMIT = timedelta(seconds=20)
# How long an idle lane waits before it looks again for jobs nobody announced (rescues).
LOOK_AGAIN = timedelta(seconds=4)
FILMS_AT_ONCE = 2
QUICK_AT_ONCE = 4


async def run(floor: Floor) -> None:
    """Works until `floor.stopping` is set; then gives back what it holds and returns."""
    films, quick = PgQueuer.from_asyncpg_pool(floor.pool), PgQueuer.from_asyncpg_pool(floor.pool)
    _register(films, jobs.TRANSCODE, lambda row_id: transcode.encode(floor, UUID(row_id)))
    _register(quick, jobs.PROBE, lambda row_id: transcode.probe(floor, UUID(row_id)))
    _register(quick, jobs.MAIL, lambda row_id: mail.send(floor, int(row_id)))
    _schedule(quick, "sweep", "* * * * *", lambda: sweep.sweep(floor))
    async with asyncio.TaskGroup() as group:
        group.create_task(_lane(films, FILMS_AT_ONCE))
        group.create_task(_lane(quick, QUICK_AT_ONCE))
        await floor.stopping.wait()
        films.shutdown.set()
        quick.shutdown.set()


async def _lane(queue: PgQueuer, at_once: int) -> None:
    await queue.run(
        dequeue_timeout=LOOK_AGAIN,
        batch_size=1,
        max_concurrent_tasks=at_once,
        heartbeat_timeout=HEARTBEAT_LIMIT,
        shutdown_on_listener_failure=True,
    )


def _register(queue: PgQueuer, kind: str, work: Callable[[str], Awaitable[None]]) -> None:
    @queue.entrypoint(kind)
    async def entry(job: Job) -> None:
        row_id = (job.payload or b"").decode()
        try:
            await work(row_id)
        except Exception:
            # The row says what became of it; the queue forgets the job either way.
            log.exception("%s %s broke", kind, row_id)
            raise


def _schedule(queue: PgQueuer, name: str, cron: str, work: Callable[[], Awaitable[None]]) -> None:
    @queue.schedule(name, cron)
    async def entry(_: Schedule) -> None:
        await work()
