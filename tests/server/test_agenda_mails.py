"""Letters about webinars: each told once, in the reader's language, with the calendar's entry."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from rooms.agenda import captioners, registrations, webinar_doors, webinars
from rooms.agenda.registrations import Wish
from rooms.agenda.webinars import Webinar
from rooms.attendance import keeping
from rooms.live import rooms
from rooms.people import persons
from rooms.people.classes import Class
from rooms.scope import Scope
from server import agenda_mails, mail
from tests.support.calendars import Read, by_icalendar
from tests.support.floor import House
from tests.support.lessons import World, a_class, a_world
from tests.support.webinars import a_maker, a_wish, an_announced

# A Monday morning; the webinar is on the Monday after the clocks went back.
MONDAY = datetime(2026, 10, 19, 8, 0, tzinfo=UTC)
START = datetime(2026, 10, 26, 9, 0, tzinfo=UTC)


@dataclass
class Stand:
    """A house with an announced webinar and a teacher's class."""

    house: House
    world: World
    maker: Scope
    webinar: Webinar
    school_class: Class

    async def register(self, pupils: int = 26) -> UUID:
        """The class, by its teacher."""
        async with self.house.pool.acquire() as conn, conn.transaction():
            wish = Wish(self.school_class.id, pupils)
            done = await registrations.register(
                conn, self.world.scope, self.webinar.id, wish, self.house.clock()
            )
        return done.id

    async def sweep(self) -> list[Any]:
        """What one sweep writes, oldest first."""
        async with self.house.pool.acquire() as conn, conn.transaction():
            last = await conn.fetchval("select coalesce(max(id), 0) from mails")
            await agenda_mails.tell_due(conn, self.house.settings, self.house.clock())
            return await conn.fetch("select * from mails where id > $1 order by id", last)

    async def change(self, **changes: Any) -> None:
        """Other words or times, by who made it."""
        async with self.house.pool.acquire() as conn, conn.transaction():
            wish = a_wish(MONDAY, **{"company_id": self.world.company.id, **changes})
            await webinar_doors.change(conn, self.maker, self.webinar.id, wish, self.house.clock())

    async def end(self) -> None:
        """Opened, on air, over."""
        async with self.house.pool.acquire() as conn, conn.transaction():
            for verb in (webinar_doors.open_doors, webinar_doors.go_live, webinar_doors.end):
                await verb(conn, self.maker, self.webinar.id, self.house.clock())


@pytest.fixture
async def stand(app_house: House) -> Stand:
    app_house.clock.moment = MONDAY
    async with app_house.pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        maker = await a_maker(conn, world)
        webinar = await an_announced(conn, world, MONDAY, by=maker)
        school_class = await a_class(conn, world)
        await persons.change(conn, world.teacher.id, name="Noor Bakker", language="en")
    made = Stand(app_house, world, maker, webinar, school_class)
    leads = await made.sweep()
    assert [(row["kind"], row["person_id"]) for row in leads] == [
        ("webinar_invited", maker.person_id)
    ]
    return made


def entry(row: Any) -> Read:
    """What the mail puts in its reader's calendar."""
    (found,) = by_icalendar(row["calendar"])
    assert found.method == row["calendar_method"]
    return found


