"""A webinar for three classes, from registering to the report: real Chromium, real live core.

Two classes have a screen and two phones, the third a screen and hands to count. Each actor has a
browser of her own; what is only filling in a form goes by it, without a look at the page. In the
room everything is done by keyboard alone.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.support.axe import violations
from tests.support.calendars import by_icalendar
from tests.support.hall import (
    PLAYED,
    SPEAKER,
    Hall,
    a_hall,
    calendar_in,
    link_in,
    look,
    noon,
    plays,
    words_of,
)
from tests.support.keyboard import keys, writes
from tests.support.legible import is_legible

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

BEAMER = {"width": 1920, "height": 1080}
SMALL_BEAMER = {"width": 1280, "height": 720}
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
TITLE = "Hoe staal roest"
HELD = "Draait de pers ook op @home?"
PUPILS = {"3B": 24, "4A": 26, "1C": 22}


@pytest.fixture
async def hall(server_dsn: str, tmp_path: Path) -> AsyncIterator[Hall]:
    expect.set_options(timeout=20_000)
    async with a_hall(server_dsn, tmp_path) as made:
        yield made
    expect.set_options(timeout=5_000)


async def test_a_webinar_for_three_classes(hall: Hall) -> None:
    bureau = await hall.device("bureau", DESK)
    teacher = await hall.device("teacher", PHONE)
    colleague = await hall.device("colleague", PHONE)
    starts = await make(hall, bureau)
    speaker = await invite_to_speak(hall, bureau)
    await register(hall, teacher, colleague, starts)

    await hall.press(bureau, f"/webinars/{hall.webinar}/state", do="open")
    asker, other, *_ = await asyncio.gather(*(sits(hall, name) for name in ("3B", "4A") * 2))
    screens = await show_on_screens(hall, colleague)
    await go_live(hall, bureau, speaker, screens)
    for page, queue in ((teacher, "teacher"), (colleague, "colleague")):
        await page.goto(f"{hall.url}/rooms/{hall.room}/queue")
        await look(page, f"webinar-queue-{queue}")

    await a_held_question(hall, asker, other, teacher, bureau, screens, speaker)
    await a_poll(hall, asker, other, colleague, bureau, screens["3B"])
    await are_sound(asker, colleague, bureau, speaker, screens["1C"])
    await a_class_on_stage(hall, teacher, bureau, screens)
    second = await another_takes_over(hall, bureau)
    await a_report(hall, other)
    await the_end(hall, second, screens["3B"], other)
    await the_letters(hall, teacher, colleague)
    assert hall.wrongs == []
    assert hall.is_at_home()


# --- before -------------------------------------------------------------------------------------


async def make(hall: Hall, bureau: Page) -> datetime:
    """The bureau makes it for later today, with a second moderator, and announces it; its start."""
    zone = noon(datetime.now(UTC))
    starts = (datetime.now(UTC) + timedelta(minutes=25)).replace(second=0, microsecond=0)
    local = starts.astimezone(ZoneInfo(zone))
    path = await hall.press(
        bureau, "/webinars", original_language="nl", title_nl=TITLE, audience="pupils",
        description_nl="Van plaat tot roest.", prepare_nl="Neem een spijker mee.",
        day=f"{local:%Y-%m-%d}", from_time=f"{local:%H:%M}",
        until_time=f"{local + timedelta(hours=1):%H:%M}", zone=zone, capacity="300",
        company_id=str(hall.world.desk.company.id), region_id="", levels="havo",
    )  # fmt: skip
    hall.webinar = path.rpartition("/")[2]
    second = hall.world.people["coordinator"].email
    await hall.press(bureau, f"{path}/moderators", moderator=second)
    await hall.press(bureau, f"{path}/state", do="announce")
    room = await hall.pool.fetchval("select room_id from webinars where id = $1", hall.webinar)
    hall.room = str(room)
    return starts


async def invite_to_speak(hall: Hall, bureau: Page) -> Page:
    """Somebody without an account takes her place by the link in her mail, and is vetted."""
    desk = f"/webinars/{hall.webinar}"
    await hall.press(bureau, f"{desk}/presenters", name="Lot Lasser", email=SPEAKER)
    [mail] = await hall.letters("presenter_invited")
    speaker = await hall.device("speaker", PHONE)
    await speaker.goto(link_in(mail, "/webinars/presenter/", hall))
    await speaker.get_by_label("I keep to this").check()
    await speaker.locator("main .button-next").click()
    await speaker.wait_for_url(f"**{desk}")
    place = await hall.pool.fetchval(
        "select id from webinar_presenters where webinar_id = $1", hall.webinar
    )
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    await hall.press(bureau, f"{desk}/presenters/{place}/vetted", vetted_on=today)
    return speaker


async def register(hall: Hall, teacher: Page, colleague: Page, starts: datetime) -> None:
    """Both teachers register; each gets a letter with the entry for her calendar."""
    page = f"/p/{hall.world.programme.slug}/webinars/{hall.webinar}"
    await teacher.goto(f"{hall.url}{page}")
    await teacher.locator("main .button-next").click()
    await teacher.locator("#class_id").select_option(str(hall.classes["3B"].id))
    await teacher.fill("#expected", str(PUPILS["3B"]))
    await teacher.locator("main .button-next").click()
    await expect(teacher.locator("main")).to_contain_text("Class 3B, 24 pupils")
    await look(teacher, "webinar-registered")
    for name in ("4A", "1C"):
        await hall.press(
            colleague, f"/webinars/{hall.webinar}/register", class_id=str(hall.classes[name].id),
            expected=str(PUPILS[name]), devices="many" if name == "4A" else "one",
        )  # fmt: skip
    by_mail = {mail["To"]: mail for mail in await hall.letters("webinar_invited")}
    for who in ("teacher", "colleague"):
        mail = by_mail[hall.world.people[who].email]
        [entry] = by_icalendar(calendar_in(mail))
        assert (entry.method, entry.title) == ("REQUEST", TITLE)
        assert entry.starts == f"{starts:%Y-%m-%dT%H:%M:%S}.000Z"
        assert mail["To"] in str(entry.guests)
    assert "3B" in words_of(by_mail[hall.world.people["teacher"].email])


# --- during -------------------------------------------------------------------------------------


async def sits(hall: Hall, name: str) -> Page:
    """A pupil's phone comes in with the class code and sees that it has not begun."""
    phone = await hall.device("", PHONE, "/join")
    await phone.fill("#code", hall.classes[name].shown_code.lower())
    await phone.locator("main .button-next").click()
    await phone.wait_for_url(f"**/rooms/{hall.room}")
    await expect(phone.locator("[data-phase-words]")).to_have_text("The session has not begun yet.")
    return phone


