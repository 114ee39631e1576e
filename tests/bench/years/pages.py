"""The pages a coordinator opens, asked for at a steady rate, and how long each took."""

import asyncio
import contextlib
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import httpx
import psutil

from rooms.people import sign_ins
from server.auth import COOKIE


@dataclass
class Times:
    """Milliseconds of each page, by its name; a page that failed is not among them."""

    ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failed: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[float]:
        """Of every page."""
        return [one for times in self.ms.values() for one in times]


def p95(times: list[float]) -> float:
    """So long or less took 95 of 100."""
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


async def addresses(conn: "asyncpg.Connection[asyncpg.Record]", programme: str) -> dict[str, str]:
    """A coordinator's pages by name: of the region of the first coordinator."""
    row = await conn.fetchrow(
        """
        select c.id as part, c.session_id, c.school_id, c.class_id, s.tour_id, r.id as region
        from session_classes c
        join sessions s on (s.programme_id, s.id) = (c.programme_id, c.session_id)
        join regions r on (r.programme_id, r.id) = (c.programme_id, c.region_id)
            and r.name = 'Groningen'
        join seats t on (t.programme_id, t.session_class_id) = (c.programme_id, c.id)
        where c.programme_id = $1 and s.state = 'ended'
        order by (s.room_id is null) desc, s.local_date desc, c.id limit 1
        """,
        programme,
    )
    webinar = await conn.fetchval(
        """
        select w.id from webinars w join regions r on (r.programme_id, r.id)
            = (w.programme_id, w.region_id) and r.name = 'Groningen'
        where w.programme_id = $1 and w.state = 'announced' order by w.day desc limit 1
        """,
        programme,
    )
    assert row is not None
    found = {
        "home": "/",
        "needs you": "/needs",
        "attendance, this year": "/attendance",
        "attendance, all years": "/attendance?since=&until=",
        "attendance, all years by school": "/attendance?since=&until=&by=school",
        "attendance, by class": "/attendance?by=class",
        "attendance, all years by class": "/attendance?since=&until=&by=class",
        "attendance, all years by company": "/attendance?since=&until=&by=company",
        "attendance, a late page": "/attendance?since=&until=&page=20",
        "attendance, no-shows": "/attendance?since=&until=&outcome=no_show",
        "attendance, a school": f"/attendance?since=&until=&school={row['school_id']}",
        "why, a class": f"/attendance/{row['part']}",
        "why, a session": f"/attendance/sessions/{row['session_id']}",
        "figures, this year": "/kpis",
        "figures, last year by level": "/kpis?by=level",
        "figures, by network": "/kpis?by=network",
        "hosted, this year": "/kpis/hosted",
        "hosted, by company": "/kpis/hosted?of=companies",
        "report of a region": f"/reports/regions/{row['region']}",
        "reports": "/reports",
        "releases": "/releases",
        "reviews": "/reviews",
        "teachers to confirm": "/teachers/confirm",
        "guest lessons": "/requests",
        "webinars": "/p/five-years/webinars",
        "tours": "/p/five-years/tours",
        "live": "/rooms",
        "exports": "/exports",
        "account": "/account",
    }
    if webinar:
        found["a webinar's desk"] = f"/webinars/{webinar}"
    return found


async def cookie_of(
    conn: "asyncpg.Connection[asyncpg.Record]", programme: str, who: str
) -> dict[str, str]:
    """A signed-in browser's."""
    person = await conn.fetchval(
        "select id from persons where email = $1", f"{who}@five-years.example"
    )
    token = await sign_ins.start(conn, person, now=datetime.now(UTC), programme_id=UUID(programme))
    return {COOKIE: token}


async def ask(
    url: str, cookies: dict[str, str], pages: dict[str, str], rounds: int, rate: float
) -> Times:
    """Every page `rounds` times in turn, at `rate` requests a second whatever they take."""
    times = Times()
    limits = httpx.Limits(max_connections=60, max_keepalive_connections=60)
    headers = {"accept": "text/html"}
    async with httpx.AsyncClient(
        base_url=url, cookies=cookies, limits=limits, timeout=30, headers=headers
    ) as client:
        began, tasks = time.perf_counter(), []
        asked = [one for _ in range(rounds) for one in pages.items()]
        for number, (name, path) in enumerate(asked):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(_one(client, name, path, times)))
        await asyncio.gather(*tasks)
    return times


async def _one(client: httpx.AsyncClient, name: str, path: str, times: Times) -> None:
    began = time.perf_counter()
    answer = await client.get(path)
    took = (time.perf_counter() - began) * 1000
    if answer.status_code == 200:
        times.ms[name].append(took)
    else:
        times.failed.append(f"{name}: {answer.status_code}")


async def cpu_of_each(
    url: str, cookies: dict[str, str], pages: dict[str, str], rounds: int, pids: tuple[int, int]
) -> dict[str, tuple[float, float]]:
    """(milliseconds of CPU of the web process, of the database) that each page takes, one page
    after the other. `pids`: the web process and the database's first one."""
    headers, found = {"accept": "text/html"}, {}
    async with httpx.AsyncClient(
        base_url=url, cookies=cookies, timeout=30, headers=headers
    ) as client:
        for name, path in pages.items():
            before = [_cpu_ms(pid) for pid in pids]
            for _ in range(rounds):
                await client.get(path)
            web, database = [
                (_cpu_ms(pid) - was) / rounds for pid, was in zip(pids, before, strict=True)
            ]
            found[name] = web, database
    return found


def _cpu_ms(pid: int) -> float:
    """Of a process and its children, also of those that have gone meanwhile."""
    first = psutil.Process(pid)
    own = first.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in first.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            total += times.user + times.system
    return total * 1000
