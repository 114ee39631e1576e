"""The presence rule: from visits, or watched ranges, to an outcome and its reason.

Pure: no clock, no database. Everything inside is whole milliseconds; shares are compared as
exact numbers, so a seat on the threshold passes on every machine and on every recount.

In order: visits become intervals, clipped to the window; a hole of at most `gap_grace_s`
between two intervals inside the window is counted in; the sum is held against the window.
Whoever stores a verdict keeps `rule_version`, so that "why?" can still be answered after the
rule has changed. The sentence a person reads is made elsewhere from `Reason`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from rooms.attendance.ranges import (
    Range,
    Ranges,
    close_holes,
    intersection,
    length_ms,
    union,
)
from rooms.errors import Param, Refused

RULE_VERSION = 1
"""Raise this whenever the same input could lead to another outcome."""

JOINED_ONLY_BELOW_MS = 60_000
SEEN_EVERY_MS = 3_000
"""A beat every two seconds, written every second: an end noted later than that is a guess."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Outcome(StrEnum):
    """What became of a seat or a class in one session."""

    NO_SHOW = "no_show"
    JOINED_ONLY = "joined_only"
    UNKNOWN_NETWORK = "unknown_network"
    PARTIAL = "partial"
    REPLAY_ONLY = "replay_only"
    PRESENT = "present"


PASSING = frozenset({Outcome.PRESENT, Outcome.REPLAY_ONLY})
_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}


class WindowKind(StrEnum):
    """What the window was made of."""

    ACTUAL = "actual"
    SCHEDULED = "scheduled"
    FILM = "film"


class SeatKind(StrEnum):
    """How a device took part: the classroom screen, by itself, or beside the screen."""

    BEAMER = "beamer"
    OWN = "own"
    COMPANION = "companion"


class HeadcountBasis(StrEnum):
    """Who said how many pupils there were."""

    CONFIRMED = "confirmed"
    DECLARED = "declared"
    MEASURED = "measured"


class ShowingBasis(StrEnum):
    """Whether the showing itself was measured, or declared because the network never returned."""

    MEASURED = "measured"
    DECLARED = "declared"


@dataclass(frozen=True)
class Rule:
    """The presence rule as frozen onto a session when it is made."""

    pass_share: Decimal = Decimal("0.60")
    gap_grace_s: int = 15
    version: int = RULE_VERSION

    def __post_init__(self) -> None:
        if not 0 < self.pass_share <= 1:
            raise Refused("pass_share_out_of_range", pass_share=str(self.pass_share))
        if self.gap_grace_s < 0:
            raise Refused("gap_grace_out_of_range", gap_grace_s=self.gap_grace_s)


@dataclass(frozen=True)
class Window:
    """The time that counts: unix milliseconds, or film milliseconds on demand."""

    kind: WindowKind
    spans: Ranges
    is_own_times: bool = False
    """True when a teacher's own lesson times narrowed it; the row has to say so."""

    @property
    def length_ms(self) -> int:
        return length_ms(self.spans)


@dataclass(frozen=True)
class Visit:
    """One connection's continuous presence, as its row has it."""

    started_at: datetime
    seen_until: datetime
    ended_at: datetime | None = None
    has_media: bool = True
    """False only when picture and sound were asked for and never came."""
    is_late: bool = False
    """Its beats waited on the device and were sent afterwards."""


@dataclass(frozen=True)
class Seat:
    """All there is to know about one device in one session class."""

    kind: SeatKind
    visits: tuple[Visit, ...] = ()
    watched: Ranges | None = None
    """Film ranges while visible or audible, on demand; None in a live session."""


@dataclass(frozen=True)
class Headcount:
    """What the teacher said; None where she did not say it."""

    declared: int | None = None
    confirmed: int | None = None


