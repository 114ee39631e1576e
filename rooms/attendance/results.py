"""Results: from the visits of a session class to its outcome, by the rule frozen on its session.

Derived, never edited: rebuilt on every closing and correction, computed the same way for a
session that still runs. A correction is laid over the measured outcome and never replaces it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from rooms.attendance import kpi_rows, materials
from rooms.attendance.materials import Material, SeenSeat, SeenVisit
from rooms.attendance.ranges import Ranges, length_ms, union
from rooms.attendance.rule import (
    EPOCH,
    PASSING,
    ClassVerdict,
    Outcome,
    Seat,
    SeatKind,
    ShowingBasis,
    Verdict,
    Visit,
    judge_class,
    judge_seat,
    unix_ms,
)
from rooms.attendance.visits import CLAIM_GRACE_MS, CLAIM_SPEED
from rooms.connection import Connection
from rooms.errors import Conflict

DECLARED = "declared"
CORRECTED = "corrected"


# (start, end, why it ended, whether it was sent later), in milliseconds since 1970; '' while open.
Stay = tuple[int, int, str, bool]
# A page that was not seen or heard for a while, and came back.
AWAY = "away"
# As a visit's row says that its connection was cut.
LOST = "lost"


@dataclass(frozen=True, slots=True)
class SeatResult:
    """One device's own line: what it watched, when it was there, and what that makes."""

    number: int
    kind: str
    outcome: str
    reason_code: str
    present_ms: int
    # Film milliseconds (in a live room those since 1970), short holes closed.
    intervals: Ranges
    visits: tuple[Stay, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a class in a session; what a correction changed stands beside the measured."""

    outcome: str
    measured_outcome: str
    reason_code: str
    reason_params: dict[str, Any]
    window_ms: int
    present_ms: int
    intervals: Ranges
    headcount: int
    measured_headcount: int
    headcount_source: str
    seats: int
    seats_passed: int
    pupils: int
    student_seconds: int
    has_beamer: bool
    seat_results: tuple[SeatResult, ...]
    # How often a connection was cut while somebody watched.
    cut_off: int
    # The chosen part of the film, or the spans on air, and the rule's share, for the picture.
    window: Ranges
    is_live: bool
    pass_share: Decimal
    rule_version: str

    @property
    def passes(self) -> bool:
        """Whether this session counts for the class."""
        return self.outcome == DECLARED or self.outcome in PASSING

    @property
    def is_corrected(self) -> bool:
        """Whether a person laid something over what was measured."""
        return self.outcome != self.measured_outcome or self.headcount_source == CORRECTED


# --- deciding, without I/O ---------------------------------------------------------------------


def judge(material: Material) -> Result:
    """Applies the frozen rule, then the corrections."""
    seats = [seat for seat in material.seats if not seat.is_waiting]
    verdict = judge_class(
        material.rule,
        material.window,
        [seat_for_rule(seat, is_live=material.is_live) for seat in seats],
        material.headcount,
        declared_because=material.showing_declared_reason,
    )
    return _result(material, seats, verdict)


def seat_for_rule(seat: SeenSeat, *, is_live: bool = False) -> Seat:
    """A stored seat as the rule takes it."""
    if is_live:
        return Seat(seat.kind, tuple(stay for one in seat.visits for stay in _stays(one)))
    visits = tuple(
        Visit(visit.started_at, visit.seen_until, visit.ended_at, visit.has_media, visit.is_late)
        for visit in seat.visits
    )
    return Seat(seat.kind, visits, credible(seat.visits))


def _stays(visit: SeenVisit) -> Iterable[Visit]:
    """A visit to a live room, as the stretches in which its page was seen or heard."""
    for start, end in visit.watched:
        yield Visit(_moment(start), _moment(end), None, visit.has_media, visit.is_late)


def _moment(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


def credible(visits: Iterable[SeenVisit]) -> Ranges:
    """The film a device can have seen: at most twice the time it was there.

    Visits in order; one that claims more than that adds nothing. Many connections at the same
    time make no more time, so two tabs count once and a forger gains nothing.
    """
    there: Ranges = ()
    watched: Ranges = ()
    for visit in sorted(visits, key=lambda visit: visit.started_at):
        there = union(there, [(unix_ms(visit.started_at), unix_ms(visit.seen_until))])
        claimed = union(watched, visit.watched)
        if length_ms(claimed) <= CLAIM_SPEED * length_ms(there) + CLAIM_GRACE_MS:
            watched = claimed
    return watched


def _result(material: Material, seats: list[SeenSeat], verdict: ClassVerdict) -> Result:
    is_declared = verdict.basis is ShowingBasis.DECLARED
    measured = DECLARED if is_declared else verdict.outcome.value
    outcome = material.corrected_outcome or measured
    headcount = (
        verdict.headcount if material.corrected_headcount is None else material.corrected_headcount
    )
    is_corrected = material.corrected_headcount is not None
    counted = _counted(material, verdict, outcome, headcount)
    passes = outcome == DECLARED or outcome in PASSING
    seat_results = tuple(_seat_result(material, seat) for seat in seats)
    return Result(
        outcome=outcome,
        measured_outcome=measured,
        reason_code=verdict.reason.code,
        reason_params=dict(verdict.reason.params),
        window_ms=material.window.length_ms,
        present_ms=verdict.presence.duration_ms,
        intervals=verdict.presence.intervals,
        headcount=headcount,
        measured_headcount=verdict.headcount,
        headcount_source=CORRECTED if is_corrected else verdict.headcount_basis.value,
        seats=len(seats),
        seats_passed=verdict.seats_passed,
        pupils=counted if passes else 0,
        student_seconds=counted * verdict.presence.duration_ms // 1000,
        has_beamer=any(seat.kind is SeatKind.BEAMER for seat in seats),
        seat_results=seat_results,
        cut_off=sum(reason == LOST for one in seat_results for _, _, reason, _ in one.visits),
        window=material.window.spans,
        is_live=material.is_live,
        pass_share=material.rule.pass_share,
        rule_version=str(material.rule.version),
    )


def _counted(material: Material, verdict: ClassVerdict, outcome: str, headcount: int) -> int:
    """Whose time counts: the class before its screen; without one, as many as seats passed."""
    if outcome == Outcome.NO_SHOW:
        return 0
    is_counted_by_seat = (
        not any(seat.kind is SeatKind.BEAMER and not seat.is_waiting for seat in material.seats)
        and material.corrected_outcome is None
        and verdict.basis is ShowingBasis.MEASURED
    )
    return min(headcount, verdict.seats_passed) if is_counted_by_seat else headcount


def _seat_result(material: Material, seat: SeenSeat) -> SeatResult:
    seen = seat_for_rule(seat, is_live=material.is_live)
    verdict: Verdict = judge_seat(material.rule, material.window, seen)
    is_companion = seat.kind is SeatKind.COMPANION
    return SeatResult(
        number=seat.number,
        kind=seat.kind.value,
        outcome="" if is_companion else verdict.outcome.value,
        reason_code="companion" if is_companion else verdict.reason.code,
        present_ms=verdict.duration_ms,
        intervals=verdict.intervals,
        visits=tuple(
            stay
            for visit in seat.visits
            for stay in (_live_stays(visit) if material.is_live else _film_stays(visit))
        ),
    )


def _film_stays(visit: SeenVisit) -> tuple[Stay, ...]:
    start, end = unix_ms(visit.started_at), unix_ms(visit.seen_until)
    return ((start, end, visit.end_reason or "", visit.is_late),)


def _live_stays(visit: SeenVisit) -> tuple[Stay, ...]:
    """Only the last stretch ends for the visit's reason; between them the page was away."""
    last = len(visit.watched) - 1
    return tuple(
        (start, end, (visit.end_reason or "") if at == last else AWAY, visit.is_late)
        for at, (start, end) in enumerate(visit.watched)
    )


# --- keeping -----------------------------------------------------------------------------------


async def rebuild(conn: Connection, session_class_id: UUID, now: datetime) -> Result:
    """Derives the result anew from the visits and keeps it.

    One at a time for each class: of two at once the later would not know what the earlier one
    was made for. Raises `NotThere`, and `Conflict` `result_frozen` once its visits are gone: from
    nothing it would become "nobody came".
    """
    await conn.execute(
        "select from session_classes where id = $1 for no key update", session_class_id
    )
    found = await materials.one(conn, session_class_id)
    if await frozen(conn, session_class_id):
        raise Conflict("result_frozen")
    result = judge(found)
    await _keep(conn, found, result, now)
    await kpi_rows.keep(conn, [session_class_id], now)
    return result


@dataclass(frozen=True, slots=True)
class Frozen:
    """A result as it was kept when its seats and visits were purged; it has no intervals."""

    result: Result
    purged_at: datetime


async def frozen(conn: Connection, session_class_id: UUID) -> Frozen | None:
    """The kept result, when retention took away what it was derived from."""
    row = await conn.fetchrow(
        """
        select outcome, measured_outcome, reason_code, reason_params, window_ms, present_ms,
            headcount, measured_headcount, headcount_source, seats, seats_passed, pupils,
            student_seconds, has_beamer, cut_off, rule_version, intervals_purged_at
        from session_class_results where session_class_id = $1 and intervals_purged_at is not null
        """,
        session_class_id,
    )
    if row is None:
        return None
    kept = dict(row)
    purged_at = kept.pop("intervals_purged_at")
    return Frozen(replace(judge(await materials.one(conn, session_class_id)), **kept), purged_at)


async def _keep(conn: Connection, found: Material, result: Result, now: datetime) -> None:
    await conn.execute(
        """
        insert into session_class_results (programme_id, session_class_id, outcome,
            measured_outcome, reason_code, reason_params, window_ms, present_ms, headcount,
            measured_headcount, headcount_source, seats, seats_passed, pupils, student_seconds,
            has_beamer, intervals, rule_version, computed_at, cut_off)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
            $19, $20)
        on conflict (programme_id, session_class_id) do update set
            outcome = excluded.outcome, measured_outcome = excluded.measured_outcome,
            reason_code = excluded.reason_code, reason_params = excluded.reason_params,
            window_ms = excluded.window_ms, present_ms = excluded.present_ms,
            headcount = excluded.headcount, measured_headcount = excluded.measured_headcount,
            headcount_source = excluded.headcount_source, seats = excluded.seats,
            seats_passed = excluded.seats_passed, pupils = excluded.pupils,
            student_seconds = excluded.student_seconds, has_beamer = excluded.has_beamer,
            intervals = excluded.intervals, rule_version = excluded.rule_version,
            computed_at = excluded.computed_at, cut_off = excluded.cut_off
        """,
        found.programme_id,
        found.session_class_id,
        result.outcome,
        result.measured_outcome,
        result.reason_code,
        result.reason_params,
        result.window_ms,
        result.present_ms,
        result.headcount,
        result.measured_headcount,
        result.headcount_source,
        result.seats,
        result.seats_passed,
        result.pupils,
        result.student_seconds,
        result.has_beamer,
        [seat_json(seat) for seat in result.seat_results],
        result.rule_version,
        now,
        result.cut_off,
    )


def seat_json(seat: SeatResult) -> dict[str, Any]:
    """A seat's line as the results row keeps it for the time line."""
    return {
        "seat": seat.number,
        "kind": seat.kind,
        "outcome": seat.outcome,
        "reason": seat.reason_code,
        "present_ms": seat.present_ms,
        "intervals": [list(interval) for interval in seat.intervals],
        "visits": [list(visit) for visit in seat.visits],
    }


def outcomes() -> tuple[str, ...]:
    """Every word an outcome can be, in the order of the rule."""
    return (*(outcome.value for outcome in Outcome), DECLARED)
