"""A guest lesson for one class, from the question to the thank-you: real Chromium, real live core.

The class sits before one screen, with a phone. Its teacher moderates from her own phone: whoever of
the company says yes presents, on a phone as well. Nobody else is needed.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.support.axe import violations
from tests.support.calendars import by_icalendar
from tests.support.hall import Hall, a_hall, calendar_in, link_in, look, noon, plays, words_of

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

BEAMER = {"width": 1920, "height": 1080}
PHONE = {"width": 360, "height": 740}
SUBJECT = "Zout en staal"
ASKED = "Roest een schip sneller in zout water?"
TOLD, CAME = 27, 26
# Presence is measured to a beat or two: of a lesson of one or two seconds nothing may be left.
LASTS = timedelta(seconds=6)


@pytest.fixture
async def hall(server_dsn: str, tmp_path: Path) -> AsyncIterator[Hall]:
    expect.set_options(timeout=20_000)
    async with a_hall(server_dsn, tmp_path) as made:
        # A lesson ends on the day on which it begins, whenever this runs.
        await made.pool.execute("update programmes set zone = $1", noon(datetime.now(UTC)))
        yield made
    expect.set_options(timeout=5_000)


async def test_a_guest_lesson_from_question_to_thanks(hall: Hall) -> None:
    teacher = await hall.device("teacher", PHONE)
    editor = await hall.device("editor", PHONE)
    path = await ask(hall, teacher)
    await agree_on_a_date(hall, path, teacher, editor)
    await both_have_it_in_their_calendars(hall)
    await the_briefing_is_one_page(hall, path, editor)
    await vet(hall)

    await teacher.get_by_role("link", name="To the lesson").click()
    await teacher.get_by_role("button", name="Open the doors now").click()
    phone = await sits(hall)
    screen = await show_on_a_screen(hall)
    await go_live(hall, teacher, editor, screen)
    await one_tap(teacher, phone, editor, screen)
    await the_end(hall, teacher, screen, phone)
    await thanks(hall, teacher, editor)
    assert hall.wrongs == []
    assert hall.is_at_home()


# --- before -------------------------------------------------------------------------------------


async def ask(hall: Hall, teacher: Page) -> str:
    """The teacher asks the company, with what it needs to know; the path of her question."""
    await teacher.goto(f"{hall.url}/requests/new")
    await teacher.locator("#company_id").select_option(str(hall.world.desk.company.id))
    await teacher.locator("#class_id").select_option(str(hall.classes["3B"].id))
    await teacher.fill("#headcount", str(TOLD))
    await teacher.fill("#subject", SUBJECT)
    await teacher.fill("#goal", "Zien waar roest begint.")
    await teacher.get_by_label("pupils may use their phones").check()
    await teacher.locator("#weeks-1").check()
    await teacher.locator("main .button-next").click()
    await teacher.wait_for_url(re.compile(r"/requests/[0-9a-f-]{36}$"))
    return teacher.url.removeprefix(hall.url)


async def agree_on_a_date(hall: Hall, path: str, teacher: Page, editor: Page) -> None:
    """The company proposes a moment later today, in no week that was asked for; it suits."""
    [mail] = await hall.letters("request_asked")
    assert mail["To"] == hall.world.people["editor"].email
    await editor.goto(link_in(mail, path.rpartition("/")[0], hall))
    soon = datetime.now(ZoneInfo(noon(datetime.now(UTC)))) + timedelta(minutes=5)
    await editor.fill("#day", f"{soon:%Y-%m-%d}")
    await editor.fill("#from_time", f"{soon:%H:%M}")
    await editor.get_by_label("I keep to this").check()
    await look(editor, "lesson-answer")
    await editor.get_by_role("button", name="Propose this date").click()
    await expect(editor.locator("main")).to_contain_text("proposes another date")
    [mail] = await hall.letters("request_proposed")
    await teacher.goto(link_in(mail, path, hall))
    await teacher.get_by_role("button", name="This date suits").click()
    await expect(teacher.locator("main")).to_contain_text("the room is ready")
    await look(teacher, "lesson-agreed")
    made = await hall.pool.fetchrow(
        "select webinar_id, room_id from request_rows where id = $1", path.rpartition("/")[2]
    )
    hall.webinar, hall.room = str(made["webinar_id"]), str(made["room_id"])


async def both_have_it_in_their_calendars(hall: Hall) -> None:
    """The agreement and the entry for her calendar came to the teacher and to the company."""
    both = {hall.world.people[who].email for who in ("teacher", "editor")}
    assert {mail["To"] for mail in await hall.letters("request_agreed")} == both
    invited = [one for one in await hall.letters("webinar_invited") if SUBJECT in one["Subject"]]
    assert {mail["To"] for mail in invited} == both
    for mail in invited:
        [entry] = by_icalendar(calendar_in(mail))
        assert (entry.method, entry.title) == ("REQUEST", SUBJECT)


async def the_briefing_is_one_page(hall: Hall, path: str, editor: Page) -> None:
    await editor.goto(f"{hall.url}{path}")
    await editor.get_by_role("link", name="Briefing").click()
    await expect(editor.locator("main")).to_contain_text("Zien waar roest begint.")
    paper = await editor.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", paper)) == 1


async def vet(hall: Hall) -> None:
    """The region's coordinator has seen the presenter's certificate."""
    place = await hall.pool.fetchval(
        "select id from webinar_presenters where webinar_id = $1", hall.webinar
    )
    path = f"/webinars/{hall.webinar}/presenters/{place}/vetted"
    day = {"vetted_on": f"{datetime.now(UTC):%Y-%m-%d}"}
    async with httpx.AsyncClient(base_url=hall.url, cookies=hall.jars["coordinator"]) as office:
        assert (await office.post(path, data=day)).status_code == 303


# --- during -------------------------------------------------------------------------------------


async def sits(hall: Hall) -> Page:
    """A pupil types the class code; it has not begun."""
    phone = await hall.device("", PHONE, "/join")
    await phone.fill("#code", hall.classes["3B"].shown_code.lower())
    await phone.locator("main .button-next").click()
    await phone.wait_for_url(f"**/rooms/{hall.room}")
    await expect(phone.locator("[data-phase-words]")).to_have_text("The session has not begun yet.")
    return phone


async def show_on_a_screen(hall: Hall) -> Page:
    """From her class's page to the room, and the classroom PC becomes the screen."""
    screen = await hall.device("teacher", BEAMER, f"/classes/{hall.classes['3B'].id}")
    await screen.get_by_role("link", name="To the live room").click()
    await look(screen, "lesson-room")
    await screen.get_by_role("link", name="Show on this device").click()
    await screen.get_by_role("button", name="This is the classroom screen").click()
    await expect(screen.locator("#pupils")).to_have_value(str(TOLD))
    await screen.locator("[data-start] button").click()
    await expect(screen.locator(".beamer-live")).to_be_visible()
    return screen


