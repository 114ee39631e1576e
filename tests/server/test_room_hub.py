"""What one process knows of its rooms: nothing is passed over, one room's fault is its own, and
who is to be off a stage is off it."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from media.errors import LiveError
from media.live.messages import Hide, RemoveCreator, RemoveMember, Stage, Track
from rooms.live.log import Logged
from rooms.live.room_state import Facts
from server import room_hub, room_stages
from server.database import Pool
from server.open_rooms import OpenRoom, OpenRooms
from server.room_hub import RoomHub
from server.room_stages import Cut, RoomStages
from tests.support.floor import Clock
from tests.support.waiting import until

NOW = datetime(2026, 11, 28, tzinfo=UTC)
ROOM, PROGRAMME, PART, SEAT = (uuid4() for _ in range(4))


def a_phase(number: int, to: str) -> Logged:
    return Logged(number, NOW, "phase", {"to": to}, "")


async def test_who_reads_further_while_another_reads_first_passes_nothing_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = [a_phase(1, "lobby"), a_phase(2, "live")]
    logs, waits = iter([lines[:1], lines]), [asyncio.Event(), asyncio.Event()]
    turns = iter(waits)

    async def after(*_: Any) -> list[Logged]:
        return next(logs)

    async def read(*_: Any) -> Facts:
        await next(turns).wait()
        return Facts()

    monkeypatch.setattr(room_hub.room_log, "after", after)
    monkeypatch.setattr(room_hub.room_facts, "read", read)
    hub = RoomHub(cast(Pool, None), "", lambda: NOW)
    room = OpenRoom(PROGRAMME, 0)
    room.news.captions.is_loaded = True
    async with asyncio.TaskGroup() as group:
        first, _ = (group.create_task(hub._read_on(cast(Any, None), ROOM, room)) for _ in range(2))
        await asyncio.sleep(0)
        waits[0].set()
        await first
        waits[1].set()
    assert (room.news.state.number, room.news.state.phase) == (2, "live")


async def test_a_fault_in_one_room_keeps_nobody_from_looking_after_the_others(
    pool: Pool, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room_hub, "ADULTS_EVERY_S", 0.0)
    looked_at: list[UUID] = []

    async def read(_conn: Any, _scope: Any, room_id: UUID, *_: Any) -> Facts:
        looked_at.append(room_id)
        if room_id == ROOM:
            raise KeyError("broken")
        return Facts()

    monkeypatch.setattr(room_hub.room_facts, "read", read)
    hub = RoomHub(pool, "", clock)
    hub.desk = cast(Any, SimpleNamespace(keep=lambda _: None))
    other = uuid4()
    hub.open.rooms |= {ROOM: OpenRoom(PROGRAMME, 0), other: OpenRoom(PROGRAMME, 0)}
    async with hub:
        await hub.look()
        await until(lambda: not hub.looking.rooms)
    assert set(looked_at) == {ROOM, other}
    assert f"room {ROOM}: a fault" in caplog.text


async def test_a_room_that_is_slow_keeps_no_other_from_being_looked_after_and_read(
    pool: Pool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_hub, "ADULTS_EVERY_S", 0.0)
    done: list[tuple[str, UUID]] = []

    async def hangs(what: str, room_id: UUID) -> None:
        if room_id == ROOM:
            await asyncio.Event().wait()
        done.append((what, room_id))

    async def read(_conn: Any, _scope: Any, room_id: UUID, *_: Any) -> Facts:
        await hangs("looked", room_id)
        return Facts()

    async def after(_conn: Any, _scope: Any, room_id: UUID, *_: Any) -> list[Logged]:
        await hangs("read", room_id)
        return []

    monkeypatch.setattr(room_hub.room_facts, "read", read)
    monkeypatch.setattr(room_hub.room_log, "after", after)
    hub = RoomHub(pool, "", clock)
    hub.desk = cast(Any, SimpleNamespace(keep=lambda _: None))
    other = uuid4()
    hub.open.rooms |= {ROOM: OpenRoom(PROGRAMME, 0), other: OpenRoom(PROGRAMME, 0)}
    for room in hub.open.rooms.values():
        room.news.captions.is_loaded = room.news.is_loaded = True
    async with hub:
        for _ in range(2):
            for room_id in hub.open.rooms:
                hub._notice(f"{room_id}:0")
            await hub.read()
            await hub.look()
        await until(lambda: set(done) == {("looked", other), ("read", other)})
        await until(lambda: hub.looking.rooms == hub.reading.rooms == {ROOM})


async def test_adults_are_noted_however_many_rooms_hang(
    pool: Pool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Classes whose adult is not noted freeze."""
    monkeypatch.setattr(room_hub, "ADULTS_EVERY_S", 0.0)
    noted: list[bool] = []

    async def hangs(*_: Any) -> Facts:
        await asyncio.Event().wait()
        return Facts()

    async def note(*_: Any) -> None:
        noted.append(True)

    monkeypatch.setattr(room_hub.room_facts, "read", hangs)
    monkeypatch.setattr(room_hub.room_facts, "note_adults", note)
    hub = RoomHub(pool, "", clock)
    hub.desk = cast(Any, SimpleNamespace(keep=lambda _: None))
    hub.open.rooms |= {uuid4(): OpenRoom(PROGRAMME, 0) for _ in range(8)}
    async with hub, asyncio.timeout(2.0):  # eight that hang hold a queue up for four seconds
        for _ in range(3):
            await hub.look()
    assert len(noted) == 3


class Live:
    """Refuses as often as it is told to. One presenter is on its stage, and sends."""

    def __init__(self, refuses: int) -> None:
        self.refuses = refuses
        self.asked: list[Any] = []
        self.stages = {ROOM: Stage(ROOM, 1, 0, (Track(PART, "camera", "video", 0, "", "flowing"),))}

    async def ask(self, _programme: UUID, _room: UUID, make: Any, _wanted: Any) -> None:
        self.asked.append(make(1))
        if len(self.asked) <= self.refuses:
            raise LiveError("live_away")


async def test_who_is_to_be_off_the_stage_is_said_until_it_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room_stages, "AGAIN_AFTER_S", 0.0)
    rooms = OpenRooms()
    rooms.rooms[ROOM] = OpenRoom(PROGRAMME, 0)
    stages, live = RoomStages(cast(Pool, None), rooms), Live(refuses=1)
    stages.live = cast(Any, live)
    stages.cut(Cut(ROOM, part=PART))
    await stages.make_cuts()
    await stages.make_cuts()
    assert live.asked == [RemoveMember(ROOM, 1, PART)] * 2
    stages.cut(Cut(ROOM, creator=f"seat:{SEAT}"))
    await stages.make_cuts()
    assert live.asked[2:] == [RemoveCreator(ROOM, 1, f"seat:{SEAT}")]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stages.make_cuts(), 0.05)


async def test_a_pause_that_is_not_heard_is_said_again(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_stages, "AGAIN_AFTER_S", 0.0)
    rooms = OpenRooms()
    rooms.rooms[ROOM] = room = OpenRoom(PROGRAMME, 0)
    room.news.state.phase, room.names[PART] = "paused", "Sem"
    stages, live = RoomStages(pool, rooms), Live(refuses=1)
    stages.live = cast(Any, live)
    stages.changed(ROOM)
    await stages.tell()
    await asyncio.wait_for(stages.tell(), 5)
    assert live.asked == [Hide(ROOM, 1, PART, True)] * 2
