"""Leases: in which live process a room is, and under which epoch it is steered."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rooms.connection import Connection
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Lease:
    """`process` is new at every start of the live process; the epoch grows with it."""

    room_id: UUID
    live_address: str
    process: UUID
    epoch: int
    taken_at: datetime


async def take(
    conn: Connection, scope: Scope, room_id: UUID, live_address: str, process: UUID, now: datetime
) -> Lease:
    """The room's lease for this live process.

    The same process as before keeps its epoch; another takes the room over with the next one. Of
    two who take it at once the second sees what the first wrote.
    """
    row = await conn.fetchrow(
        """
        insert into room_leases as l
            (programme_id, room_id, live_address, process, taken_at, seen_at)
        values ($1, $2, $3, $4, $5, $5)
        on conflict (programme_id, room_id) do update set
            epoch = l.epoch + case when l.process = excluded.process then 0 else 1 end,
            taken_at = case when l.process = excluded.process then l.taken_at
                else excluded.taken_at end,
            live_address = excluded.live_address, process = excluded.process,
            seen_at = excluded.seen_at
        returning room_id, live_address, process, epoch, taken_at
        """,
        scope.programme_id,
        room_id,
        live_address,
        process,
        now,
    )
    assert row is not None
    return Lease(**row)


async def current(conn: Connection, scope: Scope, room_id: UUID) -> Lease | None:
    """Where the room is; None when no live process has it yet."""
    row = await conn.fetchrow(
        """
        select room_id, live_address, process, epoch, taken_at from room_leases
        where programme_id = $1 and room_id = $2
        """,
        scope.programme_id,
        room_id,
    )
    return Lease(**row) if row else None


async def see(conn: Connection, processes: Collection[UUID], now: datetime) -> None:
    """These live processes are there: so are all rooms they have, of whatever programme."""
    await conn.execute(
        "update room_leases set seen_at = $2 where process = any($1::uuid[])",
        list(processes),
        now,
    )
