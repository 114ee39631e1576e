"""A live room with a canary in everything a pupil can send, and a backup that holds none of it."""

import asyncio
from pathlib import Path
from uuid import uuid4

import asyncpg

from media.storage import open_storage
from server import archive, backup
from server.archive import DUMP
from tests.support.floor import Clock
from tests.support.live_house import LiveHouse, live_house
from tests.support.sockets import Page, a_page, listening

CANARY = "Canarypupil"
HELD = f"Mail mij: {CANARY.lower()}@example.net of 06 12345678"
UNSEEN = f"Ik ben {CANARY} en wie bent u"
SHOWN = "Hoe word je lasser?"
FORGED = {"user-agent": f"Mozilla {CANARY}", "x-forwarded-for": "203.0.113.77", "x-name": CANARY}


async def answered(page: Page, **command: object) -> str:
    """'' when it is done, else why not."""
    request = len(page.events) + 1
    await page.say(request=request, name=CANARY, **command)
    while True:
        async with asyncio.timeout(8):
            event = await page.next()
        if event.get("request") == request:
            return str(event.get("code", ""))


async def as_text(dsn: str, folder: Path, there: LiveHouse) -> str:
    """What stands in a backup of all of it."""
    folder.mkdir()
    storage = open_storage(there.house.settings.storage_url)
    await backup.write(dsn, storage, folder, copies=False)
    conn = await asyncpg.connect(dsn)
    _, programs = archive.tools(await archive.major_of(conn))
    await conn.close()
    reader = await asyncio.create_subprocess_exec(
        programs / "pg_restore", "--file=-", folder / DUMP, stdout=asyncio.subprocess.PIPE
    )
    text, _ = await reader.communicate()
    return text.decode()


async def test_a_backup_of_a_room_knows_no_pupil(dsn: str, tmp_path: Path) -> None:
    async with live_house(dsn, tmp_path, Clock()) as there, listening(there.house.app) as url:
        seat = f"seat={there.token}; name={CANARY}"
        async with there.phone() as browser:
            for path in ("", "?name=" + CANARY):
                page = f"/rooms/{there.room.id}{path}"
                assert (await browser.get(page, headers=FORGED)).status_code == 200
        teacher_cookie = await there.cookie_of(there.world.teacher)
        editor_cookie = await there.cookie_of(there.world.editor)
        async with (
            a_page(url, there.room.id, teacher_cookie) as teacher,
            a_page(url, there.room.id, editor_cookie) as moderator,
            a_page(url, there.room.id, seat) as phone,
        ):
            for one in (moderator, teacher, phone):
                await one.hello()
                await one.until("room")
            await phone.until("class")
            held, unseen, shown, poll = (str(uuid4()) for _ in range(4))
            for question, text in ((held, HELD), (unseen, UNSEEN), (shown, SHOWN)):
                assert await answered(phone, do="ask", question=question, text=text) == ""
            for name, do in (("to", "passed"),):
                assert await answered(teacher, do="move", question=shown, **{name: do}) == ""
            assert await answered(moderator, do="move", question=shown, to="on_stage") == ""
            choices = {"text": "Wat?", "choices": ["a", "b"]}
            assert await answered(moderator, do="open_poll", poll=poll, **choices) == ""
            assert await answered(phone, do="vote", poll=poll, choices=[0]) == ""
            assert await answered(phone, do="raise_hand") == ""
            told = {"about": "question", "concern": "unkind"}
            assert await answered(phone, do="report", question=shown, **told) == ""
            assert await answered(teacher, do="report", question=held, **told) == ""
        assert await there.house.pool.fetchval("select count(*) from unseen_questions") == 2
        text = await as_text(dsn, tmp_path / "backup", there)
    assert SHOWN in text, "the net is tight: what everybody saw is there"
    for canary in (CANARY, "12345678", "203.0.113.77", "Mozilla"):
        assert canary.casefold() not in text.casefold(), canary
