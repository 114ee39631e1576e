"""From a figure to its lessons: what the list of attendance sums there is the figure itself."""

import re
from dataclasses import replace
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx
import pytest

from rooms.agenda import objectives, partnerships
from rooms.attendance import export, kpi, kpi_rows, report, review
from rooms.attendance.kpi import Asked, Attended, By
from rooms.attendance.kpi_periods import Period
from rooms.attendance.report import NONE, NOWHERE, Filters, Row
from rooms.attendance.review import Figures
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.scope import Grant, Scope
from server.pages import kpi_lessons, kpi_words
from server.pages.attendance_filters import address_of, filters_of
from tests.support.floor import House
from tests.support.histories import NOW, History, a_history
from tests.support.people import a_person, a_role, an_editor, sign_in

YEAR = Period(date(2025, 8, 1), date(2026, 7, 31))


def told(side: Attended | Figures) -> tuple[int, ...]:
    return (side.schools, side.classes, side.sessions, side.participations, side.pupils_reached,
            side.student_seconds, side.unconfirmed)  # fmt: skip


def view(address: str) -> Filters:
    return filters_of(dict(parse_qsl(urlsplit(address).query)))


async def behind(conn: Connection, history: History, filters: Filters) -> Figures:
    return (await review.of_period(conn, history.office, filters, review.By.SCHOOL)).whole


async def test_the_lessons_behind_a_figure_are_those_it_counts(app_house: House) -> None:
    """Of the whole and of each part, also when a tour counts under another sector since."""
    async with app_house.pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "behind", 12)
        await of_no_region_level_or_sector(conn, history)
        await kpi_rows.run(conn, NOW)
        before = await kpi.report(conn, history.office, Asked(YEAR), By.SECTOR)
        aim = objectives.Aim(None, "maritime")
        await objectives.aim_tour(conn, history.office, history.tours[0], aim)
        whole = view(kpi_lessons.address(Asked(YEAR)))
        assert told(await behind(conn, history, whole)) == told(before.total.attended)
        looked_at = of_none = 0
        for by in By:
            found = await kpi.report(conn, history.office, Asked(YEAR), by)
            ways = kpi_lessons.ways(Asked(YEAR), by, [key for key, _ in found.parts])
            for key, figures in found.parts:
                filters = view(ways[key])
                assert f"?{address_of(filters)}" in ways[key], "the address is the saved view"
                sums = told(await behind(conn, history, filters))
                assert sums == told(figures.attended), (by, key)
                looked_at += 1
                of_none += not key
        assert looked_at > 24 and of_none == 5
        assert {key for key, _ in before.parts} >= {"", "water", "ict"}
        await each_filter_narrows(conn, history)


async def of_no_region_level_or_sector(conn: Connection, history: History) -> None:
    """As a school that a teacher typed in stands in no region."""
    await conn.execute(
        "update session_classes set region_id = null where school_id = $1", history.schools[5].id
    )
    await conn.execute(
        "update session_classes set level = '' where class_id = $1", history.classes[0][0]
    )
    await conn.execute("update tours set sectors = '{}' where id = $1", history.tours[2])


async def each_filter_narrows(conn: Connection, history: History) -> None:
    """The list, its sums and the export, of whatever else may be chosen; together as well."""
    rows = await report.of_programme(conn, history.office, Filters(), limit=10_000)
    school, tour, company = history.schools[1], history.tours[1], history.companies[2]
    class_id, north = history.classes[4][0], str(history.networks[0].id)

    def network_of(row: Row) -> str:
        return history.network_on(row.school_id, row.local_date or date.min)

    wishes: list[tuple[dict[str, Any], Any]] = [
        ({"school_id": school.id}, lambda row: row.school_id == school.id),
        ({"class_id": class_id}, lambda row: row.class_id == class_id),
        ({"company_id": company.id}, lambda row: row.company == company.name),
        ({"tour_id": tour}, lambda row: row.tour_id == tour),
        ({"objective_id": history.objectives[0]}, lambda row: row.tour_id == history.tours[0]),
        ({"network_id": history.networks[0].id}, lambda row: network_of(row) == north),
        ({"network_id": NOWHERE, "level": "havo"},
         lambda row: network_of(row) == "" and row.level == "havo"),
        ({"level": NONE}, lambda row: row.level == ""),
        ({"region_id": NOWHERE, "sitting": "tour"}, lambda row: not row.region and row.tour_id),
        ({"level": "vwo", "sitting": "live"}, lambda row: row.level == "vwo" and row.room_id),
        ({"since": date(2025, 11, 1), "until": date(2025, 11, 30), "sitting": "tour"},
         lambda row: f"{row.local_date:%Y-%m}" == "2025-11" and not row.room_id),
    ]  # fmt: skip
    for wish, fits in wishes:
        wanted: set[UUID] = {row.session_class_id for row in rows if fits(row)}
        assert 0 < len(wanted) < len(rows), wish
        filters = replace(Filters(), **wish)
        assert view(f"?{address_of(filters)}") == filters, "the address is the saved view"
        assert ids(await report.of_programme(conn, history.office, filters, limit=999)) == wanted
        assert (await behind(conn, history, filters)).registered == len(wanted)
        parts = [part async for part in export.batches(conn, history.office, filters)]
        assert {cells[0] for part in parts for cells in part} == {str(one) for one in wanted}


