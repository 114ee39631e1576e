"""One film through a worker's hands in a process of its own; says as JSON what it cost.

`python -m tests.bench.one_job DSN HOME FILM`. The database is fresh and migrated.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from media.storage import open_storage
from server import database
from tests.support import films as arriving
from tests.support.tours import a_desk
from workers import transcode


def used(who: int) -> tuple[float, int]:
    """(CPU seconds, peak bytes)."""
    told = resource.getrusage(who)
    return told.ru_utime + told.ru_stime, told.ru_maxrss * 1024


async def main(dsn: str, home: Path, film: Path) -> None:
    pool = await database.connect_pool(dsn, max_size=3)
    storage = open_storage((home / "storage").as_uri())
    with arriving.a_floor(home, pool, storage) as floor:
        async with pool.acquire() as conn:
            desk = await a_desk(conn)
            arriving.PIECE = 16 * 1024**2
            _, version_id = await arriving.sent(conn, storage, desk, film)
        before, started = used(resource.RUSAGE_SELF)[0], time.monotonic()
        await transcode.probe(floor, version_id)
        await transcode.encode(floor, version_id)
        wall_s = time.monotonic() - started
        async with pool.acquire() as conn:
            version = await arriving.version_now(conn, version_id)
        assert version.state == "ready", version.error_code
    own, children = used(resource.RUSAGE_SELF), used(resource.RUSAGE_CHILDREN)
    said = {
        "cpu_s": own[0] - before + children[0],
        "own_cpu_s": own[0] - before,
        "wall_s": wall_s,
        "peak_bytes": own[1] + children[1],
        "child_peak_bytes": children[1],
    }
    print(json.dumps(said))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
