"""The app behind a real socket: in this process, or in one of its own that can be killed."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import uvicorn

from server.app import make_app
from server.config import Settings
from server.web import SOCKETS, Server, behind_proxies

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def served(settings: Settings, dsn: str) -> AsyncIterator[str]:
    """Serves the app from this event loop, as the web process does; gives its address."""
    app = behind_proxies(make_app(settings, dsn), settings)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=free_port(), log_config=None, proxy_headers=False,
        timeout_graceful_shutdown=1, **SOCKETS,
    )  # fmt: skip
    server = Server(config, settings.socket)
    # Ctrl-C stays pytest's own
    running = asyncio.create_task(server._serve())
    try:
        while not server.started:
            await asyncio.sleep(0.02)
            if running.done():
                await running
        yield f"http://127.0.0.1:{config.port}"
    finally:
        server.should_exit = True
        await running


class WebProcess:
    """`python -m server web` in a process of its own, that can be killed and started again."""

    def __init__(self, dsn: str, home: Path, socket: Path | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.pid = 0
        self._home = home
        self._process: asyncio.subprocess.Process | None = None
        self._environment = {
            **os.environ,
            "DATABASE_URL": dsn,
            "PORTHOLE_HOME": str(home),
            "PORTHOLE_SECRET": "a-secret-of-the-tests-32-characters-long",
            "PORTHOLE_PORT": str(self.port),
            **({"PORTHOLE_SOCKET": str(socket)} if socket is not None else {}),
        }

    async def start(self) -> None:
        """Starts it and waits until it answers.

        To read whom the world trusts, which plain HTTP has no use for, would cost 50 ms each time.
        """
        with (self._home / "web.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server", "web", cwd=ROOT, env=self._environment,
                stdout=log, stderr=log,
            )  # fmt: skip
        self.pid = self._process.pid
        async with asyncio.timeout(30), httpx.AsyncClient(verify=False) as client:
            while not await self._answers(client):
                assert self._process.returncode is None, (self._home / "web.log").read_text()
                await asyncio.sleep(0.05)

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        try:
            return (await client.get(f"{self.url}/up")).status_code == 200
        except httpx.TransportError:
            return False

    async def kill(self) -> None:
        """kill -9: nothing is flushed, nobody is told."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
