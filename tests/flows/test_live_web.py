"""Web and live process together, both real: over WHIP on to the stage, over WHEP to who watches.

Whatever dies, dies by kill -9: the live process, PostgreSQL.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import psutil
import pytest

from rooms.live import presenters, stream_keys
from rooms.people import sign_ins
from server import migrations
from server.auth import COOKIE
from server.embedded import Embedded, embedded
from tests.support import lessons
from tests.support.floor import Clock, House, house
from tests.support.live.peers import over_http, publishing, watching
from tests.support.live.presenter import Exchange
from tests.support.live.process import LiveProcess, a_live_process
from tests.support.live_house import a_part
from tests.support.live_rooms import a_room, presenter_of
from tests.support.processes import enterable_folder
from tests.support.sockets import Page, a_page, listening
from tests.support.waiting import until

OFFERS = Path(__file__).resolve().parents[1] / "media" / "live" / "offers"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


class WallClock(Clock):
    """Time as it goes."""

    def __call__(self) -> datetime:
        self.moment = Clock().moment
        return self.moment


class Scene:
    """A room, its presenter's key and a phone of a class, at an address."""

    def __init__(self, house: House, live: LiveProcess, sockets: str) -> None:
        self.house = house
        self.live = live
        self.sockets = sockets
        self.http = sockets.replace("ws:", "http:")

    async def furnish(self) -> None:
        now = self.house.clock()
        async with self.house.pool.acquire() as conn, conn.transaction():
            self.world = await lessons.a_world(conn)
            self.room = await a_room(conn, self.world, now)
            scope = presenter_of(self.world)
            self.member = (await presenters.take_place(conn, scope, self.room.id, now)).member
            self.key = await stream_keys.create(conn, scope, self.room.id, "OBS", now)
        self.seat, self.token = await a_part(self.house, self.world, self.room)

    @property
    def cookie(self) -> str:
        return f"seat={self.token}"

    def publish(self, client: httpx.AsyncClient) -> Exchange:
        told = {"authorization": f"Bearer {self.key.token}"}
        return over_http(client, f"{self.http}/rooms/{self.room.id}/whip", **told)

    def watch(self, client: httpx.AsyncClient, connection: str) -> Exchange:
        url = f"{self.http}/rooms/{self.room.id}/whep?connection={connection}"
        return over_http(client, url, cookie=self.cookie)

    async def moderator(self) -> str:
        """Whoever opened the room, as the Cookie header of her browser."""
        now, programme = self.house.clock(), self.world.programme.id
        async with self.house.pool.acquire() as conn, conn.transaction():
            person = self.world.editor.id
            token = await sign_ins.start(conn, person, now=now, programme_id=programme)
        return f"{COOKIE}={token}"

    async def events(self) -> list[str]:
        rows = await self.house.pool.fetch("select kind from room_events order by number")
        return [row["kind"] for row in rows]


@asynccontextmanager
async def a_scene(dsn: str, home: Path) -> AsyncIterator[Scene]:
    async with (
        a_live_process(home) as live,
        house(dsn, home, WallClock(), live_port=live.port) as running,
        listening(running.app) as sockets,
    ):
        scene = Scene(running, live, sockets)
        await scene.furnish()
        await until(lambda: running.app.state.floor.rooms["live"].is_there)
        yield scene


@pytest.fixture
async def scene(dsn: str, tmp_path: Path) -> AsyncIterator[Scene]:
    async with a_scene(dsn, tmp_path) as made:
        yield made


async def test_from_a_camera_to_a_viewer_and_into_attendance(scene: Scene) -> None:
    async with (
        httpx.AsyncClient(timeout=20) as client,
        a_page(scene.sockets, scene.room.id, scene.cookie) as page,
    ):
        connection = (await page.hello())["connection"]
        async with publishing(scene.publish(client)):
            while not (await page.until("stage", 15))["stage"]["is_on_air"]:
                pass
            track = page.events[-1]["stage"]["tracks"][0]
            assert (track["member"], track["name"]) == (str(scene.member), "Sem Visser")
            async with watching(scene.watch(client, connection)) as seen:
                await seen.sees(30, within_s=20)
                await page.until("viewers")
                await page.beating(2)
        while (await page.until("stage", 15))["stage"]["tracks"]:
            pass
        await page.until("off_air", 15)
    row = await scene.house.pool.fetchrow(
        "select * from visits where connection = $1", UUID(connection)
    )
    assert row is not None
    assert (row["media_flowed"], row["rung"], row["media_wanted"]) == (True, "udp", True)
    assert (row["seen_until"] - row["started_at"]).total_seconds() > 2
    spans = await scene.house.pool.fetch("select * from on_air")
    assert [row["ended_at"] is not None for row in spans] == [True]
    assert (spans[0]["seen_until"] - spans[0]["started_at"]).total_seconds() > 2
    events = await scene.events()
    assert {"presenter_came", "on_air", "off_air", "presenter_left"} <= set(events)


