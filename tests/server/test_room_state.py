"""What goes on in a room over real sockets: who is told what, and what is kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from media.live.messages import Hide, Publish, RemoveCreator, RemoveMember, Stage, Told, Track
from rooms.agenda import room_sessions
from rooms.attendance import seats
from rooms.errors import NotThere, Refused
from rooms.live import protocol, questions
from rooms.people import classes, sign_ins
from rooms.safety import incidents
from rooms.scope import Grant, Scope
from server.auth import COOKIE, SEAT_COOKIE
from server.room_hub import RoomHub
from tests.support import people
from tests.support.floor import Clock, house
from tests.support.lessons import teacher_scope
from tests.support.live_house import LiveHouse, live_house
from tests.support.sockets import Page, a_page, listening
from tests.support.waiting import until

SECRET = "Bel me op 06 12345678, wie bent u?"
PLAIN = "Hoe word je lasser?"


@dataclass
class Room:
    """Pages in a room with two classes; the second has a teacher of its own."""

    there: LiveHouse
    url: str
    stack: AsyncExitStack
    pages: dict[str, Page] = field(default_factory=dict)
    part: UUID = field(default_factory=uuid4)
    other_part: UUID = field(default_factory=uuid4)
    screen: str = ""

    async def comes(self, name: str, cookie: str, url: str = "") -> Page:
        at = url or self.url
        page = await self.stack.enter_async_context(a_page(at, self.there.room.id, cookie))
        self.pages[name] = page
        await page.hello()
        await page.until("room")
        return page

    async def do(self, name: str, **command: Any) -> str:
        """Says it and waits for the answer; '' when it is done, else the code."""
        page, request = self.pages[name], len(self.pages[name].events) + 1
        await page.say(request=request, **command)
        while True:
            async with asyncio.timeout(8):
                event = await page.next()
            if event.get("request") == request:
                return str(event["code"]) if event["event"] == "refused" else ""

    async def hears(self, name: str, kind: str, within_s: float = 8, **told: Any) -> dict[str, Any]:
        """The first event, past or coming, of this kind in which this is told."""
        page = self.pages[name]
        seen = 0
        async with asyncio.timeout(within_s):
            while True:
                for event in page.events[seen:]:
                    if event["event"] == kind and _holds(event, told):
                        return event
                seen = len(page.events)
                await page.next()

    async def counts(self, name: str, **told: Any) -> None:
        """Waits until a class is counted so."""
        page = self.pages[name]
        async with asyncio.timeout(8):
            while not any(_holds(one, told) for one in _counted(page.events)):
                await page.next()

    async def may_speak(self, name: str) -> None:
        """Waits until the page has heard that its class has an adult."""
        page = self.pages[name]
        async with asyncio.timeout(8):
            while _is_frozen(page.events):
                await page.next()

    def texts(self, name: str) -> str:
        return str(self.pages[name].events)


def _is_frozen(events: list[dict[str, Any]]) -> bool:
    """What a device has heard last of its class."""
    told = [
        one["state"] if one["event"] == "class" else one["classes"][0]
        for one in events
        if one["event"] in {"class", "room"}
    ]
    return bool(told[-1]["is_frozen"])


def _counted(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The classes as they were counted last."""
    found: list[dict[str, Any]] = [{}]
    for one in events:
        if one["event"] == "classes":
            found = one["classes"]
    return found


def _holds(event: dict[str, Any], told: dict[str, Any]) -> bool:
    """Whether the event, or the one thing it is about, tells this."""
    flat = dict(event)
    for thing in ("question", "state"):
        if isinstance(event.get(thing), dict):
            flat |= event[thing]
    return all(flat.get(name) == value for name, value in told.items())


@pytest.fixture
async def room(dsn: str, tmp_path: Path) -> AsyncIterator[Room]:
    async with live_house(dsn, tmp_path, Clock()) as there, AsyncExitStack() as stack:
        url = await stack.enter_async_context(listening(there.house.app))
        made = Room(there, url, stack)
        made.part = there.seat.session_class_id
        yield made


