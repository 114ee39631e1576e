"""`make bench`: what forwarding a packet costs, and how late it comes, beside Debian's Janus."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tests.bench import cost
from tests.bench.live.receiver import build
from tests.bench.live.stand import Server, Spent, loaded, ours, settle, theirs
from tests.support.live.process import LIBRARY

VIEWERS = 200
BURST_VIEWERS, BURST_ROUNDS = 50, 3
ROUNDS = 5
SECONDS = 10.0
PYTHON, COMPILED, JANUS = "ours, pure Python", "ours, compiled loop", "Janus VideoRoom"
CPU_LIMITS = {PYTHON: 0.65, COMPILED: 0.45}
P99_FLOOR_MS = 10.0

Serving = Callable[[Path], AbstractAsyncContextManager[Server]]
WAYS: Mapping[str, Serving] = {
    PYTHON: ours,
    COMPILED: lambda home: ours(home, LIBRARY),
    JANUS: theirs,
}


async def test_cpu_and_lateness_beside_janus(tmp_path: Path) -> None:
    rounds = await side_by_side(tmp_path, viewers=VIEWERS, rounds=ROUNDS, seconds=SECONDS)
    bursts = await side_by_side(
        tmp_path / "bursts", viewers=BURST_VIEWERS, rounds=BURST_ROUNDS, seconds=SECONDS,
        is_paced=False,
    )  # fmt: skip
    write(rounds, bursts)
    for name, limit in CPU_LIMITS.items():
        assert ratio(rounds[name], rounds[JANUS]) <= limit, name
        assert late(rounds[name], 0.5) <= late(rounds[JANUS], 0.5), name
        assert late(rounds[name], 0.99) <= max(2 * late(rounds[JANUS], 0.99), P99_FLOOR_MS), name


async def side_by_side(
    folder: Path,
    *,
    viewers: int,
    rounds: int,
    seconds: float,
    ways: Collection[str] = WAYS,
    is_paced: bool = True,
) -> dict[str, list[Spent]]:
    """Each server once per round, in turn."""
    folder.mkdir(exist_ok=True)
    receiver = build(folder)
    spent: dict[str, list[Spent]] = {name: [] for name in WAYS if name in ways}
    for number in range(rounds):
        for name, serving in [(name, WAYS[name]) for name in spent]:
            home = folder / f"{number}-{name.split()[-1]}"
            async with loaded(serving(home), receiver, is_paced=is_paced) as stand:
                await stand.join(viewers, is_seeing=False)
                await settle()
                spent[name].append(await stand.measure(seconds))
    return spent


def ratio(one: Sequence[Spent], other: Sequence[Spent]) -> float:
    """The middle of the rounds' own ratios of CPU per packet."""
    pairs = zip(one, other, strict=True)
    return statistics.median(a.us_per_packet / b.us_per_packet for a, b in pairs)


def late(rounds: Sequence[Spent], share: float) -> float:
    """The middle round's share of lateness, in milliseconds."""
    return statistics.median(spent.late_ms(share) for spent in rounds)


def write(rounds: Mapping[str, Sequence[Spent]], bursts: Mapping[str, Sequence[Spent]]) -> Path:
    """All three as a table, and the promises."""
    heads = ["server", "CPU per packet", "all rounds", "per viewer and second", "late p50", "p99",
             "on purpose", "missing"]  # fmt: skip
    rows = [_row(name, spent) for name, spent in rounds.items()]
    janus = rounds[JANUS]
    promises = [
        [f"{name} / Janus, CPU", f"{ratio(rounds[name], janus):.2f}", f"≤ {limit}"]
        for name, limit in CPU_LIMITS.items()
    ]
    for name in CPU_LIMITS:
        p50, p99 = late(janus, 0.5), late(janus, 0.99)
        promises += [
            [f"{name}, late p50", f"{late(rounds[name], 0.5):.2f} ms", f"≤ Janus': {p50:.2f} ms"],
            [f"{name}, late p99", f"{late(rounds[name], 0.99):.2f} ms",
             f"≤ {max(2 * p99, P99_FLOOR_MS):.1f} ms"],
        ]  # fmt: skip
    note = (
        f"One presenter (VP8 of 1.5 Mbit/s in packets of 1,100 bytes, and 50 packets of sound a "
        f"second), {VIEWERS} viewers over DTLS-SRTP with AES-128-GCM, each reporting once a second."
        f" Server on one core, presenter and receivers on another; CPU of the server's process. "
        f"Receivers look every millisecond: waking them would be the server's work on one machine. "
        f"Late: from before the presenter encrypts until the kernel hands the packet to the "
        f"viewer's socket; what waits on purpose, for the rest of its picture or because a "
        f"burst is spread, is in it, and "
        "its mean stands apart. Janus 1.1.2 of Debian with "
        f"`event_loops = 1` and `ice_lite`. {len(janus)} rounds, the servers in turn; a ratio is "
        "the median of the rounds' own."
    )
    told = cost.table(["promise", "measured", "promised"], promises)
    return cost.write(
        "live", "Forwarding a packet", note, cost.table(heads, rows), told, *_burst_table(bursts)
    )


def _burst_table(bursts: Mapping[str, Sequence[Spent]]) -> tuple[str, str, str]:
    """What a presenter does to viewers who sends each picture at once, keyframes of 56 packets."""
    rows = [
        [name, *(f"{late(spent, share):.2f} ms" for share in (0.5, 0.9, 0.99)),
         f"{max(each.missing for each in spent):.4%}"]
        for name, spent in bursts.items()
    ]  # fmt: skip
    [viewers] = {each.got["viewers"] for spent in bursts.values() for each in spent}
    note = (
        f"{viewers} viewers of a presenter that does not pace: whole pictures at once. Ours spread "
        "a burst over 20 ms at most before they forward it, on purpose: networks on the way lose "
        "less of it."
    )
    heads = ["server", "late p50", "p90", "p99", "missing"]
    return "## Bursts", note, cost.table(heads, rows)


def _row(name: str, rounds: Sequence[Spent]) -> list[str]:
    return [
        name,
        f"{statistics.median(spent.us_per_packet for spent in rounds):.2f} µs",
        " ".join(f"{spent.us_per_packet:.2f}" for spent in rounds),
        f"{statistics.median(spent.ms_per_viewer_s for spent in rounds):.2f} ms",
        f"{late(rounds, 0.5):.2f} ms",
        f"{late(rounds, 0.99):.2f} ms",
        f"{statistics.median(spent.got['on_purpose_ms'] for spent in rounds):.2f} ms",
        f"{max(spent.missing for spent in rounds):.4%}",
    ]