async def test_whip_by_the_letter(scene: Scene) -> None:
    """RFC 9725 against the real process: a resource is patched, renewed, ended; by its creator."""
    offer = (OFFERS / "chromium-simulcast.sdp").read_bytes()
    told = {"authorization": f"Bearer {scene.key.token}"}
    sdp, fragment = {"content-type": "application/sdp"}, "application/trickle-ice-sdpfrag"
    async with httpx.AsyncClient(base_url=scene.http, headers=told, timeout=20) as obs:
        url = f"/rooms/{scene.room.id}/whip"
        assert (await obs.post(url, content=b"v=0\r\n", headers=sdp)).status_code == 400
        made = await obs.post(url, content=offer, headers=sdp)
        assert (made.status_code, made.text[:3]) == (201, "v=0")
        assert "a=candidate:" in made.text
        resource, etag = made.headers["location"], made.headers["etag"]
        assert etag.startswith('"')

        async def patch(body: str, **headers: str) -> httpx.Response:
            sent = {"content-type": fragment, **headers}
            return await obs.patch(resource, content=body, headers=sent)

        trickle = "a=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa\r\n"
        own = _credentials(offer.decode())
        assert (await patch(own)).status_code == 428
        assert (await patch(own, **{"if-match": '"another"'})).status_code == 412
        noted = await patch(own, **{"if-match": etag})
        assert (noted.status_code, noted.headers["etag"]) == (204, etag)
        renewed = await patch(trickle, **{"if-match": "*"})
        assert renewed.status_code == 200
        assert renewed.headers["etag"] != etag
        assert "a=ice-ufrag:" in renewed.text
        assert (await patch(own, **{"if-match": etag})).status_code == 412
        async with httpx.AsyncClient(base_url=scene.http, timeout=20) as thief:
            token = await _another_key(scene)
            other = {"authorization": f"Bearer {token}"}
            assert (await thief.delete(resource, headers=other)).status_code == 404
        assert (await obs.delete(resource)).status_code == 200
        assert (await obs.delete(resource)).status_code == 404


def _credentials(offer: str) -> str:
    lines = [line for line in offer.splitlines() if line.startswith(("a=ice-ufrag", "a=ice-pwd"))]
    return "\r\n".join([*lines[:2], "a=end-of-candidates", ""])


async def _another_key(scene: Scene) -> str:
    async with scene.house.pool.acquire() as conn, conn.transaction():
        scope, now = presenter_of(scene.world), scene.house.clock()
        return (await stream_keys.create(conn, scope, scene.room.id, "phone", now)).token


async def test_a_killed_live_process_is_told_and_opened_again(scene: Scene) -> None:
    async with (
        httpx.AsyncClient(timeout=20) as client,
        a_page(scene.sockets, scene.room.id, scene.cookie) as page,
    ):
        told = await page.hello()
        async with publishing(scene.publish(client)):
            await scene.live.kill()
        await scene.live.start()
        restarted = await page.until("live_restarted", 10)
        assert restarted["epoch"] == told["epoch"] + 1
        async with (
            publishing(scene.publish(client)),
            watching(scene.watch(client, told["connection"])) as seen,
        ):
            await seen.sees(10, within_s=20)


async def test_a_restart_of_postgres_cuts_neither_picture_nor_socket() -> None:
    with enterable_folder() as folder:
        async with embedded(folder / "pg", is_durable=False) as server:
            await migrations.migrate(server.dsn)
            async with a_scene(server.dsn, folder / "home") as scene:
                await _restarted(scene, server)


async def _restarted(scene: Scene, server: Embedded) -> None:
    async with (
        httpx.AsyncClient(timeout=20) as client,
        a_page(scene.sockets, scene.room.id, scene.cookie) as page,
        a_page(scene.sockets, scene.room.id, await scene.moderator()) as desk,
    ):
        connection = (await page.hello())["connection"]
        await desk.hello()
        poll = {"poll": str(uuid4())}
        async with (
            publishing(scene.publish(client)),
            watching(scene.watch(client, connection)) as seen,
        ):
            await seen.sees(10, within_s=20)
            await page.until("on_air", 15)
            await _done(desk, do="open_poll", **poll, text="Wat?", choices=["a", "b"])
            first = server.pid
            assert first is not None
            psutil.Process(first).send_signal(signal.SIGKILL)
            killed = time.monotonic()
            await page.beating(2)
            await _done(desk, do="show_poll", **poll)
            assert time.monotonic() - killed < 10
            await until(lambda: server.pid not in {None, first}, within_s=10)
            number = await _logged(scene)
            while (await page.until("off_air", 15))["number"] < number:
                pass
            assert time.monotonic() - killed < 10
            await page.beating(1)
            assert seen.freezes(1.0) == []
            before = seen.pictures
            await seen.sees(30, within_s=10)
            assert seen.pictures > before
        await until(lambda: scene.house.app.state.floor.rooms["pages"].flushed > 0)
    kinds = await scene.events()
    assert kinds.index("poll_opened") < kinds.index("poll_shown")
    row = await scene.house.pool.fetchrow(
        "select * from visits where connection = $1", UUID(connection)
    )
    assert row is not None
    assert row["media_flowed"]
    assert (row["seen_until"] - row["started_at"]).total_seconds() > 4


async def _done(page: Page, **command: Any) -> None:
    """Has it done, sent again as `line.js` does while the database is away."""
    while True:
        await page.say(request=1, **command)
        while (told := await page.next())["event"] not in {"done", "refused"}:
            pass
        if told["event"] == "done":
            return
        assert told["code"] == "try_again"
        await asyncio.sleep(1.5)


async def _logged(scene: Scene) -> int:
    """A line in the room's log as soon as the database takes one again."""
    while True:
        try:
            async with asyncio.timeout(2), scene.house.pool.acquire() as conn, conn.transaction():
                number: int = await conn.fetchval(
                    "update rooms set last_number = last_number + 1 returning last_number"
                )
                await conn.execute(
                    """
                    insert into room_events (programme_id, room_id, number, at, kind)
                    values ($1, $2, $3, now(), 'off_air')
                    """,
                    scene.room.programme_id, scene.room.id, number,
                )  # fmt: skip
                await conn.execute("select pg_notify('rooms', $1)", f"{scene.room.id}:{number}")
                return number
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            await asyncio.sleep(0.05)
