"""A class in a room, from its pongs to its result: what counts, what does not, and why."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from rooms.agenda import room_sessions
from rooms.attendance import (
    confirmations,
    corrections,
    export,
    keeping,
    materials,
    reach,
    report,
    results,
    retention,
    review,
    seats,
    visits,
)
from rooms.attendance.report import Filters
from rooms.attendance.results import Result
from rooms.attendance.review import By
from rooms.attendance.rule import SeatKind, unix_ms
from rooms.attendance.seats import Seat
from rooms.live import keeping as live
from rooms.live import on_air, rooms
from rooms.live.keeping import Collector
from rooms.live.presence import Beat, Flowed, Happened, Page, Told, moment
from rooms.scope import Scope
from server.database import Pool
from tests.support import lessons
from tests.support.floor import Clock
from tests.support.live_rooms import a_room, moderator_of, presenter_of

MINUTE = 60


class Sitting:
    """A class in a room; time goes on by `run`, which pings every two seconds."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self.pool, self.clock = pool, clock
        self.lost: set[UUID] = set()
        self.collector = Collector(pool, clock, self.lost.update)
        self.presenter = uuid4()

    async def begin(self) -> "Sitting":
        async with self.pool.acquire() as conn, conn.transaction():
            self.world = await lessons.a_world(conn)
            self.room = await a_room(conn, self.world, self.clock())
        self.part = await self.takes_part("3B")
        return self

    async def takes_part(self, name: str) -> room_sessions.Part:
        async with self.pool.acquire() as conn, conn.transaction():
            school_class = await lessons.a_class(conn, self.world, name)
            return await room_sessions.take_part(
                conn, self.world.scope, self.room.id, school_class.id, self.clock()
            )

    async def sits(self, part: room_sessions.Part | None = None, kind: str = "own") -> Seat:
        sit = seats.become_beamer if kind == "beamer" else seats.sit
        async with self.pool.acquire() as conn, conn.transaction():
            part = part or self.part
            seat, _ = await sit(conn, part.programme_id, part.session_class_id, None, self.clock())
        return seat

    async def opens(self, seat: Seat, connection: UUID | None = None) -> Page:
        async with self.pool.acquire() as conn, conn.transaction():
            return await self.collector.open(conn, seat, connection)

    async def run(
        self,
        seconds: int,
        *pages: Page,
        is_on_air: bool = True,
        is_shown: bool = True,
        flows: Iterable[Page] | None = None,
    ) -> None:
        """The pages answer every ping; the live core tells of those to whom media flows."""
        for _ in range(0, seconds, 2):
            since = unix_ms(self.clock())
            self.clock.move(seconds=2)
            until = unix_ms(self.clock())
            for page in pages:
                page.beat(Beat(self.clock(), is_shown, False, "udp"))
            flowing = pages if flows is None else tuple(flows)
            await self.tell(since, until, flowing, is_on_air=is_on_air)
            await self.collector.flush()

    async def tell(
        self, since: int, until: int, flowing: Iterable[Page], *, is_on_air: bool
    ) -> None:
        room = self.room.id
        seen = [Flowed(room, page.connection, "viewer", since, until) for page in flowing]
        first = [
            Happened(room, page.connection, "w", "viewer", 1, since, "media_flowing")
            for page in flowing
        ]
        if is_on_air:
            seen.append(Flowed(room, self.presenter, "publisher", since, until))
        async with self.pool.acquire() as conn, conn.transaction():
            await live.keep(conn, Told(tuple(first), tuple(seen)), self.clock())

    async def judge(self, part: room_sessions.Part | None = None) -> Result:
        key = (part or self.part).session_class_id
        async with self.pool.acquire() as conn:
            return results.judge(await materials.one(conn, key))

    async def close(self) -> None:
        async with self.pool.acquire() as conn, conn.transaction():
            room = await rooms.close(conn, moderator_of(self.world), self.room.id, self.clock())
            await keeping.close_room(conn, room, self.clock())

    async def rows(self, table: str) -> list[dict[str, Any]]:
        async with self.pool.acquire() as conn:
            return [dict(row) for row in await conn.fetch(f"select * from {table}")]


@pytest.fixture
async def sitting(pool: Pool, clock: Clock) -> AsyncIterator[Sitting]:
    yield await Sitting(pool, clock).begin()


