"""Classroom screens that wait to be let in by their teacher.

The screen shows a number and a QR code; the code's link opens on the teacher's phone, where she
types the number. A link passed on by somebody else shows her another number than the screen in
front of her, so that she lets in the screen she sees and no other.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.people.codes import hash_token, new_link_token, new_screen_number
from rooms.scope import Scope

WAITS = timedelta(minutes=15)
# Of ninety numbers; then the screen has to show a new one.
MOST_WRONG = 3


@dataclass(frozen=True, slots=True)
class Made:
    """A new waiting screen: its cookie's token, its link's token, the number it shows."""

    token: str
    link: str
    number: str


@dataclass(frozen=True, slots=True)
class Screen:
    """A waiting screen; the rest is set when its teacher has confirmed it, `room_id` for a room."""

    id: UUID
    confirmed_by: UUID | None
    programme_id: UUID | None
    session_id: UUID | None
    session_class_id: UUID | None
    room_id: UUID | None


async def wait(conn: Connection, now: datetime) -> Made:
    """Makes a screen that waits a quarter of an hour."""
    made = Made(secrets.token_urlsafe(32), new_link_token(), new_screen_number())
    await conn.execute(
        """
        insert into screens (token_hash, link_hash, number, created_at, expires_at)
        values ($1, $2, $3, $4, $5)
        """,
        hash_token(made.token),
        hash_token(made.link),
        made.number,
        now,
        now + WAITS,
    )
    return made


async def by_token(conn: Connection, token: str, now: datetime) -> Screen | None:
    """The screen itself, by its cookie, locked: it is let in once."""
    row = await conn.fetchrow(
        """
        select c.id, c.confirmed_by, s.programme_id, c.session_id, c.session_class_id, s.room_id
        from screens c left join sessions s on s.id = c.session_id
        where c.token_hash = $1 and c.expires_at > $2 and c.sign_in_id is null
        for update of c
        """,
        hash_token(token),
        now,
    )
    return _screen(row)


async def by_link(conn: Connection, link: str, now: datetime) -> Screen | None:
    """A screen still waiting, by its link."""
    row = await conn.fetchrow(
        """
        select id, confirmed_by, null::uuid as programme_id, session_id, session_class_id,
            null::uuid as room_id
        from screens
        where link_hash = $1 and expires_at > $2 and confirmed_by is null
            and wrong_guesses < $3
        """,
        hash_token(link),
        now,
        MOST_WRONG,
    )
    return _screen(row)


def _screen(row: asyncpg.Record | None) -> Screen | None:
    return Screen(**row) if row else None


async def confirm(
    conn: Connection, scope: Scope, link: str, number: str, session_class_id: UUID, now: datetime
) -> bool:
    """The teacher's word for the screen she sees; False when the number is another's.

    The caller has seen that the session class is hers. Raises `NotThere` when nothing waits there.
    """
    row = await conn.fetchrow(
        """
        select id, number from screens
        where link_hash = $1 and expires_at > $2 and confirmed_by is null
            and wrong_guesses < $3 for update
        """,
        hash_token(link),
        now,
        MOST_WRONG,
    )
    if row is None:
        raise NotThere("screen")
    is_right = hmac.compare_digest(number.encode(), row["number"].encode())
    await conn.execute(
        """
        update screens set
            confirmed_by = case when $2 then $3::uuid end,
            session_class_id = case when $2 then $4::uuid end,
            session_id = case when $2 then
                (select c.session_id from session_classes c where c.id = $4) end,
            wrong_guesses = wrong_guesses + case when $2 then 0 else 1 end
        where id = $1
        """,
        row["id"],
        is_right,
        scope.person_id,
        session_class_id,
    )
    return is_right


async def use_up(conn: Connection, screen_id: UUID, sign_in_id: UUID | None, now: datetime) -> None:
    """The screen has been let in; its number and link are good for nothing more."""
    await conn.execute(
        "update screens set sign_in_id = $2, expires_at = $3 where id = $1",
        screen_id,
        sign_in_id,
        now,
    )


async def sweep(conn: Connection, now: datetime) -> None:
    """Screens nobody let in are gone after an hour."""
    await conn.execute(
        "delete from screens where sign_in_id is null and expires_at < $1",
        now - timedelta(hours=1),
    )
