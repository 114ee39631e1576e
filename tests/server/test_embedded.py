"""The embedded PostgreSQL with real kills, under the user who runs the tests (root in CI)."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from server import embedded as module
from server.embedded import EmbeddedError, embedded
from tests.support.processes import ended, enterable_folder, is_running, until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

# A process that owns a cluster, to be killed: says its DSN and PostgreSQL's pid, then waits.
OWNER = """
import asyncio, pathlib, sys
from server.embedded import embedded

async def main():
    async with embedded(pathlib.Path(sys.argv[1]), is_durable=False) as server:
        print(server.pid, server.dsn, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def home() -> Iterator[Path]:
    with enterable_folder() as folder:
        yield folder / "home"


@contextlib.asynccontextmanager
async def owner(home: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int, str]]:
    """An owner in another process: (the process, PostgreSQL's pid, the DSN)."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, str(home), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        pid, dsn = line.decode().split()
        yield process, int(pid), dsn
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def run(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn, ssl=False)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def run_when_up(dsn: str, query: str) -> object:
    """Runs `query` as soon as PostgreSQL answers again."""
    for _ in range(500):
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return await run(dsn, query)
        await asyncio.sleep(0.02)
    pytest.fail("no answer within 10 s")


def still_working_in(data: Path) -> list[psutil.Process]:
    return [p for p in psutil.process_iter() if module._works_in(p, data)]


async def add_row(dsn: str) -> None:
    await run(dsn, "create table if not exists kept (n int)")
    await run(dsn, "insert into kept values (1)")


async def test_a_restart_keeps_rows_and_folder(home: Path) -> None:
    async with embedded(home) as server:
        await add_row(server.dsn)
        assert server.data == home / "pg18"
    assert not still_working_in(server.data)
    async with embedded(home) as again:
        assert await run(again.dsn, "select count(*) from kept") == 1
        assert again.dsn == server.dsn


async def test_it_is_durable_unless_asked_and_listens_on_no_port(home: Path) -> None:
    async with embedded(home) as server:
        assert await run(server.dsn, "show fsync") == "on"
        assert await run(server.dsn, "show listen_addresses") == ""
        assert await run(server.dsn, "show server_encoding") == "UTF8"
        assert await run(server.dsn, "show timezone") == "UTC"


async def test_errors_leave_no_personal_data_in_the_log(home: Path) -> None:
    async with embedded(home, is_durable=False) as server:
        await run(server.dsn, "create table mails (mail text unique)")
        await run(server.dsn, "insert into mails values ('canary@school.example')")
        with pytest.raises(asyncpg.UniqueViolationError):
            await run(server.dsn, "insert into mails values ('canary@school.example')")
        log = (home / "pg18.log").read_text()
        assert "mails_mail_key" in log
        assert "canary" not in log


async def test_a_killed_postgres_is_back_on_the_same_dsn(home: Path) -> None:
    async with embedded(home, is_durable=False) as server:
        await add_row(server.dsn)
        first = server.pid
        assert first is not None
        psutil.Process(first).kill()
        await until(lambda: server.pid not in {None, first}, within_s=5)
        assert await run_when_up(server.dsn, "select count(*) from kept") == 1


async def test_a_killed_owner_leaves_nothing_and_loses_nothing(home: Path) -> None:
    async with owner(home) as (process, pid, dsn):
        await add_row(dsn)
        process.kill()
        await ended(pid, within_s=5)
        await until(lambda: not still_working_in(home / "pg18"), within_s=5)
    async with embedded(home, is_durable=False) as server:
        assert await run(server.dsn, "select count(*) from kept") == 1


async def test_a_new_owner_ends_what_an_old_one_left(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEFTOVERS_WITHIN_S", 0.5)
    async with owner(home) as (process, pid, dsn):
        await add_row(dsn)
        # Stopped, the old server cannot obey the signal its owner's death sends.
        os.kill(pid, signal.SIGSTOP)
        process.kill()
        await process.wait()
        assert is_running(pid)
        async with embedded(home, is_durable=False) as server:
            assert not is_running(pid)
            assert await run(server.dsn, "select count(*) from kept") == 1


async def test_lock_files_of_somebody_elses_process_are_dropped(home: Path) -> None:
    async with embedded(home, is_durable=False) as server:
        await add_row(server.dsn)
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (server.data / name).write_text(f"{os.getpid()}\n{server.data}\n")
    async with embedded(home, is_durable=False) as again:
        assert await run(again.dsn, "select count(*) from kept") == 1


async def test_a_second_owner_is_refused_in_a_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_WITHIN_S", 0.2)
    async with embedded(home, is_durable=False) as server:
        with pytest.raises(EmbeddedError, match="Another Porthole is running") as error:
            async with embedded(home):
                pytest.fail("entered")
        assert error.value.code == "in_use"
        assert str(home) in str(error.value)
        assert await run(server.dsn, "select 1") == 1


async def test_an_owner_that_is_just_stopping_is_waited_for(home: Path) -> None:
    async with owner(home) as (process, _, dsn):
        await add_row(dsn)
        process.terminate()
        async with embedded(home, is_durable=False) as server:
            assert await run(server.dsn, "select count(*) from kept") == 1


async def test_an_interrupted_initdb_leaves_nothing_half(home: Path) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", OWNER, str(home))
    await until((home / "pg18.init" / "global").exists)
    process.kill()
    await process.wait()
    async with embedded(home) as server:
        assert await run(server.dsn, "select 1") == 1
    assert not (home / "pg18.init").exists()


async def test_a_half_made_cluster_is_made_anew(home: Path) -> None:
    """What a kill between initdb's first file and its end leaves, at its worst."""
    (home / "pg18.init").mkdir(parents=True)
    (home / "pg18.init" / "PG_VERSION").write_text("18\n")
    async with embedded(home, is_durable=False) as server:
        assert await run(server.dsn, "select 1") == 1
    assert not (home / "pg18.init").exists()


