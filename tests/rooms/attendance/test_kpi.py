"""KPIs of made-up histories are those of a count of one's own, in all and in every part."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from rooms.agenda import objectives, partnerships
from rooms.attendance import kpi, kpi_parts, kpi_periods, kpi_rows, report, review
from rooms.attendance.kpi import Asked, By, Figures
from rooms.attendance.kpi_periods import Period
from rooms.attendance.report import Filters
from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.people import networks
from rooms.people.codes import school_year_on
from rooms.people.networks import Kind
from rooms.scope import Grant, Scope
from server.database import Pool
from tests.support.histories import FIRST, NOW, History, a_history
from tests.support.people import a_person

YEAR = Period(date(2025, 8, 1), date(2026, 7, 31))
SEEDS = (1, 2, 3)
PASSING = {"present", "declared", "replay_only"}

Row = Mapping[str, Any]
Rows = Sequence[Row]


async def raw(conn: Connection, history: History) -> list[Row]:
    """Every class in a session, from the tables the lessons themselves are in."""
    rows = await conn.fetch(
        """
        select c.class_id, c.school_id, c.region_id::text as region, c.level, s.id as session_id,
            s.local_date, case when s.room_id is null then 'on_demand' else 'live' end as kind,
            coalesce(t.sectors[1], '') as sector, coalesce(t.objective_id::text, '') as objective,
            to_char(s.local_date, 'YYYY-MM') as month, c.is_confirmed_teacher, r.outcome, r.pupils,
            r.student_seconds, coalesce(o.region_id, m.region_id)::text as host,
            coalesce(t.company_id, o.company_id) as company_id
        from session_classes c join sessions s on s.id = c.session_id
        join session_class_results r on r.session_class_id = c.id
        left join tours t on t.id = s.tour_id left join rooms o on o.id = s.room_id
        left join companies m on m.id = t.company_id
        where c.programme_id = $1
        """,
        history.programme.id,
    )
    return [
        dict(row)
        | {
            "network": history.network_on(row["school_id"], row["local_date"]),
            "host_network": history.network_on(row["company_id"], row["local_date"]),
        }
        for row in rows
    ]


def counted(rows: Iterable[Row]) -> tuple[int, ...]:
    """Schools, classes, sessions, participations, pupils reached, student-seconds, unconfirmed."""
    known = [row for row in rows if row["is_confirmed_teacher"]]
    passing = [row for row in known if row["outcome"] in PASSING]
    largest: dict[Any, int] = defaultdict(int)
    for row in passing:
        largest[row["class_id"]] = max(largest[row["class_id"]], row["pupils"])
    return (
        len({row["school_id"] for row in passing}),
        len(largest),
        len({row["session_id"] for row in passing}),
        sum(row["pupils"] for row in passing),
        sum(largest.values()),
        sum(row["student_seconds"] for row in known),
        len(list(rows)) - len(known),
    )


def hosted(rows: Iterable[Row]) -> tuple[int, int]:
    """Sessions that a class passed, and companies whose they were."""
    passing = [
        row for row in rows if row["is_confirmed_teacher"] and row["outcome"] in PASSING
    ]  # fmt: skip
    return len({row["session_id"] for row in passing}), len({row["company_id"] for row in passing})


def told(figures: Figures) -> tuple[int, ...]:
    side = figures.attended
    return (
        side.schools, side.classes, side.sessions, side.participations, side.pupils_reached,
        side.student_seconds, side.unconfirmed,
    )  # fmt: skip


def told_hosted(figures: Figures) -> tuple[int, int]:
    assert figures.hosted is not None
    return figures.hosted.sessions, figures.hosted.companies


def within(rows: Rows, period: Period) -> list[Row]:
    return [row for row in rows if period.since <= row["local_date"] <= period.until]


async def test_figures_are_those_of_a_count_of_ones_own(pool: Pool) -> None:
    year = school_year_on(FIRST, "UTC")
    periods = (YEAR, kpi_periods.quarters(year)[1], kpi_periods.months(year)[4])
    async with pool.acquire() as conn, conn.transaction():
        histories = [await a_history(conn, f"seed{seed}", seed) for seed in SEEDS]
        await kpi_rows.run(conn, NOW)
        for history in histories:
            rows = await raw(conn, history)
            for period in periods:
                await _is_right(conn, history, within(rows, period), period)


async def _is_right(conn: Connection, history: History, rows: Rows, period: Period) -> None:
    for by in By:
        found = await kpi.report(conn, history.office, Asked(period), by)
        assert told(found.total) == counted(rows)
        assert told_hosted(found.total) == hosted(rows)
        parts = dict(found.parts)
        for key in {row[by] or "" for row in rows}:
            assert told(parts[key]) == counted([row for row in rows if (row[by] or "") == key])
        for name in ("participations", "student_seconds", "unconfirmed"):
            sums = sum(getattr(one.attended, name) for one in parts.values())
            assert sums == getattr(found.total.attended, name), (by, name)
        if by not in {By.LEVEL, *kpi.PLACES}:
            for key, figures in parts.items():
                mine = [row for row in rows if (row[by] or "") == key]
                assert told_hosted(figures) == hosted(mine), (by, key)
        if by in kpi.PLACES:
            host = "host" if by is By.REGION else "host_network"
            for key, figures in parts.items():
                mine = [row for row in rows if row[host] == key]
                assert told_hosted(figures) == hosted(mine), (by, key)


async def test_a_coordinator_counts_her_region_and_agrees_with_attendance(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "one", 7)
        await kpi_rows.run(conn, NOW)
        region = history.regions[0]
        rows = within(await raw(conn, history), YEAR)
        mine = [row for row in rows if row["region"] == str(region.id)]
        found = await kpi.report(conn, history.coordinator(region), Asked(YEAR), By.REGION)
        asked = Asked(YEAR, region_id=region.id)
        office = await kpi.report(conn, history.office, asked)
        wanted = Filters(YEAR.since, YEAR.until)
        sums = await review.of_period(
            conn, history.coordinator(region), wanted, review.By.REGION
        )  # fmt: skip
    assert told(found.total) == told(office.total) == counted(mine)
    assert told_hosted(found.total) == hosted(
        [row for row in rows if row["host"] == str(region.id)]
    )
    assert [key for key, _ in found.parts] == [str(region.id)]
    assert found.total.attended.registry == 2
    assert sums.whole.pupils_reached == found.total.attended.pupils_reached
    assert sums.whole.student_seconds // 60 == found.total.attended.student_minutes


async def test_teachers_companies_and_strangers_see_what_is_theirs(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "two", 8)
        await kpi_rows.run(conn, NOW)
        rows = within(await raw(conn, history), YEAR)
        teacher, editors_friend = await a_person(conn), await a_person(conn)
        class_id = history.classes[0][0]
        await conn.execute(
            "insert into class_teachers (programme_id, class_id, person_id) values ($1, $2, $3)",
            history.programme.id, class_id, teacher.id,
        )  # fmt: skip
        own = Scope(history.programme.id, teacher.id, (Grant("teacher"),))
        company = history.companies[0].id
        editor = Scope(history.programme.id, None, (Grant("editor", company_id=company),))
        seen = [await kpi.report(conn, one, Asked(YEAR)) for one in (own, editor)]
        school = history.schools[1].id
        await conn.execute(
            """
            insert into facilitator_pairs (programme_id, person_id, school_id, company_id, made_at)
            values ($1, $2, $3, $4, now())
            """,
            history.programme.id, editors_friend.id, school, company,
        )  # fmt: skip
        helper = Scope(history.programme.id, editors_friend.id, (Grant("facilitator"),))
        seen.append(await kpi.report(conn, helper, Asked(YEAR)))
        # what a school took over is in her care with it
        await conn.execute("update schools set reports_as = $2 where id = $1",
                           history.schools[2].id, school)  # fmt: skip
        seen.append(await kpi.report(conn, helper, Asked(YEAR)))
        await conn.execute("update schools set reports_as = null")
        other = Scope(history.programme.id, teacher.id, (Grant("presenter"),))
        await conn.execute("delete from class_teachers where person_id = $1", teacher.id)
        nothing = await kpi.report(conn, other, Asked(YEAR))
    assert told(seen[0].total) == counted([row for row in rows if row["class_id"] == class_id])
    assert told_hosted(seen[0].total) == (0, 0)
    assert told(seen[1].total) == counted([row for row in rows if row["company_id"] == company])
    assert told(seen[2].total) == counted(
        [row for row in rows if (row["school_id"], row["company_id"]) == (school, company)]
    )
    both = {school, history.schools[2].id}
    hers = [row for row in rows if row["school_id"] in both and row["company_id"] == company]
    assert told(seen[3].total)[1:] == counted(hers)[1:] and len(hers) > 0
    assert told(seen[3].total)[0] == 1
    assert sum(told(nothing.total)) == 0


@pytest.mark.parametrize("role", ["teacher", "facilitator", "coordinator"])
async def test_a_second_role_opens_no_way_from_a_company_to_a_school(pool: Pool, role: str) -> None:
    """Somebody's figures are those of her other roles alone: a company's are not added to them. By
    what leads to a school a company's own are refused."""
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "arms", 8)
        await kpi_rows.run(conn, NOW)
        person = await a_person(conn)
        region = history.regions[0].id if role == "coordinator" else None
        other = Grant(role, region_id=region, is_confirmed=False)
        company = Grant("editor", company_id=history.companies[0].id)
        alone = Scope(history.programme.id, person.id, (other,))
        both = replace(alone, grants=(company, other))
        editor = replace(alone, grants=(company,))
        network = Asked(YEAR, network_id=history.networks[0].id)
        views = [
            (asked, by)
            for asked in (Asked(YEAR, level="vwo"), network, Asked(YEAR))
            for by in (None, By.REGION, *kpi.OF_SCHOOLS)
        ]
        for asked, by in views:
            of_both = await kpi.report(conn, both, asked, by)
            is_open = asked == Asked(YEAR) and by not in kpi.OF_SCHOOLS
            assert of_both == await kpi.report(conn, alone, asked, by), (asked, by)
            if not is_open:
                for refused in (kpi.report, partnerships.alive):
                    with pytest.raises(NotThere):
                        await refused(conn, editor, asked, by)
            else:
                assert of_both != await kpi.report(conn, editor, asked, by), "there is one"
        at_once = [await kpi_parts.of(conn, one, Asked(YEAR), list(By)) for one in (alone, both)]
        with pytest.raises(NotThere):
            await kpi_parts.of(conn, editor, Asked(YEAR), list(By))
    assert at_once[0] == at_once[1]