async def test_a_class_is_registered_moved_and_cancelled(stand: Stand) -> None:
    await stand.register()
    (invited,) = await stand.sweep()
    assert await stand.sweep() == []
    assert invited["kind"] == "webinar_invited"
    assert invited["to_address"] == stand.world.teacher.email
    assert invited["subject"] == "In your agenda: “Build a dyke”, 26 October"
    assert "Class 3B is registered" in invited["text_body"]
    assert "Monday 26 October 2026, 10:00–11:00 (Amsterdam)" in invited["text_body"]
    first = entry(invited)
    assert first == replace(
        first,
        method="REQUEST",
        uid=f"webinar-{stand.webinar.id}@testserver",
        starts="2026-10-26T09:00:00.000Z",
        ends="2026-10-26T10:00:00.000Z",
        title="Build a dyke",
        status="CONFIRMED",
        guests=(f"mailto:{stand.world.teacher.email}",),
    )

    await stand.change(from_time=time(13), until_time=time(14))
    changed = await stand.sweep()
    assert {row["kind"] for row in changed} == {"webinar_changed"}
    (row,) = [one for one in changed if one["person_id"] == stand.world.teacher.id]
    moved = entry(row)
    assert (moved.method, moved.uid) == ("REQUEST", first.uid)
    assert moved.sequence > first.sequence and moved.starts == "2026-10-26T12:00:00.000Z"

    async with stand.house.pool.acquire() as conn, conn.transaction():
        await webinar_doors.cancel(
            conn, stand.maker, stand.webinar.id, "The speaker is ill", MONDAY
        )
    cancelled = await stand.sweep()
    assert {row["kind"] for row in cancelled} == {"webinar_cancelled"} and len(cancelled) == 2
    (row,) = [one for one in cancelled if one["person_id"] == stand.world.teacher.id]
    assert "The reason: The speaker is ill" in row["text_body"]
    gone = entry(row)
    assert (gone.method, gone.uid, gone.status) == ("CANCEL", first.uid, "CANCELLED")
    assert gone.sequence > moved.sequence
    assert await stand.sweep() == []


async def test_who_cancels_and_comes_back_is_told_each_time(stand: Stand) -> None:
    registration = await stand.register()
    (first,) = await stand.sweep()
    async with stand.house.pool.acquire() as conn, conn.transaction():
        await registrations.cancel(conn, stand.world.scope, registration, MONDAY)
    (gone,) = await stand.sweep()
    assert gone["subject"] == "No longer in your agenda: “Build a dyke”, 26 October"
    await stand.register(20)
    (back,) = await stand.sweep()
    told = [entry(row) for row in (first, gone, back)]
    assert [one.method for one in told] == ["REQUEST", "CANCEL", "REQUEST"]
    assert [one.sequence for one in told] == sorted({one.sequence for one in told})


async def test_what_no_reader_notices_is_no_news(stand: Stand) -> None:
    await stand.register()
    await stand.sweep()
    await stand.change(capacity=400)
    assert await stand.sweep() == []
    await stand.change(title="Build two dykes")
    assert [row["kind"] for row in await stand.sweep()] == ["webinar_changed"] * 2


async def test_who_waits_is_told_when_she_is_let_in(stand: Stand) -> None:
    await stand.change(capacity=10)
    registration = await stand.register(26)
    assert await stand.sweep() == []
    async with stand.house.pool.acquire() as conn, conn.transaction():
        await registrations.let_in(conn, stand.maker, registration, MONDAY)
    assert [row["kind"] for row in await stand.sweep()] == ["webinar_invited"]


async def test_in_dutch_for_who_reads_dutch(stand: Stand) -> None:
    async with stand.house.pool.acquire() as conn, conn.transaction():
        await persons.change(conn, stand.world.teacher.id, name="", language="nl")
    await stand.register()
    (invited,) = await stand.sweep()
    assert invited["subject"] == "In je agenda: “Build a dyke”, 26 oktober"
    assert "maandag 26 oktober 2026, 10:00–11:00 (Amsterdam)" in invited["text_body"]
    assert "Om voor te bereiden: Bring a sponge." in invited["text_body"]


async def test_reminded_a_day_and_an_hour_before_once_each(stand: Stand) -> None:
    await stand.register()
    await stand.sweep()
    told = []
    for before in (25, 24, 23, 2, 1, 0.5):
        stand.house.clock.moment = START - timedelta(hours=before)
        told.append([row["kind"] for row in await stand.sweep()])
    day, hour = ["webinar_day"] * 2, ["webinar_hour"] * 2
    assert told == [[], day, [], [], hour, []]


