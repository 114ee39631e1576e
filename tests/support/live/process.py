"""A live process of its own, without a web process: started, asked, killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from media.live.address import address_for
from tests.support.live.control import Control
from tests.support.processes import until

ROOT = Path(__file__).resolve().parents[3]
LIBRARY = ROOT / "media" / "live" / "built" / "fanout.so"


def free_port() -> int:
    """A port that neither UDP nor TCP uses just now."""
    while True:
        with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                tcp.bind(("127.0.0.1", udp.getsockname()[1]))
                return int(udp.getsockname()[1])


class LiveProcess:
    """A live process that can be killed and started again at the same place."""

    def __init__(
        self,
        home: Path,
        *,
        addresses: tuple[str, ...] = ("127.0.0.1",),
        core: int | None = None,
        library: Path | None = None,
    ) -> None:
        self.home = home
        self.port = free_port()
        self.addresses = addresses
        self.pid = 0
        self._core = core
        self._library = library
        self._process: asyncio.subprocess.Process | None = None

    @property
    def socket(self) -> Path:
        """Its control socket."""
        return address_for(self.home, self.port)

    @property
    def said(self) -> str:
        """Everything it logged."""
        return (self.home / "live.log").read_text(errors="replace")

    async def start(self) -> None:
        """Starts it and waits until it listens."""
        with (self.home / "live.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.support.live.serve", *self._words(),
                cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip
        self.pid = self._process.pid
        if self._core is not None:
            os.sched_setaffinity(self.pid, {self._core})
        control = await self.control()
        await control.close()

    def _words(self) -> list[str]:
        library = [str(self._library)] if self._library else []
        return [str(self.port), str(self.socket), ",".join(self.addresses), *library]

    async def control(self) -> Control:
        """A new connection to it."""
        try:
            return await Control.connect(self.socket)
        except TimeoutError:
            raise AssertionError(f"the live process does not answer: {self.said[-2000:]}") from None

    async def tasks(self) -> int:
        """How many tasks its event loop has just now."""
        before = self.said.count("tasks: ")
        os.kill(self.pid, signal.SIGUSR1)
        await until(lambda: self.said.count("tasks: ") > before)
        return int(self.said.rpartition("tasks: ")[2].split()[0])

    async def kill(self) -> None:
        """kill -9: nobody is told."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def stop(self) -> None:
        """Tells it to end; ends it when it does not."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                await self._process.wait()
        await self.kill()


@contextlib.asynccontextmanager
async def a_live_process(
    home: Path,
    *,
    addresses: tuple[str, ...] = ("127.0.0.1",),
    core: int | None = None,
    library: Path | None = None,
) -> AsyncIterator[LiveProcess]:
    """A running live process; its home is made. `library`: the compiled loop, else pure Python."""
    home.mkdir(parents=True, exist_ok=True)
    live = LiveProcess(home, addresses=addresses, core=core, library=library)
    try:
        await live.start()
        yield live
    finally:
        await live.stop()
