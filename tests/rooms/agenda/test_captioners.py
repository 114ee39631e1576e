"""Captioners: asked by whoever works on the webinar, by a link that is theirs until taken off."""

from datetime import UTC, datetime, timedelta

import pytest

from rooms.agenda import captioners, webinar_presenters, webinar_retention, webinars
from rooms.errors import NotThere, Refused
from rooms.scope import Grant, Scope
from server.database import Pool
from tests.support import people
from tests.support.lessons import a_world
from tests.support.webinars import a_draft, a_maker, an_announced

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


async def test_a_link_is_hers_until_it_is_asked_anew_or_she_is_taken_off(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by)

        async def ask(scope: Scope, name: str = "Tess Tolk", language: str = "nl") -> str:
            args = (made.id, "Tess@Tolk.example", name, language, NOW)
            return (await captioners.invite(conn, scope, *args))[1]

        first, second = await ask(by), await ask(by, language="en")
        with pytest.raises(NotThere):
            await captioners.by_link(conn, first, NOW)
        found = await captioners.by_link(conn, second, NOW)
        assert (found.email, found.language, found.agreed_at) == ("tess@tolk.example", "en", None)
        assert found.room_id == made.room_id is not None
        assert await captioners.of_room(conn, second, made.room_id, NOW) is None
        await captioners.agree(conn, found, NOW)
        await captioners.agree(conn, found, NOW + timedelta(hours=1))
        typing = await captioners.of_room(conn, second, made.room_id, NOW)
        assert typing is not None and typing.agreed_at == NOW
        assert await captioners.of_room(conn, second, made.id, NOW) is None
        assert await captioners.of_room(conn, None, made.room_id, NOW) is None
        with pytest.raises(NotThere):
            await captioners.by_link(conn, second, NOW + timedelta(days=400))

        with pytest.raises(Refused, match="person_name"):
            await ask(by, name=" ")
        twin = Scope(world.school.id, by.person_id, (Grant("bureau"),))
        for other in (world.scope, twin):
            with pytest.raises(NotThere):
                await ask(other)
            with pytest.raises(NotThere):
                await captioners.remove(conn, other, made.id, found.id, NOW)
        assert await captioners.of_webinar(conn, twin, made.id) == []
        # A presenter works on it as well, and has no say in who is there.
        speaker = await people.a_person(conn)
        await webinar_presenters.put(conn, by, made.id, speaker.id, NOW)
        presents = Scope(world.programme.id, speaker.id, (Grant("presenter"),))
        for refused in (ask(presents), captioners.remove(conn, presents, made.id, found.id, NOW)):
            with pytest.raises(Refused, match="webinar_actor"):
                await refused
        assert await captioners.remove(conn, by, made.id, found.id, NOW) == made.room_id
        with pytest.raises(NotThere):
            await captioners.remove(conn, by, made.id, found.id, NOW)
        with pytest.raises(NotThere):
            await captioners.by_link(conn, second, NOW)


async def test_who_typed_is_forgotten_with_the_webinars_people(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world = await a_world(conn)
        by = await a_maker(conn, world)
        made = await a_draft(conn, world, NOW, person_id=by.person_id)
        await captioners.invite(conn, by, made.id, "tess@tolk.example", "Tess", "nl", NOW)
        after = made.day + timedelta(days=1)
        await webinar_retention.drop_people(conn, world.programme.id, after)
        assert len(await captioners.of_webinar(conn, by, made.id)) == 1
        await conn.execute("update webinars set state = 'cancelled'")
        await webinar_retention.drop_people(conn, world.programme.id, after)
        assert await captioners.of_webinar(conn, by, made.id) == []
        assert (await webinars.find(conn, by, made.id)).id == made.id
