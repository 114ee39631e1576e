"""From a figure of organisers to its list, through the real app: its lines are those it counts."""

import re
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from starlette.datastructures import QueryParams

from rooms.attendance import hosted, kpi, kpi_rows
from rooms.attendance.hosted import Of, Wanted
from rooms.attendance.kpi import By, Hosted
from rooms.people.persons import Person
from server.pages import kpi_lessons
from server.pages.kpi_hosted import prepared_clock, stage_clock, wanted_of
from server.pages.kpis import asked_of, period_of
from tests.support.floor import House
from tests.support.histories import NOW, History, a_history
from tests.support.people import (
    a_company,
    a_person,
    a_programme,
    a_region,
    a_role,
    an_editor,
    sign_in,
)

YEAR = "year=2025"


@dataclass
class Desk:
    """A programme with a history, and a browser for everybody who asks."""

    house: House
    history: History
    people: dict[str, Person]
    browsers: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def page(self, who: str, address: str) -> str:
        """What she reads there, in English."""
        answer = await (await self.browser(who)).get(address)
        assert answer.status_code == 200, (who, address)
        return unescape(answer.text)

    async def status(self, who: str, address: str) -> int:
        """What comes of her asking for it."""
        return (await (await self.browser(who)).get(address)).status_code

    async def browser(self, who: str) -> httpx.AsyncClient:
        """Hers, signed in."""
        if who not in self.browsers:
            self.browsers[who] = self.house.client(cookies={"language": "en"})
            await sign_in(self.house, self.browsers[who], self.people[who], self.history.programme)
        return self.browsers[who]


@pytest.fixture
async def desk(app_house: House) -> Desk:
    app_house.clock.moment = NOW
    async with app_house.pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "hosting", 5, lessons=90, schools=9)
        await kpi_rows.run(conn, NOW)
        await conn.execute(
            """
            update kpi_sessions set stage_seconds = 2725, preparation_minutes = 95,
                preparation_told = 1, preparation_untold = 2 where kind = 'live'
            """
        )
        people = {
            "office": await a_person(conn, name="Bo Office"),
            "teacher": await a_person(conn),
            "editor": await an_editor(conn, history.programme, history.companies[0]),
        }
        await a_role(conn, history.programme, people["office"], "bureau")
        await a_role(
            conn, history.programme, people["teacher"], "teacher", school=history.schools[0]
        )
        for name, region in zip(("twente", "zeeland"), history.regions, strict=False):
            people[name] = await a_person(conn)
            await a_role(conn, history.programme, people[name], "coordinator", region=region)
    return Desk(app_house, history, people)


def figure(page: str, name: str) -> tuple[str, str]:
    """(figure, where it leads) of a definition list's line."""
    [found] = re.findall(rf'<dt>{name}</dt><dd class="figure"><a href="([^"]+)">([^<]+)<span', page)
    return found[1], found[0]


def heads(page: str) -> list[str]:
    """What stands first in each line of the only table, without markup."""
    found = re.findall(r'<th scope="row"[^>]*><div>(.*?)</div></th>', page)
    return [re.sub(r"<[^>]+>", "", one) for one in found]


async def every_page(desk: Desk, who: str, way: str) -> list[str]:
    """A list's lines, from its first part to its last, without what they come to together."""
    found, page = [], await desk.page(who, way)
    found += heads(page)
    while following := re.search(r'<a href="([^"]+)" rel="next"', page):
        page = await desk.page(who, following[1])
        found += heads(page)
    return [one for one in found if one != "Together"]


def view(address: str) -> Wanted:
    """What is asked for at an address, as the page reads it."""
    query = QueryParams(dict(parse_qsl(urlsplit(address).query)))
    return wanted_of(query, asked_of(query, period_of(query, NOW.date(), 8)))