async def show_on_screens(hall: Hall, colleague: Page) -> dict[str, Page]:
    """Each class gets its screen; the one without phones is brought in by its teacher."""
    form = {"class_id": str(hall.classes["1C"].id)}
    await hall.press(colleague, f"/rooms/{hall.room}/classes", **form)
    whose = {"3B": "teacher", "4A": "colleague", "1C": "colleague"}
    shown = await asyncio.gather(*(show_on_screen(hall, *one) for one in whose.items()))
    return dict(zip(whose, shown, strict=True))


async def show_on_screen(hall: Hall, name: str, who: str) -> Page:
    """A classroom PC becomes the class's screen and is started with its pupils."""
    screen = await hall.device(who, BEAMER if name == "3B" else SMALL_BEAMER)
    part = await hall.part(name)
    await hall.press(screen, f"/rooms/{hall.room}/beamer", session_class_id=part)
    await screen.goto(f"{hall.url}/rooms/{hall.room}/beamer")
    if name == "3B":
        await is_legible(screen)
    await screen.fill("#pupils", str(PUPILS[name]))
    await keys(screen.locator("[data-start] button"))
    await expect(screen.locator(".beamer-live")).to_be_visible()
    return screen


async def go_live(hall: Hall, bureau: Page, speaker: Page, screens: dict[str, Page]) -> None:
    """The presenter sends already; nothing of it reaches a class before the moderator begins."""
    await speaker.goto(f"{hall.url}/rooms/{hall.room}/studio")
    await speaker.locator("[data-broadcast][data-state=ready]").wait_for()
    await keys(speaker.locator("[data-do=live]"))
    await speaker.locator("[data-broadcast][data-up]").wait_for()
    await bureau.goto(f"{hall.url}/rooms/{hall.room}/desk")
    await expect(bureau.locator("[data-class-count]")).to_have_text("3 classes, 72 pupils")
    assert await screens["3B"].evaluate(PLAYED) == 0
    await keys(bureau.get_by_role("button", name="Begin", exact=True))
    await asyncio.gather(*(plays(screen) for screen in screens.values()))
    await look(bureau, "webinar-desk")
    await look(screens["1C"], "webinar-screen")