@pytest.mark.parametrize("asked", [Asked(YEAR), Asked(YEAR, sector="water")])
async def test_parts_add_up_to_the_whole_also_for_a_coordinator_who_edits(
    pool: Pool, asked: Asked
) -> None:
    """As the report of a sector tells them: one figure above, and its parts by seven things."""
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "sums", 12)
        await kpi_rows.run(conn, NOW)
        coordinator = Grant("coordinator", region_id=history.regions[0].id)
        editor = Grant("editor", company_id=history.companies[0].id)
        scope = Scope(history.programme.id, None, (coordinator, editor))
        whole = (await kpi.report(conn, scope, asked)).total.attended
        parts = await kpi_parts.of(conn, scope, asked, list(By))
        rows = await report.of_programme(
            conn, scope,
            Filters(YEAR.since, YEAR.until, outcome="passed", sector=asked.sector), limit=10_000,
        )  # fmt: skip
    assert whole.participations == sum(row.pupils for row in rows) > 0
    for by, told_by in parts.items():
        assert sum(one.participations for _, one in told_by) == whole.participations, by
        assert sum(one.student_seconds for _, one in told_by) == whole.student_seconds, by


async def test_a_network_is_told_as_it_was_and_mended_when_it_was_told_wrong(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "net", 11)
        await kpi_rows.run(conn, NOW)
        rows = within(await raw(conn, history), YEAR)
        north, south = (str(one.id) for one in history.networks)
        asked = Asked(YEAR, network_id=history.networks[0].id)
        first = (await kpi.report(conn, history.office, asked)).total
        parts = await kpi_parts.of(conn, history.office, asked, list(By))
        one_by_one = {
            by: (await kpi.report(conn, history.office, asked, by)).parts for by in By
        }  # fmt: skip
        schools = [one.id for one in history.schools if history.network_on(one.id, FIRST) == south]
        # they were in the other one from the first day on, it turns out
        await networks.join(
            conn, history.office, history.networks[0].id, Kind.SCHOOL, schools, FIRST
        )
        await kpi_rows.keep_of_members(conn, history.office, schools, NOW)
        all_along = (await kpi.report(conn, history.office, asked)).total
        await networks.leave(conn, history.office, [history.companies[1].id], FIRST)
        await kpi_rows.keep_of_members(conn, history.office, [history.companies[1].id], NOW)
        found = await kpi.report(conn, history.office, Asked(YEAR), By.NETWORK)
        nightly = await kpi_rows.run(conn, NOW)
    assert told(first) == counted([row for row in rows if row["network"] == north])
    assert told_hosted(first) == hosted([row for row in rows if row["host_network"] == north])
    assert first.attended.registry == 4
    for by, at_once in parts.items():
        both = [
            {key: told(one) for key, one in each if any(told(one))}
            for each in (one_by_one[by], [(key, Figures(one, None)) for key, one in at_once])
        ]
        assert both[0] == both[1] and both[0], by
    assert told(all_along) == counted([row for row in rows if row["network"]])
    assert told(all_along) != told(first)
    assert {key for key, _ in found.parts} == {"", north}
    assert nightly == 0


