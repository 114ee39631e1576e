"""Figures and releases through the real app: page, file and API agree; a funder's link opens
releases and nothing else."""

import csv
import io
import json
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from rooms.agenda import objectives, partnerships, request_answers
from rooms.agenda.request_drafts import Slot, weeks_from
from rooms.attendance import kpi, kpi_rows
from rooms.attendance.kpi import Asked, By
from rooms.attendance.kpi_periods import Period
from rooms.people import api_tokens
from rooms.scope import Grant, Scope
from server.pages import kpis
from tests.support.days import local_day
from tests.support.floor import House
from tests.support.histories import NOW, History, a_history
from tests.support.invitations import a_meeting
from tests.support.people import a_person, a_programme, a_role, an_editor, scope_of, sign_in

TOKEN = "a-token-of-the-office-with-enough-letters"
YEAR = "year=2025"


@dataclass
class Office:
    """A programme with a history, and its office signed in, in English."""

    house: House
    history: History
    client: httpx.AsyncClient

    def caller(self) -> httpx.AsyncClient:
        """A program with the office's token."""
        return self.house.client(headers={"authorization": f"Bearer {TOKEN}"})


@pytest.fixture
async def office(app_house: House) -> Office:
    app_house.clock.moment = NOW
    async with app_house.pool.acquire() as conn, conn.transaction():
        history = await a_history(conn, "jetstream", 5, lessons=90, schools=9)
        await kpi_rows.run(conn, NOW)
        person = await a_person(conn, "office@jetstream.example", "Bo Office")
        await a_role(conn, history.programme, person, "bureau")
        await api_tokens.put(conn, history.office, person.id, TOKEN, "test")
    client = app_house.client(cookies={"language": "en"})
    await sign_in(app_house, client, person)
    return Office(app_house, history, client)


async def test_page_file_and_api_tell_the_same(office: Office) -> None:
    period = Period(date(2025, 8, 1), date(2026, 7, 31))
    async with office.house.pool.acquire() as conn:
        found = await kpi.report(conn, office.history.office, Asked(period), By.REGION)
    page = (await office.client.get(f"/kpis?{YEAR}")).text
    file = (await office.client.get(f"/kpis.csv?{YEAR}")).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file), delimiter=";"))
    document = (await office.client.get(f"/kpis.json?{YEAR}")).json()
    told = document["rows"]
    assert document["version"] == kpis.VERSION and document["columns"] == list(kpis.COLUMNS)
    async with office.caller() as program:
        days = {"since": "2025-08-01", "until": "2026-07-31", "by": "region"}
        answer = (await program.get("/api/v1/kpis", params=days)).json()
    side = found.total.attended
    figures = re.findall(r'<dd class="figure">(?:<a [^>]*>)?([^<]*)<', page)
    assert figures[:4] == [
        f"{one:,}" for one in (side.schools, side.classes, side.pupils_reached, side.participations)
    ]
    assert "added up over the classes. The same pupils in two classes count twice" in page
    assert len(rows) == len(told) == 1 + len(found.parts) == 1 + len(answer["parts"])
    for name in ("schools", "participations", "student_minutes", "pupils_reached"):
        value = getattr(side, name)
        assert int(rows[0][name]) == told[0][name] == answer["whole"]["attended"][name] == value
        parts = [getattr(figures.attended, name) for _, figures in found.parts]
        assert [int(row[name]) for row in rows[1:]] == parts
        assert [part["attended"][name] for part in answer["parts"]] == parts
    assert 'href="/kpis?year=2025"' in (await office.client.get("/exports")).text
    await what_cannot_be_asked_is_said(office)


