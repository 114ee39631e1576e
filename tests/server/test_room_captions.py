"""Captions over real sockets: typed by link, read at once by who may, corrected, kept briefly."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from rooms.agenda import captioners, webinar_doors
from rooms.errors import Refused
from rooms.live import captions
from rooms.live.caption_board import KEPT_FOR
from server.open_rooms import OpenRoom, OpenRooms
from server.room_captions import RoomCaptions
from tests.support.captions import Captioned, a_captioned_webinar
from tests.support.floor import Clock
from tests.support.live_house import LiveHouse, live_house
from tests.support.sockets import Page, a_page, listening

SAID = "Hier komt het staal binnen."
# One transaction and one notification; generous, as the machine may be busy.
AT_ONCE_S = 1.0


class Rig:
    """A webinar, and sockets in its room."""

    def __init__(self, there: LiveHouse, made: Captioned, url: str, stack: AsyncExitStack) -> None:
        self.there, self.made, self.url, self.stack = there, made, url, stack

    async def comes(self, cookie: str) -> Page:
        page = await self.stack.enter_async_context(a_page(self.url, self.made.room_id, cookie))
        await page.hello()
        await page.until("room")
        return page

    async def types(self) -> Page:
        return await self.comes(f"captioner={self.made.token}")

    async def reads(self) -> Page:
        return await self.comes(f"seat={self.made.phone}")

    async def goes_live(self) -> None:
        async with self.there.house.pool.acquire() as conn, conn.transaction():
            now = self.there.house.clock()
            await webinar_doors.go_live(conn, self.made.by, self.made.webinar.id, now)


@pytest.fixture
async def rig(dsn: str, tmp_path: Path) -> AsyncIterator[Rig]:
    async with live_house(dsn, tmp_path, Clock()) as there, AsyncExitStack() as stack:
        made = await a_captioned_webinar(there.house, there.world)
        url = await stack.enter_async_context(listening(there.house.app))
        yield Rig(there, made, url, stack)


async def say(page: Page, text: str, line: str = "") -> str:
    """Types a line; its name."""
    line = line or str(uuid4())
    request = len(page.events)
    await page.say(do="caption", request=request, line=line, text=text)
    assert (await page.until("done"))["request"] == request
    return line


def told(event: dict[str, Any]) -> tuple[str, str, str]:
    caption = event["caption"]
    return caption["id"], caption["text"], caption["language"]


async def test_what_is_typed_is_read_at_once_and_can_be_corrected(rig: Rig) -> None:
    typing, phone = await rig.types(), await rig.reads()
    assert typing.events[0]["role"] == "captioner" and phone.events[-1]["captions_in"] == ["nl"]
    assert (await typing.until("phase"))["phase"] == "lobby"
    tried = await say(typing, "Test, test")
    while tried not in str(typing.events):
        await typing.next()
    rig.there.house.clock.move(seconds=60)
    await rig.goes_live()
    while (await phone.until("phase"))["phase"] != "live":
        pass
    assert "caption" not in phone.kinds()
    began = time.monotonic()
    line = await say(typing, f"  {SAID.replace(' ', '  ')}")
    assert told(await phone.until("caption")) == (line, SAID, "nl")
    assert time.monotonic() - began < AT_ONCE_S
    for text in ("Hier gaat het staal naar buiten.", ""):
        assert await say(typing, text, line) == line
        assert told(await phone.until("caption")) == (line, text, "nl")
    await say(typing, SAID)

    late = await rig.reads()  # what was tried is not said again
    assert [one["text"] for one in late.events[-1]["captions"]] == [SAID]
    pool = rig.there.house.pool
    assert not await pool.fetchval("select bool_or(data::text ~ 'staal') from room_events")
    async with pool.acquire() as conn:
        rig.there.house.clock.move(seconds=KEPT_FOR.total_seconds() + 1)
        assert await captions.drop_old(conn, rig.there.house.clock()) == 3


async def test_only_the_captioner_types_and_no_longer_than_she_may(rig: Rig) -> None:
    await rig.goes_live()
    typing, phone = await rig.types(), await rig.reads()
    await phone.say(do="caption", request=7, line=str(uuid4()), text=SAID)
    refused = await phone.until("refused")
    assert (refused["code"], refused["request"]) == ("not_allowed", 7)
    line = await say(typing, SAID)
    async with rig.there.house.pool.acquire() as conn, conn.transaction():
        by, made, now = rig.made.by, rig.made, rig.there.house.clock()
        room_id = await captioners.remove(conn, by, made.webinar.id, made.captioner.id, now)
        assert room_id == made.room_id
        with pytest.raises(Refused, match="not_allowed"):
            await captions.say(conn, made.captioner, made.room_id, uuid4(), SAID, now)
        await captions.tell_removed(conn, made.room_id, made.captioner.id)
    assert (await typing.until("closed"))["why"] == "removed"
    assert [one["caption"]["id"] for one in phone.events if one["event"] == "caption"] in (
        [],
        [line],
    )
    async with rig.there.client(cookies={"captioner": made.token}) as client:
        answer = await client.get(f"/rooms/{made.room_id}/captions")
    assert answer.status_code == 404


async def test_a_link_opens_one_room_and_its_stage(rig: Rig) -> None:
    there, made = rig.there, rig.made
    async with there.client(headers={"origin": "http://testserver"}) as client:
        shown = await client.get(f"/webinars/captions/{made.token}")
        assert shown.status_code == 200 and "Tess Tolk" in shown.text
        gone = await client.post(f"/webinars/captions/{made.token}")
        assert gone.headers["location"] == f"/rooms/{made.room_id}/captions"
        assert f"Path=/rooms/{made.room_id}" in gone.headers["set-cookie"]
        assert (await client.get(f"/rooms/{made.room_id}/captions")).status_code == 200
        assert (await client.get(f"/rooms/{made.room_id}/whep")).status_code == 204
        assert (await client.get(f"/rooms/{made.room_id}/whip")).status_code == 403
        assert (await client.get(f"/rooms/{there.room.id}/captions")).status_code == 404
        client.cookies.set("captioner", made.token)
        assert (await client.get(f"/rooms/{there.room.id}/whep")).status_code == 401


async def test_lines_that_could_not_be_read_are_read_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    async def recent(*_: Any) -> list[Any]:
        asked.append(True)
        if len(asked) == 1:
            raise OSError("the database is away")
        return []

    monkeypatch.setattr(captions, "recent", recent)
    reader, room, conn = RoomCaptions(OpenRooms(), Clock()), OpenRoom(uuid4(), 0), cast(Any, None)
    with pytest.raises(OSError, match="away"):
        await reader.read(conn, uuid4(), room)
    for _ in range(2):
        await reader.read(conn, uuid4(), room)
    assert len(asked) == 2
