"""The pages of the load, a process of its own: `python -m tests.bench.rooms.crowd PORT ROOM`.

Orders, one JSON object per line, each answered by one: `do` names a method of `Crowd`, the other
fields are what it takes.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import uvloop

from tests.bench.live.lines import orders, say
from tests.bench.rooms.member import Member, connect, descriptors_for

JOIN_WITHIN_S = 30.0
ALL_WITHIN_S = 10.0
AWAKE_WITHIN_S = 20.0
PONG_EVERY_S = 2.0
LEADERS = 10
# Of what went wrong: a thousand times the same says no more.
MOST_TOLD = 20
# Of a page that does not read; an odd number, so that the last event is another than the first.
AT_ONCE = 9
# As large as a poll may be.
WORDS, CHOICES = "w" * 200, ["c" * 100] * 8


class Crowd:
    """All pages of one room, its moderator's too."""

    def __init__(self, port: int, room: str) -> None:
        self.port = port
        self.room = room
        self.members: list[Member] = []
        self.leaders: list[Member] = []
        self._turn = 0
        self._is_shown = False
        self._left: dict[Member, int] = {}  # events that a page has yet to hear in this round
        self.poll = str(uuid4())
        self.failed: list[str] = []
        self._awaited = b""  # what each round's event has in it
        self._at: list[float] = []
        self._all = asyncio.Event()
        self._opened = asyncio.Event()

    def heard(self, member: Member, payload: bytes) -> None:
        """A frame came to somebody."""
        if payload.startswith(b'{"event":"poll"'):
            if member in self.leaders:
                self._opened.set()
            elif self._awaited and self._awaited in payload and member in self._left:
                self._note(member)
        elif payload.startswith(b'{"event":"refused"'):
            self.failed.append(payload.decode())

    def _note(self, member: Member) -> None:
        self._left[member] -= 1
        if self._left[member] == 0:
            self._at.append(time.monotonic())
        if len(self._at) == len(self._left):
            self._all.set()

    async def join(self, tokens: list[str], spread_s: float) -> dict[str, Any]:
        """A page for each token, spread evenly; how long each took to see the room."""
        joining = [self._one(spread_s * n / len(tokens), token) for n, token in enumerate(tokens)]
        came = await asyncio.gather(*joining, return_exceptions=True)
        took_s = [one for one in came if isinstance(one, float)]
        failed = [repr(one) for one in came if not isinstance(one, float)]
        return {"took_s": sorted(took_s), "failed": failed[:MOST_TOLD]}

    async def _one(self, after_s: float, token: str) -> float:
        await asyncio.sleep(after_s)
        began = time.monotonic()
        member = await connect(self.port, self.room, f"seat={token}", self.heard)
        async with asyncio.timeout(JOIN_WITHIN_S):
            await member.joined
        self.members.append(member)
        return time.monotonic() - began

    async def lead(self, cookie: str) -> dict[str, Any]:
        """The moderator comes on several devices, as each may say only so much, and makes the
        poll that is shown and hidden from then on."""
        for _ in range(LEADERS):
            leader = await connect(self.port, self.room, cookie, self.heard)
            await leader.joined
            self.leaders.append(leader)
        words = {"poll": self.poll, "text": WORDS, "choices": CHOICES}
        self.leaders[0].say(do="open_poll", request=1, **words)
        async with asyncio.timeout(ALL_WITHIN_S):
            await self._opened.wait()
        return {"failed": self.failed[:3]}

    async def tell(self, rounds: int, every_s: float) -> dict[str, Any]:
        """So many events to all; how late each was at each page."""
        late_s: list[float] = []
        before = self._came()
        began = time.monotonic()
        for number in range(rounds):
            late_s += await self._round()
            await asyncio.sleep(max(0.0, began + (number + 1) * every_s - time.monotonic()))
        late_s.sort()
        at = {str(share): late_s[int(share * (len(late_s) - 1))] for share in (0.5, 0.95, 1.0)}
        return {"late_s": at, "deliveries": self._came() - before, "events": rounds,
                "seconds": time.monotonic() - began, "failed": self.failed[:3]}  # fmt: skip

    async def _round(self, events: int = 1) -> list[float]:
        """An odd number of events at once; how late the last of them was at each page."""
        self._at, self._all = [], asyncio.Event()
        self._awaited = f'"is_shown":{str(not self._is_shown).lower()}'.encode()
        self._left = dict.fromkeys(self.members, (events + 1) // 2)
        self._turn += 1
        leader = self.leaders[self._turn % len(self.leaders)]
        began = time.monotonic()
        for _ in range(events):
            self._is_shown = not self._is_shown
            leader.say(do="show_poll", request=2, poll=self.poll, is_on=self._is_shown)
        async with asyncio.timeout(ALL_WITHIN_S):
            await self._all.wait()
        self._awaited = b""
        return [at - began for at in self._at]

    def _came(self) -> int:
        return sum(one.came for one in self.members)

    async def sleep(self, token: str, octets: int, every_s: float) -> dict[str, Any]:
        """A page that reads nothing any more and says all the same that it is there, while the
        others are told so much, a handful of events at a time; then it reads what was held for
        it, up to its end."""
        sleeper = await connect(self.port, self.room, f"seat={token}", self.heard, is_slow=True)
        await sleeper.joined
        sleeper.transport.pause_reading()
        beats = asyncio.create_task(_say_all_the_same(sleeper))
        before, others_before, late_s = sleeper.octets, self.members[0].octets, list[float]()
        while self.members[0].octets - others_before < octets:
            began = time.monotonic()
            late_s += await self._round(AT_ONCE)
            await asyncio.sleep(max(0.0, began + every_s - time.monotonic()))
        beats.cancel()
        sleeper.transport.resume_reading()
        async with asyncio.timeout(AWAKE_WITHIN_S):
            code = await sleeper.closed
        late_s.sort()
        late = late_s[int(len(late_s) * 0.95)]
        return {"octets": sleeper.octets - before, "late_s": late, "code": code}

    async def rest(self, seconds: float) -> dict[str, Any]:
        """Nothing happens but the beats of all."""
        before = self._came()
        await asyncio.sleep(seconds)
        return {"deliveries": self._came() - before,
                "here": sum(not one.closed.done() for one in self.members)}  # fmt: skip


async def _say_all_the_same(member: Member) -> None:
    number = 0
    while True:
        member.pong(number := number + 1)
        await asyncio.sleep(PONG_EVERY_S)


async def main(port: int, room: str) -> None:
    """Does as it is told until its input ends."""
    descriptors_for(2_000)
    crowd = Crowd(port, room)
    works: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
        "join": crowd.join, "lead": crowd.lead, "tell": crowd.tell, "sleep": crowd.sleep,
        "rest": crowd.rest,
    }  # fmt: skip
    async for order in orders():
        say(await works[order.pop("do")](**order))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
