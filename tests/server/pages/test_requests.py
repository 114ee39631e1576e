"""Invitations through the real app: asked, answered, agreed, with the mails and the briefing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any

import httpx
import pytest

from rooms.agenda.request_drafts import weeks_from
from server import request_mails
from server.config import Settings
from tests.support import people
from tests.support.calendars import by_icalendar
from tests.support.databases import fresh_database
from tests.support.floor import Clock, House, house
from tests.support.invitations import Meeting, a_meeting
from tests.support.lessons import a_tour
from tests.support.mails import Received, mails
from tests.support.people import sign_in

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)  # a Monday
WEEKS = [str(monday) for monday in weeks_from(NOW.date(), 3)]
DATE = {"day": "2026-12-08", "from_time": "10:15", "minutes": "50", "conduct": "1"}
FAR_DATE = {
    "day": "2027-03-09", "from_time": "09:00", "minutes": "60", "words": "Dan draait hij",
    "conduct": "1",
}  # fmt: skip


@dataclass
class Table:
    """Both sides at it, signed in."""

    house: House
    meeting: Meeting
    teacher: httpx.AsyncClient
    editor: httpx.AsyncClient

    async def ask(self, **changes: Any) -> str:
        """The teacher's form, sent; the path of the invitation."""
        answer = await self.teacher.post("/requests", data=self.form(**changes))
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def form(self, **changes: Any) -> dict[str, Any]:
        """The form as a teacher fills it in."""
        told = {
            "company_id": str(self.meeting.company.id), "class_id": str(self.meeting.made.id),
            "kind": "live_tour", "subject": "Hoe staal roest", "goal": "Zien waar roest begint.",
            "prior_knowledge": "Ionen", "room_setup": ["screen", "sound"], "weeks": WEEKS,
            "times": "dinsdag", "minutes": "50", "headcount": "27",
        }  # fmt: skip
        return {**told, **changes}

    async def new_mails(self) -> list[Received]:
        """Those written since the last call."""
        found = await mails(self.house)
        await self.house.pool.execute("delete from mails")
        return found

    async def sweep(self, **later: float) -> int:
        """What the sweep does after so much time."""
        self.house.clock.move(**later)
        async with self.house.pool.acquire() as conn, conn.transaction():
            return await request_mails.tell_due(conn, self.settings.url, self.house.clock())

    @property
    def settings(self) -> Settings:
        """The house's."""
        return self.house.settings


@pytest.fixture
async def table(server_dsn: str, tmp_path: Any) -> AsyncIterator[Table]:
    async with (
        fresh_database(server_dsn) as dsn,
        house(dsn, tmp_path, Clock(NOW)) as made,
        made.client() as teacher,
        made.client() as editor,
    ):
        async with made.pool.acquire() as conn, conn.transaction():
            meeting = await a_meeting(conn, now=NOW)
        await sign_in(made, teacher, meeting.teacher)
        await sign_in(made, editor, meeting.editor)
        yield Table(made, meeting, teacher, editor)


async def test_from_question_to_briefing(table: Table) -> None:
    form = (await table.teacher.get("/requests/new")).text
    assert table.meeting.company.name in form
    assert "week 50" in form

    path = await table.ask()
    [told] = await table.new_mails()
    assert (told.to, told.kind) == (table.meeting.editor.email, "request_asked")
    assert told.link == path
    assert "Hoe staal roest" in told.subject
    assert "live tour" in told.text

    assert "Your turn" in (await table.editor.get("/requests")).text
    assert "waits for your answer" in (await table.editor.get("/")).text
    page = unescape((await table.editor.get(path)).text)
    assert "Say yes with this date" in page
    assert "Zien waar roest begint." in page
    assert "Say yes with this date" not in (await table.teacher.get(path)).text
    assert (await table.editor.get(f"{path}/briefing")).status_code == 404

    answer = await table.editor.post(f"{path}/accept", data=DATE)
    assert answer.headers["location"] == path
    told = await table.new_mails()
    told_both = {one.to: one for one in told if one.kind == "request_agreed"}
    assert {one.to for one in told if one.kind == "webinar_invited"} == set(told_both)
    assert set(told_both) == {table.meeting.teacher.email, table.meeting.editor.email}
    assert f"{path}/briefing" in told_both[table.meeting.teacher.email].text
    assert "10:15–11:05" in (await table.teacher.get(path)).text

    briefing = unescape((await table.editor.get(f"{path}/briefing")).text)
    for words in ("10:00", "27", "Ionen", "14 to 15", "a large screen", "do not recruit"):
        assert words in briefing, words
    assert "Add to the briefing" not in briefing
    more = {"prior_knowledge": "Ionen en metalen", "room_setup": ["microphone"]}
    assert (await table.teacher.post(f"{path}/briefing", data=more)).status_code == 303
    briefing = unescape((await table.editor.get(f"{path}/briefing")).text)
    assert "Ionen en metalen" in briefing
    assert "a microphone" in briefing
    table.house.clock.move(days=10)
    late = await table.teacher.post(f"{path}/briefing", data=more)
    assert late.status_code == 409


