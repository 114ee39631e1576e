"""What rows tell of a room beside its log: its classes, who teaches them, and which adult is there.

An adult is there while a page of hers answers: a teacher's, a classroom screen's. Each process
says so of its own pages twice a second; the row is the same for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.live import seat_quality
from rooms.live.protocol import Phase
from rooms.live.room_state import ClassFacts, Facts, HereNow
from rooms.scope import Scope

# A page answers every two seconds; with half a second to look, a class freezes within five.
GONE_AFTER = timedelta(seconds=4)
HOST_GONE_AFTER = timedelta(seconds=10)
FORGOTTEN_AFTER = timedelta(minutes=5)

PHASES: dict[str, tuple[Phase, ...]] = {
    "announced": ("green",),
    "open": ("lobby",),
    "live": ("live", "paused"),
    "ended": ("ended",),
    "archived": ("ended",),
    "cancelled": ("ended",),
}


@dataclass(frozen=True, slots=True)
class AdultSeen:
    """A page of an adult, when it answered last. `parts`: the classes for which it counts."""

    connection: UUID
    programme_id: UUID
    room_id: UUID
    person_id: UUID | None
    parts: tuple[UUID, ...]
    is_moderator: bool
    seen_until: datetime


async def note_adults(conn: Connection, seen: Sequence[AdultSeen], now: datetime) -> None:
    """Moves on who was seen, and forgets who was not for a long while."""
    await conn.executemany(
        """
        insert into room_adults (connection, programme_id, room_id, person_id, session_class_ids,
            is_moderator, seen_until)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (connection) do update set session_class_ids = excluded.session_class_ids,
            is_moderator = excluded.is_moderator,
            seen_until = greatest(room_adults.seen_until, excluded.seen_until)
        """,
        [
            (
                one.connection,
                one.programme_id,
                one.room_id,
                one.person_id,
                list(one.parts),
                one.is_moderator,
                one.seen_until,
            )
            for one in sorted(seen, key=lambda one: one.connection)
        ],
    )
    await conn.execute("delete from room_adults where seen_until < $1", now - FORGOTTEN_AFTER)


async def read(
    conn: Connection, scope: Scope, room_id: UUID, host: UUID | None, now: datetime
) -> Facts:
    """The facts of a room. `host`: the member its log says it is."""
    rows = await conn.fetch(
        """
        select c.id as part, c.class_name, coalesce(g.name, '') as region,
            coalesce(c.confirmed, c.declared, c.expected) as headcount, c.left_at is null as is_in,
            exists (select from room_adults a
                where (a.programme_id, a.room_id) = (s.programme_id, s.room_id)
                    and c.id = any(a.session_class_ids) and a.seen_until > $3) as has_adult,
            array(select t.person_id from class_teachers t
                where (t.programme_id, t.class_id) = (c.programme_id, c.class_id)) as teachers
        from sessions s
        join session_classes c on (c.programme_id, c.session_id) = (s.programme_id, s.id)
        left join regions g on (g.programme_id, g.id) = (c.programme_id, c.region_id)
        where s.programme_id = $1 and s.room_id = $2 and c.took_part_at is not null
        order by c.class_name, c.id
        """,
        scope.programme_id,
        room_id,
        now - GONE_AFTER,
    )
    classes = {
        row["part"]: ClassFacts(**{**row, "teachers": frozenset(row["teachers"])}) for row in rows
    }
    return Facts(classes, **await _beside(conn, scope, room_id, host, now))


async def _beside(
    conn: Connection, scope: Scope, room_id: UUID, host: UUID | None, now: datetime
) -> dict[str, Any]:
    """How many classes a webinar's room expects, the phases its webinar allows, in which languages
    captions will come, and whether the host is there."""
    row = await conn.fetchrow(
        """
        select w.state, (select count(*) from registrations r
            where (r.programme_id, r.webinar_id) = (w.programme_id, w.id)
                and r.class_id is not null and r.state = 'in') as expected,
            array(select distinct k.language from captioners k
                where (k.programme_id, k.webinar_id) = (w.programme_id, w.id)
                    and k.agreed_at is not null and k.removed_at is null
                order by k.language) as captions_in,
            exists (select from room_adults a
                join room_presenters m on (m.programme_id, m.room_id, m.person_id)
                    = (a.programme_id, a.room_id, a.person_id)
                where (a.programme_id, a.room_id) = (o.programme_id, o.id) and m.id = $3
                    and a.seen_until > $4) as is_host_here
        from rooms o
        left join webinars w on (w.programme_id, w.room_id) = (o.programme_id, o.id)
        where o.programme_id = $1 and o.id = $2
        """,
        scope.programme_id,
        room_id,
        host,
        now - HOST_GONE_AFTER,
    )
    if row is None:
        return {}
    return {
        "expected": row["expected"],
        "phases": PHASES.get(row["state"], ()),
        "captions_in": tuple(row["captions_in"]),
        "is_host_here": row["is_host_here"],
    }


async def devices(
    conn: Connection, scope: Scope, room_id: UUID, now: datetime
) -> dict[UUID, HereNow]:
    """Who is here of each class, by its open visits seen within ten seconds."""
    rows = await conn.fetch(
        """
        select t.session_class_id as part, count(distinct t.id) filter (where t.kind <> 'beamer')
            as phones, coalesce(bool_or(t.kind = 'beamer'), false) as has_screen,
            coalesce(array_agg(q.quality) filter (where q.quality is not null), '{}') as qualities,
            count(q.connection) filter (where q.rung in ('tcp', 'turn')) as by_relay
        from sessions s
        join session_classes c on (c.programme_id, c.session_id) = (s.programme_id, s.id)
        join seats t on (t.programme_id, t.session_class_id) = (c.programme_id, c.id)
        join visits v on (v.programme_id, v.seat_id) = (t.programme_id, t.id)
        left join seat_quality q on q.connection = v.connection and q.at > $4
        where s.programme_id = $1 and s.room_id = $2 and t.ended_at is null and not t.is_waiting
            and v.ended_at is null and v.seen_until > $3
        group by t.session_class_id
        """,
        scope.programme_id,
        room_id,
        now - timedelta(seconds=10),
        now - seat_quality.KNOWN_FOR,
    )
    return {row["part"]: _here_now(row) for row in rows}


def _here_now(row: asyncpg.Record) -> HereNow:
    qualities = row["qualities"]
    weakest = seat_quality.weakest(qualities)
    return HereNow(row["phones"], row["has_screen"], len(qualities), *weakest, row["by_relay"])