async def test_a_class_before_its_screen(sitting: Sitting) -> None:
    screen = await sitting.opens(await sitting.sits(kind="beamer"))
    sitting.clock.move(seconds=1)
    phone = await sitting.opens(await sitting.sits())
    await sitting.run(MINUTE, screen, phone, is_on_air=False, flows=())
    await sitting.run(2 * MINUTE, screen, phone)
    result = await sitting.judge()
    assert (result.outcome, result.window_ms, result.present_ms) == (
        "present", 2 * MINUTE * 1000, 2 * MINUTE * 1000,
    )  # fmt: skip
    assert result.is_live and result.has_beamer
    assert [seat.kind for seat in result.seat_results] == ["beamer", "companion"]
    assert result.reason_params["window_kind"] == "actual"


async def test_the_time_off_air_is_no_part_of_it(sitting: Sitting) -> None:
    phone = await sitting.opens(await sitting.sits())
    await sitting.run(2 * MINUTE, phone)
    await sitting.run(10 * MINUTE, is_on_air=False)
    await sitting.run(MINUTE)
    result = await sitting.judge()
    assert (result.window_ms, result.present_ms) == (3 * MINUTE * 1000, 2 * MINUTE * 1000)
    assert result.outcome == "present"
    assert len(result.window) == 2


async def test_a_page_nobody_sees_or_hears_does_not_count(sitting: Sitting) -> None:
    phone = await sitting.opens(await sitting.sits())
    await sitting.run(MINUTE, phone)
    await sitting.run(4 * MINUTE, phone, is_shown=False)
    result = await sitting.judge()
    assert result.outcome == "partial"
    assert abs(result.present_ms - MINUTE * 1000) <= 2_000
    await sitting.run(8 * MINUTE, phone)
    result = await sitting.judge()
    assert abs(result.present_ms - 9 * MINUTE * 1000) <= 4_000
    [seat] = result.seat_results
    assert [why for *_, why, _ in seat.visits] == ["away", ""]


async def test_media_that_never_flows_is_the_networks_fault(sitting: Sitting) -> None:
    phone = await sitting.opens(await sitting.sits())
    await sitting.run(90, phone, flows=())
    result = await sitting.judge()
    assert (result.outcome, result.reason_code) == ("unknown_network", "media_never_flowed")
    await sitting.run(2, phone)
    assert (await sitting.judge()).outcome == "present"


async def test_a_short_hole_is_closed_and_a_long_one_is_not(sitting: Sitting) -> None:
    seat = await sitting.sits()
    phone = await sitting.opens(seat)
    await sitting.run(MINUTE, phone)
    sitting.collector.leave(phone, is_goodbye=False)
    await sitting.run(10, flows=())
    phone = await sitting.opens(seat, phone.connection)
    await sitting.run(MINUTE, phone)
    result = await sitting.judge()
    assert result.present_ms == 130_000
    sitting.collector.leave(phone, is_goodbye=False)
    await sitting.run(MINUTE, flows=())
    again = await sitting.opens(seat, phone.connection)
    assert again.connection == phone.connection
    await sitting.run(MINUTE, again)
    assert (await sitting.judge()).present_ms == 190_000
    [visit] = await sitting.rows("visits")
    assert (visit["rung"], visit["ended_at"]) == ("udp", None)


async def test_a_connection_of_another_seat_is_not_taken(sitting: Sitting) -> None:
    phone = await sitting.opens(await sitting.sits())
    other = await sitting.opens(await sitting.sits(), phone.connection)
    assert other.connection != phone.connection
    await sitting.run(10, phone, other)
    assert len(await sitting.rows("visits")) == 2
    assert sitting.lost == set()


async def test_what_the_live_core_saw_bridges_a_web_process_that_died(sitting: Sitting) -> None:
    seat = await sitting.sits()
    phone = await sitting.opens(seat)
    await sitting.run(MINUTE, phone)
    # The process is gone without a goodbye; the picture goes on, and nobody pings.
    sitting.collector = Collector(sitting.pool, sitting.clock)
    await sitting.run(MINUTE, flows=[phone])
    async with sitting.pool.acquire() as conn, conn.transaction():
        await keeping.sweep(conn, sitting.clock())
    phone = await sitting.opens(seat, phone.connection)
    await sitting.run(MINUTE, phone)
    assert (await sitting.judge()).present_ms == 3 * MINUTE * 1000


