"""Presenters: a person's place in a room, which the live core knows as a member."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.live import log, rooms
from rooms.scope import Scope

# Whoever was off the stage for longer is shown when she comes back: nobody goes live in the dark
# because of what she pressed at another time. A program that loses its line is back much sooner.
HIDDEN_WHILE_AWAY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Presenter:
    """`member` is what streams, keys and the stage call her by; `name` is what viewers read."""

    member: UUID
    room_id: UUID
    person_id: UUID | None
    name: str
    came_at: datetime
    removed_at: datetime | None


async def take_place(conn: Connection, scope: Scope, room_id: UUID, now: datetime) -> Presenter:
    """The place of the scope's person on this stage, the same one each time.

    Raises `NotThere` when it is no stage of hers, `Refused` `presenter_removed`, `room_closed`.
    """
    room = await rooms.get(conn, scope, room_id)
    if not rooms.may_present(scope, room):
        raise NotThere("room")
    if not room.is_open:
        raise Refused("room_closed")
    await conn.execute(
        """
        insert into room_presenters (programme_id, room_id, person_id, came_at)
        values ($1, $2, $3, $4) on conflict (programme_id, room_id, person_id) do nothing
        """,
        scope.programme_id,
        room_id,
        scope.person_id,
        now,
    )
    found = await place_of(conn, scope, room_id)
    if found is None:
        raise Refused("presenter_removed")
    return found


async def place_of(conn: Connection, scope: Scope, room_id: UUID) -> Presenter | None:
    """The place she has already; None without one, and once she was removed."""
    row = await conn.fetchrow(
        """
        select m.id as member, m.room_id, m.person_id, coalesce(p.name, '') as name, m.came_at,
            m.removed_at
        from room_presenters m left join persons p on p.id = m.person_id
        where m.programme_id = $1 and m.room_id = $2 and m.person_id = $3 and m.removed_at is null
        """,
        scope.programme_id,
        room_id,
        scope.person_id,
    )
    return _presenter(row) if row else None


def _presenter(row: asyncpg.Record) -> Presenter:
    return Presenter(**row)


async def of_room(conn: Connection, scope: Scope, room_id: UUID) -> list[Presenter]:
    """Everybody with a place in the room, removed ones too, in the order they came."""
    rows = await conn.fetch(
        """
        select m.id as member, m.room_id, m.person_id, coalesce(p.name, '') as name, m.came_at,
            m.removed_at
        from room_presenters m left join persons p on p.id = m.person_id
        where m.programme_id = $1 and m.room_id = $2
        order by m.came_at, m.id
        """,
        scope.programme_id,
        room_id,
    )
    return [_presenter(row) for row in rows]


async def hide(conn: Connection, scope: Scope, member: UUID, now: datetime | None) -> None:
    """She hides her picture and sound herself, since now; None: no more. Again changes nothing."""
    await conn.execute(
        """
        update room_presenters
        set hidden_at = case when $3::timestamptz is not null then coalesce(hidden_at, $3) end
        where programme_id = $1 and id = $2
        """,
        scope.programme_id,
        member,
        now,
    )


async def hidden(conn: Connection, scope: Scope, room_id: UUID) -> frozenset[UUID]:
    """The members who hide themselves now."""
    rows = await conn.fetch(
        """
        select id from room_presenters
        where programme_id = $1 and room_id = $2 and hidden_at is not null
        """,
        scope.programme_id,
        room_id,
    )
    return frozenset(row["id"] for row in rows)


async def begins_anew(
    conn: Connection, scope: Scope, room_id: UUID, member: UUID, now: datetime
) -> bool:
    """Whether she was off the stage for so long that what she had hidden or muted is over.

    What she hides before she comes stays hidden.
    """
    row = await conn.fetchrow(
        """
        select kind, at from room_events
        where programme_id = $1 and room_id = $2 and data ->> 'member' = $3
            and kind in ('presenter_came', 'presenter_left')
        order by number desc limit 1
        """,
        scope.programme_id,
        room_id,
        str(member),
    )
    since = now - HIDDEN_WHILE_AWAY
    if row is not None and (row["kind"] == "presenter_came" or row["at"] > since):
        return False
    await conn.execute(
        """
        update room_presenters set hidden_at = null
        where programme_id = $1 and id = $2 and hidden_at <= $3
        """,
        scope.programme_id,
        member,
        since,
    )
    return True


async def person_of(conn: Connection, room: rooms.Room, member: UUID) -> UUID | None:
    """Whose place it is; None where nobody is behind it any more."""
    person_id: UUID | None = await conn.fetchval(
        "select person_id from room_presenters where programme_id = $1 and id = $2",
        room.programme_id,
        member,
    )
    return person_id


async def unvetted_on_stage(conn: Connection, room: rooms.Room) -> int:
    """How many presenters of a webinar have a place on its stage and may not meet its pupils."""
    cast = room.cast
    if cast is None or not cast.has_pupils:
        return 0
    count: int = await conn.fetchval(
        """
        select count(*) from room_presenters
        where programme_id = $1 and room_id = $2 and removed_at is null
            and person_id = any($3::uuid[]) and not person_id = any($4::uuid[])
        """,
        room.programme_id,
        room.id,
        list(cast.presenter_ids),
        list(cast.vetted_ids | cast.moderator_ids),
    )
    return count


async def take_off(
    conn: Connection, scope: Scope, room_id: UUID, person_id: UUID, now: datetime
) -> UUID | None:
    """Takes a person's place away with her keys, and says which it was; None without one.

    The caller has judged who may, and tells the live core.
    """
    member: UUID | None = await conn.fetchval(
        """
        update room_presenters set removed_at = $4
        where programme_id = $1 and room_id = $2 and person_id = $3 and removed_at is null
        returning id
        """,
        scope.programme_id,
        room_id,
        person_id,
        now,
    )
    if member is not None:
        await log.append(conn, scope, room_id, "presenter_left", now, {"member": str(member)})
    return member


async def welcome_back(
    conn: Connection, scope: Scope, room_id: UUID, person_id: UUID, now: datetime
) -> None:
    """Who is put on the stage anew may take her place again; the keys she had stay dead."""
    member: UUID | None = await conn.fetchval(
        """
        update room_presenters set removed_at = null
        where programme_id = $1 and room_id = $2 and person_id = $3 and removed_at is not null
        returning id
        """,
        scope.programme_id,
        room_id,
        person_id,
    )
    await conn.execute(
        """
        update stream_keys set revoked_at = coalesce(revoked_at, $3)
        where programme_id = $1 and presenter_id = $2
        """,
        scope.programme_id,
        member,
        now,
    )


async def remove(
    conn: Connection, scope: Scope, room_id: UUID, member: UUID, now: datetime
) -> None:
    """Takes a presenter off the stage, and her keys with her; she does not come back.

    The caller tells the live core. Raises `NotThere` for who may not close the room, and for a
    member who has no place in it.
    """
    room = await rooms.get(conn, scope, room_id)
    if not rooms.may_close(scope, room):
        raise NotThere("room")
    removed = await conn.fetchval(
        """
        update room_presenters set removed_at = $4
        where programme_id = $1 and room_id = $2 and id = $3 and removed_at is null returning id
        """,
        scope.programme_id,
        room_id,
        member,
        now,
    )
    if removed is None:
        raise NotThere("presenter")
    await log.append(conn, scope, room_id, "presenter_left", now, {"member": str(member)})
