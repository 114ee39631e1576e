"""The line to one live process: numbered questions with a deadline, and what it tells unasked.

It is made again by itself whenever it breaks. While it is broken nothing is kept for later: who
asks is told `live_away` at once, and asks again when there is somebody to answer.
"""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Protocol, Self, TypeVar

import msgspec

from media.errors import CODES, LiveError
from media.live.messages import (
    LINE_BYTES,
    Ask,
    Do,
    Listen,
    Listening,
    Re,
    Refusal,
    Reply,
    Told,
    name_of,
)
from server.owned import Owner, Tasks

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 3.0
FIRST_DELAY_S = 0.05
LONGEST_DELAY_S = 0.5
# Questions that may wait for their answers, and bytes that may wait for the socket.
MOST_OPEN = 1_000
MOST_UNSENT_BYTES = 4_000_000

Wanted = TypeVar("Wanted", bound=Re)
_read_reply = msgspec.json.Decoder(Reply).decode


class Listener(Protocol):
    """Who hears what comes over the line. None of these may block or raise."""

    def connected(self, link: "LiveLink", listening: Listening) -> None:
        """The line stands; `listening.process` is another one after a restart."""

    def told(self, link: "LiveLink", told: Told) -> None:
        """Something changed."""

    def lost(self, link: "LiveLink") -> None:
        """The line broke; it is being made again."""


class LiveLink(Owner):
    """The line to the live process that listens at `address`, for as long as it is entered."""

    def __init__(self, address: Path, listener: Listener) -> None:
        self.address = address
        self.listening: Listening | None = None  # said when the line was made; None: broken
        self._listener = listener
        self._writer: asyncio.StreamWriter | None = None  # set while the line stands
        self._stands = asyncio.Event()
        self._open: dict[int, asyncio.Future[Re]] = {}
        self._last = 0
        self._tasks = Tasks()
        super().__init__(self._tasks)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._tasks.start(self._keep(), f"live {self.address.name}")
        return self

    @property
    def is_connected(self) -> bool:
        """Whether a question could be asked now."""
        return self._writer is not None

    async def stands_within(self, seconds: float) -> bool:
        """Waits for a line that is being made; whether it stands by then."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stands.wait(), seconds)
        return self.is_connected

    async def ask(self, do: Do, wanted: type[Wanted]) -> Wanted:
        """The answer, which is a `wanted`.

        Raises `LiveError`: `live_away` when nobody answers within 3 s, `live_too_old` when this
        is not known there, `live_overloaded` when too many ask already, or the code with which it
        was refused.
        """
        answer = await self._answer(do)
        if isinstance(answer, wanted):
            return answer
        if isinstance(answer, Refusal) and CODES.get(answer.code) == ():
            raise LiveError(answer.code)
        log.error("live %s answered %r to %s", self.address, answer, type(do).__name__)
        raise LiveError("live_away")

    async def _answer(self, do: Do) -> Re:
        writer, listening = self._writer, self.listening
        if writer is None or listening is None:
            raise LiveError("live_away")
        if name_of(do) not in listening.knows:
            raise LiveError("live_too_old")
        if len(self._open) >= MOST_OPEN or _unsent(writer) > MOST_UNSENT_BYTES:
            raise LiveError("live_overloaded")
        self._last = number = self._last + 1
        answer: asyncio.Future[Re] = asyncio.get_running_loop().create_future()
        self._open[number] = answer
        try:
            _write(writer, Ask(number, do))
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await answer
        except TimeoutError:
            raise LiveError("live_away") from None
        finally:
            self._open.pop(number, None)

    # --- keeping the line ----------------------------------------------------------------------

    async def _keep(self) -> None:
        delay_s = FIRST_DELAY_S
        while True:
            try:
                await self._talk()
            except (OSError, EOFError, TimeoutError, ValueError) as error:
                # ValueError: a line too long, or one we cannot read (msgspec.DecodeError)
                level = logging.WARNING if self.is_connected else logging.DEBUG
                log.log(level, "live %s: %s %s", self.address, type(error).__name__, error)
                delay_s = FIRST_DELAY_S if self.is_connected else min(delay_s * 2, LONGEST_DELAY_S)
            finally:
                self._lose()
            await asyncio.sleep(delay_s)

    async def _talk(self) -> None:
        """One line from its beginning to its end, which is an error of the ones above."""
        path = str(self.address)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_unix_connection(path, limit=LINE_BYTES)
        try:
            self._last = number = self._last + 1
            _write(writer, Ask(number, Listen()))
            async with asyncio.timeout(ANSWER_WITHIN_S):
                listening = await _listening(reader, number)
            self._writer, self.listening = writer, listening
            self._stands.set()
            log.info("live %s: process %s", self.address, listening.process)
            self._listener.connected(self, listening)
            while True:
                self._hear(await _line(reader))
        finally:
            writer.transport.abort()

    def _hear(self, reply: Reply) -> None:
        if isinstance(reply.re, Told):
            self._listener.told(self, reply.re)
            return
        answer = self._open.get(reply.id)  # None: its deadline is over
        if answer is not None and not answer.done():
            answer.set_result(reply.re)

    def _lose(self) -> None:
        was_connected = self.is_connected
        self._writer = self.listening = None
        self._stands.clear()
        for answer in self._open.values():
            if not answer.done():
                answer.set_exception(LiveError("live_away"))
        if was_connected:
            self._listener.lost(self)


def _write(writer: asyncio.StreamWriter, ask: Ask) -> None:
    writer.write(msgspec.json.encode(ask) + b"\n")


def _unsent(writer: asyncio.StreamWriter) -> int:
    size: int = writer.transport.get_write_buffer_size()
    return size


async def _listening(reader: asyncio.StreamReader, number: int) -> Listening:
    reply = await _line(reader)
    if reply.id != number or not isinstance(reply.re, Listening):
        raise ValueError(f"a stranger, who answered {reply.re!r:.100}")
    return reply.re


async def _line(reader: asyncio.StreamReader) -> Reply:
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise EOFError("it closed the line")
    return _read_reply(line)
