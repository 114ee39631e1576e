"""The room's socket: who gets one, what is said over it, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from websockets.exceptions import InvalidStatus

from media.live.messages import Close, Open, RemoveCreator, Stage, Told, Track, Want
from rooms.live import keeping, log, presenters, protocol, rooms
from rooms.scope import Scope
from server import live_floor, open_rooms, room_hub, room_lines, room_socket, room_stages
from server.room_lines import IDLE, NOT_UNDERSTOOD, RESUME, TOO_MANY
from tests.support.floor import Clock
from tests.support.live_house import LiveHouse, a_part, live_house
from tests.support.live_rooms import a_room, presenter_of
from tests.support.sockets import ORIGIN, Page, a_page, listening
from tests.support.waiting import until

TURN = {"turn_urls": ("turns:turn.example:443?transport=tcp",), "turn_secret": "s" * 20}


PING_EVERY_S, FLUSH_EVERY_S = 0.3, 0.2


@pytest.fixture
async def there(
    dsn: str, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[LiveHouse]:
    """A quicker beat than the product's: how long it is decides nothing here."""
    monkeypatch.setattr(protocol, "PING_EVERY_S", PING_EVERY_S)
    monkeypatch.setattr(keeping, "FLUSH_EVERY_S", FLUSH_EVERY_S)
    async with live_house(dsn, tmp_path, clock, **TURN) as made:
        yield made


@pytest.fixture
async def url(there: LiveHouse) -> AsyncIterator[str]:
    async with listening(there.house.app) as found:
        yield found


def phone(there: LiveHouse, url: str) -> Any:
    return a_page(url, there.room.id, f"seat={there.token}")


async def refused(url: str, room: UUID | str, cookie: str = "", **changes: Any) -> int:
    with pytest.raises(InvalidStatus) as caught:
        async with a_page(url, room, cookie, **changes):
            pass
    return caught.value.response.status_code


def a_track(member: UUID, kind: Any = "video", state: Any = "flowing") -> Track:
    return Track(member, "camera", kind, 0, "H264", state)


def tell_stage(there: LiveHouse, *tracks: Track, viewers: int = 0) -> None:
    there.live.tell(Told(stages=(Stage(there.room.id, 1, viewers, tracks),)))


async def the_presenter(there: LiveHouse) -> UUID:
    async with there.house.pool.acquire() as conn:
        place = await presenters.place_of(conn, presenter_of(there.world), there.room.id)
    assert place is not None
    return place.member


async def append(there: LiveHouse, kind: str, **data: str) -> int:
    async with there.house.pool.acquire() as conn, conn.transaction():
        scope = Scope(there.world.programme.id)
        return await log.append(conn, scope, there.room.id, kind, there.house.clock(), data)


# --- the door ------------------------------------------------------------------------------------


async def test_another_sites_page_gets_none(there: LiveHouse, url: str) -> None:
    cookie = f"seat={there.token}"
    assert await refused(url, there.room.id, cookie, origin="https://elsewhere.example") == 403
    told = {"sec-fetch-site": "cross-site"}
    assert await refused(url, there.room.id, cookie, **told) == 403
    async with a_page(url, there.room.id, cookie, origin=ORIGIN) as page:
        assert (await page.hello())["role"] == "viewer"


async def test_who_does_not_see_the_room_finds_none(there: LiveHouse, url: str) -> None:
    async with there.house.pool.acquire() as conn, conn.transaction():
        other = await a_room(conn, there.world, there.house.clock(), "Another")
    _, elsewhere = await a_part(there.house, there.world, other, "4A")
    for room in (there.room.id, uuid4(), "nothing"):
        assert await refused(url, room, f"seat={elsewhere}") == 404
    assert await refused(url, there.room.id) == 401
    assert await refused(url, there.room.id, "seat=nobody") == 401
    await there.house.pool.execute("update seats set is_waiting = true")
    assert await refused(url, there.room.id, f"seat={there.token}") == 403


