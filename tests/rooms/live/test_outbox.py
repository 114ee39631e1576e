"""The outbox of one page: in order, bounded, and what is replaced waits once."""

import asyncio

from rooms.live.outbox import Outbox


async def drained(outbox: Outbox) -> list[str]:
    return [await outbox.next() for _ in range(len(outbox))]


async def test_frames_leave_in_the_order_they_came() -> None:
    outbox = Outbox()
    for frame in "abc":
        assert outbox.put(frame)
    assert await drained(outbox) == ["a", "b", "c"]


async def test_of_what_is_replaced_only_the_newest_waits() -> None:
    outbox = Outbox()
    for frame, replaces in (("1", "stage"), ("a", ""), ("2", "stage"), ("3", "viewers")):
        outbox.put(frame, replaces)
    assert await drained(outbox) == ["2", "a", "3"]
    outbox.put("4", "stage")
    outbox.put("5", "stage")
    assert await drained(outbox) == ["5"]


async def test_full_is_full_but_for_what_is_replaced() -> None:
    outbox = Outbox(most=2)
    assert outbox.put("1", "stage")
    assert outbox.put("a")
    assert not outbox.put("b")
    assert outbox.put("2", "stage")
    assert await drained(outbox) == ["2", "a"]
    assert outbox.put("c")


async def test_long_frames_are_bounded_by_their_length_and_one_always_goes() -> None:
    outbox = Outbox(most_characters=10)
    assert outbox.put("a" * 30)
    assert not outbox.put("b")
    assert outbox.put("1", "stage") is False
    assert await drained(outbox) == ["a" * 30]
    assert outbox.put("1" * 4, "stage") and outbox.put("b" * 6)
    assert not outbox.put("c")
    assert outbox.put("2" * 3, "stage")
    assert outbox.put("c")
    assert await drained(outbox) == ["222", "bbbbbb", "c"]


async def test_who_waits_gets_the_next_one() -> None:
    outbox = Outbox()
    waiting = asyncio.create_task(outbox.next())
    await asyncio.sleep(0)
    outbox.put("a")
    assert await waiting == "a"
    waiting = asyncio.create_task(outbox.next())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    outbox.put("b")
    assert await outbox.next() == "b"