async def test_the_address_is_the_view(desk: Desk) -> None:
    """Of each part of each figure: what the page reads there comes to the figure itself."""
    history, looked_at, of_none = desk.history, 0, 0
    asked = view(f"/kpis/hosted?{YEAR}").asked
    async with desk.house.pool.acquire() as conn, conn.transaction():
        await conn.execute("update kpi_sessions set region_id = null, sector = '' "
                           "where company_id = $1", history.companies[1].id)  # fmt: skip
        for by in (by for by in By if by is not By.LEVEL):
            found = await kpi.report(conn, history.office, asked, by)
            for key, figures in found.parts:
                for code, of in kpi_lessons.HOSTED.items():
                    way = kpi_lessons.of_part(asked, by, key, code)
                    wanted = view(way)
                    assert kpi_lessons.of_hosted(wanted) == way and wanted.of is of
                    told = (await hosted.whole(conn, history.office, wanted)).figures
                    assert told == figures.hosted, (by, key)
                looked_at += 1
                of_none += not key and figures.hosted != Hosted()
    assert looked_at > 20 and of_none == 4


async def test_a_figure_is_clicked_down_to_the_classes_of_a_session(desk: Desk) -> None:
    """By a coordinator: from her region's figures, and from the report of her region."""
    region = desk.history.regions[0]
    for start in (f"/kpis?{YEAR}", f"/reports/regions/{region.id}?{YEAR}"):
        page = await desk.page("twente", start)
        count, way = figure(page, "sessions hosted")
        lines = await every_page(desk, "twente", way)
        assert len(lines) == int(count) > 0
        companies, way = figure(page, "companies active")
        names = await every_page(desk, "twente", way)
        assert len(names) == int(companies) > 1
        hours, way = figure(page, "company hours in kind")
        assert hours in await desk.page("twente", way)
    _, way = figure(page, "sessions hosted")
    listed = await desk.page("twente", way)
    sessions = re.findall(r'href="(/attendance/sessions/[\w-]+)"', listed)
    assert 0 < len(sessions) < listed.count('<th scope="row"')
    assert "A session without a link had classes of other regions only." in listed
    for session in sessions:
        assert await desk.status("twente", session) == 200
    assert f'href="/kpis?since=2025-08-01&until=2026-07-31&region={region.id}"' in await desk.page(
        "twente", f"/kpis/hosted?{YEAR}&region={region.id}"
    )


async def test_hours_are_told_line_by_line_and_together(desk: Desk) -> None:
    """Stage to the second, preparation to the minute: what they come to is the figure."""
    page = await desk.page("office", f"/kpis?{YEAR}")
    hours, way = figure(page, "company hours in kind")
    lines = await every_page(desk, "office", way)
    live = view(way)
    async with desk.house.pool.acquire() as conn, conn.transaction():
        whole = await hosted.whole(conn, desk.history.office, live)
    assert len(lines) == whole.lines == whole.figures.sessions_live
    listed = await desk.page("office", way)
    assert "0:45:25" in listed and ">1:35<" in listed and ">2<" in listed
    assert heads(listed)[-1] == "Together"
    assert (
        "Who made, led, presented and registered for a webinar" in listed and "/keeping" in listed
    )
    for clock in (stage_clock(whole.figures.stage_seconds), prepared_clock(29 * 95)):
        assert f"<div>{clock}</div>" in listed
    company = desk.history.companies[0]
    own = await desk.page("office", f"/kpis/hosted?{YEAR}&of=companies&company={company.id}")
    async with desk.house.pool.acquire() as conn, conn.transaction():
        its = await hosted.whole(
            conn, desk.history.office, Wanted(live.asked, Of.COMPANIES, company.id)
        )
    told = its.figures
    assert stage_clock(told.stage_seconds) in own and "Company: <b>Bedrijf 0</b>" in own
    assert prepared_clock(told.preparation_minutes) in own and hours in listed
    assert told.stage_seconds == 2725 * told.sessions_live > 3600


async def test_each_part_of_the_figures_leads_to_its_own_list(desk: Desk) -> None:
    """In the table of parts, where anything was hosted; and nothing to a list of nothing."""
    page = await desk.page("office", f"/kpis?{YEAR}&by=network")
    rows = re.findall(r"<tr role=\"row\">(.*?)</tr>", page, re.DOTALL)
    leads = [re.findall(r'href="(/kpis/hosted[^"]+)">([\d,.h ]+)<span', row) for row in rows]
    found = [one for one in leads if one]
    assert len(found) == 3, "two networks, and none"
    for sessions, companies, _ in found:
        assert len(await every_page(desk, "office", sessions[0])) == int(sessions[1])
        names = await every_page(desk, "office", companies[0])
        assert len(names) == int(companies[1])
    assert any("network=none" in one[0][0] for one in found)
    none = await desk.page("office", "/kpis?year=2023&by=month")
    assert "/kpis/hosted" not in none
    empty = await desk.page("office", "/kpis/hosted?year=2023")
    assert "Nothing in this period" in empty and "<table" not in empty
    assert 'href="/kpis/hosted' not in empty


