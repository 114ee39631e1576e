"""A room's log: what happened, numbered without a hole, for whoever comes back and asks `since`.

The number is given under the lock on the room's row, so the order in which numbers become visible
is the order of the numbers. Others hear of it by NOTIFY, as a hint: they read the rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from rooms.attendance.rule import unix_ms
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.live.presence import moment
from rooms.live.room import Line
from rooms.live.room_state import Happening
from rooms.scope import Scope

CHANNEL = "rooms"
# A page that missed more than this reads the stage and goes on from there.
MOST_TOLD = 500
# What everybody hears of as it stands. All else adds up to what is so now (`room_state.py`).
PLAIN = ("presenter_came", "presenter_left", "on_air", "off_air", "closed")


@dataclass(frozen=True, slots=True)
class Logged:
    """One line. `name`: of the member in `data`, as it is now; '' where there is none."""

    number: int
    at: datetime
    kind: str
    data: dict[str, Any]
    name: str


def payload(room_id: UUID, number: int) -> str:
    """What NOTIFY carries."""
    return f"{room_id}:{number}"


def read_payload(text: str) -> tuple[UUID, int]:
    """The room and number of a notification; raises `ValueError` for anything else."""
    room, _, number = text.partition(":")
    return UUID(room), int(number)


async def append(
    conn: Connection,
    scope: Scope,
    room_id: UUID,
    kind: str,
    at: datetime,
    data: dict[str, Any] | None = None,
) -> int:
    """Writes one line with the next number and tells all processes at the commit."""
    number: int | None = await conn.fetchval(
        """
        with next as (
            update rooms set last_number = last_number + 1
            where programme_id = $1 and id = $2 returning last_number
        )
        insert into room_events (programme_id, room_id, number, at, kind, data)
        select $1, $2, last_number, $3, $4, $5 from next returning number
        """,
        scope.programme_id,
        room_id,
        at,
        kind,
        data or {},
    )
    if number is None:
        raise NotThere("room")
    await conn.execute("select pg_notify($1, $2)", CHANNEL, payload(room_id, number))
    return number


async def since(conn: Connection, scope: Scope, room_id: UUID, number: int) -> list[Logged]:
    """The plain lines after `number`, in order; of more than 500 the newest."""
    rows = await conn.fetch(
        """
        select * from (
            select e.number, e.at, e.kind, e.data,
                coalesce(nullif(p.name, ''), '') as name
            from room_events e
            left join room_presenters m on m.programme_id = e.programme_id
                and m.id::text = e.data ->> 'member'
            left join persons p on p.id = m.person_id
            where e.programme_id = $1 and e.room_id = $2 and e.number > $3
                and e.kind = any($5::text[])
            order by e.number desc limit $4
        ) as newest order by number
        """,
        scope.programme_id,
        room_id,
        number,
        MOST_TOLD,
        PLAIN,
    )
    return [Logged(**row) for row in rows]


async def after(conn: Connection, scope: Scope, room_id: UUID, number: int) -> list[Logged]:
    """Every line after `number`, in order: what is so now is all of them."""
    rows = await conn.fetch(
        """
        select e.number, e.at, e.kind, e.data, coalesce(nullif(p.name, ''), '') as name
        from room_events e
        left join room_presenters m on m.programme_id = e.programme_id
            and m.id::text = e.data ->> 'member'
        left join persons p on p.id = m.person_id
        where e.programme_id = $1 and e.room_id = $2 and e.number > $3
        order by e.number
        """,
        scope.programme_id,
        room_id,
        number,
    )
    return [Logged(**row) for row in rows]


async def append_all(conn: Connection, scope: Scope, room_id: UUID, lines: Sequence[Line]) -> None:
    """Writes lines that have their numbers, and tells all processes at the commit. The caller
    holds the room's row, and numbered them from its last number on."""
    if not lines:
        return
    phases = [line for line in lines if line.happened.kind == "phase"]
    await conn.execute(
        """
        with added as (
            insert into room_events (programme_id, room_id, number, at, kind, data)
            select $1, $2, n, a, k, d from unnest($3::bigint[], $4::timestamptz[], $5::text[],
                $6::jsonb[]) as line (n, a, k, d)
        ), moved as (
            update rooms set last_number = $7, phase = coalesce($8, phase),
                phase_at = coalesce($9, phase_at)
            where programme_id = $1 and id = $2
        )
        select pg_notify($10, $11)
        """,
        scope.programme_id,
        room_id,
        [line.number for line in lines],
        [moment(line.at) for line in lines],
        [line.happened.kind for line in lines],
        [dict(line.happened.data) for line in lines],
        lines[-1].number,
        phases[-1].happened.data["to"] if phases else None,
        moment(phases[-1].at) if phases else None,
        CHANNEL,
        payload(room_id, lines[-1].number),
    )


def line_of(logged: Logged) -> Line:
    """A line as the pure room takes it in."""
    return Line(logged.number, unix_ms(logged.at), Happening(logged.kind, logged.data))
