"""After a webinar: three answers that are nobody's, hours told once, questions answered."""

import re
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from rooms.attendance import person_results
from server import agenda_mails
from tests.support.floor import House
from tests.support.mails import mails
from tests.support.people import sign_in
from tests.support.whole import Whole, a_whole


@pytest.fixture
async def world(app_house: House) -> Whole:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_whole(conn, "Zilver", app_house.settings, app_house.clock())


def world_webinar(world: Whole) -> UUID:
    """The one that is over."""
    return UUID(world.at["webinar over"])


async def office(house: House, world: Whole) -> httpx.AsyncClient:
    client = house.client()
    await sign_in(house, client, world.people["bureau"])
    return client


async def test_three_answers_that_are_nobodys(app_house: House, world: Whole) -> None:
    stranger, path = app_house.client(), f"/thanks/{world.at['thanks']}"
    page = await stranger.get(path)
    assert page.status_code == 200 and 'name="hours"' not in page.text
    for wrong in ({}, {"clear": "4", "useful": "9", "again": "1"}):
        assert (await stranger.post(f"{path}/feedback", data=wrong)).status_code == 422
    told = {"clear": "4", "useful": "5", "again": "3"}
    assert (await stranger.post(f"{path}/feedback", data=told)).status_code == 303
    assert (await stranger.post(f"{path}/feedback", data=told)).status_code == 409
    assert 'name="clear"' not in (await stranger.get(path)).text
    columns = await app_house.pool.fetch(
        """
        select column_name from information_schema.columns where table_name = 'webinar_feedback'
        """
    )
    names = {row["column_name"] for row in columns}
    assert names == {"programme_id", "id", "webinar_id", "clear", "useful", "again"}
    assert await app_house.pool.fetchval("select count(*) from webinar_feedback") == 1


async def test_few_answers_are_not_shown(app_house: House, world: Whole) -> None:
    client = await office(app_house, world)
    after = f"/webinars/{world_webinar(world)}/afterwards"
    for who, shown in (("teacher", False), ("colleague", False), ("editor", True)):
        token = world.thanks(world_webinar(world), who)
        told = {"clear": "4", "useful": "5", "again": "3"}
        assert (
            await app_house.client().post(f"/thanks/{token}/feedback", data=told)
        ).status_code == 303
        assert ("3 answers." in (await client.get(after)).text) is shown


async def test_hours_are_a_presenters_to_tell(app_house: House, world: Whole) -> None:
    webinar_id, editor = world_webinar(world), world.people["editor"]
    path = f"/thanks/{world.thanks(webinar_id, 'editor')}"
    client = app_house.client()
    assert (await client.post(f"{path}/preparation", data={"hours": "2"})).status_code == 404
    await app_house.pool.execute(
        """
        insert into webinar_presenters (programme_id, webinar_id, email, person_id, link_hash,
            link_until, invited_at, claimed_at)
        values ($1, $2, $3, $4, 'x', now(), now(), now())
        """,
        world.programme.id, webinar_id, editor.email, editor.id,
    )  # fmt: skip
    after = f"/webinars/{webinar_id}/afterwards"
    bureau = await office(app_house, world)
    assert "Not told." in (await bureau.get(after)).text
    for wrong in ("many", "-1", "1e9", "nan", ""):
        answer = await client.post(f"{path}/preparation", data={"hours": wrong})
        assert answer.status_code == 422, wrong
    assert (await client.post(f"{path}/preparation", data={"hours": "1,5"})).status_code == 303
    assert 'value="1.5"' in (await client.get(path)).text
    assert "1.5 hours" in (await bureau.get(after)).text


async def test_a_question_that_had_no_turn_is_answered_on_the_page(
    app_house: House, world: Whole
) -> None:
    app_house.clock.move(minutes=10)
    async with app_house.pool.acquire() as conn, conn.transaction():
        for _ in range(2):
            await agenda_mails.tell_due(conn, app_house.settings, app_house.clock())
    digests = [one for one in await mails(app_house) if one.kind == "webinar_questions"]
    assert [one.to for one in digests] == [world.people["editor"].email]
    assert "1 question" in digests[0].subject and "pers van" not in digests[0].text

    client = app_house.client()
    await sign_in(app_house, client, world.people["editor"])
    page = (await client.get(digests[0].link)).text
    assert "Hoe heet de pers van Zilver?" in page
    form = re.findall(r'action="(/webinars/\S+/questions/\S+)"', page)[0]
    assert (await client.post(form, data={"answer": "x" * 1001})).status_code == 422
    assert (await client.post(form, data={"answer": "De grote."})).status_code == 303
    assert "De grote." in (await client.get(digests[0].link)).text
    assert (await client.post(form, data={"answer": ""})).status_code == 303
    assert await app_house.pool.fetchval("select count(*) from question_answers") == 0


