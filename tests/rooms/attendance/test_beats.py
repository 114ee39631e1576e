"""Beats against a real database: late, twice, out of order, forged."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from rooms.agenda import sessions
from rooms.attendance import beats, keeping, materials, results, seats, visits
from rooms.attendance.beats import Beat
from rooms.attendance.rule import SeatKind
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.people.codes import hash_token
from server.database import Pool
from tests.support.floor import Clock
from tests.support.lessons import World, a_class, a_session, a_world

SECOND = timedelta(seconds=1)


class Lesson:
    """A running session and the means to beat in it, at a time of the test's choosing."""

    def __init__(self, pool: Pool, clock: Clock, world: World) -> None:
        self.pool, self.clock, self.world = pool, clock, world

    async def begin(self) -> "Lesson":
        async with self.pool.acquire() as conn:
            self.school_class = await a_class(conn, self.world)
            self.session = await a_session(conn, self.world, self.school_class, self.clock())
        return self

    async def phone(self) -> str:
        async with self.pool.acquire() as conn:
            _, token = await seats.sit(
                conn, self.session.programme_id, self.session.session_class_id, None, self.clock()
            )
        return token

    async def beamer(self, token: str | None = None) -> str:
        async with self.pool.acquire() as conn:
            _, token = await seats.become_beamer(
                conn, self.session.programme_id, self.session.session_class_id, token, self.clock()
            )
        return token

    async def beat(self, token: str, *said: Beat) -> beats.Now:
        async with self.pool.acquire() as conn, conn.transaction():
            batch = [(hash_token(token), self.session.id, list(said))]
            [answer] = await beats.write(conn, batch, self.clock())
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def watch(
        self, token: str, connection: UUID, seconds: int, *, start: int = 0, number: int = 0
    ) -> None:
        """Beats every two seconds while the film runs."""
        for at in range(start, start + seconds, 2):
            self.clock.move(seconds=2)
            span = (at * 1000, (at + 2) * 1000)
            await self.beat(
                token,
                Beat(
                    connection,
                    number + (at - start) // 2,
                    ranges_ms=[span],
                    position_ms=span[1],
                    is_playing=True,
                    media_wanted=True,
                    media_flowed=True,
                ),
            )

    async def judge(self) -> results.Result:
        async with self.pool.acquire() as conn:
            return results.judge(await materials.one(conn, self.session.session_class_id))

    async def rows(self, table: str) -> list[dict[str, object]]:
        async with self.pool.acquire() as conn:
            return [dict(row) for row in await conn.fetch(f"select * from {table} order by 1")]


@pytest.fixture
async def lesson(pool: Pool, clock: Clock) -> Lesson:
    async with pool.acquire() as conn:
        world = await a_world(conn)
    return await Lesson(pool, clock, world).begin()


async def test_a_phone_that_watched_enough_is_present(lesson: Lesson) -> None:
    phone = await lesson.phone()
    await lesson.watch(phone, uuid4(), 108)
    result = await lesson.judge()
    assert (result.outcome, result.present_ms) == ("present", 108_000)
    assert (result.pupils, result.headcount_source) == (1, "measured")


async def test_just_below_the_threshold_is_partial(lesson: Lesson) -> None:
    phone = await lesson.phone()
    await lesson.watch(phone, uuid4(), 106)
    result = await lesson.judge()
    assert (result.outcome, result.reason_code, result.pupils) == ("partial", "below_threshold", 0)


async def test_two_tabs_count_once(lesson: Lesson) -> None:
    phone = await lesson.phone()
    one, other = uuid4(), uuid4()
    for at in range(0, 60, 2):
        lesson.clock.move(seconds=2)
        for tab in (one, other):
            span = (at * 1000, (at + 2) * 1000)
            await lesson.beat(phone, Beat(tab, at, ranges_ms=[span], media_flowed=True))
    assert (await lesson.judge()).present_ms == 60_000