async def test_another_date_goes_back_and_forth(table: Table) -> None:
    path = await table.ask()
    await table.new_mails()
    refused = await table.editor.post(f"{path}/accept", data=FAR_DATE)
    assert refused.status_code == 422
    assert "none of the weeks that suit" in refused.text
    assert 'value="2027-03-09"' in refused.text, "what was typed stays"

    await table.editor.post(f"{path}/propose", data=FAR_DATE)
    [told] = await table.new_mails()
    assert (told.to, told.kind) == (table.meeting.teacher.email, "request_proposed")
    assert "“Dan draait hij”" in told.text
    assert "This date suits" in (await table.teacher.get(path)).text
    await table.teacher.post(f"{path}/date/decline", data={"words": "Toetsweek"})
    [told] = await table.new_mails()
    assert (told.to, told.kind) == (table.meeting.editor.email, "request_date_declined")
    await table.editor.post(f"{path}/propose", data={**FAR_DATE, "words": ""})
    [told] = await table.new_mails()
    assert "“" not in told.text.split("09:00")[1]
    await table.teacher.post(f"{path}/date/accept")
    assert {one.kind for one in await table.new_mails()} == {"request_agreed", "webinar_invited"}
    again = await table.teacher.post(f"{path}/date/accept")
    assert again.status_code == 409
    assert "answered meanwhile" in again.text


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"day": "", "from_time": "10:15"}, "Give a day and a time"),
        ({"day": "2026-12-08", "from_time": "25:15"}, "Give a day and a time"),
        ({"day": "2026-11-30", "from_time": "09:00", "minutes": "50"}, "This date is over"),
        ({"day": "2026-12-08", "from_time": "10:15", "minutes": "x"}, "from 15 to 180 minutes"),
        ({"day": "2026-12-08", "from_time": "23:30", "minutes": "60"}, "on the day on which"),
    ],
)
async def test_a_date_that_cannot_be_is_said(
    table: Table, sent: dict[str, str], sentence: str
) -> None:
    path = await table.ask()
    answer = await table.editor.post(f"{path}/accept", data=sent)
    assert answer.status_code == 422
    assert sentence in unescape(answer.text)


async def test_whoever_comes_accepts_the_code_of_conduct_once(table: Table) -> None:
    path = await table.ask()
    bare = {name: value for name, value in DATE.items() if name != "conduct"}
    assert "I keep to this" in (await table.editor.get(path)).text
    refused = await table.editor.post(f"{path}/accept", data=bare)
    assert refused.status_code == 422
    assert "Tick that you keep" in refused.text
    assert (await table.editor.post(f"{path}/accept", data=DATE)).status_code == 303
    path = await table.ask()
    assert "I keep to this" not in (await table.editor.get(path)).text
    assert (await table.editor.post(f"{path}/accept", data=bare)).status_code == 303


async def test_a_no_needs_its_reason_and_the_teacher_reads_it(table: Table) -> None:
    path = await table.ask()
    await table.new_mails()
    silent = await table.editor.post(f"{path}/decline", data={"reason": " "})
    assert silent.status_code == 422
    assert "Say why not" in silent.text
    await table.editor.post(f"{path}/decline", data={"reason": "Wij verbouwen."})
    [told] = await table.new_mails()
    assert (told.to, told.kind) == (table.meeting.teacher.email, "request_declined")
    assert "Wij verbouwen." in told.text
    assert "Wij verbouwen." in (await table.teacher.get(path)).text


