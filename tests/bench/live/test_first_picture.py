"""`make bench`: how soon a newcomer sees something, alone and in a crowd, and how old it is."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from uuid import uuid4

from tests.bench import cost
from tests.bench.live.receiver import build
from tests.bench.live.stand import loaded, ours, settle
from tests.support.live.peers import publishing, watching
from tests.support.live.process import a_live_process

SINGLE_JOINS = 50
CROWD, CROWD_WITHIN_S = 100, 2.0
SINGLE_P50_S, SINGLE_P95_S, CROWD_P95_S = 0.5, 1.0, 1.5
GLASS_S = 20.0
GLASS_P50_MS, GLASS_P95_MS = 200, 300


async def test_first_picture_and_glass_to_glass(tmp_path: Path) -> None:
    seen_s, aged_ms = await singles(tmp_path / "singles", SINGLE_JOINS, GLASS_S)
    crowd_s = await crowd(tmp_path / "crowd", CROWD, CROWD_WITHIN_S)
    write(seen_s, crowd_s, aged_ms)
    assert at(seen_s, 0.5) <= SINGLE_P50_S
    assert at(seen_s, 0.95) <= SINGLE_P95_S
    assert at(crowd_s, 0.95) <= CROWD_P95_S
    assert at(aged_ms, 0.5) <= GLASS_P50_MS
    assert at(aged_ms, 0.95) <= GLASS_P95_MS


async def singles(folder: Path, joins: int, glass_s: float) -> tuple[list[float], list[float]]:
    """Real viewers one after the other, from before their offer to their first decoded picture;
    then one that stays: the age of each picture when it was decoded, in milliseconds."""
    seen_s = []
    async with a_live_process(folder) as live:
        control, room = await live.control(), uuid4()
        await control.open_room(room)
        async with publishing(control.publisher(room, 1, uuid4())):
            for _ in range(joins):
                began = time.monotonic()
                async with watching(control.viewer(room, 1, uuid4())) as seen:
                    await seen.sees(1, within_s=15)
                    seen_s.append(seen.shown_at[0] - began)
            async with watching(control.viewer(room, 1, uuid4())) as seen:
                await seen.sees(30, within_s=15)
                seen.age_ms.clear()
                await settle(glass_s)
        await control.close()
    return sorted(seen_s), sorted(map(float, seen.age_ms))


async def crowd(folder: Path, viewers: int, within_s: float) -> list[float]:
    """Many in a short time, from before each one's offer to its first whole keyframe."""
    folder.mkdir()
    async with loaded(ours(folder / "home"), build(folder)) as stand:
        said = await stand.join(viewers, within_s=within_s)
    return sorted(said["first_s"])


def at(values: list[float], share: float) -> float:
    """A share of all is not above this; `values` are sorted."""
    return values[min(len(values) - 1, int(len(values) * share))]


def write(seen_s: list[float], crowd_s: list[float], aged_ms: list[float]) -> Path:
    """All three as one table."""
    heads = ["what", "p50", "p95", "longest", "promised"]
    rows = [
        [f"first picture, {len(seen_s)} single joins", *_seconds(seen_s),
         f"p50 ≤ {SINGLE_P50_S} s, p95 ≤ {SINGLE_P95_S} s"],
        [f"first picture, {len(crowd_s)} joins in {CROWD_WITHIN_S:.0f} s", *_seconds(crowd_s),
         f"p95 ≤ {CROWD_P95_S} s"],
        [f"glass to glass, {len(aged_ms)} pictures",
         *(f"{at(aged_ms, share):.0f} ms" for share in (0.5, 0.95, 1.0)),
         f"p50 ≤ {GLASS_P50_MS} ms, p95 ≤ {GLASS_P95_MS} ms"],
    ]  # fmt: skip
    note = (
        "Single joins and glass to glass: aiortc encodes 640x360 at 30 pictures a second (VP8) with"
        " the clock in the picture, aiortc decodes it; all on this machine, over loopback. The "
        "crowd: small viewers that wait for a keyframe to come whole, the presenter of `live.md`. "
        f"Mean of the single joins {statistics.mean(seen_s):.2f} s."
    )
    return cost.write("live-first", "The first picture, and how old one is", note,
                      cost.table(heads, rows))  # fmt: skip


def _seconds(values: list[float]) -> list[str]:
    return [f"{at(values, share):.2f} s" for share in (0.5, 0.95, 1.0)]