async def test_filters_narrow_and_a_merger_rolls_up(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "three", 9)
        await kpi_rows.run(conn, NOW)
        rows = within(await raw(conn, history), YEAR)
        asked = Asked(YEAR, level="havo", sector="water", kind="on_demand")
        found = await kpi.report(conn, history.office, asked)
        aimed = Asked(YEAR, objective_id=history.objectives[0])
        under = await kpi.report(conn, history.office, aimed)
        before = await kpi.report(conn, history.office, Asked(YEAR), By.REGION)
        first, second = history.schools[0].id, history.schools[3].id
        await conn.execute("update schools set reports_as = $2 where id = $1", first, second)
        after = await kpi.report(conn, history.office, Asked(YEAR), By.REGION)
    wanted = [
        row for row in rows
        if (row["level"], row["sector"], row["kind"]) == ("havo", "water", "on_demand")
    ]  # fmt: skip
    assert told(found.total) == counted(wanted) and found.total.hosted is None
    objective = str(history.objectives[0])
    assert told(under.total) == counted([row for row in rows if row["objective"] == objective])
    assert after.total.attended.schools == before.total.attended.schools - 1
    assert after.total.attended.registry == before.total.attended.registry - 1 == 5


async def test_the_run_mends_what_changed_and_nothing_else(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "four", 10, lessons=20)
        made = await kpi_rows.run(conn, NOW)
        again = await kpi_rows.run(conn, NOW + timedelta(days=1))
        await conn.execute(
            """
            update session_class_results set pupils = pupils + 1 where session_class_id = (
                select session_class_id from session_class_results
                where outcome = 'present' order by session_class_id limit 1)
            """
        )
        # what a tour counts under later changes nothing that was
        await objectives.aim_tour(
            conn, history.office, history.tours[0], objectives.Aim(None, "maritime")
        )
        mended = await kpi_rows.run(conn, NOW + timedelta(days=1))
        to_come = await conn.fetchrow(
            """
            select h.sector, h.objective_id from kpi_hosts h
            join sessions s on s.id = h.session_id where s.tour_id = $1 limit 1
            """,
            history.tours[0],
        )
        with pytest.raises(NotThere):
            strange = objectives.Aim(uuid4(), "")
            await objectives.aim_tour(conn, history.office, history.tours[0], strange)
        sectors = await conn.fetch("select distinct sector from kpi_classes")
        due = [await kpi_rows.is_due(conn, NOW + timedelta(hours=h)) for h in (0, 23, 24)]
    assert made > history.lessons and (again, mended) == (0, 1)
    assert "maritime" not in {row["sector"] for row in sectors}
    assert to_come is not None and tuple(to_come) == ("maritime", None)
    assert due == [True, False, True]


