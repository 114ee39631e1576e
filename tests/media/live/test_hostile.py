"""Bad input from strangers and from peers gone bad: bounded memory, no traceback, nobody disturbed.

Each test has a presenter and a viewer in a room that the attacker has nothing to do with; what
they notice of it is measured, apart from how late this machine is by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass

import psutil
import pytest

from media.errors import CODES
from media.live.messages import Remove
from tests.media.live.rooms import Room, gets
from tests.support.live import descriptions
from tests.support.live.control import CREATOR, Refused
from tests.support.live.descriptions import VP8, Sent
from tests.support.live.presenter import Presenter
from tests.support.live.process import ROOT
from tests.support.live.viewer import Viewer
from tests.support.live.wire import Wire, keyframe_wanted, nack, receiver_report

GAP_S = 0.5
GROWTH_BYTES = 20_000_000
LOG_BYTES = 60_000
AMPLIFICATION = 3
FLOOD_PER_S, FLOOD_PACKETS = 20_000, 80_000
STREAM_BYTES_PER_S = 1_600_000 / 8 * 1.1
MUTATIONS = 2_000  # of the parser alone there are more in test_sdp


@dataclass
class Bystanders:
    """A presenter and a viewer of another room, and the memory of the process as it was."""

    presenter: Presenter
    viewer: Viewer
    process: psutil.Process
    resident: int
    descriptors: int
    said: int

    async def during(self, attack: Awaitable[object]) -> None:
        """Waits for the attack's end; the viewer must not have noticed."""
        self.viewer.longest_gap_s, late = 0.0, asyncio.create_task(_lateness())
        try:
            await attack
            await gets(self.viewer, 50)
            gap_s = self.viewer.longest_gap_s
        finally:
            late.cancel()
        own_s = (await asyncio.gather(late, return_exceptions=True))[0]
        assert gap_s < GAP_S + (own_s if isinstance(own_s, float) else 0.0)

    def grown_bytes(self) -> int:
        """How much more memory the process holds."""
        return int(self.process.memory_info().rss) - self.resident


async def _lateness() -> float:
    """How late this very process was at worst, until cancelled: that is nobody's fault."""
    worst, due = 0.0, time.monotonic()
    try:
        while True:
            due += 0.02
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            worst, due = max(worst, time.monotonic() - due), time.monotonic()
    except asyncio.CancelledError:
        return worst


@pytest.fixture
async def bystanders(room: Room) -> AsyncIterator[Bystanders]:
    """Two who have nothing to do with it; afterwards nothing may be left of the attack."""
    async with room.presenting() as presenter, room.watching() as viewer:
        process = psutil.Process(room.live.pid)
        yield Bystanders(
            presenter,
            viewer,
            process,
            process.memory_info().rss,
            process.num_fds(),
            len(room.live.said),
        )
        said = room.live.said
        assert "Traceback" not in said, said
        assert len(said) < LOG_BYTES, said[-3000:]


@pytest.fixture
async def elsewhere(room: Room, bystanders: Bystanders) -> Room:
    """Another room of the same process: the attacker's."""
    return await Room(room.live, room.control).open()


@pytest.mark.slow
async def test_junk_at_20000_packets_a_second(elsewhere: Room, bystanders: Bystanders) -> None:
    waiting = Wire()
    offer = descriptions.viewer_offer(waiting.identity)
    ufrag = descriptions.read(await elsewhere.viewer()(offer)).ufrag
    told: dict[str, int] = {}

    async def attack() -> None:
        words = ("127.0.0.1", str(elsewhere.live.port), str(FLOOD_PER_S), str(FLOOD_PACKETS), ufrag)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.live.flood", *words,
            cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, _ = await process.communicate()
        told.update(json.loads(said))

    await bystanders.during(attack())
    assert told["sent"] == FLOOD_PACKETS, "the flood itself took more than half a minute"
    assert told["back_bytes"] <= told["sent_bytes"] * AMPLIFICATION
    assert told["back"] == 0, "a stranger is not answered"
    assert bystanders.grown_bytes() < GROWTH_BYTES
    # it was really looked at, and a viewer who has the password still gets in
    assert await elsewhere.counted("junk_total") > 1000
    async with elsewhere.presenting(), elsewhere.watching() as viewer:
        await gets(viewer)


@pytest.mark.slow
async def test_mutated_offers(elsewhere: Room, bystanders: Bystanders) -> None:
    chance = random.Random(11)
    wire = Wire()
    offers = [
        descriptions.presenter_offer(wire.identity, Sent()),
        descriptions.viewer_offer(wire.identity),
    ]
    answered = refused = 0

    async def attack() -> None:
        nonlocal answered, refused
        for number in range(MUTATIONS):
            is_viewer = number % 2
            offer = mutated(offers[is_viewer], chance)
            ask = elsewhere.subscribe if is_viewer else elsewhere.publish
            try:
                resource = (await ask(offer)).resource
            except Refused as refusal:
                assert refusal.code in CODES
                refused += 1
            else:
                answered += 1
                await elsewhere.control.ask(Remove(elsewhere.id, resource, CREATOR))

    await bystanders.during(attack())
    assert answered > 100 and refused > 100, (answered, refused)
    assert bystanders.grown_bytes() < GROWTH_BYTES


def mutated(offer: str, chance: random.Random) -> str:
    """The offer with one to four faults."""
    lines = offer.split("\r\n")
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[chance.randrange(len(lines))])
            case 2:
                lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
            case 3:
                lines[at] += chance.choice([" ", "\0", "9" * 400, " a=b", "ÿ", ":", "-1"])
            case 4:
                lines[at] = _with_digit(lines[at], chance)
            case 5:
                other = chance.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
        lines = lines or [""]
    return "\r\n".join(lines)


