"""Makes the years in one transaction, and holds part of the results against the product's rule."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from time import monotonic

import asyncpg

from rooms.attendance import kpi_rows, report_lines
from rooms.people.codes import school_year_on
from server import database, migrations, passwords
from tests.bench.years import check, land, year
from tests.bench.years.happened import Habits
from tests.bench.years.land import SLUG, ZONE, Land
from tests.bench.years.sheets import Book
from tests.bench.years.sizes import YEARS, Sizes
from tests.bench.years.year import Year, school_days

PASSWORD = "five years of classes"
WAITING_AT_MOST = 100_000
SAMPLE = 200
# Devices of one class in one session, on average: most tours come to a screen.
SEATS_OF_TOUR, SEATS_LIVE = 7.1, 15.9


@dataclass(frozen=True, slots=True)
class Made:
    """How much was made."""

    programme: str
    rows: dict[str, int]
    seconds: float
    checked: int


async def make(
    dsn: str,
    *,
    scale: float = 1.0,
    seed: int = 1,
    today: date,
    purged: int = 1,
    sample: int = SAMPLE,
) -> Made:
    """Five school years up to `today`. Raises `AssertionError` when the rule says otherwise.

    The database's user has to be a superuser: foreign keys are looked at by the tests, not here.
    """
    began = monotonic()
    await migrations.migrate(dsn)
    conn = await asyncpg.connect(dsn)
    try:
        await database.prepare(conn)
        async with conn.transaction():
            await conn.execute("set local session_replication_role = replica")
            made = await _fill(conn, scale, seed, today, purged)
        await conn.execute("vacuum analyze")
        checked = await check.against_the_rule(conn, made.programme, sample)
    finally:
        await conn.close()
    rows = {sheet.table: sheet.written for sheet in made.book.sheets() if sheet.written}
    return Made(made.programme, rows, monotonic() - began, checked)


async def _fill(
    conn: "asyncpg.Connection[asyncpg.Record]", scale: float, seed: int, today: date, purged: int
) -> Land:
    """The land and its years, the oldest first."""
    rng = random.Random(f"{seed} {scale} {today} {purged}")
    programme = f"{rng.getrandbits(128):032x}"
    await conn.execute(
        "insert into programmes (id, slug, name, zone, created_at) values ($1, $2, $3, $4, $5)",
        programme,
        SLUG,
        "Five years",
        ZONE,
        datetime(2020, 8, 1, tzinfo=UTC),
    )
    made = Land(programme, today, rng, Book(), Sizes.of(scale))
    # Slow on purpose, and alike for all who may sign in.
    hashed = await passwords.hashed(PASSWORD)
    land.settle(made, hashed)
    last = school_year_on(today, ZONE).first_day.year
    ours = [
        Year(made, first, number < purged, Habits(1.0), school_days(first), [])
        for number, first in enumerate(range(last - YEARS + 1, last + 1))
    ]
    for number, one in enumerate(ours):
        one.habits = Habits(_visits_each(made, ours[number:]))
        await _live(conn, made, one)
    _forget(made, ours)
    await made.book.write(conn, made.book.take())
    await conn.execute("analyze")
    await report_lines.run(conn)
    await kpi_rows.run(conn, datetime.combine(today, time(1), UTC))
    # As if the night's work was just done: else the first worker would take the visits away.
    for checks, column in (("purge_checks", "checked_at"), ("kpi_runs", "run_at")):
        await conn.execute(
            f"insert into {checks} ({column}) values (now()) "
            f"on conflict (is_only) do update set {column} = now()"
        )
    return made


async def _live(conn: "asyncpg.Connection[asyncpg.Record]", made: Land, one: Year) -> None:
    """PostgreSQL writes one part while the next is made: two cores have work."""
    steps = year.live(one)
    is_more = await asyncio.to_thread(_some, steps, made.book)
    while is_more:
        taken = made.book.take()
        _, is_more = await asyncio.gather(
            made.book.write(conn, taken), asyncio.to_thread(_some, steps, made.book)
        )


def _some(steps: Iterator[None], book: Book) -> bool:
    """Makes rows until many wait; whether any do."""
    for _ in steps:
        if book.waiting > WAITING_AT_MOST:
            break
    return book.waiting > 0


def _visits_each(made: Land, years: list[Year]) -> float:
    """Visits of a seat, so that those of these years come to what is still wanted."""
    tours, live = made.sizes.parts
    seats = sum(
        sum(day < made.today for day in one.days) / len(one.days)
        for one in years
        if not one.is_purged
    ) * (tours * SEATS_OF_TOUR + live * SEATS_LIVE)
    return max(1.0, (made.sizes.visits - made.made_visits) / max(seats, 1))


def _forget(made: Land, years: list[Year]) -> None:
    """The proof of what the purged years no longer have."""
    for one in years:
        if one.is_purged:
            until = datetime(one.first + 1, 8, 1, tzinfo=UTC)
            done = datetime.combine(date(one.first + 1, 9, 1), time(1), UTC)
            for what in ("seat_intervals", "class_names", "webinar_people"):
                made.book.purges.add(made.programme, what, made.sizes.classes * 20, until, done)
