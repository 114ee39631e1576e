"""kill -9 of a real server in the middle of a lesson: nothing acknowledged is lost."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from rooms.attendance import materials
from rooms.attendance.rule import unix_ms
from server import database
from tests.support.lessons import a_class, a_session, a_world
from tests.support.served import WebProcess

PHONES = 12
BEAT_S = 2.0
ERROR_MS = 5_000


class Phone:
    """A device as beats.js makes it: a queue, oldest first, emptied by acknowledgement."""

    def __init__(self, base: str, session: str) -> None:
        self.client = httpx.AsyncClient(base_url=base, timeout=20, verify=False)
        self.session = session
        self.tab = str(uuid4())
        self.began = 0.0
        self.made = 0
        self.queue: list[dict[str, object]] = []
        self.acknowledged = 0

    async def join(self, code: str) -> None:
        answer = await self.client.post("/join", data={"code": code})
        assert answer.status_code == 303, answer.text
        self.began = asyncio.get_running_loop().time()

    def beat(self) -> None:
        now = asyncio.get_running_loop().time()
        film = int((now - self.began) * 1000)
        before = self.queue[-1]["position_ms"] if self.queue else self.acknowledged
        self.queue.append(
            {
                "connection": self.tab,
                "number": self.made,
                "at": now,
                "ranges_ms": [[before, film]],
                "position_ms": film,
                "media_wanted": True,
                "media_flowed": True,
            }
        )
        self.made += 1

    async def send(self) -> None:
        now = asyncio.get_running_loop().time()
        said = [
            {**{k: v for k, v in beat.items() if k != "at"},
             "ago_ms": int((now - float(str(beat["at"]))) * 1000)}
            for beat in self.queue
        ]  # fmt: skip
        try:
            answer = await self.client.post(f"/sessions/{self.session}/beats", json={"beats": said})
        except httpx.TransportError:
            return
        if answer.status_code == 200:
            self.acknowledged = int(str(self.queue[len(said) - 1]["position_ms"]))
            del self.queue[: len(said)]

    async def live(self, seconds: float) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while (left := end - asyncio.get_running_loop().time()) > 0:
            self.beat()
            await asyncio.gather(self.send(), asyncio.sleep(min(BEAT_S, left)))


@pytest.mark.slow
async def test_kill_9_costs_no_seat_more_than_five_seconds(
    pool: database.Pool, dsn: str, tmp_path: Path
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        school_class = await a_class(conn, world)
        session = await a_session(conn, world, school_class, datetime.now(UTC))
    server = WebProcess(dsn, tmp_path)
    await server.start()
    phones = [Phone(server.url, str(session.id)) for _ in range(PHONES)]
    try:
        await asyncio.gather(*(phone.join(school_class.code) for phone in phones))
        await asyncio.gather(*(phone.live(8) for phone in phones))
        told = [phone.acknowledged for phone in phones]
        seen = [int((asyncio.get_running_loop().time() - phone.began) * 1000) for phone in phones]
        await server.kill()
        async with pool.acquire() as conn:
            assert await conn.fetchval("select count(*) from seats") == PHONES
        await _holds(pool, session.session_class_id, told, seen)

        # Half of the devices never come back; the other half go on as if nothing had been.
        await server.start()
        staying = phones[: PHONES // 2]
        await asyncio.gather(*(phone.live(6) for phone in staying))
        async with pool.acquire() as conn:
            rows = await conn.fetch("select ended_at, seen_until, end_reason from visits")
        left = [row for row in rows if row["end_reason"] == "server_restart"]
        assert len(rows) == PHONES
        assert all(row["ended_at"] == row["seen_until"] for row in left)
        for phone in staying:
            assert not phone.queue or phone.acknowledged > 12_000
    finally:
        for phone in phones:
            await phone.client.aclose()
        await server.kill()


async def _holds(
    pool: database.Pool, session_class_id: UUID, told: list[int], seen: list[int]
) -> None:
    """Per seat: everything acknowledged is there, and at most five seconds are missing."""
    async with pool.acquire() as conn:
        found = await materials.one(conn, session_class_id)
    kept = sorted(
        max((end for visit in seat.visits for _, end in visit.watched), default=0)
        for seat in found.seats
    )
    for kept_ms, told_ms, seen_ms in zip(kept, sorted(told), sorted(seen), strict=True):
        assert kept_ms >= told_ms
        assert seen_ms - kept_ms <= ERROR_MS
    assert all(unix_ms(visit.seen_until) for seat in found.seats for visit in seat.visits)
