"""The outbox of one page: in order, bounded, in one piece to whoever keeps up, and what is replaced
waits once."""

import asyncio

import pytest

from rooms.live.outbox import Frames, Outbox, Round


class Wire:
    """What a page was sent, in which pieces. `is_open`: it takes more."""

    def __init__(self) -> None:
        self.sent: list[Frames] = []
        self.is_open = True

    def way(self, frames: Frames) -> bool:
        if self.is_open:
            self.sent.append(frames)
        return self.is_open


async def fetched(outbox: Outbox) -> list[str | None]:
    return [await outbox.next() for _ in range(len(outbox))]


# --- without a way: frame by frame ---------------------------------------------------------------


async def test_frames_leave_in_the_order_they_came() -> None:
    outbox = Outbox()
    for frame in "abc":
        assert outbox.put(frame)
    assert await fetched(outbox) == ["a", "b", "c"]


async def test_of_what_is_replaced_only_the_newest_waits() -> None:
    outbox = Outbox()
    for frame, replaces in (("1", "stage"), ("a", ""), ("2", "stage"), ("3", "viewers")):
        outbox.put(frame, replaces)
    assert await fetched(outbox) == ["2", "a", "3"]
    outbox.put("4", "stage")
    outbox.put("5", "stage")
    assert await fetched(outbox) == ["5"]


async def test_full_is_full_but_for_what_is_replaced() -> None:
    outbox = Outbox(most=2)
    for frame in "abc":
        assert outbox.put(frame), "within one turn of the loop nobody is slow yet"
    assert await fetched(outbox) == ["a", "b", "c"]
    assert outbox.put("1", "stage")
    assert outbox.put("a")
    assert not outbox.put("b")
    assert outbox.put("2", "stage")
    assert await fetched(outbox) == ["2", "a"]
    assert outbox.put("c")


async def test_long_frames_are_bounded_by_their_length_and_one_always_goes() -> None:
    outbox = Outbox(most_characters=10)
    assert outbox.put("a" * 30)
    assert not outbox.put("b")
    assert outbox.put("1", "stage") is False
    assert await fetched(outbox) == ["a" * 30]
    assert outbox.put("1" * 4, "stage") and outbox.put("b" * 6)
    assert not outbox.put("c")
    assert outbox.put("2" * 3, "stage")
    assert outbox.put("c")
    assert await fetched(outbox) == ["222", "bbbbbb", "c"]


async def test_who_waits_gets_the_next_one_and_the_end() -> None:
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
    outbox.end()
    assert outbox.put("after the end")
    assert [await outbox.next(), await outbox.next()] == ["b", None]


# --- in rounds -----------------------------------------------------------------------------------


async def test_what_is_told_in_one_turn_goes_to_each_in_one_piece() -> None:
    round_, one, other = Round(), Wire(), Wire()
    outboxes = [Outbox(wire.way, round_) for wire in (one, other)]
    for frame in "ab":
        for outbox in outboxes:
            outbox.put(frame)
    outboxes[1].put("c")
    assert (one.sent, other.sent) == ([], [])
    await asyncio.sleep(0)
    assert (one.sent, other.sent) == ([("a", "b")], [("a", "b", "c")])
    outboxes[0].put("d")
    await asyncio.sleep(0)
    assert one.sent[1:] == [("d",)]
    assert not any(map(len, outboxes))


async def test_a_page_that_takes_no_more_gets_all_of_it_in_order() -> None:
    wire, came = Wire(), list[str]()
    outbox = Outbox(wire.way)
    is_writable = asyncio.Event()

    async def fetch() -> None:
        while (frame := await outbox.next()) is not None:
            await is_writable.wait()
            came.append(frame)

    fetching = asyncio.create_task(fetch())
    await asyncio.sleep(0)
    wire.is_open = False
    outbox.put("a")
    await asyncio.sleep(0)
    outbox.put("b")
    await asyncio.sleep(0)
    wire.is_open = True
    outbox.put("c")  # it could go by itself, and may not overtake what waits
    await asyncio.sleep(0)
    assert (wire.sent, came) == ([], [])
    is_writable.set()
    await asyncio.sleep(0.01)
    assert (wire.sent, came) == ([], ["a", "b", "c"])
    outbox.put("d")  # it has caught up
    await asyncio.sleep(0)
    assert wire.sent == [("d",)]
    outbox.end()
    await asyncio.wait_for(fetching, 1)


async def test_a_page_that_breaks_keeps_nothing_from_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    round_, wire = Round(), Wire()
    broken, whole = Outbox(lambda _: bool(1 / 0), round_), Outbox(wire.way, round_)
    for outbox in (broken, whole):
        outbox.put("a")
    await asyncio.sleep(0)
    assert wire.sent == [("a",)]
    assert "a page was not sent to" in caplog.text
    assert await broken.next() == "a"
