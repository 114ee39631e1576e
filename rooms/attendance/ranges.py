"""Arithmetic on spans of time: whole milliseconds, half open, sorted, never overlapping.

A *range* is `(start_ms, end_ms)` with start < end; the end itself is outside. *Ranges* in
normal form are sorted, disjoint and not even touching, so that two equal sets of moments are
two equal tuples. Every function takes ranges in any order and overlap, and answers in normal
form. Integers only: a float would drift over a long session, a minute would lose the lesson.
"""

from __future__ import annotations

from collections.abc import Iterable

Range = tuple[int, int]
Ranges = tuple[Range, ...]


def union(*many: Iterable[Range]) -> Ranges:
    """Every moment that lies in at least one range; empty and reversed ranges hold none."""
    return close_holes((r for ranges in many for r in ranges), 0)


def close_holes(ranges: Iterable[Range], at_most_ms: int) -> Ranges:
    """The union, with each hole of at most `at_most_ms` counted in and longer ones left whole."""
    merged: list[Range] = []
    for start, end in sorted(r for r in ranges if r[0] < r[1]):
        if merged and start - merged[-1][1] <= at_most_ms:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def intersection(left: Iterable[Range], right: Iterable[Range]) -> Ranges:
    """The moments that lie in both."""
    a, b = union(left), union(right)
    found: list[Range] = []
    i = j = 0
    while i < len(a) and j < len(b):
        start, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if start < end:
            found.append((start, end))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def difference(left: Iterable[Range], right: Iterable[Range]) -> Ranges:
    """The moments of `left` that are not in `right`."""
    a = union(left)
    if not a:
        return ()
    return intersection(a, _outside(union(right), a[0][0], a[-1][1]))


def _outside(taken: Ranges, start_ms: int, end_ms: int) -> Ranges:
    """What `taken` leaves free between two moments."""
    edges = [start_ms, *(edge for r in taken for edge in r), end_ms]
    return tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b)


def length_ms(ranges: Iterable[Range]) -> int:
    """How long the ranges are together, each moment counted once."""
    return sum(end - start for start, end in union(ranges))


def shift(ranges: Iterable[Range], by_ms: int) -> Ranges:
    """The same ranges, later by `by_ms` (earlier when negative)."""
    return union((start + by_ms, end + by_ms) for start, end in ranges)


def merge_beats(beats: Iterable[Iterable[Range]], film_ms: int) -> Ranges:
    """Watched ranges of many beats as one set, clipped to a film of `film_ms`.

    Beats that come twice, late or out of order change nothing: a film's second is seen once.
    """
    return intersection(union(*beats), [(0, film_ms)])


def middles(ranges: Iterable[Range], parts: int) -> tuple[int, ...]:
    """The middle moment of each of `parts` equal parts of the ranges, holes left out; none of
    ranges that are empty."""
    found = union(ranges)
    whole = length_ms(found)
    if whole == 0:
        return ()
    return tuple(_moment_at(found, whole * (2 * n + 1) // (2 * parts)) for n in range(parts))


def _moment_at(ranges: Ranges, passed_ms: int) -> int:
    """The moment at which `passed_ms` of the ranges have passed; less than they are long."""
    for start, end in ranges:
        if passed_ms < end - start:
            return start + passed_ms
        passed_ms -= end - start
    raise ValueError("longer than the ranges")
