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
    """(CPU seconds, peak bytes of the largest process)."""
    told = resource.getrusage(who)
    return told.ru_utime + told.ru_stime, told.ru_maxrss * 1024


def own_peak_bytes() -> int:
    """This program's own peak. `ru_maxrss` would count whoever started it, from before the exec."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("this kernel tells no peak")


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
    own_cpu_s = used(resource.RUSAGE_SELF)[0] - before
    children_cpu_s, child_peak_bytes = used(resource.RUSAGE_CHILDREN)
    said = {
        "cpu_s": own_cpu_s + children_cpu_s,
        "own_cpu_s": own_cpu_s,
        "wall_s": wall_s,
        "peak_bytes": own_peak_bytes() + child_peak_bytes,
        "child_peak_bytes": child_peak_bytes,
    }
    print(json.dumps(said))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