@pytest.mark.parametrize("name", ["a" * 120, 'O\'Neill & co, "twee" %40 ü'])
async def test_a_long_or_odd_path_works(home: Path, name: str) -> None:
    home.mkdir()
    async with embedded(home / name, is_durable=False) as server:
        assert await run(server.dsn, "select 1") == 1
        first = server.pid
        assert first is not None
        psutil.Process(first).kill()
        assert await run_when_up(server.dsn, "select 2") == 2


async def test_a_long_paths_socket_folder_is_cleared_after_a_kill(home: Path) -> None:
    home.mkdir()
    long = home / ("a" * 120)
    async with owner(long) as (process, _, _dsn):
        folder = Path((long / "pg18.socket").read_text())
        process.kill()
        await process.wait()
    assert folder.exists()
    async with embedded(long):
        assert not folder.exists()
    assert not (long / "pg18.socket").exists()


async def test_data_of_a_version_we_do_not_bring_is_refused(home: Path) -> None:
    (home / "pg14").mkdir(parents=True)
    (home / "pg14" / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedError, match="PostgreSQL 14") as error:
        async with embedded(home):
            pytest.fail("entered")
    assert error.value.code == "wrong_version"
    assert not (home / "pg18").exists()


async def test_data_of_an_older_version_keeps_its_version(home: Path) -> None:
    (home / "pg16").mkdir(parents=True)
    (home / "pg16" / "PG_VERSION").write_text("16\n")
    assert module._choose({16: Path("old"), 18: Path("new")}, home) == (16, Path("old"))
    assert module._choose({16: Path("old"), 18: Path("new")}, home / "new") == (18, Path("new"))