def ids(rows: list[Row]) -> set[UUID]:
    return {row.session_class_id for row in rows}


def test_every_figure_has_a_list_and_a_company_none_of_lessons() -> None:
    asked = Asked(YEAR, network_id=UUID(int=1))
    for word in kpi_words.WORDS:
        assert kpi_lessons.of_figure(asked, word.code, leads=True), word.code
        way = kpi_lessons.of_figure(asked, word.code, leads=False)
        assert way.startswith("/kpis/hosted?") if word.is_hosted else way == "", word.code
    assert kpi_lessons.of_figure(asked, "another", leads=True) == ""
    assert kpi_lessons.narrowed(Asked(YEAR), By.REGION, "") is None


@pytest.mark.parametrize(
    ("period", "days"),
    [
        (YEAR, ("2026-02-01", "2026-02-28")),
        (Period(date(2026, 2, 9), date(2026, 2, 20)), ("2026-02-09", "2026-02-20")),
    ],
)
def test_a_month_is_its_days_in_the_period(period: Period, days: tuple[str, str]) -> None:
    part = kpi_lessons.narrowed(Asked(period), By.MONTH, "2026-02")
    assert part is not None
    assert (str(part.period.since), str(part.period.until)) == days


async def test_a_figure_is_clicked_down_to_a_class_and_its_why(app_house: House) -> None:
    app_house.clock.moment = NOW
    async with app_house.pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "clicked", 5, lessons=12)
        await kpi_rows.run(conn, NOW)
        person = await a_person(conn)
        await a_role(conn, history.programme, person, "bureau")
        editor = await an_editor(conn, history.programme, history.companies[0])
    office, company = [app_house.client(cookies={"language": "en"}) for _ in "ab"]
    await sign_in(app_house, office, person)
    await sign_in(app_house, company, editor, history.programme)
    page = unescape((await office.get("/kpis?year=2025")).text)
    _, way, *_ = re.findall(r'<dd class="figure"><a href="([^"]+)">[\d,]+<span', page)
    [region] = re.findall(r'<th scope="row"[^>]*><div><a href="([^"]+)">Twente', page)
    assert f"region={history.regions[0].id}" in region
    classes = unescape((await office.get(way)).text)
    for told, of in ((page, "kpis"), (classes, "attendance")):
        [file] = re.findall(rf'href="(/{of}\.csv\?[^"]*delimiter=,)" download', told)
        head = (await office.get(file)).text.lstrip("\ufeff").partition("\n")[0]
        assert "," in head and ";" not in head
    deeper = re.search(r'href="(/attendance\?[^"]*class=[^"]+)">\dA, School \d</a>', classes)
    assert deeper is not None
    [lesson, *_] = re.findall(r'href="(/attendance/[\w-]{36})"', (await office.get(deeper[1])).text)
    assert (await office.get(lesson)).status_code == 200
    report = unescape(
        (await office.get(f"/reports/regions/{history.regions[0].id}?year=2025")).text
    )
    [level] = re.findall(r'href="(/attendance[^"]*region=[^"]*&level=vwo)">vwo<', report)
    assert level.split("&region")[0] == region.split("&region")[0]
    assert f"region={history.regions[0].id}&outcome=passed&by=class#groups" in report
    for path in ("/kpis", f"/reports/regions/{history.regions[0].id}"):
        nothing = (await office.get(f"{path}?year=2023")).text
        assert schools_in(nothing).startswith("0") and "outcome=passed" not in nothing
    await parts_of_networks_and_objectives_lead_there(office, history)
    await a_pair_leads_to_its_lessons(app_house, office, company, history)
    narrow = f"/kpis?year=2025&kind=live&network={history.networks[0].id}"
    said = (await office.get(narrow)).text
    assert "Network: <b>Noord</b>" in said and "<b>live</b>" in said, "paper has no form"
    seen = await company.get("/kpis?year=2025")
    assert seen.status_code == 200 and "/attendance" not in seen.text
    await a_company_asks_for_no_school(app_house, company, history)