async def a_held_question(
    hall: Hall, asker: Page, other: Page, teacher: Page, desk: Page, screens: dict[str, Page],
    speaker: Page,
) -> None:  # fmt: skip
    """Held back for an account name; the teacher reads it and passes it on, the moderator too."""
    await expect(asker.locator("[data-silent]")).to_be_hidden()
    await keys(asker.locator("[aria-controls=talk-ask]"))
    await writes(asker.locator("#question"), HELD)
    await keys(asker.locator("[data-asking] button"))
    await expect(asker.locator("[data-own] li")).to_contain_text("account name")
    await expect(teacher.locator("[data-queue] li")).to_contain_text(HELD)
    await expect(screens["3B"].locator("[data-waiting]")).to_have_text("1 question waits")
    for page in (other, desk, speaker, *screens.values()):
        assert HELD not in await page.inner_text("body")
    await keys(teacher.locator("[data-queue] [data-act=passed]"))
    line = desk.locator("[data-queue] li")
    await expect(line).to_contain_text(HELD)
    await expect(line).to_contain_text("Held back: an account name?")
    assert HELD not in await speaker.inner_text("body")
    await look(desk, "webinar-desk-held")
    await keys(line.locator("[data-act=on_stage]"))
    await expect(speaker.locator("[data-prompt-text]")).to_have_text(HELD)
    await expect(speaker.locator("[data-prompt-by]")).to_contain_text("3B")
    for screen in screens.values():
        await expect(screen.locator("[data-screen-text]")).to_have_text(HELD)
    await is_legible(screens["3B"])
    await expect(other.locator("[data-staged-text]")).to_have_text(HELD)
    await look(speaker, "webinar-studio")
    await keys(desk.locator("[data-staged] [data-act=answered]"))


async def a_poll(
    hall: Hall, asker: Page, other: Page, colleague: Page, desk: Page, screen: Page
) -> None:
    """Phones vote one by one; in the class without phones hands are counted."""
    await keys(desk.locator("summary", has_text="Make a poll"))
    await writes(desk.locator("#poll-text"), "Waar werk je liever mee?")
    await writes(desk.locator("#poll-choices"), "Een draaibank\nEen robot")
    await keys(desk.locator("[data-poll-form] button"))
    for phone in (asker, other):
        await keys(phone.locator("[aria-controls=talk-vote]"))
        await keys(phone.get_by_label("Een draaibank"), "Space")
        await phone.keyboard.press("ArrowDown")
        await keys(phone.locator("[data-poll] [data-act=send]"))
        await expect(phone.locator("[data-poll]")).to_contain_text("Your vote is in")
    with_phones, without = await hall.part("4A"), await hall.part("1C")
    hands = colleague.locator(f"[data-part='{without}'] [data-hands-form]")
    await expect(colleague.locator(f"[data-part='{with_phones}'] [data-hands-form]")).to_be_hidden()
    await writes(hands.get_by_label("Een draaibank"), str(PUPILS["1C"]))
    await keys(hands.locator("button"))
    await expect(hands.locator("[data-kept]")).to_have_text("The hands are counted.")
    bars = desk.locator("[data-polls] li .talk-bars li")
    await expect(bars.nth(0)).to_contain_text("of which 22 hands")
    await expect(bars.nth(1)).to_contain_text("2")
    await keys(desk.get_by_role("button", name="Show the result"))
    await expect(asker.locator("[data-poll]")).to_contain_text("of which 22 hands")
    await expect(screen.locator("[data-screen-poll]")).to_contain_text("of which 22 hands")
    await is_legible(screen)
    await look(screen, "webinar-screen-poll")


async def are_sound(*pages: Page) -> None:
    """In the middle of it, with questions, a poll and its bars, axe finds nothing on any page."""
    for page in pages:
        assert await violations(page) == [], page.url


async def a_class_on_stage(hall: Hall, teacher: Page, desk: Page, screens: dict[str, Page]) -> None:
    """Not before its teacher agreed; off again at her touch."""
    part = await hall.part("3B")
    mine = teacher.locator(f"[data-part='{part}']")
    of_3b = desk.locator("[data-classes] li", has_text="3B")
    await expect(of_3b.locator("[data-act=put]")).to_have_count(0)
    await keys(mine.locator("[data-consent]"), "Space")
    await keys(of_3b.locator("[data-act=put]"))
    await expect(mine.locator("[data-on-stage]")).to_be_visible()
    await expect(screens["3B"].locator("[data-class-stage]")).to_be_visible()
    await is_legible(screens["3B"])
    await look(screens["3B"], "webinar-screen-on-stage")
    await look(teacher, "webinar-queue-on-stage")
    await keys(mine.locator("[data-cut]"))
    await expect(mine.locator("[data-on-stage]")).to_be_hidden()
    await expect(of_3b).not_to_have_attribute("data-state", "on_stage")
    events = "select count(*) from room_events where room_id = $1 and kind = 'class_on_stage'"
    assert await hall.pool.fetchval(events, hall.room) == 2


