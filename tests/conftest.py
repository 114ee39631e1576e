"""Fixtures of every test: one PostgreSQL for the run, a fresh database for each test."""

import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from xdist.remote import Producer
from xdist.workermanage import WorkerController

from server import database, migrations
from server.embedded import embedded
from tests.support.chromium import KEPT
from tests.support.databases import (
    TEMPLATE,
    drop_waiting,
    fresh_database,
    leave_unswept,
    lent_pool,
    with_database,
)
from tests.support.floor import Clock, House, house
from tests.support.order import ByFile, long_ones_first
from tests.support.processes import enterable_folder, in_memory
from tests.support.shares import load_share

# Python looks for garbage after 700 new objects; a single request to a page makes more.
COLLECT_AFTER = 10_000
gc.disable()  # while all tests are loaded


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Tells each worker whether it has to do with the whole suite."""
    source = node.config.args_source
    node.workerinput["is_whole"] = source == pytest.Config.ArgsSource.TESTPATHS


def pytest_sessionstart(session: pytest.Session) -> None:
    """On a fresh checkout each worker compiles its share of the test files, none of them all."""
    told = getattr(session.config, "workerinput", {})
    if told.get("is_whole"):
        load_share(int(told["workerid"].removeprefix("gw")), told["workercount"])


def pytest_collection_finish() -> None:
    """What was loaded stays: nobody need look again and again whether it may be thrown away."""
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins early."""
    items[:] = long_ones_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores: a test that waits for a process leaves its core to another,
    and of the long ones every fifth second is waited for something."""
    return len(os.sched_getaffinity(0)) + 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """How several workers share the suite."""
    config.option.loadscopereorder = False  # a file of many tests is not a long one
    return ByFile(config, log)


@pytest.fixture(scope="session")
async def server_dsn() -> AsyncIterator[str]:
    """A PostgreSQL of our own, or the one of PORTHOLE_TEST_DATABASE_URL, with the template made."""
    given = os.environ.get("PORTHOLE_TEST_DATABASE_URL")
    if given:
        await make_template(given)
        yield given
        await drop_waiting(given)
        return
    with enterable_folder(in_memory()) as folder:
        async with embedded(folder / "home", is_durable=False) as server:
            await make_template(server.dsn)
            yield server.dsn
            await drop_waiting(server.dsn)


async def make_template(dsn: str) -> None:
    """Makes the database that each test's own is a copy of."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"drop database if exists {TEMPLATE}")
        await connection.execute(f"create database {TEMPLATE}")
        await migrations.migrate(with_database(dsn, TEMPLATE))
    finally:
        await connection.close()
    await leave_unswept(with_database(dsn, TEMPLATE))


@pytest.fixture(scope="session", autouse=True)
async def kept_chromium() -> AsyncIterator[None]:
    """Ends the browser that the run's tests share."""
    yield
    await KEPT.close()


@pytest.fixture
async def dsn(server_dsn: str) -> AsyncIterator[str]:
    """A fresh, migrated database."""
    async with fresh_database(server_dsn) as dsn:
        yield dsn


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[database.Pool]:
    """A pool on a fresh database."""
    async with lent_pool(dsn) as pool:
        yield pool


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until moved."""
    return Clock()


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    """A PORTHOLE_HOME of the test's own."""
    return tmp_path


@pytest.fixture
async def app_house(dsn: str, tmp_path: Path, clock: Clock) -> AsyncIterator[House]:
    """The app on a fresh database and an empty storage."""
    async with house(dsn, tmp_path, clock) as running:
        yield running
