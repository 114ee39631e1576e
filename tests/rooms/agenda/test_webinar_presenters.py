"""Presenters: invited by a link, claimed once, and vetted before they meet pupils."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rooms.agenda import (
    afterwards,
    registrations,
    webinar_doors,
    webinar_presenters,
    webinars,
)
from rooms.attendance import retention
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.live import presenters, rooms, stream_keys
from rooms.live.standing import TakenOff
from rooms.scope import Grant, Scope
from server.database import Pool
from tests.support import people
from tests.support.lessons import World, a_class, a_world
from tests.support.webinars import a_maker, an_announced

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
TODAY = date(2026, 3, 10)
OPENS = datetime(2026, 3, 17, 8, 45, tzinfo=UTC)


@pytest.fixture
async def world(pool: Pool) -> World:
    async with pool.acquire() as conn:
        return await a_world(conn)


def presenting(world: World, person_id: object) -> Scope:
    return Scope(world.programme.id, person_id, (Grant("presenter"),))  # type: ignore[arg-type]


async def _invited(
    conn: Connection, by: Scope, made: webinars.Webinar, email: str = "Mo@Terpstra.example"
) -> webinar_presenters.Invitation:
    _, token = await webinar_presenters.invite(conn, by, made.id, email, " Mo  Terpstra ", NOW)
    return await webinar_presenters.invitation(conn, token, NOW)


async def test_a_link_is_an_invitation_until_it_is_asked_anew(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by)
        _, first = await webinar_presenters.invite(conn, by, made.id, "mo@t.example", "Mo", NOW)
        _, second = await webinar_presenters.invite(conn, by, made.id, "mo@t.example", "Mo", NOW)
        with pytest.raises(NotThere):
            await webinar_presenters.invitation(conn, first, NOW)
        found = await webinar_presenters.invitation(conn, second, NOW)
        with pytest.raises(NotThere):
            await webinar_presenters.invitation(conn, second, NOW + timedelta(days=400))
        [listed] = await webinar_presenters.of_webinar(conn, by, made.id)
        with pytest.raises(Refused, match="person_name"):
            await webinar_presenters.invite(conn, by, made.id, "an@t.example", " ", NOW)
        with pytest.raises(NotThere):
            await webinar_presenters.invite(conn, world.scope, made.id, "an@t.example", "An", NOW)
    assert (found.email, found.person_id, found.has_accepted) == ("mo@t.example", None, False)
    assert (listed.name, listed.is_claimed, listed.may_meet_pupils) == ("Mo", False, False)


async def test_a_place_is_claimed_once_and_with_the_code_of_conduct(
    pool: Pool, world: World
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by)
        invited = await _invited(conn, by, made)
        mo, other = await people.a_person(conn, invited.email), await people.a_person(conn)
        with pytest.raises(Refused, match="conduct_missing"):
            await webinar_presenters.claim(conn, invited, mo.id, NOW, accepts=False)
        await webinar_presenters.claim(conn, invited, mo.id, NOW, accepts=True)
        with pytest.raises(NotThere):
            await webinar_presenters.claim(conn, invited, other.id, NOW, accepts=True)
        # What was accepted once holds in the whole programme.
        await webinar_presenters.claim(conn, invited, mo.id, NOW, accepts=False)
        with pytest.raises(Conflict, match="presenter_claimed"):
            await webinar_presenters.invite(conn, by, made.id, invited.email, "Mo", NOW)
        found = await webinars.by_id(conn, by, made.id)
    assert (invited.email, invited.name) == ("mo@terpstra.example", "Mo Terpstra")
    assert found.presenter_ids == (mo.id,)
    assert webinars.works_on(presenting(world, mo.id), found)


@pytest.mark.parametrize(("audience", "needs_vetting"), [("pupils", True), ("teachers", False)])
async def test_nobody_unvetted_meets_pupils(
    pool: Pool, world: World, audience: str, needs_vetting: bool
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by, audience=audience)
        invited = await _invited(conn, by, made)
        mo = await people.a_person(conn, invited.email)
        await webinar_presenters.claim(conn, invited, mo.id, NOW, accepts=True)
        scope = presenting(world, mo.id)
        assert made.room_id is not None
        # Before the doors open she may try the stage.
        place = await presenters.take_place(conn, scope, made.room_id, NOW)
        await webinar_doors.open_doors(conn, by, made.id, OPENS)
        before = await _may_present(conn, scope, made)
        if needs_vetting:
            with pytest.raises(Refused, match="presenter_unvetted"):
                await webinar_doors.go_live(conn, by, made.id, OPENS)
        for who, day in ((scope, TODAY), (by, TODAY + timedelta(days=1))):
            with pytest.raises((NotThere, Refused)):
                await webinar_presenters.vet(conn, who, made, invited.presenter_id, day, TODAY)
        await webinar_presenters.vet(conn, by, made, invited.presenter_id, TODAY, TODAY)
        after = await _may_present(conn, scope, made)
        await webinar_doors.go_live(conn, by, made.id, OPENS)
        gone = await webinar_presenters.remove(conn, by, made.id, invited.presenter_id, NOW)
        removed = await _may_present(conn, scope, made)
    assert gone is not None and gone == TakenOff(mo.id, place.member)
    assert (before, after, removed) == (not needs_vetting, True, False)


async def _may_present(conn: Connection, scope: Scope, made: webinars.Webinar) -> bool:
    assert made.room_id is not None
    room = await rooms.shown(conn, scope.programme_id, made.room_id)
    return rooms.may_present(scope, room)


async def test_who_is_invited_anew_has_her_place_again_without_her_old_keys(
    pool: Pool, world: World
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by)
        mo = await people.a_person(conn, "mo@terpstra.example")
        scope = presenting(world, mo.id)
        assert made.room_id is not None
        keys = []
        for _ in range(2):
            invited = await _invited(conn, by, made)
            await webinar_presenters.claim(conn, invited, mo.id, NOW, accepts=True)
            keys.append(await stream_keys.create(conn, scope, made.room_id, "OBS", NOW))
            if len(keys) == 1:
                place = invited.presenter_id
                gone = await webinar_presenters.remove(conn, by, made.id, place, NOW)
                assert gone is not None
                assert await stream_keys.holder(conn, keys[0].token, NOW) is None
        assert await stream_keys.holder(conn, keys[0].token, NOW) is None
        held = await stream_keys.holder(conn, keys[1].token, NOW)
        assert held is not None and held.member == gone.member, "the same place"


async def test_a_copy_takes_those_along_who_have_their_place(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by)
        invited = await _invited(conn, by, made)
        await _invited(conn, by, made, "late@terpstra.example")
        mo = await people.a_person(conn, invited.email)
        await webinar_presenters.claim(conn, invited, mo.id, NOW, accepts=True)
        copied = await webinar_doors.copy(conn, by, made.id, made.day + timedelta(days=7), NOW)
        listed = await webinar_presenters.of_webinar(conn, by, copied.id)
    assert [one.email for one in listed] == ["mo@terpstra.example"]
    assert copied.presenter_ids == (mo.id,)


async def test_after_two_school_years_nobody_stands_at_a_webinar(pool: Pool, world: World) -> None:
    async with pool.acquire() as conn, conn.transaction():
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by)
        invited = await _invited(conn, by, made)
        mo = await people.a_person(conn, invited.email)
        await webinar_presenters.claim(conn, invited, mo.id, NOW, accepts=True)
        told = "select count(*) from webinar_preparations"
        await afterwards.tell_preparation(conn, world.programme.id, made.id, mo.id, 45, NOW)
        one = await a_class(conn, world)
        wish = registrations.Wish(one.id, 28)
        await registrations.register(conn, world.scope, made.id, wish, NOW)
        # Not while it is still to come, whatever the day says.
        late = NOW + timedelta(days=3 * 366)
        await retention.purge(conn, late)
        assert len(await webinar_presenters.of_webinar(conn, by, made.id)) == 1
        await webinar_doors.cancel(conn, by, made.id, "Storm", NOW)
        await retention.purge(conn, NOW + timedelta(days=366))
        assert len(await webinar_presenters.of_webinar(conn, by, made.id)) == 1
        assert await conn.fetchval(told) == 1
        await retention.purge(conn, late)
        assert await conn.fetchval(told) == 0
        found = await webinars.by_id(conn, by, made.id)
        assert await webinar_presenters.of_webinar(conn, by, made.id) == []
        assert await registrations.of_webinar(conn, by, made.id) == []
        named = "select count(*) from webinar_events where person_id is not null"
        assert await conn.fetchval(named) == 0
        proof = await conn.fetchval("select removed from purges where what = 'webinar_people'")
    assert (found.created_by, found.moderator_ids, found.presenter_ids) == (None, (), ())
    assert found.title == "Build a dyke"
    # A registration, a presenter and her hours, a moderator, three moments of its history, the
    # webinar itself.
    assert (proof, invited.name) == (8, "Mo Terpstra")


async def test_a_presenter_of_webinars_opens_no_room_of_the_programme(
    pool: Pool, world: World
) -> None:
    async with pool.acquire() as conn, conn.transaction():
        person = await people.a_person(conn)
        with pytest.raises(Refused, match="room_company"):
            await rooms.open_room(conn, presenting(world, person.id), "Mine", None, NOW)
