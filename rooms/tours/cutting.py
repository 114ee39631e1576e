"""Cuts on top of cuts: a company works on the film as it plays now, the edit is of the original.

Everything in whole milliseconds, spans as [from, to).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise

from rooms.attendance.ranges import Ranges, difference, length_ms, union
from rooms.errors import Refused
from rooms.tours.chapters import Cut, kept_spans

MAX_CUTS = 100


@dataclass(frozen=True)
class Asked:
    """Start, end and pieces to take out as somebody typed them, on the film as it plays now."""

    start: str = ""
    end: str = ""
    cuts: tuple[Cut, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be changed."""
        return not (self.start.strip() or self.end.strip() or self.cuts)


def parse_cuts(text: str) -> tuple[Cut, ...]:
    """One piece per line, `1:05 - 1:20`; an empty side means the film's own start or end."""
    return tuple(_cut(line) for line in text.splitlines() if line.strip())


def _cut(line: str) -> Cut:
    for dash in ("-", "–", "—"):
        start, found, end = line.partition(dash)
        if found:
            return Cut(start.strip(), end.strip())
    raise Refused("cut_form", typed=line.strip()[:40])


def kept_now(asked: Asked, film_ms: int) -> Ranges:
    """What is left of the film as it plays now; refusals as in `kept_spans`."""
    if len(asked.cuts) > MAX_CUTS:
        raise Refused("cuts_many", limit=MAX_CUTS)
    kept = kept_spans(asked.start, asked.end, asked.cuts, film_ms)
    return union((round(start * 1000), round(end * 1000)) for start, end in kept)


def in_original(spans: Ranges, kept: Ranges) -> Ranges:
    """Pieces `kept` of a film that is itself the `spans` of an original, on the original."""
    offsets = [0, *accumulate(end - start for start, end in spans)]
    pieces = [
        (start + max(a, at) - at, start + min(b, until) - at)
        for (start, _), (at, until) in zip(spans, pairwise(offsets), strict=True)
        for a, b in kept
        if max(a, at) < min(b, until)
    ]
    return union(pieces)


def taken_out(spans: Ranges, original_ms: int) -> Ranges:
    """The pieces of the original that are in no rendition."""
    return difference([(0, original_ms)], spans)


def with_back(spans: Ranges, piece: tuple[int, int]) -> Ranges:
    """The edit with one piece put back."""
    return union([*spans, piece])


def whole_or(spans: Ranges, original_ms: int) -> Ranges | None:
    """The edit to store: None when everything is kept."""
    return None if length_ms(spans) >= original_ms else spans


def spans_of(edit: Iterable[Iterable[int]] | None, original_ms: int) -> Ranges:
    """A stored edit as spans of the original."""
    if edit is None:
        return ((0, original_ms),)
    return union((start, end) for start, end in edit)