async def test_a_beat_sent_twice_changes_nothing(lesson: Lesson) -> None:
    phone, tab = await lesson.phone(), uuid4()
    said = Beat(tab, 1, ranges_ms=[(0, 2_000)], events=["connected", "shown"])
    lesson.clock.move(seconds=2)
    await lesson.beat(phone, said)
    once = (await lesson.rows("visits"), await lesson.rows("visit_events"))
    await lesson.beat(phone, said)
    await lesson.beat(phone, said)
    assert (await lesson.rows("visits"), await lesson.rows("visit_events")) == once
    assert [row["kind"] for row in once[1]] == ["connected", "shown"]


async def test_beats_kept_without_network_count_and_are_marked(lesson: Lesson) -> None:
    phone, tab = await lesson.phone(), uuid4()
    await lesson.watch(phone, tab, 20)
    async with lesson.pool.acquire() as conn:
        lesson.clock.move(seconds=160)
        assert await visits.close_silent(conn, lesson.clock()) == [lesson.session.session_class_id]
    kept = [
        Beat(tab, 10 + i, ago_ms=160_000 - 2_000 * (i + 1), ranges_ms=[(s, s + 2_000)])
        for i, s in enumerate(range(20_000, 180_000, 2_000))
    ]
    for start in range(0, len(kept), 25):
        await lesson.beat(phone, *kept[start : start + 25])
    result = await lesson.judge()
    assert (result.outcome, result.present_ms) == ("present", 180_000)
    [visit] = await lesson.rows("visits")
    assert visit["is_late"] and visit["ended_at"] is None
    assert "late_received" in {row["kind"] for row in await lesson.rows("visit_events")}


async def test_what_comes_after_the_end_changes_the_kept_result(lesson: Lesson) -> None:
    phone, tab = await lesson.phone(), uuid4()
    await lesson.watch(phone, tab, 20)
    lesson.clock.move(seconds=160)
    async with lesson.pool.acquire() as conn, conn.transaction():
        ended_at = lesson.clock()
        await sessions.end(conn, lesson.world.scope, lesson.session.id, ended_at)
        await keeping.close_session(conn, lesson.session.session_class_id, ended_at)
    [row] = await lesson.rows("session_class_results")
    assert row["outcome"] == "joined_only"
    lesson.clock.move(hours=5)
    ago = 5 * 3_600_000 + 160_000
    kept = [
        Beat(tab, 10 + i, ago_ms=ago - 2_000 * (i + 1), ranges_ms=[(s, s + 2_000)])
        for i, s in enumerate(range(20_000, 180_000, 2_000))
    ]
    after = Beat(tab, 200, ago_ms=3_600_000, ranges_ms=[(0, 180_000)])
    told = await lesson.beat(phone, *kept, after)
    assert told.state == "ended"
    [row] = await lesson.rows("session_class_results")
    assert (row["outcome"], row["present_ms"]) == ("present", 180_000)
    [visit] = await lesson.rows("visits")
    assert visit["seen_until"] == ended_at


async def forgotten(lesson: Lesson) -> datetime:
    """Nothing was heard for more than half an hour; the moment the session ended itself."""
    lesson.clock.move(minutes=31)
    async with lesson.pool.acquire() as conn, conn.transaction():
        await keeping.sweep(conn, lesson.clock())
    return await ended_at(lesson)


async def ended_at(lesson: Lesson) -> datetime:
    async with lesson.pool.acquire() as conn:
        row = await conn.fetchrow("select * from sessions where id = $1", lesson.session.id)
    assert row is not None and (row["state"], row["end_reason"]) == ("ended", "idle")
    found: datetime = row["ended_at"]
    return found


def kept_film(tab: UUID, since: int, ago_s: int, number: int = 10) -> list[Beat]:
    """The film from `since` seconds to its end, watched `ago_s` seconds ago without network."""
    return [
        Beat(tab, number + i, ago_ms=(ago_s - 2 * (i + 1)) * 1000, ranges_ms=[(s, s + 2_000)])
        for i, s in enumerate(range(since * 1000, 180_000, 2_000))
    ]


