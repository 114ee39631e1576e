"""The app with a room that is open, people at its doors, and a scripted live process beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from media.live.address import address_for
from rooms.agenda import room_sessions
from rooms.attendance import seats
from rooms.attendance.seats import Seat
from rooms.live import stream_keys
from rooms.live.rooms import Room
from rooms.live.stream_keys import NewKey
from rooms.people.persons import Person
from server.auth import COOKIE, SEAT_COOKIE
from server.live_rooms import LiveRooms
from tests.support import lessons, people
from tests.support.floor import Clock, House, house
from tests.support.lessons import World
from tests.support.live_rooms import a_room, presenter_of
from tests.support.scripted_live import ScriptedLive, scripted_live
from tests.support.waiting import until


@dataclass
class LiveHouse:
    """`seat` and `token`: of a phone whose class takes part."""

    house: House
    live: ScriptedLive
    world: World
    room: Room
    key: NewKey
    seat: Seat
    token: str
    signed_in: dict[str, str] = field(default_factory=dict)

    @property
    def rooms(self) -> LiveRooms:
        """What the web process knows of live rooms."""
        found: LiveRooms = self.house.app.state.floor.rooms["live"]
        return found

    def client(self, **options: Any) -> httpx.AsyncClient:
        """Nobody we know."""
        return self.house.client(**options)

    async def client_of(self, person: Person) -> httpx.AsyncClient:
        """A browser in which somebody is signed in."""
        client = self.house.client(headers={"origin": "http://testserver"})
        token = await people.sign_in(self.house, client, person, self.world.programme)
        self.signed_in[str(person.id)] = token
        return client

    def phone(self) -> httpx.AsyncClient:
        """The phone in the class that takes part."""
        return self.house.client(
            cookies={SEAT_COOKIE: self.token}, headers={"origin": "http://testserver"}
        )

    async def cookie_of(self, person: Person) -> str:
        """A fresh sign-in as a Cookie header."""
        async with await self.client_of(person) as client:
            return f"{COOKIE}={client.cookies[COOKIE]}"

    @property
    def bearer(self) -> dict[str, str]:
        """The stream key as OBS sends it."""
        return {"authorization": f"Bearer {self.key.token}"}


async def a_part(running: House, world: World, room: Room, name: str = "3B") -> tuple[Seat, str]:
    """A class that takes part in the room, and a phone of it."""
    now = running.clock()
    async with running.pool.acquire() as conn, conn.transaction():
        school_class = await lessons.a_class(conn, world, name)
        part = await room_sessions.take_part(conn, world.scope, room.id, school_class.id, now)
        return await seats.sit(conn, world.programme.id, part.session_class_id, None, now)


@asynccontextmanager
async def live_house(
    dsn: str, home: Path, clock: Clock, **changes: Any
) -> AsyncIterator[LiveHouse]:
    """Everything, and the line to the live process stands."""
    async with (
        scripted_live(address_for(home, 7900)) as live,
        house(dsn, home, clock, **changes) as running,
    ):
        async with running.pool.acquire() as conn, conn.transaction():
            world = await lessons.a_world(conn)
            room = await a_room(conn, world, clock())
            key = await stream_keys.create(conn, presenter_of(world), room.id, "OBS", clock())
        seat, token = await a_part(running, world, room)
        made = LiveHouse(running, live, world, room, key, seat, token)
        await until(lambda: made.rooms.is_there)
        yield made