async def test_hours_that_are_waited_for_lead_somewhere(desk: Desk) -> None:
    """None was given yet, and some were asked: who has not told is in the list."""
    pool = desk.house.pool
    await pool.execute(
        "update kpi_sessions set stage_seconds = 0, preparation_minutes = 0, preparation_told = 0"
    )
    hours, way = figure(await desk.page("office", f"/kpis?{YEAR}"), "company hours in kind")
    assert hours == "0.0 h" and await every_page(desk, "office", way)
    await pool.execute("update kpi_sessions set preparation_untold = 0")
    page = await desk.page("office", f"/kpis?{YEAR}")
    assert re.search(r'company hours in kind</dt><dd class="figure">0.0 h<', page)


async def test_a_company_is_led_to_its_own_tours_and_rooms(desk: Desk) -> None:
    """And from there to their sums; to no lesson, no school and no other company's."""
    page = await desk.page("editor", f"/kpis?{YEAR}")
    count, way = figure(page, "sessions hosted")
    listed = await desk.page("editor", way)
    assert "/attendance" not in listed and not re.search(r"School \d", listed)
    counted = re.findall(r'data-head="Sessions"><div>(\d+)<', listed)
    *counted, together = map(int, counted)
    assert sum(counted) == together == int(count) > len(counted) > 1
    ways = re.findall(r'href="(/(?:studio/tours|rooms)/[\w-]+/reach)"', listed)
    assert len(ways) == len(counted) and {way.split("/")[1] for way in ways} == {"studio", "rooms"}
    for own in ways:
        assert await desk.status("editor", own) == 200
    other = desk.history.companies[1].id
    for query in (f"company={other}", f"network={desk.history.networks[0].id}", "network=none"):
        assert await desk.status("editor", f"/kpis/hosted?{YEAR}&{query}") == 404, query


async def test_what_is_not_hers_is_not_there(desk: Desk) -> None:
    history, pool = desk.history, desk.house.pool
    async with pool.acquire() as conn, conn.transaction():
        strange = await a_programme(conn, "elsewhere")
        far = await a_region(conn, strange, "Elders")
        company = await a_company(conn, strange)
    zeeland, twente = history.regions[1].id, history.regions[0].id
    nobodys = "00000000-0000-0000-0000-000000000009"
    asked = {
        ("teacher", ""): 404,
        ("twente", f"region={twente}"): 200,
        ("twente", f"region={zeeland}"): 404,
        ("zeeland", f"region={zeeland}"): 200,
        ("twente", "region=none"): 404,
        ("twente", "sector=none&objective=none&network=none"): 200,
        ("office", "region=none&company=none"): 200,
        ("office", f"region={far.id}"): 404,
        ("office", f"company={company.id}"): 404,
        ("office", f"network={nobodys}"): 404,
        ("office", f"objective={nobodys}"): 404,
        ("office", "region=x&network=x&objective=x&company=x&sector=x&kind=x&of=x&page=x"): 200,
        ("office", "since=2026-02-01&until=2026-01-01"): 422,
    }
    for (who, query), status in asked.items():
        assert await desk.status(who, f"/kpis/hosted?{YEAR}&{query}") == status, (who, query)
    anybody = desk.house.client()
    assert (await anybody.get("/kpis/hosted")).headers["location"].startswith("/sign-in")


def test_clocks_say_hours_also_where_there_are_none() -> None:
    assert [stage_clock(one) for one in (0, 59, 3725, 360_000)] == [
        "0:00:00", "0:00:59", "1:02:05", "100:00:00",
    ]  # fmt: skip
    assert [prepared_clock(one) for one in (0, 59, 90, 6000)] == ["0:00", "0:59", "1:30", "100:00"]
