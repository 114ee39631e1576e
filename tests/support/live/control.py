"""Speaks to a live process as a web process does: JSON lines over its unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from pathlib import Path
from uuid import UUID

import msgspec

from media.live.messages import (
    LINE_BYTES,
    Answered,
    Ask,
    Counted,
    Do,
    Open,
    Publish,
    Re,
    Refusal,
    Reply,
    Source,
    Stats,
    Subscribe,
    Told,
    Wish,
)
from tests.support.live.presenter import Exchange

ANSWER_WITHIN_S = 10.0
CREATOR = "a-test"


class Refused(Exception):
    """The live process said no; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Control:
    """One connection. What is told unasked is kept in `told`, newest last."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.told: list[Told] = []
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Re]] = {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, address: Path, *, within_s: float = 30.0) -> Control:
        """Connects as soon as the process listens."""
        async with asyncio.timeout(within_s):
            while True:
                with contextlib.suppress(OSError):
                    return cls(*await asyncio.open_unix_connection(address, limit=LINE_BYTES))
                await asyncio.sleep(0.02)

    async def ask(self, do: Do) -> Re:
        """The reply to one question; Refused when that is a refusal."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._writer.write(msgspec.json.encode(Ask(number, do)) + b"\n")
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reply = await self._waiting[number]
        if isinstance(reply, Refusal):
            raise Refused(reply.code)
        return reply

    async def open_room(self, room: UUID, epoch: int = 1) -> None:
        """Lets a room be there."""
        await self.ask(Open(room, epoch))

    async def stats(self) -> Counted:
        """The counters of the process."""
        reply = await self.ask(Stats())
        assert isinstance(reply, Counted)
        return reply

    def publisher(
        self, room: UUID, epoch: int, member: UUID, source: Source = "camera"
    ) -> Exchange:
        """An exchange that publishes."""

        async def exchange(offer: str) -> str:
            return (await self.publish(room, epoch, member, offer, source)).answer

        return exchange

    def viewer(self, room: UUID, epoch: int, member: UUID, wish: Wish = "auto") -> Exchange:
        """An exchange that subscribes."""

        async def exchange(offer: str) -> str:
            return (await self.subscribe(room, epoch, member, offer, wish)).answer

        return exchange

    async def publish(
        self, room: UUID, epoch: int, member: UUID, offer: str, source: Source = "camera"
    ) -> Answered:
        """What the process answers to a WHIP offer."""
        reply = await self.ask(Publish(room, epoch, member, CREATOR, source, offer))
        assert isinstance(reply, Answered)
        return reply

    async def subscribe(
        self, room: UUID, epoch: int, member: UUID, offer: str, wish: Wish = "auto"
    ) -> Answered:
        """What the process answers to a WHEP offer."""
        reply = await self.ask(Subscribe(room, epoch, member, CREATOR, offer, wish))
        assert isinstance(reply, Answered)
        return reply

    async def _read(self) -> None:
        while line := await self._reader.readline():
            reply = msgspec.json.decode(line, type=Reply)
            if isinstance(reply.re, Told):
                self.told.append(reply.re)
            elif waiting := self._waiting.pop(reply.id, None):
                waiting.set_result(reply.re)
        for waiting in self._waiting.values():
            waiting.set_exception(ConnectionResetError("the live process is gone"))

    async def close(self) -> None:
        """Disconnects."""
        self._writer.close()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
