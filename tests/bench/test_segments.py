"""`make bench`: what sending a film costs, alone and behind nginx."""

from pathlib import Path

from tests.bench import cost
from tests.bench.segments import PLAYERS, SEGMENT_BYTES, Served, a_film_server

REQUESTS = 1200
ROUNDS = 3


async def test_segments_per_cpu_second() -> None:
    alone: list[Served] = []
    behind: list[Served] = []
    async with a_film_server() as stand:
        for _ in range(ROUNDS):
            alone.append(stand.alone(REQUESTS))
            behind.append(stand.behind_nginx(REQUESTS))
    write(alone, behind)
    assert middle(behind).mb_per_cpu_s > middle(alone).mb_per_cpu_s


def middle(runs: list[Served]) -> Served:
    """The run in the middle."""
    return sorted(runs, key=lambda run: run.mb_per_cpu_s)[len(runs) // 2]


def write(alone: list[Served], behind: list[Served]) -> Path:
    """Both ways as a table."""
    heads = ["way", "MB per CPU-second", "sent", "web", "nginx", "database beside", "on the clock"]
    ways = {"alone (FileResponse)": alone, "behind nginx (X-Accel-Redirect)": behind}
    rows = [_row(name, middle(runs)) for name, runs in ways.items()]
    note = (
        f"Segments of {SEGMENT_BYTES / 1e6:.1f} MB to {PLAYERS} players at once, each request "
        "authorised by the app. CPU of the web process and of nginx; the client's is not in it. "
        f"Median of {len(alone)} interleaved rounds."
    )
    return cost.write("segments", "Segments per CPU-second", note, cost.table(heads, rows))


def _row(name: str, run: Served) -> list[str]:
    return [
        name,
        f"{run.mb_per_cpu_s:,.0f}",
        f"{run.sent_bytes / 1e6:,.0f} MB",
        f"{run.web_cpu_s:.2f} s",
        f"{run.nginx_cpu_s:.2f} s",
        f"{run.database_cpu_s:.2f} s",
        f"{run.wall_s:.1f} s",
    ]
