"""A guest lesson for one class, from question to report: over HTTP, with the real live core."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest

from rooms.agenda.request_drafts import weeks_from
from rooms.live import presenters, stream_keys
from server import agenda_mails
from server.auth import SEAT_COOKIE
from tests.support.floor import Clock, House, house
from tests.support.invitations import Meeting, a_meeting
from tests.support.live.peers import over_http, publishing, watching
from tests.support.live.process import a_live_process
from tests.support.mails import mails
from tests.support.people import sign_in
from tests.support.sockets import a_page, listening
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


class WallClock(Clock):
    """Time as it goes."""

    def __call__(self) -> datetime:
        self.moment = Clock().moment
        return self.moment


class Lesson:
    """Everybody of it, each in a browser of her own, and where they meet."""

    def __init__(self, running: House, sockets: str, meeting: Meeting) -> None:
        self.house = running
        self.sockets = sockets
        self.http = sockets.replace("ws:", "http:")
        self.meeting = meeting
        self.teacher, self.editor, self.coordinator, self.phone = (
            running.client() for _ in range(4)
        )

    async def come(self) -> None:
        """They sign in; a phone need not."""
        for client, person in (
            (self.teacher, self.meeting.teacher), (self.editor, self.meeting.editor),
            (self.coordinator, self.meeting.coordinator),
        ):  # fmt: skip
            await sign_in(self.house, client, person)

    async def post(self, client: httpx.AsyncClient, path: str, **form: Any) -> str:
        """Presses a button; where it leads."""
        answer = await client.post(path, data=form)
        assert answer.status_code == 303, (path, answer.status_code, answer.text[-800:])
        return answer.headers["location"]

    async def row(self, query: str) -> Any:
        """What the only row of a question says."""
        [found] = await self.house.pool.fetch(query)
        return found

    async def judged(self) -> Any:
        """The class's result, which is written once the last visit is."""
        query = "select outcome, present_ms, window_ms, headcount from report_rows"
        async with asyncio.timeout(20):
            while (told := await self.row(query))["outcome"] is None:
                await asyncio.sleep(0.1)
        return told

    async def agree(self) -> tuple[UUID, UUID]:
        """Asked, another date proposed for in a moment, agreed; (webinar, room)."""
        now = self.house.clock()
        path = await self.post(
            self.teacher, "/requests", company_id=self.meeting.company.id,
            class_id=self.meeting.made.id, kind="guest_lesson", subject="Hoe staal roest",
            goal="Zien waar roest begint.", weeks=str(weeks_from(now.date())[1]), minutes="50",
            headcount="27",
        )  # fmt: skip
        soon = now.astimezone(ZoneInfo(self.meeting.programme.zone)) + timedelta(minutes=5)
        await self.post(
            self.editor, f"{path}/propose", day=f"{soon:%Y-%m-%d}", from_time=f"{soon:%H:%M}",
            minutes="50", conduct="1",
        )  # fmt: skip
        await self.post(self.teacher, f"{path}/date/accept")
        assert "Briefing" in (await self.editor.get(f"{path}/briefing")).text
        made = await self.row("select id, room_id from webinars")
        return made["id"], made["room_id"]

    async def vet(self, webinar_id: UUID) -> None:
        """The office has seen the presenter's certificate."""
        place = await self.row("select id from webinar_presenters")
        today = self.house.clock().astimezone(ZoneInfo(self.meeting.programme.zone))
        path = f"/webinars/{webinar_id}/presenters/{place['id']}/vetted"
        await self.post(self.coordinator, path, vetted_on=f"{today:%Y-%m-%d}")

    async def sit(self) -> str:
        """A pupil types the class code; her seat as a Cookie header."""
        place = await self.post(self.phone, "/join", code=self.meeting.made.code)
        assert place.startswith("/rooms/")
        return f"{SEAT_COOKIE}={self.phone.cookies[SEAT_COOKIE]}"

    async def key(self, room_id: UUID) -> str:
        """The presenter's stream key, as OBS has it."""
        scope, now = self.meeting.editing, self.house.clock()
        async with self.house.pool.acquire() as conn, conn.transaction():
            await presenters.take_place(conn, scope, room_id, now)
            return (await stream_keys.create(conn, scope, room_id, "OBS", now)).token


@pytest.fixture
async def lesson(dsn: str, tmp_path: Path) -> AsyncIterator[Lesson]:
    async with (
        a_live_process(tmp_path) as live,
        house(dsn, tmp_path, WallClock(), live_port=live.port) as running,
        listening(running.app) as sockets,
    ):
        now = running.clock()
        async with running.pool.acquire() as conn, conn.transaction():
            # About noon, whenever this runs: a lesson ends on the day on which it begins.
            hours = 12 - now.astimezone(UTC).hour
            zone = f"Etc/GMT{-hours:+d}" if hours else "UTC"
            await conn.execute(f"alter table programmes alter column zone set default '{zone}'")
            meeting = await a_meeting(conn, now=now)
        made = Lesson(running, sockets, meeting)
        await made.come()
        await until(lambda: running.app.state.floor.rooms["live"].is_there)
        yield made


async def test_a_guest_lesson_from_question_to_report(lesson: Lesson) -> None:
    webinar_id, room_id = await lesson.agree()
    await lesson.vet(webinar_id)
    kinds = [one.kind for one in await mails(lesson.house)]
    assert kinds.count("request_agreed") == kinds.count("webinar_invited") == 2

    await lesson.post(lesson.teacher, f"/webinars/{webinar_id}/state", do="open")
    cookie = await lesson.sit()
    await lesson.post(lesson.teacher, f"/webinars/{webinar_id}/state", do="go_live")
    bearer = {"authorization": f"Bearer {await lesson.key(room_id)}"}
    async with (
        httpx.AsyncClient(timeout=20) as client,
        a_page(lesson.sockets, room_id, cookie) as page,
    ):
        connection = (await page.hello())["connection"]
        whip = over_http(client, f"{lesson.http}/rooms/{room_id}/whip", **bearer)
        whep = f"{lesson.http}/rooms/{room_id}/whep?connection={connection}"
        async with publishing(whip):
            while not (await page.until("stage", 15))["stage"]["is_on_air"]:
                pass
            async with watching(over_http(client, whep, cookie=cookie)) as seen:
                await seen.sees(30, within_s=20)
                await page.beating(2)

        part = await lesson.row("select id, expected from session_classes")
        assert part["expected"] == 27
        await lesson.post(
            lesson.teacher, f"/rooms/{room_id}/classes/{part['id']}/headcount", pupils="26"
        )
        await lesson.post(lesson.teacher, f"/webinars/{webinar_id}/state", do="end")

    told = await lesson.judged()
    assert told["headcount"] == 26
    assert 0 < told["present_ms"] <= told["window_ms"] < 60_000
    was_there = told["present_ms"] >= 0.6 * told["window_ms"]
    assert told["outcome"] == ("present" if was_there else "joined_only")
    page_of_teacher = await lesson.teacher.get(f"/attendance/{part['id']}")
    assert "26" in page_of_teacher.text
    assert "Hoe staal roest" in (await lesson.coordinator.get("/attendance")).text

    later = lesson.house.clock() + timedelta(hours=1)
    async with lesson.house.pool.acquire() as conn, conn.transaction():
        await agenda_mails.tell_due(conn, lesson.house.settings, later)
    thanked = [one.to for one in await mails(lesson.house) if one.kind == "webinar_thanks"]
    assert lesson.meeting.teacher.email in thanked
