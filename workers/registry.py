"""Once a day, where the operator set a place for it: are there newer lists of schools?

What closes no school is taken in at once; where one closes or is taken over, the list waits for a
person. Nothing is fetched without the setting `PORTHOLE_REGISTRY`.
"""

import asyncio
import hashlib
import logging
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from rooms.errors import Refused
from rooms.people import (
    registry_files,
    registry_lists,
    registry_looks,
    registry_mapping,
)
from rooms.people.registry_changes import Origin
from rooms.people.registry_files import MAX_BYTES, SchoolList
from rooms.people.registry_plan import Terms
from server.database import Connection
from workers.floor import Floor

log = logging.getLogger(__name__)

FETCH_TIMEOUT_S = 30
MAPPING = "mapping.toml"
MAX_FILES = 20


@dataclass(frozen=True)
class Found:
    """One file. `mapping`: of the folder it lies in, when that has one."""

    source: str
    data: bytes
    mapping: bytes | None = None


async def look(floor: Floor, now: datetime) -> None:
    """Looks when it is time, and writes down what came of it."""
    place = floor.settings.registry
    if not place:
        return
    async with floor.pool.acquire() as conn, conn.transaction():
        if not await registry_looks.is_due(conn, now):
            return
        try:
            files = await asyncio.to_thread(_found, place)
        except (OSError, HTTPException) as error:
            log.warning("the place of the school lists cannot be read: %s", type(error).__name__)
            await registry_looks.note(conn, now, "failed", "place_away")
            return
        if not files:
            await registry_looks.note(conn, now, "failed", "place_empty")
        for found in files:
            await _take(conn, found, now)


def _found(place: str) -> list[Found]:
    """The files of the folder by name, or what lies at the address. Raises OSError."""
    if place.startswith("/"):
        return _in_folder(Path(place))
    # The setting lets in nothing but http and https.
    with urllib.request.urlopen(place, timeout=FETCH_TIMEOUT_S) as answer:  # noqa: S310
        if urlsplit(answer.url).scheme != urlsplit(place).scheme:
            raise OSError("led to another kind of address")
        return [Found(Path(urlsplit(place).path).name or "list", answer.read(MAX_BYTES + 1))]


def _in_folder(folder: Path) -> list[Found]:
    mapping = folder / MAPPING
    told = mapping.read_bytes() if mapping.is_file() else None
    lists = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in {".csv", ".txt"} and path.is_file()
    )
    return [Found(path.name, _read(path), told) for path in lists[:MAX_FILES]]


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


async def _take(conn: Connection, found: Found, now: datetime) -> None:
    sha256 = hashlib.sha256(found.data).hexdigest()
    named = {"source": found.source}
    if await registry_looks.was_seen(conn, found.source, sha256):
        await registry_looks.note(conn, now, "unchanged", params=named)
        return
    try:
        read = await asyncio.to_thread(_parse, found)
    except Refused as error:
        await registry_looks.note(conn, now, "failed", error.code, {**named, **error.params})
        return
    if read.errors:
        first = read.errors[0]
        told = {**named, "line": first.line, "column": first.column, "value": first.value}
        await registry_looks.note(conn, now, "failed", first.code, told)
        return
    await _offer(conn, found.source, sha256, read, now)


def _parse(found: Found) -> SchoolList:
    mapping = registry_mapping.read(found.mapping) if found.mapping else None
    return registry_files.parse_schools(found.data, mapping)


async def _offer(
    conn: Connection, source: str, sha256: str, read: SchoolList, now: datetime
) -> None:
    await registry_looks.supersede(conn, source, now)
    origin, terms = Origin(source, now, sha256), Terms(now.date(), is_complete=True)
    list_id, plan = await registry_lists.offer(conn, None, read.rows, terms, origin)
    named = {"source": source}
    if list_id is None:
        line, code, value = plan.line_errors[0]
        told = {**named, "line": line, "column": "", "value": value}
        await registry_looks.note(conn, now, "failed", code, told)
    elif plan.is_grave:
        await registry_looks.note(conn, now, "waits", params=named, list_id=list_id)
    else:
        await registry_lists.apply(conn, None, list_id, now)
        outcome = "applied" if plan.changes else "unchanged"
        await registry_looks.note(conn, now, outcome, params=named, list_id=list_id)
    log.info("list of schools %s: %s", source, plan.counts())
