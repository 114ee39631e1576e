"""The made-up five years on a tiny scale: whole, the same each time, and by the product's rule."""

from datetime import UTC, date, datetime, time

import asyncpg

from rooms.attendance import keeping
from server import database
from tests.bench.years import make as years
from tests.bench.years.sums import presence_in
from tests.support.databases import fresh_database

TODAY = date(2026, 11, 28)
# So few lessons are made that not every seed plans a tour and a webinar of the weeks to come.
SEED = 10
# A password's salt is new each time, and the tool says when the night's work was done.
DIFFERS = {"persons", "purge_checks", "kpi_runs", "alembic_version"}
# What tells of a moment that may lie ahead.
AHEAD = {"expires_at", "starts_at", "ends_at"}


async def test_the_years_are_whole_and_the_same_each_time(server_dsn: str) -> None:
    async with fresh_database(server_dsn) as one, fresh_database(server_dsn) as other:
        made = await years.make(one, scale=0.001, seed=SEED, today=TODAY, sample=1000)
        # Every kept result whose visits are still there is what the product's rule says.
        assert 30 < made.checked < made.rows["session_class_results"]
        assert 1_000 < made.rows["visits"] < 4_000
        conn = await asyncpg.connect(one)
        try:
            assert await broken_references(conn) == []
            assert await outcomes(conn) >= {"present", "partial"}
            assert await corrections_beside_nothing(conn) == 0
            # Most of what was held serves an objective, and some of it none.
            aimed = await aims(conn)
            assert aimed[False] < aimed[True]
            assert aimed[False] > 0
            assert await planned(conn) == {"tour", "webinar"}
            assert await yet_to_happen(conn, list(made.rows)) == []
            first = await sums(conn)
            await database.prepare(conn)
            # What looks at every lesson once a minute can read them all, and has nothing to do.
            assert await keeping.sweep(conn, datetime.combine(TODAY, time(1), UTC)) == []
        finally:
            await conn.close()
        await years.make(other, scale=0.001, seed=SEED, today=TODAY, sample=0)
        conn = await asyncpg.connect(other)
        try:
            assert await sums(conn) == first
        finally:
            await conn.close()


async def outcomes(conn: "asyncpg.Connection[asyncpg.Record]") -> set[str]:
    """What became of the classes."""
    rows = await conn.fetch("select distinct outcome from session_class_results")
    return {row["outcome"] for row in rows}


async def aims(conn: "asyncpg.Connection[asyncpg.Record]") -> dict[bool, int]:
    """How many sessions count under an objective of their programme, and how many under none."""
    rows = await conn.fetch(
        """
        select k.objective_id is not null as is_aimed, count(*) from kpi_sessions k
        left join objectives o on (o.programme_id, o.id) = (k.programme_id, k.objective_id)
        where k.objective_id is null or o.id is not null group by 1
        """
    )
    return dict(rows)


async def planned(conn: "asyncpg.Connection[asyncpg.Record]") -> set[str]:
    """What is still to come."""
    rows = await conn.fetch(
        """
        select distinct case when tour_id is null then 'webinar' else 'tour' end as what
        from sessions where state = 'planned'
        """
    )
    return {row["what"] for row in rows}


async def yet_to_happen(
    conn: "asyncpg.Connection[asyncpg.Record]", tables: list[str]
) -> list[tuple[str, str]]:
    """(table, column) that tell of something done after the day it is all made for."""
    columns = await conn.fetch(
        r"""
        select table_name as own, column_name as name from information_schema.columns
        where table_name = any($1) and column_name like '%\_at' and column_name <> all($2)
            and data_type = 'timestamp with time zone'
        """,
        tables,
        list(AHEAD),
    )
    midnight = datetime.combine(TODAY, time(0), UTC)
    return [
        (one["own"], one["name"])
        for one in columns
        if await conn.fetchval(
            f"select exists (select from {one['own']} where {one['name']} > $1)", midnight
        )
    ]


async def corrections_beside_nothing(conn: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Of corrections the measured value is kept, as results have it."""
    found: int = await conn.fetchval(
        """
        select count(*) from corrections c join session_class_results r using (session_class_id)
        where c.measured <> case c.field when 'outcome' then r.measured_outcome
            else r.measured_headcount::text end
        """
    )
    return found


async def broken_references(conn: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    """Foreign keys that lead nowhere: the years are written without looking at them."""
    keys = await conn.fetch(
        """
        select c.conname, c.conrelid::regclass::text as child,
            c.confrelid::regclass::text as parent,
            array(select a.attname::text from unnest(c.conkey) with ordinality as k (n, at)
                join pg_attribute a on (a.attrelid, a.attnum) = (c.conrelid, k.n) order by k.at)
                as names,
            array(select a.attname::text from unnest(c.confkey) with ordinality as k (n, at)
                join pg_attribute a on (a.attrelid, a.attnum) = (c.confrelid, k.n) order by k.at)
                as others
        from pg_constraint c where c.contype = 'f'
        """
    )
    broken = []
    for key in keys:
        pairs = list(zip(key["names"], key["others"], strict=True))
        are_told = " and ".join(f"c.{name} is not null" for name, _ in pairs)
        are_same = " and ".join(f"p.{other} = c.{name}" for name, other in pairs)
        found = await conn.fetchval(
            f"select exists (select from {key['child']} c where {are_told}"
            f" and not exists (select from {key['parent']} p where {are_same}))"
        )
        if found:
            broken.append(key["conname"])
    return broken


async def sums(conn: "asyncpg.Connection[asyncpg.Record]") -> dict[str, str]:
    """A checksum of every table's rows."""
    tables = await conn.fetch("select tablename from pg_tables where schemaname = 'public'")
    return {
        name: await conn.fetchval(
            f'select md5(string_agg(t::text, chr(10) order by t::text)) from "{name}" t'
        )
        for name in (row["tablename"] for row in tables)
        if name not in DIFFERS
    }


def test_holes_are_closed_and_pauses_are_not_counted() -> None:
    window = ((0, 100_000), (130_000, 200_000))
    assert presence_in(window, [(10_000, 50_000), (65_000, 90_000)]) == [(10_000, 90_000)]
    assert presence_in(window, [(10_000, 50_000), (65_001, 90_000)]) == [
        (10_000, 50_000),
        (65_001, 90_000),
    ]
    assert presence_in(window, [(95_000, 210_000)]) == [(95_000, 100_000), (130_000, 200_000)]
    assert presence_in(((0, 100_000), (110_000, 200_000)), [(50_000, 150_000)]) == [
        (50_000, 100_000),
        (110_000, 150_000),
    ]