@pytest.mark.parametrize("who", ["company", "teacher"])
async def test_an_agreed_lesson_is_called_off_by_either_side(table: Table, who: str) -> None:
    meeting, now = table.meeting, table.house.clock()
    async with table.house.pool.acquire() as conn, conn.transaction():
        await a_tour(conn, meeting.programme, meeting.company, meeting.editor, title="In de hal")
        colleague = await people.an_editor(conn, meeting.programme, meeting.company)
    path = await table.ask()
    assert "It cannot take place" not in (await table.editor.get(path)).text
    early = await table.editor.post(f"{path}/cancel", data={"reason": "Storm"})
    assert early.status_code == 409
    await table.editor.post(f"{path}/accept", data=DATE)
    room = await table.house.pool.fetchval("select room_id from webinars")
    await table.new_mails()

    side, other = table.editor, table.teacher
    if who == "teacher":
        side, other = other, side
    assert "It cannot take place" in (await side.get(path)).text
    silent = await side.post(f"{path}/cancel", data={"reason": " "})
    assert silent.status_code == 422 and "Say why not" in silent.text
    answer = await side.post(f"{path}/cancel", data={"reason": "De hal staat onder water."})
    assert answer.headers["location"] == path, answer.text[-600:]

    told = await table.new_mails()
    by_mail = {one.to: one for one in told}
    assert len(told) == len(by_mail) == 4 and "De hal staat onder water." in told[0].text
    for person, kind in (
        (meeting.teacher, "webinar_cancelled"), (meeting.editor, "webinar_cancelled"),
        (colleague, "request_cancelled"), (meeting.coordinator, "request_cancelled"),
    ):  # fmt: skip
        assert by_mail[person.email].kind == kind
    assert "/tours/" in by_mail[meeting.teacher.email].text
    assert "In de hal" not in by_mail[meeting.editor.email].text
    for letter in told:
        if letter.kind == "webinar_cancelled":
            [entry] = by_icalendar(letter.calendar)
            assert (entry.method, entry.status) == ("CANCEL", "CANCELLED")

    page = unescape((await table.teacher.get(path)).text)
    assert "In de hal" in page and "Ask again" in page and "De hal staat onder water." in page
    assert "It cannot take place" not in page
    assert (await side.post(f"{path}/cancel", data={"reason": "Nog eens"})).status_code == 409
    assert not (await table.teacher.get(f"/rooms/{room}")).text.count("Go live")
    assert await table.house.pool.fetchval("select closed_at is not null from rooms")
    assert now <= table.house.clock()


async def test_a_withdrawal_is_told_to_the_company(table: Table) -> None:
    path = await table.ask()
    await table.new_mails()
    await table.teacher.post(f"{path}/withdraw")
    [told] = await table.new_mails()
    assert (told.to, told.kind) == (table.meeting.editor.email, "request_withdrawn")


async def test_everything_wrong_with_the_form_is_said_at_once(table: Table) -> None:
    answer = await table.teacher.post(
        "/requests", data=table.form(subject="", weeks=["2026-01-05"], headcount="veel", minutes="")
    )
    page = unescape(answer.text)
    assert answer.status_code == 422
    assert "4 things are not right yet" in page
    assert "Zien waar roest begint." in page, "what was typed stays"
    assert await mails(table.house) == []
    path = await table.ask()
    twice = await table.teacher.post("/requests", data=table.form())
    assert "asks this company already" in twice.text
    assert path.startswith("/requests/")


async def test_word_after_five_working_days_and_the_end_after_ten(table: Table) -> None:
    path = await table.ask()
    await table.new_mails()
    assert await table.sweep(days=7) == 0
    assert await table.sweep(days=1) == 1
    word = await table.new_mails()
    assert [(one.to, one.kind) for one in word] == [
        (table.meeting.coordinator.email, "request_waits"),
        (table.meeting.editor.email, "request_reminder"),
    ]
    assert {one.link for one in word} == {path}
    coordinator = table.house.client()
    await sign_in(table.house, coordinator, table.meeting.coordinator)
    assert "An invitation without an answer" in (await coordinator.get("/")).text
    assert "waits long" in (await coordinator.get("/requests")).text
    page = (await coordinator.get(path)).text
    assert "Hoe staal roest" in page
    assert "Say yes" not in page
    assert (await coordinator.post(f"{path}/accept", data=DATE)).status_code == 404

    assert await table.sweep(days=6) == 0
    assert await table.sweep(days=1) == 1
    over = {one.to: one.kind for one in await table.new_mails()}
    assert over == {
        table.meeting.teacher.email: "request_expired",
        table.meeting.editor.email: "request_expired",
    }
    assert await table.sweep(days=1) == 0
    late = await table.editor.post(f"{path}/accept", data=DATE)
    assert late.status_code == 409


async def test_a_proposal_the_teacher_forgets_reminds_her(table: Table) -> None:
    path = await table.ask()
    await table.editor.post(f"{path}/propose", data=FAR_DATE)
    await table.new_mails()
    await table.sweep(days=8)
    word = await table.new_mails()
    assert [(one.to, one.kind) for one in word] == [
        (table.meeting.coordinator.email, "request_waits"),
        (table.meeting.teacher.email, "request_reminder"),
    ]


async def test_a_dutch_company_reads_dutch(table: Table) -> None:
    await table.house.pool.execute(
        "update persons set language = 'nl' where id = $1", table.meeting.editor.id
    )
    await table.ask(kind="guest_lesson")
    [told] = await table.new_mails()
    assert "gastles voor klas 3B, 27 leerlingen" in told.text
    assert "week 50, 7–11 dec" in told.text
