"""What somebody may in a room by now: an open page keeps no power that was taken from its person.

A page's role is found when it comes. Her role in the programme may end after that, a moderator or
a presenter may be taken off a webinar: before a command of hers is decided, and twice a second for
what she is told, the rows are asked again.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from rooms.connection import Connection
from rooms.live import presenters, rooms
from rooms.live.room_state import Who
from rooms.live.rooms import Role, Room
from rooms.people import grants
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class TakenOff:
    """Somebody who lost what she was in a room. `member`: her place on its stage, if she had one.

    For the live core: what she sends from that place ends, and all that she watches by.
    """

    person: UUID
    member: UUID | None


def has_power(who: Who) -> bool:
    """Whether there is anything that could be taken from her."""
    return who.person is not None and (who.is_moderator or who.is_presenter)


def by_now(who: Who, room: Room, role: Role | None) -> Who:
    """Her page with what `role` leaves of its powers; never with more than it came with."""
    moderates = role is not None and rooms.is_moderator(role, room, who.person)
    kept = replace(
        who,
        is_moderator=who.is_moderator and moderates,
        is_presenter=who.is_presenter and role in rooms.ON_STAGE,
    )
    return who if kept == who else kept


async def role_of(conn: Connection, room: Room, person_id: UUID) -> Role | None:
    """What a person is in this room now; None: for her it is not there."""
    scope = await grants.scope_of(conn, room.programme_id, person_id)
    return rooms.role_in(scope, room)


async def roles_of(
    conn: Connection, room: Room, persons: Collection[UUID]
) -> dict[UUID, Role | None]:
    """The same of several."""
    scopes = await grants.scopes_of(conn, room.programme_id, persons)
    return {person: rooms.role_in(scope, room) for person, scope in scopes.items()}


async def may_go_on(conn: Connection, room: Room, member: UUID) -> bool:
    """Whether a key of this place may still send: while its person may be on this stage (before
    pupils: while she is vetted)."""
    person_id = await presenters.person_of(conn, room, member)
    return person_id is not None and await role_of(conn, room, person_id) in rooms.ON_STAGE


async def lost_rooms(
    conn: Connection, scope: Scope, person_id: UUID
) -> list[tuple[Room, TakenOff]]:
    """The open rooms in which a person has a place on a stage that is hers no more, and those in a
    live process that she may not even see."""
    rows = await conn.fetch(
        """
        select r.id, m.id as member from rooms r
        left join room_presenters m on (m.programme_id, m.room_id) = (r.programme_id, r.id)
            and m.person_id = $2 and m.removed_at is null
        where r.programme_id = $1 and r.closed_at is null and (m.id is not null or exists (
            select from room_leases l where (l.programme_id, l.room_id) = (r.programme_id, r.id)))
        order by r.id
        """,
        scope.programme_id,
        person_id,
    )
    hers, lost = await grants.scope_of(conn, scope.programme_id, person_id), []
    for row in rows:
        room = await rooms.shown(conn, scope.programme_id, row["id"])
        role = rooms.role_in(hers, room)
        if role is None or (row["member"] is not None and role not in rooms.ON_STAGE):
            lost.append((room, TakenOff(person_id, row["member"])))
    return lost


async def leave_stage(
    conn: Connection, scope: Scope, room_id: UUID, person_id: UUID, now: datetime
) -> TakenOff | None:
    """Takes away the place of somebody who was taken off; None, and nothing, where she may be on
    this stage for another reason too."""
    room = await rooms.shown(conn, scope.programme_id, room_id)
    if await role_of(conn, room, person_id) in rooms.ON_STAGE:
        return None
    return TakenOff(person_id, await presenters.take_off(conn, scope, room_id, person_id, now))