async def go_live(hall: Hall, teacher: Page, editor: Page, screen: Page) -> None:
    """The company sends; the class sees it when its teacher says that it begins."""
    await editor.goto(f"{hall.url}/webinars/{hall.webinar}")
    await editor.get_by_role("link", name="To the studio").click()
    await editor.locator("[data-broadcast][data-state=ready]").wait_for()
    await editor.locator("[data-do=live]").click()
    await editor.locator("[data-broadcast][data-up]").wait_for()
    await teacher.get_by_role("button", name="Go live").click()
    await plays(screen)
    await teacher.get_by_role("link", name="To the room").click()
    await teacher.get_by_role("link", name="Open here").click()


async def one_tap(teacher: Page, phone: Page, editor: Page, screen: Page) -> None:
    """With one class its teacher moderates: one tap on her phone, and the question is asked."""
    await expect(phone.locator("[data-silent]")).to_be_hidden()
    await phone.locator("[aria-controls=talk-ask]").click()
    await phone.fill("#question", ASKED)
    await phone.locator("[data-asking] button").click()
    waits = teacher.locator("[data-queue] li")
    await expect(waits).to_contain_text(ASKED)
    await expect(screen.locator("[data-waiting]")).to_have_text("1 question waits")
    for page in (editor, screen):
        assert ASKED not in await page.inner_text("body")
    await look(teacher, "lesson-queue")
    await waits.locator("[data-act=on_stage]").click()
    await expect(editor.locator("[data-prompt-text]")).to_have_text(ASKED)
    await expect(editor.locator("[data-prompt-by]")).to_contain_text("3B")
    await expect(screen.locator("[data-screen-text]")).to_have_text(ASKED)
    await expect(phone.locator("[data-staged-text]")).to_have_text(ASKED)
    assert await violations(teacher) == []
    await look(teacher, "lesson-queue-staged")
    await teacher.locator("[data-staged] [data-act=answered]").click()
    await expect(phone.locator("[data-own] li")).to_contain_text("Answered")
    await expect(teacher.locator("[data-staged-part]")).to_be_hidden()


