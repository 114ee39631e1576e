"""Presence told by a live process: in the database before it is acknowledged, once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from media.live.messages import Ack, Presence, Seen, Stage, Told, Track
from rooms.attendance.rule import unix_ms
from rooms.live import keeping, log, presenters, stage_log
from rooms.live.presence import moment
from rooms.scope import Scope
from server import live_presence
from server.live_presence import LivePresence
from tests.support import people
from tests.support.floor import Clock
from tests.support.live_house import LiveHouse, live_house
from tests.support.live_rooms import moderator_of, presenter_of
from tests.support.waiting import until


@pytest.fixture
async def there(dsn: str, tmp_path: Path, clock: Clock) -> AsyncIterator[LiveHouse]:
    async with live_house(dsn, tmp_path, clock) as made:
        yield made


async def member_of(there: LiveHouse) -> UUID:
    async with there.house.pool.acquire() as conn, conn.transaction():
        now = there.house.clock()
        scope = presenter_of(there.world)
        return (await presenters.take_place(conn, scope, there.room.id, now)).member


async def kinds(there: LiveHouse) -> list[str]:
    async with there.house.pool.acquire() as conn:
        scope = Scope(there.world.programme.id)
        return [one.kind for one in await log.since(conn, scope, there.room.id, 0)]


def happened(there: LiveHouse, member: UUID, kind: Any, number: int, **changes: Any) -> Presence:
    at = unix_ms(there.house.clock())
    told = {"room": there.room.id, "epoch": 1, "resource": "r1", "role": "publisher", **changes}
    return Presence(member=member, number=number, at=at, kind=kind, **told)


def on_stage(there: LiveHouse, *members: UUID) -> Stage:
    tracks = tuple(
        Track(one, "camera", "video", n, "H264", "flowing") for n, one in enumerate(members)
    )
    return Stage(there.room.id, 1, 0, tracks)


async def test_a_publisher_that_flows_puts_the_room_on_air(there: LiveHouse) -> None:
    member = await member_of(there)
    there.live.tell(Told(stages=(on_stage(there, member),)))
    came = (happened(there, member, "connected", 1), happened(there, member, "media_flowing", 2))
    there.live.tell(Told(7, came))
    assert await there.live.next(Ack) == Ack(7)
    assert sorted(await kinds(there)) == ["on_air", "presenter_came"]
    there.house.clock.move(seconds=3)
    there.live.tell(Told(stages=(on_stage(there),)))
    await until(lambda: not there.rooms.stages[there.room.id].tracks)
    there.live.tell(Told(8, (happened(there, member, "gone", 3),)))
    assert await there.live.next(Ack, 2) == Ack(8)
    assert sorted(await kinds(there)) == ["off_air", "on_air", "presenter_came", "presenter_left"]


async def test_the_same_batch_twice_changes_nothing(there: LiveHouse) -> None:
    member = await member_of(there)
    there.live.tell(Told(stages=(on_stage(there, member),)))
    since = unix_ms(there.house.clock())
    batch = Told(
        1,
        (happened(there, member, "media_flowing", 1),),
        (Seen(there.room.id, member, "publisher", since, since + 2000),),
    )
    for number in (1, 2):
        there.live.tell(batch)
        await there.live.next(Ack, number)
    assert sorted(await kinds(there)) == ["on_air", "presenter_came"]
    rows = await there.house.pool.fetch("select * from on_air")
    assert [(row["seen_until"] - row["started_at"]).total_seconds() for row in rows] == [2.0]


async def test_who_never_comes_back_after_a_crash_has_left(
    there: LiveHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_presence, "MISSED_EVERY_S", 0)
    monkeypatch.setattr("server.live_rooms.AGAIN_AFTER_S", 0.05)
    lost, back = await member_of(there), await another_member(there)
    await there.rooms.know(there.world.programme.id, there.room.id)
    there.live.tell(Told(stages=(on_stage(there, lost, back),)))
    came = [happened(there, one, "media_flowing", 1, resource=str(one)) for one in (lost, back)]
    since = unix_ms(there.house.clock())
    seen = Seen(there.room.id, lost, "publisher", since, since + 5000)
    there.live.tell(Told(1, tuple(came), (seen,)))
    await there.live.next(Ack)
    there.house.clock.move(seconds=20)
    await there.live.restart()
    await until(lambda: there.rooms.epoch(there.room.id) == 2)
    there.live.tell(Told(stages=(on_stage(there, back),)))
    await until(lambda: bool(there.rooms.stages[there.room.id].tracks))
    presence: LivePresence = there.house.app.state.floor.rooms["hub"].presence
    there.house.clock.move(seconds=29)
    await presence.miss()
    assert "presenter_left" not in await kinds(there)
    there.house.clock.move(seconds=2)
    for _ in range(2):  # again changes nothing
        await presence.miss()
    async with there.house.pool.acquire() as conn:
        lines = await log.since(conn, Scope(there.world.programme.id), there.room.id, 0)
    [left] = [one for one in lines if one.kind == "presenter_left"]
    assert left.data == {"member": str(lost)}
    assert left.at == moment(since + 5000)


async def test_who_was_on_the_stage_of_a_process_that_stays_away_has_left(
    there: LiveHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_presence, "MISSED_EVERY_S", 0)
    monkeypatch.setattr("server.live_rooms.STAGES_KEPT_S", 0.1)
    member, since = await member_of(there), unix_ms(there.house.clock())
    await there.rooms.know(there.world.programme.id, there.room.id)
    there.live.tell(Told(stages=(on_stage(there, member),)))
    came = happened(there, member, "media_flowing", 1)
    there.live.tell(Told(1, (came,), (Seen(there.room.id, member, "publisher", since, since + 9),)))
    await there.live.next(Ack)
    presence: LivePresence = there.house.app.state.floor.rooms["hub"].presence
    await presence.miss()
    await there.live.kill()
    await until(lambda: not there.rooms.stages[there.room.id].tracks)
    there.house.clock.move(seconds=20)
    await presence.miss()
    assert "presenter_left" not in await kinds(there)
    there.house.clock.move(seconds=11)
    for _ in range(2):
        await presence.miss()
    async with there.house.pool.acquire() as conn:
        lines = await log.since(conn, Scope(there.world.programme.id), there.room.id, 0)
    [left] = [one for one in lines if one.kind == "presenter_left"]
    assert (left.data, left.at) == ({"member": str(member)}, moment(since + 9))


async def test_who_was_thought_gone_is_back_with_the_line(
    there: LiveHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The live process went on; no web process saw it, but one on another machine judged."""
    monkeypatch.setattr(live_presence, "MISSED_EVERY_S", 0)
    member = await member_of(there)
    await there.rooms.know(there.world.programme.id, there.room.id)
    there.live.tell(Told(stages=(on_stage(there, member),)))
    there.live.tell(Told(1, (happened(there, member, "media_flowing", 1),)))
    await there.live.next(Ack)
    now = there.house.clock()
    async with there.house.pool.acquire() as conn, conn.transaction():
        [behind] = await stage_log.left_behind(conn, (), now + timedelta(minutes=1))
        await stage_log.note_left(conn, behind)
    presence: LivePresence = there.house.app.state.floor.rooms["hub"].presence
    for _ in range(2):
        await presence.miss()
    told = [kind for kind in await kinds(there) if kind.startswith("presenter")]
    assert told == ["presenter_came", "presenter_left", "presenter_came"]


