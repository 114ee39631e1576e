"""What became of those who registered themselves for a webinar: the session's own frozen rule, held
against each person's visits.

Derived whenever it is read. When visits are purged their result is kept as it was; then it answers
no "why?" any more. What somebody corrected lies over it, and what was measured stays beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from rooms.agenda.sessions import frozen_rule
from rooms.attendance import person_corrections, person_visits
from rooms.attendance.corrections import Correction
from rooms.attendance.ranges import Ranges
from rooms.attendance.rule import (
    EPOCH,
    Outcome,
    Rule,
    Seat,
    SeatKind,
    Visit,
    Window,
    WindowKind,
    actual_window,
    judge_seat,
    scheduled_window,
)
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody who registered herself. `intervals`: when she was there, milliseconds since 1970;
    none of a result that was kept without its visits (`is_frozen`). `window`: the time on air.
    `outcome` is the corrected one where a correction holds, `measured_outcome` never."""

    person_id: UUID
    name: str
    outcome: str
    reason_code: str
    present_ms: int
    window_ms: int
    pass_share: float
    rule_version: int
    measured_outcome: str
    intervals: Ranges = ()
    window: Ranges = ()
    is_frozen: bool = False
    corrections: tuple[Correction, ...] = ()

    @property
    def correction(self) -> Correction | None:
        """The one that holds: the last that is not undone."""
        return next((one for one in self.corrections if one.undone_at is None), None)

    def corrected(self, found: Sequence[Correction]) -> Attendee:
        """The same with what was said of it, the newest first."""
        told = replace(self, corrections=tuple(found))
        holds = told.correction
        return replace(told, outcome=holds.corrected) if holds else told


@dataclass(frozen=True, slots=True)
class Stay:
    """A visit as its row has it. `present`: when its page was seen or heard."""

    present: Ranges
    has_media: bool


# --- deciding, without I/O ------------------------------------------------------------------------


def judge(rule: Rule, window: Window, person_id: UUID, name: str, stays: list[Stay]) -> Attendee:
    """The outcome of one person: two tabs count once, nobody without a visit was there."""
    visits = tuple(visit for stay in stays for visit in _visits(stay))
    verdict = judge_seat(rule, window, Seat(SeatKind.OWN, visits))
    is_absent = not stays
    outcome = Outcome.NO_SHOW.value if is_absent else verdict.outcome.value
    return Attendee(
        person_id,
        name,
        outcome,
        "no_seat" if is_absent else verdict.reason.code,
        verdict.duration_ms,
        window.length_ms,
        float(rule.pass_share),
        rule.version,
        outcome,
        verdict.intervals,
        window.spans,
    )


def _visits(stay: Stay) -> Iterable[Visit]:
    for start, end in stay.present:
        yield Visit(_moment(start), _moment(end), None, stay.has_media)


