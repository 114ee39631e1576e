"""`make bench`: five hundred viewers come and go, and nothing of them stays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench import cost
from tests.bench.live.receiver import build
from tests.bench.live.stand import Stand, loaded, ours, settle

JOINS, EACH = 500, 50
TOLERANCE = 0.10
GONE_WITHIN_S = 20


@dataclass(frozen=True)
class Held:
    """What the process holds."""

    resident: int
    descriptors: int
    tasks: int
    viewers: float


async def test_comings_and_goings_leave_nothing(tmp_path: Path) -> None:
    before, after = await come_and_go(tmp_path, JOINS, EACH)
    write(before, after)
    assert after.viewers == 0
    assert after.resident <= before.resident * (1 + TOLERANCE)
    assert abs(after.descriptors - before.descriptors) <= before.descriptors * TOLERANCE
    assert after.tasks <= before.tasks * (1 + TOLERANCE)


async def come_and_go(folder: Path, joins: int, each: int) -> tuple[Held, Held]:
    """Groups of viewers in turn; what the process holds after the first group and at the end.

    After the first, since what a process takes from the kernel once it keeps for the next.
    """
    async with loaded(ours(folder / "home"), build(folder)) as stand:
        await _group(stand, each)
        before = await _held(stand)
        for _ in range(joins // each - 1):
            await _group(stand, each)
        return before, await _held(stand)


async def _group(stand: Stand, count: int) -> None:
    await stand.join(count)
    await stand.leave()


async def _held(stand: Stand) -> Held:
    """What is held once everybody who left is forgotten."""
    live, control = stand.server.live, stand.server.control
    assert live is not None and control is not None
    for _ in range(GONE_WITHIN_S * 5):
        counted = (await control.stats()).process
        if not counted["viewers"]:
            break
        await settle(0.2)
    process = psutil.Process(live.pid)
    return Held(
        process.memory_info().rss, process.num_fds(), await live.tasks(), counted["viewers"]
    )


def write(before: Held, after: Held) -> Path:
    """Before and after."""
    heads = ["what the live process holds", f"after {EACH}", f"after {JOINS}", "promised"]
    rows = [
        ["memory", f"{before.resident / 1e6:.1f} MB", f"{after.resident / 1e6:.1f} MB", "≤ + 10 %"],
        ["descriptors", str(before.descriptors), str(after.descriptors), "± 10 %"],
        ["tasks", str(before.tasks), str(after.tasks), "± 10 %"],
        ["viewers", f"{before.viewers:.0f}", f"{after.viewers:.0f}", "0"],
    ]
    note = f"Groups of {EACH} that come, see the picture and go; a presenter sends all the time."
    return cost.write("live-leaks", "Comings and goings", note, cost.table(heads, rows))
