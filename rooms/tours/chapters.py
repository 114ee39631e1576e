"""Typed times, chapters, and what a company keeps of its film.

An *edit* is the kept spans of the original, in order, in seconds; what lies between them is in
no rendition. Inside, times are whole milliseconds; seconds as floats appear only where a kept
span is handed to whoever makes the film.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise

from rooms.attendance.ranges import Range, Ranges, difference, length_ms, union
from rooms.errors import Refused

MAX_CHAPTERS = 100
MAX_TITLE = 120
MIN_KEPT_MS = 1_000
"""Less than a second left is a slip of the finger, and no film."""

Kept = tuple[tuple[float, float], ...]

_TIME = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,4}):)?(\d{1,5})(?:[.,](\d{1,3})\d*)?")
_CHAPTER = re.compile(r"\s*[(\[]?([0-9][0-9:.,]*)[)\]]?(?:\s*[-–—|:]\s+|\s+)(.*\S)\s*")
_ONLY_TIME = re.compile(r"\s*[(\[]?[0-9][0-9:.,]*[)\]]?\s*")


def parse_time(typed: str) -> int:
    """Milliseconds from `1:02`, `62`, `0:01:02.5` or `1:02,5`.

    Raises `Refused` `time_form`; below the largest part, minutes and seconds stay under 60.
    """
    found = _TIME.fullmatch(typed.strip())
    if not found:
        raise Refused("time_form", typed=typed.strip()[:40])
    hours, minutes, seconds = (int(part or 0) for part in found.group(1, 2, 3))
    is_over = (found[1] and minutes > 59) or (found[2] and seconds > 59)
    if is_over:
        raise Refused("time_form", typed=typed.strip()[:40])
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((found[4] or "").ljust(3, "0"))


def shown_time(time_ms: int) -> str:
    """As one types it: `1:02`, `1:01:02`, with tenths only where there are any: `0:01.5`."""
    seconds, rest = divmod(time_ms, 1000)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    whole = f"{hours}:{minutes:02d}" if hours else str(minutes)
    fraction = f".{rest:03d}".rstrip("0") if rest else ""
    return f"{whole}:{seconds % 60:02d}{fraction}"


# --- chapters --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chapter:
    """A named part of a film, from `start_ms` to the next chapter or the end."""

    start_ms: int
    title: str


@dataclass(frozen=True)
class LineError:
    """What is wrong with a line of a typed text; lines count from 1."""

    line: int
    code: str
    value: str = ""


@dataclass(frozen=True)
class Chapters:
    """Chapters in order, or errors; never both."""

    chapters: tuple[Chapter, ...] = ()
    errors: tuple[LineError, ...] = ()


def parse_chapters(text: str, film_ms: int) -> Chapters:
    """Chapters from lines as `0:00 Welcome`, in any order; empty lines are skipped."""
    chapters: dict[int, Chapter] = {}
    errors: list[LineError] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            chapter = _chapter(line, film_ms)
            if chapter.start_ms in chapters:
                raise Refused("chapter_time_twice", typed=shown_time(chapter.start_ms))
            chapters[chapter.start_ms] = chapter
        except Refused as refused:
            errors.append(LineError(number, refused.code, str(refused.params.get("typed", ""))))
    if len(chapters) > MAX_CHAPTERS:
        errors.append(LineError(MAX_CHAPTERS + 1, "too_many_chapters", str(MAX_CHAPTERS)))
    if errors:
        return Chapters(errors=tuple(errors))
    return Chapters(tuple(chapters[start] for start in sorted(chapters)))


def _chapter(line: str, film_ms: int) -> Chapter:
    if len(line) > 10 * MAX_TITLE:
        raise Refused("chapter_title_long", typed=line.strip()[:40])
    if _ONLY_TIME.fullmatch(line):
        raise Refused("chapter_title_empty", typed=line.strip()[:40])
    found = _CHAPTER.fullmatch(line)
    if not found:
        raise Refused("chapter_form", typed=line.strip()[:40])
    start_ms, title = parse_time(found[1]), " ".join(found[2].split())
    if start_ms >= film_ms:
        raise Refused("chapter_after_end", typed=found[1])
    if len(title) > MAX_TITLE:
        raise Refused("chapter_title_long", typed=title[:40])
    return Chapter(start_ms, title)


def chapter_ranges(chapters: Iterable[Chapter], film_ms: int) -> Ranges:
    """Each chapter's own span, in order, not merged; what lies before the first is in none."""
    starts = sorted(chapter.start_ms for chapter in chapters)
    return tuple(pairwise([*starts, film_ms]))


