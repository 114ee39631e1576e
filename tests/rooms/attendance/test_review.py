"""A period in groups against a count of one's own; devices at the same time; odd clocks."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.attendance import corrections, export, kpi_rows, report, results, review
from rooms.attendance.materials import Material, SeenSeat, SeenVisit
from rooms.attendance.ranges import Ranges, length_ms, union
from rooms.attendance.report import NONE, NOWHERE, Filters, LiveFigures, Row
from rooms.attendance.review import By, Figures
from rooms.attendance.rule import Headcount, Rule, SeatKind, actual_window, unix_ms
from rooms.scope import Grant, Scope
from server.database import Pool
from server.pages.review import WISHES
from tests.rooms.attendance.test_results import NOW, a_screen
from tests.support.histories import NOW as AFTERWARDS
from tests.support.histories import a_history
from tests.support.lessons import a_class, a_session, a_world, many_lessons

YEAR = Filters(date(2025, 8, 1), date(2026, 7, 31))
# What the page offers, and outcomes by themselves.
EVERY_WISH = (*WISHES, "present", "partial")


def own_count(rows: list[Row]) -> Figures:
    """The same figures from the rows of the list, the slow way."""
    counted = [row for row in rows if row.is_confirmed_teacher]
    passing = [row for row in counted if row.passes]
    largest: dict[UUID, int] = defaultdict(int)
    for row in passing:
        largest[row.class_id] = max(largest[row.class_id], row.pupils)
    return Figures(
        registered=len(rows),
        came=sum(fits(row, "came") for row in rows),
        passed=len(passing),
        declared=sum(row.outcome == "declared" for row in passing),
        corrected=sum(fits(row, "corrected") for row in rows),
        poor=sum(fits(row, "poor") for row in rows),
        unconfirmed=len(rows) - len(counted),
        classes=len(largest),
        participations=sum(row.pupils for row in passing),
        pupils_reached=sum(largest.values()),
        student_seconds=sum(row.student_seconds for row in counted),
    )


def fits(row: Row, wish: str) -> bool:
    return report.fits(row, wish, is_confirmed=row.is_confirmed_teacher)


def whole(rows: list[Row]) -> Figures:
    """Of a period also how many schools and sessions something that counts is of."""
    passing = [row for row in rows if row.is_confirmed_teacher and row.passes]
    return replace(
        own_count(rows),
        schools=len({row.school_id for row in passing}),
        sessions=len({row.session_id for row in passing}),
    )


async def test_every_group_and_month_is_a_count_of_ones_own(pool: Pool) -> None:
    """And the list, the export and each wish agree with them."""
    async with pool.acquire() as conn, conn.transaction():
        history, twin = [await a_history(conn, f"s{seed}", seed) for seed in (4, 5)]
        await conn.execute(
            """
            update session_classes set is_confirmed_teacher = false where id = (
                select min(session_class_id::text)::uuid from report_lines
                where programme_id = $1 and passes and outcome = 'declared')
            """,
            history.programme.id,
        )
        rows = await report.of_programme(conn, history.office, YEAR, limit=10_000)
        assert len(rows) > 40 and twin.programme.id != history.programme.id
        keys = {
            By.SCHOOL: lambda row: str(row.school_id),
            By.CLASS: lambda row: str(row.class_id),
            By.LEVEL: lambda row: row.level,
        }
        for by, key in keys.items():
            found = await review.of_period(conn, history.office, YEAR, by)
            assert found.whole == whole(rows)
            for line in found.lines:
                assert line.figures == own_count([row for row in rows if key(row) == line.key])
            sums = Counter[str]()
            for line in found.lines:
                sums.update({name: getattr(line.figures, name) for name in ADDED})
            assert sums == Counter({name: getattr(found.whole, name) for name in ADDED})
        for month in found.months:
            mine = own_count([row for row in rows if f"{row.local_date:%Y-%m}" == month.key])
            assert (month.registered, month.passed) == (mine.registered, mine.passed)
        assert sum(month.registered for month in found.months) == len(rows)
        parts = [part async for part in export.batches(conn, history.office, YEAR)]
        exported = [export.LINES.values(cells) for part in parts for cells in part]
        assert {(one["session_class_id"], one["outcome"], one["pupils_counted"])
                for one in exported} == {
            (str(row.session_class_id), row.outcome, row.pupils) for row in rows
        }  # fmt: skip
        for wish in EVERY_WISH:
            wished = replace(YEAR, outcome=wish)
            some = await report.of_programme(conn, history.office, wished, limit=10_000)
            assert some == [row for row in rows if fits(row, wish)], wish
            alike = await review.of_period(conn, history.office, wished, By.REGION)
            assert alike.whole == whole(some)
            parts = [part async for part in export.batches(conn, history.office, wished)]
            assert sum(map(len, parts)) == len(some), wish
        for wish in ("passed", "declared"):
            wished = replace(YEAR, outcome=wish)
            counting = await report.of_programme(conn, history.office, wished, limit=10_000)
            assert len(counting) == getattr(found.whole, wish) > 0
        for outcome in ("present", "declared"):
            assert any(row.outcome == outcome and not row.is_confirmed_teacher for row in rows)
        november = Filters(since=date(2025, 11, 1), until=date(2025, 11, 30))
        _, companies = await review.choices(conn, history.office, november)
        assert {name for _, name in companies} == {
            row.company for row in rows if f"{row.local_date:%Y-%m}" == "2025-11"
        }
        chosen = history.companies[0]
        long_ago = Filters(until=date(2020, 1, 1), company_id=chosen.id)
        _, companies = await review.choices(conn, history.office, long_ago)
        assert companies == [(str(chosen.id), chosen.name)]


async def test_of_many_groups_the_first_and_the_largest_are_told_and_all_are_summed(
    pool: Pool,
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "many", 7, lessons=150, classes=40)
        rows = await report.of_programme(conn, history.office, YEAR, limit=10_000)
        found = await review.of_period(conn, history.office, YEAR, By.CLASS)
        assert found.whole == whole(rows)
        of_class = defaultdict(list)
        for row in rows:
            of_class[str(row.class_id)].append(row)
        assert found.groups == len(of_class) > review.LINES == len(found.lines)
        names = dict(await conn.fetch("select id::text, name from classes"))
        schools = {str(key): school.name for key, school, _ in history.classes}
        by_name = sorted((names[key].casefold(), schools[key], key) for key in of_class)
        assert [one.key for one in found.lines] == [key for *_, key in by_name[: review.LINES]]
        counts = {key: own_count(mine).participations for key, mine in of_class.items()}
        most = sorted(counts.values(), reverse=True)[: review.DRAWN]
        assert [one.figures.participations for one in found.largest] == most
        assert [counts[one.key] for one in found.largest] == most
        assert {one.key for one in found.largest} - {one.key for one in found.lines}


async def test_classes_of_one_name_are_told_apart(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "s6", 6)
        await conn.execute("update classes set name = '3B'")
        of_all = await review.of_period(conn, history.office, YEAR, By.CLASS)
        schools = {str(key): school.name for key, school, _ in history.classes}
        assert {line.key: line.beside for line in of_all.lines} == {
            line.key: schools[line.key] for line in of_all.lines
        }
        assert len(set(schools.values())) > 1
        # Of one school the name is enough, until another year has a class of that name.
        own = replace(YEAR, school_id=history.classes[0][1].id)
        of_school = await review.of_period(conn, history.office, own, By.CLASS)
        assert {line.beside for line in of_school.lines} == {""}
        old, new = (line.key for line in of_school.lines[:2])
        await conn.execute("update classes set school_year = 2024 where id = $1", UUID(old))
        told = await review.of_period(conn, history.office, own, By.CLASS)
        beside = {line.key: line.beside for line in told.lines}
        assert (beside[old], beside[new]) == ("2024/25", "2025/26")
        of_all = await review.of_period(conn, history.office, YEAR, By.CLASS)
        assert next(line.beside for line in of_all.lines if line.key == old) == (
            f"{schools[old]}, 2024/25"
        )


async def test_a_lesson_that_runs_is_among_those_its_row_says(pool: Pool) -> None:
    """Corrected and cut off twice: the list, the sums and the export agree before it has ended.

    So they do on one that could not be judged at its end, long ago.
    """
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        await many_lessons(conn, world, "3B", 5, NOW)
        made = await a_session(conn, world, await a_class(conn, world, "5C"), NOW)
        await a_screen(conn, world, made.session_class_id)
        await conn.execute("update visits set ended_at = seen_until, end_reason = 'lost'")
        await conn.execute(
            """
            insert into visits (programme_id, seat_id, connection, started_at, seen_until, ended_at,
                end_reason, watched, media_flowed, media_wanted)
            select programme_id, seat_id, gen_random_uuid(), seen_until, seen_until, seen_until,
                'lost', '{}', true, true from visits
            """
        )
        why = (made.session_class_id, "headcount", "26", "Two are ill")
        await corrections.correct(conn, world.scope, *why, NOW)
        long_ago = NOW - timedelta(days=60)
        unjudged = await a_session(conn, world, await a_class(conn, world, "6D"), long_ago)
        await conn.execute(
            "update sessions set state = 'ended', ended_at = $2 where id = $1",
            unjudged.id, long_ago + timedelta(hours=1),
        )  # fmt: skip
        office = Scope(world.programme.id, None, (Grant("bureau"),))
        every = await report.of_programme(conn, office, Filters())
        for wish in ("", *EVERY_WISH):
            wished = Filters(outcome=wish)
            live = await report.live_figures(conn, office, wished)
            rows = await report.of_programme(conn, office, wished, live)
            assert rows == [row for row in every if fits(row, wish)], wish
            found = await review.of_period(conn, office, wished, By.SCHOOL, live)
            assert found.whole == whole(rows), wish
            parts = [part async for part in export.batches(conn, office, wished)]
            exported = {cells[0] for part in parts for cells in part}
            assert exported == {str(row.session_class_id) for row in rows}, wish
    assert found.whole.registered == 2 and len(every) == 7
    [running, missed] = [row for row in every if not row.is_final]
    assert (missed.outcome, missed.state) == ("no_show", "ended")
    assert running.is_corrected and report.is_poor(running.outcome, running.seats, running.cut_off)


async def test_a_lesson_that_ends_while_it_is_added_up_counts_once(pool: Pool) -> None:
    """It was judged as it ran, and has a result by the time the others are summed."""
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "ending", 6)
        columns = ", ".join(LiveFigures._fields)
        lines = await conn.fetch(
            f"select {columns} from report_lines where programme_id = $1", history.programme.id
        )
        live = [LiveFigures(**line) for line in lines[::2]]
        summed = await review.of_period(conn, history.office, Filters(), By.SCHOOL)
        again = await review.of_period(conn, history.office, Filters(), By.SCHOOL, live)
    assert again == summed and summed.whole.registered == len(lines) > len(live) > 0


async def test_what_runs_again_is_found_as_it_would_count_now(pool: Pool) -> None:
    """Under one sector, objective and network, whatever it counted under when it ended before."""
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "again", 7)
        await kpi_rows.run(conn, AFTERWARDS)
        session_class_id = await conn.fetchval(
            """
            select k.session_class_id from kpi_classes k join sessions s on s.id = k.session_id
            where k.programme_id = $1 and s.tour_id is not null and k.sector = 'water'
                and k.network_id = $2 limit 1
            """,
            history.programme.id,
            history.networks[0].id,
        )
        await conn.execute(
            """
            update tours set sectors = '{ict}', main_sector = '', objective_id = $2
            where id = (select s.tour_id
                from sessions s join session_classes c on c.session_id = s.id where c.id = $1)
            """,
            session_class_id,
            history.objectives[1],
        )
        # another network that day; nobody has looked yet what counts there
        await conn.execute(
            """
            update network_members set network_id = $2 where school_id = (
                select school_id from session_classes where id = $1)
            """,
            session_class_id,
            history.networks[1].id,
        )
        views = [
            *(Filters(sector=sector) for sector in ("water", "ict", "energy")),
            *(Filters(objective_id=one) for one in history.objectives),
            *(Filters(network_id=one.id) for one in history.networks),
            Filters(sector=NONE),
            Filters(objective_id=NOWHERE),
            Filters(network_id=NOWHERE),
        ]

        async def found_in() -> list[Filters]:
            rows = [await report.of_programme(conn, history.office, view, limit=10_000)
                    for view in views]  # fmt: skip
            return [view for view, some in zip(views, rows, strict=True)
                    if session_class_id in {row.session_class_id for row in some}]  # fmt: skip

        before = await found_in()
        await conn.execute(
            """
            update sessions set state = 'running', ended_at = null where id = (
                select session_id from session_classes where id = $1)
            """,
            session_class_id,
        )
        assert before == [views[0], views[3], views[5]]
        assert await found_in() == [views[1], views[4], views[6]]
        await conn.execute(
            "update tours set sectors = '{}', objective_id = null where objective_id = $1",
            history.objectives[1],
        )
        await conn.execute("delete from network_members where programme_id = $1",
                           history.programme.id)  # fmt: skip
        assert await found_in() == views[7:]


ADDED = (
    "registered", "came", "passed", "declared", "corrected", "poor", "unconfirmed",
    "participations", "student_seconds",
)  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "seats", "cut_off", "is_poor"),
    [
        ("present", 1, 1, False),
        ("present", 1, 2, True),
        ("present", 30, 29, False),
        ("partial", 30, 30, True),
        ("unknown_network", 3, 0, True),
        ("no_show", 0, 0, False),
    ],
)
async def test_a_poor_connection_is_the_same_in_the_database(
    pool: Pool, outcome: str, seats: int, cut_off: int, is_poor: bool
) -> None:
    assert report.is_poor(outcome, seats, cut_off) is is_poor
    assert await pool.fetchval("select is_poor($1, $2, $3)", outcome, seats, cut_off) is is_poor


# --- devices at the same time --------------------------------------------------------------------

spans = st.tuples(st.integers(0, 7_200_000), st.integers(1, 3_600_000)).map(
    lambda pair: (pair[0], sum(pair))
)
devices = st.lists(st.lists(spans, min_size=1, max_size=4).map(tuple), min_size=1, max_size=12)


@given(devices)
def test_no_more_devices_than_there_are_and_a_device_once(stays: list[Ranges]) -> None:
    span, there = review.there_at(stays, 60)
    assert len(there) == 60 and min(there) >= 0 and max(there) <= len(stays)
    assert review.there_at([*stays, *[union(one, one) for one in stays]], 60)[1] == [
        2 * count for count in there
    ]
    shares = review.staying(stays, span, 60)
    assert all(before >= after for before, after in pairwise(shares))
    assert all(
        count <= share * len(stays) + 1e-9 for count, share in zip(there, shares, strict=True)
    )


def test_nobody_there_is_nothing_to_draw() -> None:
    assert review.there_at([], 60) == ((0, 0), [])
    assert review.staying([], (0, 0), 60) == []


# --- odd clocks ----------------------------------------------------------------------------------

# The hour that comes twice, the one that is left out, a night, and a plain morning; all in UTC.
STARTS = (
    datetime(2026, 10, 25, 0, 40, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 40, tzinfo=UTC),
    datetime(2026, 11, 18, 22, 50, tzinfo=UTC),
    datetime(2026, 11, 18, 9, 0, tzinfo=UTC),
)


@st.composite
def histories(draw: st.DrawFn) -> Material:
    """A live session of up to three hours with pauses, and devices that come, go and overstay."""
    start = draw(st.sampled_from(STARTS))
    stops = sorted(draw(st.lists(st.integers(0, 10_800), min_size=2, max_size=6, unique=True)))
    air = [
        (start + timedelta(seconds=a), start + timedelta(seconds=b))
        for a, b in list(pairwise(stops))[::2]
    ]
    seats = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        kind = draw(st.sampled_from([SeatKind.OWN, SeatKind.BEAMER, SeatKind.COMPANION]))
        stays = draw(st.lists(st.tuples(st.integers(-3_600, 14_400), st.integers(0, 9_000)),
                              max_size=4))  # fmt: skip
        visits = tuple(_visit(start, at, length) for at, length in stays)
        seats.append(SeenSeat(number, kind, False, visits))
    headcount = Headcount(
        draw(st.none() | st.integers(0, 40)), draw(st.none() | st.integers(0, 40))
    )
    window = actual_window(air, start)
    zero = UUID(int=0)
    return Material(zero, zero, Rule(), window, headcount, None, tuple(seats), None, None)


def _visit(start: datetime, at: int, length: int) -> SeenVisit:
    began = start + timedelta(seconds=at)
    until = began + timedelta(seconds=length)
    watched = ((unix_ms(began), unix_ms(until)),) if length else ()
    return SeenVisit(began, until, until, "left", watched, True, False)


@given(histories())
def test_sums_stay_inside_the_window_whatever_the_clock_does(material: Material) -> None:
    result = results.judge(material)
    window = result.window_ms
    assert window == length_ms(material.window.spans) >= 0
    assert 0 <= result.present_ms <= window
    assert 0 <= result.student_seconds <= result.headcount * window / 1000
    assert 0 <= result.pupils <= result.headcount and result.seats_passed <= result.seats
    for seat in result.seat_results:
        assert 0 <= seat.present_ms <= window
        assert all(a < b for a, b in seat.intervals)
        assert all(before[1] <= after[0] for before, after in pairwise(seat.intervals))
        assert length_ms(seat.intervals) == seat.present_ms
    assert results.judge(material) == result
    assert Decimal(0) < result.pass_share <= 1