async def test_a_lesson_whose_network_went_away_counts_when_it_is_back(lesson: Lesson) -> None:
    phone, tab = await lesson.phone(), uuid4()
    await lesson.watch(phone, tab, 20)
    went_away = lesson.clock()
    assert await forgotten(lesson) == went_away
    [row] = await lesson.rows("session_class_results")
    assert row["outcome"] == "joined_only"
    kept = kept_film(tab, 20, 31 * 60)
    for start in range(0, len(kept), 25):
        assert (await lesson.beat(phone, *kept[start : start + 25])).unplaced == ()
    assert await ended_at(lesson) == went_away + 160 * SECOND
    [row] = await lesson.rows("session_class_results")
    assert (row["outcome"], row["present_ms"]) == ("present", 180_000)
    [visit] = await lesson.rows("visits")
    assert visit["is_late"] and visit["seen_until"] == went_away + 160 * SECOND
    assert (await lesson.judge()).seat_results[0].visits[0][3]


async def test_a_week_after_it_began_a_forgotten_lesson_is_closed(lesson: Lesson) -> None:
    phone, tab = await lesson.phone(), uuid4()
    began = lesson.clock()
    await lesson.watch(phone, tab, 20)
    await forgotten(lesson)
    lesson.clock.moment = began + timedelta(days=7, seconds=100)
    await lesson.beat(phone, *kept_film(uuid4(), 20, 160))
    assert await ended_at(lesson) == began + timedelta(days=7)
    lesson.clock.move(hours=1)
    await lesson.beat(phone, Beat(uuid4(), 0, ranges_ms=[(0, 2_000)]))
    assert await ended_at(lesson) == began + timedelta(days=7)


async def test_a_page_left_open_does_not_move_the_end(lesson: Lesson) -> None:
    phone, tab = await lesson.phone(), uuid4()
    await lesson.watch(phone, tab, 20)
    was = await forgotten(lesson)
    assert (await lesson.beat(phone, Beat(uuid4(), 0, events=["connected"]))).state == "ended"
    assert await ended_at(lesson) == was


async def test_what_was_not_written_is_not_acknowledged(lesson: Lesson) -> None:
    phone, other, tab = await lesson.phone(), await lesson.phone(), uuid4()
    await lesson.watch(phone, tab, 20)
    lesson.clock.move(seconds=31)
    late = Beat(tab, 10, ranges_ms=[(20_000, 22_000)], events=["shown"])
    assert (await lesson.beat(phone, late)).unplaced == (tab,)
    assert (await lesson.beat(other, Beat(tab, 11, events=["hidden"]))).unplaced == (tab,)
    assert await lesson.rows("visit_events") == []
    anew = uuid4()
    again = Beat(anew, 10, ranges_ms=[(20_000, 22_000)], events=["shown"])
    assert (await lesson.beat(phone, again)).unplaced == ()
    assert [row["connection"] for row in await lesson.rows("visits")] == [tab, anew]
    assert (await lesson.judge()).present_ms == 22_000


async def test_what_is_older_than_seven_days_is_not_taken(lesson: Lesson) -> None:
    phone = await lesson.phone()
    lesson.clock.move(days=8)
    await lesson.beat(phone, Beat(uuid4(), 0, ago_ms=7 * 24 * 3600 * 1000, ranges_ms=[(0, 2000)]))
    [visit] = await lesson.rows("visits")
    assert visit["seen_until"] == lesson.clock() - timedelta(days=7)


async def test_a_time_before_the_seat_becomes_the_seats(lesson: Lesson) -> None:
    phone = await lesson.phone()
    began = lesson.clock()
    await lesson.beat(phone, Beat(uuid4(), 0, ago_ms=3_600_000, ranges_ms=[(0, 4000)]))
    [visit] = await lesson.rows("visits")
    assert visit["started_at"] == visit["seen_until"] == began


async def test_nobody_claims_more_film_than_time_allows(lesson: Lesson) -> None:
    phone, tab = await lesson.phone(), uuid4()
    lesson.clock.move(seconds=2)
    await lesson.beat(phone, Beat(tab, 0, ranges_ms=[(0, 4_000)]))
    lesson.clock.move(seconds=2)
    await lesson.beat(phone, Beat(tab, 1, ranges_ms=[(0, 180_000)]))
    assert (await lesson.judge()).present_ms == 4_000


async def test_many_connections_make_no_more_time(lesson: Lesson) -> None:
    phone = await lesson.phone()
    lesson.clock.move(seconds=10)
    forged = [Beat(uuid4(), 0, ranges_ms=[(s, s + 4_000)]) for s in range(0, 180_000, 4_000)]
    await lesson.beat(phone, *forged)
    assert len(await lesson.rows("visits")) == 45
    assert (await lesson.judge()).present_ms <= 2 * 10_000 + 6_000


