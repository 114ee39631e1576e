"""The stand: a database, a room of many classes with a seat for each page, and a web process."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from media.live.address import address_for
from rooms.agenda import room_sessions
from rooms.attendance import seats
from rooms.connection import Connection
from rooms.live.rooms import Room
from rooms.people import sign_ins
from server import database
from server.auth import COOKIE
from tests.bench.live.lines import Loader, cpu_s
from tests.bench.live.stand import resident_bytes
from tests.support.databases import fresh_database
from tests.support.lessons import World, a_class, a_world
from tests.support.live_rooms import a_room
from tests.support.scripted_live import scripted_live
from tests.support.served import WebProcess

IN_A_CLASS = 30
# As a web process looks for it when nothing is set.
LIVE_PORT = 7900
# Pages come by way of a proxy on the same machine (deploy/nginx.conf), whose part the load plays.
SOCKET = "web.sock"


@dataclass
class Stand:
    """`tokens`: of seats nobody sits in yet."""

    web: WebProcess
    crowd: Loader
    tokens: list[str]
    leader: str

    async def ask(self, do: str, *, within_s: float = 120.0, **order: Any) -> dict[str, Any]:
        """Tells the crowd what to do; nothing of it may have failed but to come in."""
        said = await self.crowd.ask({"do": do, **order}, within_s=within_s)
        assert do == "join" or not said.get("failed"), said["failed"]
        return said

    async def join(self, count: int, spread_s: float) -> dict[str, Any]:
        """So many pages come; how long each took, and what failed."""
        coming, self.tokens = self.tokens[:count], self.tokens[count:]
        return await self.ask("join", tokens=coming, spread_s=spread_s)

    @property
    def cpu_s(self) -> float:
        """CPU time of the web process so far."""
        return cpu_s(self.web.pid)

    @property
    def resident(self) -> int:
        """Memory of the web process."""
        return resident_bytes(self.web.pid)


@asynccontextmanager
async def stand(
    server_dsn: str, home: Path, count: int, *, is_by_port: bool = False
) -> AsyncIterator[Stand]:
    """A room with `count` free seats, in classes of thirty, and nobody in it. `is_by_port`: pages
    come straight to the web process's port."""
    async with fresh_database(server_dsn) as dsn:
        pool = await database.connect_pool(dsn, max_size=1)
        async with pool.acquire() as conn, conn.transaction():
            world = await a_world(conn)
            room = await a_room(conn, world, datetime.now(UTC))
            tokens = await seats_in(conn, world, room, count)
            now = datetime.now(UTC)
            leader = await sign_ins.start(
                conn, world.editor.id, now=now, programme_id=world.programme.id
            )
        await pool.close()
        live = scripted_live(address_for(home, LIVE_PORT))  # it says yes: nothing is on the stage
        async with live, _web(dsn, home) as web:
            at = str(web.port) if is_by_port else str(home / SOCKET)
            async with _crowd(at, room) as crowd:
                yield Stand(web, crowd, tokens, f"{COOKIE}={leader}")


async def seats_in(conn: Connection, world: World, room: Room, count: int) -> list[str]:
    """The tokens of so many devices, thirty in a class."""
    tokens: list[str] = []
    while len(tokens) < count:
        made = await a_class(conn, world, f"{len(tokens) // IN_A_CLASS}B", pupils=IN_A_CLASS)
        now = datetime.now(UTC)
        part = await room_sessions.take_part(conn, world.scope, room.id, made.id, now)
        for _ in range(min(IN_A_CLASS, count - len(tokens))):
            key = (world.programme.id, part.session_class_id)
            _, token = await seats.sit(conn, *key, None, now)
            tokens.append(token)
    return tokens


@asynccontextmanager
async def _web(dsn: str, home: Path) -> AsyncIterator[WebProcess]:
    web = WebProcess(dsn, home, home / SOCKET)
    await web.start()
    try:
        yield web
    finally:
        await web.kill()


@asynccontextmanager
async def _crowd(at: str, room: Room) -> AsyncIterator[Loader]:
    words = (at, str(room.id))
    running = await Loader.start("tests.bench.rooms.crowd", *words, core=None)
    try:
        yield running
    finally:
        await running.stop()


def usable_cores() -> int:
    """How many cores all of it shares."""
    return len(os.sched_getaffinity(0))
