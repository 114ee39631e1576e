"""Codes: right ones lead in, wrong ones are counted, nobody learns which is which."""

import asyncio
import contextlib
import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import httpx
import pytest
from starlette.requests import Request

from rooms.agenda import sessions
from rooms.agenda.sessions import Plan
from rooms.connection import Connection
from rooms.errors import RoomError
from rooms.people import classes
from rooms.people.classes import Door
from rooms.people.codes import new_class_code
from rooms.scope import Scope
from rooms.tours import texts
from rooms.tours.texts import Text
from server import throttle
from server.config import Settings
from server.context import Here
from server.pages import join
from tests.support.floor import House
from tests.support.lessons import World, a_class, a_session, a_world


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_world(conn)


def pupil_at(house: House, address: str) -> httpx.AsyncClient:
    """A browser at a network address of its own."""
    transport = httpx.ASGITransport(
        app=house.app, client=(address, 40_000), raise_app_exceptions=False
    )
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def types(client: httpx.AsyncClient, code: str) -> int:
    return (await client.post("/join", data={"code": code})).status_code


async def test_unknown_closed_and_not_yet_open_are_one_answer(
    app_house: House, world: World
) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        waiting = await a_class(conn, world, "1A")
        closed = await a_class(conn, world, "1B")
        session = await a_session(conn, world, closed, app_house.clock())
        await sessions.end(conn, world.scope, session.id, app_house.clock())
        past = await a_class(conn, world, "1C")
        await a_session(conn, world, past, app_house.clock())
        await conn.execute(
            "update classes set code_until = current_date - 400 where id = $1", past.id
        )
    answers = []
    for code in (new_class_code(), waiting.code, closed.code, past.code):
        answer = await pupil_at(app_house, "192.0.2.1").post("/join", data={"code": code})
        answers.append((answer.status_code, answer.text.replace(code, "CODE")))
    assert len(set(answers)) == 1
    assert answers[0][0] == 422