async def test_film_outside_the_film_is_cut_off(lesson: Lesson) -> None:
    phone, tab = await lesson.phone(), uuid4()
    lesson.clock.move(seconds=10)
    await lesson.beat(phone, Beat(tab, 0, ranges_ms=[(178_000, 182_000)]))
    assert (await lesson.judge()).present_ms == 2_000


async def test_nobody_writes_in_another_devices_visit(lesson: Lesson) -> None:
    victim, thief, tab = await lesson.phone(), await lesson.phone(), uuid4()
    lesson.clock.move(seconds=2)
    await lesson.beat(victim, Beat(tab, 0, ranges_ms=[(0, 2_000)]))
    before = await lesson.rows("visits")
    lesson.clock.move(seconds=2)
    await lesson.beat(thief, Beat(tab, 9, ranges_ms=[(2_000, 4_000)], is_leaving=True))
    assert await lesson.rows("visits") == before


async def test_a_silence_is_not_bridged_by_one_connection(lesson: Lesson) -> None:
    phone, tab = await lesson.phone(), uuid4()
    await lesson.watch(phone, tab, 10)
    lesson.clock.move(minutes=10)
    await lesson.beat(phone, Beat(tab, 99))
    [visit] = await lesson.rows("visits")
    assert visit["last_beat"] == 4
    assert visit["seen_until"] == lesson.clock() - timedelta(minutes=10)


async def test_a_crash_ends_a_visit_at_its_last_beat_and_the_device_goes_on(
    lesson: Lesson,
) -> None:
    phone, tab = await lesson.phone(), uuid4()
    await lesson.watch(phone, tab, 10)
    seen = lesson.clock()
    lesson.clock.move(seconds=7)
    async with lesson.pool.acquire() as conn:
        await visits.close_after_crash(conn, lesson.clock())
    [visit] = await lesson.rows("visits")
    assert (visit["ended_at"], visit["end_reason"]) == (seen, "server_restart")
    await lesson.watch(phone, tab, 10, start=10, number=5)
    [visit] = await lesson.rows("visits")
    assert (visit["ended_at"], visit["end_reason"]) == (None, None)


async def test_leaving_ends_the_visit(lesson: Lesson) -> None:
    phone, tab = await lesson.phone(), uuid4()
    lesson.clock.move(seconds=2)
    await lesson.beat(phone, Beat(tab, 0), Beat(tab, 1, is_leaving=True))
    [visit] = await lesson.rows("visits")
    assert (visit["ended_at"], visit["end_reason"]) == (lesson.clock(), "left")


async def test_companions_hear_where_the_screen_is_and_add_nothing(lesson: Lesson) -> None:
    screen = await lesson.beamer()
    phone = await lesson.phone()
    await lesson.watch(screen, uuid4(), 20)
    lesson.clock.move(seconds=1)
    told = await lesson.beat(phone, Beat(uuid4(), 0))
    assert (told.kind, told.is_playing, told.position_ms) == ("companion", True, 21_000)
    await lesson.watch(screen, uuid4(), 100, start=20)
    result = await lesson.judge()
    assert (result.outcome, result.has_beamer, result.headcount_source) == (
        "present",
        True,
        "measured",
    )


async def test_only_the_screen_moves_the_class(lesson: Lesson) -> None:
    await lesson.beamer()
    phone = await lesson.phone()
    told = await lesson.beat(phone, Beat(uuid4(), 0, position_ms=90_000, is_playing=True))
    assert (told.position_ms, told.is_playing) == (0, False)


async def test_a_replaced_screen_goes_on_counting(lesson: Lesson) -> None:
    first = await lesson.beamer()
    await lesson.watch(first, uuid4(), 60)
    second = await lesson.beamer()
    assert second != first
    with pytest.raises(NotThere):
        async with lesson.pool.acquire() as conn:
            await seats.in_session(conn, first, lesson.session.id)
    told = await lesson.beat(second, Beat(uuid4(), 0, position_ms=60_000))
    assert told.position_ms == 60_000
    await lesson.watch(second, uuid4(), 60, start=60)
    assert (await lesson.judge()).present_ms == 120_000


