"""The API from outside: the whole path of a tour and a lesson, and what is refused."""

import csv
import io
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from rooms.attendance import export, kpi_periods, releases
from rooms.connection import Connection
from rooms.scope import Grant, Scope
from rooms.tours import choices
from server.api.table import ENDPOINTS
from server.pages import kpi_words
from tests.support import tours as tour_support
from tests.support.api import Office, an_office, caller
from tests.support.days import local_day
from tests.support.floor import House

VTT = "WEBVTT\n\n00:00.000 --> 00:02.000\nWelcome\n\n00:02.000 --> 00:05.000\nto Havenlicht\n"


@pytest.fixture
async def office(app_house: House) -> Office:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await an_office(conn)


async def test_a_tour_from_its_title_to_the_catalogue(app_house: House, office: Office) -> None:
    async with caller(app_house, office.editor) as editor:
        made = await editor.post("/api/v1/tours", json={"title": "Behind the dike"})
        assert made.status_code == 201
        tour = made.json()
        address = f"/api/v1/tours/{tour['id']}"
        assert tour["missing"][:2] == ["description", "film"]
        early = await editor.put(f"{address}/captions/nl", json={"text": VTT})
        assert (early.status_code, early.json()["error"]) == (409, "film_first")
        async with app_house.pool.acquire() as conn, conn.transaction():
            await tour_support.a_film(conn, office.desk, tour["id"])
        for part, body in (
            ("texts/nl", {"title": "Achter de dijk", "description": "Pompen."}),
            ("texts/en", {"title": "Behind the dike", "description": "Pumps."}),
            ("about", {"sectors": ["water"], "levels": ["havo"]}),
            ("captions/nl", {"text": VTT}),
            ("declaration", {"agreed": True, "until": "2030-01-01"}),
            ("checks", {"checks": list(choices.CHECKS)}),
        ):
            answer = await editor.put(f"{address}/{part}", json=body)
            assert answer.status_code == 200, answer.text
        assert answer.json()["missing"] == []
        asked = await editor.post(f"{address}/review")
        assert asked.json()["state"] == "review"
        assert (await editor.post(f"{address}/publish", json={})).status_code == 404
    async with caller(app_house, office.reviewer) as reviewer:
        waiting = (await reviewer.get("/api/v1/tours", params={"state": "review"})).json()
        assert [each["id"] for each in waiting["items"]] == [tour["id"]]
        returned = await reviewer.post(f"{address}/return", json={"reasons": "A badge at 0:12."})
        assert returned.json()["state"] == "returned"
    async with caller(app_house, office.editor) as editor:
        await editor.post(f"{address}/review")
    async with caller(app_house, office.reviewer) as reviewer:
        published = await reviewer.post(f"{address}/publish", json={"btm_types": ["makers"]})
        assert published.json()["state"] == "published"
    mails = await app_house.pool.fetch("select kind from mails")
    assert len(mails) >= 3


async def test_what_is_missing_is_told(app_house: House, office: Office) -> None:
    async with caller(app_house, office.editor) as editor:
        tour = (await editor.post("/api/v1/tours", json={"title": "Empty"})).json()
        asked = await editor.post(f"/api/v1/tours/{tour['id']}/review")
    assert asked.status_code == 422
    assert asked.json()["error"] == "tour_missing"
    assert asked.json()["message"]


async def test_a_lesson_from_the_plan_to_its_attendance(app_house: House, office: Office) -> None:
    wanted = {"tour": str(office.tour_id), "class_id": str(office.class_id)}
    async with caller(app_house, office.teacher) as teacher:
        day = app_house.clock().astimezone(ZoneInfo("Europe/Amsterdam")).date().isoformat()
        planned = await teacher.post("/api/v1/sessions", json={**wanted, "day": day})
        assert (planned.status_code, planned.json()["state"]) == (201, "planned")
        address = f"/api/v1/sessions/{planned.json()['id']}"
        assert (await teacher.post(f"{address}/start")).json()["state"] == "running"
        assert (await teacher.get(address)).json()["state"] == "running"
        assert (await teacher.post(f"{address}/end")).json()["state"] == "ended"
        again = await teacher.post(f"{address}/end")
        assert (again.status_code, again.json()["state"]) == (200, "ended")
        shown = await teacher.post("/api/v1/sessions", json=wanted)
        assert shown.json()["state"] == "running"
        listed = (await teacher.get("/api/v1/sessions")).json()
        assert [each["state"] for each in listed["items"]] == ["running", "ended"]
        report = (await teacher.get("/api/v1/attendance")).json()
        assert report["columns"] == list(export.COLUMNS)
        assert len(report["rows"]) == 2
        for of_class, rows in ((wanted["class_id"], 2), (wanted["tour"], 0)):
            one = await teacher.get("/api/v1/attendance", params={"class": of_class})
            assert len(one.json()["rows"]) == rows
        text = await teacher.get("/api/v1/attendance", params={"format": "csv"})
        assert text.content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(text.text.lstrip("\ufeff")), delimiter=";"))
        assert rows[0] == list(export.COLUMNS)
        assert len(rows) == 3


async def test_a_video_tells_how_far_it_is(app_house: House, office: Office) -> None:
    async with caller(app_house, office.editor) as editor:
        video = (await editor.get(f"/api/v1/videos/{office.video_id}")).json()
        assert video["current"]["state"] == "ready"
        assert video["newest"]["is_current"]
        versions = (await editor.get(f"/api/v1/videos/{office.video_id}/versions")).json()
        assert [each["id"] for each in versions["items"]] == [video["current"]["id"]]


