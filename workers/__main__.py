"""`python -m workers`: one worker process. As many as there are machines may run."""

import argparse
import asyncio
import os
import signal
import sys
from datetime import timedelta

from media.storage import S3Access, open_storage
from server import database, dsn, log
from server.asked import CannotDo
from server.config import Settings, WrongSetting, read
from workers import queue
from workers.floor import HEARTBEAT_LIMIT, Floor
from workers.scratch import scratch

CLOSE_WITHIN_S = 3.0


async def work(settings: Settings, heartbeat_limit: timedelta = HEARTBEAT_LIMIT) -> None:
    """Works until SIGTERM or SIGINT. Raises CannotDo when the database is not there to begin."""
    assert settings.database_url is not None
    await dsn.check(settings.database_url)
    pool = await database.connect_pool(settings.database_url)
    storage = open_storage(settings.storage_url, S3Access(**settings.s3))
    with scratch(settings.home) as folder:
        floor = Floor(settings, pool, storage, folder, heartbeat_limit=heartbeat_limit)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, floor.stopping.set)
        try:
            await queue.run(floor)
        finally:
            await _close(pool)


async def _close(pool: database.Pool) -> None:
    """Takes leave of the database, and does not wait for one that is gone."""
    try:
        async with asyncio.timeout(CLOSE_WITHIN_S):
            await pool.close()
    except TimeoutError:
        pool.terminate()


def main(arguments: list[str]) -> int:
    """Reads the settings and works; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m workers")
    parser.add_argument(
        "--heartbeat-limit", type=float, default=HEARTBEAT_LIMIT.total_seconds(), metavar="SECONDS",
        help="a worker silent for so long counts as dead; the same for all workers (%(default)s)",
    )  # fmt: skip
    limit = timedelta(seconds=parser.parse_args(arguments).heartbeat_limit)
    try:
        settings = read(os.environ)
    except WrongSetting as error:
        print(error, file=sys.stderr)
        return 2
    if settings.database_url is None:
        print("DATABASE_URL is not set; `python -m server up` brings a database along.")
        return 2
    log.set_up("worker")
    try:
        asyncio.run(work(settings, limit))
    except CannotDo as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
