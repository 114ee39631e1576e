"""Corrections: a reason, the measured value kept beside the new one, and a way back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rooms.attendance import materials, results
from rooms.attendance.results import Result
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.scope import Scope

MAX_PUPILS = 400
REASON_LENGTH = 300
# What a person may make of an outcome; the rest only the rule can say.
OUTCOMES = ("present", "partial", "no_show")


@dataclass(frozen=True, slots=True)
class Correction:
    """One line of the history, undone or not."""

    id: UUID
    field: str
    measured: str
    corrected: str
    reason: str
    by: str
    at: datetime
    undone_at: datetime | None
    undone_by: str | None


async def correct(
    conn: Connection,
    scope: Scope,
    session_class_id: UUID,
    field: str,
    value: str,
    reason: str,
    now: datetime,
) -> Result:
    """Lays a correction over the measured result and rebuilds it.

    The caller has seen that the session class is in scope. Raises `Refused` `reason_missing`,
    `headcount`, `correction_field`.
    """
    reason = checked_reason(reason)
    found = results.judge(await materials.one(conn, session_class_id))
    measured = _measured(found, field)
    await conn.execute(
        """
        insert into corrections (programme_id, session_class_id, field, measured, corrected,
            reason, person_id, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        scope.programme_id,
        session_class_id,
        field,
        measured,
        _checked(field, value),
        reason,
        scope.person_id,
        now,
    )
    return await results.rebuild(conn, session_class_id, now)


def checked_reason(typed: str) -> str:
    """The reason on one line; raises `Refused` `reason_missing`."""
    reason = " ".join(typed.split())[:REASON_LENGTH]
    if not reason:
        raise Refused("reason_missing")
    return reason


def _measured(found: Result, field: str) -> str:
    return str(found.measured_headcount) if field == "headcount" else found.measured_outcome


def _checked(field: str, value: str) -> str:
    if field == "headcount":
        is_whole = value.isascii() and value.isdecimal() and len(value) < 6
        if not is_whole or int(value) > MAX_PUPILS:
            raise Refused("headcount", most=MAX_PUPILS)
        return str(int(value))
    if field != "outcome" or value not in OUTCOMES:
        raise Refused("correction_field")
    return value


async def undo(
    conn: Connection, scope: Scope, session_class_id: UUID, correction_id: UUID, now: datetime
) -> Result:
    """Takes a correction back; what was in force before it is in force again."""
    done = await conn.fetchrow(
        """
        update corrections set undone_at = case when undone_at is null then $4 else undone_at end,
            undone_by = coalesce(undone_by, $5)
        where programme_id = $1 and session_class_id = $2 and id = $3
        returning undone_at = $4 as is_now
        """,
        scope.programme_id,
        session_class_id,
        correction_id,
        now,
        scope.person_id,
    )
    if done is None:
        raise NotThere("correction")
    if not done["is_now"]:
        raise Conflict("correction_undone")
    return await results.rebuild(conn, session_class_id, now)


async def history(conn: Connection, scope: Scope, session_class_id: UUID) -> list[Correction]:
    """All corrections, the newest first, undone ones included."""
    rows = await conn.fetch(
        """
        select c.id, c.field, c.measured, c.corrected, c.reason, c.at, c.undone_at,
            coalesce(nullif(p.name, ''), p.email) as by,
            coalesce(nullif(u.name, ''), u.email) as undone_by
        from corrections c
        join persons p on p.id = c.person_id
        left join persons u on u.id = c.undone_by
        where c.programme_id = $1 and c.session_class_id = $2
        order by c.at desc, c.id
        """,
        scope.programme_id,
        session_class_id,
    )
    return [Correction(**row) for row in rows]
