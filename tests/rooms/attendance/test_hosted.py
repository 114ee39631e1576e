"""Lists of what was hosted, of made-up histories: their lines are those that each figure counts."""

import random
from dataclasses import fields, replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from rooms.agenda import afterwards
from rooms.attendance import hosted, kpi, kpi_rows, report
from rooms.attendance.hosted import CompanyLine, Line, Of, Wanted
from rooms.attendance.kpi import Asked, By, Hosted
from rooms.attendance.kpi_periods import Period
from rooms.attendance.report import NONE, NOWHERE, Filters
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.people.programmes import Programme
from rooms.scope import Grant, Scope
from server.database import Pool
from tests.support.histories import NOW, History, a_history
from tests.support.people import a_person, a_programme

YEAR = Period(date(2025, 8, 1), date(2026, 7, 31))
AUTUMN = Period(date(2025, 9, 1), date(2025, 11, 30))
SEEDS = (1, 2, 3)
SIZE = 7  # so that lists have several pages


async def a_hosted_history(conn: Connection, slug: str, seed: int, **sizes: int) -> History:
    """A history in which companies gave hours, and one live session in four is nobody's."""
    history = await a_history(conn, slug, seed, **sizes)
    await conn.execute(
        """
        update rooms set company_id = null, region_id = null
        where programme_id = $1 and id in (select id from rooms where programme_id = $1
            order by opened_at, id limit (select count(*) / 4 from rooms where programme_id = $1))
        """,
        history.programme.id,
    )
    await kpi_rows.run(conn, NOW)
    await give_hours(conn, history, random.Random(seed))
    return history


async def give_hours(conn: Connection, history: History, chance: random.Random) -> None:
    """As they are kept once the logs and the presenters are gone."""
    rows = await conn.fetch(
        """
        select session_id from kpi_sessions
        where programme_id = $1 and kind = 'live' and company_id is not null order by session_id
        """,
        history.programme.id,
    )
    for row in rows:
        told, untold = chance.randrange(3), chance.randrange(2)
        await conn.execute(
            """
            update kpi_sessions set stage_seconds = $2, preparation_minutes = $3,
                preparation_told = $4, preparation_untold = $5
            where session_id = $1
            """,
            row["session_id"], chance.choice((0, chance.randrange(5400))),
            told * chance.randrange(200), told, untold,
        )  # fmt: skip


def narrowed(asked: Asked, by: By, key: str) -> Asked:
    """The figures of one part, '' being what belongs to none."""
    if by is By.MONTH:
        return replace(asked, period=asked.period.in_month(key))
    if by in {By.SECTOR, By.KIND}:
        return replace(asked, **{by.value: key or NONE})
    return replace(asked, **{f"{by.value}_id": UUID(key) if key else NOWHERE})


async def every_line(conn: Connection, scope: Scope, wanted: Wanted) -> list[Any]:
    """All lines of a list, page by page, as many as it says it has."""
    whole = await hosted.whole(conn, scope, wanted)
    read = hosted.companies if wanted.of is Of.COMPANIES else hosted.lines
    found: list[Line | CompanyLine] = []
    for first in range(0, whole.lines + 1, SIZE):
        found += await read(conn, scope, wanted, limit=SIZE, offset=first)
    assert len(found) == whole.lines
    assert len({one.id for one in found}) == len(found)
    return found


def added(lines: list[Any]) -> dict[str, int]:
    """Every figure of the lines added up, but for companies, of which one may have several."""
    return {
        one.name: sum(getattr(line.figures, one.name) for line in lines)
        for one in fields(Hosted)
        if one.name != "companies"
    }


async def agree(conn: Connection, scope: Scope, asked: Asked, figures: Hosted) -> int:
    """Each of the three lists comes to the figure it is behind; returns how many lines they had."""
    sums = {name: getattr(figures, name) for name in added([])}
    assert (await hosted.whole(conn, scope, Wanted(asked))).figures == figures
    sessions = await every_line(conn, scope, Wanted(asked))
    assert added(sessions) == sums
    companies = await every_line(conn, scope, Wanted(asked, Of.COMPANIES))
    assert added(companies) == sums
    assert len([one for one in companies if one.id]) == figures.companies
    hours = await every_line(conn, scope, Wanted(asked, Of.HOURS))
    given = added(hours)
    assert given | {"sessions": 0, "sessions_live": 0} == sums | {"sessions": 0, "sessions_live": 0}
    assert all(one.figures.has_hours for one in hours)
    assert {one.id for one in hours} == {one.id for one in sessions if one.figures.has_hours}
    return len(sessions) + len(companies) + len(hours)


