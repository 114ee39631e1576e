"""A live process that cannot keep up takes nobody in any more, until it can."""

import asyncio
import socket
from pathlib import Path
from uuid import uuid4

import pytest

from media.errors import LiveError
from media.live.messages import Open, Subscribe
from media.live.port import MOST_AT_ONCE
from media.live.process import BEHIND_S, LiveProcess, LiveSettings


async def test_who_comes_while_more_arrives_than_is_dealt_with_is_sent_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = LiveSettings(("127.0.0.1",), 0, ("127.0.0.1",), tmp_path / "control")
    async with LiveProcess(settings, lambda stage: None) as process:
        room = uuid4()
        process.do(Open(room, 1))
        clock = process._port.clock
        await flood(process.port, MOST_AT_ONCE * 3 // 2)
        monkeypatch.setattr(process._port, "clock", lambda: clock() + BEHIND_S)
        assert code_of(process, Subscribe(room, 1, uuid4(), "me", "v=0")) == "live_overloaded"
        await asyncio.sleep(0.1)  # all of it is dealt with
        assert code_of(process, Subscribe(room, 1, uuid4(), "me", "v=0")) == "bad_offer"


async def test_a_turn_that_takes_all_there_was_is_not_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = LiveSettings(("127.0.0.1",), 0, ("127.0.0.1",), tmp_path / "control")
    async with LiveProcess(settings, lambda stage: None) as process:
        room = uuid4()
        process.do(Open(room, 1))
        clock = process._port.clock
        await flood(process.port, MOST_AT_ONCE)  # and then nothing, for ever
        assert process._port.counted["junk"] == MOST_AT_ONCE
        monkeypatch.setattr(process._port, "clock", lambda: clock() + BEHIND_S)
        assert code_of(process, Subscribe(room, 1, uuid4(), "me", "v=0")) == "bad_offer"


async def flood(port: int, datagrams: int) -> None:
    """So many at once; then one turn."""
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        for _ in range(datagrams):
            sock.sendto(b"\xff junk", ("127.0.0.1", port))
    for _ in range(2):  # what is readable is read after who was ready before
        await asyncio.sleep(0)


def code_of(process: LiveProcess, ask: Subscribe) -> str:
    """How it is refused."""
    with pytest.raises(LiveError) as refusal:
        process.do(ask)
    return refusal.value.code