def _with_digit(line: str, chance: random.Random) -> str:
    at = chance.randrange(len(line) + 1)
    return line[:at] + chance.choice("0123456789:/ =*") + line[at + 1 :]


async def test_a_thousand_sources_from_one_publisher(
    elsewhere: Room, bystanders: Bystanders
) -> None:
    async with elsewhere.presenting() as bad, elsewhere.watching() as viewer:

        async def attack() -> None:
            for number in range(10_000):
                head = struct.pack("!BBHLL", 0x80, VP8, number & 0xFFFF, 0, number % 1000 + 1)
                bad.wire.send(head + bytes(300))
                if number % 50 == 0:
                    await asyncio.sleep(0.01)

        await bystanders.during(attack())
        await gets(viewer)
        assert bystanders.grown_bytes() < GROWTH_BYTES


async def test_a_flood_of_feedback_from_one_viewer(elsewhere: Room, bystanders: Bystanders) -> None:
    async with (
        elsewhere.presenting() as presenter,
        elsewhere.watching() as quiet,
        elsewhere.watching() as bad,
    ):
        asked, octets = presenter.key_requests, bad.octets
        began = time.monotonic()

        async def attack() -> None:
            for number in range(3_000):
                newest = bad.highest.get(bad.video, 0)
                wanted = [newest - n for n in range(200)]
                bad.wire.send(nack(bad.ssrc, bad.video, wanted))
                bad.wire.send(keyframe_wanted(bad.ssrc, bad.video))
                bad.wire.send(receiver_report(bad.ssrc, [(n, n) for n in range(31)]))
                bad.wire.send(b"\x8f\xce\xff\xff" + bytes(200))
                if number % 20 == 0:
                    await asyncio.sleep(0.02)

        await bystanders.during(attack())
        took_s = time.monotonic() - began
        assert presenter.key_requests - asked <= took_s / 0.5 + 2
        assert bad.octets - octets <= (took_s + 1) * STREAM_BYTES_PER_S * AMPLIFICATION
        assert quiet.packets
        assert bystanders.grown_bytes() < GROWTH_BYTES


async def test_replayed_packets_are_heard_once(elsewhere: Room, bystanders: Bystanders) -> None:
    async with elsewhere.presenting() as presenter, elsewhere.watching() as viewer:
        sent: list[bytes] = []
        protect = presenter.wire.protect

        def keeping(packet: bytes) -> bytes:
            sent.append(protect(packet))
            return sent[-1]

        presenter.wire.protect = keeping  # type: ignore[method-assign]
        await gets(viewer)
        stranger = Wire()
        before, began, kept = viewer.packets, presenter.packets, sent[:]

        async def attack() -> None:
            for number, packet in enumerate(kept * 20):
                presenter.wire.send_raw(packet)
                if number % 50 == 0:
                    await asyncio.sleep(0.005)

        await bystanders.during(attack())
        await gets(viewer)
        assert viewer.packets - before <= (presenter.packets - began) + 20
        assert not viewer.wire.undecryptable
        await stranger.close()


@pytest.mark.slow
async def test_connections_that_say_nothing(elsewhere: Room, bystanders: Bystanders) -> None:
    """Slow-loris on the TCP port, from another address than the viewer's."""
    opened: list[asyncio.StreamWriter] = []

    async def attack() -> None:
        for number in range(300):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(
                    "127.0.0.1", elsewhere.live.port, local_addr=("127.0.0.2", 0)
                )
                opened.append(writer)
                if number % 2:
                    writer.write(b"\x00")
        async with elsewhere.presenting(over="tcp"), elsewhere.watching(over="tcp") as viewer:
            await gets(viewer)
        assert bystanders.process.num_fds() < bystanders.descriptors + 250
        async with asyncio.timeout(20):
            while bystanders.process.num_fds() > bystanders.descriptors + 4:
                await asyncio.sleep(0.2)

    try:
        await bystanders.during(attack())
    finally:
        for writer in opened:
            writer.close()


async def test_junk_over_tcp_is_hung_up_on(elsewhere: Room, bystanders: Bystanders) -> None:
    for first in (b"GET / HTTP/1.1\r\n\r\n", b"\xff\xff" + bytes(100), b"\x00\x04\x16abc",
                  b"\x00\x00", b"\x00\x14" + bytes(20)):  # fmt: skip
        reader, writer = await asyncio.open_connection("127.0.0.1", elsewhere.live.port)
        writer.write(first)
        if first[:2] != b"\x00\x14":  # a check without a name may be tried again
            async with asyncio.timeout(5):
                assert await end_of(reader) == b""
        writer.close()
    await gets(bystanders.viewer, 20)


async def end_of(reader: asyncio.StreamReader) -> bytes:
    """What comes until the other side hangs up, however rudely."""
    with contextlib.suppress(ConnectionResetError):
        return await reader.read()
    return b""


async def test_nobody_learns_where_others_are(elsewhere: Room, bystanders: Bystanders) -> None:
    wire = Wire()
    wire.show("127.0.0.1")
    for offer, exchange in (
        (descriptions.viewer_offer(wire.identity), elsewhere.viewer()),
        (descriptions.presenter_offer(wire.identity, Sent()), elsewhere.publisher()),
    ):
        answer = await exchange(offer)
        assert wire.identity.at is not None
        assert str(wire.identity.at[1]) not in answer
        assert {port for _, port in descriptions.read(answer).udp} == {elsewhere.live.port}
    await wire.close()
