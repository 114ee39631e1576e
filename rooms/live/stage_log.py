"""Who is on a room's stage, as its log tells it: from the live core's stage to lines in the log.

A live process that died told nobody's end. Who was on a stage of it and has not come back to the
one after it left when it died; and so did everybody when none comes after it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from rooms.connection import Connection
from rooms.live import log
from rooms.scope import Scope

# A studio is back by itself within seconds, a phone that has to be unlocked within this.
COMES_BACK_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """Somebody who came under a live process that is gone; `seen_at`: the last that shows her."""

    programme_id: UUID
    room_id: UUID
    member: UUID
    seen_at: datetime


async def note(conn: Connection, room_id: UUID, members: frozenset[UUID], now: datetime) -> None:
    """Writes who came and who left since the log last said who is there; else nothing."""
    programme_id: UUID | None = await conn.fetchval(
        "select programme_id from rooms where id = $1 and closed_at is null for update", room_id
    )
    if programme_id is None:
        return
    scope = Scope(programme_id)
    known = await on_stage(conn, scope, room_id)
    for kind, who in (("presenter_left", known - members), ("presenter_came", members - known)):
        for member in sorted(who):
            await log.append(conn, scope, room_id, kind, now, {"member": str(member)})


async def on_stage(conn: Connection, scope: Scope, room_id: UUID) -> frozenset[UUID]:
    """Members whose last line in the log says that they came."""
    rows = await conn.fetch(
        """
        select member from (
            select distinct on (data ->> 'member') data ->> 'member' as member, kind
            from room_events
            where programme_id = $1 and room_id = $2
                and kind in ('presenter_came', 'presenter_left')
            order by data ->> 'member', number desc
        ) as last where kind = 'presenter_came'
        """,
        scope.programme_id,
        room_id,
    )
    return frozenset(UUID(row["member"]) for row in rows)


async def left_behind(
    conn: Connection, processes: Collection[UUID], now: datetime
) -> list[LeftBehind]:
    """Who stands in the log of an open room as on its stage since before one of these live
    processes took the room over, which has had the time to come back; and who in a room whose
    live process nobody has seen for as long. For all programmes; whether she is back is for the
    caller to know.
    """
    rows = await conn.fetch(
        """
        with taken as (
            select r.programme_id, r.id as room_id,
                case when l.process = any($1::uuid[]) then l.taken_at else 'infinity' end
                    as taken_at
            from room_leases l
            join rooms r on (r.programme_id, r.id) = (l.programme_id, l.room_id)
            where r.closed_at is null
                and case when l.process = any($1::uuid[]) then l.taken_at else l.seen_at end < $2
        ), last as (
            select distinct on (e.room_id, e.data ->> 'member') t.programme_id, t.room_id,
                t.taken_at, (e.data ->> 'member')::uuid as member, e.kind, e.at
            from taken t
            join room_events e on (e.programme_id, e.room_id) = (t.programme_id, t.room_id)
                and e.kind in ('presenter_came', 'presenter_left')
            order by e.room_id, e.data ->> 'member', e.number desc
        )
        select programme_id, room_id, member, greatest(at,
            (select max(a.seen_until) from on_air a
             join sessions s on (s.programme_id, s.id) = (a.programme_id, a.session_id)
             where (s.programme_id, s.room_id) = (last.programme_id, last.room_id)
                and a.seen_until <= last.taken_at)) as seen_at
        from last where kind = 'presenter_came' and at < taken_at
        order by room_id, member
        """,
        list(processes),
        now - COMES_BACK_WITHIN,
    )
    return [LeftBehind(**row) for row in rows]


async def note_left(conn: Connection, one: LeftBehind) -> None:
    """Writes that she left, unless the log says by now that she did."""
    scope = Scope(one.programme_id)
    is_open = await conn.fetchval(
        "select closed_at is null from rooms where programme_id = $1 and id = $2 for update",
        one.programme_id,
        one.room_id,
    )
    if is_open and one.member in await on_stage(conn, scope, one.room_id):
        data = {"member": str(one.member)}
        await log.append(conn, scope, one.room_id, "presenter_left", one.seen_at, data)


async def note_back(
    conn: Connection, stages: Mapping[UUID, frozenset[UUID]], now: datetime
) -> None:
    """Writes who is on a stage though the log says that she left: her live process was there all
    the time, and nobody could see it.
    """
    rows = await conn.fetch(
        """
        select distinct on (r.id, e.data ->> 'member') r.id as room_id,
            (e.data ->> 'member')::uuid as member, e.kind
        from rooms r
        join room_events e on (e.programme_id, e.room_id) = (r.programme_id, r.id)
            and e.kind in ('presenter_came', 'presenter_left')
        where r.id = any($1::uuid[]) and r.closed_at is null
        order by r.id, e.data ->> 'member', e.number desc
        """,
        list(stages),
    )
    for row in rows:
        if row["kind"] == "presenter_left" and row["member"] in stages[row["room_id"]]:
            await note(conn, row["room_id"], stages[row["room_id"]], now)
