"""Her agenda, its secret address, and the calendar everybody may read."""

import re
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import httpx
import pytest

from rooms.agenda import registrations, sessions, webinar_doors
from rooms.agenda.registrations import Wish
from rooms.agenda.webinars import Webinar
from server import agenda_mails
from tests.support.calendars import Read, by_icalendar, by_libical, by_vobject, in_node
from tests.support.floor import House
from tests.support.lessons import World, a_class, a_world
from tests.support.people import sign_in
from tests.support.webinars import a_maker, an_announced

# The webinar of a week later is on the other side of the clock change.
NOW = datetime(2026, 10, 21, 8, 0, tzinfo=UTC)


@pytest.fixture
async def world(app_house: House) -> World:
    app_house.clock.moment = NOW
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_world(conn)


async def a_webinar(house: House, world: World, *, title: str = "Build a dyke") -> Webinar:
    async with house.pool.acquire() as conn, conn.transaction():
        return await an_announced(conn, world, NOW, title=title)


async def registered(house: House, world: World, webinar_id: UUID) -> UUID:
    async with house.pool.acquire() as conn, conn.transaction():
        made = await a_class(conn, world)
        done = await registrations.register(conn, world.scope, webinar_id, Wish(made.id, 26), NOW)
        await agenda_mails.tell_changes(conn, house.settings, NOW)
    return done.id


async def signed_in(house: House, world: World) -> httpx.AsyncClient:
    client = house.client()
    await sign_in(house, client, world.teacher)
    return client


async def feed_of(client: httpx.AsyncClient) -> str:
    assert (await client.post("/calendar/feed")).status_code == 303
    page = (await client.get("/calendar")).text
    return re.findall(r'value="http://testserver(/calendar/feeds/\S+?)"', page)[0]


async def read(house: House, path: str) -> list[Read]:
    """As a calendar's server does: it has no cookie."""
    answer = await house.client().get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    found = by_icalendar(answer.text)
    assert found == by_vobject(answer.text) == by_libical(answer.text)
    assert in_node([answer.text]) == [{"ical.js": found, "node-ical": found}]
    return found


async def test_her_agenda_in_her_own_calendar(app_house: House, world: World) -> None:
    webinar = await a_webinar(app_house, world)
    registration = await registered(app_house, world, webinar.id)
    async with app_house.pool.acquire() as conn, conn.transaction():
        other = await a_class(conn, world, "2A")
        for starts in (None, time(9, 5)):
            day = (NOW + timedelta(days=2)).date()
            wish = sessions.Plan(day=day, starts=starts)
            await sessions.plan(conn, world.scope, world.tour_id, other.id, wish, NOW)
    client = await signed_in(app_house, world)
    page = (await client.get("/calendar")).text.replace("\u2060", "")
    assert page.index("Inside the harbour") < page.index("Build a dyke")
    assert "Wednesday 28 October 2026, 10:00–11:00 (Amsterdam)" in page

    path = await feed_of(client)
    found = {one.uid: one for one in await read(app_house, path)}
    one = found[f"webinar-{webinar.id}@testserver"]
    assert (one.starts, one.status) == ("2026-10-28T09:00:00.000Z", "CONFIRMED")
    assert sorted(each.starts for uid, each in found.items() if uid.startswith("session-")) == [
        "2026-10-23",
        "2026-10-23T07:05:00.000Z",
    ]

    async with app_house.pool.acquire() as conn, conn.transaction():
        await registrations.cancel(conn, world.scope, registration, NOW)
        await agenda_mails.tell_changes(conn, app_house.settings, NOW)
    found = {each.uid: each for each in await read(app_house, path)}
    gone = found[f"webinar-{webinar.id}@testserver"]
    assert gone.status == "CANCELLED" and gone.sequence > one.sequence


async def test_an_address_is_renewed_and_revoked(app_house: House, world: World) -> None:
    client = await signed_in(app_house, world)
    assert "/calendar/feeds/" not in (await client.get("/calendar")).text
    first = await feed_of(client)
    second = await feed_of(client)
    stranger = app_house.client()
    assert first != second
    assert (await stranger.get(first)).status_code == 404
    assert (await stranger.get(second)).status_code == 200
    assert (await client.post("/calendar/feed/revoke")).status_code == 303
    assert (await stranger.get(second)).status_code == 404
    assert "/calendar/feeds/" not in (await client.get("/calendar")).text


async def test_the_secret_is_no_row_and_cannot_be_guessed(app_house: House, world: World) -> None:
    client = await signed_in(app_house, world)
    path = await feed_of(client)
    token = path.rpartition("/")[2].removesuffix(".ics")
    rows = await app_house.pool.fetch("select row_to_json(f)::text as row from calendar_feeds f")
    assert all(token not in row["row"] for row in rows)
    stranger = app_house.client()
    for wrong in (token[:-4] + "AAAA", "A" * len(token), "AAAA", "%C3%A9"):
        answer = await stranger.get(f"/calendar/feeds/{wrong}.ics")
        assert answer.status_code == 404, wrong


async def test_who_has_no_role_any_more_has_no_calendar(app_house: House, world: World) -> None:
    path = await feed_of(await signed_in(app_house, world))
    await app_house.pool.execute(
        "update roles set ended_at = now() where person_id = $1", world.teacher.id
    )
    assert (await app_house.client().get(path)).status_code == 404


async def test_a_calendar_that_has_it_gets_304(app_house: House, world: World) -> None:
    await a_webinar(app_house, world)
    client = app_house.client()
    path = f"/p/{world.programme.slug}/webinars.ics"
    first = await client.get(path)
    again = await client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await a_webinar(app_house, world, title="Another")
    later = await client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert later.status_code == 200 and later.headers["etag"] != first.headers["etag"]


async def test_a_public_calendar_has_public_webinars_and_no_secret(
    app_house: House, world: World
) -> None:
    shown = await a_webinar(app_house, world)
    await registered(app_house, world, shown.id)
    async with app_house.pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        hidden = await an_announced(conn, world, NOW, by=by, title="For one class", is_listed=False)
        off = await an_announced(conn, world, NOW, by=by, title="Ill")
        await webinar_doors.cancel(conn, by, off.id, "The speaker is ill", NOW)
    path = f"/p/{world.programme.slug}/webinars.ics"
    found = {one.title: one.status for one in await read(app_house, path)}
    assert found == {"Build a dyke": "CONFIRMED", "Ill": "CANCELLED"}
    text = (await app_house.client().get(path)).text
    folded = text.replace("\r\n ", "")
    links = set(re.findall(r"http://testserver(\S+?)(?:\\n|\r\n)", folded))
    assert links == {shown.path, off.path}
    for secret in (str(hidden.id), str(shown.room_id), world.teacher.email, "3B", "mailto:"):
        assert secret not in folded
    one = await app_house.client().get(f"{shown.path}/webinar.ics")
    assert [each.title for each in by_icalendar(one.text)] == ["Build a dyke"]
    assert (await app_house.client().get(f"{hidden.path}/webinar.ics")).status_code == 404


async def test_a_closed_programme_has_no_public_calendar(app_house: House, world: World) -> None:
    await a_webinar(app_house, world)
    await app_house.pool.execute("update programmes set is_public = false")
    path = f"/p/{world.programme.slug}/webinars.ics"
    assert (await app_house.client().get(path)).status_code == 404
    assert (await (await signed_in(app_house, world)).get(path)).status_code == 404