@dataclass(frozen=True)
class Reason:
    """Why: a stable code and the values its sentence needs. Times in whole milliseconds."""

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What the rule says about one stretch of presence, with all that "why?" has to show."""

    outcome: Outcome
    reason: Reason
    intervals: Ranges
    duration_ms: int
    window: Window
    rule: Rule
    is_late: bool

    @property
    def passes(self) -> bool:
        return self.outcome in PASSING

    @property
    def duration_s(self) -> float:
        return self.duration_ms / 1000

    @property
    def window_s(self) -> float:
        return self.window.length_ms / 1000

    @property
    def share(self) -> float:
        """For showing only, between 0 and 1; the decision is made on whole numbers."""
        return self.duration_ms / self.window.length_ms if self.window.length_ms else 0.0

    @property
    def rule_version(self) -> int:
        return self.rule.version


@dataclass(frozen=True)
class ClassVerdict:
    """A class in a session: the measured presence and, beside it, never mixed in, the count."""

    presence: Verdict
    outcome: Outcome
    reason: Reason
    basis: ShowingBasis
    headcount: int
    headcount_basis: HeadcountBasis
    seats_passed: int
    pupils: int
    """Counted as participations: 0 unless the class passes."""
    student_ms: int
    """Pupils times the milliseconds present in the window."""

    @property
    def passes(self) -> bool:
        return self.outcome in PASSING

    @property
    def student_minutes(self) -> float:
        return self.student_ms / 60_000


# --- windows ---------------------------------------------------------------------------------


def unix_ms(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down; the moment must know its zone."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def actual_window(on_air: Iterable[tuple[datetime, datetime | None]], now: datetime) -> Window:
    """The spans on air, without pauses; one that has not ended yet runs to `now`."""
    spans = ((unix_ms(start), unix_ms(end or now)) for start, end in on_air)
    return Window(WindowKind.ACTUAL, union(spans))


def scheduled_window(starts_at: datetime, ends_at: datetime) -> Window:
    """From planned start to planned end."""
    return Window(WindowKind.SCHEDULED, union([(unix_ms(starts_at), unix_ms(ends_at))]))


def film_window(film_ms: int, chosen: Iterable[Range] = ()) -> Window:
    """The chosen parts of a film of `film_ms`; nothing chosen means all of it."""
    parts = union(chosen) or ((0, film_ms),)
    return Window(WindowKind.FILM, intersection(parts, [(0, film_ms)]))


def narrowed(window: Window, starts_at: datetime, ends_at: datetime) -> Window:
    """The overlap with a teacher's own lesson times, marked as such."""
    if window.kind is WindowKind.FILM:
        raise Refused("own_times_need_a_clock")
    lesson = [(unix_ms(starts_at), unix_ms(ends_at))]
    return replace(window, spans=intersection(window.spans, lesson), is_own_times=True)


# --- one seat --------------------------------------------------------------------------------


def judge_seat(rule: Rule, window: Window, seat: Seat, *, is_replay: bool = False) -> Verdict:
    """The outcome of one seat (or of several taken as one, see `judge_class`)."""
    presence = _intervals(seat.visits) if seat.watched is None else seat.watched
    counted = presence_in(window, presence, rule.gap_grace_s)
    draft = Verdict(
        outcome=Outcome.JOINED_ONLY,
        reason=Reason(""),
        intervals=counted,
        duration_ms=length_ms(counted),
        window=window,
        rule=rule,
        is_late=any(visit.is_late for visit in seat.visits),
    )
    outcome, code = _decide(draft, _is_cut_off(window, seat), is_replay)
    return replace(draft, outcome=outcome, reason=Reason(code, _numbers(draft)))


def presence_in(window: Window, presence: Iterable[Range], gap_grace_s: int) -> Ranges:
    """Presence inside the window, short holes counted in.

    Clipped before holes are closed, so that a hole has presence inside the window on both
    sides; clipped again, so that a pause in the window is never counted as presence.
    """
    inside = intersection(presence, window.spans)
    return intersection(close_holes(inside, gap_grace_s * 1000), window.spans)


def _intervals(visits: Iterable[Visit]) -> Ranges:
    return union((unix_ms(visit.started_at), _end_ms(visit)) for visit in visits)


def _end_ms(visit: Visit) -> int:
    """A clean goodbye counts; an end noted long after the last beat (crash, time-out) does not."""
    seen_ms = unix_ms(visit.seen_until)
    if visit.ended_at is None or unix_ms(visit.ended_at) - seen_ms > SEEN_EVERY_MS:
        return seen_ms
    return unix_ms(visit.ended_at)


def _is_cut_off(window: Window, seat: Seat) -> bool:
    """Joined for a minute or more while neither picture nor sound ever came."""
    if seat.watched or any(visit.has_media for visit in seat.visits):
        return False
    joined = _intervals(seat.visits)
    if seat.watched is None:
        joined = intersection(joined, window.spans)
    return length_ms(joined) >= JOINED_ONLY_BELOW_MS


def _decide(draft: Verdict, is_cut_off: bool, is_replay: bool) -> tuple[Outcome, str]:
    """One line per outcome, the first that holds."""
    window_ms = draft.window.length_ms
    is_enough = draft.duration_ms >= draft.rule.pass_share * window_ms
    # A window under a minute could never be passed if the minute came first.
    is_too_short = draft.duration_ms < JOINED_ONLY_BELOW_MS <= window_ms
    if is_cut_off:
        return Outcome.UNKNOWN_NETWORK, "media_never_flowed"
    if window_ms == 0:
        return Outcome.JOINED_ONLY, "window_empty"
    if is_too_short or (draft.duration_ms < JOINED_ONLY_BELOW_MS and not is_enough):
        return Outcome.JOINED_ONLY, "under_a_minute"
    if not is_enough:
        return Outcome.PARTIAL, "below_threshold"
    if is_replay:
        return Outcome.REPLAY_ONLY, "passed_in_replay"
    return Outcome.PRESENT, "threshold_reached"


def _numbers(draft: Verdict) -> dict[str, Param]:
    """What every reason's sentence may need."""
    return {
        "duration_ms": draft.duration_ms,
        "window_ms": draft.window.length_ms,
        "window_kind": draft.window.kind.value,
        "is_own_times": draft.window.is_own_times,
        "pass_share": str(draft.rule.pass_share),
        "gap_grace_s": draft.rule.gap_grace_s,
    }


