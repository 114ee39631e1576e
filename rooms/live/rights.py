"""By whose right somebody sends or watches, and whether it still stands.

Whoever takes a right away ends what it carried at once, by a call that may not be heard: the live
process or the web process is just dying. So what is going on is held against the rows again and
again. A right that only grows old while somebody is there (a sign-in, a key of last week) breaks
off no lesson.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from rooms.connection import Connection
from rooms.live import rooms, standing

Kind = Literal["seat", "captioner", "person", "sign-in", "key"]
Right = tuple[Kind, UUID]


@dataclass(frozen=True, slots=True)
class Lost:
    """What of a room does not stand any more: rights, and members who may not be on its stage."""

    rights: frozenset[Right]
    members: frozenset[UUID]


async def lost(
    conn: Connection,
    programme_id: UUID,
    room_id: UUID,
    rights: Collection[Right],
    members: Collection[UUID],
) -> Lost | None:
    """Which of the rights that are used in a room, and of the members on its stage, are over.

    None: the room is closed, and so is all that goes on in it.
    """
    room = await rooms.shown(conn, programme_id, room_id)
    if not room.is_open:
        return None
    stand = await _standing(conn, room, rights)
    on_stage = await _may_be_on_stage(conn, room, members)
    return Lost(frozenset(rights) - stand, frozenset(members) - on_stage)


async def _standing(
    conn: Connection, room: rooms.Room, rights: Collection[Right]
) -> frozenset[Right]:
    persons = {one for kind, one in rights if kind == "person"}
    roles = await standing.roles_of(conn, room, persons)
    rows = await conn.fetch(
        """
        select 'seat' as kind, s.id
        from seats s
        join session_classes c on (c.programme_id, c.id) = (s.programme_id, s.session_class_id)
        where s.programme_id = $1 and s.id = any($4::uuid[]) and c.session_id = $3
            and s.ended_at is null and c.left_at is null
        union all
        select 'captioner', k.id
        from captioners k
        join webinars w on (w.programme_id, w.id) = (k.programme_id, k.webinar_id)
        where k.programme_id = $1 and k.id = any($5::uuid[]) and w.room_id = $2
            and k.removed_at is null
        union all
        select 'key', k.id
        from stream_keys k
        join room_presenters m on (m.programme_id, m.id) = (k.programme_id, k.presenter_id)
        where k.programme_id = $1 and k.id = any($6::uuid[]) and m.room_id = $2
            and k.revoked_at is null
        union all
        select 'sign-in', id from sign_ins where id = any($7::uuid[]) and ended_at is null
        """,
        room.programme_id,
        room.id,
        room.session_id,
        *([one for kind, one in rights if kind == wanted] for wanted in _BY_ROW),
    )
    here: set[Right] = {("person", person) for person, role in roles.items() if role is not None}
    return frozenset(here | {(row["kind"], row["id"]) for row in rows})


_BY_ROW: tuple[Kind, ...] = ("seat", "captioner", "key", "sign-in")


async def _may_be_on_stage(
    conn: Connection, room: rooms.Room, members: Collection[UUID]
) -> frozenset[UUID]:
    """Presenters who have their place and whose it still is, and classes that are on the stage."""
    rows = await conn.fetch(
        """
        select m.id, m.person_id from room_presenters m
        where m.programme_id = $1 and m.room_id = $2 and m.id = any($3::uuid[])
            and m.removed_at is null and m.person_id is not null
        union all
        select c.id, null from session_classes c
        where c.programme_id = $1 and c.session_id = $4 and c.id = any($3::uuid[])
            and c.left_at is null and (
                select (e.data ->> 'on')::boolean from room_events e
                where e.programme_id = $1 and e.room_id = $2 and e.kind = 'class_on_stage'
                    and e.data ->> 'part' = c.id::text
                order by e.number desc limit 1)
        """,
        room.programme_id,
        room.id,
        list(members),
        room.session_id,
    )
    roles = await standing.roles_of(conn, room, {row["person_id"] for row in rows} - {None})
    return frozenset(
        row["id"]
        for row in rows
        if row["person_id"] is None or roles[row["person_id"]] in rooms.ON_STAGE
    )


async def ended_sign_ins(conn: Connection, asked: Collection[UUID]) -> frozenset[UUID]:
    """Those of some sign-ins that were ended, by their person or for her."""
    rows = await conn.fetch(
        "select id from sign_ins where id = any($1::uuid[]) and ended_at is not null", list(asked)
    )
    return frozenset(row["id"] for row in rows)