@pytest.mark.parametrize("seed", SEEDS)
async def test_lines_come_to_the_figure_they_are_behind(pool: Pool, seed: int) -> None:
    """Of the whole and of each part, what belongs to none among them; for everybody who has any."""
    async with pool.acquire() as conn, conn.transaction():
        history = await a_hosted_history(conn, f"lines{seed}", seed)
        looked_at = of_none = 0
        for scope in everybody(history):
            bys = [by for by in By if by is not By.LEVEL]
            if kpi.is_companys(scope):
                bys.remove(By.NETWORK)
            for period in (YEAR, AUTUMN):
                for by in bys:
                    found = await kpi.report(conn, scope, Asked(period), by)
                    assert found.total.hosted is not None
                    looked_at += await agree(conn, scope, Asked(period), found.total.hosted)
                    for key, figures in found.parts:
                        assert figures.hosted is not None
                        asked = narrowed(Asked(period), by, key)
                        looked_at += await agree(conn, scope, asked, figures.hosted)
                        of_none += figures.hosted.sessions > 0 and not key
    assert looked_at > 1000 and of_none > 4


def everybody(history: History) -> list[Scope]:
    """All who count something that was hosted, two of them in two roles."""
    programme = history.programme.id
    editors = [Grant("editor", company_id=one.id) for one in history.companies]
    regional = [Grant("coordinator", region_id=one.id) for one in history.regions]
    return [
        history.office,
        *(Scope(programme, None, (one,)) for one in (regional[0], editors[0])),
        Scope(programme, None, (regional[0], regional[1])),
        Scope(programme, None, (editors[1], editors[2])),
        Scope(programme, None, (regional[2], editors[0])),
    ]


async def test_sessions_are_those_of_a_count_of_ones_own(pool: Pool) -> None:
    """From the tables that the lessons themselves are in; and a list of several filters at once."""
    async with pool.acquire() as conn, conn.transaction():
        history = await a_hosted_history(conn, "own", 5)
        rows = await conn.fetch(
            """
            select s.id, coalesce(x.title, o.title) as title, s.local_date, s.tour_id,
                coalesce(o.region_id, m.region_id) as region_id,
                coalesce(t.company_id, o.company_id) as company_id, t.sectors[1] as sector
            from sessions s
            left join tours t on t.id = s.tour_id left join rooms o on o.id = s.room_id
            left join tour_texts x on x.tour_id = t.id left join companies m on m.id = t.company_id
            where s.programme_id = $1 and exists (select from session_classes c
                join session_class_results r on r.session_class_id = c.id
                where c.session_id = s.id and c.is_confirmed_teacher
                    and r.outcome in ('present', 'declared', 'replay_only'))
            """,
            history.programme.id,
        )
        region, company = history.regions[1].id, history.companies[1].id
        wishes: list[tuple[Wanted, set[UUID]]] = [
            (Wanted(Asked(AUTUMN)),
             {row["id"] for row in rows if AUTUMN.since <= row["local_date"] <= AUTUMN.until}),
            (Wanted(Asked(YEAR, region_id=region, kind="on_demand")),
             {row["id"] for row in rows if row["region_id"] == region and row["tour_id"]
              and row["local_date"] <= YEAR.until}),
            (Wanted(Asked(YEAR, kind="live"), company_id=company),
             {row["id"] for row in rows if row["company_id"] == company and not row["tour_id"]
              and row["local_date"] <= YEAR.until}),
            (Wanted(Asked(YEAR, region_id=NOWHERE), company_id=NOWHERE),
             {row["id"] for row in rows if not row["company_id"]
              and row["local_date"] <= YEAR.until}),
            (Wanted(Asked(YEAR, sector="water")),
             {row["id"] for row in rows if row["sector"] == "water"
              and row["local_date"] <= YEAR.until}),
        ]  # fmt: skip
        for wanted, own in wishes:
            lines = await every_line(conn, history.office, wanted)
            assert {line.id for line in lines} == own and own, wanted
            days = [line.day for line in lines]
            assert days == sorted(days, reverse=True)
        titles = {row["id"]: row["title"] for row in rows}
        for line in await every_line(conn, history.office, Wanted(Asked(YEAR))):
            assert line.title == titles[line.id] and line.is_hers