async def test_moved_by_a_day_it_is_reminded_of_anew(stand: Stand) -> None:
    await stand.register()
    await stand.sweep()
    stand.house.clock.moment = START - timedelta(hours=24)
    assert [row["kind"] for row in await stand.sweep()] == ["webinar_day"] * 2
    await stand.change(days=8)
    assert [row["kind"] for row in await stand.sweep()] == ["webinar_changed"] * 2
    stand.house.clock.moment += timedelta(hours=24)
    assert [row["kind"] for row in await stand.sweep()] == ["webinar_day"] * 2
    stand.house.clock.moment = START + timedelta(hours=23)
    assert [row["kind"] for row in await stand.sweep()] == ["webinar_hour"] * 2


async def test_one_kind_can_be_stopped_and_the_others_come(stand: Stand) -> None:
    async with stand.house.pool.acquire() as conn, conn.transaction():
        await mail.stop(conn, stand.world.teacher.id, "webinar_day")
    await stand.register()
    assert [row["kind"] for row in await stand.sweep()] == ["webinar_invited"]
    stand.house.clock.moment = START - timedelta(hours=24)
    assert [row["person_id"] for row in await stand.sweep()] == [stand.maker.person_id]


async def test_two_sweeps_at_once_tell_once(stand: Stand) -> None:
    await stand.register()
    now = stand.house.clock()
    async with stand.house.pool.acquire() as one, stand.house.pool.acquire() as other:
        async with one.transaction():
            first = await agenda_mails.tell_changes(one, stand.house.settings, now)
        async with other.transaction():
            second = await agenda_mails.tell_changes(other, stand.house.settings, now)
    assert (first, second) == (1, 0)


