"""What goes on without a right ends, whatever died between the row and the call."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from media.live.messages import (
    Close,
    Done,
    Present,
    Publish,
    Remove,
    RemoveCreator,
    RemoveMember,
    Roll,
    RollCall,
    Stage,
    Subscribe,
    Told,
    Track,
)
from rooms.live import log
from rooms.scope import Scope
from server import live_link, live_rights
from server.auth import COOKIE, SEAT_COOKIE
from tests.support.captions import a_captioned_webinar
from tests.support.floor import Clock, house
from tests.support.live_house import LiveHouse, live_house
from tests.support.mails import last_mail
from tests.support.screens import let_in
from tests.support.scripted_live import ScriptedLive
from tests.support.sockets import a_page, listening
from tests.support.waiting import until

SDP = {"content-type": "application/sdp"}
LOOKS = 3


@dataclass
class Going:
    """What goes on in a live process, as its roll says: what was offered and not removed since."""

    live: ScriptedLive

    def __post_init__(self) -> None:
        self.live.answers[RollCall] = lambda _: Roll(self.rooms())

    def rooms(self) -> dict[UUID, Present]:
        gone = {(one.room, one.creator) for one in self.live.of(RemoveCreator)}
        off = {(one.room, one.member) for one in self.live.of(RemoveMember)}
        names: dict[UUID, set[str]] = {}
        members: dict[UUID, set[UUID]] = {}
        for one in (*self.live.of(Subscribe), *self.live.of(Publish)):
            own = one.creator.split()
            if any((one.room, name) in gone for name in own) or (one.room, one.member) in off:
                continue
            names.setdefault(one.room, set()).update(own)
            if isinstance(one, Publish):
                members.setdefault(one.room, set()).add(one.member)
        return {
            room: Present(tuple(own), tuple(members.get(room, ()))) for room, own in names.items()
        }

    async def is_looked_at(self) -> None:
        """Until everything was looked at so often; the stages say that somebody is there."""
        for room in self.rooms():
            track = Track(uuid4(), "camera", "video", 0, "VP8", "flowing")
            self.live.tell(Told(stages=(Stage(room, 1, 1, (track,)),)))
        await self.live.next(RollCall, len(self.live.of(RollCall)) + LOOKS)

    def ended(self) -> set[str]:
        """The names under which something was ended, and the members."""
        names = {one.creator for one in self.live.of(RemoveCreator)}
        return names | {f"member:{one.member}" for one in self.live.of(RemoveMember)}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_rights, "EVERY_S", 0.05)


@pytest.fixture
async def there(dsn: str, tmp_path: Path, clock: Clock) -> AsyncIterator[LiveHouse]:
    async with live_house(dsn, tmp_path, clock) as made:
        yield made


async def offers(client: httpx.AsyncClient, url: str, **headers: str) -> None:
    answer = await client.post(url, content="v=0\r\n", headers={**SDP, **headers})
    assert answer.status_code == 201, answer.text


async def test_whoever_lost_a_right_is_ended_by_the_row_alone(there: LiveHouse) -> None:
    """Each row is written as by a process that died at once: nobody asks for the end."""
    going, world = Going(there.live), there.world
    whep, whip = (f"/rooms/{there.room.id}/{way}" for way in ("whep", "whip"))
    await there.house.pool.execute("update seats set kind = 'beamer' where id = $1", there.seat.id)
    part = there.seat.session_class_id
    await stage(there, is_on=True)
    async with (
        there.phone() as screen,
        await there.client_of(world.teacher) as teacher,
        await there.client_of(world.editor) as editor,
        there.client() as obs,
    ):
        for client, url in ((screen, whep), (screen, whip), (teacher, whep), (editor, whep)):
            await offers(client, url)
        await offers(editor, whip)
        await offers(obs, f"{whip}?source=screen", **there.bearer)
    captioned = await a_captioned_webinar(there.house, world)  # days later: what goes on goes on
    async with there.client(cookies={"captioner": captioned.token}) as typist:
        await offers(typist, f"/rooms/{captioned.room_id}/whep", origin="http://testserver")
    await going.is_looked_at()
    assert going.ended() == set(), "everybody may"

    sends = there.live.of(Publish)[1]
    assert sends.creator.startswith("sign-in:")
    teacher_id = world.teacher.id
    steps: tuple[tuple[str, UUID, str], ...] = (
        ("sign_ins set ended_at = now() where person_id", world.editor.id, sends.creator),
        ("stream_keys set revoked_at = now() where id", there.key.id, f"key:{there.key.id}"),
        ("roles set ended_at = now() where person_id", teacher_id, f"person:{teacher_id}"),
        ("captioners set removed_at = now() where id", captioned.captioner.id,
            f"captioner:{captioned.captioner.id}"),
        ("", part, f"member:{part}"),
        ("seats set ended_at = now() where id", there.seat.id, f"seat:{there.seat.id}"),
    )  # fmt: skip
    ended: set[str] = set()
    for row, whose, name in steps:
        if row:
            await there.house.pool.execute(f"update {row} = $1", whose)
        else:
            await stage(there, is_on=False)
        ended.add(name)
        await until(lambda: going.ended() == ended)
    assert going.rooms() == {}


async def stage(there: LiveHouse, *, is_on: bool) -> None:
    """The class comes on the stage, or is off it."""
    async with there.house.pool.acquire() as conn, conn.transaction():
        data = {"part": str(there.seat.session_class_id), "on": is_on}
        scope, now = Scope(there.world.programme.id), there.house.clock()
        await log.append(conn, scope, there.room.id, "class_on_stage", now, data)


async def test_who_may_not_be_on_the_stage_any_more_is_off_it(there: LiveHouse) -> None:
    going, url = Going(there.live), f"/rooms/{there.room.id}/whip"
    async with there.client() as obs:
        await offers(obs, url, **there.bearer)
    await going.is_looked_at()
    assert going.ended() == set()
    member = there.live.of(Publish)[0].member
    await there.house.pool.execute("update room_presenters set removed_at = now()")
    await until(lambda: going.ended() == {f"member:{member}"})


async def test_a_web_process_that_starts_ends_what_its_forerunner_had_not(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That one was killed between the row and the call; the live process has missed nothing."""
    monkeypatch.setattr(live_rights, "EVERY_S", 600)
    async with live_house(dsn, tmp_path, Clock()) as there, there.phone() as phone:
        going = Going(there.live)
        await offers(phone, f"/rooms/{there.room.id}/whep")
        await there.house.pool.execute("update seats set ended_at = now()")
        there.live.stages = (Stage(there.room.id, 1, 1, ()),)
        assert going.ended() == set()
        monkeypatch.setattr(live_rights, "EVERY_S", 0.05)
        async with house(dsn, tmp_path, Clock()):
            await until(lambda: going.ended() == {f"seat:{there.seat.id}"})


