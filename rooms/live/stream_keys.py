"""Stream keys: what a presenter's OBS or phone sends in place of signing in.

A key is shown once and kept as its hash. It opens one presenter's place in one room, no other.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.live import presenters
from rooms.people.codes import hash_token
from rooms.scope import Scope

LASTS = timedelta(days=7)
LABEL_LENGTH = 60
MOST_KEYS = 20
# 192 bits, 32 characters: long enough never to be guessed, short enough to be pasted by hand.
TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class StreamKey:
    """A key as its owner's list shows it."""

    id: UUID
    label: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None

    def works(self, now: datetime) -> bool:
        """Whether it lets somebody in now."""
        return self.revoked_at is None and self.expires_at > now


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the one moment its token is known."""

    id: UUID
    token: str
    label: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """What a working key stands for."""

    key_id: UUID
    programme_id: UUID
    room_id: UUID
    member: UUID
    is_room_open: bool


async def create(
    conn: Connection, scope: Scope, room_id: UUID, label: str, now: datetime
) -> NewKey:
    """A new key of the scope's person in this room.

    Raises as `presenters.take_place`, `Refused` `key_label`, `Conflict` `keys_many`.
    """
    label = " ".join(label.split())
    if len(label) > LABEL_LENGTH:
        raise Refused("key_label", limit=LABEL_LENGTH)
    presenter = await presenters.take_place(conn, scope, room_id, now)
    working = [key for key in await mine(conn, scope, room_id) if key.works(now)]
    if len(working) >= MOST_KEYS:
        raise Conflict("keys_many", limit=MOST_KEYS)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    key_id: UUID = await conn.fetchval(
        """
        insert into stream_keys (programme_id, presenter_id, token_hash, label, created_at,
            expires_at)
        values ($1, $2, $3, $4, $5, $6) returning id
        """,
        scope.programme_id,
        presenter.member,
        hash_token(token),
        label,
        now,
        now + LASTS,
    )
    return NewKey(key_id, token, label, now + LASTS)


async def mine(conn: Connection, scope: Scope, room_id: UUID) -> list[StreamKey]:
    """Her keys in this room, the newest first, dead ones too."""
    rows = await conn.fetch(
        """
        select k.id, k.label, k.created_at, k.expires_at, k.revoked_at, k.last_used_at
        from stream_keys k
        join room_presenters m on (m.programme_id, m.id) = (k.programme_id, k.presenter_id)
        where k.programme_id = $1 and m.room_id = $2 and m.person_id = $3
        order by k.created_at desc, k.id
        """,
        scope.programme_id,
        room_id,
        scope.person_id,
    )
    return [StreamKey(**row) for row in rows]


async def revoke(
    conn: Connection, scope: Scope, room_id: UUID, key_id: UUID, now: datetime
) -> None:
    """Ends one of her own keys at once; again changes nothing. Raises `NotThere` for others."""
    found = await conn.fetchval(
        """
        update stream_keys k set revoked_at = coalesce(k.revoked_at, $5)
        from room_presenters m
        where (m.programme_id, m.id) = (k.programme_id, k.presenter_id)
            and k.programme_id = $1 and m.room_id = $2 and k.id = $3 and m.person_id = $4
        returning k.id
        """,
        scope.programme_id,
        room_id,
        key_id,
        scope.person_id,
        now,
    )
    if found is None:
        raise NotThere("stream_key")


async def holder(conn: Connection, token: str, now: datetime) -> Held | None:
    """What the key stands for; None for one that is unknown, over, revoked, or whose presenter
    was removed. Notes that it was used."""
    row = await conn.fetchrow(
        """
        update stream_keys k set last_used_at = $2
        from room_presenters m join rooms r on (r.programme_id, r.id) = (m.programme_id, m.room_id)
        where (m.programme_id, m.id) = (k.programme_id, k.presenter_id)
            and k.token_hash = $1 and k.revoked_at is null and k.expires_at > $2
            and m.removed_at is null
        returning k.id as key_id, k.programme_id, m.room_id, m.id as member,
            r.closed_at is null as is_room_open
        """,
        hash_token(token),
        now,
    )
    return Held(**row) if row else None
