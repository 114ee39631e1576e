"""Calendars to subscribe to: a person's own, behind a secret address that she can revoke, and a
programme's public webinars, which has no secret in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from rooms.agenda import session_ends, webinars
from rooms.agenda.webinars import Webinar
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.scope import Scope

# How long what is over stays in a feed: a calendar drops what is no longer there.
KEPT = timedelta(days=90)
MOST = 300


@dataclass(frozen=True, slots=True)
class Feed:
    """A person's calendar; its secret is made of `id` by the server and is no row."""

    programme_id: UUID
    id: UUID
    person_id: UUID
    made_at: datetime


async def open_one(conn: Connection, scope: Scope) -> Feed | None:
    """The person's calendar in this programme, None when she has none or revoked it."""
    row = await conn.fetchrow(
        """
        select programme_id, id, person_id, made_at from calendar_feeds
        where programme_id = $1 and person_id = $2 and revoked_at is null
        """,
        scope.programme_id,
        scope.person_id,
    )
    return Feed(**row) if row else None


async def renew(conn: Connection, scope: Scope, now: datetime) -> Feed:
    """A calendar at a new address; the one before, if any, is read by nobody any more."""
    await revoke(conn, scope, now)
    row = await conn.fetchrow(
        """
        insert into calendar_feeds (programme_id, person_id, made_at) values ($1, $2, $3)
        on conflict (programme_id, person_id) where revoked_at is null
            do update set made_at = excluded.made_at
        returning programme_id, id, person_id, made_at
        """,
        scope.programme_id,
        scope.person_id,
        now,
    )
    assert row is not None
    return Feed(**row)


async def revoke(conn: Connection, scope: Scope, now: datetime) -> None:
    """Her calendar's address leads nowhere from now on; again changes nothing."""
    await conn.execute(
        """
        update calendar_feeds set revoked_at = $3
        where programme_id = $1 and person_id = $2 and revoked_at is null
        """,
        scope.programme_id,
        scope.person_id,
        now,
    )


async def find(conn: Connection, feed_id: UUID) -> Feed:
    """The open calendar at an address we signed. Raises `NotThere` for a revoked one, and for one
    whose person holds no role in the programme any more."""
    row = await conn.fetchrow(
        """
        select f.programme_id, f.id, f.person_id, f.made_at from calendar_feeds f
        where f.id = $1 and f.revoked_at is null and exists (select from roles r
            where r.programme_id = f.programme_id and r.person_id = f.person_id
                and r.ended_at is null)
        """,
        feed_id,
    )
    if row is None:
        raise NotThere("calendar")
    return Feed(**row)


# --- what stands in them ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sitting:
    """A webinar in a person's agenda. `sequence`: of her own entry; `is_in` False: it was, and
    is marked as cancelled. `class_names`: of her classes in it."""

    webinar: Webinar
    sequence: int
    is_in: bool
    class_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """A tour she planned for a class. `starts_at`, `ends_at`: of the day when she said no time
    (`span` None)."""

    session_id: UUID
    title: str
    class_name: str
    day: date
    zone: str
    starts_at: datetime
    ends_at: datetime
    span: tuple[datetime, datetime] | None
    state: str
    changed_at: datetime

    @property
    def days(self) -> tuple[date, date]:
        """As a calendar writes a whole day: the last is not counted."""
        return self.day, self.day + timedelta(days=1)

    def is_ahead(self, now: datetime) -> bool:
        """Whether it is still to come."""
        return self.state == "planned" and self.ends_at > now


async def sittings(conn: Connection, scope: Scope, now: datetime) -> list[Sitting]:
    """The webinars in the person's agenda, the first first, and those that were and are not."""
    rows = await conn.fetch(
        """
        with mine as (
            select w.programme_id, w.id, coalesce(t.sequence, 0) as told_sequence,
                w.state <> 'cancelled' and count(a.person_id) > 0 as is_in,
                array_remove(array_agg(distinct c.name), null) as class_names
            from webinars w
            left join agenda_places a on (a.programme_id, a.webinar_id) = (w.programme_id, w.id)
                and a.person_id = $2
            left join agenda_told t on (t.programme_id, t.webinar_id) = (w.programme_id, w.id)
                and t.person_id = $2
            left join classes c on (c.programme_id, c.id) = (a.programme_id, a.class_id)
            where w.programme_id = $1 and w.ends_at > $3
                and (a.person_id is not null or t.person_id is not null)
            group by w.programme_id, w.id, t.sequence
        )
        select w.*, m.told_sequence, m.is_in, m.class_names from webinar_rows w
        join mine m on (m.programme_id, m.id) = (w.programme_id, w.id)
        order by w.starts_at, w.id limit $4
        """,
        scope.programme_id,
        scope.person_id,
        now - KEPT,
        MOST,
    )
    return [_sitting(row) for row in rows]


def _sitting(row: asyncpg.Record) -> Sitting:
    fields = dict(row)
    sequence, is_in = fields.pop("told_sequence"), fields.pop("is_in")
    class_names = tuple(fields.pop("class_names"))
    return Sitting(webinars.from_row(fields), sequence, is_in, class_names)


async def planned(conn: Connection, scope: Scope, now: datetime) -> list[Planned]:
    """Tours planned for the person's classes, the first first."""
    rows = await conn.fetch(
        """
        select s.id, s.title, s.class_name, s.planned_on, s.period, s.zone, s.state,
            s.created_at
        from session_rows s
        join class_teachers t on (t.programme_id, t.class_id) = (s.programme_id, s.class_id)
        where s.programme_id = $1 and t.person_id = $2 and s.tour_id is not null
            and s.planned_on >= ($3::timestamptz at time zone s.zone)::date
            and s.state in ('planned', 'running', 'ended')
        order by s.planned_on, s.period, s.id limit $4
        """,
        scope.programme_id,
        scope.person_id,
        now - KEPT,
        MOST,
    )
    return [_planned(row) for row in rows]


def _planned(row: asyncpg.Record) -> Planned:
    span = session_ends.planned_span(row["planned_on"], row["period"], row["zone"])
    assert span is not None  # it has a day
    return Planned(
        row["id"],
        row["title"],
        row["class_name"],
        row["planned_on"],
        row["zone"],
        *span,
        span if row["period"] else None,
        row["state"],
        row["created_at"],
    )


async def public(conn: Connection, programme_id: UUID, now: datetime) -> Sequence[Webinar]:
    """What any visitor sees in the programme's list, lately over and cancelled ones too; what is
    to come stands in it however much there was."""
    scope = Scope(programme_id)
    coming = await webinars.of_programme(conn, scope, now)
    known = {one.id for one in coming}
    lately = await webinars.of_programme(conn, scope, now - KEPT)
    return [*(one for one in lately if one.id not in known), *coming]