async def test_a_company_is_told_why_the_api_says_nothing_by_network_or_level(
    office: Office,
) -> None:
    """Also of no school of theirs; everything else it reads."""
    history = office.history
    async with office.house.pool.acquire() as conn, conn.transaction():
        editor = await an_editor(conn, history.programme, history.companies[0])
        own = Scope(
            history.programme.id, editor.id,
            (Grant("editor", company_id=history.companies[0].id),),
        )  # fmt: skip
        await api_tokens.put(conn, own, editor.id, f"{TOKEN} of a company", "test")
    headers = {"authorization": f"Bearer {TOKEN} of a company", "accept-language": "en"}
    async with office.house.client(headers=headers) as company:
        answers = {
            query: await company.get(f"/api/v1/kpis?{query}")
            for query in (
                "by=network", "by=level", "level=vwo", f"network={history.networks[0].id}",
                "since=2025-08-01&until=2026-07-31&by=sector",
            )
        }  # fmt: skip
    *refused, told = answers.values()
    for answer in refused:
        assert (answer.status_code, answer.json()["error"]) == (422, "kpi_of_schools")
        assert "not told by network or level" in answer.json()["message"]
    assert told.json()["whole"]["attended"]["classes"] > 0
    described = (await office.client.get("/api/v1/openapi.json")).text
    assert "kpi_of_schools" in described


async def what_cannot_be_asked_is_said(office: Office) -> None:
    """A sentence, and no figures of something else."""
    wrong = await office.client.get("/kpis?since=2026-02-01&until=2026-01-01")
    assert wrong.status_code == 422 and "lies before the first" in wrong.text
    strange = await office.client.get("/kpis?level=' or 1&region=x&by=x&year=x&part=x")
    assert strange.status_code == 200
    async with office.caller() as program:
        for query in ("level=x", "by=x", "since=2026-02-01&until=2026-01-01", "no=1"):
            assert (await program.get(f"/api/v1/kpis?{query}")).status_code in {400, 422}, query


async def test_who_releases_is_told_once_what_is_missing(office: Office) -> None:
    asked = await office.client.post("/releases", data={"year": "2025", "part": ""})
    assert asked.headers["location"] == "/releases/check?year=2025&part="
    page = (await office.client.get(asked.headers["location"])).text
    assert "of teachers who are not confirmed yet are not counted" in page
    assert "has confirmed" not in page and "not final yet" not in page
    assert "Freeze them all the same" in page and 'name="told" value="yes"' in page
    # also those that are too long ago for the list of what waits
    told = "update session_class_results set headcount_source = $1"
    await office.house.pool.execute(told, "declared")
    page = (await office.client.get("/releases/check?year=2025")).text
    days = "since=2025-08-01&amp;until=2026-07-31"
    assert "nobody has confirmed" in page and f"{days}&amp;outcome=passed" in page
    await office.house.pool.execute(told, "confirmed")
    empty = (await office.client.get("/releases/check?year=2020")).text
    assert "every figure would be zero" in empty
    early = await office.client.get("/releases/check?year=2030")
    assert early.status_code == 422
    assert "No release yet" in (await office.client.get("/releases")).text
    await office.house.pool.execute("update session_classes set is_confirmed_teacher = true")
    page = (await office.client.get("/releases/check?year=2025")).text
    assert "Nothing is missing" in page and "Freeze them all the same" not in page
    made = await office.client.post("/releases", data={"year": "2025", "part": ""})
    assert re.fullmatch(r"/releases/[\w-]{36}", made.headers["location"])
    office.house.clock.move(days=1)
    name = {"id": str(office.history.regions[0].id), "name": "Oost-Nederland"}
    assert (await office.client.post("/programme/regions", data=name)).status_code == 303
    renamed = await office.client.post("/releases", data={"year": "2025", "part": ""})
    said = (await office.client.get(renamed.headers["location"])).text.partition("What changed")[2]
    assert renamed.headers["location"] != made.headers["location"]
    assert "Twente" in said and "Oost-Nederland" in said
    await what_changed_is_said_once(office)


