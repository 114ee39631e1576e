"""Debian's own PostgreSQL: the oldest one we promise to run on."""

import asyncio
import os
import pwd
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from server.supervisor import Child, Supervisor, spawn
from tests.support.processes import enterable_folder, in_memory

BINARIES = Path("/usr/lib/postgresql")
OLDEST = 15


def binaries() -> Path:
    """The `bin` of the oldest PostgreSQL from 15 on; the test is skipped without any."""
    found = sorted(
        (int(path.parts[-3]), path.parent)
        for path in BINARIES.glob("*/bin/postgres")
        if int(path.parts[-3]) >= OLDEST
    )
    if not found:
        pytest.skip("Debian's package postgresql is not installed")
    return found[0][1]


@asynccontextmanager
async def debian_postgres() -> AsyncIterator[str]:
    """The DSN of an empty server of its own, on a unix socket, run by nobody of importance."""
    programs = binaries()
    with enterable_folder(in_memory()) as folder:
        data = folder / "data"
        data.mkdir(mode=0o700)
        owner = _unprivileged()
        if owner is not None:
            os.chown(data, *owner)
        initdb = ("-D", str(data), "-U", "app", "--auth=trust", "--encoding=UTF8", "--locale=C")
        made = await spawn(_child(programs, "initdb", owner, *initdb, "--no-sync"))
        assert await made.wait() == 0
        settings = (f"unix_socket_directories={data}", "listen_addresses=", "fsync=off")
        told = [word for each in settings for word in ("-c", each)]
        server = _child(programs, "postgres", owner, "-D", str(data), *told)
        async with Supervisor([server]):
            yield await _ready(f"postgresql://app@/postgres?host={data}")


def _unprivileged() -> tuple[int, int] | None:
    """PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    user = pwd.getpwnam("nobody")
    return user.pw_uid, user.pw_gid


def _child(programs: Path, name: str, owner: tuple[int, int] | None, *arguments: str) -> Child:
    path = shutil.which(name, path=programs)
    assert path is not None
    return Child(
        name, (path, *arguments), env={"LC_ALL": "C"}, cwd=Path("/"), owner=owner,
        output=Path(os.devnull),
    )  # fmt: skip


async def _ready(dsn: str) -> str:
    async with asyncio.timeout(30):
        while True:
            try:
                connection = await asyncpg.connect(dsn)
            except (OSError, asyncpg.CannotConnectNowError):
                await asyncio.sleep(0.05)
                continue
            await connection.close()
            return dsn
