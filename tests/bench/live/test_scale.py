"""`make bench`: one presenter to five hundred viewers: nothing dropped, and each costs the same."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import cost
from tests.bench.live.lines import cpu_s
from tests.bench.live.receiver import build
from tests.bench.live.stand import (
    Spent,
    Stand,
    kernel_drops,
    loaded,
    ours,
    resident_bytes,
    settle,
)
from tests.support.live.process import LIBRARY

STEPS = (100, 200, 300, 400, 500)
ROUNDS = 3
SECONDS = 5.0
MISSING = 0.001
SPREAD = 0.20
MB_PER_VIEWER = 0.2
JOIN_MS, JOINS, JOIN_ROUNDS = 3.0, 200, 5
JOINS_PER_S = 30  # a class at a time; a tenth of a core
WAYS: Mapping[str, Path | None] = {"pure Python": None, "compiled loop": LIBRARY}


@dataclass(frozen=True)
class Step:
    """What it was like with so many viewers, in one round."""

    viewers: int
    spent: Spent
    resident: int
    dropped: float  # by the process and by the kernel before it


@dataclass(frozen=True)
class Steps:
    """The same number of viewers in every round."""

    rounds: Sequence[Step]

    @property
    def viewers(self) -> int:
        """How many."""
        return self.rounds[0].viewers

    @property
    def each_ms(self) -> list[float]:
        """CPU per viewer and second, of every round."""
        return [step.spent.ms_per_viewer_s for step in self.rounds]

    @property
    def ms_per_viewer_s(self) -> float:
        """The middle round's: a busy stretch of the machine around us does not count."""
        return statistics.median(self.each_ms)

    @property
    def of_core(self) -> float:
        """The share of its core that the process used, in the middle round."""
        return self.ms_per_viewer_s * self.viewers / 1000

    def late_ms(self, share: float) -> float:
        """In the middle round."""
        return statistics.median(step.spent.late_ms(share) for step in self.rounds)

    @property
    def missing(self) -> float:
        """The share of packets that did not come, over all rounds."""
        missing = sum(step.spent.got["missing"] for step in self.rounds)
        return float(missing / (missing + sum(step.spent.got["packets"] for step in self.rounds)))

    @property
    def dropped(self) -> float:
        """Over all rounds."""
        return sum(step.dropped for step in self.rounds)

    @property
    def resident(self) -> float:
        """In the middle round."""
        return statistics.median(step.resident for step in self.rounds)


async def test_five_hundred_viewers(tmp_path: Path) -> None:
    ways = await climbs(tmp_path, STEPS, SECONDS, ROUNDS)
    joined_ms = statistics.median(
        [await join_ms(tmp_path / f"joins {number}", None, JOINS) for number in range(JOIN_ROUNDS)]
    )
    write(ways, joined_ms)
    assert joined_ms <= JOIN_MS
    for steps in ways.values():
        assert not any(step.dropped for step in steps)
        assert all(step.missing <= MISSING for step in steps)
        assert spread(steps) <= SPREAD
        assert mb_per_viewer(steps) <= MB_PER_VIEWER