async def what_changed_is_said_once(office: Office) -> None:
    """And what is not told any more in one sentence: a first edition tells nobody's small figures,
    a next one nor what lies between the two."""
    office.house.clock.move(days=1)
    async with office.house.pool.acquire() as conn:
        await conn.execute(
            """
            update session_class_results set pupils = pupils + 3 where session_class_id =
                (select session_class_id from kpi_classes where passes and is_counted
                    and local_date between '2025-08-01' and '2026-07-31'
                order by session_class_id limit 1)
            """
        )
        await conn.execute("update session_classes set level = 'mbo' where level = 'vwo'")
        await kpi_rows.run(conn, office.house.clock.moment)
    office.house.clock.move(days=1)
    made = await office.client.post("/releases", data={"year": "2025", "told": "yes"})
    assert made.status_code == 303, made.text
    said = (await office.client.get(made.headers["location"])).text.partition("What changed")[2]
    lines = re.findall(r"<tr><th scope=.row.>(.*?)</tr>", said)
    assert lines and len(lines) == len(set(lines)) and "all regions, in all" not in said
    assert "Told in edition 2, and not in this one: " in said
    assert re.search(r"all regions, mbo</th><td>pupils reached</td><td[^>]*>new</td>", said, re.I)


async def test_a_release_leaves_by_a_link_and_nothing_else_does(office: Office) -> None:
    made = await office.client.post("/releases", data={"year": "2025", "told": "yes"})
    address = made.headers["location"]
    again = await office.client.post("/releases", data={"year": "2025", "told": "yes"})
    overlap = await office.client.post(
        "/releases", data={"year": "2025", "part": "q1", "told": "yes"}
    )
    assert (again.status_code, overlap.status_code) == (422, 422)
    assert "released already, from 1 Aug 2025 to 31 Jul 2026" in overlap.text
    assert '<option value="q1" selected>' in overlap.text, "what was asked for still stands there"
    unnamed = await office.client.post(
        "/releases/links", data={"label": "", "expires_on": "2026-12-31"}
    )
    assert unnamed.status_code == 422 and 'value="2026-12-31"' in unnamed.text
    page = (await office.client.post(
        "/releases/links", data={"label": "Fonds", "expires_on": "2026-12-31"}
    )).text  # fmt: skip
    [link] = set(re.findall(r"http://testserver(/funder/[\w-]+)", page))
    async with office.house.client(cookies={"language": "en"}) as funder:
        index = await funder.get(link)
        edition = f"{link}/{address.rpartition('/')[2]}"
        shown = await funder.get(edition)
        document = await funder.get(f"{edition}/document.json")
        table = await funder.get(f"{edition}/figures.csv")
        for path in ("/kpis", "/releases", address, "/attendance"):
            assert (await funder.get(path)).status_code == 303
        assert (await funder.get(f"{link}x")).status_code == 404
    async with office.caller() as program:
        stored = await program.get(f"/api/v1{address}")
        listed = (await program.get("/api/v1/releases?since=2025-08-01")).json()["releases"]
        later = (await program.get("/api/v1/releases?since=2025-08-02")).json()["releases"]
    record = (await office.client.get("/exports")).text
    assert record.count(f'href="{address.partition("?")[0]}"') == 3 and "Fonds" in record
    assert {answer.headers["x-robots-tag"] for answer in (index, shown, document, table)} == {
        "noindex, nofollow"
    }
    assert "Jetstream" in index.text and "×" in shown.text and "Twente" in shown.text
    assert document.content == stored.content
    read = json.loads(document.content)
    columns_stand_in_order(shown.text, read)
    assert {*read["definitions"]} == {"nl", "en"} and later == []
    assert [one["sha256"] in shown.text for one in listed] == [True]
    assert b"region_by_level" in table.content
    revoke = re.findall(r"/releases/links/[\w-]+/revoke", page)[0]
    await office.client.post(revoke)
    async with office.house.client() as funder:
        for path in (link, edition, f"{edition}/document.json", f"{edition}/figures.csv"):
            assert (await funder.get(path)).status_code == 404
    assert "revoked by Bo Office" in (await office.client.get("/releases")).text


