"""A coordinator's first page: her own regions, each line once, and a deputy while she is away."""

import re
from datetime import timedelta

import httpx
import pytest

from rooms.connection import Connection
from tests.house.doors import a_no_show
from tests.support import people
from tests.support.days import local_day
from tests.support.floor import House
from tests.support.pages import cookies
from tests.support.whole import Whole, a_whole


@pytest.fixture
async def world(app_house: House) -> Whole:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_whole(conn, "Zilver", app_house.settings, app_house.clock())


async def browsers(house: House, world: Whole) -> dict[str, httpx.AsyncClient]:
    async with house.pool.acquire() as conn, conn.transaction():
        jars = await cookies(conn, world)
    return {
        who: house.client(cookies={**jars[who], "language": "en"})
        for who in ("coordinator", "far coordinator", "bureau", "teacher")
    }


async def main_of(client: httpx.AsyncClient, path: str = "/needs") -> str:
    answer = await client.get(path)
    assert answer.status_code == 200
    return answer.text[answer.text.index("<main") :]


async def all_other_kinds(conn: Connection, world: Whole) -> str:
    """A network that let nothing through, a headcount and a teacher; the address of the headcount,
    which waits longest."""
    network, headcount = [await world.an_ended_session(conn) for _ in "ab"]
    await conn.execute(
        "update session_class_results set outcome = 'unknown_network' where session_class_id = $1",
        network.session_class_id,
    )
    long_ago = world.now - timedelta(days=40)
    await conn.execute(
        "update sessions set local_date = $2, ended_at = $3 where id = $1",
        headcount.id, local_day(long_ago), long_ago,
    )  # fmt: skip
    newcomer = await people.a_person(conn)
    await conn.execute(
        "insert into roles (programme_id, person_id, role, school_id, is_confirmed) "
        "values ($1, $2, 'teacher', $3, false)", world.programme.id, newcomer.id, world.school.id,
    )  # fmt: skip
    return f"/attendance/{headcount.session_class_id}"


async def test_a_lesson_leaves_the_list_when_somebody_looked(
    app_house: House, world: Whole
) -> None:
    pool = app_house.pool
    async with pool.acquire() as conn, conn.transaction():
        row = await a_no_show(conn, world)
        waiting = await all_other_kinds(conn, world)
        await conn.execute("update tours set rights_until = current_date + 9 where id = $1",
                           world.at["published"])  # fmt: skip
        await conn.execute(
            "update requests set word_on = '2020-01-03', state = 'asked' where id = $1",
            world.at["request"],
        )
    at = await browsers(app_house, world)
    before = await main_of(at["coordinator"])
    for words in ("Nobody came", "Rights to a film end", "A presenter without vetting",
                  "An invitation without an answer", "A tour to review", "A teacher to confirm",
                  "A headcount not confirmed", "The network let nothing through"):  # fmt: skip
        assert words in before, words
    lines = before.partition('class="lines needs"')[2].partition("</ol>")[0].split("<li")[1:]
    assert len(lines) > 7 and all(line.count("<a ") == 1 for line in lines), "one action each"
    assert all(re.search(r"by \d{1,2} \w+ \d{4}", line) for line in lines), "a day each"
    assert [line for line in lines if waiting in line] == [lines[0]], "the oldest first"
    assert before.count(f'href="/attendance/{row}"') == 1
    assert "Nothing needs you" in await main_of(at["far coordinator"])
    assert (await at["far coordinator"].post(f"/needs/{row}/seen")).status_code == 404
    assert (await at["coordinator"].post(f"/needs/{row}/seen")).status_code == 303
    for who in ("coordinator", "bureau"):
        assert f'href="/attendance/{row}"' not in await main_of(at[who])
    only = await main_of(at["coordinator"], "/needs?kind=rights")
    assert "Rights to a film end" in only and "A presenter without vetting" not in only


async def test_a_headcount_waits_until_it_is_confirmed_or_corrected(
    app_house: House, world: Whole
) -> None:
    pool, now = app_house.pool, app_house.clock()
    async with pool.acquire() as conn, conn.transaction():
        session = await world.an_ended_session(conn)
        await conn.execute(
            "update sessions set local_date = $2, ended_at = $3 where id = $1",
            session.id, local_day(now - timedelta(days=8)), now - timedelta(days=8),
        )  # fmt: skip
    at = await browsers(app_house, world)
    link = f'href="/attendance/{session.session_class_id}"'
    assert link in await main_of(at["coordinator"], "/needs?kind=headcount")
    why = f"/attendance/{session.session_class_id}"
    assert "Confirm" in await main_of(at["coordinator"], why)
    assert (await at["far coordinator"].post(f"{why}/confirmation")).status_code == 404
    assert (await at["coordinator"].post(f"{why}/confirmation")).status_code == 303
    none_left = await main_of(at["coordinator"], "/needs?kind=headcount")
    assert link not in none_left and "Nothing of this kind" in none_left
    assert "Good morning" not in none_left, "others wait"
    kept = await pool.fetchrow(
        "select confirmed, confirmed_by from session_classes where id = $1",
        session.session_class_id,
    )
    assert tuple(kept) == (26, world.people["coordinator"].id)


