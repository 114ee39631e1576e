"""Corrections of those who came by themselves: as for classes a reason, the measured outcome kept
beside the new one, and a way back."""

from datetime import date, datetime
from uuid import UUID

import asyncpg

from rooms.attendance.corrections import OUTCOMES, Correction, checked_reason
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.scope import Scope


async def correct(
    conn: Connection,
    scope: Scope,
    webinar_id: UUID,
    person_id: UUID,
    measured: str,
    outcome: str,
    reason: str,
    now: datetime,
) -> None:
    """Lays an outcome over what was measured. The caller has judged who may, and whose it is.

    Raises `Refused` `reason_missing`, `correction_field`.
    """
    reason = checked_reason(reason)
    if outcome not in OUTCOMES:
        raise Refused("correction_field")
    await conn.execute(
        """
        insert into person_corrections (programme_id, webinar_id, person_id, measured, corrected,
            reason, corrected_by, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        scope.programme_id,
        webinar_id,
        person_id,
        measured,
        outcome,
        reason,
        scope.person_id,
        now,
    )


async def undo(
    conn: Connection,
    scope: Scope,
    webinar_id: UUID,
    person_id: UUID,
    correction_id: UUID,
    now: datetime,
) -> None:
    """Takes one back; what held before it holds again. Raises `NotThere`, `Conflict`
    `correction_undone`."""
    done = await conn.fetchrow(
        """
        update person_corrections set undone_at = coalesce(undone_at, $5),
            undone_by = coalesce(undone_by, $6)
        where programme_id = $1 and webinar_id = $2 and person_id = $3 and id = $4
        returning undone_at = $5 as is_now
        """,
        scope.programme_id,
        webinar_id,
        person_id,
        correction_id,
        now,
        scope.person_id,
    )
    if done is None:
        raise NotThere("correction")
    if not done["is_now"]:
        raise Conflict("correction_undone")


async def of_webinar(
    conn: Connection, scope: Scope, webinar_id: UUID
) -> dict[UUID, list[Correction]]:
    """All of each person, the newest first, undone ones included."""
    rows = await conn.fetch(
        """
        select c.person_id, c.id, 'outcome' as field, c.measured, c.corrected, c.reason,
            coalesce(nullif(b.name, ''), b.email, '') as by, c.at, c.undone_at,
            coalesce(nullif(u.name, ''), u.email) as undone_by
        from person_corrections c
        left join persons b on b.id = c.corrected_by
        left join persons u on u.id = c.undone_by
        where c.programme_id = $1 and c.webinar_id = $2
        order by c.at desc, c.id
        """,
        scope.programme_id,
        webinar_id,
    )
    found: dict[UUID, list[Correction]] = {}
    for row in rows:
        found.setdefault(row["person_id"], []).append(_correction(row))
    return found


def _correction(row: asyncpg.Record) -> Correction:
    return Correction(**{name: value for name, value in row.items() if name != "person_id"})


async def drop(conn: Connection, programme_id: UUID, before: date) -> None:
    """Those of webinars before a local day."""
    await conn.execute(
        """
        delete from person_corrections c using webinars w
        where (w.programme_id, w.id) = (c.programme_id, c.webinar_id) and c.programme_id = $1
            and w.day < $2
        """,
        programme_id,
        before,
    )