async def test_what_is_over_is_found_in_the_list(app_house: House, world: Whole) -> None:
    over = f"/webinars/{world_webinar(world)}"
    path = f"/p/{world.programme.slug}/webinars"
    client, stranger = await office(app_house, world), app_house.client()
    page = (await client.get(path)).text
    assert f'href="{over}"' in page and f'href="{over}/afterwards"' in page
    assert "1 question has no answer yet" in page
    await client.post(f"{over}/questions/{world.at['no turn']}", data={"answer": "De grote."})
    assert "no answer yet" not in (await client.get(path)).text
    page = (await stranger.get(path)).text
    assert "1 question was answered afterwards." in page
    assert f'href="{path}/{world_webinar(world)}"' in page and f'href="{over}' not in page
    page = (await stranger.get(f"{path}/{world_webinar(world)}")).text
    assert "De grote." in page and "Good to know" not in page, "it is over"
    app_house.clock.move(days=70)  # it was planned for next week
    assert str(world_webinar(world)) not in (await stranger.get(path)).text


async def test_what_is_not_over_has_no_afterwards(app_house: House, world: Whole) -> None:
    client = await office(app_house, world)
    coming = world.at["webinar"]
    assert (await client.get(f"/webinars/{coming}/afterwards")).status_code == 404
    token = world.thanks(UUID(coming), "teacher")
    assert (await client.get(f"/thanks/{token}")).status_code == 404
    assert (await client.get(f"/thanks/{token[:-4]}AAAA")).status_code == 404


async def test_a_question_of_another_webinar_is_not_there(app_house: House, world: Whole) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        other, _ = await world.a_webinar_over(conn)
    client = await office(app_house, world)
    answer = await client.post(
        f"/webinars/{other}/questions/{world.at['no turn']}", data={"answer": "x"}
    )
    assert answer.status_code == 404


async def test_who_came_by_herself_is_explained_corrected_and_exported(
    app_house: House, world: Whole
) -> None:
    client, webinar = await office(app_house, world), world_webinar(world)
    her = app_house.client()
    await sign_in(app_house, her, world.people["far teacher"])
    path = f"/webinars/{webinar}/attendees/{world.at['attendee']}"
    assert path in (await client.get(f"/webinars/{webinar}/afterwards")).text
    page = (await client.get(path)).text
    assert "4:00 of" in page and 'class="threshold"' in page and "partly" in page
    own = await her.get(path)
    assert own.status_code == 200 and "Correct it" not in own.text

    corrections = f"{path}/corrections"
    told = {"outcome": "present", "reason": "Zij zat naast mij."}
    assert (await her.post(corrections, data=told)).status_code == 404
    for wrong in ({**told, "reason": " "}, {**told, "outcome": "replay_only"}):
        assert (await client.post(corrections, data=wrong)).status_code == 422
    assert (await client.post(corrections, data=told)).status_code == 303
    page = (await client.get(path)).text
    assert "Corrected. Measured: partly." in page and "Zij zat naast mij." in page
    assert "corrected" in (await client.get(f"/webinars/{webinar}/afterwards")).text

    answer = await client.get(f"/webinars/{webinar}/attendees.csv")
    head, line, *_ = answer.content.decode("utf-8-sig").splitlines()
    row = dict(zip(head.split(";"), line.split(";"), strict=True))
    assert (row["outcome"], row["measured_outcome"]) == ("present", "partial")
    assert (row["present_seconds"], row["corrected_for"]) == ("240", "Zij zat naast mij.")
    assert (await her.get(f"/webinars/{webinar}/attendees.csv")).status_code == 404
    assert "Who came by themselves" in (await client.get("/exports")).text

    undo = re.search(rf"{re.escape(corrections)}/[0-9a-f-]+/undo", page)
    assert undo is not None
    assert (await client.post(undo[0])).status_code == 303
    app_house.clock.move(seconds=1)
    assert (await client.post(undo[0])).status_code == 409
    page = (await client.get(path)).text
    assert "Corrected. Measured" not in page and "Undone by" in page
    # Purged, it stands as it was measured, and nobody changes it.
    await client.post(corrections, data=told)
    async with app_house.pool.acquire() as conn, conn.transaction():
        late = app_house.clock() + timedelta(days=30)
        await person_results.freeze(conn, world.programme.id, late.date(), late)
    page = (await client.get(path)).text
    assert "can no longer be changed" in page and "Correct it" not in page
    assert "Corrected. Measured: partly." in page
    assert (await client.post(corrections, data=told)).status_code == 409
