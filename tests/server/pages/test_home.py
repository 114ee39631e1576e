"""The first page: for who is nobody yet, and for each role its own next steps."""

import re

import pytest

from tests.support import people
from tests.support.floor import House
from tests.support.pages import cookies
from tests.support.whole import Whole, a_whole


@pytest.fixture
async def world(app_house: House) -> Whole:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_whole(conn, "Zilver", app_house.settings, app_house.clock())


async def first_page(house: House, jar: dict[str, str]) -> str:
    async with house.client(cookies={**jar, "language": "en"}) as client:
        answer = await client.get("/")
        assert answer.status_code == 200
        return answer.text


async def test_a_stranger_finds_code_field_tours_and_ways_in(
    app_house: House, world: Whole
) -> None:
    text = await first_page(app_house, {})
    assert 'name="code"' in text and "Show a tour to your class" in text
    assert f'href="/p/{world.programme.slug}/companies/ask"' in text
    assert f'href="/p/{world.programme.slug}/tours/{world.at["slug"]}"' in text
    assert text.count("button-next") == 1
    assert world.mark in text


async def test_a_closed_programme_shows_strangers_nothing(app_house: House) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        await a_whole(conn, "Koper", app_house.settings, app_house.clock(), is_public=False)
    text = await first_page(app_house, {})
    assert "Koper" not in text and "koper" not in text
    assert "No tours yet" in text


async def test_each_role_reads_its_next_steps(app_house: House, world: Whole) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        jars = await cookies(conn, world)
    wanted = {
        "teacher": (
            "/classes",
            f"/sessions/{world.at['running']}",
            f"/sessions/{world.at['planned']}",
        ),
        "editor": (f"/studio/tours/{world.at['returned']}", "/studio"),
        "coordinator": (f"/reviews/{world.at['review']}", "/teachers/confirm", "/attendance"),
        "bureau": (f"/reviews/{world.at['review']}", "/programme/companies", "/programme"),
        "operator": ("/programme",),
        "safeguarding": ("/incidents",),
        "classroom": (f"/sessions/{world.at['screened']}/beamer",),
    }  # fmt: skip
    for who, paths in wanted.items():
        text = await first_page(app_house, jars[who])
        main = text[text.index("<main") :]
        for path in paths:
            assert f'href="{path}"' in main, (who, path)
        assert main.count("button-next") == 1, who
        assert 'name="code"' not in text


async def test_counts_are_those_of_the_persons_own_part(app_house: House, world: Whole) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        jars = await cookies(conn, world)
    near = await first_page(app_house, jars["coordinator"])
    assert "A tour to review" in near and "A teacher to confirm" in near
    far = await first_page(app_house, jars["far coordinator"])
    assert "Nothing needs you" in far and "A teacher to confirm" not in far
    teacher = await first_page(app_house, jars["far teacher"])
    assert "You have no class here yet." in teacher and 'href="/classes/new"' in teacher


async def test_who_comes_for_the_first_time_has_a_first_step(app_house: House) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        programme = await people.a_programme(conn)
        company = await people.a_company(conn, programme)
        editor = await people.an_editor(conn, programme, company)
        teacher = await people.a_teacher(conn, programme, await people.a_school(conn, programme))
        moderator = await people.a_person(conn, name="Fenna Post")
        await people.a_role(conn, programme, moderator, "moderator")
    first = ((editor, "/studio/tours/new"), (teacher, "/tours"), (moderator, "/rooms"))
    for person, path in first:
        client = app_house.client(cookies={"language": "en"})
        await people.sign_in(app_house, client, person, programme)
        text = (await client.get("/")).text
        assert re.search(rf'button-next" href="{path}"', text)


async def test_the_language_goes_back_only_to_our_own_pages(app_house: House) -> None:
    client = app_house.client()
    for back, goes in (
        ("/tours?words=x", "/tours?words=x"),
        ("//elsewhere.example", "/"),
        ("//[", "/"),
        ("https://elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("/\t/elsewhere.example", "/"),
    ):
        answer = await client.post("/language", data={"language": "nl", "back": back})
        assert answer.status_code == 303
        assert answer.headers["location"] == goes
        assert answer.cookies["language"] == "nl"
    page = await client.get("/?from=a&to=b")
    assert 'name="back" value="/?from=a&amp;to=b"' in page.text
    answer = await client.post("/language", data={"language": "xx", "back": "/"})
    assert "language" not in answer.cookies
