"""A teacher who registered herself comes into the room by her sign-in, and her pongs are kept."""

from pathlib import Path

from rooms.agenda import registrations, webinar_doors
from rooms.attendance import person_results
from rooms.live.keeping import Collector
from tests.support.floor import Clock
from tests.support.live_house import live_house
from tests.support.sockets import a_page, listening
from tests.support.waiting import until
from tests.support.webinars import a_maker, an_announced


async def test_who_came_by_herself_has_a_visit_and_who_did_not_has_none(
    dsn: str, tmp_path: Path
) -> None:
    async with live_house(dsn, tmp_path, Clock()) as there, listening(there.house.app) as url:
        pool, now, world = there.house.pool, there.house.clock(), there.world
        async with pool.acquire() as conn, conn.transaction():
            by = await a_maker(conn, world)
            made = await an_announced(conn, world, now, by=by, audience="mixed")
            wish = registrations.Wish(None)
            await registrations.register(conn, world.scope, made.id, wish, now)
            await webinar_doors.open_doors(conn, by, made.id, now)
            await webinar_doors.go_live(conn, by, made.id, now)
        assert made.room_id is not None
        teacher, editor = [
            await there.cookie_of(person) for person in (world.teacher, world.editor)
        ]
        async with (
            a_page(url, made.room_id, teacher) as hers,
            a_page(url, made.room_id, editor) as company,
        ):
            connection = (await hers.hello())["connection"]
            await company.hello()
            for page in (hers, company):
                there.house.clock.move(seconds=2)
                await page.pong(1)
            guests: Collector = there.house.app.state.floor.rooms["guests"]
            await until(lambda: guests.flushed > 0)
            row = await pool.fetchrow("select * from person_visits")
            assert row is not None
            assert (str(row["connection"]), row["person_id"]) == (connection, world.teacher.id)
            assert (row["rung"], len(row["present"])) == ("udp", 1)
            await hers.socket.close(1000)
        async with a_page(url, made.room_id, teacher) as again:
            assert (await again.hello(connection=connection))["connection"] == connection
        assert await pool.fetchval("select count(*) from person_visits") == 1
        async with pool.acquire() as conn:
            [found] = await person_results.of_webinar(conn, by, made.id)
        assert (found.person_id, found.outcome) == (world.teacher.id, "joined_only")
