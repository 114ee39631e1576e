"""Incidents: somebody found something wrong in a room, and what was so then is kept.

The evidence is frozen: it is a copy, and no later line, correction or purge of the room changes
it. Who reads it is the safeguarding officer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.scope import Scope

MOST, WITHIN = 3, timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody tells. `teller`: the device's seat or the person; `told_by`: what she is;
    `words`: of the question, when nobody had let it through; else they stand in the evidence."""

    room_id: UUID
    part: UUID | None
    about: str
    concern: str
    told_by: str
    teller: UUID
    evidence: dict[str, Any]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as the officer reads it."""

    id: UUID
    room_id: UUID
    title: str
    zone: str
    class_name: str
    at: datetime
    about: str
    concern: str
    told_by: str
    evidence: dict[str, Any]
    seen_at: datetime | None


def may_read(scope: Scope) -> bool:
    """The safeguarding officer alone."""
    return scope.has("safeguarding")


async def report(conn: Connection, scope: Scope, told: Report, now: datetime) -> UUID:
    """Keeps a report with its evidence. Raises `Refused` `too_many`."""
    lately: int = await conn.fetchval(
        """
        select count(*) from incidents
        where programme_id = $1 and room_id = $2 and teller = $3 and at > $4
        """,
        scope.programme_id,
        told.room_id,
        told.teller,
        now - WITHIN,
    )
    if lately >= MOST:
        raise Refused("too_many")
    made: UUID = await conn.fetchval(
        """
        insert into incidents (programme_id, room_id, session_class_id, at, about, concern,
            told_by, teller, evidence)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id
        """,
        scope.programme_id,
        told.room_id,
        told.part,
        now,
        told.about,
        told.concern,
        told.told_by,
        told.teller,
        told.evidence,
    )
    if told.words:
        await _keep_words(conn, scope, made, told.words)
    return made


async def _keep_words(conn: Connection, scope: Scope, incident_id: UUID, words: str) -> None:
    """What nobody had let through: in a table of its own, which no backup holds."""
    await conn.execute(
        "insert into incident_words (programme_id, incident_id, words) values ($1, $2, $3)",
        scope.programme_id,
        incident_id,
        words,
    )


async def drop_words(conn: Connection, programme_id: UUID, before: datetime) -> int:
    """Takes away what was written in reported questions from before a moment; how many."""
    done = await conn.execute(
        """
        delete from incident_words w using incidents i
        where (i.programme_id, i.id) = (w.programme_id, w.incident_id)
            and w.programme_id = $1 and i.at < $2
        """,
        programme_id,
        before,
    )
    return int(done.rpartition(" ")[2])


async def of_programme(conn: Connection, scope: Scope) -> list[Incident]:
    """The officer's, the newest first; at most 500. Raises `NotThere` for anybody else."""
    if not may_read(scope):
        raise NotThere("incidents")
    rows = await conn.fetch(
        """
        select i.id, i.room_id, r.title, r.zone, coalesce(c.class_name, '') as class_name, i.at,
            i.about, i.concern, i.told_by, i.seen_at,
            case when w.words is null then i.evidence
                else jsonb_set(i.evidence, '{question,text}', to_jsonb(w.words)) end as evidence
        from incidents i
        left join incident_words w on (w.programme_id, w.incident_id) = (i.programme_id, i.id)
        join rooms r on (r.programme_id, r.id) = (i.programme_id, i.room_id)
        left join session_classes c on (c.programme_id, c.id)
            = (i.programme_id, i.session_class_id)
        where i.programme_id = $1 order by i.at desc, i.id limit 500
        """,
        scope.programme_id,
    )
    return [Incident(**row) for row in rows]


async def see(conn: Connection, scope: Scope, incident_id: UUID, now: datetime) -> None:
    """The officer has read it; again changes nothing. Raises `NotThere`."""
    if not may_read(scope):
        raise NotThere("incidents")
    found = await conn.fetchval(
        """
        update incidents set seen_at = coalesce(seen_at, $3), seen_by = coalesce(seen_by, $4)
        where programme_id = $1 and id = $2 returning 1
        """,
        scope.programme_id,
        incident_id,
        now,
        scope.person_id,
    )
    if found is None:
        raise NotThere("incidents")


async def drop(conn: Connection, programme_id: UUID, before: datetime) -> int:
    """Incidents from before a moment, of one programme; how many."""
    rows = await conn.fetch(
        "delete from incidents where programme_id = $1 and at < $2 returning 1",
        programme_id,
        before,
    )
    return len(rows)