# --- a class ---------------------------------------------------------------------------------


def judge_class(
    rule: Rule,
    window: Window,
    seats: Iterable[Seat],
    headcount: Headcount,
    *,
    is_replay: bool = False,
    declared_because: str | None = None,
) -> ClassVerdict:
    """The outcome of a class in a session.

    With a beamer the class takes the union of its beamer seats; without one, its best seat.
    `declared_because`: the teacher's reason why a showing that could not be measured took
    place; it counts only where nothing passed, and the measured presence stays beside it.
    """
    seats = tuple(seats)
    beamers = [seat for seat in seats if seat.kind is SeatKind.BEAMER]
    own = [judge_seat(rule, window, s, is_replay=is_replay) for s in seats if _watches(s)]
    has_beamer = bool(beamers)
    if has_beamer:
        presence = judge_seat(rule, window, _as_one(beamers), is_replay=is_replay)
    else:
        presence = _best(own) or _nobody(rule, window, has_seats=bool(seats))
    return _with_count(
        presence, has_beamer, sum(v.passes for v in own), headcount, declared_because
    )


def _watches(seat: Seat) -> bool:
    return seat.kind is SeatKind.OWN


def _as_one(seats: list[Seat]) -> Seat:
    """Several devices of one kind as a single seat: a replaced screen goes on counting."""
    watched = [seat.watched for seat in seats if seat.watched is not None]
    return Seat(
        kind=seats[0].kind,
        visits=tuple(visit for seat in seats for visit in seat.visits),
        watched=union(*watched) if watched else None,
    )


def _best(verdicts: list[Verdict]) -> Verdict | None:
    """The seat a class without a screen is judged by; the order of seats cannot matter."""
    return max(verdicts, key=_weight, default=None)


def _weight(verdict: Verdict) -> tuple[int, int, Ranges, bool]:
    return _RANK[verdict.outcome], verdict.duration_ms, verdict.intervals, not verdict.is_late


def _nobody(rule: Rule, window: Window, *, has_seats: bool) -> Verdict:
    """No seat at all, or none but companions: they show no film, so they measure nothing."""
    outcome = Outcome.JOINED_ONLY if has_seats else Outcome.NO_SHOW
    code = "only_companions" if has_seats else "no_seat"
    draft = Verdict(outcome, Reason(code), (), 0, window, rule, is_late=False)
    return replace(draft, reason=Reason(code, _numbers(draft)))


def _with_count(
    presence: Verdict,
    has_beamer: bool,
    own_passed: int,
    said: Headcount,
    declared_because: str | None,
) -> ClassVerdict:
    """Put the teacher's count beside the measured presence."""
    outcome, reason, basis = _showing(presence, declared_because)
    passes = outcome in PASSING
    passed = max(own_passed, int(has_beamer and presence.passes))
    headcount, headcount_basis = headcount_of(said, passed)
    whole_class = has_beamer or basis is ShowingBasis.DECLARED
    counted = headcount if whole_class else min(headcount, passed)
    return ClassVerdict(
        presence=presence,
        outcome=outcome,
        reason=reason,
        basis=basis,
        headcount=headcount,
        headcount_basis=headcount_basis,
        seats_passed=passed,
        pupils=counted if passes else 0,
        student_ms=counted * presence.duration_ms,
    )


def _showing(presence: Verdict, because: str | None) -> tuple[Outcome, Reason, ShowingBasis]:
    """What was measured, unless it failed and the teacher declares the showing."""
    if presence.passes or because is None:
        return presence.outcome, presence.reason, ShowingBasis.MEASURED
    params = {**presence.reason.params, "because": because, "measured": presence.outcome.value}
    return Outcome.PRESENT, Reason("declared_by_teacher", params), ShowingBasis.DECLARED


def headcount_of(said: Headcount, seats_passed: int) -> tuple[int, HeadcountBasis]:
    """Confirmed, else declared, else the seats that passed."""
    if said.confirmed is not None:
        return said.confirmed, HeadcountBasis.CONFIRMED
    if said.declared is not None:
        return said.declared, HeadcountBasis.DECLARED
    return seats_passed, HeadcountBasis.MEASURED


def live_or_replay(live: ClassVerdict, replay: ClassVerdict) -> ClassVerdict:
    """A class that passed live keeps that; only else does what it saw in the replay count."""
    return replay if replay.passes and not live.passes else live


def participations(verdicts: Iterable[ClassVerdict]) -> int:
    """Pupils over all sessions that pass; the same pupil counts in each."""
    return sum(verdict.pupils for verdict in verdicts)


def pupils_reached(counted: Iterable[tuple[object, int]]) -> int:
    """From (class, pupils counted in a session): each class once, at its largest.

    The same pupils in two classes count twice; the definition beside the number says so.
    """
    largest: dict[object, int] = {}
    for school_class, pupils in counted:
        largest[school_class] = max(largest.get(school_class, 0), pupils)
    return sum(largest.values())