async def a_second_class(room: Room) -> tuple[str, str]:
    """Another teacher's class takes part; cookies of her and of a phone of it."""
    there, world = room.there, room.there.world
    now = there.house.clock()
    async with there.house.pool.acquire() as conn, conn.transaction():
        person = await people.a_teacher(conn, world.programme, world.school, name="Piet Smit")
        scope = teacher_scope(world.programme, person, world.school)
        made = await classes.create(conn, scope, world.school.id, "4A", "vwo", 4, "", 2, now)
        part = await room_sessions.take_part(conn, scope, there.room.id, made.id, now)
        key = (conn, world.programme.id, part.session_class_id, None, now)
        _, token = await seats.sit(*key)
    room.other_part = part.session_class_id
    return await there.cookie_of(person), f"seat={token}"


async def all_come(room: Room) -> None:
    """The company's editor who opened it, two teachers, two phones and a screen."""
    there = room.there
    other_teacher, other_phone = await a_second_class(room)
    async with there.house.pool.acquire() as conn, conn.transaction():
        key = (conn, there.world.programme.id, room.part, None, there.house.clock())
        _, room.screen = await seats.become_beamer(*key)
    await room.comes("moderator", await there.cookie_of(there.world.editor))
    await room.comes("teacher", await there.cookie_of(there.world.teacher))
    await room.comes("other teacher", other_teacher)
    await room.comes("screen", f"seat={room.screen}")
    await room.comes("phone", f"seat={there.token}")
    await room.comes("other phone", other_phone)
    await room.may_speak("phone")
    await room.may_speak("other phone")


async def test_a_question_goes_from_a_phone_to_the_stage_and_nobody_reads_it_before(
    room: Room,
) -> None:
    await all_come(room)
    held, plain = str(uuid4()), str(uuid4())
    assert await room.do("phone", do="ask", question=held, text=SECRET) == ""
    assert await room.do("phone", do="ask", question=plain, text=f"  {PLAIN} ") == ""
    waits = (await room.hears("teacher", "waiting", id=held))["question"]
    assert (waits["text"], waits["held_for"], waits["region"]) == (SECRET, ["phone"], "Twente")
    own = await room.hears("phone", "own_question", id=held)
    assert own["question"] == {"id": held, "state": "held", "held_for": ["phone"]}
    assert (await room.hears("screen", "counts", waiting=2))["votes"] == {}
    assert await room.do("moderator", do="move", question=plain, to="shown") == "not_now"
    assert await room.do("other teacher", do="move", question=plain, to="passed") == "not_allowed"
    assert await room.do("teacher", do="pass_all", part=str(room.part)) == ""
    passed = (await room.hears("moderator", "waiting", id=plain))["question"]
    assert (passed["text"], passed["class_name"]) == (PLAIN, "3B")
    assert await room.do("moderator", do="move", question=plain, to="on_stage") == ""
    for name in room.pages:
        shown = (await room.hears(name, "question", state="on_stage"))["question"]
        assert (shown["text"], shown["class_name"], shown["region"]) == (PLAIN, "3B", "Twente")
    assert await room.do("other phone", do="upvote", question=plain) == ""
    await room.hears("phone", "counts", votes={plain: 1})
    assert await room.do("moderator", do="move", question=plain, to="answered") == ""
    assert await room.do("teacher", do="move", question=held, to="archived") == ""
    await room.hears("phone", "own_question", state="archived")
    for name in room.pages.keys() - {"teacher"}:
        assert "12345678" not in room.texts(name)
    pool = room.there.house.pool
    assert await pool.fetchval("select count(*) from unseen_questions") == 0
    assert await pool.fetchval("select text from questions") == PLAIN
    assert not await pool.fetchval(
        "select bool_or(data::text ~ 'lasser|12345678') from room_events"
    )
    numbers = await pool.fetch("select number from room_events order by number")
    assert [row["number"] for row in numbers] == list(range(1, len(numbers) + 1))