async def test_what_flows_to_a_page_that_is_away_does_not_count(sitting: Sitting) -> None:
    phone = await sitting.opens(await sitting.sits())
    await sitting.run(MINUTE, phone)
    await sitting.run(10, phone, is_shown=False)
    sitting.collector = Collector(sitting.pool, sitting.clock)
    await sitting.run(MINUTE, flows=[phone])
    assert abs((await sitting.judge()).present_ms - MINUTE * 1000) <= 2_000


async def test_a_visit_ends_where_it_was_last_seen(sitting: Sitting) -> None:
    said = await sitting.opens(await sitting.sits())
    silent = await sitting.opens(await sitting.sits())
    await sitting.run(10, said, silent)
    sitting.collector.leave(said, is_goodbye=True)
    await sitting.run(2, silent)
    at = sitting.clock()
    sitting.clock.move(minutes=1)
    async with sitting.pool.acquire() as conn, conn.transaction():
        await keeping.sweep(conn, sitting.clock())
    ends = {row["connection"]: row for row in await sitting.rows("visits")}
    assert ends[said.connection]["end_reason"] == "left"
    assert ends[said.connection]["ended_at"] == at - timedelta(seconds=2)
    assert (ends[silent.connection]["end_reason"], ends[silent.connection]["ended_at"]) == (
        "lost", at,
    )  # fmt: skip


@pytest.mark.parametrize("gone_with", [OSError, asyncpg.InternalClientError])
async def test_beats_wait_while_the_database_is_away(
    sitting: Sitting, pool: Pool, gone_with: type[Exception]
) -> None:
    phone = await sitting.opens(await sitting.sits())
    await sitting.run(10, phone)

    class Away:
        def acquire(self) -> Any:
            raise gone_with("gone")

    sitting.collector.pool = Away()  # type: ignore[assignment]
    for _ in range(30):
        sitting.clock.move(seconds=2)
        phone.beat(Beat(sitting.clock(), True, False))
        await sitting.collector.flush()
    gone = await sitting_visit(pool)
    assert gone == 10_000
    sitting.collector.leave(phone, is_goodbye=True)
    await sitting.collector.flush()
    sitting.collector.pool = pool
    await sitting.collector.flush()
    assert await sitting_visit(pool) == 70_000
    assert (await sitting.rows("visits"))[0]["end_reason"] == "left"


async def sitting_visit(pool: Pool) -> int:
    async with pool.acquire() as conn:
        found: int = await conn.fetchval("select watched_ms(watched) from visits")
    return found


async def test_a_seat_that_was_taken_over_is_told(sitting: Sitting) -> None:
    screen = await sitting.opens(await sitting.sits(kind="beamer"))
    await sitting.run(10, screen)
    assert sitting.lost == set()
    await sitting.sits(kind="beamer")
    await sitting.run(4, screen)
    assert sitting.lost == {screen.connection}
    [visit] = await sitting.rows("visits")
    assert visit["end_reason"] == "taken_over"
    assert visit["seen_until"] == sitting.clock() - timedelta(seconds=4)


async def test_a_phone_that_watched_is_beside_the_screen_once_it_comes(sitting: Sitting) -> None:
    phone = await sitting.opens(await sitting.sits())
    await sitting.run(2 * MINUTE, phone)
    assert sitting.lost == set()
    assert (await sitting.judge()).seats_passed == 1
    screen = await sitting.opens(await sitting.sits(kind="beamer"))
    await sitting.run(2, phone, screen)
    assert sitting.lost == {phone.connection}
    sitting.lost.clear()
    await sitting.run(6 * MINUTE - 2, phone, screen)
    assert sitting.lost == set()
    result = await sitting.judge()
    assert result.window_ms == 8 * MINUTE * 1000
    assert result.present_ms == 6 * MINUTE * 1000
    assert (result.outcome, result.has_beamer) == ("present", True)
    assert [one.kind for one in result.seat_results] == ["companion", "beamer"]
    assert result.seat_results[0].present_ms == 8 * MINUTE * 1000
    assert result.seat_results[0].outcome == ""


