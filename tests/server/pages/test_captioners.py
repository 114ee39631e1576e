"""Captioners at a webinar's desk, and what its page says of captions beforehand."""

import re
from datetime import timedelta

import pytest

from tests.server.pages.test_webinars import (
    a_school_class,
    does,
    made,
    public,
    signed_in,
    somebody,
)
from tests.support.days import local_day
from tests.support.floor import House
from tests.support.lessons import World, a_world
from tests.support.mails import mails

TESS = {
    "captioner_name": "Tess Tolk",
    "captioner_email": "tess@tolk.example",
    "caption_language": "nl",
}


@pytest.fixture
async def world(app_house: House) -> World:
    async with app_house.pool.acquire() as conn, conn.transaction():
        return await a_world(conn)


async def test_the_page_says_beforehand_whether_there_will_be_captions(
    app_house: House, world: World
) -> None:
    office = await signed_in(app_house, world, await somebody(app_house, world, "bureau"))
    teacher = await signed_in(app_house, world, world.teacher)
    desk = await made(app_house, world, office, region_id="")
    await does(office, desk, "announce")
    page = public(world, desk)
    assert "no captioner yet" in (await teacher.get(page)).text
    one = await a_school_class(app_house, world)
    needs = {"class_id": str(one.id), "expected": "28", "needs": "captions"}
    assert (await teacher.post(f"{desk}/register", data=needs)).status_code == 303
    assert "1 registered class needs captions" in (await office.get(desk)).text

    for changes in ({"captioner_email": "nobody"}, {"captioner_name": " "}):
        wrong = await office.post(f"{desk}/captioners", data={**TESS, **changes})
        assert wrong.status_code == 422
    unknown = await office.post(f"{desk}/captioners", data={**TESS, "caption_language": "xx"})
    assert unknown.status_code == 422
    assert (await office.post(f"{desk}/captioners", data=TESS)).status_code == 303
    assert "has not answered yet" in (await teacher.get(page)).text
    assert "Tess" not in (await teacher.get(page)).text
    [letter] = [one for one in await mails(app_house) if one.kind == "captioner_invited"]
    assert letter.to == "tess@tolk.example"

    tess = app_house.client(headers={"accept-language": "en"})
    asks = await tess.get(letter.link)
    assert "Tess Tolk" in asks.text and "headphones" in asks.text
    goes = await tess.post(letter.link)
    assert re.fullmatch(r"/rooms/[0-9a-f-]+/captions", goes.headers["location"])
    assert "There are live captions in Dutch" in (await teacher.get(page)).text
    typing = (await tess.get(goes.headers["location"])).text
    assert 'id="line"' in typing and "You type captions in Dutch" in typing

    day = str(local_day(app_house.clock() + timedelta(days=10)))
    copied = (await office.post(f"{desk}/copy", data={"day": day})).headers["location"]
    page_of_copy = (await office.get(copied)).text
    assert "Ask again" in page_of_copy and "tess@tolk.example" in page_of_copy
    assert "has not answered yet" not in page_of_copy, "she said yes to another day"
    assert (await office.post(f"{copied}/captioners", data=TESS)).status_code == 303
    page_of_copy = (await office.get(copied)).text
    assert "Ask again" not in page_of_copy and "has not answered yet" in page_of_copy
    assert "Ask again" not in (await office.get(desk)).text

    place = re.search(rf"{desk}/captioners/([0-9a-f-]+)/remove", (await office.get(desk)).text)
    assert place is not None
    assert (await office.post(f"{desk}/captioners/{place[1]}/remove")).status_code == 303
    assert (await tess.get(letter.link)).status_code == 404
    assert (await tess.get(goes.headers["location"])).status_code == 404
    assert "no captioner yet" in (await teacher.get(page)).text