async def test_a_moderator_is_told_per_class_how_well_the_stage_comes_in(room: Room) -> None:
    await all_come(room)
    await room.pages["phone"].pong(1, quality="good", rung="turn")
    told = {"part": str(room.part), "watching": 1, "worst": "good", "by_relay": 1}
    await room.counts("moderator", **told)
    await room.pages["phone"].pong(2, quality="poor", rung="udp")
    again = await room.comes("again", f"seat={room.there.token}")
    await again.pong(1, quality="fair")
    poor = {"watching": 2, "worst": "poor", "worst_count": 1, "by_relay": 0}
    await room.counts("moderator", part=str(room.part), **poor)
    await room.pages["phone"].pong(3)
    await room.counts("moderator", part=str(room.part), watching=1, worst="fair")
    assert "worst" not in room.texts("phone")


async def test_whoever_comes_back_sees_what_is_so(room: Room) -> None:
    await all_come(room)
    question, poll = str(uuid4()), str(uuid4())
    for _ in range(2):  # the answer was lost on the way
        assert await room.do("phone", do="ask", question=question, text=PLAIN) == ""
    asks = {"do": "open_poll", "poll": poll, "text": "Wat?", "choices": ["a", "b"]}
    assert await room.do("moderator", **asks) == ""
    assert await room.do("phone", do="vote", poll=poll, choices=[1]) == ""
    again = await room.comes("again", f"seat={room.there.token}")
    now = again.events[-1]
    assert now["own_questions"] == [{"id": question, "state": "asked", "held_for": []}]
    assert (now["voted"], now["polls"][0]["text"], now["questions"]) == ([poll], "Wat?", [])
    assert now["waiting"] == [] and "lasser" not in str(now)
    assert now["classes"][0]["part"] == str(room.part)
    teacher = await room.comes("same", await room.there.cookie_of(room.there.world.teacher))
    assert [one["text"] for one in teacher.events[-1]["waiting"]] == [PLAIN]


async def test_a_poll_counts_each_device_once_and_hands_beside(room: Room) -> None:
    await all_come(room)
    poll = str(uuid4())
    asks = {"do": "open_poll", "poll": poll, "text": "Wat?", "choices": ["a", "b"]}
    assert await room.do("teacher", **asks) == "not_allowed"
    assert await room.do("moderator", **asks) == ""
    for choice in (0, 1):
        assert await room.do("phone", do="vote", poll=poll, choices=[choice]) == ""
    counted = {"do": "count_hands", "poll": poll, "part": str(room.other_part)}
    assert await room.do("other teacher", **counted, counts=[2, 1]) == "hands_many"
    assert await room.do("other teacher", **counted, counts=[1, 1]) == ""
    result = await room.hears("moderator", "poll_result", votes=[0, 1], hands=[1, 1])
    assert result["voters"] == 1
    assert "poll_result" not in room.pages["phone"].kinds()
    assert await room.do("moderator", do="show_poll", poll=poll) == ""
    await room.hears("phone", "poll_result", votes=[0, 1], hands=[1, 1])


async def test_what_was_voted_last_is_the_moderators_before_it_is_shown(room: Room) -> None:
    """A poll closes upon its last votes, and her page is loaded anew."""
    await all_come(room)
    poll = str(uuid4())
    asks = {"do": "open_poll", "poll": poll, "text": "Wat?", "choices": ["a", "b"]}
    assert await room.do("moderator", **asks) == ""
    assert await room.do("phone", do="vote", poll=poll, choices=[1]) == ""
    assert await room.do("moderator", do="close_poll", poll=poll) == ""
    await room.hears("moderator", "poll_result", votes=[0, 1])
    await room.comes("again", await room.there.cookie_of(room.there.world.editor))
    await room.hears("again", "poll_result", votes=[0, 1])
    assert "poll_result" not in room.pages["phone"].kinds()