async def test_a_server_that_cannot_start_says_its_last_words(home: Path) -> None:
    async with embedded(home, is_durable=False):
        pass
    (home / "pg18" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedError, match="no_such_setting") as error:
        async with embedded(home, is_durable=False):
            pytest.fail("entered")
    assert error.value.code == "not_started"
    assert "was kept" in str(error.value)


async def test_without_binaries_it_says_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedError, match="make setup"):
        async with embedded(home):
            pytest.fail("entered")


@as_root
class TestAsRoot:
    @pytest.fixture
    def elsewhere(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        folder = home.parent / "elsewhere"
        monkeypatch.setattr(module, "ELSEWHERE", folder)
        return folder

    async def test_postgres_is_nobody(self, home: Path) -> None:
        async with embedded(home, is_durable=False) as server:
            assert psutil.Process(server.pid).username() == "nobody"
            assert server.data.stat().st_mode & 0o777 == 0o700

    async def test_a_closed_home_keeps_its_mode_and_is_remembered_when_moved(
        self, home: Path, elsewhere: Path
    ) -> None:
        home.mkdir(mode=0o700)
        async with embedded(home, is_durable=False) as server:
            await add_row(server.dsn)
            assert server.data.is_relative_to(elsewhere)
        assert home.stat().st_mode & 0o777 == 0o700
        moved = home.rename(home.with_name("moved"))
        async with embedded(moved, is_durable=False) as again:
            assert await run(again.dsn, "select count(*) from kept") == 1

    async def test_a_database_that_is_gone_is_not_replaced_by_an_empty_one(
        self, home: Path, elsewhere: Path
    ) -> None:
        home.mkdir(mode=0o700)
        async with embedded(home, is_durable=False):
            pass
        shutil.rmtree(elsewhere)
        with pytest.raises(EmbeddedError, match="which is gone") as error:
            async with embedded(home, is_durable=False):
                pytest.fail("entered")
        assert error.value.code == "data_missing"

    async def test_binaries_nobody_can_reach_are_copied(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closed = home.parent / "closed"
        closed.mkdir(mode=0o700)
        (major, bins) = module._choose(module.binaries(), home)
        package = bins.parent.parent
        for source in (bins.parent, package.with_name(f"{package.name}.libs")):
            shutil.copytree(source, closed / source.relative_to(package.parent), symlinks=True)
        copy = closed / bins.relative_to(package.parent)
        monkeypatch.setattr(module, "binaries", lambda: {major: copy})
        for _ in range(2):
            async with embedded(home, is_durable=False) as server:
                assert Path(psutil.Process(server.pid).exe()).is_relative_to(home)
        assert len(list(home.glob("postgresql-*"))) == 1
        assert closed.stat().st_mode & 0o777 == 0o700

    async def test_another_users_cluster_stays_theirs(self, home: Path, elsewhere: Path) -> None:
        async with embedded(home, is_durable=False) as server:
            await add_row(server.dsn)
        for path in (server.data, *server.data.rglob("*")):
            os.chown(path, 54321, 54321)
        os.chown(home, 54321, 54321)
        home.chmod(0o700)
        async with embedded(home, is_durable=False) as again:
            assert psutil.Process(again.pid).uids().real == 54321
            assert await run(again.dsn, "select count(*) from kept") == 1
        assert not elsewhere.exists()

    async def test_somebody_elses_home_is_refused_in_a_sentence(self, home: Path) -> None:
        home.mkdir(mode=0o755)
        code = (
            "import asyncio, os, pathlib, sys\n"
            "from server.embedded import embedded\n"
            "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            "async def main():\n"
            "    async with embedded(pathlib.Path(sys.argv[1])): pass\n"
            "asyncio.run(main())"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, str(home), stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
        assert b"as the user that owns" in said


def test_the_log_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_LOG_BYTES", 10)
    log = tmp_path / "pg18.log"
    log.write_text("x" * 11)
    module._limit_log(log)
    assert not log.exists()
    assert (tmp_path / "pg18.log.old").exists()