async def test_a_session_is_opened_by_whose_classes_were_there(pool: Pool) -> None:
    """Hosted in her region for classes of another one, it is a line and no more."""
    async with pool.acquire() as conn, conn.transaction():
        history = await a_hosted_history(conn, "opened", 6)
        region = history.regions[0]
        scope = history.coordinator(region)
        lines = await every_line(conn, scope, Wanted(Asked(YEAR)))
        rows = await report.of_programme(conn, scope, Filters(), limit=10_000)
    hers = {row.session_id for row in rows}
    assert {line.id for line in lines if line.is_hers} == hers & {line.id for line in lines}
    assert {line.is_hers for line in lines} == {True, False}
    assert {line.region for line in lines} == {region.name}


async def test_a_company_reads_its_tours_and_rooms_and_no_class(pool: Pool) -> None:
    """Each tour once with all its sessions, without a day; a live session with its day."""
    async with pool.acquire() as conn, conn.transaction():
        history = await a_hosted_history(conn, "sums", 7)
        company = history.companies[0]
        own = Scope(history.programme.id, None, (Grant("editor", company_id=company.id),))
        lines = await every_line(conn, own, Wanted(Asked(YEAR)))
        sessions = await every_line(
            conn, history.office, Wanted(Asked(YEAR), company_id=company.id)
        )
        rooms = await conn.fetch("select id from rooms where company_id = $1", company.id)
        [name] = {line.company for line in lines}
        others = [
            await hosted.whole(conn, own, Wanted(Asked(YEAR), of, history.companies[1].id))
            for of in Of
        ]
    tours = [line for line in lines if not line.is_live]
    assert [line.id for line in tours] == [history.tours[0]] and tours[0].day is None
    assert tours[0].figures.sessions == len([one for one in sessions if not one.is_live]) > 1
    assert {line.id for line in lines if line.is_live} <= {row["id"] for row in rooms}
    assert [line.day for line in lines if line.is_live].count(None) == 0
    assert name == company.name and all(line.is_hers for line in lines)
    assert [(one.figures, one.lines) for one in others] == [(Hosted(), 0)] * 3