async def test_a_mail_that_could_not_be_written_is_written_by_the_next_sweep(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The note that she was told goes with the mail: both or neither."""
    await stand.register()

    async def breaks(*_: object, **__: object) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(mail, "tell", breaks)
        with pytest.raises(OSError):
            await stand.sweep()
    assert [row["kind"] for row in await stand.sweep()] == ["webinar_invited"]


async def test_afterwards_the_teacher_gets_her_report_and_the_host_the_sums(stand: Stand) -> None:
    await stand.register()
    await stand.sweep()
    stand.house.clock.moment = START
    await stand.end()
    async with stand.house.pool.acquire() as conn, conn.transaction():
        part = await conn.fetchval("select id from session_classes")
        await conn.execute(
            """
            insert into session_class_results (programme_id, session_class_id, outcome,
                measured_outcome, reason_code, window_ms, present_ms, headcount,
                measured_headcount, headcount_source, seats, seats_passed, pupils,
                student_seconds, has_beamer, rule_version, computed_at)
            values ($1, $2, 'present', 'present', 'threshold_reached', 3000000, 2820000, 26, 26,
                'declared', 1, 1, 26, 73320, true, '1', now())
            on conflict (programme_id, session_class_id) do update set outcome = 'present',
                window_ms = 3000000, present_ms = 2820000, headcount = 26, pupils = 26
            """,
            stand.world.programme.id,
            part,
        )
        await conn.execute("update sessions set state = 'ended' where room_id is not null")
    assert await stand.sweep() == []  # the last visits may still be written
    stand.house.clock.move(minutes=6)
    told = {row["person_id"]: row for row in await stand.sweep()}
    teacher = told[stand.world.teacher.id]
    assert teacher["subject"] == "Thank you for “Build a dyke”"
    assert "3B: 26 pupils, 47 of 50 minutes." in teacher["text_body"]
    assert f"http://testserver/attendance/{part}" in teacher["text_body"]
    host = told[stand.maker.person_id]
    assert "1 class was there, with 26 pupils." in host["text_body"]
    assert len(told) == 2 and await stand.sweep() == []


async def test_a_class_that_did_not_come_is_not_thanked_for_coming(stand: Stand) -> None:
    await stand.register()
    await stand.sweep()
    stand.house.clock.moment = START
    await stand.end()
    async with stand.house.pool.acquire() as conn, conn.transaction():
        webinar = await webinars.by_id(conn, stand.maker, stand.webinar.id)
        assert webinar.room_id is not None
        room = await rooms.shown(conn, webinar.programme_id, webinar.room_id)
        await keeping.close_room(conn, room, START)
    stand.house.clock.move(minutes=6)
    told = {row["person_id"]: row for row in await stand.sweep()}
    teacher = told[stand.world.teacher.id]
    assert teacher["subject"] == "“Build a dyke” is over"
    assert "3B: we did not see this class." in teacher["text_body"]
    assert "/thanks/" not in teacher["text_body"]


async def test_a_small_class_is_not_told_to_the_stage_in_figures(stand: Stand) -> None:
    await stand.register(9)
    await stand.sweep()
    stand.house.clock.moment = START
    await stand.end()
    stand.house.clock.move(minutes=6)
    async with stand.house.pool.acquire() as conn, conn.transaction():
        part = await conn.fetchval("select id from session_classes")
        await conn.execute(
            """
            insert into session_class_results (programme_id, session_class_id, outcome,
                measured_outcome, reason_code, window_ms, present_ms, headcount,
                measured_headcount, headcount_source, seats, seats_passed, pupils,
                student_seconds, has_beamer, rule_version, computed_at)
            values ($1, $2, 'present', 'present', 'threshold_reached', 60000, 60000, 9, 9,
                'declared', 1, 1, 9, 540, true, '1', now())
            on conflict (programme_id, session_class_id) do update set outcome = 'present',
                headcount = 9, pupils = 9
            """,
            stand.world.programme.id,
            part,
        )
    told = {row["person_id"]: row["text_body"] for row in await stand.sweep()}
    host = told[stand.maker.person_id].split("http")[0]
    assert "fewer than 10 pupils" in host and "9" not in host


async def test_a_twin_programme_is_told_nothing(stand: Stand) -> None:
    async with stand.house.pool.acquire() as conn, conn.transaction():
        twin = await a_world(conn, "twin")
        await an_announced(conn, twin, MONDAY)
    await stand.sweep()
    await stand.register()
    rows = await stand.sweep()
    assert {row["programme_id"] for row in rows} == {stand.world.programme.id}
    assert await webinars.by_id(
        stand.house.pool,
        Scope(stand.world.programme.id),
        stand.webinar.id,  # type: ignore[arg-type]
    )


async def test_who_types_captions_is_told_when_it_moves_or_is_off(stand: Stand) -> None:
    async with stand.house.pool.acquire() as conn, conn.transaction():
        args = (conn, stand.maker, stand.webinar.id)
        for email in ("tess@tolk.example", "silent@tolk.example"):
            made, _ = await captioners.invite(*args, email, "Tess Tolk", "nl", MONDAY)
            if email.startswith("tess"):
                await captioners.agree(conn, made, MONDAY)
    assert await stand.sweep() == []
    await stand.change(from_time=time(13), until_time=time(14))
    for told in (1, 0):
        found = [one for one in await stand.sweep() if one["kind"] == "captioner_changed"]
        assert [one["to_address"] for one in found] == ["tess@tolk.example"] * told
        assert all("13:00–14:00" in one["text_body"] for one in found)
    async with stand.house.pool.acquire() as conn, conn.transaction():
        await webinar_doors.cancel(conn, stand.maker, stand.webinar.id, "De pers is stuk", MONDAY)
    (off,) = [one for one in await stand.sweep() if one["kind"] == "captioner_changed"]
    assert "Afgelast" in off["subject"] and "De pers is stuk" in off["text_body"]
    assert not [one for one in await stand.sweep() if one["kind"] == "captioner_changed"]