async def test_pages_follow_each_other_without_gap_or_repeat(
    app_house: House, office: Office
) -> None:
    async with caller(app_house, office.editor) as editor:
        for number in range(5):
            await editor.post("/api/v1/tours", json={"title": f"Tour {number}"})
        seen, cursor, pages = [], "", 0
        while True:
            page = await editor.get("/api/v1/tours", params={"limit": 2, "cursor": cursor})
            seen += [each["id"] for each in page.json()["items"]]
            pages += 1
            cursor = page.json()["next"]
            if cursor is None:
                break
        assert (len(seen), len(set(seen)), pages) == (6, 6, 4)
        wrong = await editor.get("/api/v1/tours", params={"cursor": "nonsense"})
        assert (wrong.status_code, wrong.json()["error"]) == (422, "bad_request")


# --- who may not ---------------------------------------------------------------------------------


async def test_no_call_answers_without_a_token(app_house: House, office: Office) -> None:
    async with app_house.client() as nobody:
        for call in ENDPOINTS:
            path = call.path.format(id=office.tour_id, language="nl")
            for headers in ({}, {"authorization": "Bearer nonsense"}):
                answer = await nobody.request(call.method, path, headers=headers)
                assert answer.status_code == 401, call
                assert set(answer.json()) == {"error", "message"}
                assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_cookie_is_no_token(app_house: House, office: Office) -> None:
    desk = office.desk
    async with await tour_support.client_of(app_house, desk.editor, desk.programme) as browser:
        assert (await browser.get("/api/v1/tours")).status_code == 401


BODIES = {
    "texts": {"title": "x"},
    "about": {"sectors": ["water"], "levels": ["havo"]},
    "captions": {"text": VTT},
    "declaration": {"agreed": True, "until": "2030-01-01"},
    "checks": {"checks": []},
    "publish": {},
    "return": {"reasons": "x"},
}


async def a_release(conn: Connection, office: Office, now: datetime) -> UUID:
    scope = Scope(office.desk.programme.id, office.desk.coordinator.id, (Grant("bureau"),))
    period = kpi_periods.named("", "", local_day(now), 8)
    words = {language: kpi_words.definitions(language) for language in ("nl", "en")}
    return (await releases.make(conn, scope, period, words, now)).id


async def test_another_programmes_things_are_not_there(app_house: House, office: Office) -> None:
    """Each call with an id first answers its own people, then is deaf to the twin's."""
    async with app_house.pool.acquire() as conn, conn.transaction():
        twin = await an_office(conn, "twin")
    async with caller(app_house, office.teacher) as teacher:
        wanted = {"tour": str(office.tour_id), "class_id": str(office.class_id)}
        session = (await teacher.post("/api/v1/sessions", json=wanted)).json()["id"]
    ids = {"tours": office.tour_id, "videos": office.video_id, "sessions": session}
    async with app_house.pool.acquire() as conn, conn.transaction():
        ids["releases"] = await a_release(conn, office, app_house.clock())
    tokens = {"editor": twin.editor, "coordinator": twin.reviewer, "teacher": twin.teacher}
    before = await app_house.pool.fetchval("select md5(string_agg(t::text, '')) from tours t")
    for call in (call for call in ENDPOINTS if call.names):
        noun = call.path.split("/")[3]
        token = tokens[call.roles[0] if call.roles else "editor"]
        body = BODIES.get(call.path.split("/")[5] if call.path.count("/") > 4 else "")
        async with caller(app_house, token) as stranger:
            for row_id in (ids[noun], uuid4()):
                path = call.path.format(id=row_id, language="nl")
                answer = await stranger.request(call.method, path, json=body)
                assert (answer.status_code, answer.json()["error"]) == (404, "not_there"), call
    assert before == await app_house.pool.fetchval(
        "select md5(string_agg(t::text, '')) from tours t"
    )


async def test_lists_hold_nothing_of_another_programme(app_house: House, office: Office) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        twin = await an_office(conn, "twin")
    async with caller(app_house, office.teacher) as teacher:
        wanted = {"tour": str(office.tour_id), "class_id": str(office.class_id)}
        await teacher.post("/api/v1/sessions", json=wanted)
        mixed = {**wanted, "class_id": str(twin.class_id)}
        assert (await teacher.post("/api/v1/sessions", json=mixed)).status_code == 404
        mixed = {**wanted, "tour": str(twin.tour_id)}
        assert (await teacher.post("/api/v1/sessions", json=mixed)).status_code == 404
        assert len((await teacher.get("/api/v1/attendance")).json()["rows"]) == 1
    async with caller(app_house, twin.teacher) as stranger:
        tours = (await stranger.get("/api/v1/tours")).json()["items"]
        assert [each["id"] for each in tours] == [str(twin.tour_id)]
        assert (await stranger.get("/api/v1/sessions")).json()["items"] == []
        assert (await stranger.get("/api/v1/attendance")).json()["rows"] == []


async def test_a_company_learns_nothing_of_classes(app_house: House, office: Office) -> None:
    async with caller(app_house, office.editor) as editor:
        assert (await editor.get("/api/v1/attendance")).status_code == 404
        assert (await editor.get("/api/v1/sessions")).status_code == 404


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"title": "x"}', "text/plain", 415),
        (b"{", "application/json", 422),
        (b'{"title": "x", "state": "published"}', "application/json", 422),
        (b'{"title": "a\\u0000b"}', "application/json", 422),
        (b'{"title": "' + b"x" * 2_100_000 + b'"}', "application/json", 413),
    ],
)
async def test_a_wrong_body_is_refused_in_words(
    app_house: House, office: Office, content: bytes, kind: str, status: int
) -> None:
    async with caller(app_house, office.editor) as editor:
        answer = await editor.post("/api/v1/tours", content=content, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.json()["message"]
