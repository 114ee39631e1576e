"""A funder's link: it opens a programme's releases and their definitions, and nothing else.

Without an account, until a day or until it is revoked. The secret is kept as its hash only: it is
shown once, to whoever makes it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.people.codes import hash_token, new_link_token
from rooms.scope import Scope

LONGEST = timedelta(days=2 * 366)
MAX_LABEL = 80


@dataclass(frozen=True, slots=True)
class Link:
    """One link, and on whose account it was made and revoked. `is_open`: it still opens."""

    id: UUID
    label: str
    made_by: str
    made_at: datetime
    expires_on: date
    revoked_by: str
    revoked_at: datetime | None
    is_open: bool


async def make(
    conn: Connection, scope: Scope, label: str, expires_on: date | None, today: date, now: datetime
) -> str:
    """A new link until the end of a day; returns its secret. The caller has judged who may.

    Raises `Refused` `link_label_missing`, `link_label_long`, `link_day`.
    """
    label = label.strip()
    if not label:
        raise Refused("link_label_missing")
    if len(label) > MAX_LABEL:
        raise Refused("link_label_long", limit=MAX_LABEL)
    if expires_on is None or not today <= expires_on <= today + LONGEST:
        raise Refused("link_day")
    token = new_link_token()
    await conn.execute(
        """
        insert into release_links (programme_id, label, token_hash, made_by, made_at, expires_on)
        values ($1, $2, $3, $4, $5, $6)
        """,
        scope.programme_id,
        label,
        hash_token(token),
        scope.person_id,
        now,
        expires_on,
    )
    return token


async def revoke(conn: Connection, scope: Scope, link_id: UUID, now: datetime) -> None:
    """It opens nothing from now on. Raises `NotThere` for one that is not, or was revoked."""
    done = await conn.execute(
        """
        update release_links set revoked_by = $3, revoked_at = $4
        where programme_id = $1 and id = $2 and revoked_at is null
        """,
        scope.programme_id,
        link_id,
        scope.person_id,
        now,
    )
    if done == "UPDATE 0":
        raise NotThere("release_link")


async def every(conn: Connection, scope: Scope, now: datetime) -> list[Link]:
    """All of the programme, the latest first."""
    rows = await conn.fetch(
        """
        select l.id, l.label, coalesce(nullif(m.name, ''), m.email, '') as made_by, l.made_at,
            l.expires_on, coalesce(nullif(r.name, ''), r.email, '') as revoked_by, l.revoked_at,
            p.zone
        from release_links l join programmes p on p.id = l.programme_id
        left join persons m on m.id = l.made_by left join persons r on r.id = l.revoked_by
        where l.programme_id = $1 order by l.made_at desc, l.id limit 200
        """,
        scope.programme_id,
    )
    return [_link(row, now) for row in rows]


def _link(row: asyncpg.Record, now: datetime) -> Link:
    values = dict(row)
    today = now.astimezone(ZoneInfo(values.pop("zone"))).date()
    is_open = row["revoked_at"] is None and today <= row["expires_on"]
    return Link(**values, is_open=is_open)


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that opens, and what: a scope without a person and without a role."""

    id: UUID
    scope: Scope


async def opened_by(conn: Connection, token: str, now: datetime) -> Opened:
    """What a secret opens. Raises `NotThere` for one that never was, is over, or was revoked:
    nobody learns which."""
    row = await conn.fetchrow(
        """
        select l.id, l.programme_id, l.expires_on, p.zone
        from release_links l join programmes p on p.id = l.programme_id
        where l.token_hash = $1 and l.revoked_at is null
        """,
        hash_token(token),
    )
    if row is None or now.astimezone(ZoneInfo(row["zone"])).date() > row["expires_on"]:
        raise NotThere("release_link")
    return Opened(row["id"], Scope(row["programme_id"]))