# --- after --------------------------------------------------------------------------------------


async def the_end(hall: Hall, teacher: Page, screen: Page, phone: Page) -> None:
    """The teacher ends it; on the screen the pupils are counted once more; the result stands."""
    await on_air_for(hall, LASTS)
    await teacher.goto(f"{hall.url}/webinars/{hall.webinar}")
    await teacher.get_by_role("button", name="End", exact=True).click()
    await expect(screen.locator("[data-part=end]")).to_be_visible()
    await screen.fill("#watched", str(CAME))
    await screen.locator("[data-confirm] button").click()
    await expect(screen.locator("[data-part=over]")).to_be_visible()
    await expect(phone.locator("[data-note]")).to_contain_text("closed")
    told = await judged(hall)
    assert (told["headcount"], told["has_beamer"]) == (CAME, True)
    assert 0 < told["present_ms"] <= told["window_ms"] < 120_000
    assert told["outcome"] == "present"


async def on_air_for(hall: Hall, wanted: timedelta) -> None:
    """Waits until so much of the lesson was on air."""
    was = """
        select coalesce(sum(a.seen_until - a.started_at), interval '0') from on_air a
        join sessions s on s.id = a.session_id where s.room_id = $1
        """
    async with asyncio.timeout(30):
        while await hall.pool.fetchval(was, UUID(hall.room)) < wanted:
            await asyncio.sleep(0.2)


async def judged(hall: Hall) -> Any:
    """The class's result with the pupils counted at the end, once the last visit is written."""
    found = "select * from session_class_results where session_class_id = $1 and headcount = $2"
    async with asyncio.timeout(20):
        while (row := await hall.pool.fetchrow(found, await hall.part("3B"), CAME)) is None:
            await asyncio.sleep(0.1)
    return row


async def thanks(hall: Hall, teacher: Page, editor: Page) -> None:
    """Both are thanked: the teacher with her report, the company asked once for its hours."""
    letters = await hall.letters("webinar_thanks", timedelta(hours=1))
    by_mail = {mail["To"]: mail for mail in letters}
    own = by_mail[hall.world.people["teacher"].email]
    theirs = by_mail[hall.world.people["editor"].email]
    assert f"3B: {CAME} pupils" in words_of(own)
    assert f"1 class was there, with {CAME} pupils" in words_of(theirs)

    await teacher.goto(link_in(own, "/attendance/", hall))
    await expect(teacher.locator(".clock-bar").first).to_be_visible()
    await teacher.goto(link_in(own, "/thanks/", hall))
    for question in ("clear", "useful", "again"):
        await teacher.locator(f"#{question}-5").check()
    await teacher.get_by_role("button", name="Send").click()
    await expect(teacher.locator("main")).to_contain_text("You have answered.")

    await editor.goto(link_in(theirs, "/thanks/", hall))
    await editor.fill("#hours", "1,5")
    await editor.get_by_role("button", name="Keep").click()
    await expect(editor.locator("#hours")).to_have_value("1.5")
    await look(editor, "lesson-thanks")
