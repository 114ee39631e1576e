"""Range headers as players send them, and as nobody should."""

import pytest

from server.byte_ranges import OutOfReach, asked_range


@pytest.mark.parametrize(
    ("header", "range_"),
    [
        ("bytes=0-1", (0, 2)),
        ("bytes=0-", (0, 100)),
        ("bytes=90-", (90, 100)),
        ("bytes=90-4000", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-4000", (0, 100)),
        ("Bytes= 5-5 ", (5, 6)),
        (None, None),
        ("", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=9-3", None),
        ("bytes=0-1,5-6", None),
        ("bytes=a-b", None),
        ("seconds=0-1", None),
        ("bytes=" + "9" * 5000 + "-", None),
    ],
)
def test_one_range_is_understood_and_anything_else_is_the_whole(
    header: str | None, range_: tuple[int, int] | None
) -> None:
    assert asked_range(header, 100) == range_


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=100-", 100), ("bytes=-0", 9), ("bytes=0-", 0)]
)
def test_behind_the_end_there_is_nothing(header: str, size: int) -> None:
    with pytest.raises(OutOfReach):
        asked_range(header, size)