def columns_stand_in_order(page: str, read: dict[str, Any]) -> None:
    """As a reader looks for them and not by their keys, each over its own figures."""
    [told] = [one for one in read["tables"] if one["name"] == "region_by_level"]
    totals = dict(zip(told["columns"], told["column_totals"], strict=True))
    in_all = [
        (totals | {"In all": told["total"]})[one] for one in ("vmbo", "havo", "vwo", "In all")
    ]
    table = page.partition("By region and level")[2].partition("</table>")[0]
    assert re.findall(r'<th scope="col" class="number">(.*?)</th>', table) == [
        "vmbo", "havo", "vwo", "In all",
    ]  # fmt: skip
    cells = re.findall(r'<td class="number">(.*?)</td>', table.rpartition("<tr>")[2])
    assert [re.sub("<.*?>|not told", "", cell) for cell in cells] == [
        "×" if one is None else f"{one['pupils_reached']:,}" for one in in_all
    ]
    table = page.partition("By region and objective")[2].partition("</table>")[0]
    heads = re.findall(r'<th scope="col" class="number">(.*?)</th>', table)
    assert heads == ["Kiezen", "Techniek", "no objective", "In all"]


async def test_objectives_are_written_and_ended(app_house: House) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        programme, person = await a_programme(conn), await a_person(conn)
        await a_role(conn, programme, person, "bureau")
        scope = scope_of(programme, person)
        await objectives.create(conn, scope, {"nl": "Kiezen"}, NOW)
    office = app_house.client(cookies={"language": "en"})
    await sign_in(app_house, office, person)
    empty = await office.post("/programme/objectives", data={"name_nl": " "})
    assert empty.status_code == 422 and "at least one language" in empty.text
    await office.post("/programme/objectives", data={"name_nl": "Meer vrouwen"})
    async with app_house.pool.acquire() as conn:
        known = await objectives.every(conn, scope)
        made = next(one for one in known if one.name("en") == "Meer vrouwen")
    changed = {"id": str(made.id), "name_nl": "Meer meisjes", "name_en": "More girls"}
    await office.post("/programme/objectives", data=changed)
    await office.post(f"/programme/objectives/{made.id}/end")
    page = (await office.get("/programme/objectives")).text
    assert "More girls" in page and "not chosen any more" in page
    async with app_house.pool.acquire() as conn:
        known = await objectives.every(conn, scope)
    offered = objectives.choosable(known, objectives.Aim(), "en")
    assert [name for _, name in offered] == ["Kiezen"]
    kept = objectives.choosable(known, objectives.Aim(made.id), "en")
    assert [name for _, name in kept] == ["Kiezen", "More girls"]


async def test_a_pair_is_alive_once_a_lesson_is_agreed(app_house: House) -> None:
    now = app_house.clock.moment = datetime(2026, 9, 15, 9, 0, tzinfo=NOW.tzinfo)
    day = weeks_from(local_day(now))[1] + timedelta(days=1)
    period = Period(date(2026, 8, 1), date(2027, 7, 31))
    async with app_house.pool.acquire() as conn, conn.transaction():
        meeting = await a_meeting(conn, now=now)
        asked = await meeting.ask(conn, now)
        before = await partnerships.alive(conn, meeting.editing, Asked(period))
        slot = Slot(day, time(10, 15), 50, "Europe/Amsterdam")
        await request_answers.accept(conn, meeting.editing, asked.id, slot, now)
        [pair] = await partnerships.alive(conn, meeting.editing, Asked(period))
        assert await partnerships.alive(conn, meeting.teaching, Asked(period)) == [pair]
        nobody = Scope(meeting.editing.programme_id)
        assert await partnerships.alive(conn, nobody, Asked(period)) == []
        found = await kpi.report(conn, meeting.editing, Asked(period), By.MONTH)
        earlier = Period(date(2025, 8, 1), date(2026, 7, 31))
        none = await partnerships.alive(conn, meeting.editing, Asked(earlier))
    assert (before, none) == ([], [])
    assert (pair.school, pair.company, pair.lessons, pair.last_on) == (
        meeting.school.name, meeting.company.name, 0, day,
    )  # fmt: skip
    assert found.total.attended.partnerships == 1
    assert [key for key, _ in found.parts] == [day.strftime("%Y-%m")]