def _moment(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


# --- reading --------------------------------------------------------------------------------------


async def of_webinar(conn: Connection, scope: Scope, webinar_id: UUID) -> list[Attendee]:
    """Everybody who registered herself and is in, by name. The caller judges who may read it."""
    people = await _registered(conn, scope, webinar_id)
    kept = await _kept(conn, scope, webinar_id)
    found = await _rule_and_window(conn, scope, webinar_id)
    if found is None or not people:
        return []
    stays = await _stays(conn, scope, webinar_id)
    corrected = await person_corrections.of_webinar(conn, scope, webinar_id)
    judged = [
        kept.get(row["person_id"])
        or judge(*found, row["person_id"], row["name"], stays.get(row["person_id"], []))
        for row in people
    ]
    return [one.corrected(corrected.get(one.person_id, ())) for one in judged]


async def of_person(conn: Connection, scope: Scope, webinar_id: UUID, person_id: UUID) -> Attendee:
    """One of them. Raises `NotThere`; the caller judges who may read it."""
    for one in await of_webinar(conn, scope, webinar_id):
        if one.person_id == person_id:
            return one
    raise NotThere("attendee")


async def _registered(conn: Connection, scope: Scope, webinar_id: UUID) -> list[asyncpg.Record]:
    return await conn.fetch(
        """
        select r.registered_by as person_id, coalesce(nullif(p.name, ''), p.email) as name
        from registrations r join persons p on p.id = r.registered_by
        where r.programme_id = $1 and r.webinar_id = $2 and r.class_id is null and r.state = 'in'
        order by name, person_id
        """,
        scope.programme_id,
        webinar_id,
    )


async def _kept(conn: Connection, scope: Scope, webinar_id: UUID) -> dict[UUID, Attendee]:
    rows = await conn.fetch(
        """
        select k.person_id, coalesce(nullif(p.name, ''), p.email) as name, k.outcome,
            k.reason as reason_code, k.present_ms, k.window_ms, k.pass_share::float8 as pass_share,
            k.rule_version, k.outcome as measured_outcome
        from person_results k join persons p on p.id = k.person_id
        where k.programme_id = $1 and k.webinar_id = $2
        """,
        scope.programme_id,
        webinar_id,
    )
    return {row["person_id"]: Attendee(**row, is_frozen=True) for row in rows}


async def _rule_and_window(
    conn: Connection, scope: Scope, webinar_id: UUID
) -> tuple[Rule, Window] | None:
    row = await conn.fetchrow(
        """
        select s.id, s.pass_share, s.gap_grace_s, s.rule_version, s.window_kind, s.scheduled_from,
            s.scheduled_until
        from webinars w
        join sessions s on (s.programme_id, s.room_id) = (w.programme_id, w.room_id)
        where w.programme_id = $1 and w.id = $2
        """,
        scope.programme_id,
        webinar_id,
    )
    if row is None:
        return None
    rule = frozen_rule(row["pass_share"], row["gap_grace_s"], row["rule_version"])
    if row["window_kind"] == WindowKind.SCHEDULED:
        return rule, scheduled_window(row["scheduled_from"], row["scheduled_until"])
    spans = await conn.fetch(
        """
        select started_at, seen_until from on_air where programme_id = $1 and session_id = $2
        order by started_at
        """,
        scope.programme_id,
        row["id"],
    )
    # Each span says itself until when it is known to have gone on.
    return rule, actual_window([(one["started_at"], one["seen_until"]) for one in spans], EPOCH)


async def _stays(conn: Connection, scope: Scope, webinar_id: UUID) -> dict[UUID, list[Stay]]:
    rows = await conn.fetch(
        """
        select person_id, present, rung is not null as has_media from person_visits
        where programme_id = $1 and webinar_id = $2 order by started_at, connection
        """,
        scope.programme_id,
        webinar_id,
    )
    found: dict[UUID, list[Stay]] = {}
    for row in rows:
        present = tuple((one.lower, one.upper) for one in row["present"])
        found.setdefault(row["person_id"], []).append(Stay(present, row["has_media"]))
    return found


# --- retention ------------------------------------------------------------------------------------


async def freeze(conn: Connection, programme_id: UUID, before: date, now: datetime) -> int:
    """Takes away the visits of webinars before a local day; what the rule made of them stays."""
    count = 0
    for webinar_id in await person_visits.webinars_before(conn, programme_id, before):
        for one in await of_webinar(conn, Scope(programme_id), webinar_id):
            await _keep(conn, programme_id, webinar_id, one, now)
        count += await person_visits.drop(conn, programme_id, webinar_id)
    return count


async def _keep(
    conn: Connection, programme_id: UUID, webinar_id: UUID, one: Attendee, now: datetime
) -> None:
    await conn.execute(
        """
        insert into person_results (programme_id, webinar_id, person_id, outcome, reason,
            present_ms, window_ms, pass_share, rule_version, decided_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing
        """,
        programme_id,
        webinar_id,
        one.person_id,
        one.measured_outcome,
        one.reason_code,
        one.present_ms,
        one.window_ms,
        one.pass_share,
        one.rule_version,
        now,
    )


async def drop(conn: Connection, programme_id: UUID, before: date) -> int:
    """Who came by herself to webinars before a local day; how many rows went."""
    await person_corrections.drop(conn, programme_id, before)
    done = await conn.execute(
        """
        delete from person_results k using webinars w
        where (w.programme_id, w.id) = (k.programme_id, k.webinar_id) and k.programme_id = $1
            and w.day < $2
        """,
        programme_id,
        before,
    )
    return int(done.rpartition(" ")[2])
