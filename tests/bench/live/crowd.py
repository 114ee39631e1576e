"""The viewers of the load, a process of its own: `python -m tests.bench.live.crowd DOOR RECEIVER`.

Orders, one JSON object per line, each answered by one: `{"do": "join", "count", "within_s"}`,
`{"do": "measure", "seconds", "pid"}`, `{"do": "leave"}`.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.live.doors import Door, open_door
from tests.bench.live.lines import cpu_s, orders, say
from tests.bench.live.receiver import Got, Receiver
from tests.support.live.viewer import Viewer

REPORT_EVERY_S = 1.0
LATE_S = 0.5  # what comes so late, or later, is missing
SAMPLED = 8  # so many viewers decrypt what they get
JOINING_AT_ONCE = 16


class Crowd:
    """All viewers."""

    def __init__(self, door: Door, receiver: Receiver) -> None:
        self._door = door
        self._receiver = receiver
        self._here: dict[int, Viewer] = {}
        self._reporting: set[asyncio.Task[None]] = set()
        self._at_once = asyncio.Semaphore(JOINING_AT_ONCE)

    async def join(
        self, count: int, within_s: float, sample_every: int, is_seeing: bool
    ) -> dict[str, Any]:
        """`count` more, spread evenly over `within_s`; says when each had its first picture."""
        joining = [
            self._one(within_s * n / count, is_seeing, is_sampled=n % sample_every == 0)
            for n in range(count)
        ]
        came = await asyncio.gather(*joining, return_exceptions=True)
        first_s = [each for each in came if isinstance(each, float)]
        failed = [str(each) or repr(each) for each in came if not isinstance(each, float)]
        return {"first_s": first_s, "failed": failed, "here": len(self._here)}

    async def _one(self, after_s: float, is_seeing: bool, *, is_sampled: bool) -> float:
        await asyncio.sleep(after_s)
        viewer = Viewer()
        if after_s:  # at its own moment, however many are on their way
            await self._door.watch(viewer)
        else:
            async with self._at_once:
                await self._door.watch(viewer)
        first_s = await viewer.first_picture(within_s=30) if is_seeing else 0.0
        number = self._receiver.take_over(viewer.wire, is_sampled=is_sampled)
        self._here[number] = viewer
        task = asyncio.create_task(self._reports(number, viewer))
        self._reporting.add(task)
        task.add_done_callback(self._reporting.discard)
        return first_s

    async def _reports(self, number: int, viewer: Viewer) -> None:
        """As a browser that was offered goog-remb."""
        await asyncio.sleep(random.random())
        while number in self._here:
            viewer.report(self._receiver.highest(number))
            await asyncio.sleep(REPORT_EVERY_S * random.uniform(0.8, 1.2))

    async def measure(self, seconds: float, pid: int) -> dict[str, Any]:
        """What came in a stretch of time, how late, and the CPU that process `pid` used."""
        before, used_s, began = self._got(), cpu_s(pid), time.monotonic()
        self._receiver.measure(True)
        await asyncio.sleep(seconds)
        used_s, took_s, after = cpu_s(pid) - used_s, time.monotonic() - began, self._got()
        self._receiver.measure(False)
        await asyncio.sleep(LATE_S)
        late = self._receiver.latencies_ms()
        return {
            "seconds": took_s,
            "cpu_s": used_s,
            "viewers": len(self._here),
            "packets": after.packets - before.packets,
            "missing": self._got().missing,
            "octets": after.octets - before.octets,
            "longest_gap_s": after.longest_gap_s,
            "undecryptable": after.undecryptable,
            "timed": len(late),
            "late_ms": {str(share): _at(late, share) for share in (0.5, 0.9, 0.99, 1.0)},
            "profile": next(iter(self._here.values())).wire.profile if self._here else "",
        }

    def _got(self) -> Got:
        return self._receiver.got(list(self._here))

    async def leave(self) -> dict[str, Any]:
        """Everybody goes."""
        leaving, self._here = self._here, {}
        for number in leaving:
            self._receiver.drop(number)
        await asyncio.gather(*(viewer.close() for viewer in leaving.values()))
        return {"here": 0}


def _at(values: list[float], share: float) -> float:
    """The value below which a share of all lies; `values` are sorted."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else -1.0


async def main(word: str, library: str) -> None:
    """Does what it is told until its input ends."""
    crowd = Crowd(door := await open_door(word), Receiver(Path(library)))
    async for order in orders():
        match order.pop("do"):
            case "join":
                say(await crowd.join(**order))
            case "measure":
                say(await crowd.measure(**order))
            case "leave":
                say(await crowd.leave())
    await crowd.leave()
    await door.close()


asyncio.run(main(sys.argv[1], sys.argv[2]))
