"""A coordinator's pages, exports and the night's work with five years of data.

`PORTHOLE_BENCH_YEARS=URL[,URL]` measures databases that `python -m tests.bench.years` has filled
(the smaller first); without it both are made here, which takes some minutes.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import psutil

from rooms.attendance import export, kpi_rows, retention
from rooms.attendance.report import Filters
from rooms.attendance.workbook import Workbook
from rooms.scope import Grant, Scope
from server import database
from server.embedded import embedded
from tests.bench import cost
from tests.bench.years import pages
from tests.bench.years.make import make
from tests.bench.years.pages import p95
from tests.support.databases import with_database
from tests.support.served import WebProcess

RATE = 20.0
ROUNDS = 40  # of fewer the 95th of 100 is beyond the longest
# So often each page is asked for by itself, for its CPU.
ALONE = 20
MB = 1_000_000

PAGE_P95_MS = 150.0
NIGHTLY_S = 60.0
FIRST_ROWS_S = 0.5
STREAMED_S, STREAMED_ROWS = 3.0, 100_000
SPREADSHEET_S = 30.0


@dataclass
class Measured:
    """What one database was measured at; seconds, milliseconds and bytes as named."""

    visits: int
    rows: int
    times: pages.Times
    cpu_ms: dict[str, tuple[float, float]]
    rss: tuple[int, int]
    exports: dict[str, tuple[float, float, int]]
    nightly_s: tuple[float, float]
    purge: tuple[float, int]


async def test_five_years(tmp_path: Path) -> None:
    async with _databases(tmp_path) as urls:
        found = [await _measure(url, tmp_path) for url in urls]
    _write(found)
    assert not [failed for one in found for failed in one.times.failed]
    assert [broken for one in found for broken in _broken(one)] == []


def _broken(one: Measured) -> list[str]:
    """Which promises were not kept, with the figure measured."""
    kept = {f"{name}, p95 ms": (p95(ms), PAGE_P95_MS) for name, ms in one.times.ms.items()}
    kept["KPIs made anew, s"] = (one.nightly_s[0], NIGHTLY_S)
    kept["XLSX, s"] = (one.exports["xlsx"][1], SPREADSHEET_S)
    for form in ("csv", "json"):
        first_s, all_s, _ = one.exports[form]
        kept[f"{form}, first rows, s"] = (first_s, FIRST_ROWS_S)
        # What a row takes shows where there are many: of few the beginning is most.
        more = max(1.0, STREAMED_ROWS / one.rows) if one.rows >= STREAMED_ROWS / 2 else 1.0
        whole_s = first_s + more * (all_s - first_s)
        kept[f"{form}, s for {more * one.rows:.0f} rows"] = (whole_s, STREAMED_S)
    return [
        f"{words}: {figure:.1f} > {limit:g}"
        for words, (figure, limit) in kept.items()
        if figure > limit
    ]


@asynccontextmanager
async def _databases(folder: Path) -> AsyncIterator[list[str]]:
    given = os.environ.get("PORTHOLE_BENCH_YEARS")
    if given:
        yield given.split(",")
        return
    async with embedded(folder / "home", is_durable=False) as server:
        urls = []
        for name, scale in (("tenth", 0.1), ("whole", 1.0)):
            conn = await asyncpg.connect(server.dsn)
            await conn.execute(f"create database {name}")
            await conn.close()
            urls.append(with_database(server.dsn, name))
            await make(urls[-1], scale=scale, today=date.today())
        yield urls


async def _measure(url: str, folder: Path) -> Measured:
    conn = await asyncpg.connect(url)
    await database.prepare(conn)
    try:
        programme = str(await conn.fetchval("select id from programmes where slug = 'five-years'"))
        visits = await conn.fetchval("select count(*) from visits")
        rows = await conn.fetchval("select count(*) from session_class_results")
        found = await pages.addresses(conn, programme)
        cookies = await pages.cookie_of(conn, programme, "coordinator-1")
        office = await pages.cookie_of(conn, programme, "bureau")
        web = WebProcess(url, folder)
        await web.start()
        try:
            await pages.ask(web.url, cookies, found, 1, RATE)  # what is loaded once
            before = psutil.Process(web.pid).memory_info().rss
            times = await pages.ask(web.url, cookies, found, ROUNDS, RATE)
            pids = web.pid, await _first_process(conn)
            cpu_ms = await pages.cpu_of_each(web.url, cookies, found, ALONE, pids)
            exports = {
                form: await _export(web.url, office, f"/attendance.{form}?since=&until=")
                for form in ("csv", "json")
            }
            rss = before, psutil.Process(web.pid).memory_info().rss
        finally:
            await web.kill()
        exports["xlsx"] = await _spreadsheet(conn, programme, folder)
        return Measured(
            visits,
            rows,
            times,
            cpu_ms,
            rss,
            exports,
            await _nightly(conn),
            await _purge(conn, programme),
        )
    finally:
        await conn.close()


async def _first_process(conn: "asyncpg.Connection[asyncpg.Record]") -> int:
    """The database's own first process, of which all others are children."""
    parent = psutil.Process(await conn.fetchval("select pg_backend_pid()")).parent()
    assert parent is not None
    return parent.pid