def test_periods_follow_the_school_year() -> None:
    year = school_year_on(date(2026, 3, 1), "UTC")
    quarters, months = kpi_periods.quarters(year), kpi_periods.months(year)
    assert quarters[1] == Period(date(2025, 11, 1), date(2026, 1, 31))
    assert months[6] == Period(date(2026, 2, 1), date(2026, 2, 28))
    for parts in (quarters, months):
        assert (parts[0].since, parts[-1].until) == (year.first_day, year.last_day)
        for one, after in itertools.pairwise(parts):
            assert after.since - one.until == timedelta(days=1)
    assert kpi_periods.named("2025", "q4", date(2027, 1, 1), 8) == quarters[3]
    for typed in ("x", "9" * 5000):  # more digits than Python reads a number from
        assert kpi_periods.named(typed, "q9", date(2026, 3, 1), 8) == YEAR
    assert kpi_periods.named("2025", "", date(2027, 1, 1), 1).until == date(2025, 12, 31)
    names = [one.name for one in kpi_periods.years(date(2024, 9, 1), date(2026, 3, 1), 8)]
    assert names == ["2025/26", "2024/25"]


def test_a_period_that_cannot_be_is_refused() -> None:
    with pytest.raises(Refused, match="period_backwards"):
        kpi_periods.free(date(2026, 1, 2), date(2026, 1, 1))
    with pytest.raises(Refused, match="period_long"):
        kpi_periods.free(date(2000, 1, 1), date(2026, 1, 1))
    assert kpi_periods.free(YEAR.since, YEAR.until) == YEAR
    assert YEAR.is_open(YEAR.until) and not YEAR.is_open(date(2026, 8, 1))