async def test_what_goes_on_in_a_closed_room_is_ended(there: LiveHouse) -> None:
    going = Going(there.live)
    async with there.phone() as phone:
        await offers(phone, f"/rooms/{there.room.id}/whep")
    await going.is_looked_at()
    assert there.live.of(Close) == []
    await there.house.pool.execute("update rooms set closed_at = now()")
    await until(lambda: [one.room for one in there.live.of(Close)] == [there.room.id])


async def test_a_closing_that_was_not_heard_is_asked_for_again(
    there: LiveHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is in the room, so nothing else tells that it is still there."""
    monkeypatch.setattr(live_link, "ANSWER_WITHIN_S", 0.1)
    room = there.room
    await there.rooms.know(room.programme_id, room.id)
    there.live.answers[Close] = lambda _: None if len(there.live.of(Close)) < 3 else Done()
    async with await there.client_of(there.world.editor) as client:
        assert (await client.post(f"/rooms/{room.id}/close")).status_code == 303
    await there.live.next(Close, 3)
    await asyncio.sleep(0.3)
    assert [one.room for one in there.live.of(Close)] == [room.id] * 3, "once heard, no more"


async def test_who_signs_out_neither_watches_nor_reads_on(there: LiveHouse) -> None:
    """On this browser, by another one; what the same person does elsewhere goes on."""
    going, whep = Going(there.live), f"/rooms/{there.room.id}/whep"
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(listening(there.house.app))
        clients, pages = [], []
        for _ in range(3):
            client = await stack.enter_async_context(await there.client_of(there.world.editor))
            await offers(client, whep)
            cookie = f"{COOKIE}={client.cookies[COOKIE]}"
            page = await stack.enter_async_context(a_page(url, there.room.id, cookie))
            await page.hello()
            clients.append(client)
            pages.append(page)
        await going.is_looked_at()
        names = [one.creator.split()[1] for one in there.live.of(Subscribe)]
        assert (await clients[0].post("/sign-out")).status_code == 303
        assert (await pages[0].until("closed"))["why"] == "signed_out"
        await until(lambda: going.ended() == {names[0]})
        ending = f"/account/sign-ins/{names[1].removeprefix('sign-in:')}/end"
        assert (await clients[2].post(ending)).status_code == 303
        assert (await pages[1].until("closed"))["why"] == "signed_out"
        await until(lambda: going.ended() == set(names[:2]))
        await going.is_looked_at()
        assert "closed" not in pages[2].kinds() and going.ended() == set(names[:2])


async def test_a_classroom_screen_goes_with_the_sign_in_that_brought_it(there: LiveHouse) -> None:
    """Ended from the teacher's phone: its page is told, its picture ends, its time stays."""
    going, house, room = Going(there.live), there.house, f"/rooms/{there.room.id}"
    async with (
        listening(house.app) as url,
        await there.client_of(there.world.teacher) as teacher,
        there.client(headers={"origin": "http://testserver"}) as pc,
        there.phone() as phone,
    ):
        await let_in(house, teacher, pc, there.seat.session_class_id)
        await offers(pc, f"{room}/whep")
        await offers(phone, f"{room}/whep")
        cookie = f"{COOKIE}={pc.cookies[COOKIE]}; {SEAT_COOKIE}={pc.cookies[SEAT_COOKIE]}"
        async with a_page(url, there.room.id, cookie) as page:
            await page.hello()
            await page.beating(1)
            await going.is_looked_at()
            assert going.ended() == set()
            seat = await house.pool.fetchval("select id from seats where kind = 'beamer'")
            assert (await teacher.post("/account/sign-ins/end-others")).status_code == 303
            assert (await page.until("closed"))["why"] == "signed_out"
        await until(lambda: f"seat:{seat}" in going.ended())
        assert f"seat:{there.seat.id}" not in going.ended()
        seen = await house.pool.fetchrow("select * from visits where seat_id = $1", seat)
        assert seen is not None and seen["ended_at"] == seen["seen_until"]


async def test_who_signs_in_again_in_her_browser_sends_and_reads_on(there: LiveHouse) -> None:
    """A mail's link is pressed twice, or a code typed where she is in already."""
    going, editor = Going(there.live), there.world.editor
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(listening(there.house.app))
        studio = await stack.enter_async_context(await there.client_of(editor))
        cookie = studio.cookies[COOKIE]
        await offers(studio, f"/rooms/{there.room.id}/whip")
        page = await stack.enter_async_context(a_page(url, there.room.id, f"{COOKIE}={cookie}"))
        await page.hello()
        await studio.post("/sign-in/mail", data={"email": editor.email, "next": "/"})
        code = (await last_mail(there.house)).code
        again = await studio.post("/sign-in/code", data={"email": editor.email, "code": code})
        assert again.status_code == 303 and COOKIE in again.headers["set-cookie"]
        await going.is_looked_at()
        assert "closed" not in page.kinds() and going.ended() == set()
        assert (await there.client(cookies={COOKIE: cookie}).get("/account")).status_code == 303
        left = await studio.delete(f"/rooms/{there.room.id}/whip/{uuid4().hex}")
        assert left.status_code == 200
        assert there.live.of(Remove)[0].creator == there.live.of(Publish)[0].creator


async def test_while_the_database_is_away_everything_goes_on(
    there: LiveHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise OSError

    going = Going(there.live)
    async with there.phone() as phone:
        await offers(phone, f"/rooms/{there.room.id}/whep")
    monkeypatch.setattr(live_rights.rights, "lost", away)
    await there.house.pool.execute("update seats set ended_at = now()")
    await going.is_looked_at()
    assert going.ended() == set()
    monkeypatch.undo()
    monkeypatch.setattr(live_rights, "EVERY_S", 0.05)
    await until(lambda: going.ended() == {f"seat:{there.seat.id}"})
