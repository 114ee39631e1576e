"""The line to the live process: answers find their questions, and it is made again when cut."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest

from media.errors import LiveError
from media.live.messages import (
    LINE_BYTES,
    Close,
    Counted,
    Done,
    Listen,
    Listening,
    Patch,
    Patched,
    Presence,
    Roll,
    RollCall,
    Stats,
    Told,
    Want,
)
from server import live_link
from server.live_link import LiveLink
from tests.support.scripted_live import ScriptedLive, refuse, scripted_live
from tests.support.waiting import until

CLOSE = Close(uuid4(), 1)


@dataclass
class Heard:
    """Keeps what the line says."""

    processes: list[Listening] = field(default_factory=list)
    tolds: list[Told] = field(default_factory=list)
    losses: int = 0

    def connected(self, link: LiveLink, listening: Listening) -> None:
        self.processes.append(listening)

    def told(self, link: LiveLink, told: Told) -> None:
        self.tolds.append(told)

    def lost(self, link: LiveLink) -> None:
        self.losses += 1


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[ScriptedLive]:
    async with scripted_live(tmp_path / "live.sock") as running:
        yield running


@pytest.fixture
async def heard() -> Heard:
    return Heard()


@pytest.fixture
async def link(live: ScriptedLive, heard: Heard) -> AsyncIterator[LiveLink]:
    async with LiveLink(live.address, heard) as made:
        await until(lambda: made.is_connected)
        yield made


async def refused(link: LiveLink) -> str:
    with pytest.raises(LiveError) as caught:
        await link.ask(CLOSE, Done)
    return caught.value.code


async def test_it_listens_first_and_says_which_process_answers(
    live: ScriptedLive, link: LiveLink, heard: Heard
) -> None:
    assert isinstance(live.asked[0], Listen)
    assert [one.process for one in heard.processes] == [live.process]
    assert link.listening == heard.processes[0]


async def test_every_answer_finds_its_question(live: ScriptedLive, link: LiveLink) -> None:
    live.answers[Patch] = lambda ask: Patched(ask.resource)
    asked = [Patch(uuid4(), str(number), "me", "", "") for number in range(200)]
    answers = await asyncio.gather(*(link.ask(one, Patched) for one in asked))
    assert [one.etag for one in answers] == [str(number) for number in range(200)]


async def test_a_refusal_is_raised_with_its_code(live: ScriptedLive, link: LiveLink) -> None:
    live.answers[Close] = refuse("stale_epoch")
    assert await refused(link) == "stale_epoch"


@pytest.mark.parametrize(
    "answer", [refuse("never_heard_of"), refuse("too_large"), Counted(0, {}, {})]
)
async def test_an_answer_that_makes_no_sense_is_none(
    live: ScriptedLive, link: LiveLink, answer: object
) -> None:
    live.answers[Close] = answer  # type: ignore[assignment]
    assert await refused(link) == "live_away"


async def test_who_gets_no_answer_waits_no_longer_than_the_deadline(
    live: ScriptedLive, link: LiveLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_link, "ANSWER_WITHIN_S", 0.1)
    live.answers[Close] = lambda _: None
    assert await refused(link) == "live_away"
    live.answers[Stats] = Counted(7, {}, {})
    assert (await link.ask(Stats(), Counted)).started_at == 7


async def test_no_more_ask_than_may_wait(
    live: ScriptedLive, link: LiveLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_link, "MOST_OPEN", 3)
    live.answers[Close] = lambda _: None
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(refused(link)) for _ in range(3)]
        await live.next(Close, 3)
        assert await refused(link) == "live_overloaded"
        await live.kill()
    assert [one.result() for one in waiting] == ["live_away"] * 3


async def test_a_process_that_reads_nothing_is_not_written_full(
    live: ScriptedLive, link: LiveLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_link, "MOST_UNSENT_BYTES", -1)
    assert await refused(link) == "live_overloaded"


async def test_what_is_told_is_heard_between_the_answers(
    live: ScriptedLive, link: LiveLink, heard: Heard
) -> None:
    said = Presence(uuid4(), 1, uuid4(), "r", "viewer", 1, 0, "connected")
    live.tell(Told(3, (said,)))
    await link.ask(CLOSE, Done)
    assert heard.tolds == [Told(3, (said,))]


async def test_nobody_there_is_said_at_once(tmp_path: Path, heard: Heard) -> None:
    async with LiveLink(tmp_path / "nobody.sock", heard) as link:
        async with asyncio.timeout(0.5):
            assert await refused(link) == "live_away"
    assert (heard.processes, heard.losses) == ([], 0)


async def test_a_killed_process_is_found_again(
    live: ScriptedLive, link: LiveLink, heard: Heard
) -> None:
    live.answers[Close] = lambda _: None
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(refused(link))
        await live.next(Close)
        await live.kill()
    assert waiting.result() == "live_away"
    await until(lambda: heard.losses == 1)
    assert await refused(link) == "live_away"
    del live.answers[Close]
    await live.start()
    await until(lambda: link.is_connected, within_s=1.5)
    assert await link.ask(CLOSE, Done) == Done()
    assert [one.process for one in heard.processes][-1] == live.process
    assert heard.processes[0].process != live.process


@pytest.mark.parametrize(
    "line",
    [b"this is not JSON\n", b'{"id":0,"re":{"re":"nonsense"}}\n', b"x" * (LINE_BYTES + 10) + b"\n"],
    ids=["junk", "unknown", "too long"],
)
async def test_a_line_that_cannot_be_read_cuts_it(
    live: ScriptedLive, link: LiveLink, heard: Heard, line: bytes
) -> None:
    live.listeners[0].write(line)
    await until(lambda: heard.losses == 1 and link.is_connected)
    assert await link.ask(CLOSE, Done) == Done()


async def test_a_stranger_at_the_address_is_not_listened_to(
    live: ScriptedLive, heard: Heard
) -> None:
    live.answers[Listen] = Done()
    async with LiveLink(live.address, heard) as link:
        await live.next(Listen, 2)
        assert await refused(link) == "live_away"
    assert heard.processes == []


async def test_a_live_process_of_before_is_asked_nothing_it_does_not_know(
    tmp_path: Path, heard: Heard
) -> None:
    """Web is updated first: on what an older process cannot read it hangs up."""
    asked: list[str] = []

    async def older(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            ask = json.loads(line)
            asked.append(ask["ask"]["do"])
            told = {"re": "listening", "process": str(uuid4()), "stages": []}
            known = {"listen": told, "close": {"re": "done"}}
            if asked[-1] not in known:
                break
            writer.write(json.dumps({"id": ask["id"], "re": known[asked[-1]]}).encode() + b"\n")
        writer.close()

    path = tmp_path / "older.sock"
    async with (
        await asyncio.start_unix_server(older, str(path)),
        LiveLink(path, heard) as link,
    ):
        await until(lambda: link.is_connected)
        with pytest.raises(LiveError, match="live_too_old"):
            await link.ask(RollCall(), Roll)
        assert await link.ask(CLOSE, Done) == Done()
        assert asked == ["listen", "close"] and heard.losses == 0


async def test_who_gave_up_leaves_nothing_behind(live: ScriptedLive, link: LiveLink) -> None:
    live.answers[Want] = lambda _: None
    task = asyncio.create_task(link.ask(Want(uuid4(), uuid4(), "low"), Done))
    await live.next(Want)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert link._open == {}