async def on_stage(conn: Connection, history: History, room_id: UUID, person_id: UUID) -> UUID:
    """A place on the stage of a room."""
    member: UUID = await conn.fetchval(
        """
        insert into room_presenters (programme_id, room_id, person_id, came_at)
        values ($1, $2, $3, now()) returning id
        """,
        history.programme.id, room_id, person_id,
    )  # fmt: skip
    return member


async def test_stage_time_is_the_companys_while_on_air_and_outlives_its_log(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "stage", 4, lessons=12)
        row = await conn.fetchrow(
            """
            select s.id as session_id, s.room_id, s.started_at as at, o.company_id from sessions s
            join rooms o on o.id = s.room_id
            join session_classes c on c.session_id = s.id and c.is_confirmed_teacher
            join session_class_results r on r.session_class_id = c.id and r.outcome = 'present'
            where s.programme_id = $1 limit 1
            """,
            history.programme.id,
        )
        assert row is not None
        hers = await conn.fetchval(
            "select person_id from roles where company_id = $1", row["company_id"]
        )
        stranger = await a_person(conn)
        places = [await on_stage(conn, history, row["room_id"], one) for one in (hers, stranger.id)]
        # (place, came, left) in minutes from the start; the last one stayed to the end
        stays = [(places[0], 0, 10), (places[0], 20, None), (places[1], 0, None)]
        lines = sorted(
            (minute, kind, str(place))
            for place, came, left in stays
            for minute, kind in ((came, "presenter_came"), (left, "presenter_left"))
            if minute is not None
        )
        for number, (minute, kind, place) in enumerate(lines, 1):
            await conn.execute(
                "insert into room_events values ($1, $2, $3, $4, $5, $6)",
                history.programme.id, row["room_id"], number,
                row["at"] + timedelta(minutes=minute), kind, {"member": place},
            )  # fmt: skip
        for since, until in ((5, 8), (9, 25)):
            await conn.execute(
                """
                insert into on_air (programme_id, session_id, started_at, seen_until, ended_at)
                values ($1, $2, $3, $4, $4)
                """,
                history.programme.id, row["session_id"],
                row["at"] + timedelta(minutes=since), row["at"] + timedelta(minutes=until),
            )  # fmt: skip
        await conn.execute(
            "update rooms set closed_at = $2 where id = $1",
            row["room_id"], row["at"] + timedelta(minutes=30),
        )  # fmt: skip
        seconds = []
        for _ in range(2):
            await kpi_rows.keep(conn, await parts_of(conn, row["session_id"]), NOW)
            await kpi_rows.settle(conn, NOW)
            seconds.append(
                await conn.fetchval(
                    "select stage_seconds from kpi_sessions where session_id = $1",
                    row["session_id"],
                )
            )
            await conn.execute("delete from room_events where programme_id = $1",
                               history.programme.id)  # fmt: skip
    assert seconds == [(3 + 1 + 5) * 60] * 2


async def parts_of(conn: Connection, session_id: UUID) -> list[UUID]:
    rows = await conn.fetch("select id from session_classes where session_id = $1", session_id)
    return [row["id"] for row in rows]
