"""`make bench`: a network that loses packets, and one that is too narrow, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tests.bench import cost
from tests.support.live.browser import HEIGHT, MOST_BPS, WIDTH, Page, a_browser, a_page
from tests.support.live.lossy import BadWire, a_bad_wire
from tests.support.live.process import a_live_process

SECONDS = 60.0
LOSS = 0.05
NARROW_BPS = 1_500_000
FREEZE_S = 0.5
FREEZES_PER_MINUTE = 2
WARM_S = 40.0  # until the presenter's uplink and the viewer's trials have come to the top
ADAPT_S = 10.0


@dataclass(frozen=True)
class Watched:
    """What a browser showed on a bad wire."""

    seconds: float
    pictures: int
    freezes_s: list[float]
    heights: list[int]  # of the picture, before and at the end
    dropped: float  # share of what was sent to it for the first time


async def test_loss_and_a_narrow_wire(tmp_path: Path) -> None:
    lossy, narrow = await on_bad_wires(tmp_path, SECONDS)
    write(lossy, narrow)
    assert len(lossy.freezes_s) <= FREEZES_PER_MINUTE * lossy.seconds / 60
    assert narrow.heights[-1] < narrow.heights[0], "it did not step a layer down"
    assert not narrow.freezes_s, "it stood still beside stepping down"


async def on_bad_wires(
    folder: Path, seconds: float, *, warm_s: float = WARM_S, adapt_s: float = ADAPT_S
) -> tuple[Watched, Watched]:
    """Browsers publish three layers; one watches with loss, another on a narrow wire.

    What the narrow one is to be too narrow for is noise: a camera's still room would fit.
    """
    async with a_live_process(folder / "live") as live, a_browser() as browser:
        control = await live.control()

        async def watched(weather: Callable[[BadWire], None], *, is_restless: bool) -> Watched:
            room, to = uuid4(), (live.addresses[0], live.port)
            await control.open_room(room)
            async with (
                a_page(browser) as presenter,
                a_bad_wire(to) as wire,
                a_page(browser) as viewer,
            ):
                publish = control.publisher(room, 1, uuid4())
                await presenter.publish(publish, is_restless=is_restless)
                await viewer.watch(wire.through(control.viewer(room, 1, uuid4())))
                await viewer.plays(within_s=20)
                await _is_warm(viewer, warm_s)
                first = await viewer.height()
                weather(wire)
                return await _watched(viewer, first, seconds, adapt_s)

        lossy = await watched(_loses, is_restless=False)
        narrow = await watched(_narrows, is_restless=True)
        await control.close()
    return lossy, narrow


def _loses(wire: BadWire) -> None:
    wire.to_peer.drop = wire.from_peer.drop = LOSS


def _narrows(wire: BadWire) -> None:
    wire.to_peer.rate_bps = NARROW_BPS


async def _is_warm(viewer: Page, warm_s: float) -> None:
    """Waits until the whole picture is there, or as long as it may take."""
    for _ in range(int(warm_s)):
        if await viewer.height() == HEIGHT:
            return
        await viewer.waits(1.0)


async def _watched(viewer: Page, first: int, seconds: float, adapt_s: float) -> Watched:
    """From the change on; the time it takes to adapt is told, but not counted against it."""
    await viewer.waits(adapt_s)
    await viewer.forget()
    await viewer.waits(seconds)
    seen = await viewer.seen()
    return Watched(
        seconds=seconds,
        pictures=seen.pictures,
        freezes_s=[gap for gap in seen.gaps_s if gap > FREEZE_S],
        heights=[first, await viewer.height()],
        dropped=seen.lost,
    )


def write(lossy: Watched, narrow: Watched) -> Path:
    """Both wires as a table."""
    heads = ["wire", "pictures a second", f"freezes over {FREEZE_S} s", "longest",
             "lost at first", "lines, before and after", "promised"]  # fmt: skip
    rows = [
        [f"{LOSS:.0%} of all packets lost, both ways", *_row(lossy),
         f"at most {FREEZES_PER_MINUTE} freezes a minute"],
        [f"{NARROW_BPS / 1e6} Mbit/s towards the viewer", *_row(narrow),
         "a layer down instead of freezing"],
    ]  # fmt: skip
    note = (
        f"Chromium publishes three layers (rid simulcast, VP8, the largest {WIDTH}x{HEIGHT} of up "
        f"to {MOST_BPS / 1e6} Mbit/s): its fake camera where packets are lost, grey noise "
        "where the wire is narrow. Chromium watches through a relay in user space. "
        f"{lossy.seconds:.0f} s each, from {ADAPT_S:.0f} s after the wire became bad."
    )
    return cost.write("live-wire", "Bad wires", note, cost.table(heads, rows))


def _row(seen: Watched) -> list[str]:
    return [
        f"{seen.pictures / seen.seconds:.1f}",
        str(len(seen.freezes_s)),
        f"{max(seen.freezes_s, default=0.0):.2f} s",
        f"{seen.dropped:.2%}",
        f"{seen.heights[0]}, {seen.heights[-1]}",
    ]