async def _export(url: str, cookies: dict[str, str], path: str) -> tuple[float, float, int]:
    """(seconds to the second part, with the first rows; to the end; bytes)."""
    async with httpx.AsyncClient(base_url=url, cookies=cookies, timeout=60) as client:
        began, first, size, parts = time.perf_counter(), 0.0, 0, 0
        async with client.stream("GET", path) as answer:
            assert answer.status_code == 200
            async for part in answer.aiter_raw():
                size += len(part)
                parts += 1
                if parts == 2:
                    first = time.perf_counter() - began
        return first, time.perf_counter() - began, size


async def _spreadsheet(
    conn: "asyncpg.Connection[asyncpg.Record]", programme: str, folder: Path
) -> tuple[float, float, int]:
    """The worker's part, in this process: (0, seconds, bytes)."""
    path, began = folder / "all.xlsx", time.perf_counter()
    book = Workbook(path, export.LINES, ("Attendance", "Definitions"), [("a", "b")])
    scope = Scope(UUID(programme), None, (Grant("bureau"),))
    async with export.one_moment(conn):
        async for found in export.batches(conn, scope, Filters()):
            await asyncio.to_thread(book.add, found)
    book.close()
    return 0.0, time.perf_counter() - began, path.stat().st_size


class _Undone(Exception):
    """Nothing measured here stays."""


async def _nightly(conn: "asyncpg.Connection[asyncpg.Record]") -> tuple[float, float]:
    """(seconds to make every row of KPIs anew; to find that all are right)."""
    took = []
    try:
        async with conn.transaction():
            await conn.execute("delete from kpi_sessions")
            await conn.execute("delete from kpi_classes")
            for _ in "ab":
                began = time.perf_counter()
                await kpi_rows.run(conn, datetime.now(UTC))
                took.append(time.perf_counter() - began)
            raise _Undone
    except _Undone:
        return took[0], took[1]


async def _purge(conn: "asyncpg.Connection[asyncpg.Record]", programme: str) -> tuple[float, int]:
    """(seconds, rows) of a purge that takes away all years but this one."""
    began = time.perf_counter()
    try:
        async with conn.transaction():
            removed = await retention.purge(conn, datetime.now(UTC))
            took = time.perf_counter() - began
            raise _Undone
    except _Undone:
        return took, removed


def _write(found: list[Measured]) -> None:
    heads = ["", *(f"{one.visits / 1e6:.2f} million visits" for one in found)]
    lines: dict[str, Callable[[Measured], str]] = {
        "rows in reports": lambda one: f"{one.rows:,}",
        "all pages, p95 ms (≤ 150)": lambda one: f"{p95(one.times.all):.0f}",
        "web process after it all, MB": lambda one: f"{one.rss[1] / MB:.0f}",
        "grown by pages and exports, MB": lambda one: f"{(one.rss[1] - one.rss[0]) / MB:.0f}",
        "CSV: first rows · all, s · MB sent": lambda one: _told(one.exports["csv"]),
        "JSON: first rows · all, s · MB sent": lambda one: _told(one.exports["json"]),
        "XLSX: all, s · MB sent": lambda one: _told(one.exports["xlsx"]).partition(" · ")[2],
        "KPIs made anew, s (≤ 60)": lambda one: f"{one.nightly_s[0]:.1f}",
        "KPIs found right, s": lambda one: f"{one.nightly_s[1]:.1f}",
        "purge of past years, s · rows": lambda one: f"{one.purge[0]:.0f} · {one.purge[1]:,}",
    }
    whole = [[words, *map(told, found)] for words, told in lines.items()]
    each = [
        [name, *(f"{p95(one.times.ms[name]):.0f}" for one in found)] for name in found[0].times.ms
    ]
    each_cpu = [
        [name, *(f"{sum(one.cpu_ms[name]):.0f} · {one.cpu_ms[name][1]:.0f}" for one in found)]
        for name in found[0].cpu_ms
    ]
    cost.write(
        "years",
        "Five years of a national programme",
        "A coordinator's pages in turn, 20 requests a second; web process, database and the asking "
        "program share the machine. The programme is made by `python -m tests.bench.years`.",
        cost.table(heads, whole),
        cost.table(["p95 in ms", *heads[1:]], each),
        cost.table(["CPU in ms: all · of it the database", *heads[1:]], each_cpu),
    )


def _told(sent: tuple[float, float, int]) -> str:
    return f"{sent[0]:.2f} · {sent[1]:.1f} · {sent[2] / MB:.0f}"