async def parts_of_networks_and_objectives_lead_there(
    office: httpx.AsyncClient, history: History
) -> None:
    """From Figures and from a report, with the names of what was chosen, as paper needs them."""
    report = unescape(
        (await office.get(f"/reports/networks/{history.networks[0].id}?year=2025")).text
    )
    leads = re.findall(r'href="/attendance\?([^"]+)"', report)
    assert leads and all(f"network={history.networks[0].id}" in lead for lead in leads)
    region = history.regions[0].id
    report = unescape((await office.get(f"/reports/regions/{region}?year=2025")).text)
    own = f'href="(/attendance[^"]*region={region}&network=([^"]*))">'
    keys = [key for _, key in re.findall(rf"{own}\d+<span", report)]
    assert keys and set(keys) <= {str(one.id) for one in history.networks}
    assert all(f'href="/reports/networks/{key}"' in report for key in keys)
    [(way, key)] = re.findall(f"{own}no network<", report)
    assert key == "none"
    lessons = (await office.get(way)).text
    assert " of " not in schools_in(lessons), "of the region's schools some are in one"
    whole = (
        await office.get(f"/attendance?since=2025-08-01&until=2026-07-31&region={region}")
    ).text
    assert schools_in(whole) == schools_in(report) and schools_in(whole).endswith(" of 2")
    assert "Network: <b>no network</b>" in lessons and 'name="network" value="none"' in lessons
    for by, key, name in (
        ("network", history.networks[0].id, "Noord"),
        ("objective", history.objectives[0], "Kiezen"),
    ):
        page = unescape((await office.get(f"/kpis?year=2025&by={by}")).text)
        [way] = re.findall(rf'href="(/attendance[^"]*{by}={key}[^"]*)">{name}<', page)
        lessons = (await office.get(way)).text
        assert f"<b>{name}</b>" in lessons and f'name="{by}" value="{key}"' in lessons
        [lesson, *_] = re.findall(r'href="(/attendance/[\w-]{36})"', lessons)
        assert (await office.get(lesson)).status_code == 200


def schools_in(page: str) -> str:
    """The first figure of its sentence."""
    [first, *_] = re.findall(r'<span class="figure">([^<]*)</span> school', page)
    return str(first)


async def a_pair_leads_to_its_lessons(
    house: House, office: httpx.AsyncClient, company: httpx.AsyncClient, history: History
) -> None:
    """For who reads lessons, and once there was one."""
    async with house.pool.acquire() as conn, conn.transaction():
        await conn.execute("update kpi_classes set invited = true")
        pair, *_ = await partnerships.alive(conn, history.office, Asked(YEAR))
    assert kpi_lessons.of_pair(Asked(YEAR), replace(pair, lessons=0)) == ""
    way = kpi_lessons.of_pair(Asked(YEAR), pair)
    for path in ("/kpis", f"/reports/regions/{history.regions[0].id}"):
        page = unescape((await office.get(f"{path}?year=2025")).text)
        assert 'href="#partnerships"' in page and 'id="partnerships"' in page
        found = re.findall(r'href="(/attendance\?[^"]*company=[^"]*)">[^<]*<span', page)
        assert found, path
    lessons = (await office.get(way)).text
    assert pair.school in lessons and re.search(r'href="/attendance/[\w-]{36}"', lessons)
    seen = (await company.get("/kpis?year=2025")).text
    assert pair.school in seen and "/attendance" not in seen and 'href="#partner' not in seen


async def a_company_asks_for_no_school(
    house: House, company: httpx.AsyncClient, history: History
) -> None:
    """By network or level one class of one school would stand alone: neither page nor file nor
    query tells it."""
    view = f"year=2025&by=network&level=vwo&network={history.networks[0].id}"
    page = (await company.get(f"/kpis?{view}")).text
    assert 'name="level"' not in page and "Noord" not in page and 'value="level"' not in page
    assert page.count("<tr") == (await company.get("/kpis?year=2025")).text.count("<tr") > 1
    rows = (await company.get(f"/kpis.json?{view}")).json()["rows"]
    assert {row["by"] for row in rows} == {"", "region"}
    own = Grant("editor", company_id=history.companies[0].id)
    scope = Scope(history.programme.id, None, (own,))
    async with house.pool.acquire() as conn:
        for asked, by in (
            (Asked(YEAR, level="vwo"), None), (Asked(YEAR), By.LEVEL), (Asked(YEAR), By.NETWORK),
            (Asked(YEAR, network_id=history.networks[0].id), By.REGION),
        ):  # fmt: skip
            with pytest.raises(NotThere):
                await kpi.report(conn, scope, asked, by)
