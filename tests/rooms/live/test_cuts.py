"""A line that is cut in a room: what counts through, what is missing, and that "why?" says so."""

import pytest

from rooms.attendance.results import AWAY, Result
from rooms.attendance.rule import unix_ms
from server.database import Pool
from tests.rooms.live.test_keeping import MINUTE, Sitting
from tests.support.floor import Clock


@pytest.fixture
async def sitting(pool: Pool, clock: Clock) -> Sitting:
    return await Sitting(pool, clock).begin()


def minutes(result: Result, began_ms: int) -> list[tuple[int, int]]:
    """What counted of the only device, in seconds since it came."""
    [seat] = result.seat_results
    return [((a - began_ms) // 1000, (b - began_ms) // 1000) for a, b in seat.intervals]


def stays(result: Result, began_ms: int) -> list[tuple[int, int, str]]:
    """When it was there, as "why?" draws it."""
    [seat] = result.seat_results
    return [((a - began_ms) // 1000, (b - began_ms) // 1000, why) for a, b, why, _ in seat.visits]


async def test_ten_seconds_count_through_and_thirty_are_missing(sitting: Sitting) -> None:
    began = unix_ms(sitting.clock())
    seat = await sitting.sits()
    phone = await sitting.opens(seat)
    for cut_s in (10, 30):
        await sitting.run(MINUTE, phone)
        sitting.collector.leave(phone, is_goodbye=False)
        await sitting.run(cut_s, flows=())
        phone = await sitting.opens(seat, phone.connection)
    await sitting.run(MINUTE, phone)
    result = await sitting.judge()
    assert result.window_ms == 220_000
    assert result.present_ms == 190_000
    assert minutes(result, began) == [(0, 130), (160, 220)]
    assert stays(result, began) == [(0, 60, AWAY), (70, 130, AWAY), (160, 220, "")]


async def test_a_page_loaded_anew_after_a_cut_is_another_visit(sitting: Sitting) -> None:
    """A device that was restarted knows its seat, and not its connection."""
    began = unix_ms(sitting.clock())
    seat = await sitting.sits()
    first = await sitting.opens(seat)
    await sitting.run(MINUTE, first)
    sitting.collector.leave(first, is_goodbye=False)
    await sitting.run(10, flows=())
    await sitting.run(MINUTE, await sitting.opens(seat))
    result = await sitting.judge()
    assert len(await sitting.rows("visits")) == 2
    assert result.present_ms == result.window_ms == 130_000
    assert minutes(result, began) == [(0, 130)]
    assert [one[:2] for one in stays(result, began)] == [(0, 60), (70, 130)]


async def test_two_tabs_count_once(sitting: Sitting) -> None:
    seat = await sitting.sits()
    one, other = await sitting.opens(seat), await sitting.opens(seat)
    assert one.connection != other.connection
    await sitting.run(MINUTE, one, other)
    await sitting.run(MINUTE, other)
    result = await sitting.judge()
    assert result.present_ms == result.window_ms == 2 * MINUTE * 1000
    assert (result.seats, len(await sitting.rows("visits"))) == (1, 2)
