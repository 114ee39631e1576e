"""Presenters of a webinar: invited by a link, known by name and mail until they claim their place.

Before she meets pupils, somebody of the office has seen her certificate of conduct, and she has
accepted the code of conduct (`presenter_checks`, once per programme).
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from rooms.agenda import webinar_links, webinars
from rooms.agenda.webinars import Webinar
from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.live import presenters, standing
from rooms.live.standing import TakenOff
from rooms.people import roles
from rooms.people.codes import hash_token, new_link_token
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Presenter:
    """One on a webinar's stage. `is_claimed`: she has taken her place; before that only the one
    who has the link can. `vetted_on`: the day her certificate was seen."""

    id: UUID
    webinar_id: UUID
    email: str
    name: str
    person_id: UUID | None
    vetted_on: date | None
    conduct_accepted_at: datetime | None

    @property
    def is_claimed(self) -> bool:
        """Whether she has an account here by now."""
        return self.person_id is not None

    @property
    def may_meet_pupils(self) -> bool:
        """Whether both are there."""
        return self.vetted_on is not None and self.conduct_accepted_at is not None


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the link leads to. `person_id`: whose it is already, once it was claimed."""

    presenter_id: UUID
    programme_id: UUID
    webinar_id: UUID
    email: str
    name: str
    person_id: UUID | None
    has_accepted: bool


async def invite(
    conn: Connection, scope: Scope, webinar_id: UUID, email: str, name: str, now: datetime
) -> tuple[UUID, str]:
    """Puts her on the webinar; returns her place's id and the link's token. Asked again it is a new
    link: the one before leads nowhere any more, unless she has claimed her place.

    Raises as `webinar_links.make`, and `Conflict` `presenter_claimed`.
    """
    link = await webinar_links.make(conn, scope, webinar_id, email, name, now)
    place: UUID | None = await conn.fetchval(
        """
        insert into webinar_presenters as p (programme_id, webinar_id, email, name, link_hash,
            link_until, invited_by, invited_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (programme_id, webinar_id, email) where removed_at is null
            do update set name = excluded.name, link_hash = excluded.link_hash,
                link_until = excluded.link_until, invited_at = excluded.invited_at
            where p.person_id is null
        returning id
        """,
        scope.programme_id,
        link.webinar.id,
        link.email,
        link.name,
        link.hash,
        link.until,
        scope.person_id,
        now,
    )
    if place is None:
        raise Conflict("presenter_claimed")
    return place, link.token


async def put(
    conn: Connection, scope: Scope, webinar_id: UUID, person_id: UUID, now: datetime
) -> None:
    """Puts a known person on the webinar without a link: who agreed to come (a copy of a series,
    an accepted invitation). The caller judges who may."""
    await conn.execute(
        """
        insert into webinar_presenters (programme_id, webinar_id, email, name, person_id, link_hash,
            link_until, invited_by, invited_at, claimed_at)
        select $1, $2, p.email, p.name, p.id, $4, $5, $6, $5, $5 from persons p where p.id = $3
        on conflict (programme_id, webinar_id, email) where removed_at is null do nothing
        """,
        scope.programme_id,
        webinar_id,
        person_id,
        hash_token(new_link_token()),
        now,
        scope.person_id,
    )
    await _welcome_back(conn, scope, webinar_id, person_id, now)


async def remove(
    conn: Connection, scope: Scope, webinar_id: UUID, presenter_id: UUID, now: datetime
) -> TakenOff | None:
    """Takes her off again; her link leads nowhere any more, and her place on the stage is gone.

    Returns what the live core is to cut off. Raises `NotThere`.
    """
    webinar = await webinar_links.invitable(conn, scope, webinar_id)
    gone = await conn.fetchrow(
        """
        update webinar_presenters set removed_at = $4
        where programme_id = $1 and webinar_id = $2 and id = $3 and removed_at is null
        returning person_id
        """,
        scope.programme_id,
        webinar_id,
        presenter_id,
        now,
    )
    if gone is None:
        raise NotThere("presenter")
    if webinar.room_id is None or gone["person_id"] is None:
        return None
    return await standing.leave_stage(conn, scope, webinar.room_id, gone["person_id"], now)


async def of_webinar(conn: Connection, scope: Scope, webinar_id: UUID) -> list[Presenter]:
    """Everybody invited and not taken off, first come first; the caller judges who may read."""
    rows = await conn.fetch(
        """
        select e.id, e.webinar_id, e.email, coalesce(nullif(p.name, ''), e.name) as name,
            e.person_id, k.vetted_on, k.conduct_accepted_at
        from webinar_presenters e
        left join persons p on p.id = e.person_id
        left join presenter_checks k on (k.programme_id, k.person_id)
            = (e.programme_id, e.person_id)
        where e.programme_id = $1 and e.webinar_id = $2 and e.removed_at is null
        order by e.invited_at, e.id
        """,
        scope.programme_id,
        webinar_id,
    )
    return [_presenter(row) for row in rows]


