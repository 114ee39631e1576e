"""`make bench`: what making a film costs, against the ways one could do without us."""

from contextlib import AsyncExitStack
from pathlib import Path

from tests.bench import cost
from tests.bench.cost import Cost, interleaved, median_cpu_s, median_ratio
from tests.bench.transcoding import planned, ways_of, whole_job
from tests.bench.ways import detailed_film
from tests.support.databases import fresh_database

SECONDS = 30
ROUNDS = 5
AGAINST_BY_HAND = 1.03
JOB_AGAINST_BY_HAND = 1.10
AGAINST_ONE_BY_ONE = 0.90
PEAK_BYTES = 1.5 * 1000**3


async def test_a_film_costs_no_more_than_its_plain_command_line(
    server_dsn: str, tmp_path: Path
) -> None:
    film = detailed_film(tmp_path / "film.mp4", seconds=SECONDS)
    runs = ways_of(film, await planned(film), tmp_path)
    async with AsyncExitStack() as stack:
        # a fresh database for each job, made before the clock runs
        dsns = [await stack.enter_async_context(fresh_database(server_dsn)) for _ in range(ROUNDS)]
        runs["job"] = lambda: whole_job(dsns.pop(), tmp_path, film)[0]
        costs = interleaved(runs, ROUNDS)
    ratios = {
        "our command / by hand": (_ratio(costs, "ours", "by hand"), AGAINST_BY_HAND),
        "whole job / by hand": (_ratio(costs, "job", "by hand"), JOB_AGAINST_BY_HAND),
        "our command / one by one": (_ratio(costs, "ours", "one by one"), AGAINST_ONE_BY_ONE),
    }
    write(costs, ratios)
    for name, (ratio, bound) in ratios.items():
        assert ratio <= bound, f"{name}: {ratio:.3f}"


def _ratio(costs: dict[str, list[Cost]], one: str, other: str) -> float:
    return median_ratio(costs[one], costs[other])


def write(costs: dict[str, list[Cost]], ratios: dict[str, tuple[float, float]]) -> Path:
    """CPU of each way, and what the promises become."""
    names = {
        "ours": "our ffmpeg command",
        "by hand": "one ffmpeg typed by hand, same outputs",
        "one by one": "one ffmpeg per rendition, sound, poster, storyboard",
        "job": "whole job: probe, loudness, encode, sheets, pack, store",
    }
    heads = ["way", "CPU, median", "CPU, all rounds", "on the clock, median"]
    rows = [
        [names[way], f"{median_cpu_s(runs):.1f} s", _all(runs), f"{_wall(runs):.1f} s"]
        for way, runs in costs.items()
    ]
    told = [[name, f"{ratio:.3f}", f"≤ {bound}"] for name, (ratio, bound) in ratios.items()]
    note = (
        f"{SECONDS} s of 1920x1080 at 30 pictures/s with detail, grain and stereo sound; five "
        f"renditions. {ROUNDS} rounds, the ways in turn; a ratio is the median of the rounds' own."
    )
    promises = cost.table(["ratio of CPU", "measured", "promised"], told)
    return cost.write("transcode", "Making a film", note, cost.table(heads, rows), promises)


def _all(runs: list[Cost]) -> str:
    return " ".join(f"{run.cpu_s:.1f}" for run in runs)


def _wall(runs: list[Cost]) -> float:
    return sorted(run.wall_s for run in runs)[len(runs) // 2]


async def test_a_4k_film_stays_within_its_memory(server_dsn: str, tmp_path: Path) -> None:
    film = detailed_film(tmp_path / "film.mp4", seconds=10, size="3840x2160")
    async with fresh_database(server_dsn) as dsn:
        spent, told = whole_job(dsn, tmp_path, film)
    rows = [
        ["worker and its largest child together", f"{spent.peak_bytes / 1e6:,.0f} MB"],
        ["ffmpeg alone", f"{told['child_peak_bytes'] / 1e6:,.0f} MB"],
    ]
    note = "10 s of 3840x2160 at 30 pictures/s, all of a worker's part, resident at its highest."
    cost.write("memory-4k", "Memory of a 4K film", note, cost.table(["process", "peak"], rows))
    assert spent.peak_bytes <= PEAK_BYTES