async def test_a_closed_room_says_so_and_hangs_up(there: LiveHouse, url: str) -> None:
    async with there.house.pool.acquire() as conn, conn.transaction():
        await rooms.close(conn, presenter_of(there.world), there.room.id, there.house.clock())
    cookie = await there.cookie_of(there.world.editor)
    async with a_page(url, there.room.id, cookie) as page:
        assert await page.closed() == 1000
    assert [one["why"] for one in page.events] == ["room_closed"]


# --- hello ---------------------------------------------------------------------------------------


async def test_a_phone_is_welcomed(there: LiveHouse, url: str) -> None:
    member = await the_presenter(there)
    await append(there, "presenter_came", member=str(member))
    async with phone(there, url) as page:
        told = await page.hello()
        connection = UUID(told["connection"])
        assert (told["title"], told["role"], told["seat_kind"]) == (
            there.room.title,
            "viewer",
            "own",
        )
        assert (told["epoch"], told["ping_s"], told["viewers"]) == (1, 2, 0)
        assert told["stage"] == {"tracks": [], "is_on_air": False}
        (server,) = told["ice_servers"]
        assert server["urls"] == list(TURN["turn_urls"])
        assert server["username"].partition(":")[0].isdecimal()
        came = await page.until("presenter_came")
        assert (came["member"], came["name"], came["number"]) == (str(member), "Sem Visser", 1)
        assert told["number"] == 1
    seat_id = await there.house.pool.fetchval(
        "select seat_id from visits where connection = $1", connection
    )
    assert seat_id == there.seat.id
    assert there.live.of(Open)[0].room == there.room.id


async def test_who_is_signed_in_is_welcomed_without_a_visit(there: LiveHouse, url: str) -> None:
    mine = uuid4()
    for person, role in ((there.world.editor, "presenter"), (there.world.teacher, "teacher")):
        async with a_page(url, there.room.id, await there.cookie_of(person)) as page:
            told = await page.hello(connection=mine)
            assert (told["role"], told["seat_kind"]) == (role, None)
            assert told["connection"] == str(mine)
    assert await there.house.pool.fetchval("select count(*) from visits") == 0


async def test_a_page_that_comes_back_goes_on_with_its_visit(there: LiveHouse, url: str) -> None:
    async with phone(there, url) as page:
        connection = (await page.hello())["connection"]
    async with phone(there, url) as page:
        assert (await page.hello(connection=connection))["connection"] == connection
    assert await there.house.pool.fetchval("select count(*) from visits") == 1


async def test_nobody_takes_anothers_visit(there: LiveHouse, url: str) -> None:
    _, other = await a_part(there.house, there.world, there.room, "4A")
    async with phone(there, url) as page, a_page(url, there.room.id, f"seat={other}") as thief:
        connection = (await page.hello())["connection"]
        assert (await thief.hello(connection=connection))["connection"] != connection
        teacher = await there.cookie_of(there.world.teacher)
        async with a_page(url, there.room.id, teacher) as third:
            assert (await third.hello(connection=connection))["connection"] != connection


async def test_the_page_before_makes_room_for_the_one_that_came_back(
    there: LiveHouse, url: str
) -> None:
    async with phone(there, url) as before, phone(there, url) as page:
        connection = (await before.hello())["connection"]
        await page.hello(connection=connection)
        assert await before.closed() == RESUME
        await page.beating(1)
    assert await there.house.pool.fetchval("select count(*) from visits") == 1


@pytest.mark.parametrize(
    "frame",
    ["", "{}", "[]", '{"do":"pong"}', '{"do":"want","wish":"low"}', '{"do":"hello","since":-1}'],
)
async def test_hello_comes_first(there: LiveHouse, url: str, frame: str) -> None:
    async with phone(there, url) as page:
        await page.socket.send(frame)
        assert await page.closed() == NOT_UNDERSTOOD
    assert await there.house.pool.fetchval("select count(*) from visits") == 0


async def test_who_says_nothing_is_not_waited_for(
    there: LiveHouse, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_socket, "HELLO_WITHIN_S", 0.1)
    async with phone(there, url) as page:
        assert await page.closed(2) == NOT_UNDERSTOOD


# --- what is told --------------------------------------------------------------------------------