async def climbs(
    folder: Path,
    counts: tuple[int, ...],
    seconds: float,
    rounds: int,
    ways: Mapping[str, Path | None] = WAYS,
) -> dict[str, list[Steps]]:
    """Each way once per round, in turn."""
    found: dict[str, list[list[Step]]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, library in ways.items():
            home = folder / f"{number}-{name.split()[0]}"
            found[name].append(await climb(home, library, counts, seconds))
    return {
        name: [Steps(same) for same in zip(*climbed, strict=True)]
        for name, climbed in found.items()
    }


async def climb(
    folder: Path, library: Path | None, counts: tuple[int, ...], seconds: float
) -> list[Step]:
    """More and more viewers in one room."""
    folder.mkdir()
    async with loaded(ours(folder / "home", library), build(folder)) as stand:
        steps, here = [], 0
        for count in counts:
            steps.append(await _step(stand, count - here, seconds))
            here = count
        return steps


async def _step(stand: Stand, more: int, seconds: float) -> Step:
    await stand.join(more, within_s=more / JOINS_PER_S, is_seeing=False)
    await settle()
    before = await _dropped(stand)
    spent = await stand.measure(seconds)
    dropped = await _dropped(stand) - before
    return Step(stand.joined, spent, resident_bytes(stand.server.pid), dropped)


async def _dropped(stand: Stand) -> float:
    """Packets the process could not send or encrypt, and those the kernel threw away before it."""
    assert stand.server.live is not None and stand.server.control is not None
    counted = (await stand.server.control.stats()).process
    names = ("send_lost_total", "not_encrypted_total", "tcp_lost_total")
    return sum(counted.get(name, 0.0) for name in names) + kernel_drops(stand.server.live.port)


def spread(steps: list[Steps]) -> float:
    """How far CPU per viewer goes from its middle, as a share."""
    each = [step.ms_per_viewer_s for step in steps]
    middle = (max(each) + min(each)) / 2
    return (max(each) - middle) / middle


def mb_per_viewer(steps: list[Steps]) -> float:
    """Memory that each viewer after the first step's took."""
    first, last = steps[0], steps[-1]
    return (last.resident - first.resident) / (last.viewers - first.viewers) / 1e6


async def join_ms(folder: Path, library: Path | None, joins: int) -> float:
    """CPU of a join: offer, answer, checks and handshake, into a room where nobody presents."""
    folder.mkdir()
    serving = ours(folder / "home", library)
    async with loaded(serving, build(folder), is_presented=False) as stand:
        await stand.join(8, is_seeing=False)  # what is loaded at the first one is there
        before = cpu_s(stand.server.pid)
        await stand.join(joins, is_seeing=False)
        return (cpu_s(stand.server.pid) - before) / joins * 1e3


def write(ways: dict[str, list[Steps]], joined_ms: float) -> Path:
    """Both ways as tables, and the promises."""
    heads = ["viewers", "CPU per viewer and second", "all rounds", "CPU of the core", "late p50",
             "p99", "missing", "dropped by the server"]  # fmt: skip
    parts = []
    promises: list[list[str]] = []
    for name, steps in ways.items():
        rows = [_row(step) for step in steps]
        parts += [f"## {name.capitalize()}", cost.table(heads, rows)]
        worst = max(step.missing for step in steps)
        dropped = sum(step.dropped for step in steps)
        promises += [
            [f"{name}: dropped by the server", f"{dropped:.0f}", "0"],
            [f"{name}: missing at the receivers", f"{worst:.4%}", f"≤ {MISSING:.1%}"],
            [f"{name}: CPU per viewer, spread", f"± {spread(steps):.0%}", f"± {SPREAD:.0%}"],
            [f"{name}: memory per viewer", f"{mb_per_viewer(steps):.3f} MB", f"≤ {MB_PER_VIEWER}"],
        ]
    promises.append(["CPU of a join", f"{joined_ms:.2f} ms", f"≤ {JOIN_MS:.0f} ms"])
    note = (
        f"Presenter and receivers as in `live.md`. {ROUNDS} rounds, both ways in turn, each step "
        f"measured for {SECONDS:.0f} s; a figure is the middle round's (a join's of {JOIN_ROUNDS} "
        f"rounds of {JOINS}), missing and dropped are of all rounds. Where a core is nearly all "
        "used, the figure tells no cost any more."
    )
    told = cost.table(["promise", "measured", "promised"], promises)
    return cost.write("live-scale", "One presenter to 500 viewers", note, *parts, told)


def _row(step: Steps) -> list[str]:
    return [
        str(step.viewers),
        f"{step.ms_per_viewer_s:.2f} ms",
        " ".join(f"{each:.2f}" for each in step.each_ms),
        f"{step.of_core:.0%}",
        f"{step.late_ms(0.5):.2f} ms",
        f"{step.late_ms(0.99):.2f} ms",
        f"{step.missing:.4%}",
        f"{step.dropped:.0f}",
    ]
