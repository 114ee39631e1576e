"""Sign-ins: a browser that knows who it is, and how that ends.

The browser keeps a random token, the row only its hash. `browser` slides on for 30 days with use;
`classroom` is a classroom PC a teacher let in from her phone, for one session, a few hours long.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.people.codes import hash_token

LASTS = {"browser": timedelta(days=30), "classroom": timedelta(hours=4)}


@dataclass(frozen=True, slots=True)
class SignIn:
    """One of a person's sign-ins, as her account page lists it."""

    id: UUID
    kind: str
    device: str
    created_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A sign-in that was just ended, and whose it was. `kind`: as of a `SignIn`."""

    id: UUID
    person_id: UUID
    kind: str


async def start(
    conn: Connection,
    person_id: UUID,
    *,
    now: datetime,
    kind: str = "browser",
    programme_id: UUID | None = None,
    session_id: UUID | None = None,
    device: str = "",
) -> str:
    """Signs a person in; returns the token for the cookie, 256 random bits, kept nowhere else."""
    token = secrets.token_urlsafe(32)
    await conn.execute(
        """
        insert into sign_ins (token_hash, person_id, programme_id, kind, session_id, device,
            created_at, seen_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $7, $8)
        """,
        hash_token(token),
        person_id,
        programme_id,
        kind,
        session_id,
        device[:120],
        now,
        now + LASTS[kind],
    )
    return token


async def renew(
    conn: Connection,
    old: str,
    person_id: UUID,
    *,
    now: datetime,
    programme_id: UUID | None = None,
    device: str = "",
) -> str | None:
    """Her sign-in behind a cookie goes on as if it was just made, under the new token that is
    returned; None where the cookie is no open sign-in of hers. What she sends and watches by it
    goes on too.
    """
    token = secrets.token_urlsafe(32)
    renewed = await conn.fetchval(
        """
        update sign_ins set token_hash = $1, programme_id = coalesce($4, programme_id),
            device = $5, created_at = $6, seen_at = $6, expires_at = $7
        where token_hash = $2 and person_id = $3 and kind = 'browser' and ended_at is null
        returning true
        """,
        hash_token(token),
        hash_token(old),
        person_id,
        programme_id,
        device[:120],
        now,
        now + LASTS["browser"],
    )
    return token if renewed else None


async def id_of(conn: Connection, token: str) -> UUID | None:
    """The id behind a token just made, to point at from another row."""
    sign_in_id: UUID | None = await conn.fetchval(
        "select id from sign_ins where token_hash = $1", hash_token(token)
    )
    return sign_in_id


async def of_person(conn: Connection, person_id: UUID, now: datetime) -> list[SignIn]:
    """Those still open, last seen first."""
    rows = await conn.fetch(
        """
        select id, kind, device, created_at, seen_at from sign_ins
        where person_id = $1 and ended_at is null and expires_at > $2
        order by seen_at desc, created_at desc
        """,
        person_id,
        now,
    )
    return [SignIn(**dict(row)) for row in rows]


async def move_to(conn: Connection, sign_in_id: UUID, programme_id: UUID) -> None:
    """The programme this browser works in from now on, for persons with roles in several."""
    await conn.execute(
        "update sign_ins set programme_id = $2 where id = $1 and kind = 'browser'",
        sign_in_id,
        programme_id,
    )


# What a sign-in brought goes with it (`seats.go_with`), so whoever ends some is told which.


async def end(conn: Connection, person_id: UUID, sign_in_id: UUID, now: datetime) -> list[Ended]:
    """Ends one of her own. Raises `NotThere` for another's."""
    rows = await conn.fetch(
        """
        update sign_ins set ended_at = $3
        where person_id = $1 and id = $2 and ended_at is null
        returning id, person_id, kind
        """,
        person_id,
        sign_in_id,
        now,
    )
    if not rows:
        raise NotThere("sign_in")
    return _ended(rows)


async def end_others(
    conn: Connection, person_id: UUID, keep_id: UUID, now: datetime
) -> list[Ended]:
    """Ends all of hers but one."""
    rows = await conn.fetch(
        """
        update sign_ins set ended_at = $3
        where person_id = $1 and id <> $2 and ended_at is null
        returning id, person_id, kind
        """,
        person_id,
        keep_id,
        now,
    )
    return _ended(rows)


async def end_by_token(conn: Connection, token: str, now: datetime) -> list[Ended]:
    """Ends the one behind a cookie; nothing when it has ended already."""
    rows = await conn.fetch(
        """
        update sign_ins set ended_at = $2 where token_hash = $1 and ended_at is null
        returning id, person_id, kind
        """,
        hash_token(token),
        now,
    )
    return _ended(rows)


async def end_all(conn: Connection, person_id: UUID, now: datetime) -> list[Ended]:
    """Ends all of hers."""
    rows = await conn.fetch(
        """
        update sign_ins set ended_at = $2 where person_id = $1 and ended_at is null
        returning id, person_id, kind
        """,
        person_id,
        now,
    )
    return _ended(rows)


def _ended(rows: Iterable[asyncpg.Record]) -> list[Ended]:
    return [Ended(**dict(row)) for row in rows]


async def end_of_class(conn: Connection, session_class_id: UUID, now: datetime) -> None:
    """The class has left a room others stay in: ends the classroom PCs let in for it."""
    await conn.execute(
        """
        update sign_ins s set ended_at = $2 from screens c
        where c.sign_in_id = s.id and c.session_class_id = $1 and s.kind = 'classroom'
            and s.ended_at is null
        """,
        session_class_id,
        now,
    )


async def end_of_session(conn: Connection, session_id: UUID, now: datetime) -> None:
    """The lesson is over: ends every classroom PC that was let in for it."""
    await conn.execute(
        """
        update sign_ins set ended_at = $2
        where session_id = $1 and kind = 'classroom' and ended_at is null
        """,
        session_id,
        now,
    )
