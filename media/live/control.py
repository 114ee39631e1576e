"""The live process's door: a unix socket for the web processes of this machine, mode 0600.

Each line is one JSON message (`media.live.messages`). Every connection is answered in the order it
asks; presence goes to the first that listens, and to the next when that one is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from pathlib import Path

import msgspec

from media.errors import LiveError
from media.live import messages
from media.live.address import address_for as address_for
from media.live.messages import Listen, Refusal, Reply, Told
from media.live.process import LiveProcess, LiveSettings

log = logging.getLogger(__name__)

# A web process that reads so slowly is not there: the connection is closed, it comes back.
MOST_BEHIND_BYTES = 4 << 20
TELL_EVERY_S = 1.0
MOST_CONNECTIONS = 64


class _Numbered(msgspec.Struct, frozen=True):
    """A question (`messages.Ask`) as it comes: from a newer web process it may be one we do not
    know."""

    id: int
    ask: msgspec.Raw


_numbered = msgspec.json.Decoder(_Numbered)
_do: msgspec.json.Decoder[messages.Do] = msgspec.json.Decoder(messages.Do)
_encode = msgspec.json.Encoder().encode


class _Connection:
    """One web process."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.is_listening = False
        self.told = 0  # the batch it was told and has not acknowledged; 0 for none

    def say(self, reply: Reply) -> None:
        """Sends one message; a connection that does not read is closed."""
        if self._writer.is_closing():
            return
        self._writer.write(_encode(reply) + b"\n")
        transport = self._writer.transport
        if transport.get_write_buffer_size() > MOST_BEHIND_BYTES:
            log.warning("a web process does not read: closed")
            transport.abort()

    def close(self) -> None:
        """Hangs up."""
        self._writer.close()


class Control:
    """Answers web processes, and tells them what happens."""

    def __init__(self, settings: LiveSettings) -> None:
        self._connections: list[_Connection] = []  # in the order they came
        self.process = LiveProcess(settings, self._tell_stage)

    def _tell_stage(self, stage: messages.Stage) -> None:
        for connection in self._connections:
            if connection.is_listening:
                connection.say(Reply(0, Told(stages=(stage,))))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it ends or says something that is not ours."""
        connection = _Connection(writer)
        if len(self._connections) >= MOST_CONNECTIONS:
            writer.close()
            return
        self._connections.append(connection)
        try:
            while line := await reader.readline():
                self._answer(connection, line)
        except (ValueError, msgspec.DecodeError) as error:
            log.warning("a line on the control socket cannot be read: %s", error)
        except ConnectionError:
            pass
        finally:
            self._connections.remove(connection)
            writer.close()

    def _answer(self, connection: _Connection, line: bytes) -> None:
        ask = _numbered.decode(line)
        try:
            do = _do.decode(ask.ask)
        except msgspec.ValidationError as error:
            log.warning("a question we do not know is refused: %s", error)
            connection.say(Reply(ask.id, Refusal("live_too_old")))
            return
        connection.say(Reply(ask.id, self._do(do)))
        if isinstance(do, Listen):
            connection.is_listening = True
        elif isinstance(do, messages.Ack):
            connection.told = 0
            self.tell_presence()

    def _do(self, do: messages.Do) -> messages.Re:
        try:
            return self.process.do(do)
        except LiveError as error:
            return Refusal(error.code)
        except Exception:
            log.exception("a fault in answering %s", type(do).__name__)
            return Refusal("live_overloaded")

    def tell_presence(self) -> None:
        """Tells the first listener what is due, once; again to the next one when it has gone."""
        first = next((each for each in self._connections if each.is_listening), None)
        batch = self.process.ledger.batch() if first is not None else None
        if first is not None and batch is not None and first.told != batch.batch:
            first.told = batch.batch
            first.say(Reply(0, batch))

    def close(self) -> None:
        """Hangs up on everybody."""
        for connection in self._connections:
            connection.close()

    async def tell_for_ever(self) -> None:
        """Once a second."""
        while True:
            await asyncio.sleep(TELL_EVERY_S)
            self.tell_presence()


async def serve(settings: LiveSettings, stop: asyncio.Event) -> None:
    """The live process, until `stop` is set. Raises OSError when a port or the socket is taken."""
    control = Control(settings)
    # The port first: whoever has it owns the socket too, and a second process leaves both alone.
    async with control.process:
        listening = _listen(settings.control)
        try:
            await _serve(control, listening, stop)
        finally:
            with contextlib.suppress(FileNotFoundError):
                settings.control.unlink()


async def _serve(control: Control, listening: socket.socket, stop: asyncio.Event) -> None:
    server = await asyncio.start_unix_server(
        control.serve, sock=listening, limit=messages.LINE_BYTES
    )
    log.info("live on port %d", control.process.port)
    async with asyncio.TaskGroup() as tasks:
        telling = tasks.create_task(control.tell_for_ever())
        await stop.wait()
        telling.cancel()
        server.close()
        control.close()


def _listen(path: Path) -> socket.socket:
    """A socket only we can connect to. One that a killed process left is replaced."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    before = os.umask(0o177)
    try:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        sock.bind(str(path))
        sock.listen()
    except BaseException:
        sock.close()
        raise
    finally:
        os.umask(before)
    return sock
