"""Invitations in the database: who sees one, two answers at once, what the sweep ends."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta

import pytest

from rooms.agenda import (
    registrations,
    request_answers,
    request_asking,
    request_deadlines,
    requests,
    webinar_presenters,
    webinars,
)
from rooms.agenda.request_drafts import Slot
from rooms.agenda.request_states import State
from rooms.errors import Conflict, NotThere, Refused, RoomError
from rooms.people import companies, roles
from rooms.scope import Grant
from server.database import Pool
from tests.support import people
from tests.support.invitations import a_meeting

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)  # a Monday
SUITS = Slot(date(2026, 12, 8), time(10, 15), 50, "Europe/Amsterdam")
OTHER = Slot(date(2027, 3, 9), time(9, 0), 60, "Europe/Amsterdam")


async def test_a_yes_makes_room_session_and_registration_in_one_step(pool: Pool) -> None:
    async with pool.acquire() as conn:
        meeting = await a_meeting(conn, now=NOW)
        asked = await meeting.ask(conn, NOW, room_setup=("screen", "phones"))
        async with conn.transaction():
            agreed = await request_answers.accept(conn, meeting.editing, asked.id, SUITS, NOW)
        assert agreed.state is State.ACCEPTED
        assert agreed.webinar_id is not None
        lesson = await webinars.find(conn, meeting.editing, agreed.webinar_id)
        [place] = await registrations.of_webinar(conn, meeting.teaching, lesson.id)
        assert (lesson.kind, lesson.state, lesson.is_listed) == ("guest_lesson", "announced", False)
        assert (lesson.starts_at, lesson.ends_at) == (
            datetime(2026, 12, 8, 9, 15, tzinfo=UTC), datetime(2026, 12, 8, 10, 5, tzinfo=UTC),
        )  # fmt: skip
        assert lesson.moderator_ids == (meeting.teacher.id,)
        assert (place.class_id, place.expected, place.state, place.devices) == (
            meeting.made.id, 27, "in", "many",
        )  # fmt: skip
        assert lesson.room_id is not None
        [presenter] = await webinar_presenters.of_webinar(conn, meeting.editing, lesson.id)
        assert presenter.person_id == meeting.editor.id


async def test_a_date_in_no_week_is_proposed_and_the_teacher_answers(pool: Pool) -> None:
    async with pool.acquire() as conn:
        meeting = await a_meeting(conn, now=NOW)
        asked = await meeting.ask(conn, NOW)
        key = (conn, meeting.editing, asked.id)
        with pytest.raises(Refused, match="request_week"):
            await request_answers.accept(*key, OTHER, NOW)
        later = NOW + timedelta(days=3)
        proposed = await request_answers.propose(*key, OTHER, "Dan is er stroom", later)
        assert (proposed.state, proposed.slot) == (State.PROPOSED, OTHER)
        assert proposed.last_day == date(2026, 12, 17), "the teacher has a whole term of her own"
        with pytest.raises(Refused, match="request_actor"):
            await request_answers.accept_date(*key, later)

        back = await request_answers.decline_date(
            conn, meeting.teaching, asked.id, "Toetsweek", later
        )
        assert (back.state, back.slot) == (State.ASKED, None)
        await request_answers.propose(*key, OTHER, "", later)
        async with conn.transaction():
            agreed = await request_answers.accept_date(conn, meeting.teaching, asked.id, later)
        assert agreed.webinar_id is not None
        lesson = await webinars.find(conn, meeting.teaching, agreed.webinar_id)
        assert (lesson.day, lesson.from_time, lesson.until_time) == (
            date(2027, 3, 9), time(9, 0), time(10, 0),
        )  # fmt: skip
        assert lesson.presenter_ids == (meeting.editor.id,)
        told = [(one.kind, one.words) for one in await requests.history(*key)]
        assert told == [
            ("accept_date", ""), ("propose", ""), ("decline_date", "Toetsweek"),
            ("propose", "Dan is er stroom"), ("asked", ""),
        ]  # fmt: skip


async def test_of_a_yes_and_a_withdrawal_at_once_one_wins(pool: Pool) -> None:
    async with pool.acquire() as conn:
        meeting = await a_meeting(conn, now=NOW)
        asked = await meeting.ask(conn, NOW)

    async def yes() -> str:
        async with pool.acquire() as conn, conn.transaction():
            return (await request_answers.accept(conn, meeting.editing, asked.id, SUITS, NOW)).state

    async def back() -> str:
        async with pool.acquire() as conn, conn.transaction():
            return (await request_answers.withdraw(conn, meeting.teaching, asked.id, NOW)).state

    answers = await asyncio.gather(yes(), back(), yes(), return_exceptions=True)
    lost = [one for one in answers if isinstance(one, BaseException)]
    assert len(lost) == 2
    assert all(isinstance(one, Conflict) and one.code == "request_state" for one in lost)
    assert await pool.fetchval("select count(*) from webinars") == ("accepted" in answers)


async def test_only_those_it_is_between_see_it(pool: Pool) -> None:
    async with pool.acquire() as conn:
        meeting = await a_meeting(conn, now=NOW)
        twin = await a_meeting(conn, "twin", now=NOW)
        asked = await meeting.ask(conn, NOW)
        programme = meeting.programme
        region = await people.a_region(conn, programme)
        far = await people.a_region(conn, programme, "Zeeland")
        other = await people.a_company(conn, programme, "Anders")
        stranger = await people.a_person(conn)
        scopes = {
            "teacher": meeting.teaching,
            "editor": meeting.editing,
            "coordinator": people.scope_of(
                programme, stranger, Grant("coordinator", region_id=region.id)
            ),
            "bureau": people.scope_of(programme, stranger, Grant("bureau")),
            "colleague": people.scope_of(
                programme, stranger, Grant("teacher", school_id=meeting.school.id)
            ),
            "presenter": people.scope_of(
                programme, stranger, Grant("presenter", company_id=meeting.company.id)
            ),
            "other editor": people.scope_of(
                programme, stranger, Grant("editor", company_id=other.id)
            ),
            "far coordinator": people.scope_of(
                programme, stranger, Grant("coordinator", region_id=far.id)
            ),
            "twin": twin.teaching,
        }
        seen = set()
        for name, scope in scopes.items():
            listed = [one.id for one in await requests.visible(conn, scope)]
            try:
                await requests.find(conn, scope, asked.id)
                seen.add(name)
                assert listed == [asked.id], name
            except NotThere:
                assert listed == [], name
        assert seen == {"teacher", "editor", "coordinator", "bureau"}
        with pytest.raises(Refused, match="request_actor"):
            await request_answers.decline(conn, scopes["coordinator"], asked.id, "Nee", NOW)
        with pytest.raises(NotThere):
            await request_answers.decline(conn, scopes["other editor"], asked.id, "Nee", NOW)


async def test_what_cannot_be_asked(pool: Pool) -> None:
    async with pool.acquire() as conn:
        meeting = await a_meeting(conn, now=NOW)
        twin = await a_meeting(conn, "twin", now=NOW)
        nobody = await people.a_company(conn, meeting.programme, "Zonder mensen")
        waits = await people.a_company(conn, meeting.programme, "Wacht nog", state="asked")
        await people.an_editor(conn, meeting.programme, waits)
        assert await request_asking.askable(conn, meeting.teaching) == [
            (meeting.company.id, meeting.company.name)
        ]
        for company_id in (nobody.id, waits.id, twin.company.id):
            with pytest.raises(NotThere):
                await meeting.ask(conn, NOW, company_id=company_id)
        with pytest.raises(NotThere):
            await meeting.ask(conn, NOW, class_id=twin.made.id)
        with pytest.raises(Refused, match="request_weeks"):
            await meeting.ask(conn, NOW, weeks=())
        await meeting.ask(conn, NOW)
        with pytest.raises(Conflict, match="request_open"):
            async with conn.transaction():
                await meeting.ask(conn, NOW)


async def test_nobody_floods_companies_with_invitations(pool: Pool) -> None:
    async with pool.acquire() as conn:
        meeting = await a_meeting(conn, now=NOW)
        for number in range(request_asking.MOST_OPEN):
            company = await people.a_company(conn, meeting.programme, f"Bedrijf {number}")
            await people.an_editor(conn, meeting.programme, company)
            last = await meeting.ask(conn, NOW, company_id=company.id)
        with pytest.raises(Refused, match="requests_many"):
            await meeting.ask(conn, NOW)
        await request_answers.withdraw(conn, meeting.teaching, last.id, NOW)
        assert (await meeting.ask(conn, NOW)).is_open


async def test_it_is_told_of_once_and_ends_after_its_last_day(pool: Pool) -> None:
    async with pool.acquire() as conn:
        meeting = await a_meeting(conn, now=NOW)
        asked = await meeting.ask(conn, NOW)  # word after Monday 7th, ends after Monday 14th
        day = timedelta(days=1)
        # 22:59 UTC is still the 7th in Amsterdam, 23:00 is not.
        assert (
            await request_deadlines.word_due(conn, datetime(2026, 12, 7, 22, 59, tzinfo=UTC)) == []
        )
        late = datetime(2026, 12, 7, 23, 0, tzinfo=UTC)
        assert [one.id for one in await request_deadlines.word_due(conn, late)] == [asked.id]
        assert await request_deadlines.word_due(conn, late + day) == []
        assert (
            await request_deadlines.expire_due(conn, datetime(2026, 12, 14, 22, 59, tzinfo=UTC))
            == []
        )
        over = datetime(2026, 12, 14, 23, 0, tzinfo=UTC)
        [ended] = await request_deadlines.expire_due(conn, over)
        assert (ended.id, ended.state) == (asked.id, State.EXPIRED)
        assert await request_deadlines.expire_due(conn, over) == []
        with pytest.raises(Conflict, match="request_state"):
            await request_answers.accept(conn, meeting.editing, asked.id, SUITS, over)
        assert (await meeting.ask(conn, over, weeks=(date(2026, 12, 21),))).is_open


async def test_a_class_that_nobody_teaches_any_more_gets_no_lesson(pool: Pool) -> None:
    async with pool.acquire() as conn:
        meeting = await a_meeting(conn, now=NOW)
        asked = await meeting.ask(conn, NOW)
        [held] = [
            one
            for one in await roles.every(conn, meeting.teaching)
            if one.person_id == meeting.teacher.id
        ]
        await roles.end(conn, meeting.teaching, held.id, NOW)
        with pytest.raises(RoomError):
            async with conn.transaction():
                await request_answers.accept(conn, meeting.editing, asked.id, SUITS, NOW)
        assert (await requests.find(conn, meeting.editing, asked.id)).is_open


async def test_old_invitations_go_with_what_was_written(pool: Pool) -> None:
    async with pool.acquire() as conn:
        meeting = await a_meeting(conn, now=NOW)
        old = await meeting.ask(conn, NOW)
        await request_answers.decline(conn, meeting.editing, old.id, "Geen plek", NOW)
        young = await meeting.ask(conn, NOW + timedelta(days=1))
        assert await request_deadlines.drop(conn, meeting.programme.id, date(2026, 12, 1)) == 1
        assert [one.id for one in await requests.visible(conn, meeting.teaching)] == [young.id]
        assert await conn.fetchval("select count(*) from request_events") == 1
        assert await companies.by_id(conn, meeting.editing, meeting.company.id)