@pytest.mark.parametrize("is_open_at_home", [False, True])
async def test_a_phone_becomes_a_companion_when_the_screen_comes(
    lesson: Lesson, is_open_at_home: bool
) -> None:
    idle, watching = await lesson.phone(), await lesson.phone()
    await lesson.watch(watching, uuid4(), 10)
    async with lesson.pool.acquire() as conn:
        if is_open_at_home:
            until = lesson.clock() + timedelta(days=2)
            await conn.execute("update sessions set home_until = $1", until)
    await lesson.beamer()
    async with lesson.pool.acquire() as conn:
        kinds = [await kind_of(conn, token) for token in (idle, watching)]
    assert kinds == [SeatKind.COMPANION, SeatKind.OWN if is_open_at_home else SeatKind.COMPANION]


async def kind_of(conn: Connection, token: str) -> SeatKind:
    seat = await seats.behind(conn, token)
    assert seat is not None
    return seat.kind


async def test_seats_beyond_the_headcount_and_three_wait(lesson: Lesson) -> None:
    async with lesson.pool.acquire() as conn:
        await conn.execute("update session_classes set declared = 2")
    tokens = [await lesson.phone() for _ in range(7)]
    async with lesson.pool.acquire() as conn:
        waiting = [(await seats.behind(conn, token)).is_waiting for token in tokens]  # type: ignore[union-attr]
    assert waiting == [False] * 5 + [True] * 2
    await lesson.watch(tokens[6], uuid4(), 120)
    assert (await lesson.judge()).outcome == "joined_only"
    async with lesson.pool.acquire() as conn:
        await seats.let_in(conn, lesson.world.scope, lesson.session.session_class_id)
    assert (await lesson.judge()).outcome == "present"


async def test_a_reconnecting_device_keeps_its_seat(lesson: Lesson) -> None:
    token = await lesson.phone()
    async with lesson.pool.acquire() as conn:
        _, again = await seats.sit(
            conn,
            lesson.session.programme_id,
            lesson.session.session_class_id,
            token,
            lesson.clock(),
        )
    assert again == token
    assert len(await lesson.rows("seats")) == 1


async def test_asked_for_and_never_come_is_the_networks_fault(lesson: Lesson) -> None:
    phone, tab = await lesson.phone(), uuid4()
    for number in range(40):
        lesson.clock.move(seconds=2)
        await lesson.beat(phone, Beat(tab, number, media_wanted=True))
    assert (await lesson.judge()).outcome == "unknown_network"


async def test_a_token_of_another_lesson_is_refused(lesson: Lesson) -> None:
    async with lesson.pool.acquire() as conn:
        other = await a_class(conn, lesson.world, "4A")
        session = await a_session(conn, lesson.world, other, lesson.clock())
        _, token = await seats.sit(
            conn, session.programme_id, session.session_class_id, None, lesson.clock()
        )
    with pytest.raises(NotThere):
        await lesson.beat(token, Beat(uuid4(), 0))


async def test_kept_results_equal_recomputation(lesson: Lesson) -> None:
    for seconds in (10, 70, 120):
        await lesson.watch(await lesson.phone(), uuid4(), seconds)
    async with lesson.pool.acquire() as conn:
        kept = await results.rebuild(conn, lesson.session.session_class_id, lesson.clock())
    assert kept == await lesson.judge()
    [row] = await lesson.rows("session_class_results")
    assert (row["outcome"], row["seats"], row["seats_passed"], row["pupils"]) == (
        "present",
        3,
        1,
        1,
    )


def test_times_are_those_of_the_server(clock: Clock) -> None:
    made = clock()
    place = beats.Place(
        uuid4(), uuid4(), uuid4(), uuid4(), SeatKind.OWN, False, False, False, made, None, 60_000
    )
    now: datetime = made + 100 * SECOND
    [stretch] = beats.admit(
        place, [Beat(uuid4(), 0, ago_ms=50_000), Beat(uuid4(), 0, ago_ms=0)][:1], now
    )
    assert stretch.first_at == made + 50 * SECOND
    assert stretch.is_late
