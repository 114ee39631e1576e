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

import asyncpg

from rooms.agenda.sessions import chosen_ranges, frozen_rule
from rooms.attendance import kpi_rows
from rooms.attendance.ranges import Range, Ranges, length_ms, union
from rooms.attendance.rule import (
    EPOCH,
    PASSING,
    ClassVerdict,
    Headcount,
    Outcome,
    Rule,
    Seat,
    SeatKind,
    ShowingBasis,
    Verdict,
    Visit,
    Window,
    WindowKind,
    actual_window,
    film_window,
    judge_class,
    judge_seat,
    narrowed,
    scheduled_window,
    unix_ms,
)
from rooms.attendance.visits import CLAIM_GRACE_MS, CLAIM_SPEED
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere

DECLARED = "declared"
CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class SeenVisit:
    """A visit as its row has it.

    `watched`: the film ranges it told; in a live room when its page was seen or heard, in
    milliseconds since 1970.
    """

    started_at: datetime
    seen_until: datetime
    ended_at: datetime | None
    end_reason: str | None
    watched: Ranges
    has_media: bool
    is_late: bool


@dataclass(frozen=True, slots=True)
class SeenSeat:
    """A device in the order they came, the first is 1; all that "why?" may say of it."""

    number: int
    kind: SeatKind
    is_waiting: bool
    visits: tuple[SeenVisit, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """Everything the rule needs about one session class, and the corrections laid over it."""

    programme_id: UUID
    session_class_id: UUID
    rule: Rule
    window: Window
    headcount: Headcount
    showing_declared_reason: str | None
    seats: tuple[SeenSeat, ...]
    corrected_headcount: int | None
    corrected_outcome: str | None

    @property
    def is_live(self) -> bool:
        """Whether it is of a live room, whose window lies on the clock and not in a film."""
        return self.window.kind is not WindowKind.FILM


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


# --- reading -----------------------------------------------------------------------------------


async def materials(conn: Connection, session_class_ids: list[UUID]) -> list[Material]:
    """What there is about these session classes, in the order asked; a missing one is left out."""
    classes = await _classes(conn, session_class_ids)
    live = {row["session_id"] for row in classes.values() if row["film_ms"] is None}
    on_air = await _on_air(conn, sorted(live))
    seats = await _seats(conn, session_class_ids)
    corrections = await _corrections(conn, session_class_ids)
    return [
        _material(
            classes[one],
            _window(classes[one], on_air),
            seats.get(one, ()),
            corrections.get(one, {}),
        )
        for one in session_class_ids
        if one in classes
    ]


async def material(conn: Connection, session_class_id: UUID) -> Material:
    """What there is about one session class; raises `NotThere`."""
    found = await materials(conn, [session_class_id])
    if not found:
        raise NotThere("session_class")
    return found[0]


async def _classes(conn: Connection, ids: list[UUID]) -> dict[UUID, asyncpg.Record]:
    rows = await conn.fetch(
        """
        select c.programme_id, c.id, c.session_id, c.declared, c.confirmed,
            c.showing_declared_reason, c.lesson_from, c.lesson_until, s.chosen, s.pass_share,
            s.gap_grace_s, s.rule_version, s.window_kind, s.scheduled_from, s.scheduled_until,
            v.duration_ms as film_ms
        from session_classes c
        join sessions s on (s.programme_id, s.id) = (c.programme_id, c.session_id)
        left join video_versions v on (v.programme_id, v.id) = (s.programme_id, s.version_id)
        where c.id = any($1::uuid[])
        """,
        ids,
    )
    return {row["id"]: row for row in rows}


async def _on_air(
    conn: Connection, session_ids: list[UUID]
) -> dict[UUID, list[tuple[datetime, datetime]]]:
    """The spans on air of live sessions, each to where it was last seen."""
    rows = await conn.fetch(
        """
        select session_id, started_at, seen_until from on_air
        where session_id = any($1::uuid[]) order by started_at
        """,
        session_ids,
    )
    found: dict[UUID, list[tuple[datetime, datetime]]] = {}
    for row in rows:
        found.setdefault(row["session_id"], []).append((row["started_at"], row["seen_until"]))
    return found


def _window(row: asyncpg.Record, on_air: dict[UUID, list[tuple[datetime, datetime]]]) -> Window:
    if row["film_ms"] is not None:
        return film_window(row["film_ms"], chosen_ranges(row["chosen"]))
    if row["window_kind"] == WindowKind.SCHEDULED:
        window = scheduled_window(row["scheduled_from"], row["scheduled_until"])
    else:
        # Each span says itself until when it is known to have gone on.
        window = actual_window(on_air.get(row["session_id"], ()), EPOCH)
    if row["lesson_from"] is None:
        return window
    return narrowed(window, row["lesson_from"], row["lesson_until"])


async def _seats(conn: Connection, ids: list[UUID]) -> dict[UUID, tuple[SeenSeat, ...]]:
    rows = await conn.fetch(
        """
        select s.session_class_id, s.id as seat_id, s.kind, s.is_waiting,
            row_number() over (partition by s.session_class_id
                order by s.created_at, s.id) as number
        from seats s where s.session_class_id = any($1::uuid[])
        order by s.session_class_id, number
        """,
        ids,
    )
    visits = await _visits(conn, [row["seat_id"] for row in rows])
    found: dict[UUID, tuple[SeenSeat, ...]] = {}
    for row in rows:
        seat = SeenSeat(
            row["number"],
            SeatKind(row["kind"]),
            row["is_waiting"],
            visits.get(row["seat_id"], ()),
        )
        known = found.get(row["session_class_id"], ())
        found[row["session_class_id"]] = (*known, seat)
    return found


async def _visits(conn: Connection, seat_ids: list[UUID]) -> dict[UUID, tuple[SeenVisit, ...]]:
    rows = await conn.fetch(
        """
        select seat_id, started_at, seen_until, ended_at, end_reason, watched,
            media_flowed or not media_wanted as has_media, is_late
        from visits where seat_id = any($1::uuid[]) order by started_at, id
        """,
        seat_ids,
    )
    found: dict[UUID, tuple[SeenVisit, ...]] = {}
    for row in rows:
        values = {**row, "watched": tuple(_range(one) for one in row["watched"])}
        seat_id = values.pop("seat_id")
        found[seat_id] = (*found.get(seat_id, ()), SeenVisit(**values))
    return found


def _range(one: "asyncpg.Range[int]") -> Range:
    assert one.lower is not None and one.upper is not None
    return one.lower, one.upper


async def _corrections(conn: Connection, ids: list[UUID]) -> dict[UUID, dict[str, str]]:
    """The correction in force per field: the newest that was not undone."""
    rows = await conn.fetch(
        """
        select distinct on (session_class_id, field) session_class_id, field, corrected
        from corrections where session_class_id = any($1::uuid[]) and undone_at is null
        order by session_class_id, field, at desc, id
        """,
        ids,
    )
    found: dict[UUID, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["session_class_id"], {})[row["field"]] = row["corrected"]
    return found


def _material(
    row: asyncpg.Record, window: Window, seats: tuple[SeenSeat, ...], corrected: dict[str, str]
) -> Material:
    headcount = corrected.get("headcount")
    return Material(
        programme_id=row["programme_id"],
        session_class_id=row["id"],
        rule=frozen_rule(row["pass_share"], row["gap_grace_s"], row["rule_version"]),
        window=window,
        headcount=Headcount(row["declared"], row["confirmed"]),
        showing_declared_reason=row["showing_declared_reason"],
        seats=seats,
        corrected_headcount=None if headcount is None else int(headcount),
        corrected_outcome=corrected.get("outcome"),
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
    found = await material(conn, session_class_id)
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
    return Frozen(replace(judge(await material(conn, session_class_id)), **kept), purged_at)


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