async def test_the_office_keeps_a_network_and_reads_its_report(office: Office) -> None:
    client, history = office.client, office.history
    made = await client.post("/programme/networks", data={"name": "Oost"})
    address = made.headers["location"].partition("?")[0]
    network_id = address.rpartition("/")[2]
    found = (await client.get(f"{address}?q=school+2")).text
    school, company = history.schools[2], history.companies[2]
    assert f'value="school:{school.id}"' in found and f"company:{company.id}" not in found
    for members, code in (([], 422), ([f"school:{uuid4()}", "x", "company:x"], 422),
                          ([f"school:{school.id}", f"company:{company.id}"], 303)):  # fmt: skip
        sent = {"member": members, "on": "2025-08-01"}
        assert (await client.post(f"{address}/members", data=sent)).status_code == code
    late = {"member": [f"school:{school.id}"], "on": "2030-01-01"}
    assert (await client.post(f"{address}/members", data=late)).status_code == 422
    rest = {"region": str(history.regions[2].id), "on": "2025-08-01"}
    await client.post(f"{address}/members", data=rest)
    page = (await client.get(address)).text
    assert [name in page for name in ("School 2", "School 5", "School 8", "Bedrijf 2")] == [
        True
    ] * 4
    document = (await client.get(f"/kpis.json?{YEAR}&by=network")).json()["rows"]
    [row] = [one for one in document if one["key"] == network_id]
    assert row["name"] == "Oost" and row["registry"] == 3 and row["companies"] == 1
    report = (await client.get(f"/reports/networks/{network_id}?{YEAR}")).text
    figures = re.findall(r'<dd class="figure">(?:<a [^>]*>)?([^<]*)<', report)
    assert figures[:2] == [str(row["schools"]), str(row["classes"])]
    assert "nobody is in two at once" in report
    left = {"member": str(history.schools[5].id), "on": "2026-01-01"}
    assert (await client.post(f"{address}/leave", data=left)).status_code == 303
    assert (await client.post(f"{address}/leave", data=left)).status_code == 422
    region = f"/reports/regions/{history.regions[0].id}?{YEAR}"
    for path in ("/reports", region, f"/reports/sectors/water?{YEAR}&part=q1"):
        assert (await client.get(path)).status_code == 200
    for path in ("/reports/sectors/none", f"/reports/networks/{uuid4()}", "/reports/regions/x"):
        assert (await client.get(path)).status_code == 404
    await its_report_leaves_with_the_release(office, network_id)


async def its_report_leaves_with_the_release(office: Office, network_id: str) -> None:
    made = await office.client.post("/releases", data={"year": "2025", "told": "yes"})
    release = made.headers["location"].partition("?")[0]
    page = (await office.client.get(release)).text
    paths = re.findall(rf'href="{release}/reports/([^"]+)"', page)
    assert f"networks/{network_id}" in paths and "sectors/water" in paths
    links = (await office.client.post(
        "/releases/links", data={"label": "Fonds", "expires_on": "2026-12-31"}
    )).text  # fmt: skip
    link = re.findall(r"http://testserver(/funder/[\w-]+)", links)[0]
    async with office.house.client(cookies={"language": "en"}) as funder:
        root = f"{link}/{release.rpartition('/')[2]}/reports"
        for path in paths:
            assert (await funder.get(f"{root}/{path}")).status_code == 200
        assert "Oost" in (await funder.get(f"{root}/networks/{network_id}")).text
        for path in ("networks/x", "levels/havo", f"regions/{network_id}"):
            assert (await funder.get(f"{root}/{path}")).status_code == 404
