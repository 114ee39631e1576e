"""The measurements of making films: run small in the suite, in earnest by `make bench`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from media.ffmpeg import Encoder
from media.ladder import Plan, plan_film
from media.probe import probe_film
from tests.bench.cost import Cost, cost_of
from tests.bench.ways import Ways
from tests.support.workers import ROOT


async def planned(film: Path) -> Plan:
    """What the worker would make of it."""
    return plan_film(await probe_film(film))


def ways_of(film: Path, plan: Plan, base: Path) -> dict[str, Callable[[], Cost]]:
    """Ways to make the film by ffmpeg alone; each call makes all of it and throws it away."""
    ways = Ways(film, plan, Encoder())

    def ours() -> Cost:
        return _in_a_folder(base, lambda out: cost_of(ways.ours(out), out))

    def by_hand() -> Cost:
        return _in_a_folder(base, lambda out: cost_of(ways.by_hand(out), out))

    def one_by_one() -> Cost:
        return _in_a_folder(
            base,
            lambda out: sum((cost_of(run, out) for run in ways.one_by_one(out)), Cost(0, 0)),
        )

    return {"ours": ours, "by hand": by_hand, "one by one": one_by_one}


def _in_a_folder(base: Path, work: Callable[[Path], Cost]) -> Cost:
    out = Path(mkdtemp(dir=base))
    try:
        cost = work(out)
        assert len(list(out.glob("*/index.m3u8"))) > 1, "it made nothing"
        return cost
    finally:
        shutil.rmtree(out)


def whole_job(dsn: str, base: Path, film: Path) -> tuple[Cost, dict[str, float]]:
    """Probe, loudness, encoding, sheets, packing, storing: all of a worker's part."""
    home = Path(mkdtemp(dir=base))
    try:
        argv = [sys.executable, "-m", "tests.bench.one_job", dsn, str(home), str(film)]
        ended = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
        told: dict[str, float] = json.loads(ended.stdout)
        return Cost(told["cpu_s"], told["wall_s"], int(told["peak_bytes"])), told
    finally:
        shutil.rmtree(home)