async def test_who_chose_to_watch_here_keeps_it_when_the_screen_is_replaced(
    sitting: Sitting,
) -> None:
    await sitting.sits(kind="beamer")
    seat = await sitting.sits()
    assert seat.kind is SeatKind.COMPANION
    phone = await sitting.opens(seat)
    async with sitting.pool.acquire() as conn:
        await seats.watch_here(conn, seat, True)
    await sitting.run(4, phone)
    assert sitting.lost == {phone.connection}
    sitting.lost.clear()
    sitting.clock.move(seconds=1)
    await sitting.sits(kind="beamer")
    await sitting.run(4, phone)
    assert sitting.lost == set()
    kinds = [row["kind"] for row in await sitting.rows("seats") if row["ended_at"] is None]
    assert sorted(kinds) == ["beamer", "own"]


async def test_each_class_is_judged_by_itself(sitting: Sitting) -> None:
    other = await sitting.takes_part("4A")
    one = await sitting.opens(await sitting.sits())
    two = await sitting.opens(await sitting.sits(other))
    await sitting.run(2 * MINUTE, one, two)
    async with sitting.pool.acquire() as conn, conn.transaction():
        await room_sessions.leave(conn, other.programme_id, other.session_class_id, sitting.clock())
    await sitting.run(8 * MINUTE, one, two)
    assert sitting.lost == {two.connection}
    await sitting.close()
    kept = {row["session_class_id"]: row for row in await sitting.rows("session_class_results")}
    assert kept[sitting.part.session_class_id]["outcome"] == "present"
    assert kept[other.session_class_id]["outcome"] == "partial"
    assert kept[other.session_class_id]["present_ms"] == 2 * MINUTE * 1000


async def test_kept_results_equal_recomputation(sitting: Sitting) -> None:
    other = await sitting.takes_part("4A")
    screen = await sitting.opens(await sitting.sits(kind="beamer"))
    lonely = await sitting.opens(await sitting.sits(other))
    await sitting.run(MINUTE, screen, lonely)
    await sitting.run(40, screen, lonely, is_shown=False)
    await sitting.run(MINUTE, screen)
    await sitting.close()
    for row in await sitting.rows("session_class_results"):
        async with sitting.pool.acquire() as conn:
            again = results.judge(await materials.one(conn, row["session_class_id"]))
        assert row["outcome"] == again.outcome
        assert row["present_ms"] == again.present_ms
        assert row["window_ms"] == again.window_ms == 160_000
        assert row["intervals"] == [results.seat_json(one) for one in again.seat_results]


async def test_a_room_that_was_never_on_air(sitting: Sitting) -> None:
    phone = await sitting.opens(await sitting.sits())
    await sitting.run(40, phone, is_on_air=False, flows=())
    await sitting.close()
    [row] = await sitting.rows("session_class_results")
    assert (row["outcome"], row["reason_code"]) == ("joined_only", "window_empty")


async def test_the_report_and_its_exports_show_rooms_beside_tours(sitting: Sitting) -> None:
    phone = await sitting.opens(await sitting.sits())
    await sitting.run(2 * MINUTE, phone)
    world = sitting.world
    async with sitting.pool.acquire() as conn, conn.transaction():
        tour = await lessons.a_session(
            conn, world, await lessons.a_class(conn, world, "5C"), sitting.clock()
        )
        office = Scope(world.programme.id, None, moderator_of(world).grants)
        figures = await report.live_figures(conn, office, Filters())
        found = await report.of_programme(conn, office, Filters(), figures)
        assert {(row.tour_id, row.room_id, row.title) for row in found} == {
            (world.tour_id, None, tour.title),
            (None, sitting.room.id, "Live from the yard"),
        }
        only = Filters(tour_id=sitting.room.id)
        [row] = await report.of_programme(conn, office, only, figures)
        assert (row.present_ms, row.company, row.is_final) == (120_000, "Havenlicht", False)
        regions, companies = await review.choices(conn, office, Filters())
        assert [name for _, name in (*regions, *companies)] == ["Twente", "Havenlicht"]
        seen_live = Filters(sitting="live")
        figures = await report.live_figures(conn, office, seen_live)
        parts = await review.of_period(conn, office, seen_live, By.REGION, figures)
        assert (parts.whole.registered, [line.name for line in parts.lines]) == (1, ["Twente"])
        table = [
            export.LINES.values(one)
            async for found in export.batches(conn, office, Filters())
            for one in found
        ]
        kinds = {(one["kind"], one["tour"], one["room"]) for one in table}
        assert kinds == {("tour", tour.title, ""), ("room", "", "Live from the yard")}
        assert list(table[0]) == list(export.COLUMNS)
        reached = await reach.reaches(conn, presenter_of(world))
        assert set(reached) == {world.tour_id, sitting.room.id}


