"""What a program costs, as the kernel counts it, and who the machine is that was asked."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Cost:
    """CPU of a program and all it waited for, the time on the clock, the largest process in it."""

    cpu_s: float
    wall_s: float
    peak_bytes: int = 0

    def __add__(self, other: Cost) -> Cost:
        peak = max(self.peak_bytes, other.peak_bytes)
        return Cost(self.cpu_s + other.cpu_s, self.wall_s + other.wall_s, peak)


def cost_of(argv: Sequence[str | Path], folder: Path) -> Cost:
    """Runs a program to its end in `folder`; it must succeed."""
    started = time.monotonic()
    child = subprocess.Popen([str(word) for word in argv], cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, argv
    wall_s = time.monotonic() - started
    return Cost(used.ru_utime + used.ru_stime, wall_s, used.ru_maxrss * 1024)


def interleaved(runs: Mapping[str, Callable[[], Cost]], rounds: int) -> dict[str, list[Cost]]:
    """Each way once per round, in turn, so that a busy minute of the machine hits all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            costs[name].append(run())
    return costs


def median_cpu_s(costs: Sequence[Cost]) -> float:
    """The middle one: one bad minute does not count."""
    return statistics.median(cost.cpu_s for cost in costs)


def median_ratio(ours: Sequence[Cost], theirs: Sequence[Cost]) -> float:
    """The middle of the rounds' own ratios: neighbours in time are compared with each other."""
    return statistics.median(a.cpu_s / b.cpu_s for a, b in zip(ours, theirs, strict=True))


def machine() -> str:
    """The machine and the versions, without any name of it."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    gib = psutil.virtual_memory().total / 1024**3
    names = ("imageio-ffmpeg", "uvicorn", "starlette", "asyncpg")
    parts = ", ".join(f"{name} {version(name)}" for name in names)
    load = os.getloadavg()[0]
    beside = " (other programs ran beside)" if load > 3 * (os.cpu_count() or 1) else ""
    return (
        f"{date.today():%-d %B %Y} · {os.cpu_count()} cores {model}, {gib:.0f} GiB, "
        f"{platform.system()} {platform.release().split('-')[0]} · "
        f"Python {platform.python_version()}, {parts} · "
        f"load average {load:.1f} at the end{beside}"
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    line = "|---|" + "---:|" * (len(heads) - 1)
    body = ["| " + " | ".join(row) + " |" for row in [heads, *rows]]
    return "\n".join([body[0], line, *body[1:]])


def write(name: str, title: str, *parts: str) -> Path:
    """Keeps a result beside the others, with the machine that made it."""
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"{name}.md"
    target.write_text("\n\n".join([f"# {title}", *parts, machine()]) + "\n")
    return target