async def test_twenty_wrong_guesses_then_none_from_there(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        await a_session(conn, world, school_class, app_house.clock())
    seated = pupil_at(app_house, "192.0.2.7")
    assert await types(seated, school_class.code) == 303
    guesser = pupil_at(app_house, "192.0.2.7")
    got = [await types(guesser, new_class_code()) for _ in range(25)]
    assert got == [422] * 20 + [429] * 5
    assert await types(pupil_at(app_house, "192.0.2.7"), school_class.code) == 429
    assert await types(seated, school_class.code) == 303
    link = f"/j/{school_class.link_token}"
    by_link = pupil_at(app_house, "192.0.2.7")
    assert (await by_link.post(link)).status_code == 303
    assert await types(pupil_at(app_house, "192.0.2.8"), school_class.code) == 303
    forged = pupil_at(app_house, "192.0.2.7")
    forged.headers["X-Forwarded-For"] = "203.0.113.9"
    assert await types(forged, school_class.code) == 429
    app_house.clock.move(minutes=11)
    assert await types(pupil_at(app_house, "192.0.2.7"), school_class.code) == 303


async def test_a_seat_is_no_licence_to_guess(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        mine, other = await a_class(conn, world, "2A"), await a_class(conn, world, "2B")
        session = await a_session(conn, world, mine, app_house.clock())
        await a_session(conn, world, other, app_house.clock())
    seated = pupil_at(app_house, "192.0.2.11")
    assert await types(seated, mine.code) == 303
    got = [await types(seated, new_class_code()) for _ in range(25)]
    assert got == [422] * 20 + [429] * 5
    assert await types(seated, other.code) == 429
    assert await types(pupil_at(app_house, "192.0.2.11"), other.code) == 429
    assert await types(seated, mine.code) == 303
    async with app_house.pool.acquire() as conn, conn.transaction():
        await sessions.end(conn, world.scope, session.id, app_house.clock())
    assert await types(seated, mine.code) == 429


async def test_the_seat_of_a_lesson_that_is_over_guesses_like_a_stranger(
    app_house: House, world: World
) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        session = await a_session(conn, world, school_class, app_house.clock())
    seated = pupil_at(app_house, "192.0.2.12")
    assert await types(seated, school_class.code) == 303
    async with app_house.pool.acquire() as conn, conn.transaction():
        await sessions.end(conn, world.scope, session.id, app_house.clock())
    got = [await types(seated, new_class_code()) for _ in range(25)]
    assert got == [422] * 20 + [429] * 5


async def test_parallel_guesses_do_not_slip_through(app_house: House, world: World) -> None:
    guesser = pupil_at(app_house, "2001:db8::1")
    neighbour = pupil_at(app_house, "2001:db8::2")
    got = await asyncio.gather(
        *(types(guesser, new_class_code()) for _ in range(30)),
        *(types(neighbour, new_class_code()) for _ in range(30)),
    )
    assert got.count(422) == 20


async def test_three_hundred_a_minute_everywhere(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        await a_session(conn, world, school_class, app_house.clock())
    for network in range(16):
        guesser = pupil_at(app_house, f"198.51.100.{network}")
        await asyncio.gather(*(types(guesser, new_class_code()) for _ in range(20)))
    assert await types(pupil_at(app_house, "203.0.113.1"), school_class.code) == 429
    assert (
        await pupil_at(app_house, "203.0.113.1").post(f"/j/{school_class.link_token}")
    ).status_code == 303
    app_house.clock.move(minutes=2)
    assert await types(pupil_at(app_house, "203.0.113.1"), school_class.code) == 303


async def test_thirty_right_joins_from_one_school_pass(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world, pupils=30)
        await a_session(conn, world, school_class, app_house.clock())
    got = await asyncio.gather(
        *(types(pupil_at(app_house, "192.0.2.3"), school_class.code) for _ in range(30))
    )
    assert got == [303] * 30


async def test_a_class_that_types_too_early_is_one_guess(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
    for _ in range(28):
        assert await types(pupil_at(app_house, "192.0.2.4"), school_class.code) == 422
    async with app_house.pool.acquire() as conn, conn.transaction():
        await a_session(conn, world, school_class, app_house.clock())
    assert await types(pupil_at(app_house, "192.0.2.4"), school_class.code) == 303


async def test_a_new_code_ends_the_old_one_and_keeps_the_seats(
    app_house: House, world: World
) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        old = await a_class(conn, world)
        session = await a_session(conn, world, old, app_house.clock())
    pupil = pupil_at(app_house, "192.0.2.5")
    assert await types(pupil, old.code) == 303
    async with app_house.pool.acquire() as conn, conn.transaction():
        new = await classes.new_code(conn, world.scope, old.id)
    assert (await pupil.get(f"/sessions/{session.id}/phone")).status_code == 200
    late = pupil_at(app_house, "192.0.2.5")
    assert await types(late, old.code) == 422
    assert (await late.get(f"/j/{old.link_token}")).status_code == 404
    assert await types(late, new.code) == 303


async def test_what_starts_soon_lets_in_to_wait_and_the_rest_of_the_day_is_a_list(
    app_house: House, world: World
) -> None:
    now = app_house.clock()
    async with app_house.pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        local = now.astimezone(ZoneInfo("Europe/Amsterdam"))
        soon = local + timedelta(minutes=10)
        plan = Plan(day=local.date(), starts=soon.time().replace(second=0, microsecond=0))
        if soon.date() != local.date():
            pytest.skip("within ten minutes of midnight there is no later today")
        session = await sessions.plan(conn, world.scope, world.tour_id, school_class.id, plan, now)
        listed = await a_class(conn, world, "4C")
        whole_day = Plan(day=local.date())
        await sessions.plan(conn, world.scope, world.tour_id, listed.id, whole_day, now)
    pupil = pupil_at(app_house, "192.0.2.6")
    answer = await pupil.post("/join", data={"code": school_class.code})
    assert answer.headers["location"] == f"/sessions/{session.id}/phone"
    assert "has not started yet" in (await pupil.get(answer.headers["location"])).text
    other = await pupil_at(app_house, "192.0.2.6").post("/join", data={"code": listed.code})
    assert other.status_code == 200 and "Inside the harbour" in other.text


@pytest.mark.parametrize("typed", ["", "K0M 2QX", "K7M", "<script>alert(1)</script>", "é" * 50])
async def test_what_is_no_code_says_what_is_wrong_and_counts_nothing(
    app_house: House, typed: str
) -> None:
    pupil = pupil_at(app_house, "192.0.2.9")
    for _ in range(25):
        answer = await pupil.post("/join", data={"code": typed})
        assert answer.status_code == 422
        assert "<script>alert" not in answer.text


async def test_a_phone_reads_the_title_in_its_own_language(app_house: House, world: World) -> None:
    async with app_house.pool.acquire() as conn, conn.transaction():
        school_class = await a_class(conn, world)
        session = await a_session(conn, world, school_class, app_house.clock())
        for language, title in (("nl", "Zo maak je licht"), ("en", "How light is made")):
            await texts.put(
                conn, Scope(session.programme_id), session.tour_id, Text(language, title, "")
            )
    phone = pupil_at(app_house, "192.0.2.9")
    answer = await phone.post("/join", data={"code": school_class.code})
    seen = {}
    for language in ("nl", "en"):
        phone.cookies.set("language", language)
        seen[language] = (await phone.get(answer.headers["location"])).text
    assert "<h1>Zo maak je licht</h1>" in seen["nl"]
    assert "<h1>How light is made</h1>" in seen["en"]


@dataclass
class Guess:
    """A guess on its way: what `_look_up` asks of a request."""

    settings: Settings
    request: Request
    now: datetime


async def test_of_two_thousand_guesses_few_reach_the_look_up(
    app_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some sit at one address and go on, most come from many, in a little over three minutes."""
    began, reached = app_house.clock(), list[tuple[str, datetime]]()
    looked = classes.by_code

    async def counted(conn: Connection, code: str, now: datetime) -> Door | None:
        reached.append((network, now))
        return await looked(conn, code, now)

    monkeypatch.setattr(classes, "by_code", counted)
    stubborn = [f"2001:db8:0:{n}::{m}" for n in range(5) for m in range(200)]
    spread = [f"198.51.{n % 170}.7" for n in range(1_000)]
    everybody = sorted(stubborn + spread, key=hash_of)
    async with app_house.pool.acquire() as conn:
        for number, address in enumerate(everybody):
            request = Request({"type": "http", "client": (address, 1), "headers": []})
            network = throttle.address_of(request)
            now = began + timedelta(seconds=number / 10)
            guess = cast(Here, Guess(app_house.settings, request, now))
            with contextlib.suppress(RoomError):
                async with conn.transaction():
                    assert await join._look_up(guess, conn, new_class_code()) == (None, [])
    print(f"{len(reached)} of {len(everybody)} reached the look-up")
    by_network = Counter(network for network, _ in reached)
    assert 20 in by_network.values() and max(by_network.values()) == 20
    moments = [now for _, now in reached]
    for first, moment in enumerate(moments):
        within = moments[first : first + 301]
        assert len(within) <= 300 or within[-1] - moment >= timedelta(minutes=1)
    assert 300 < len(reached) < 700


def hash_of(address: str) -> str:
    """An order without order, the same in each run."""
    return hashlib.sha256(address.encode()).hexdigest()
