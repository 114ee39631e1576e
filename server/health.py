"""Is everything there: one answer for people's monitors and for the supervisor."""

import asyncio
import time

from starlette.responses import JSONResponse, Response

from server import heartbeat
from server.context import Here
from server.live_rooms import live_of

# The others take seconds to come up beside us: so long after our own start none is missed.
STARTING_S = 30.0


async def up(here: Here) -> Response:
    """`GET /up`: each part and whether it answers; 503 when one does not."""
    database, storage, worker = await asyncio.gather(_database(here), _storage(here), _worker(here))
    parts = {"web": True, "database": database, "storage": storage, "worker": worker}
    parts["live"] = _live(here)
    is_up = all(parts.values())
    return JSONResponse({"ok": is_up, "parts": parts}, 200 if is_up else 503)


async def _worker(here: Here) -> bool:
    """Whether any worker, on whatever machine, was heard lately."""
    if time.monotonic() - here.floor.started_s < STARTING_S:
        return True
    try:
        async with asyncio.timeout(2), here.transaction() as conn:
            silence = await heartbeat.silence(conn)
    except Exception:  # without its database we hear nobody
        return False
    return silence is not None and silence < heartbeat.SILENT_AFTER


def _live(here: Here) -> bool:
    """Whether the live process beside us answers. It starts a little later than we do."""
    is_starting = time.monotonic() - here.floor.started_s < STARTING_S
    return is_starting or live_of(here).is_there


async def _database(here: Here) -> bool:
    try:
        async with asyncio.timeout(2):
            return bool(await here.floor.pool.fetchval("select true"))
    except Exception:  # whatever the driver raises, it is not there
        return False


async def _storage(here: Here) -> bool:
    try:
        async with asyncio.timeout(5):
            await here.storage.exists("up")
    except Exception:  # whatever the store raises, it is not there
        return False
    return True
