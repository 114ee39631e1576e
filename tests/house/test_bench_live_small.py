"""The machinery of `make bench ARGS=tests/bench/live` on a tiny scale: it measures, and the right
thing. What the figures are is said by `make bench` on a quiet machine.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import struct
from pathlib import Path

import pytest

from tests.bench import cost
from tests.bench.live import (
    test_bad_wire,
    test_fanout,
    test_first_picture,
    test_hide,
    test_killed,
    test_leaks,
    test_scale,
)
from tests.bench.live.receiver import Receiver, build
from tests.bench.live.stand import Spent
from tests.support.live.process import LIBRARY
from tests.support.waiting import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(shutil.which("cc") is None, reason="the receiver needs a C compiler: cc"),
]

PACKETS_PER_S = 246  # what the presenter sends
BUSY = 0.5  # a machine that does much else keeps up with half of it
SETTLED_S = 0.3


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing measured here is kept; a climb, which counts no packets, does not wait for them."""

    async def settle() -> None:
        await asyncio.sleep(SETTLED_S)

    monkeypatch.setattr(test_scale, "settle", settle)
    folder = tmp_path / "results"
    monkeypatch.setattr(cost, "RESULTS", folder)
    return folder


async def test_packets_are_counted_and_timed_and_cpu_is_the_servers(
    tmp_path: Path, results: Path
) -> None:
    ways = {test_fanout.PYTHON, test_fanout.COMPILED} if LIBRARY.exists() else {test_fanout.PYTHON}
    rounds = await test_fanout.side_by_side(tmp_path, viewers=6, rounds=1, seconds=1.5, ways=ways)
    for [spent] in rounds.values():
        looks_right(spent, 6)


async def test_what_comes_late_is_neither_missing_nor_more_than_was_sent(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        receiver = Receiver(build(tmp_path))
        number = receiver.watch(theirs.fileno())

        async def comes(*sequence: int) -> int:
            packets = receiver.got([number]).packets + len(sequence)
            for each in sequence:
                ours.send(struct.pack("!BBHII", 0x80, 96, each % 65_536, 0, 7) + bytes(100))
            await until(lambda: receiver.got([number]).packets == packets)
            return receiver.got([number]).missing

        await comes(65_530, 65_531, 65_533)
        receiver.measure(True)
        assert await comes(65_532) == 0, "sent before"
        assert await comes(65_534, 65_536, 65_536) == 1, "twice is once"
        assert await comes(65_535, 65_538) == 1, "late"
        receiver.measure(False)
        assert await comes(65_539, 65_542, 65_540) == 1, "sent afterwards"
        assert await comes(65_537) == 0
        receiver.measure(True)
        assert await comes(65_543 + 5_000) == 5_000
        receiver.drop(number)


async def test_janus_is_measured_the_same_way(tmp_path: Path) -> None:
    ways = {test_fanout.JANUS}
    [[spent]] = (
        await test_fanout.side_by_side(tmp_path, viewers=3, rounds=1, seconds=1.0, ways=ways)
    ).values()
    looks_right(spent, 3)


def looks_right(spent: Spent, viewers: int) -> None:
    """Nearly all that was sent came to everybody, was timed, and cost something."""
    assert spent.got["viewers"] == viewers
    expected = PACKETS_PER_S * viewers * spent.got["seconds"]
    assert expected * BUSY < spent.got["packets"] < expected * 2
    assert spent.missing < 0.05
    assert spent.got["undecryptable"] == 0
    assert spent.got["timed"] > spent.got["packets"] / 2
    assert 0 <= spent.late_ms(0.5) <= spent.late_ms(0.99) < 5_000
    assert 0 < spent.cpu_s < spent.got["seconds"]


def test_a_table_of_rounds(results: Path) -> None:
    def spent(cpu_s: float, p99: float) -> Spent:
        late = {"0.5": 1.0, "0.9": 2.0, "0.99": p99, "1.0": 9.0}
        return Spent({"packets": 1000, "missing": 1, "seconds": 2.0, "viewers": 5, "cpu_s": cpu_s,
                      "late_ms": late, "on_purpose_ms": 0.5})  # fmt: skip

    ours, janus = [spent(0.002, 3.0), spent(0.004, 5.0)], [spent(0.004, 4.0), spent(0.008, 6.0)]
    assert test_fanout.ratio(ours, janus) == 0.5
    assert test_fanout.late(janus, 0.99) == 5.0
    rounds = {test_fanout.PYTHON: ours, test_fanout.COMPILED: ours, test_fanout.JANUS: janus}
    text = test_fanout.write(rounds, rounds).read_text()
    assert "| ours, pure Python / Janus, CPU | 0.50 | ≤ 0.65 |" in text
    assert "3.00 µs" in text and "0.0999%" in text


async def test_viewers_come_step_by_step(tmp_path: Path) -> None:
    [steps] = (
        await test_scale.climbs(tmp_path, (2, 4), 0.5, 1, ways={"pure Python": None})
    ).values()
    assert [step.viewers for step in steps] == [2, 4]
    assert all(step.resident > 10_000_000 for step in steps)
    assert not any(step.dropped for step in steps)
    joined_ms = await test_scale.join_ms(tmp_path / "joins", None, 4)
    assert 0.1 < joined_ms < 200
    assert "memory per viewer" in test_scale.write({"pure Python": steps}, joined_ms).read_text()


async def test_first_pictures_and_their_age(tmp_path: Path) -> None:
    seen_s, aged_ms = await test_first_picture.singles(tmp_path / "singles", 2, 1.0)
    assert len(seen_s) == 2 and 0 < seen_s[0] <= seen_s[1] < 15
    assert aged_ms and 0 < aged_ms[0] < 5_000
    crowd_s = await test_first_picture.crowd(tmp_path / "crowd", 5, 0.5)
    assert len(crowd_s) == 5 and crowd_s[-1] < 30
    assert "glass to glass" in test_first_picture.write(seen_s, crowd_s, aged_ms).read_text()


async def test_comings_and_goings(tmp_path: Path) -> None:
    before, after = await test_leaks.come_and_go(tmp_path, joins=9, each=3)
    assert after.viewers == 0
    assert after.descriptors == before.descriptors
    assert after.tasks == before.tasks
    assert after.resident < before.resident * 1.3
    assert "descriptors" in test_leaks.write(before, after).read_text()


@pytest.mark.browser
async def test_bad_wires_in_a_browser(tmp_path: Path) -> None:
    lossy, narrow = await test_bad_wire.on_bad_wires(tmp_path, 1.5, warm_s=1.0, adapt_s=1.0)
    assert lossy.pictures and narrow.pictures
    assert lossy.dropped < 0.2
    assert "Mbit/s towards" in test_bad_wire.write(lossy, narrow).read_text()


@pytest.mark.browser
async def test_the_picture_comes_back(server_dsn: str, tmp_path: Path) -> None:
    back_s = await test_killed.kills(server_dsn, tmp_path, 1)
    assert 0 < back_s[0] < test_killed.BACK_WITHIN_S
    assert "kill -9" in test_killed.write(back_s).read_text()


@pytest.mark.browser
async def test_a_picture_is_hidden(server_dsn: str, tmp_path: Path) -> None:
    hidden = await test_hide.hides(server_dsn, tmp_path, 1)
    assert 0 <= hidden.last_s[0] < 10 and 0 <= hidden.still_s[0] < 10
    assert "still over the picture" in test_hide.write(hidden).read_text()
