"""A mail server on loopback that keeps what it gets, or says no as told."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass
class Sink:
    """`recipient_answer` and `data_answer` are SMTP replies; a test changes them to be refused."""

    port: int = 0
    recipient_answer: str = "250 fine"
    data_answer: str = "250 kept"
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """What PORTHOLE_MAIL_URL would be."""
        return f"smtp://127.0.0.1:{self.port}/?from=post@porthole.example"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speaks just enough SMTP for one client."""
        writer.write(b"220 sink\r\n")
        while line := (await reader.readline()).decode().strip():
            verb = line.split(":")[0].split(" ")[0].upper()
            writer.write(f"{await self._answer(verb, line, reader, writer)}\r\n".encode())
            await writer.drain()
            if verb == "QUIT":
                break
        writer.close()

    async def _answer(
        self, verb: str, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> str:
        if verb == "EHLO":
            return "250-sink\r\n250 8BITMIME"
        if verb == "RCPT":
            self.recipients += re.findall("<(.*?)>", line)
            return self.recipient_answer
        if verb == "DATA":
            writer.write(b"354 go on\r\n")
            await writer.drain()
            raw = await reader.readuntil(b"\r\n.\r\n")
            if self.data_answer.startswith("2"):
                self._keep(raw)
            return self.data_answer
        return "221 bye" if verb == "QUIT" else "250 ok"

    def _keep(self, raw: bytes) -> None:
        message = message_from_bytes(_unstuffed(raw), policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)


def _unstuffed(raw: bytes) -> bytes:
    """A line that began with a dot was sent with two (RFC 5321, 4.5.2)."""
    return raw.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")


@asynccontextmanager
async def smtp_sink() -> AsyncIterator[Sink]:
    """Listens on a free port of loopback."""
    sink = Sink()
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    async with server:
        yield sink
