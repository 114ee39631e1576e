"""Is everything there: one answer for people's monitors and for the supervisor."""

import asyncio

from starlette.responses import JSONResponse, Response

from server.context import Here


async def up(here: Here) -> Response:
    """`GET /up`: each part and whether it answers; 503 when one does not."""
    parts = {"web": True, "database": await _database(here), "storage": await _storage(here)}
    is_up = all(parts.values())
    return JSONResponse({"ok": is_up, "parts": parts}, 200 if is_up else 503)


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