async def test_a_class_freezes_when_its_last_adult_is_gone_and_lifts_again(room: Room) -> None:
    await all_come(room)
    there = room.there
    await room.pages["other teacher"].socket.close()
    for name in ("teacher", "screen", "moderator"):
        await room.pages[name].pong(0)
    there.house.clock.move(seconds=6)
    await room.hears("other phone", "class", within_s=3, is_frozen=True)
    ask = {"do": "ask", "question": str(uuid4()), "text": PLAIN}
    assert await room.do("other phone", **ask) == "class_frozen"
    assert await room.do("phone", do="raise_hand") == ""
    count = room.pages["other phone"].kinds().count("class")
    person = await there.house.pool.fetchval(
        "select person_id from class_teachers t join session_classes c using (class_id) "
        "where c.id = $1",
        room.other_part,
    )
    async with there.house.pool.acquire() as conn, conn.transaction():
        token = await sign_ins.start(
            conn, person, now=there.house.clock(), programme_id=there.world.programme.id
        )
    await room.comes("back", f"{COOKIE}={token}")
    while room.pages["other phone"].kinds().count("class") == count:
        async with asyncio.timeout(2):
            await room.pages["other phone"].next()
    assert await room.do("other phone", **ask) == ""


async def offer(room: Room, seat: str) -> int:
    """What a device of a class is told that wants to send."""
    origin = {"origin": "http://testserver", "content-type": "application/sdp"}
    async with room.there.house.client(cookies={SEAT_COOKIE: seat}, headers=origin) as client:
        path = f"/rooms/{room.there.room.id}/whip?source=camera"
        return int((await client.post(path, content="v=0\r\n")).status_code)


async def test_hands_the_stage_reactions_and_a_muted_class(room: Room) -> None:
    await all_come(room)
    part = str(room.part)
    assert await room.do("phone", do="raise_hand") == ""
    hands = await room.hears("teacher", "hands", part=part)
    assert len(hands["hands"]) == 1
    await room.pages["phone"].say(do="react", kind="clap")
    for name in ("other phone", "moderator"):
        assert (await room.hears(name, "reactions"))["counts"] == {"clap": 1}
    assert await offer(room, room.screen) == 403
    assert await room.do("moderator", do="put_on_stage", part=part) == "no_consent"
    assert await room.do("teacher", do="consent", part=part, is_on=True) == ""
    assert await room.do("moderator", do="put_on_stage", part=part) == ""
    await room.hears("phone", "class", part=part, is_on_stage=True)
    assert await offer(room, room.screen) == 201
    [sent] = room.there.live.of(Publish)
    assert (sent.member, sent.is_recordable) == (room.part, False)
    assert await offer(room, room.there.token) == 403
    assert await room.do("moderator", do="mute_class", part=part) == ""
    await room.hears("phone", "class", part=part, is_on_stage=False)
    await until(lambda: [one.member for one in room.there.live.of(RemoveMember)] == [room.part])
    assert await offer(room, room.screen) == 403
    await room.hears("phone", "own_hand", is_on=False)
    assert await room.do("phone", do="raise_hand") == "class_muted"


async def test_a_removed_device_stays_out_and_newcomers_wait(room: Room) -> None:
    await all_come(room)
    there = room.there
    question = str(uuid4())
    assert await room.do("phone", do="ask", question=question, text="x") == ""
    seat = (await room.hears("teacher", "waiting"))["question"]["seat"]
    assert await room.do("other teacher", do="ban", seat=seat) == "not_allowed"
    assert await room.do("teacher", do="ban", seat=seat) == ""
    assert await room.pages["phone"].closed() == 1000
    assert room.pages["phone"].events[-1]["why"] == "removed"
    told = await there.live.next(RemoveCreator)
    assert told.creator == f"seat:{seat}", "what it watches under another name ends too"
    async with there.house.pool.acquire() as conn:
        key = (conn, there.world.programme.id, room.part)
        with pytest.raises(Refused, match="seat_banned"):
            await seats.sit(*key, there.token, there.house.clock())
        newcomer, _ = await seats.sit(*key, None, there.house.clock())
        why = await conn.fetchval("select end_reason from visits where seat_id = $1", UUID(seat))
    assert newcomer.is_waiting and why == "left", "no other device took its place"


