"""Hide and mute: a presenter's own, answered when the live process has done it; and her end."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from media.live.messages import Hide, Listen, Mute, RemoveMember
from rooms.live import presenters, rooms
from tests.support import people
from tests.support.floor import Clock
from tests.support.live_house import LiveHouse, live_house
from tests.support.live_rooms import presenter_of
from tests.support.scripted_live import refuse


@pytest.fixture
async def there(dsn: str, tmp_path: Path, clock: Clock) -> AsyncIterator[LiveHouse]:
    async with live_house(dsn, tmp_path, clock) as made:
        yield made


async def post(there: LiveHouse, client: httpx.AsyncClient, what: str, body: object) -> int:
    answer = await client.post(f"/rooms/{there.room.id}/{what}", json=body)
    return answer.status_code


async def member_of(there: LiveHouse) -> UUID:
    async with there.house.pool.acquire() as conn, conn.transaction():
        now = there.house.clock()
        scope = presenter_of(there.world)
        return (await presenters.take_place(conn, scope, there.room.id, now)).member


async def test_a_presenter_hides_and_shows_herself(there: LiveHouse) -> None:
    member, room = await member_of(there), there.room.id
    async with await there.client_of(there.world.editor) as studio:
        for hidden in (True, False):
            answer = await studio.post(f"/rooms/{room}/hide", json={"hidden": hidden})
            assert (answer.status_code, answer.json()) == (200, {"hidden": hidden})
            answer = await studio.post(f"/rooms/{room}/mute", json={"muted": hidden})
            assert (answer.status_code, answer.json()) == (200, {"muted": hidden})
    assert there.live.of(Hide) == [Hide(room, 1, member, True), Hide(room, 1, member, False)]
    assert there.live.of(Mute) == [Mute(room, 1, member, True), Mute(room, 1, member, False)]


async def test_it_is_not_answered_before_it_is_done(there: LiveHouse) -> None:
    there.live.answers[Hide] = refuse("live_overloaded")
    async with await there.client_of(there.world.editor) as studio:
        assert await post(there, studio, "hide", {"hidden": True}) == 503


@pytest.mark.parametrize("body", [{}, [], {"hidden": "yes"}, {"muted": True}, "x" * 2000])
async def test_what_is_not_said_clearly_is_not_done(there: LiveHouse, body: object) -> None:
    async with await there.client_of(there.world.editor) as studio:
        assert await post(there, studio, "hide", body) in {413, 422}
    assert there.live.of(Hide) == []


async def test_others_cannot(there: LiveHouse) -> None:
    async with there.phone() as phone, await there.client_of(there.world.teacher) as teacher:
        assert await post(there, phone, "hide", {"hidden": True}) == 401
        assert await post(there, teacher, "hide", {"hidden": True}) == 404
    async with await there.client_of(there.world.editor) as studio:
        async with there.house.pool.acquire() as conn, conn.transaction():
            await rooms.close(conn, presenter_of(there.world), there.room.id, there.house.clock())
        assert await post(there, studio, "hide", {"hidden": True}) == 404
    assert all(isinstance(one, Listen) for one in there.live.asked)


async def test_whose_role_is_taken_away_is_off_the_stage_it_opened(there: LiveHouse) -> None:
    member, programme, editor = await member_of(there), there.world.programme, there.world.editor
    async with there.house.pool.acquire() as conn, conn.transaction():
        bureau = await people.a_person(conn)
        await people.a_role(conn, programme, bureau, "bureau")
        await people.a_role(conn, programme, editor, "facilitator")
        rows = await conn.fetch("select role, id from roles where person_id = $1", editor.id)
    held = dict(rows)
    async with await there.client_of(bureau) as office:
        for role, cut in (("facilitator", []), ("editor", [member])):
            answer = await office.post(f"/programme/persons/{held[role]}/end")
            assert answer.status_code == 303
            assert [one.member for one in there.live.of(RemoveMember)] == cut
