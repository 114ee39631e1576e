"""Powers taken from somebody with an open page: gone with the next command, and the page too."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from media.live.messages import RemoveCreator, RemoveMember, Subscribe
from rooms.agenda import webinar_presenters, webinars
from rooms.people import roles
from rooms.people.persons import Person
from tests.support import people
from tests.support.captions import Captioned, a_captioned_webinar
from tests.support.days import local_day
from tests.support.floor import Clock
from tests.support.live_house import LiveHouse, live_house
from tests.support.sockets import Page, a_page, listening
from tests.support.waiting import until

AT_ONCE_S = 3.0  # looked at twice a second; generous, as the machine may be busy


@dataclass
class Hall:
    """A webinar whose doors are open, its desk, and sockets in its room."""

    there: LiveHouse
    made: Captioned
    url: str
    desk: str
    office: httpx.AsyncClient
    stack: AsyncExitStack
    joined: dict[Page, str] = field(default_factory=dict)

    async def comes(self, cookie: str) -> Page:
        page = await self.stack.enter_async_context(a_page(self.url, self.made.room_id, cookie))
        self.joined[page] = (await page.hello())["connection"]
        await page.until("room")
        return page

    async def press(self, path: str, **form: str) -> None:
        """The office presses a button of the desk."""
        answer = await self.office.post(f"{self.desk}{path}", data=form)
        assert answer.status_code == 303, answer.text[-600:]

    async def somebody(self, role: str) -> Person:
        """One more person of the programme, and nothing else."""
        async with self.there.house.pool.acquire() as conn, conn.transaction():
            person = await people.a_person(conn)
            await people.a_role(conn, self.there.world.programme, person, role)
        return person

    async def invited(self, path: str, email: str) -> str:
        """Of whoever stands at the desk with this address: what takes her off."""
        page = (await self.office.get(self.desk)).text
        line = page[page.index(email) :]
        found = re.search(rf'action="{re.escape(self.desk)}(/{path}/[0-9a-f-]+/remove)"', line)
        assert found is not None
        return found[1]

    def was_cut(self, page: Page) -> bool:
        """Whether the live process was told that this page gets no picture any more."""
        return self.joined[page] in {str(one.member) for one in self.there.live.of(RemoveMember)}

    def sees_nothing(self, creator: str) -> bool:
        """Whether she was cut off under whatever name she gave a connection of hers."""
        asked = {(one.room, one.creator) for one in self.there.live.of(RemoveCreator)}
        return (self.made.room_id, creator) in asked


@pytest.fixture
async def hall(dsn: str, tmp_path: Path) -> AsyncIterator[Hall]:
    async with live_house(dsn, tmp_path, Clock()) as there, AsyncExitStack() as stack:
        made = await a_captioned_webinar(there.house, there.world)
        url = await stack.enter_async_context(listening(there.house.app))
        async with there.house.pool.acquire() as conn, conn.transaction():
            bureau = await people.a_person(conn)
            await people.a_role(conn, there.world.programme, bureau, "bureau")
        office = await stack.enter_async_context(await there.client_of(bureau))
        yield Hall(there, made, url, f"/webinars/{made.webinar.id}", office, stack)


async def does(page: Page, what: str = "send_cue", **more: object) -> str:
    """A moderator's command; '' when it is done, else the code of its refusal."""
    request = len(page.events) + 1
    await page.say(do=what, request=request, **(more or {"cue": "next"}))
    async with asyncio.timeout(AT_ONCE_S):
        while (told := await page.next()).get("request") != request:
            pass
    return str(told["code"]) if told["event"] == "refused" else ""


async def test_a_moderator_taken_off_moderates_nothing_from_then_on(hall: Hall) -> None:
    person = await hall.somebody("facilitator")
    await hall.press("/moderators", moderator=person.email)
    cookie = await hall.there.cookie_of(person)
    page = await hall.comes(cookie)
    assert page.events[0]["role"] == "moderator" and page.events[0]["is_moderator"]
    assert await does(page, "take_over") == "", "so she has a place on the stage too"
    assert await does(page) == ""

    await hall.press(f"/moderators/{person.id}/remove")
    assert await does(page) == "not_allowed"
    assert (await page.until("closed", AT_ONCE_S))["why"] == "removed"
    await until(lambda: hall.was_cut(page) and hall.sees_nothing(f"person:{person.id}"))
    async with await hall.there.client_of(person) as client:
        for path in (hall.desk, f"/rooms/{hall.made.room_id}/desk"):
            assert (await client.get(path)).status_code == 404, path

    await hall.press("/moderators", moderator=person.email)
    again = await hall.comes(cookie)
    assert await does(again, "take_over") == "", "put on anew, she may be on the stage anew"


