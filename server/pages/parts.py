"""Long lists in parts: which rows of it a page shows."""

from dataclasses import dataclass

from server.pages.classes import whole


@dataclass(frozen=True, slots=True)
class Part:
    """Which rows of a long list a page shows: from `first` (the first is 0) up to `end`."""

    number: int
    first: int
    end: int
    all: int


def part_of(typed: str, rows: int, size: int) -> Part:
    """The page typed, the last one when there are not so many, the first when it is no number."""
    last = max(1, -(-rows // size))
    number = min(max(whole(typed) or 1, 1), last)
    first = (number - 1) * size
    return Part(number, first, min(first + size, rows), rows)
