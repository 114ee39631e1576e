"""`make bench`: from the press on "Hide picture" until viewers see nothing of it any more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page

from tests.bench import cost
from tests.bench.live.test_first_picture import at
from tests.bench.live.test_killed import a_lesson
from tests.browser.test_live_room import CLICK_HIDE, NOTE_STILL, a_rig, plays

PRESSES = 20
HIDDEN_P95_S = 0.3
BETWEEN_S = 1.0


@dataclass(frozen=True)
class Hidden:
    """Seconds from the press, sorted: the last picture that moved, and the still over it."""

    last_s: list[float]
    still_s: list[float]


async def test_a_picture_is_hidden_at_once(server_dsn: str, tmp_path: Path) -> None:
    hidden = await hides(server_dsn, tmp_path, PRESSES)
    write(hidden)
    assert at(hidden.still_s, 0.95) <= HIDDEN_P95_S
    assert at(hidden.last_s, 0.95) <= HIDDEN_P95_S


async def hides(server_dsn: str, home: Path, count: int) -> Hidden:
    """Both pages are on this machine, so that one clock tells both moments."""
    async with a_rig(server_dsn, home) as rig, a_lesson(rig) as (studio, phone):
        found = [await _hidden(studio, phone) for _ in range(count)]
    return Hidden(sorted(last for last, _ in found), sorted(still for _, still in found))


async def _hidden(studio: Page, phone: Page) -> tuple[float, float]:
    await phone.evaluate(NOTE_STILL)
    pressed = await studio.evaluate(CLICK_HIDE)
    await phone.locator("[data-place=main][data-still]").wait_for()
    await asyncio.sleep(BETWEEN_S)
    last, still = await phone.evaluate("[window.lastFrameAt, window.stillAt]")
    await studio.click("[data-do=show]")
    await phone.locator("[data-place=main]:not([data-still])").wait_for()
    await plays(phone)
    return max(0, last - pressed) / 1000, (still - pressed) / 1000


def write(hidden: Hidden) -> Path:
    """A row each."""
    rows = [
        [name, *(f"{at(each, share) * 1000:.0f} ms" for share in (0.5, 0.95, 1)),
         f"p95 ≤ {HIDDEN_P95_S * 1000:.0f} ms"]
        for name, each in (("last picture that moved", hidden.last_s),
                           ("still over the picture", hidden.still_s))
    ]  # fmt: skip
    note = "Studio and phone are the real pages in Chromium; counted from the press in the studio."
    heads = [f"hidden, {len(hidden.still_s)} times", "p50", "p95", "longest", "promised"]
    return cost.write("live-hide", "Hide picture", note, cost.table(heads, rows))
