"""The machinery of `make bench` on a tiny scale: it measures, and measures the right thing.

What the ratios are is said by `make bench` on a quiet machine; here only that they can be had.
"""

import platform
from collections.abc import Callable
from pathlib import Path

import pytest

from media.ffmpeg import Encoder
from media.ladder import Plan
from tests.bench import cost
from tests.bench.cost import Cost, interleaved, median_ratio
from tests.bench.segments import SEGMENT_BYTES, a_film_server
from tests.bench.transcoding import planned, ways_of, whole_job
from tests.bench.ways import Ways, detailed_film

MEMORY_OF_ANY_JOB = 600_000_000


async def test_all_ways_make_the_same_film(tmp_path: Path) -> None:
    film = detailed_film(tmp_path / "film.mp4", seconds=5, size="640x360")
    plan = await planned(film)
    ways = Ways(film, plan, Encoder())
    commands: dict[str, Callable[[Path], list[list[str]]]] = {
        "ours": lambda out: [ways.ours(out)],
        "by hand": lambda out: [ways.by_hand(out)],
        "one by one": ways.one_by_one,
    }
    made = {}
    for name, to_run in commands.items():
        out = tmp_path / name
        out.mkdir()
        for command in to_run(out):
            cost.cost_of(command, out)
        assert (out / "poster.jpg").exists()
        made[name] = segments(out, plan)
    for other in ("by hand", "one by one"):
        for segment, size in made[other].items():
            assert abs(size - made["ours"][segment]) <= size * 0.05 + 2000, (other, segment)


def segments(out: Path, plan: Plan) -> dict[tuple[str, int], int]:
    """Bytes of each segment of each rendition."""
    sizes = {
        (rung.name, number): path.stat().st_size
        for rung in plan.rungs
        for number, path in enumerate(sorted((out / rung.name).glob("*.m4s")))
    }
    assert len(sizes) == plan.segments * len(plan.rungs)
    return sizes


async def test_a_job_is_measured_with_all_its_children(dsn: str, tmp_path: Path) -> None:
    film = detailed_film(tmp_path / "film.mp4", seconds=2, size="320x180")
    spent, told = whole_job(dsn, tmp_path, film)
    assert spent.cpu_s > told["own_cpu_s"] > 0
    assert told["child_peak_bytes"] < spent.peak_bytes < MEMORY_OF_ANY_JOB
    assert list(tmp_path.iterdir()) == [film]


async def test_ways_are_run_in_turn_and_leave_nothing(tmp_path: Path) -> None:
    film = detailed_film(tmp_path / "film.mp4", seconds=1, size="320x180")
    ways = ways_of(film, await planned(film), tmp_path)
    costs = interleaved(ways, 1)
    assert all(one.cpu_s > 0 and one.peak_bytes > 0 for [one] in costs.values())
    assert list(tmp_path.iterdir()) == [film]


def test_neighbours_in_time_are_compared() -> None:
    quiet, busy = Cost(1.0, 1.0), Cost(4.0, 9.0)
    assert median_ratio([quiet, busy, quiet], [quiet, busy, quiet]) == 1.0
    assert median_ratio([quiet, busy, quiet], [busy, busy, busy]) == 0.25


async def test_segments_are_measured_alone_and_behind_nginx() -> None:
    async with a_film_server() as stand:
        alone, behind = stand.alone(16), stand.behind_nginx(16)
    assert alone.sent_bytes == behind.sent_bytes == 16 * SEGMENT_BYTES
    assert alone.nginx_cpu_s <= behind.nginx_cpu_s


def test_a_result_names_the_machine_but_not_whose_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "RESULTS", tmp_path)
    text = cost.write("x", "Title", cost.table(["a", "b"], [["one", "2"]])).read_text()
    assert text.startswith("# Title\n\n| a | b |\n|---|---:|\n| one | 2 |\n\n")
    assert "cores" in text and "ffmpeg" in text
    assert platform.node() not in text and str(Path.home()) not in text