def _presenter(row: asyncpg.Record) -> Presenter:
    return Presenter(**row)


async def invitation(conn: Connection, token: str, now: datetime) -> Invitation:
    """What a link leads to, for whoever has it; raises `NotThere` when it is over."""
    row = await conn.fetchrow(
        """
        select e.id as presenter_id, e.programme_id, e.webinar_id, e.email, e.name, e.person_id,
            k.conduct_accepted_at is not null as has_accepted
        from webinar_presenters e
        left join presenter_checks k on (k.programme_id, k.person_id)
            = (e.programme_id, e.person_id)
        where e.link_hash = $1 and e.link_until > $2 and e.removed_at is null
        """,
        hash_token(token),
        now,
    )
    if row is None:
        raise NotThere("invitation")
    return Invitation(**row)


async def claim(
    conn: Connection, invited: Invitation, person_id: UUID, now: datetime, *, accepts: bool
) -> None:
    """Takes her place: from now on it is hers, whoever else has the link.

    Raises `Refused` `conduct_missing` for one who has not accepted the code of conduct, and
    `NotThere` for a place somebody else has taken.
    """
    scope = Scope(invited.programme_id, person_id)
    if not accepts and not await has_accepted(conn, scope):
        raise Refused("conduct_missing")
    done = await conn.execute(
        """
        update webinar_presenters set person_id = $3, claimed_at = coalesce(claimed_at, $4)
        where programme_id = $1 and id = $2 and (person_id is null or person_id = $3)
            and removed_at is null
        """,
        scope.programme_id,
        invited.presenter_id,
        person_id,
        now,
    )
    if done == "UPDATE 0":
        raise NotThere("invitation")
    await _welcome_back(conn, scope, invited.webinar_id, person_id, now)
    await roles.give(conn, scope, person_id, "presenter")
    await accept(conn, scope, now)


async def _welcome_back(
    conn: Connection, scope: Scope, webinar_id: UUID, person_id: UUID, now: datetime
) -> None:
    """Who was taken off and is invited anew may be on the stage again."""
    webinar = await webinars.by_id(conn, scope, webinar_id)
    if webinar.room_id is not None:
        await presenters.welcome_back(conn, scope, webinar.room_id, person_id, now)


async def has_accepted(conn: Connection, scope: Scope) -> bool:
    """Whether the scope's person keeps to the programme's code of conduct."""
    found = await conn.fetchval(
        """
        select 1 from presenter_checks
        where programme_id = $1 and person_id = $2 and conduct_accepted_at is not null
        """,
        scope.programme_id,
        scope.person_id,
    )
    return found is not None


async def accept(conn: Connection, scope: Scope, now: datetime) -> None:
    """She keeps to the code of conduct; the first time she said so stands."""
    await conn.execute(
        """
        insert into presenter_checks as k (programme_id, person_id, conduct_accepted_at)
        values ($1, $2, $3) on conflict (programme_id, person_id)
        do update set conduct_accepted_at = coalesce(k.conduct_accepted_at,
            excluded.conduct_accepted_at)
        """,
        scope.programme_id,
        scope.person_id,
        now,
    )


async def vet(
    conn: Connection, scope: Scope, webinar: Webinar, presenter_id: UUID, seen_on: date, today: date
) -> None:
    """Somebody of the office has seen her certificate on that day. Raises `NotThere` for others
    and for a place nobody has claimed, `Refused` `vetted_future`."""
    if not webinars.is_office(scope, webinar.region_id):
        raise NotThere("presenter")
    if seen_on > today:
        raise Refused("vetted_future")
    done = await conn.execute(
        """
        insert into presenter_checks (programme_id, person_id, vetted_on, vetted_by)
        select e.programme_id, e.person_id, $4, $5 from webinar_presenters e
        where e.programme_id = $1 and e.webinar_id = $2 and e.id = $3 and e.person_id is not null
            and e.removed_at is null
        on conflict (programme_id, person_id) do update set vetted_on = excluded.vetted_on,
            vetted_by = excluded.vetted_by
        """,
        scope.programme_id,
        webinar.id,
        presenter_id,
        seen_on,
        scope.person_id,
    )
    if done == "INSERT 0 0":
        raise NotThere("presenter")