async def test_a_deputy_has_her_regions_while_she_is_away_and_not_longer(
    app_house: House, world: Whole
) -> None:
    pool, today = app_house.pool, local_day(app_house.clock())
    at = await browsers(app_house, world)
    coordinator, deputy = at["coordinator"], at["far coordinator"]
    wish = {"deputy": str(world.people["far coordinator"].id), "from": str(today)}
    for until in ("", str(today - timedelta(days=1)), str(today + timedelta(days=200))):
        assert (
            await coordinator.post("/needs/deputies", data={**wish, "until": until})
        ).status_code == 422
    stranger = {**wish, "deputy": str(world.people["teacher"].id), "until": str(today)}
    assert (await coordinator.post("/needs/deputies", data=stranger)).status_code == 422
    tour = f"/reviews/{world.at['review']}"
    assert (await deputy.get(tour)).status_code == 404
    wish["until"] = str(today + timedelta(days=6))
    assert (await coordinator.post("/needs/deputies", data=wish)).status_code == 303
    assert (await coordinator.post("/needs/deputies", data=wish)).status_code == 422
    theirs = await main_of(deputy)
    assert "A tour to review" in theirs and "is yours too" in theirs
    assert (await deputy.get(tour)).status_code == 200
    answer = await deputy.post(f"{tour}/return", data={"reasons": "Graag ondertitels."})
    assert answer.status_code == 303
    by = await pool.fetchval(
        "select person_id from tour_events where kind = 'returned' and tour_id = $1",
        world.at["review"],
    )
    assert by == world.people["far coordinator"].id
    # the days are over, and nothing had to be done for it
    await pool.execute("update deputies set from_day = from_day - 30, until_day = until_day - 30")
    assert (await deputy.get(tour)).status_code == 404
    assert "Nothing needs you" in await main_of(deputy)


async def test_a_deputy_names_no_deputy_of_hers(app_house: House, world: Whole) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        helper = await people.a_person(conn)
        await people.a_role(conn, world.programme, helper, "facilitator")
    client, today = app_house.client(), str(local_day(app_house.clock()))
    await people.sign_in(app_house, client, helper)
    at = await browsers(app_house, world)
    wish = {"deputy": str(helper.id), "from": today, "until": today}
    assert (await client.get("/needs")).status_code == 404
    assert (await at["coordinator"].post("/needs/deputies", data=wish)).status_code == 303
    assert (await client.get("/needs")).status_code == 200
    further = {**wish, "deputy": str(world.people["bureau"].id)}
    assert (await client.post("/needs/deputies", data=further)).status_code == 404
    [away] = await app_house.pool.fetch("select id from deputies")
    assert (await client.post(f"/needs/deputies/{away['id']}/end")).status_code == 404
    assert (await at["coordinator"].post(f"/needs/deputies/{away['id']}/end")).status_code == 303
    assert (await client.get("/needs")).status_code == 404


async def test_the_office_names_a_deputy_for_who_fell_ill(app_house: House, world: Whole) -> None:
    at = await browsers(app_house, world)
    today = str(local_day(world.now))
    ill, stand_in = world.people["coordinator"], world.people["far coordinator"]
    wish = {"away": str(ill.id), "deputy": str(stand_in.id), "from": today, "until": today}
    office = at["bureau"]
    page = (await office.get("/needs")).text
    assert f'value="{ill.id}"' in page and "Who is away?" in page
    assert "Who is away?" not in (await at["coordinator"].get("/needs")).text
    assert (await at["far coordinator"].post("/needs/deputies", data=wish)).status_code == 404
    for wrong, code in (
        ({"away": str(world.people["teacher"].id)}, 404), ({"away": ""}, 422),
        ({"deputy": str(ill.id)}, 422), ({"until": ""}, 422),
    ):  # fmt: skip
        answer = await office.post("/needs/deputies", data={**wish, **wrong})
        assert answer.status_code == code
        assert ("Choose who is away." in answer.text) == (wrong == {"away": ""})
    assert (await office.post("/needs/deputies", data=wish)).status_code == 303
    assert (await at["far coordinator"].get(f"/reviews/{world.at['review']}")).status_code == 200
    [row] = await app_house.pool.fetch("select person_id, named_by from deputies")
    assert tuple(row) == (ill.id, world.people["bureau"].id)
