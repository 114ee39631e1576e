"""Proofs by mail: one mail with a link and a six-digit code, used once, whichever comes first.

What the asker told before (her class, her company) waits in `details` until the mail is proved
to be hers, so that nothing is asked twice and nothing is made for a stranger's address.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.people.codes import hash_mail_code, hash_token, new_mail_code, new_seat_token

LASTS = timedelta(minutes=30)
INVITE_LASTS = timedelta(days=14)
MAX_WRONG_GUESSES = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What goes into the mail, and nowhere else."""

    id: UUID
    link_token: str
    code: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A mail and what it was asked for. `purpose`: sign_in, invite, show, register,
    company, colleague."""

    id: UUID
    email: str
    purpose: str
    next_path: str
    details: Mapping[str, Any]


def _proof(row: asyncpg.Record) -> Proof:
    told = row["details"]
    # A connection of the pool decodes JSON itself; a bare one gives the text.
    details = json.loads(told) if isinstance(told, str) else told
    return Proof(row["id"], row["email"], row["purpose"], row["next_path"], details)


async def ask(
    conn: Connection,
    *,
    email: str,
    secret: bytes,
    now: datetime,
    purpose: str = "sign_in",
    next_path: str = "/",
    details: Mapping[str, Any] | None = None,
    lasts: timedelta = LASTS,
) -> Asked:
    """Makes a link and a code for this address; mails asked for before stay good as well."""
    token, code = new_seat_token(), new_mail_code()
    mail_id: UUID = await conn.fetchval(
        """
        insert into sign_in_mails (email, link_hash, code_hash, purpose, next_path, details,
            created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8) returning id
        """,
        email,
        hash_token(token),
        hash_mail_code(code, email, secret),
        purpose,
        next_path,
        json.dumps(dict(details or {})),
        now,
        now + lasts,
    )
    return Asked(mail_id, token, code)


async def by_link(conn: Connection, token: str, now: datetime) -> Proof | None:
    """What a link would do; looking uses nothing up."""
    row = await conn.fetchrow(
        """
        select * from sign_in_mails
        where link_hash = $1 and used_at is null and expires_at > $2
        """,
        hash_token(token),
        now,
    )
    return _proof(row) if row else None


async def use_link(conn: Connection, token: str, now: datetime) -> Proof | None:
    """Uses the link up; None when it is over, used or never was."""
    row = await conn.fetchrow(
        """
        update sign_in_mails set used_at = $2
        where link_hash = $1 and used_at is null and expires_at > $2 returning *
        """,
        hash_token(token),
        now,
    )
    return _proof(row) if row else None


async def use_code(
    conn: Connection, email: str, code: str, secret: bytes, now: datetime
) -> Proof | None:
    """Uses the code up; a wrong one counts against every open mail to the address.

    After `MAX_WRONG_GUESSES` a mail's code is dead, its link is not. The caller commits also
    when the answer is None, or the guess would not count.
    """
    row = await conn.fetchrow(
        """
        update sign_in_mails set used_at = $3
        where id = (
            select id from sign_in_mails
            where email = $1 and code_hash = $2 and used_at is null and expires_at > $3
                and wrong_guesses < $4
            order by created_at desc limit 1 for update)
        returning *
        """,
        email,
        hash_mail_code(code, email, secret),
        now,
        MAX_WRONG_GUESSES,
    )
    if row is None:
        await _count_wrong(conn, email, now)
        return None
    return _proof(row)


async def _count_wrong(conn: Connection, email: str, now: datetime) -> None:
    await conn.execute(
        """
        update sign_in_mails set wrong_guesses = wrong_guesses + 1
        where email = $1 and used_at is null and expires_at > $2 and wrong_guesses < $3
        """,
        email,
        now,
        MAX_WRONG_GUESSES,
    )


async def forget_old(conn: Connection, before: datetime) -> int:
    """Deletes mails that were over before a moment; returns how many. For the sweep."""
    done = await conn.execute("delete from sign_in_mails where expires_at < $1", before)
    return int(done.removeprefix("DELETE "))
