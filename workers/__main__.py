"""`python -m workers`: one worker process. As many as there are machines may run."""

import asyncio
import os
import signal
import sys

from media.storage import S3Access, open_storage
from server import database, log
from server.config import Settings, WrongSetting, read
from workers import queue
from workers.floor import Floor
from workers.scratch import scratch


async def work(settings: Settings, dsn: str) -> None:
    """Works until SIGTERM or SIGINT."""
    pool = await database.connect_pool(dsn)
    storage = open_storage(settings.storage_url, S3Access(**settings.s3))
    with scratch(settings.home) as folder:
        floor = Floor(settings, pool, storage, folder)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, floor.stopping.set)
        try:
            await queue.run(floor)
        finally:
            await pool.close()


def main() -> int:
    """Reads the settings and works; returns the exit code."""
    try:
        settings = read(os.environ)
    except WrongSetting as error:
        print(error, file=sys.stderr)
        return 2
    if settings.database_url is None:
        print("DATABASE_URL is not set; `python -m server up` brings a database along.")
        return 2
    log.set_up("worker")
    asyncio.run(work(settings, settings.database_url))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
