"""The pages of the load, a process of its own: `python -m tests.bench.rooms.crowd AT ROOM`.
AT is a port, or the path of a unix socket.

Orders, one JSON object per line, each answered by one: `do` names a method of `Crowd`, the other
fields are what it takes.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import uvloop

from server.allowance import Allowance
from tests.bench.live.lines import orders, say
from tests.bench.rooms.member import Member, connect, descriptors_for

JOIN_WITHIN_S = 30.0
ALL_WITHIN_S = 10.0
AWAKE_WITHIN_S = 20.0
PONG_EVERY_S = 2.0
LEADERS = 12
# Of what a page may say (`room_socket.BURST`, `PER_S`); the rest is its pongs.
SAID_AT_ONCE, SAID_PER_S = 36, 4
SAID_AGAIN_S = 0.02
# Of what went wrong: a thousand times the same says no more.
MOST_TOLD = 20
# Of a page that does not read; an odd number, so that the last event is another than the first.
AT_ONCE = 9
# As large as a poll may be.
WORDS, CHOICES = "w" * 200, ["c" * 100] * 8


class Crowd:
    """All pages of one room, its moderator's too."""

    def __init__(self, at: int | str, room: str) -> None:
        self.at = at
        self.room = room
        self.members: list[Member] = []
        self.leaders: list[Member] = []
        self._may_say: dict[Member, Allowance] = {}
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
            if member in self._left:
                if self._awaited and self._awaited in payload:
                    self._note(member)
            elif member in self.leaders:
                self._opened.set()
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
        member = await connect(self.at, self.room, f"seat={token}", self.heard)
        async with asyncio.timeout(JOIN_WITHIN_S):
            await member.joined
        self.members.append(member)
        return time.monotonic() - began

    async def lead(self, cookie: str) -> dict[str, Any]:
        """The moderator comes on several devices, as each may say only so much, and makes the
        poll that is shown and hidden from then on."""
        for _ in range(LEADERS):
            leader = await connect(self.at, self.room, cookie, self.heard)
            await leader.joined
            self.leaders.append(leader)
            now = time.monotonic()
            self._may_say[leader] = Allowance(now, SAID_AT_ONCE, SAID_PER_S)
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
        """An odd number of events at once, as soon as a leader may say so much; how late the last
        of them was at each page."""
        leader = await self._who_may_say(events)
        self._at, self._all = [], asyncio.Event()
        self._awaited = f'"is_shown":{str(not self._is_shown).lower()}'.encode()
        self._left = dict.fromkeys(self.members, (events + 1) // 2)
        began = time.monotonic()
        for _ in range(events):
            self._is_shown = not self._is_shown
            leader.say(do="show_poll", request=2, poll=self.poll, is_on=self._is_shown)
        async with asyncio.timeout(ALL_WITHIN_S):
            await self._all.wait()
        self._awaited = b""
        return [at - began for at in self._at]

    async def _who_may_say(self, events: int) -> Member:
        """The next of the leaders, once she has not said too much."""
        self._turn += 1
        leader = self.leaders[self._turn % len(self.leaders)]
        for _ in range(events):
            while not self._may_say[leader].take(time.monotonic()):
                await asyncio.sleep(SAID_AGAIN_S)
        return leader

    def _came(self) -> int:
        return sum(one.came for one in self.members)

    async def sleep(self, tokens: list[str], octets: int, wakes_at: int) -> dict[str, Any]:
        """Two pages read nothing any more and say all the same that they are there, while the
        others are told so much, a handful of events at a time and without a pause. The first
        wakes when they were told `wakes_at`, and reads what was held for it, up to its end; the
        second sleeps on."""
        first, second = [await self._fall_asleep(token) for token in tokens]
        woken: asyncio.Task[int] | None = None
        began, late_s = self.members[0].octets, list[float]()
        while (told := self.members[0].octets - began) < octets:
            late_s += await self._round(AT_ONCE)
            if woken is None and told >= wakes_at:
                woken = asyncio.create_task(_wake(first))
        late_s.sort()
        late = late_s[int(len(late_s) * 0.95)]
        held = await (woken or _wake(first))
        await _wake(second)
        return {"octets": held, "late_s": late}

    async def _fall_asleep(self, token: str) -> Sleeper:
        page = await connect(self.at, self.room, f"seat={token}", self.heard, is_slow=True)
        await page.joined
        page.transport.pause_reading()
        return Sleeper(page, page.octets, asyncio.create_task(_say_all_the_same(page)))

    async def rest(self, seconds: float) -> dict[str, Any]:
        """Nothing happens but the beats of all."""
        before = self._came()
        await asyncio.sleep(seconds)
        return {"deliveries": self._came() - before,
                "here": sum(not one.closed.done() for one in self.members)}  # fmt: skip


@dataclass(frozen=True)
class Sleeper:
    """A page that does not read. `octets`: it had read before; `beats`: what it says."""

    page: Member
    octets: int
    beats: asyncio.Task[None]


async def _wake(sleeper: Sleeper) -> int:
    """What was held for it, in octets."""
    sleeper.beats.cancel()
    sleeper.page.transport.resume_reading()
    async with asyncio.timeout(AWAKE_WITHIN_S):
        await sleeper.page.closed
    return sleeper.page.octets - sleeper.octets


async def _say_all_the_same(member: Member) -> None:
    number = 0
    while True:
        member.pong(number := number + 1)
        await asyncio.sleep(PONG_EVERY_S)


async def main(at: str, room: str) -> None:
    """Does as it is told until its input ends."""
    descriptors_for(2_000)
    crowd = Crowd(int(at) if at.isdecimal() else at, room)
    works: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
        "join": crowd.join, "lead": crowd.lead, "tell": crowd.tell, "sleep": crowd.sleep,
        "rest": crowd.rest,
    }  # fmt: skip
    async for order in orders():
        say(await works[order.pop("do")](**order))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2]))