async def test_who_is_on_the_way_out_is_answered_and_asks_nothing_more(room: Room) -> None:
    there = room.there
    page = await room.comes("phone", f"seat={there.token}")
    hub: RoomHub = there.house.app.state.floor.rooms["hub"]
    [line] = hub.open.lines.values()
    async with there.house.pool.acquire() as conn, conn.transaction():
        await conn.execute("select 1 from rooms where id = $1 for update", there.room.id)
        await page.say(do="raise_hand", request=1)
        await until(lambda: line.asked == 1)
        line.end(protocol.Closed("removed"))
        await page.say(do="raise_hand", request=2)
        await asyncio.sleep(0.1)
        assert line.asked == 1
    assert await page.closed() == 1000
    assert [one.get("request") for one in page.events[-2:]] == [1, None]


async def test_phases_running_order_cues_and_the_end(room: Room) -> None:
    await all_come(room)
    live, member = room.there.live, uuid4()
    track = Track(member, "camera", "video", 0, "H264", "flowing")
    live.tell(Told(stages=(Stage(room.there.room.id, 1, 3, (track,)),)))
    await room.hears("phone", "stage")
    assert await room.do("teacher", do="set_phase", to="paused") == "not_allowed"
    assert await room.do("moderator", do="set_phase", to="paused") == ""
    assert (await room.hears("phone", "phase"))["phase"] == "paused"
    assert (await room.hears("moderator", "host"))["name"] == "Sem Visser"
    await until(lambda: {(one.member, one.is_hidden) for one in live.of(Hide)} == {(member, True)})
    hers = UUID((await room.hears("moderator", "host"))["member"])
    hidden = Track(member, "camera", "video", 0, "H264", "hidden")
    own = Track(hers, "camera", "video", 1, "H264", "hidden")
    await room.there.house.pool.execute(
        "update room_presenters set hidden_at = now() where id = $1", hers
    )
    live.tell(Told(stages=(Stage(room.there.room.id, 1, 3, (hidden, own)),)))
    items = [{"title": "Rondleiding", "minutes": 20}]
    assert await room.do("moderator", do="set_order", items=items) == ""
    assert await room.do("moderator", do="go_to", item=0) == ""
    assert await room.do("moderator", do="set_timer", seconds=300) == ""
    assert await room.do("moderator", do="send_cue", cue="five_minutes") == ""
    assert (await room.hears("moderator", "cue"))["cue"] == "five_minutes"
    assert await room.do("moderator", do="set_phase", to="live") == ""
    # whoever hid herself stays hidden, whichever process hid the others
    await until(lambda: not live.of(Hide)[-1].is_hidden)
    assert {one.member for one in live.of(Hide) if not one.is_hidden} == {member}
    assert "cue" not in room.pages["phone"].kinds()
    assert await room.do("moderator", do="set_phase", to="ended") == ""
    assert await room.pages["phone"].closed() == 1000
    pool = room.there.house.pool
    assert await pool.fetchval("select closed_at is not null from rooms")
    assert await pool.fetchval("select count(*) from session_class_results") == 2


async def test_a_report_keeps_what_was_so(room: Room) -> None:
    await all_come(room)
    question = str(uuid4())
    assert await room.do("other phone", do="ask", question=question, text=PLAIN) == ""
    told = {"do": "report", "about": "question", "concern": "unkind", "question": question}
    assert await room.do("phone", **told) == "not_allowed"
    assert await room.do("other teacher", **told) == ""
    assert await room.do("phone", do="report", about="stage", concern="unsafe") == ""
    world, pool = room.there.world, room.there.house.pool
    officer = Scope(world.programme.id, world.editor.id, (Grant("safeguarding"),))
    async with pool.acquire() as conn:
        found = {one.told_by: one for one in await incidents.of_programme(conn, officer)}
        assert found["teacher"].evidence["question"]["text"] == PLAIN
        assert found["teacher"].class_name == "4A"
        assert (found["pupil"].class_name, found["pupil"].evidence["question"]) == ("3B", None)
        await incidents.see(conn, officer, found["pupil"].id, room.there.house.clock())
        for scope in (world.scope, Scope(uuid4(), officer.person_id, officer.grants)):
            with pytest.raises(NotThere):
                await incidents.see(conn, scope, found["pupil"].id, room.there.house.clock())
    for _ in range(2):
        assert await room.do("phone", do="report", about="stage", concern="unsafe") == ""
    assert await room.do("phone", do="report", about="stage", concern="unsafe") == "too_many"


