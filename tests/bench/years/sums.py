"""The presence rule once more, as plain arithmetic on what a made-up lesson can be.

`rooms.attendance.results.judge` asks database rows one by one and is made for every case; over a
million seats that takes an hour's better part. Here a seat's presence is sorted and without
overlap, nobody waits, and times are the session's own. `check` holds the two against each other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.years.happened import Happened, MadeSeat

JOINED_ONLY_BELOW_MS = 60_000
PASS_THOUSANDTHS = 600
PASS_SHARE = "0.600"
GRACE_S = 15
_RANK = ("no_show", "joined_only", "unknown_network", "partial", "replay_only", "present")
Spans = Sequence[tuple[int, int]]


def presence_in(window: Spans, present: Spans) -> list[tuple[int, int]]:
    """Presence inside the window, holes of at most the grace counted in, pauses left out."""
    inside = _clipped(window, present)
    closed: list[tuple[int, int]] = []
    for start, end in inside:
        if closed and start - closed[-1][1] <= GRACE_S * 1000:
            closed[-1] = (closed[-1][0], end)
        else:
            closed.append((start, end))
    return closed if len(window) == 1 else _clipped(window, closed)


def _clipped(window: Spans, spans: Spans) -> list[tuple[int, int]]:
    return [
        (max(start, opens), min(end, closes))
        for start, end in spans
        for opens, closes in window
        if start < closes and opens < end
    ]


@dataclass(frozen=True, slots=True)
class Judged:
    """One stretch of presence."""

    outcome: str
    reason: str
    intervals: list[tuple[int, int]]
    present_ms: int

    @property
    def weight(self) -> tuple[int, int, list[tuple[int, int]]]:
        """By which a class's best seat is found."""
        return _RANK.index(self.outcome), self.present_ms, self.intervals


def judge(window: Spans, window_ms: int, present: Spans, cut_off_ms: int) -> Judged:
    """`cut_off_ms`: how long it was joined while no media ever flowed; 0 when it did."""
    intervals = presence_in(window, present)
    present_ms = sum(end - start for start, end in intervals)
    if cut_off_ms >= JOINED_ONLY_BELOW_MS:
        return Judged("unknown_network", "media_never_flowed", intervals, present_ms)
    if present_ms < JOINED_ONLY_BELOW_MS:
        return Judged("joined_only", "under_a_minute", intervals, present_ms)
    if present_ms * 1000 < PASS_THOUSANDTHS * window_ms:
        return Judged("partial", "below_threshold", intervals, present_ms)
    return Judged("present", "threshold_reached", intervals, present_ms)


@dataclass(frozen=True, slots=True)
class Sum:
    """A session class's kept result, in the order of its table's columns from `outcome` on."""

    outcome: str
    measured_outcome: str
    reason: str
    params: str
    window_ms: int
    present_ms: int
    headcount: int
    measured_headcount: int
    headcount_source: str
    seats: int
    seats_passed: int
    pupils: int
    student_seconds: int
    has_beamer: bool
    intervals: str
    cut_off: int


def result(lesson: Happened) -> Sum:
    """What the rule makes of a lesson of one class."""
    window_ms = sum(end - start for start, end in lesson.window)
    judged = [
        judge(lesson.window, window_ms, seat.present, seat.cut_off_ms(lesson))
        for seat in lesson.seats
    ]
    beamers = [one for one, seat in zip(judged, lesson.seats, strict=True) if seat.kind == "beamer"]
    own = [one for one, seat in zip(judged, lesson.seats, strict=True) if seat.kind == "own"]
    best = beamers[0] if beamers else max(own, key=lambda one: one.weight, default=_NOBODY)
    is_declared = lesson.declared_reason is not None and best.outcome != "present"
    measured = "declared" if is_declared else best.outcome
    outcome = lesson.corrected_outcome or measured
    passed = max(
        sum(one.outcome == "present" for one in own),
        int(bool(beamers) and best.outcome == "present"),
    )
    said, source = _headcount(lesson, passed)
    headcount = said if lesson.corrected_headcount is None else lesson.corrected_headcount
    by_seat = not beamers and lesson.corrected_outcome is None and not is_declared
    counted = min(headcount, passed) if by_seat else headcount
    if outcome == "no_show":
        counted = 0
    return Sum(
        outcome,
        measured,
        "declared_by_teacher" if is_declared else best.reason,
        _params(lesson, best, window_ms, is_declared),
        window_ms,
        best.present_ms,
        headcount,
        said,
        source if lesson.corrected_headcount is None else "corrected",
        len(lesson.seats),
        passed,
        counted if outcome in {"present", "declared", "replay_only"} else 0,
        counted * best.present_ms // 1000,
        bool(beamers),
        json.dumps(
            [
                _seat(n, *both, lesson)
                for n, both in enumerate(zip(lesson.seats, judged, strict=True), 1)
            ]
        ),
        sum(visit.reason == "lost" for seat in lesson.seats for visit in seat.visits),
    )


_NOBODY = Judged("no_show", "no_seat", [], 0)


def _headcount(lesson: Happened, passed: int) -> tuple[int, str]:
    if lesson.confirmed is not None:
        return lesson.confirmed, "confirmed"
    if lesson.declared is not None:
        return lesson.declared, "declared"
    return passed, "measured"


def _params(lesson: Happened, best: Judged, window_ms: int, is_declared: bool) -> str:
    params: dict[str, object] = {
        "duration_ms": best.present_ms,
        "window_ms": window_ms,
        "window_kind": "actual" if lesson.is_live else "film",
        "is_own_times": False,
        "pass_share": PASS_SHARE,
        "gap_grace_s": GRACE_S,
    }
    if is_declared:
        params |= {"because": lesson.declared_reason, "measured": best.outcome}
    return json.dumps(params)


def _seat(number: int, seat: MadeSeat, judged: Judged, lesson: Happened) -> dict[str, object]:
    is_companion = seat.kind == "companion"
    return {
        "seat": number,
        "kind": seat.kind,
        "outcome": "" if is_companion else judged.outcome,
        "reason": "companion" if is_companion else judged.reason,
        "present_ms": judged.present_ms,
        "intervals": judged.intervals,
        "visits": [stay for visit in seat.visits for stay in visit.stays(lesson)],
    }
