"""Those who come by themselves: one signed-in person, her pages' beats, the session's own rule."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from rooms.agenda import registrations, webinar_doors
from rooms.attendance import person_results, person_visits
from rooms.attendance.person_results import Stay
from rooms.attendance.rule import Rule, Window, WindowKind, unix_ms
from rooms.connection import Connection
from rooms.live import on_air
from rooms.live.presence import Beat, Page
from rooms.scope import Scope
from server.database import Pool
from tests.support.lessons import World, a_world
from tests.support.webinars import a_maker, an_announced

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
MINUTE = 60_000


def outcome(*stays: Stay, window_min: int = 50) -> tuple[str, str, int]:
    window = Window(WindowKind.ACTUAL, ((0, window_min * MINUTE),))
    found = person_results.judge(Rule(Decimal("0.6")), window, uuid4(), "Noor", list(stays))
    return found.outcome, found.reason_code, found.present_ms


def test_one_person_is_counted_once_whatever_her_tabs() -> None:
    two = (Stay(((0, 20 * MINUTE),), True), Stay(((10 * MINUTE, 31 * MINUTE),), True))
    assert outcome(*two) == ("present", "threshold_reached", 31 * MINUTE)
    assert outcome(two[1]) == ("partial", "below_threshold", 21 * MINUTE)
    assert outcome(Stay(((0, 40 * MINUTE),), False))[:2] == (
        "unknown_network",
        "media_never_flowed",
    )
    assert outcome() == ("no_show", "no_seat", 0)
    # a short hole is counted through, a long one is not
    holes = Stay(((0, 10 * MINUTE), (10 * MINUTE + 15_000, 20 * MINUTE)), True)
    assert outcome(holes)[2] == 20 * MINUTE


async def beats(
    conn: Connection, key: tuple[UUID, UUID, UUID], start: datetime, pongs: int
) -> UUID:
    """Her page, answering every two seconds for so many pings; written in one go."""
    connection = await person_visits.open_one(conn, *key, None, start)
    page = Page(connection, start)
    for number in range(1, pongs + 1):
        at = start + timedelta(seconds=2 * number)
        page.beat(Beat(at, is_shown=True, is_audible=False, rung="udp"))
    move = page.take()
    assert move is not None
    for _ in range(2):  # the same again changes nothing
        assert set(await person_visits.move(conn, [move])) == {connection}
    return connection


async def test_a_teachers_own_attendance_is_measured_and_outlives_its_visits(pool: Pool) -> None:
    async with pool.acquire() as conn, conn.transaction():
        world: World = await a_world(conn)
        by = await a_maker(conn, world)
        made = await an_announced(conn, world, NOW, by=by, audience="teachers")
        wish = registrations.Wish(None)
        await registrations.register(conn, world.scope, made.id, wish, NOW)
        key = (world.programme.id, made.id, world.teacher.id)
        assert await registrations.is_guest(conn, *key)
        assert not await registrations.is_guest(conn, *key[:2], by.person_id or uuid4())
        start = made.starts_at
        await webinar_doors.open_doors(conn, by, made.id, start)
        await webinar_doors.go_live(conn, by, made.id, start)
        assert made.room_id is not None
        span = ((unix_ms(start), unix_ms(start + timedelta(minutes=10))),)
        await on_air.see(conn, {made.room_id: span}, start + timedelta(minutes=10))

        connection = await beats(conn, key, start, 150)
        other = (key[0], key[1], by.person_id or uuid4())
        assert await person_visits.open_one(conn, *other, connection, start) != connection
        await beats(conn, key, start + timedelta(minutes=6), 60)
        [found] = await person_results.of_webinar(conn, by, made.id)
        assert (found.person_id, found.outcome) == (world.teacher.id, "present")
        assert (found.present_ms, found.window_ms) == (7 * MINUTE, 10 * MINUTE)
        assert await person_results.of_webinar(conn, Scope(world.school.id), made.id) == []

        await webinar_doors.end(conn, by, made.id, start + timedelta(minutes=10))
        moved = await beats_after_the_end(conn, connection, start)
        assert moved == {}
        after = made.day + timedelta(days=1)
        assert await person_results.freeze(conn, key[0], after, NOW) == 3
        [kept] = await person_results.of_webinar(conn, by, made.id)
        assert (kept.is_frozen, kept.intervals) == (True, ())
        assert (kept.outcome, kept.present_ms) == (found.outcome, found.present_ms)
        assert await person_results.drop(conn, key[0], after) == 1


async def beats_after_the_end(
    conn: Connection, connection: UUID, start: datetime
) -> dict[UUID, object]:
    """A page that goes on answering when the webinar is over."""
    page = Page(connection, start + timedelta(minutes=11))
    page.beat(Beat(start + timedelta(minutes=11, seconds=2), is_shown=True, is_audible=True))
    move = page.take()
    assert move is not None
    return dict(await person_visits.move(conn, [move]))
