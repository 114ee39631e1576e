"""Captioners of a webinar: invited by a link, who type what is said. No account, now or later."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from rooms.agenda import webinar_links
from rooms.agenda.webinars import Webinar
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.people.codes import hash_token
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Captioner:
    """One who types. `language`: of her lines. `agreed_at`: when she said that she comes."""

    programme_id: UUID
    id: UUID
    webinar_id: UUID
    room_id: UUID | None
    email: str
    name: str
    language: str
    agreed_at: datetime | None


async def invite(
    conn: Connection,
    scope: Scope,
    webinar_id: UUID,
    email: str,
    name: str,
    language: str,
    now: datetime,
) -> tuple[Captioner, str]:
    """Asks her; returns her and the link's token. Asked again it is a new link: the one before
    leads nowhere any more.

    Raises as `webinar_links.make`.
    """
    link = await webinar_links.make(conn, scope, webinar_id, email, name, now)
    await conn.execute(
        """
        insert into captioners (programme_id, webinar_id, email, name, language, link_hash,
            link_until, invited_by, invited_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (programme_id, webinar_id, email) where removed_at is null
            do update set name = excluded.name, language = excluded.language,
                link_hash = excluded.link_hash, link_until = excluded.link_until,
                invited_at = excluded.invited_at
        """,
        scope.programme_id,
        link.webinar.id,
        link.email,
        link.name,
        language,
        link.hash,
        link.until,
        scope.person_id,
        now,
    )
    return await by_link(conn, link.token, now), link.token


async def remove(
    conn: Connection, scope: Scope, webinar_id: UUID, captioner_id: UUID, now: datetime
) -> UUID | None:
    """Takes her off: her link leads nowhere, and what she types is refused from now on.

    Returns the room that is to hear of it, once there is one. Raises as `invite`.
    """
    webinar = await webinar_links.invitable(conn, scope, webinar_id)
    done = await conn.execute(
        """
        update captioners set removed_at = $4
        where programme_id = $1 and webinar_id = $2 and id = $3 and removed_at is null
        """,
        scope.programme_id,
        webinar_id,
        captioner_id,
        now,
    )
    if done == "UPDATE 0":
        raise NotThere("captioner")
    return webinar.room_id


async def earlier(conn: Connection, scope: Scope, webinar: Webinar) -> list[Captioner]:
    """Those who typed, or were asked to, on other dates of its series and stand on this one not
    yet; the latest first, each once, at most five. They said yes to another day: they are asked
    anew. The caller judges who may read their names."""
    rows = await conn.fetch(
        """
        select programme_id, id, webinar_id, room_id, email, name, language, agreed_at from (
            select distinct on (k.email) k.programme_id, k.id, k.webinar_id, w.room_id, k.email,
                k.name, k.language, k.agreed_at, w.starts_at
            from captioners k
            join webinars w on (w.programme_id, w.id) = (k.programme_id, k.webinar_id)
            where k.programme_id = $1 and w.series_id = $2 and w.id <> $3 and k.removed_at is null
                and not exists (select from captioners o where o.programme_id = $1
                    and o.webinar_id = $3 and o.email = k.email and o.removed_at is null)
            order by k.email, w.starts_at desc
        ) as found order by starts_at desc, email limit 5
        """,
        scope.programme_id,
        webinar.series_id,
        webinar.id,
    )
    return [_captioner(row) for row in rows]


async def of_webinar(conn: Connection, scope: Scope, webinar_id: UUID) -> list[Captioner]:
    """Everybody asked and not taken off; the caller judges who may read their names."""
    rows = await conn.fetch(
        """
        select k.programme_id, k.id, k.webinar_id, w.room_id, k.email, k.name, k.language,
            k.agreed_at
        from captioners k
        join webinars w on (w.programme_id, w.id) = (k.programme_id, k.webinar_id)
        where k.programme_id = $1 and k.webinar_id = $2 and k.removed_at is null
        order by k.invited_at, k.id
        """,
        scope.programme_id,
        webinar_id,
    )
    return [_captioner(row) for row in rows]


def _captioner(row: asyncpg.Record) -> Captioner:
    return Captioner(**row)


async def by_link(conn: Connection, token: str, now: datetime) -> Captioner:
    """Whose link it is, for whoever has it; raises `NotThere` when it is over."""
    row = await conn.fetchrow(
        """
        select k.programme_id, k.id, k.webinar_id, w.room_id, k.email, k.name, k.language,
            k.agreed_at
        from captioners k
        join webinars w on (w.programme_id, w.id) = (k.programme_id, k.webinar_id)
        where k.link_hash = $1 and k.link_until > $2 and k.removed_at is null
        """,
        hash_token(token),
        now,
    )
    if row is None:
        raise NotThere("invitation")
    return _captioner(row)


async def agree(conn: Connection, captioner: Captioner, now: datetime) -> None:
    """She comes, at the time that her page says; the first time she said so stands."""
    await conn.execute(
        """
        update captioners k set agreed_at = coalesce(k.agreed_at, $3), told_starts_at = w.starts_at
        from webinars w
        where (w.programme_id, w.id) = (k.programme_id, k.webinar_id)
            and k.programme_id = $1 and k.id = $2 and k.removed_at is null
        """,
        captioner.programme_id,
        captioner.id,
        now,
    )


async def misled(conn: Connection, now: datetime) -> list[Captioner]:
    """Marks those who come at another time than the webinar is now, or to one that is cancelled;
    they are to be told. For the sweep, over all programmes, and once for each change."""
    rows = await conn.fetch(
        """
        update captioners k
        set told_starts_at = case when w.state <> 'cancelled' then w.starts_at end
        from webinars w
        where (w.programme_id, w.id) = (k.programme_id, k.webinar_id)
            and k.agreed_at is not null and k.removed_at is null and k.told_starts_at is not null
            and w.ends_at > $1
            and (w.state = 'cancelled' or k.told_starts_at is distinct from w.starts_at)
        returning k.programme_id, k.id, k.webinar_id, w.room_id, k.email, k.name, k.language,
            k.agreed_at
        """,
        now,
    )
    return [_captioner(row) for row in rows]


async def of_room(
    conn: Connection, token: str | None, room_id: UUID, now: datetime
) -> Captioner | None:
    """The captioner with this token, where the room is her webinar's; None for anything else."""
    if not token:
        return None
    try:
        found = await by_link(conn, token, now)
    except NotThere:
        return None
    return found if found.room_id == room_id and found.agreed_at is not None else None
