"""What somebody may in a room by now: an open page keeps no power that was taken from its person.

A page's role is found when it comes. Her role in the programme may end after that, a moderator or
a presenter may be taken off a webinar: before a command of hers is decided, and twice a second for
what she is told, the rows are asked again.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from rooms.connection import Connection
from rooms.live import presenters, rooms
from rooms.live.room_state import Who
from rooms.live.rooms import Role, Room
from rooms.people import grants
from rooms.scope import Scope


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
    return {person: await role_of(conn, room, person) for person in sorted(persons)}


async def may_go_on(conn: Connection, room: Room, member: UUID) -> bool:
    """Whether a key of this place may still send: while its person may be on this stage (before
    pupils: while she is vetted)."""
    person_id = await presenters.person_of(conn, room, member)
    return person_id is not None and await role_of(conn, room, person_id) in rooms.ON_STAGE


async def lost_stages(conn: Connection, scope: Scope, person_id: UUID) -> list[tuple[Room, UUID]]:
    """The open rooms in which a person has a place on a stage that is hers no more, with that
    place, for the live core to cut off."""
    rows = await conn.fetch(
        """
        select m.id, m.room_id from room_presenters m
        join rooms r on (r.programme_id, r.id) = (m.programme_id, m.room_id)
        where m.programme_id = $1 and m.person_id = $2 and m.removed_at is null
            and r.closed_at is null
        order by m.id
        """,
        scope.programme_id,
        person_id,
    )
    found = [
        (await rooms.shown(conn, scope.programme_id, row["room_id"]), row["id"]) for row in rows
    ]
    return [(room, member) for room, member in found if not await may_go_on(conn, room, member)]


async def leave_stage(
    conn: Connection, scope: Scope, room_id: UUID, person_id: UUID, now: datetime
) -> UUID | None:
    """Takes away the place of somebody who was taken off, unless she may be on this stage for
    another reason too; that place, for the live core to cut off."""
    room = await rooms.shown(conn, scope.programme_id, room_id)
    if await role_of(conn, room, person_id) in rooms.ON_STAGE:
        return None
    return await presenters.take_off(conn, scope, room_id, person_id, now)