async def test_any_process_serves_the_room(room: Room, dsn: str, tmp_path: Path) -> None:
    there = room.there
    other = await room.stack.enter_async_context(house(dsn, tmp_path, there.house.clock))
    url = await room.stack.enter_async_context(listening(other.app))
    await room.comes("phone", f"seat={there.token}")
    await room.comes("teacher", await there.cookie_of(there.world.teacher), url)
    await room.may_speak("phone")
    names = [str(uuid4()) for _ in range(3)]
    for name in names:
        assert await room.do("phone", do="ask", question=name, text=PLAIN) == ""
    moves = [("teacher", {"do": "move", "question": name, "to": "shown"}) for name in names]
    raised = [("phone", {"do": "raise_hand", "is_on": True})]
    answers = await asyncio.gather(
        *(room.do(who, **command) for who, command in raised + moves[:1])
    )
    assert answers == ["", ""]
    for who, command in moves[1:]:
        assert await room.do(who, **command) == ""
    for name in names:
        await room.hears("phone", "question", id=name, state="shown")
        await room.hears("teacher", "question", id=name, state="shown")
    await room.pages["phone"].say(do="react", kind="wow")
    assert (await room.hears("teacher", "reactions"))["counts"] == {"wow": 1}
    numbers = await there.house.pool.fetch("select number from room_events order by number")
    assert [row["number"] for row in numbers] == list(range(1, len(numbers) + 1))


async def test_while_the_database_is_away_nothing_is_said_to_be_done(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await all_come(room)
    ask = {"do": "ask", "question": str(uuid4()), "text": PLAIN}
    with monkeypatch.context() as broken:
        broken.setattr(questions, "keep", away)
        assert await room.do("phone", **ask) == "try_again"
        assert await room.there.house.pool.fetchval("select count(*) from unseen_questions") == 0
    assert await room.do("phone", **ask) == ""
    await room.hears("teacher", "waiting", id=ask["question"])


async def away(*_: Any) -> None:
    """The connection breaks before the commit."""
    raise OSError("away")


async def test_with_one_class_its_teacher_is_the_moderator(room: Room) -> None:
    there = room.there
    teacher = await room.comes("teacher", await there.cookie_of(there.world.teacher))
    assert teacher.events[0]["is_moderator"]
    await room.comes("phone", f"seat={there.token}")
    await room.may_speak("phone")
    question = str(uuid4())
    assert await room.do("phone", do="ask", question=question, text=PLAIN) == ""
    assert await room.do("teacher", do="move", question=question, to="on_stage") == ""
    await room.hears("phone", "question", state="on_stage")
    await a_second_class(room)
    await room.hears("phone", "question", state="passed", text="")
    async with asyncio.timeout(4):
        while teacher.events[-1]["event"] != "room":
            await teacher.next()
    assert await room.do("teacher", do="move", question=question, to="on_stage") == "not_now"


async def test_what_nobody_let_through_is_gone_a_day_after(room: Room) -> None:
    await all_come(room)
    assert await room.do("phone", do="ask", question=str(uuid4()), text=SECRET) == ""
    assert await room.do("moderator", do="set_phase", to="ended") == ""
    clock, pool = room.there.house.clock, room.there.house.pool
    async with pool.acquire() as conn:
        assert await questions.drop_unseen(conn, clock()) == 0
        clock.move(hours=24, seconds=1)
        assert await questions.drop_unseen(conn, clock()) == 1