# --- edits -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cut:
    """One piece taken out, as typed; lines of a form count from 1."""

    start: str
    end: str


def kept_spans(start: str, end: str, cuts: Iterable[Cut], film_ms: int) -> Kept:
    """What is left of a film after start, end and cuts as typed; empty means the film's own.

    Raises `Refused`: `time_form`, `span_reversed`, `span_outside_film`, `cuts_overlap`,
    `nothing_left`, each with the times as typed.
    """
    first = parse_time(start) if start.strip() else 0
    last = parse_time(end) if end.strip() else film_ms
    _check_span(first, last, film_ms)
    pieces = [_cut(cut, film_ms) for cut in cuts]
    _check_apart(pieces)
    return kept_of(difference([(first, min(last, film_ms))], pieces))


def kept_of(kept_ms: Iterable[Range]) -> Kept:
    """Kept spans in seconds from ranges in milliseconds; at least a second has to be left."""
    spans = union(kept_ms)
    if length_ms(spans) < MIN_KEPT_MS:
        raise Refused("nothing_left")
    return tuple((start / 1000, end / 1000) for start, end in spans)


def _cut(cut: Cut, film_ms: int) -> Range:
    start_ms = parse_time(cut.start) if cut.start.strip() else 0
    end_ms = parse_time(cut.end) if cut.end.strip() else film_ms
    _check_span(start_ms, end_ms, film_ms)
    return start_ms, end_ms


def _check_span(start_ms: int, end_ms: int, film_ms: int) -> None:
    params = {"start": shown_time(start_ms), "end": shown_time(end_ms)}
    if start_ms >= end_ms:
        raise Refused("span_reversed", **params)
    # The page shows whole tenths: an end typed from there may round just past the film's.
    if start_ms >= film_ms or end_ms > film_ms + 100:
        raise Refused("span_outside_film", **params, film=shown_time(film_ms))


def _check_apart(cuts: list[Range]) -> None:
    ordered = sorted(cuts)
    for (_, earlier_end), (start, end) in pairwise(ordered):
        if start < earlier_end:
            raise Refused("cuts_overlap", start=shown_time(start), end=shown_time(end))


class Edit:
    """The way between the original's time line and the cut film's, in milliseconds."""

    def __init__(self, kept: Kept) -> None:
        self.spans: Ranges = union((round(start * 1000), round(end * 1000)) for start, end in kept)
        lengths = [end - start for start, end in self.spans]
        self._offsets = [0, *accumulate(lengths)]
        self._starts = [start for start, _ in self.spans]

    @property
    def length_ms(self) -> int:
        """How long the cut film is."""
        return self._offsets[-1]

    def to_cut(self, original_ms: int) -> int:
        """Where a moment of the original is in the cut film; a cut moment is where it was cut."""
        at = bisect_right(self._starts, original_ms) - 1
        if at < 0:
            return 0
        start, end = self.spans[at]
        return self._offsets[at] + min(original_ms, end) - start

    def to_original(self, cut_ms: int) -> int:
        """Where a moment of the cut film is in the original; at a join, after it."""
        inside = min(max(cut_ms, 0), self.length_ms)
        at = min(bisect_right(self._offsets, inside), len(self.spans)) - 1
        return self.spans[at][0] + inside - self._offsets[at]

    def is_kept(self, original_ms: int) -> bool:
        """Whether a moment of the original is in the cut film."""
        return any(start <= original_ms < end for start, end in self.spans)

    def ranges_to_cut(self, ranges: Iterable[Range]) -> Ranges:
        """Ranges of the original as ranges of the cut film."""
        return union((self.to_cut(start), self.to_cut(end)) for start, end in ranges)


def chapters_through(chapters: Iterable[Chapter], edit: Edit) -> tuple[Chapter, ...]:
    """Chapters of the original in the cut film.

    A chapter whose beginning was cut starts at the join; of several that would start at the
    same moment the last is kept, for the others have nothing left.
    """
    moved = {edit.to_cut(c.start_ms): c.title for c in sorted(chapters, key=lambda c: c.start_ms)}
    return tuple(Chapter(at, title) for at, title in moved.items() if at < edit.length_ms)