async def test_what_leads_to_a_school_is_no_companys_to_ask(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_hosted_history(conn, "school", 8, lessons=8)
        own = Scope(
            history.programme.id, None, (Grant("editor", company_id=history.companies[0].id),)
        )
        for network in (history.networks[0].id, NOWHERE):
            wanted = Wanted(Asked(YEAR, network_id=network))
            for read in (hosted.whole, hosted.lines, hosted.companies):
                with pytest.raises(NotThere):
                    await read(conn, own, wanted)  # type: ignore[operator]


async def test_who_hosts_nothing_has_no_list(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_hosted_history(conn, "none", 9, lessons=12)
        person = await a_person(conn)
        strange = await a_programme(conn, "elsewhere")
        for role in ("teacher", "facilitator", "presenter", "moderator", "safeguarding"):
            scope = Scope(history.programme.id, person.id, (Grant(role),))
            assert not hosted.are_hers(scope), role
            assert await hosted.lines(conn, scope, Wanted(Asked(YEAR))) == []
        both = Scope(
            history.programme.id, person.id,
            (Grant("teacher"), Grant("editor", company_id=history.companies[0].id)),
        )  # fmt: skip
        assert not hosted.are_hers(both)
        assert all(hosted.are_hers(scope) for scope in everybody(history))
        await nothing_of_another_programme(conn, history, strange)


async def nothing_of_another_programme(
    conn: Connection, history: History, strange: Programme
) -> None:
    office = Scope(strange.id, None, (Grant("bureau"),))
    for of in Of:
        assert (await hosted.whole(conn, office, Wanted(Asked(YEAR), of))).lines == 0
    assert await hosted.companies(conn, office, Wanted(Asked(YEAR))) == []
    with pytest.raises(NotThere):
        await hosted.company_name(conn, office, history.companies[0].id)


async def test_a_company_has_a_name_where_it_hosted_something_of_hers(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        history = await a_hosted_history(conn, "name", 10)
        company, other = history.companies[:2]
        await conn.execute("delete from kpi_sessions where company_id = $1 and region_id = $2",
                           other.id, history.regions[2].id)  # fmt: skip
        own = Scope(history.programme.id, None, (Grant("editor", company_id=company.id),))
        far = history.coordinator(history.regions[2])
        for scope in (history.office, own, history.coordinator(history.regions[0])):
            assert await hosted.company_name(conn, scope, company.id) == company.name
        for scope in (own, far):
            with pytest.raises(NotThere):
                await hosted.company_name(conn, scope, other.id)


async def test_each_presenters_preparation_is_told_while_it_is_known(pool: Pool) -> None:
    """Without a name; where they were forgotten since, the sum stays."""
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "each", 11)
        await kpi_rows.run(conn, NOW)
        session = await conn.fetchrow(
            """
            select k.session_id, s.room_id from kpi_sessions k
            join sessions s on s.id = k.session_id
            where k.programme_id = $1 and k.kind = 'live' and k.is_attended and k.local_date <= $2
            order by k.session_id limit 1
            """,
            history.programme.id, YEAR.until,
        )  # fmt: skip
        webinar = await a_webinar_in(conn, history, session["room_id"])
        one, *_ = [await a_presenter(conn, history, webinar, told) for told in (45, 90, None)]
        before = await only_line(conn, history)
        await conn.execute("delete from webinar_presenters where person_id = $1", one)
        alone = await only_line(conn, history)
        await conn.execute("delete from webinar_presenters")
        forgotten = await only_line(conn, history)
    assert before.id == session["session_id"]
    told = [(line.each, line.figures.preparation_minutes) for line in (before, alone, forgotten)]
    assert told == [((90, 45), 135), ((), 90), ((), 90)]
    counts = [
        (line.figures.preparation_told, line.figures.preparation_untold)
        for line in (before, alone, forgotten)
    ]
    assert counts == [(2, 1), (1, 1), (1, 1)]


async def test_what_is_left_of_the_forgotten_is_no_part_of_a_sum(pool: Pool) -> None:
    """Of three who told two are known: their minutes are not those of the line."""
    async with pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "left", 12)
        await kpi_rows.run(conn, NOW)
        room_id = await conn.fetchval(
            """
            select s.room_id from kpi_sessions k join sessions s on s.id = k.session_id
            where k.programme_id = $1 and k.kind = 'live' and k.is_attended and k.local_date <= $2
            order by k.session_id limit 1
            """,
            history.programme.id, YEAR.until,
        )  # fmt: skip
        webinar = await a_webinar_in(conn, history, room_id)
        one, *_ = [await a_presenter(conn, history, webinar, told) for told in (45, 90, 20)]
        whole = await only_line(conn, history)
        await conn.execute("delete from webinar_presenters where person_id = $1", one)
        [line] = await hosted.lines(conn, history.office, Wanted(Asked(YEAR), Of.HOURS))
    assert whole.each == (90, 45, 20)
    assert (line.each, line.figures.preparation_minutes) == ((), 155)


async def a_webinar_in(conn: Connection, history: History, room_id: UUID) -> UUID:
    """The webinar that this room was made for."""
    webinar_id: UUID = await conn.fetchval(
        """
        insert into webinars (programme_id, room_id, kind, state, original_language, day, from_time,
            until_time, zone, starts_at, ends_at, pass_share, created_at, changed_at)
        values ($1, $2, 'webinar', 'ended', 'nl', '2025-10-01', '10:00', '11:00',
            'Europe/Amsterdam', '2025-10-01 10:00+02', '2025-10-01 11:00+02', 0.6, $3, $3)
        returning id
        """,
        history.programme.id, room_id, NOW,
    )  # fmt: skip
    return webinar_id


async def a_presenter(
    conn: Connection, history: History, webinar_id: UUID, minutes: int | None
) -> UUID:
    """Somebody who presented, and told how long she prepared, or did not; her id."""
    person = await a_person(conn)
    await conn.execute(
        """
        insert into webinar_presenters (programme_id, webinar_id, email, person_id, link_hash,
            link_until, invited_at)
        values ($1, $2, $3, $4, $5, $6, $6)
        """,
        history.programme.id, webinar_id, person.email, person.id, person.id.bytes, NOW,
    )  # fmt: skip
    if minutes is not None:
        await afterwards.tell_preparation(
            conn, history.programme.id, webinar_id, person.id, minutes, NOW
        )
    return person.id


async def only_line(conn: Connection, history: History) -> Line:
    """Of the list of hours, after what was told is counted."""
    await kpi_rows.settle(conn, NOW)
    [line] = await hosted.lines(conn, history.office, Wanted(Asked(YEAR), Of.HOURS))
    return line
