"""Who is asking: a sign-in cookie, a bearer token, or nobody."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from rooms.people import grants
from rooms.scope import Scope
from server.database import Connection

COOKIE = "porthole"
SEAT_COOKIE = "seat"


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in person (or a classroom screen she let in), seen in one programme.

    `kind`: 'browser', 'classroom' (only `session_id`'s beamer page) or 'token' (the API).
    """

    person_id: UUID
    name: str
    email: str
    language: str
    kind: str
    sign_in_id: UUID | None
    session_id: UUID | None
    scope: Scope
    programmes: tuple[UUID, ...]

    @property
    def classroom_sign_in(self) -> UUID | None:
        """By which a classroom PC is here; None for a person herself."""
        return self.sign_in_id if self.kind == "classroom" else None

    def may(self, *roles: str) -> bool:
        """Whether she holds one of `roles` here; a classroom screen holds none."""
        return self.kind != "classroom" and self.scope.has(*roles)

    def scope_in(self, programme_id: UUID) -> Scope:
        """Her scope if `programme_id` is where she is now, else a visitor's."""
        if programme_id == self.scope.programme_id and self.kind != "classroom":
            return self.scope
        return Scope(programme_id)


def token_hash(token: str) -> bytes:
    """What the database keeps of any token: SHA-256; the tokens have 128 bits or more."""
    return hashlib.sha256(token.encode()).digest()


async def by_cookie(conn: Connection, token: str) -> Viewer | None:
    """The viewer behind a sign-in cookie, or None when it has ended or is over.

    A classroom PC is let in for one lesson: it is over with it, whoever or whatever ended that.
    """
    row = await conn.fetchrow(
        """
        select s.id, s.kind, s.session_id, s.programme_id, p.id as person_id, p.name, p.email,
               p.language, s.seen_at < now() - interval '1 hour' as is_seen_long_ago
        from sign_ins s join persons p on p.id = s.person_id
        where s.token_hash = $1 and s.ended_at is null and s.expires_at > now()
            and (s.kind <> 'classroom' or exists (select 1 from sessions n
                where n.id = s.session_id and n.state in ('planned', 'running')))
        """,
        token_hash(token),
    )
    if row is None:
        return None
    if row["is_seen_long_ago"]:
        await _slide(conn, row["id"])
    return await _viewer(conn, row, row["kind"], row["id"])


async def _slide(conn: Connection, sign_in_id: UUID) -> None:
    """A browser that is used stays signed in for 30 days more; written once an hour at most."""
    await conn.execute(
        """
        update sign_ins set seen_at = now(),
            expires_at = case when kind = 'browser' then now() + interval '30 days'
                else expires_at end
        where id = $1 and seen_at < now() - interval '1 hour'
        """,
        sign_in_id,
    )


async def by_bearer(conn: Connection, token: str) -> Viewer | None:
    """The viewer behind an API token, or None."""
    row = await conn.fetchrow(
        """
        select t.programme_id, null::uuid as session_id, p.id as person_id, p.name, p.email,
               p.language
        from api_tokens t join persons p on p.id = t.person_id
        where t.token_hash = $1 and t.ended_at is null
        """,
        token_hash(token),
    )
    return await _viewer(conn, row, "token", None) if row else None


async def _viewer(
    conn: Connection, row: asyncpg.Record, kind: str, sign_in_id: UUID | None
) -> Viewer | None:
    found = await grants.held(conn, row["person_id"])
    programmes = tuple(dict.fromkeys(where for where, _ in found))
    programme_id = row["programme_id"] or (programmes[0] if programmes else None)
    if programme_id is None:
        return None
    return Viewer(
        person_id=row["person_id"],
        name=row["name"],
        email=row["email"],
        language=row["language"],
        kind=kind,
        sign_in_id=sign_in_id,
        session_id=row["session_id"],
        scope=Scope(
            programme_id,
            row["person_id"],
            tuple(grant for where, grant in found if where == programme_id),
        ),
        programmes=programmes,
    )