async def test_a_correction_stands_over_what_was_measured(sitting: Sitting) -> None:
    phone = await sitting.opens(await sitting.sits())
    await sitting.run(30, phone)
    await sitting.run(10 * MINUTE)
    await sitting.close()
    key = sitting.part.session_class_id
    async with sitting.pool.acquire() as conn, conn.transaction():
        fixed = await corrections.correct(
            conn, sitting.world.scope, key, "outcome", "present", "On another screen",
            sitting.clock(),
        )  # fmt: skip
    assert (fixed.outcome, fixed.measured_outcome) == ("present", "joined_only")


async def test_who_brought_the_class_is_asked_the_morning_after(sitting: Sitting) -> None:
    phone = await sitting.opens(await sitting.sits())
    await sitting.run(2 * MINUTE, phone)
    await sitting.close()
    async with sitting.pool.acquire() as conn, conn.transaction():
        [asked] = await confirmations.confirmations_due(conn, sitting.clock() + timedelta(days=4))
        assert asked.person_id == sitting.world.teacher.id
        assert asked.session_class_id == sitting.part.session_class_id
        assert asked.title == "Live from the yard"


async def test_pages_and_the_live_core_write_at_the_same_time(sitting: Sitting) -> None:
    """Many visits, both in any order, and the room is closed meanwhile: nobody waits for ever."""
    pages = [await sitting.opens(await sitting.sits()) for _ in range(12)]
    room, started = sitting.room.id, unix_ms(sitting.clock())

    async def told(order: list[Page]) -> None:
        until = unix_ms(sitting.clock())
        seen = tuple(Flowed(room, one.connection, "viewer", started, until) for one in order)
        presenter = Flowed(room, sitting.presenter, "publisher", started, until)
        async with sitting.pool.acquire() as conn, conn.transaction():
            await live.keep(conn, Told(flowed=(*seen, presenter)), sitting.clock())

    for turn in range(20):
        sitting.clock.move(seconds=2)
        for page in pages[turn % 12 :] + pages[: turn % 12]:
            page.beat(Beat(sitting.clock(), True, False))
        await asyncio.gather(
            sitting.collector.flush(), told(pages), told(pages[::-1]), told(pages[5:] + pages[:5])
        )
    await asyncio.gather(told(pages), sitting.close(), told(pages[::-1]))
    assert {row["watched"][0].upper - started for row in await sitting.rows("visits")} == {40_000}


async def test_time_takes_names_events_and_keys_and_leaves_the_time_on_air(
    sitting: Sitting,
) -> None:
    phone = await sitting.opens(await sitting.sits())
    await sitting.run(2 * MINUTE, phone)
    await sitting.close()
    later = sitting.clock() + timedelta(days=3 * 366)
    async with sitting.pool.acquire() as conn, conn.transaction():
        before = await conn.fetchrow("select outcome, window_ms from session_class_results")
        assert await retention.purge(conn, later) > 0
        assert await retention.purge(conn, later) == 0
        assert await conn.fetchrow("select outcome, window_ms from session_class_results") == before
        for table in ("room_events", "visits", "seats", "stream_keys"):
            assert await conn.fetchval(f"select count(*) from {table}") == 0
        assert await conn.fetchval("select opened_by from rooms") is None
        assert await conn.fetchval("select took_part_by from session_classes") is None
        assert await conn.fetchval("select count(*) from on_air") == 1
        told = {row["what"] for row in await conn.fetch("select what from purges")}
        assert {"room_events", "presenters", "seat_intervals", "class_names"} <= told
        frozen = await results.frozen(conn, sitting.part.session_class_id)
        assert frozen is not None and frozen.result.is_live


async def test_nothing_is_moved_where_nobody_sits(sitting: Sitting) -> None:
    async with sitting.pool.acquire() as conn, conn.transaction():
        assert await visits.move(conn, []) == {}
        told = Told(flowed=(Flowed(sitting.room.id, uuid4(), "viewer", 0, 1000),))
        await live.keep(conn, told, sitting.clock())
        assert await conn.fetchval("select count(*) from visits") == 0
        assert await on_air.spans(conn, sitting.world.scope, sitting.room.session_id) == []
    assert moment(0).year == 1970