async def test_nobody_is_judged_at_the_first_look_for_long(
    there: LiveHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away for a minute: another web process could not say what it sees."""
    monkeypatch.setattr(live_presence, "MISSED_EVERY_S", 0)
    member = await member_of(there)
    await there.rooms.know(there.world.programme.id, there.room.id)
    there.live.tell(Told(stages=(on_stage(there, member),)))
    there.live.tell(Told(1, (happened(there, member, "media_flowing", 1),)))
    await there.live.next(Ack)
    presence: LivePresence = there.house.app.state.floor.rooms["hub"].presence
    await presence.miss()
    await there.house.pool.execute("update room_leases set process = gen_random_uuid()")
    there.rooms.stages.clear()
    there.house.clock.move(seconds=60)
    await presence.miss()
    assert "presenter_left" not in await kinds(there)
    await presence.miss()
    assert "presenter_left" in await kinds(there)


async def another_member(there: LiveHouse) -> UUID:
    async with there.house.pool.acquire() as conn, conn.transaction():
        now, person = there.house.clock(), await people.a_person(conn)
        scope = moderator_of(there.world, person.id)
        return (await presenters.take_place(conn, scope, there.room.id, now)).member


async def test_what_a_viewer_got_is_kept_with_its_visit(there: LiveHouse) -> None:
    connection = uuid4()
    now = there.house.clock()
    await there.house.pool.execute(
        """
        insert into visits (programme_id, seat_id, connection, started_at, seen_until)
        values ($1, $2, $3, $4, $4)
        """,
        there.world.programme.id, there.seat.id, connection, now,
    )  # fmt: skip
    flows = happened(there, connection, "media_flowing", 2, role="viewer", rung="turn")
    there.live.tell(Told(1, (flows,)))
    await there.live.next(Ack)
    row = await there.house.pool.fetchrow("select * from visits where connection = $1", connection)
    assert row is not None
    assert (row["media_flowed"], row["rung"]) == (True, "turn")


async def test_what_cannot_be_written_now_is_acknowledged_later(
    there: LiveHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_presence, "AGAIN_AFTER_S", 0.05)
    tries: list[int] = []
    real = keeping.keep

    async def keep(*asked: Any) -> None:
        tries.append(len(there.live.of(Ack)))
        if len(tries) < 3:
            raise asyncpg.CannotConnectNowError
        await real(*asked)

    monkeypatch.setattr(keeping, "keep", keep)
    member = await member_of(there)
    there.live.tell(Told(1, (happened(there, member, "media_flowing", 1),)))
    await there.live.next(Ack)
    assert tries == [0, 0, 0]


async def test_a_batch_that_never_can_be_written_holds_up_nothing(
    there: LiveHouse, caplog: pytest.LogCaptureFixture
) -> None:
    member = await member_of(there)
    absurd = Seen(there.room.id, member, "publisher", 0, 2**62)
    there.live.tell(Told(1, (), (absurd,)))
    assert await there.live.next(Ack) == Ack(1)
    assert "given up" in caplog.text
    there.live.tell(Told(2, (happened(there, member, "media_flowing", 1),)))
    assert await there.live.next(Ack, 2) == Ack(2)


async def test_rooms_we_do_not_have_are_passed_over(there: LiveHouse) -> None:
    nowhere = happened(there, uuid4(), "media_flowing", 1, room=uuid4())
    there.live.tell(Told(1, (nowhere,)))
    assert await there.live.next(Ack) == Ack(1)
    await asyncio.sleep(0)
    assert await there.house.pool.fetchval("select count(*) from on_air") == 0
