"""Upload: megabytes per server CPU-second, and peak memory. `python -m tests.bench.upload [GB]`.

One client, one PATCH, into a server process of its own on a local folder and an embedded
PostgreSQL. CPU is the web process's own, user and system; PostgreSQL's and the client's are not
in it. The film is thrown away.
"""

import asyncio
import platform
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from server import database, migrations
from server.embedded import embedded
from tests.support import sending
from tests.support.sending import create, patch
from tests.support.served import WebProcess

BLOCK = b"\x5a" * 1_000_000


@dataclass(frozen=True)
class Measured:
    """One upload. `peak_bytes`: resident memory of the web process."""

    size_bytes: int
    cpu_s: float
    wall_s: float
    peak_bytes: int

    def row(self) -> str:
        """A line of the table."""
        size, peak = self.size_bytes / 1e6, self.peak_bytes / 1e6
        return (
            f"| {size:,.0f} MB | {self.wall_s:.1f} s | {self.cpu_s:.2f} s "
            f"| {size / self.cpu_s:,.0f} | {peak:.0f} MB |"
        )


async def measure(size_bytes: int) -> Measured:
    """Uploads `size_bytes` and looks at the server's process meanwhile."""
    with tempfile.TemporaryDirectory(prefix="pt-") as name:
        home = Path(name)
        home.chmod(0o755)
        async with embedded(home / "pg") as server:
            await migrations.migrate(server.dsn)
            pool = await database.connect_pool(server.dsn, max_size=1)
            async with pool.acquire() as conn, conn.transaction():
                sender = await sending.a_sender(conn)
            await pool.close()
            web = WebProcess(server.dsn, home)
            try:
                await web.start()
                return await _send(web, sender.headers, size_bytes)
            finally:
                await web.kill()


async def _send(web: WebProcess, headers: dict[str, str], size_bytes: int) -> Measured:
    process, peak = psutil.Process(web.pid), 0
    clock = asyncio.get_running_loop().time
    async with httpx.AsyncClient(base_url=web.url, headers=headers, timeout=60) as client:
        address = await create(client, size_bytes)
        before, began = process.cpu_times(), clock()
        sent = asyncio.create_task(patch(client, address, 0, _body(size_bytes)))
        while not sent.done():
            peak = max(peak, process.memory_info().rss)
            await asyncio.sleep(0.05)
        wall, after = clock() - began, process.cpu_times()
        assert (await sent).status_code == 204
    cpu = after.user + after.system - before.user - before.system
    return Measured(size_bytes, cpu, wall, peak)


async def _body(size_bytes: int) -> AsyncIterator[bytes]:
    for at in range(0, size_bytes, len(BLOCK)):
        yield BLOCK[: size_bytes - at]


def main() -> None:
    """Prints the table of one run."""
    gigabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    measured = asyncio.run(measure(int(gigabytes * 1e9)))
    print(f"{platform.processor() or platform.machine()}, {psutil.cpu_count()} cores,", end=" ")
    print(f"Python {platform.python_version()}, load {psutil.getloadavg()[0]:.1f}\n")
    print("| film | time | CPU | MB per CPU-second | peak memory |")
    print("|---|---|---|---|---|")
    print(measured.row())


if __name__ == "__main__":
    main()