async def another_takes_over(hall: Hall, host: Page) -> Page:
    """The host's laptop is gone; the second moderator leads on."""
    second = await hall.device("coordinator", DESK, f"/rooms/{hall.room}/desk")
    await expect(second.locator("[data-host]")).to_contain_text("Bo Smit")
    take_over = second.get_by_role("button", name="Take over as host")
    await keys(take_over)
    await expect(second.locator("[data-refused]")).to_have_text("The host is here.")
    await host.context.close()
    async with asyncio.timeout(20):
        while "Ria Koper" not in await second.inner_text("[data-host]"):
            await take_over.click()
            await asyncio.sleep(0.5)
    return second


async def a_report(hall: Hall, phone: Page) -> None:
    """A pupil says that something is wrong; the safeguarding officer reads it, and nobody else."""
    await keys(phone.locator(".talk-report summary"))
    await phone.locator("[data-report] select").nth(0).select_option("stage")
    await phone.locator("[data-report] select").nth(1).select_option("unsafe")
    await keys(phone.locator("[data-report] button"))
    await expect(phone.locator("[data-reported]")).to_contain_text("Thank you")
    async with httpx.AsyncClient(base_url=hall.url, cookies=hall.jars["safeguarding"]) as officer:
        page = (await officer.get("/incidents", headers={"accept-language": "en"})).text
    newest = page[page.index("<main") :].partition("</li>")[0]
    assert "not safe" in newest and "told by a pupil" in newest


# --- after --------------------------------------------------------------------------------------


async def the_end(hall: Hall, desk: Page, screen: Page, phone: Page) -> None:
    """Ended for everybody; one class counts its pupils once more on the screen."""
    desk.on("dialog", lambda dialog: dialog.accept())
    await keys(desk.get_by_role("button", name="End for everybody"))
    await expect(screen.locator("[data-part=end]")).to_be_visible()
    await screen.fill("#watched", "23")
    await keys(screen.locator("[data-confirm] button"))
    await expect(screen.locator("[data-part=over]")).to_be_visible()
    await expect(phone.locator("[data-note]")).to_contain_text("closed")
    rows = {row["class_name"]: row for row in await judged(hall)}
    assert {name: row["headcount"] for name, row in rows.items()} == {**PUPILS, "3B": 23}
    for name, row in rows.items():
        assert row["has_beamer"], name
        assert 0 < row["present_ms"] <= row["window_ms"] < 240_000
        is_there = row["present_ms"] >= 0.6 * row["window_ms"]
        assert row["outcome"] in ({"present"} if is_there else {"joined_only", "partial"}), name


async def judged(hall: Hall) -> list[Any]:
    """The result of each class, once the last visit is written."""
    found = """
        select c.class_name, r.*
        from session_class_results r join session_classes c on c.id = r.session_class_id
        join sessions s on s.id = c.session_id
        where s.room_id = $1
        """
    async with asyncio.timeout(20):
        while len(rows := await hall.pool.fetch(found, hall.room)) < len(PUPILS):
            await asyncio.sleep(0.2)
    return list(rows)


async def the_letters(hall: Hall, teacher: Page, colleague: Page) -> None:
    """Each teacher is thanked with the report of her own classes; the coordinator reads all."""
    thanks = await hall.letters("webinar_thanks", timedelta(hours=1))
    by_mail = {mail["To"]: words_of(mail) for mail in thanks}
    own = by_mail[hall.world.people["teacher"].email]
    theirs = by_mail[hall.world.people["colleague"].email]
    assert "3B" in own and "4A" not in own and "23" in own
    assert "4A" in theirs and "1C" in theirs and "3B" not in theirs
    assert SPEAKER in by_mail
    for name, page in (("3B", teacher), ("4A", colleague), ("1C", colleague)):
        await page.goto(f"{hall.url}/attendance/{await hall.part(name)}")
        await expect(page.locator(".clock-bar").first).to_be_visible()
    await look(teacher, "webinar-why")
    async with httpx.AsyncClient(base_url=hall.url, cookies=hall.jars["coordinator"]) as office:
        page = (await office.get("/attendance")).text
    assert TITLE in page
    assert all(f">{name}<" in page or f"{name}," in page for name in PUPILS)
