"""What is said to be missing before a release, against a count of one's own."""

from datetime import date

from rooms.attendance import release_gaps, report
from rooms.attendance.kpi_periods import Period
from rooms.attendance.release_gaps import Gaps
from rooms.attendance.report import Filters
from server.database import Pool
from tests.support.histories import a_history

YEAR = Period(date(2025, 8, 1), date(2026, 7, 31))


async def test_gaps_are_those_of_a_count_of_ones_own(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history, _ = [await a_history(conn, f"s{seed}", seed) for seed in (4, 5)]
        await conn.execute(
            """
            update session_class_results set headcount_source = case headcount % 4
                when 0 then 'declared' when 1 then 'measured' when 2 then 'corrected'
                else headcount_source end
            """
        )
        await conn.execute(
            "update sessions set state = 'running' where extract(day from local_date) < 6"
        )
        found = await release_gaps.of_period(conn, history.office, YEAR)
        nothing = await release_gaps.of_period(
            conn, history.office, Period(date(2020, 8, 1), date(2021, 7, 31))
        )
        rows = await report.of_programme(
            conn, history.office, Filters(YEAR.since, YEAR.until), limit=10_000
        )
    final = [row for row in rows if row.is_final]
    counted = [row for row in final if row.passes and row.is_confirmed_teacher]
    assert found == Gaps(
        counted=len(counted),
        headcounts=sum(row.headcount_source in {"declared", "measured"} for row in counted),
        not_final=len(rows) - len(final),
        teachers=sum(not row.is_confirmed_teacher for row in rows),
    )
    assert min(found.counted, found.headcounts, found.not_final, found.teachers) > 0
    assert found.is_any and nothing == Gaps(0, 0, 0, 0) and nothing.is_any
    assert not Gaps(3, 0, 0, 0).is_any
