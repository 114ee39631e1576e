"""The lines of reports are what they are derived from, whoever wrote that."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from rooms.agenda import session_classes, sessions
from rooms.attendance import corrections, report, report_lines, review
from rooms.attendance.report import Filters
from rooms.attendance.review import By
from rooms.connection import Connection
from server.database import Pool
from tests.support.histories import a_history
from tests.support.lessons import a_class, a_session, a_world, many_lessons
from tests.support.people import a_school, scope_of

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
NAMES = (
    "session_class_id", "session_id", "class_id", "school_id", "reports_as", "region_id",
    "tour_id", "room_id", "company_id", "level", "is_confirmed_teacher", "state", "local_date",
    "started_at", "outcome",
    "measured_outcome", "headcount_source", "seats", "cut_off", "pupils", "student_seconds",
)  # fmt: skip


async def lines(conn: Connection) -> list[asyncpg.Record]:
    """All that are kept, which are all there have to be."""
    kept = await conn.fetch(f"select {', '.join(NAMES)} from report_lines order by 1")
    wanted = await conn.fetch(f"select {', '.join(NAMES)} from report_lines_as_they_are order by 1")
    assert kept == wanted
    assert await report_lines.run(conn) == 0
    return kept


async def finals(conn: Connection) -> set[UUID]:
    """Those that are final."""
    return {one["session_class_id"] for one in await lines(conn) if one["outcome"]}


async def test_a_line_follows_whatever_is_written(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        await many_lessons(conn, world, "3B", 12, NOW)
        assert len(await finals(conn)) == 12
        scope = scope_of(world.programme, world.teacher)
        made = await a_session(conn, world, await a_class(conn, world, "5C"))
        [part] = await conn.fetch("select id from session_classes where session_id = $1", made.id)
        assert part["id"] not in await finals(conn)
        # A correction meanwhile keeps a result, which does not make it final.
        await corrections.correct(conn, scope, part["id"], "headcount", "7", "counted", NOW)
        assert part["id"] not in await finals(conn)
        await sessions.end(conn, scope, made.id, NOW + timedelta(hours=1))
        assert part["id"] in await finals(conn)
        await corrections.correct(conn, scope, part["id"], "outcome", "present", "seen", NOW)
        [line] = [one for one in await lines(conn) if one["session_class_id"] == part["id"]]
        assert (line["outcome"], line["pupils"]) == ("present", 7)
        other = await a_school(conn, world.programme, name="Elders", region=world.region)
        assert await session_classes.move_school(conn, scope, world.school.id, other.id, None)
        await conn.execute("update session_classes set is_confirmed_teacher = false")
        await conn.execute("update session_classes set region_id = null where id = $1", part["id"])
        kept = await lines(conn)
        assert {one["school_id"] for one in kept} == {other.id}
        assert {one["is_confirmed_teacher"] for one in kept} == {False}


async def test_a_cancelled_lesson_has_no_line(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        made = await a_session(conn, world, await a_class(conn, world))
        assert len(await lines(conn)) == 1
        await conn.execute("update sessions set state = 'cancelled' where id = $1", made.id)
        assert await lines(conn) == []


async def test_a_line_that_is_wrong_is_put_right(pool: Pool) -> None:
    """As when two wrote in the same moment, or somebody wrote past the database's own keeping."""
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "wrong", 8)
        count = len(await finals(conn))
        await conn.execute("update report_lines set outcome = null where pupils % 2 = 1")
        lost = count - await conn.fetchval(
            "select count(*) from report_lines where outcome is not null"
        )
        assert lost > 5 and await report_lines.settle(conn) == lost
        await conn.execute("update report_lines set region_id = null where pupils % 2 = 0")
        assert await report_lines.run(conn) > 5
        assert len(await finals(conn)) == count == history.lessons


async def test_a_late_part_of_a_list_is_the_same_by_its_months(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "parts", 9)
        await conn.execute("update sessions set local_date = null where started_at < '2025-08-20'")
        every = await report.of_programme(conn, history.office, Filters(), limit=10_000)
        found = await review.of_period(conn, history.office, Filters(), By.LEVEL)
        months = [(month.key, month.registered) for month in found.months]
        assert months[0][0] == "" and len(every) == history.lessons
        for first in range(0, len(every) + 7, 7):
            some, skipped = report.stretch(Filters(), months, first, 7)
            rows = await report.of_programme(conn, history.office, some, limit=7, offset=skipped)
            assert rows == every[first : first + 7]


@pytest.mark.parametrize(
    ("first", "since", "until", "skipped"),
    [
        (0, date(2026, 2, 1), date(2026, 2, 20), 0),
        (45, date(2026, 1, 1), date(2026, 2, 20), 45),
        (60, date(2026, 1, 1), date(2026, 1, 31), 0),
        (100, date(2025, 12, 10), date(2026, 1, 31), 40),
        (110, None, None, 110),
    ],
)
def test_a_part_reads_only_the_months_it_lies_in(
    first: int, since: date | None, until: date | None, skipped: int
) -> None:
    view = Filters(since=date(2025, 12, 10), until=date(2026, 2, 20))
    months = [("2025-12", 30), ("2026-01", 50), ("2026-02", 60)]
    if since is None:
        view, months = Filters(), [("", 9), *months]
        first += 30
        skipped += 30
    found, offset = report.stretch(view, months, first, 50)
    assert (found.since, found.until, offset) == (since, until, skipped)