async def test_the_last_moderator_stays_and_one_of_the_office_keeps_what_is_hers(
    hall: Hall,
) -> None:
    [maker] = hall.made.webinar.moderator_ids
    answer = await hall.office.post(f"{hall.desk}/moderators/{maker}/remove")
    assert answer.status_code == 422 and "answer for it" in answer.text
    colleague = await hall.somebody("bureau")
    await hall.press("/moderators", moderator=colleague.email)
    page = await hall.comes(await hall.there.cookie_of(colleague))
    await hall.press(f"/moderators/{colleague.id}/remove")
    assert await does(page) == "", "the bureau moderates everywhere"
    assert not hall.sees_nothing(f"person:{colleague.id}")

    async with hall.there.house.pool.acquire() as conn, conn.transaction():
        scope, now = hall.made.by, hall.there.house.clock()
        [held] = [one for one in await roles.every(conn, scope) if one.person_id == colleague.id]
        await roles.end(conn, scope, held.id, now)
    assert await does(page) == "not_allowed"
    assert (await page.until("closed", AT_ONCE_S))["why"] == "removed"


async def test_a_presenter_taken_off_hears_so_with_and_without_a_place(hall: Hall) -> None:
    pages = []
    for email in ("mo@terpstra.example", "an@terpstra.example"):
        person = await hall_presenter(hall, email)
        pages.append((person, await hall.comes(await hall.there.cookie_of(person))))
    with_place = pages[0][0]
    async with await hall.there.client_of(with_place) as client:
        assert (await client.get(f"/rooms/{hall.made.room_id}/studio")).status_code == 200
    # A page that came after the studio was open knows her place.
    pages.append((with_place, await hall.comes(await hall.there.cookie_of(with_place))))
    assert [page.events[0]["role"] for _, page in pages] == ["presenter"] * 3
    for email in ("mo@terpstra.example", "an@terpstra.example"):
        await hall.press(await hall.invited("presenters", email))
    for _, page in pages:
        assert (await page.until("closed", AT_ONCE_S))["why"] == "removed"
        await until(lambda page=page: hall.was_cut(page))  # type: ignore[misc]


async def hall_presenter(hall: Hall, email: str) -> Person:
    """Somebody who took her place by her link, and is vetted."""
    house, by, webinar = hall.there.house, hall.made.by, hall.made.webinar
    now = house.clock()
    async with house.pool.acquire() as conn, conn.transaction():
        place, token = await webinar_presenters.invite(conn, by, webinar.id, email, "Mo", now)
        invited = await webinar_presenters.invitation(conn, token, now)
        person = await people.a_person(conn, email)
        await webinar_presenters.claim(conn, invited, person.id, now, accepts=True)
        found = await webinars.by_id(conn, by, webinar.id)
        await webinar_presenters.vet(conn, by, found, place, local_day(now), local_day(now))
    return person


async def test_a_captioner_taken_off_neither_types_nor_watches(hall: Hall) -> None:
    page = await hall.comes(f"captioner={hall.made.token}")
    phone = await hall.comes(f"seat={hall.made.phone}")
    assert phone.events[0]["is_before_live"] and not page.events[0]["is_before_live"]
    await hall.press(f"/captioners/{hall.made.captioner.id}/remove")
    said = {"line": "4a3c8f7e-0000-4000-8000-000000000001", "text": "Hier komt staal."}
    await page.say(do="caption", request=9, **said)
    async with asyncio.timeout(AT_ONCE_S):
        while "closed" not in page.kinds():
            await page.next()
    assert "done" not in page.kinds()
    assert page.events[-1]["why"] == "removed"
    await until(lambda: hall.was_cut(page))


async def test_a_captioner_taken_off_on_her_way_in_hears_so(hall: Hall) -> None:
    at = (hall.url, hall.made.room_id, f"captioner={hall.made.token}")
    page = await hall.stack.enter_async_context(a_page(*at))
    await hall.press(f"/captioners/{hall.made.captioner.id}/remove")
    await page.hello()
    assert (await page.until("closed", AT_ONCE_S))["why"] == "removed"


async def test_who_is_taken_off_watches_nothing_more_without_a_page_either(hall: Hall) -> None:
    room = f"/rooms/{hall.made.room_id}"
    person = await hall_presenter(hall, "mo@terpstra.example")
    offer = {"content": "v=0\r\n", "headers": {"content-type": "application/sdp"}}
    async with await hall.there.client_of(person) as presenter, hall.there.phone() as typist:
        typist.cookies.clear()
        typist.cookies.set("captioner", hall.made.token)
        for browser in (presenter, typist):
            answer = await browser.post(f"{room}/whep?connection={uuid4()}", **offer)
            assert answer.status_code == 201, answer.text
        watching = [one.creator.split()[0] for one in hall.there.live.of(Subscribe)]
        assert watching == [f"person:{person.id}", f"captioner:{hall.made.captioner.id}"]
        assert not any(hall.sees_nothing(one) for one in watching)
        await hall.press(await hall.invited("presenters", "mo@terpstra.example"))
        await hall.press(f"/captioners/{hall.made.captioner.id}/remove")
        assert all(hall.sees_nothing(one) for one in watching)
