"""A connection that has ended is forgotten at once, not at the next full collection."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from media.live import dtls
from media.live.dtls import IceStandIn
from media.live.messages import Open
from media.live.peer import CONSENT_S, RESTART_WITHIN_S, Peer
from media.live.process import PARTS, LiveProcess, LiveSettings


class Doorless:
    """As much of a port as a peer needs that nobody reaches."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()
        self.clock = time.monotonic

    def expect(self, peer: Peer, ufrag: str) -> None:
        """Nobody comes."""

    def forget(self, peer: Peer) -> None:
        """Nothing was remembered."""

    def forget_fragment(self, ufrag: str) -> None:
        """Nor this."""


class Side:
    """Holds its peer, as a viewer does."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.why = ""
        peer.side = cast(Any, self)

    def gone(self, why: str) -> None:
        """Notes why."""
        self.why = why


async def test_nothing_waits_for_the_collector() -> None:
    peer = Peer(cast(Any, Doorless()), dtls.new_certificate(), (), ())
    side, there = Side(peer), weakref.ref(peer)
    running = asyncio.create_task(peer.run())
    await asyncio.sleep(0)
    peer.end("left")
    await running
    gc.disable()
    try:
        assert side.why == "left"
        del peer, side, running
        assert there() is None
    finally:
        gc.enable()


async def test_a_fault_at_the_end_is_no_other_connections() -> None:
    class Faulty(Side):
        def gone(self, why: str) -> None:
            raise RuntimeError(why)

    peer = Peer(cast(Any, Doorless()), dtls.new_certificate(), (), ())
    Faulty(peer)
    async with asyncio.timeout(5), asyncio.TaskGroup() as others:
        others.create_task(peer.run())
        peer.end("left")
    assert peer.side is None


def test_a_fault_in_looking_after_one_ends_that_one_alone(tmp_path: Path) -> None:
    class Watching(Side):
        has_flowed = is_connected = False
        looks = 0

        def tick(self, now: float) -> None:
            self.looks += 1
            if self is faulty:
                raise RuntimeError(now)

    certificate = dtls.new_certificate()
    faulty, well = (Watching(Peer(cast(Any, Doorless()), certificate, (), ())) for _ in range(2))
    settings = LiveSettings(("127.0.0.1",), 0, ("127.0.0.1",), tmp_path / "control")
    process, room = LiveProcess(settings, lambda stage: None), uuid4()
    process.do(Open(room, 1))
    stage = process.stages[room]
    stage.subscribers = cast(Any, {"faulty": faulty, "well": well})
    for turn in range(PARTS):
        process._tick(stage, turn, 1.0)
    assert (faulty.looks, faulty.peer.why) == (1, "failed")
    assert (well.looks, well.peer.why) == (1, "")


async def test_what_was_let_go_of_sends_no_more() -> None:
    sent: list[bytes] = []
    stand_in = IceStandIn(sent.append)
    await stand_in._send(b"goodbye")
    stand_in.let_go()
    with pytest.raises(ConnectionError):
        await stand_in._send(b"more")
    assert sent == [b"goodbye"]


async def test_what_is_made_for_some_seconds_ends_by_itself() -> None:
    door = Doorless()
    peer = Peer(cast(Any, door), dtls.new_certificate(), (), (), lasts_s=15.0)
    made_at = time.monotonic()
    peer.tick(made_at + 14.9)
    assert peer.why == ""
    peer.tick(made_at + 15.1)
    assert peer.why == "left"


async def test_who_gives_no_sign_for_half_a_minute_gets_nothing_more() -> None:
    """RFC 7675. Each signed check is one."""
    door = Doorless()
    peer = Peer(cast(Any, door), dtls.new_certificate(), (), ())
    peer.srtp = cast(Any, object())
    path = cast(Any, SimpleNamespace(address=("127.0.0.1", 1), rung="udp"))
    peer.tick(peer.heard_at + CONSENT_S - 1)
    assert peer.why == ""
    door.clock = lambda: peer.heard_at + CONSENT_S - 1
    peer.checked(path, peer.ours.ufrag, is_nominated=True)
    peer.tick(peer.heard_at + CONSENT_S)
    assert peer.why == ""
    peer.tick(peer.heard_at + CONSENT_S + 1)
    assert peer.why == "lost"


async def test_names_from_before_a_restart_are_good_for_half_a_minute() -> None:
    peer = Peer(cast(Any, Doorless()), dtls.new_certificate(), (), ())
    before, etag = peer.ours, peer.etag
    peer.restart(("theirs", "password"))
    assert peer.etag != etag and peer.credentials(before.ufrag) is before
    peer.tick(time.monotonic() + RESTART_WITHIN_S - 1)
    assert peer.credentials(before.ufrag) is before
    peer.tick(time.monotonic() + RESTART_WITHIN_S + 1)
    assert peer.credentials(before.ufrag) is None
    assert peer.credentials(peer.ours.ufrag) is peer.ours