async def test_since_tells_what_was_missed_and_no_more(there: LiveHouse, url: str) -> None:
    for kind in ("on_air", "off_air", "off_air", "on_air"):
        await append(there, kind)
    async with phone(there, url) as page:
        assert (await page.hello(since=2))["number"] == 4
        numbers = [(await page.until(kind))["number"] for kind in ("off_air", "on_air")]
        assert numbers == [3, 4]
        assert page.kinds() == ["hello", "off_air", "on_air"]
    async with phone(there, url) as page:
        assert (await page.hello(since=999))["number"] == 4
        await append(there, "off_air")
        assert (await page.until("off_air"))["number"] == 5


async def test_news_comes_to_every_page_once_and_in_order(there: LiveHouse, url: str) -> None:
    teacher = await there.cookie_of(there.world.teacher)
    async with phone(there, url) as page, a_page(url, there.room.id, teacher) as other:
        await page.hello()
        await other.hello()
        for kind in ("on_air", "off_air") * 3:
            await append(there, kind)
        for one in (page, other):
            while "number" not in one.events[-1] or one.events[-1]["number"] != 6:
                await one.until("off_air")
            told = [event["number"] for event in one.events if event["event"].endswith("_air")]
            assert told == [1, 2, 3, 4, 5, 6]


async def test_the_stage_is_told_whenever_it_changes(there: LiveHouse, url: str) -> None:
    member = await the_presenter(there)
    async with phone(there, url) as page:
        await page.hello()
        tell_stage(there, a_track(member, state="waiting"))
        stage = (await page.until("stage"))["stage"]
        assert stage == {
            "tracks": [
                {
                    "member": str(member), "name": "Sem Visser", "source": "camera",
                    "kind": "video", "slot": 0, "state": "waiting", "is_shaky": False,
                }
            ],
            "is_on_air": False,
        }  # fmt: skip
        tell_stage(there, a_track(member), viewers=3)
        assert (await page.until("stage"))["stage"]["is_on_air"]
        assert (await page.until("viewers"))["count"] == 3
        tell_stage(there, a_track(member), viewers=4)
        assert (await page.until("viewers"))["count"] == 4
        assert page.kinds().count("stage") == 2
    async with phone(there, url) as page:
        told = await page.hello()
        assert (told["stage"]["is_on_air"], told["viewers"]) == (True, 4)


async def test_who_comes_while_the_stage_changes_takes_nobodys_news(
    there: LiveHouse, url: str
) -> None:
    member = await the_presenter(there)
    async with phone(there, url) as before:
        await before.hello()
        tell_stage(there, a_track(member, state="waiting"))
        await before.until("stage")
        hub = there.house.app.state.floor.rooms["hub"]
        tell_stage(there, a_track(member, state="flowing"))
        await until(lambda: hub.stages.is_due)
        async with phone(there, url) as page:
            assert (await page.hello())["stage"]["tracks"]
        assert (await before.until("stage"))["stage"]["is_on_air"]


