"""A live process that says what a test tells it to, over the real socket.

It forwards no picture. What it answers stands in `answers` by the kind of the question; what it
was asked stands in `asked`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import msgspec

from media.live.messages import (
    KNOWN,
    LINE_BYTES,
    Answered,
    Ask,
    Counted,
    Do,
    Done,
    Listen,
    Listening,
    Patch,
    Patched,
    Publish,
    Re,
    Refusal,
    Reply,
    Roll,
    RollCall,
    Stage,
    Stats,
    Subscribe,
    Told,
)

ANSWER = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
Kind = TypeVar("Kind", bound=Do)
Answer = Re | Callable[[Any], Re | None]


def accepted(ask: Publish | Subscribe) -> Answered:
    """The usual answer to an offer: a new resource."""
    return Answered(uuid4().hex, ANSWER, '"1"')


@dataclass
class ScriptedLive:
    """`process`: new at every start, as the real one's. An answer of None is never given."""

    address: Path
    process: UUID = field(default_factory=uuid4)
    stages: tuple[Stage, ...] = ()
    knows: tuple[str, ...] = KNOWN
    asked: list[Do] = field(default_factory=list)
    answers: dict[type[Any], Answer] = field(default_factory=dict)
    listeners: list[asyncio.StreamWriter] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _talking: set[asyncio.Task[None]] = field(default_factory=set)
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        """Listens, as a process that has just started."""
        self._server = await asyncio.start_unix_server(
            self._talk, str(self.address), limit=LINE_BYTES
        )

    async def kill(self) -> None:
        """Gone at once, every line cut; the next start is another process."""
        assert self._server is not None
        self._server.close()
        self.address.unlink(missing_ok=True)
        for task in list(self._talking):
            task.cancel()
        await asyncio.gather(*self._talking, return_exceptions=True)
        self.process, self.listeners = uuid4(), []

    async def restart(self) -> None:
        """Killed, and there again."""
        await self.kill()
        await self.start()

    def tell(self, told: Told) -> None:
        """Says it to all who listen."""
        for writer in self.listeners:
            writer.write(msgspec.json.encode(Reply(0, told)) + b"\n")

    def of(self, kind: type[Kind]) -> list[Kind]:
        """What was asked of this kind."""
        return [one for one in self.asked if isinstance(one, kind)]

    async def next(self, kind: type[Kind], count: int = 1, within_s: float = 5) -> Kind:
        """Waits until `count` questions of this kind have come; the last of them."""
        async with asyncio.timeout(within_s):
            while len(found := self.of(kind)) < count:
                self._heard.clear()
                await self._heard.wait()
        return found[count - 1]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talking.add(task)
        try:
            while line := await reader.readline():
                ask = msgspec.json.decode(line, type=Ask)
                self.asked.append(ask.ask)
                if (answer := self._answer(ask.ask)) is not None:
                    writer.write(msgspec.json.encode(Reply(ask.id, answer)) + b"\n")
                if isinstance(ask.ask, Listen):
                    self.listeners.append(writer)
                self._heard.set()
        except (asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.transport.abort()
            self._talking.discard(task)
            if writer in self.listeners:
                self.listeners.remove(writer)

    def _answer(self, do: Do) -> Re | None:
        told = self.answers.get(type(do), _USUAL.get(type(do), Done()))
        if isinstance(do, Listen) and type(do) not in self.answers:
            return Listening(self.process, self.stages, self.knows)
        return told(do) if callable(told) else told


def refuse(code: str) -> Refusal:
    """A refusal with this code."""
    return Refusal(code)


_USUAL: dict[type[Any], Answer] = {
    Publish: accepted,
    Subscribe: accepted,
    Patch: Patched('"1"'),
    Stats: Counted(0, {}, {}),
    RollCall: Roll({}),
}


@asynccontextmanager
async def scripted_live(address: Path) -> AsyncIterator[ScriptedLive]:
    """Runs one at this address."""
    live = ScriptedLive(address)
    await live.start()
    try:
        yield live
    finally:
        await live.kill()
