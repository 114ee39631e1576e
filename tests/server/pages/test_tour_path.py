"""From a title to a tour that anybody may watch, through the real app."""

import html
import re
from datetime import timedelta
from uuid import UUID

from httpx import AsyncClient

from rooms.agenda import objectives
from rooms.tours import choices
from tests.support import tours as build
from tests.support.floor import House
from tests.support.people import scope_of

VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\nWelkom\n"


async def _new_tour(client: AsyncClient, title: str = "Hoe een schip ontstaat") -> UUID:
    answer = await client.post("/studio/tours/new", data={"title": title, "language": "nl"})
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(r"/studio/tours/([0-9a-f-]{36})/film", answer.headers["location"])
    assert found
    return UUID(found[1])


async def test_a_tour_goes_from_title_to_catalogue(app_house: House) -> None:
    app_house.clock.moment = build.NOW
    async with app_house.pool.acquire() as conn:
        desk = await build.a_desk(conn)
        office = scope_of(desk.programme)
        aim = await objectives.create(conn, office, {"nl": "Kiezen voor techniek"}, build.NOW)
    editor = await build.client_of(app_house, desk.editor, desk.programme)
    tour_id = await _new_tour(editor)
    base = f"/studio/tours/{tour_id}"
    async with app_house.pool.acquire() as conn:
        await build.a_film(conn, desk, tour_id)

    page = await editor.get(base)
    for sentence in ("A description.", "Captions in Dutch.", "The sector.", "The checklist"):
        assert sentence in page.text
    texts = {
        "title_nl": "Hoe een schip ontstaat",
        "description_nl": "Van plaat staal tot schip.",
        "title_en": "How a ship is made",
        "description_en": "",
        "spoken_languages": "nl",
        "sectors": ["maritime", "water"],
        "levels": ["havo"],
    }
    assert (await editor.post(f"{base}/texts", data=texts)).status_code == 303
    answer = await editor.post(
        f"{base}/captions", data={"language": "nl"}, files={"file": ("nl.vtt", VTT)}
    )
    assert answer.headers["location"] == f"{base}/captions", answer.text
    until = (build.NOW + timedelta(days=500)).date().isoformat()
    answer = await editor.post(f"{base}/declaration", data={"agreed": "1", "until": until})
    assert answer.status_code == 303
    answer = await editor.post(
        f"{base}/review", data={"checks": list(choices.CHECKS), "act": "ask"}
    )
    assert answer.headers["location"] == base

    visitor = app_house.client(headers={"accept-language": "en"})
    public = f"/p/{desk.programme.slug}/tours/hoe-een-schip-ontstaat"
    assert (await visitor.get(public)).status_code == 404
    reviewer = await build.client_of(app_house, desk.coordinator, desk.programme)
    assert "Wednesday 25 November" in (await reviewer.get("/reviews")).text
    page = await reviewer.get(f"/reviews/{tour_id}")
    assert "Van plaat staal" in page.text and 'name="main_sector"' in page.text
    assert "Kiezen voor techniek" in page.text
    assert "Kiezen voor techniek" not in (await editor.get(f"{base}/texts")).text
    # the reviewer says what it counts under, and nobody else is asked
    told = {"btm_types": ["makers"], "objective": str(aim), "main_sector": "water"}
    answer = await reviewer.post(f"/reviews/{tour_id}/publish", data=told)
    assert answer.status_code == 303, answer.text
    async with app_house.pool.acquire() as conn:
        assert await objectives.of_tour(conn, office, tour_id) == objectives.Aim(aim, "water")

    assert "How a ship is made" in (await visitor.get(f"/p/{desk.programme.slug}/tours")).text
    page = await visitor.get(public)
    assert page.status_code == 200
    assert f"{public}/show" in page.text
    assert "Welkom" in page.text
    dutch = await visitor.get(public, headers={"accept-language": "nl"})
    assert "Hoe een schip ontstaat" in dutch.text
    assert "Ria Koper" in (await editor.get(base)).text


async def test_it_comes_back_with_reasons_and_goes_again(app_house: House) -> None:
    app_house.clock.moment = build.NOW
    async with app_house.pool.acquire() as conn, conn.transaction():
        desk = await build.a_desk(conn)
        tour_id = await build.a_tour_in_review(conn, desk)
    editor = await build.client_of(app_house, desk.editor, desk.programme)
    reviewer = await build.client_of(app_house, desk.coordinator, desk.programme)
    locked = await editor.post(f"/studio/tours/{tour_id}/texts", data={"title_nl": "Anders"})
    assert locked.status_code in {409, 422}

    without = await reviewer.post(f"/reviews/{tour_id}/return", data={"reasons": " "})
    assert without.status_code == 422
    assert "without reasons" in without.text
    reasons = "Op 0:12 is een badge te lezen.\n<b>Graag</b> onherkenbaar maken."
    answer = await reviewer.post(f"/reviews/{tour_id}/return", data={"reasons": reasons})
    assert answer.status_code == 303
    page = await editor.get(f"/studio/tours/{tour_id}")
    assert html.escape(reasons) in page.text
    ask = {"checks": list(choices.CHECKS), "act": "ask"}
    assert (await editor.post(f"/studio/tours/{tour_id}/review", data=ask)).status_code == 303
    assert html.escape(reasons) in (await reviewer.get(f"/reviews/{tour_id}")).text
    withdrawn = await editor.post(f"/studio/tours/{tour_id}/review/withdraw")
    assert withdrawn.status_code == 303
    gone = await reviewer.post(f"/reviews/{tour_id}/publish")
    assert gone.status_code == 404