async def test_without_the_database_the_stage_is_told_without_names(
    there: LiveHouse, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, is_away = presenters.of_room, [True]

    async def of_room(*asked: Any) -> Any:
        if is_away[0]:
            raise OSError("away")
        return await real(*asked)

    monkeypatch.setattr(presenters, "of_room", of_room)
    member = await the_presenter(there)
    async with phone(there, url) as page:
        await page.hello()
        tell_stage(there, a_track(member))
        assert (await page.until("stage"))["stage"]["tracks"][0]["name"] == ""
        is_away[0] = False
        assert (await page.until("stage"))["stage"]["tracks"][0]["name"] == "Sem Visser"


async def test_a_fault_in_one_room_silences_nobody(
    there: LiveHouse, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live_floor, "AFTER_A_FAULT_S", 0.05)
    member = await the_presenter(there)
    async with phone(there, url) as page:
        await page.hello()
        with monkeypatch.context() as broken:
            broken.setattr(room_stages, "stage_of", lambda *_: 1 / 0)
            tell_stage(there, a_track(member))
            await until(lambda: "a fault in the rooms" in caplog.text)
        tell_stage(there, a_track(member, state="stalled"))
        assert (await page.until("stage"))["stage"]["tracks"][0]["state"] == "stalled"


async def test_a_wish_goes_to_the_live_process(there: LiveHouse, url: str) -> None:
    async with phone(there, url) as page:
        connection = UUID((await page.hello())["connection"])
        await page.say(do="want", wish="audio")
        assert await there.live.next(Want) == Want(there.room.id, connection, "audio")


async def test_a_restart_of_live_is_told_with_its_epoch(there: LiveHouse, url: str) -> None:
    async with phone(there, url) as page:
        assert (await page.hello())["epoch"] == 1
        await there.live.restart()
        assert (await page.until("live_restarted"))["epoch"] == 2
        await there.live.restart()
        assert (await page.until("live_restarted"))["epoch"] == 3
    assert [one.epoch for one in there.live.of(Open)] == [1, 2, 3]


async def test_without_a_live_process_one_is_welcomed_all_the_same(
    there: LiveHouse, url: str
) -> None:
    await there.live.kill()
    async with phone(there, url) as page:
        assert (await page.hello())["epoch"] == 0
        await page.beating(1)


async def test_a_live_process_that_hangs_keeps_nobody_waiting(
    there: LiveHouse, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_socket, "LIVE_WITHIN_S", 0.2)
    there.live.answers[Open] = lambda _: None
    async with phone(there, url) as page, asyncio.timeout(2):
        assert (await page.hello())["epoch"] == 0
        await page.until("room")


# --- beats ---------------------------------------------------------------------------------------


async def test_pongs_move_the_visit(there: LiveHouse, url: str) -> None:
    async with phone(there, url) as page:
        connection = UUID((await page.hello())["connection"])
        there.house.clock.move(seconds=2)
        await page.beating(1, rung="turn")
        collector = there.house.app.state.floor.rooms["pages"]
        await until(lambda: collector.flushed >= 1)
    row = await there.house.pool.fetchrow("select * from visits where connection = $1", connection)
    assert row is not None
    assert (row["seen_until"] - row["started_at"]).total_seconds() == 2
    assert row["rung"] == "turn"


@pytest.mark.parametrize("code", [1000, 1001])
async def test_leaving_ends_the_visit_and_a_cut_does_not(
    there: LiveHouse, url: str, code: int
) -> None:
    collector = there.house.app.state.floor.rooms["pages"]
    async with phone(there, url) as page:
        stayed = UUID((await page.hello())["connection"])
        await page.beating(1)
        page.socket.transport.abort()
    async with phone(there, url) as page:
        left = UUID((await page.hello())["connection"])
        await page.beating(1)
        await until(lambda: collector.flushed >= 2)
        there.house.clock.move(seconds=1)
        await page.socket.close(code)
    await asyncio.sleep(5 * FLUSH_EVERY_S)
    rows = await there.house.pool.fetch("select connection, end_reason from visits")
    assert {row["connection"]: row["end_reason"] for row in rows} == {stayed: None, left: "left"}


async def test_who_does_not_answer_is_closed(
    there: LiveHouse, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_hub, "IDLE_AFTER_S", 1.0)
    async with phone(there, url) as page:
        await page.hello()
        assert await page.closed() == IDLE


# --- what is not taken ---------------------------------------------------------------------------


@pytest.mark.parametrize("frame", ["x" * 65_537, b"x" * 65_537], ids=["text", "bytes"])
async def test_a_frame_that_is_too_long_ends_it(
    there: LiveHouse, url: str, frame: str | bytes
) -> None:
    async with phone(there, url) as page:
        await page.hello()
        await page.socket.send(frame)
        assert await page.closed() == 1009


@pytest.mark.parametrize("frame", ["{", "null", '{"do":"dance"}', b"\xff", '{"do":"hello"}'])
async def test_what_is_not_understood_is_said_and_changes_nothing(
    there: LiveHouse, url: str, frame: str | bytes
) -> None:
    async with phone(there, url) as page:
        await page.hello()
        await page.socket.send(frame)
        assert (await page.until("refused"))["code"] in {"bad_command", "hello_twice"}
        await page.beating(1)


async def test_a_flood_ends_it(there: LiveHouse, url: str) -> None:
    async with phone(there, url) as page:
        await page.hello()
        for number in range(100):
            await page.pong(number)
        assert await page.closed() == TOO_MANY
    async with phone(there, url) as page:
        await page.hello()


async def test_a_page_that_opens_sockets_without_end_gets_no_more(
    there: LiveHouse, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_rooms, "MOST_OF_ONE", 2)
    teacher = await there.cookie_of(there.world.teacher)
    async with phone(there, url) as one, phone(there, url) as other, phone(there, url) as third:
        await one.hello()
        await other.hello()
        await third.say(do="hello")
        assert await third.closed() == room_lines.TRY_LATER
        async with a_page(url, there.room.id, teacher) as page:
            await page.hello()


async def test_a_page_that_does_not_read_is_closed_and_slows_nobody(
    there: LiveHouse, url: str
) -> None:
    member = await the_presenter(there)
    teacher = await there.cookie_of(there.world.teacher)
    async with phone(there, url) as slow, a_page(url, there.room.id, teacher) as quick:
        await slow.hello()
        await quick.hello()
        slow.socket.transport.pause_reading()
        hub = there.house.app.state.floor.rooms["hub"]
        (line,) = [
            one
            for one in hub.open.lines.values()
            if one.who.member is None and one.connection != UUID(quick.events[0]["connection"])
        ]
        closed: list[int] = []
        was = line.close
        line.close = lambda code: (closed.append(code), was(code))[1]
        for number in range(3000):
            line.tell(f'{{"event":"ping","number":{number},"padding":"{"x" * 5000}"}}')
            if closed:
                break
            if number % 50 == 0:
                await asyncio.sleep(0.01)
        assert closed == [RESUME]
        tell_stage(there, a_track(member))
        assert (await quick.until("stage", 2))["stage"]["is_on_air"]
        await until(lambda: line.connection not in hub.open.lines)
        slow.socket.transport.abort()  # it would wait ten seconds for an answer


# --- the end -------------------------------------------------------------------------------------


async def test_closing_the_room_ends_it_for_everybody(there: LiveHouse, url: str) -> None:
    async with phone(there, url) as page:
        await page.hello()
        async with there.house.pool.acquire() as conn, conn.transaction():
            await rooms.close(conn, presenter_of(there.world), there.room.id, there.house.clock())
        assert await page.closed() == 1000
        assert page.events[-1]["why"] == "room_closed"
    await there.live.next(Close)
    assert there.rooms.knows(there.room.id) is None


async def test_a_class_that_left_is_told(there: LiveHouse, url: str) -> None:
    async with phone(there, url) as page:
        await page.hello()
        await there.house.pool.execute("update session_classes set left_at = now()")
        await there.house.pool.execute(
            "update visits set ended_at = seen_until, end_reason = 'session_ended'"
        )
        there.house.clock.move(seconds=60)
        await page.beating(1)
        assert await page.closed() == 1000
        assert page.events[-1] == {"event": "closed", "why": "session_over", "number": None}
    assert (await there.live.next(RemoveCreator)).creator == f"seat:{there.seat.id}"


async def test_a_removed_presenter_is_told(there: LiveHouse, url: str) -> None:
    member = await the_presenter(there)
    cookie = await there.cookie_of(there.world.editor)
    async with phone(there, url) as page, a_page(url, there.room.id, cookie) as studio:
        await page.hello()
        await studio.hello()
        async with there.house.pool.acquire() as conn, conn.transaction():
            scope = presenter_of(there.world)
            await presenters.remove(conn, scope, there.room.id, member, there.house.clock())
        assert await studio.closed() == 1000
        assert studio.events[-1]["why"] == "removed"
        assert (await page.until("presenter_left"))["member"] == str(member)
        await page.beating(1)


def test_kinds_leave_pings_out() -> None:
    page = Page(None)  # type: ignore[arg-type]
    page.events = [{"event": "ping"}, {"event": "hello"}]
    assert page.kinds() == ["hello"]
