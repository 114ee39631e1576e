"""What each person was told of the webinars in her agenda, and what is to be told now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from rooms.agenda import webinars
from rooms.agenda.reminders import A_DAY, THANKS_AFTER, THANKS_UNTIL, Place, sequence_after
from rooms.agenda.webinars import Webinar
from rooms.attendance.tables import LIMITS
from rooms.connection import Connection

Sitting = tuple[UUID, UUID]
"""A programme and a webinar in it."""

Key = tuple[UUID, UUID, UUID]
"""The same, and a person."""

# As much as one sweep writes in a transaction; the next takes the rest.
AT_ONCE = 300


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody with a webinar in her agenda, now or until now.

    `parts`: teacher, guest (herself), presenter, moderator; empty: none any more. `class_names`:
    of her classes in it. `sequence`: of her entry, None before the first mail.
    """

    programme_id: UUID
    webinar_id: UUID
    person_id: UUID
    parts: tuple[str, ...]
    class_names: tuple[str, ...]
    sequence: int | None
    told: Place | None
    told_at: datetime | None


async def changed(conn: Connection, now: datetime) -> list[Guest]:
    """Those who may be told something: new, gone, or of a webinar that was changed since. For the
    sweep, over all programmes."""
    rows = await conn.fetch(
        """
        with held as (
            select a.programme_id, a.webinar_id, a.person_id,
                array_agg(distinct a.part) as parts,
                array_remove(array_agg(distinct c.name), null) as class_names
            from agenda_places a
            join webinars w on (w.programme_id, w.id) = (a.programme_id, a.webinar_id)
            left join classes c on (c.programme_id, c.id) = (a.programme_id, a.class_id)
            where w.ends_at > $1 and w.state <> 'cancelled'
            group by a.programme_id, a.webinar_id, a.person_id
        ), told as (
            select * from agenda_told where is_in and ends_at > $1
        )
        select coalesce(h.programme_id, t.programme_id) as programme_id,
            coalesce(h.webinar_id, t.webinar_id) as webinar_id,
            coalesce(h.person_id, t.person_id) as person_id,
            coalesce(h.parts, '{}') as parts, coalesce(h.class_names, '{}') as class_names,
            l.sequence, l.is_in, l.starts_at, l.ends_at, l.title, l.told_at
        from held h
        full join told t on (t.programme_id, t.webinar_id, t.person_id)
            = (h.programme_id, h.webinar_id, h.person_id)
        join webinars w on (w.programme_id, w.id)
            = (coalesce(h.programme_id, t.programme_id), coalesce(h.webinar_id, t.webinar_id))
        left join agenda_told l on (l.programme_id, l.webinar_id, l.person_id)
            = (w.programme_id, w.id, coalesce(h.person_id, t.person_id))
        left join webinar_texts x on (x.programme_id, x.webinar_id, x.language)
            = (w.programme_id, w.id, w.original_language)
        where h.person_id is null or (l.is_in and (l.starts_at, l.ends_at, l.title)
                is distinct from (w.starts_at, w.ends_at, x.title))
            or (l.is_in is not true and w.state in ('announced', 'open', 'live'))
        order by w.starts_at, w.id, 3 limit $2
        """,
        now,
        AT_ONCE,
    )
    return [_guest(row) for row in rows]


async def awaiting(conn: Connection, now: datetime) -> list[Guest]:
    """Those with a webinar within a day that is not over: perhaps to be reminded. For the sweep."""
    rows = await conn.fetch(
        """
        select t.programme_id, t.webinar_id, t.person_id,
            array_agg(distinct a.part) as parts,
            array_remove(array_agg(distinct c.name), null) as class_names,
            t.sequence, t.is_in, t.starts_at, t.ends_at, t.title, t.told_at
        from agenda_told t
        join webinars w on (w.programme_id, w.id) = (t.programme_id, t.webinar_id)
        join agenda_places a on (a.programme_id, a.webinar_id, a.person_id)
            = (t.programme_id, t.webinar_id, t.person_id)
        left join classes c on (c.programme_id, c.id) = (a.programme_id, a.class_id)
        where t.is_in and w.state in ('announced', 'open') and w.starts_at > $1
            and w.starts_at <= $2
        group by t.programme_id, t.webinar_id, t.person_id
        order by t.starts_at, t.webinar_id, t.person_id
        """,
        now,
        now + A_DAY,
    )
    return [_guest(row) for row in rows]


def _guest(row: asyncpg.Record) -> Guest:
    told = None
    if row["sequence"] is not None:
        told = Place(row["is_in"], row["starts_at"], row["ends_at"], row["title"])
    return Guest(
        row["programme_id"],
        row["webinar_id"],
        row["person_id"],
        tuple(row["parts"]),
        tuple(row["class_names"]),
        row["sequence"],
        told,
        row["told_at"],
    )


async def note(
    conn: Connection, guest: Guest, webinar: Webinar, held: Place, now: datetime
) -> int | None:
    """Keeps what she is being told in this transaction; the number of her entry.

    None when another transaction has told her meanwhile.
    """
    sequence: int | None = await conn.fetchval(
        """
        insert into agenda_told as t (programme_id, webinar_id, person_id, is_in, sequence,
            starts_at, ends_at, title, told_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (programme_id, webinar_id, person_id) do update set is_in = excluded.is_in,
            sequence = excluded.sequence, starts_at = excluded.starts_at,
            ends_at = excluded.ends_at, title = excluded.title, told_at = excluded.told_at
            where t.sequence = $10
        returning sequence
        """,
        guest.programme_id,
        guest.webinar_id,
        guest.person_id,
        held.is_in,
        sequence_after(guest.sequence, webinar.sequence),
        *held.words,
        now,
        guest.sequence,
    )
    return sequence


def held(webinar: Webinar, guest: Guest) -> Place:
    """The entry as it holds now."""
    is_in = bool(guest.parts) and webinar.state != "cancelled"
    return Place(is_in, webinar.starts_at, webinar.ends_at, webinar.title)


async def webinars_of(conn: Connection, guests: Sequence[Guest]) -> dict[Sitting, Webinar]:
    """The webinars they are about, each read once."""
    return await webinars_at(conn, [(one.programme_id, one.webinar_id) for one in guests])


async def webinars_at(conn: Connection, keys: Sequence[Sitting]) -> dict[Sitting, Webinar]:
    """Webinars by programme and id; one that is not there is left out."""
    rows = await conn.fetch(
        """
        select w.* from webinar_rows w
        join (select distinct * from unnest($1::uuid[], $2::uuid[]) as k (programme_id, id)) k
            on (k.programme_id, k.id) = (w.programme_id, w.id)
        """,
        [key[0] for key in keys],
        [key[1] for key in keys],
    )
    return {(row["programme_id"], row["id"]): webinars.from_row(dict(row)) for row in rows}


# --- afterwards ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """A class of a webinar that is over, with its result, and one of its teachers."""

    programme_id: UUID
    webinar_id: UUID
    session_class_id: UUID
    person_id: UUID
    class_name: str
    outcome: str
    headcount: int
    present_ms: int
    window_ms: int


async def shown_to(conn: Connection, now: datetime) -> list[Shown]:
    """Every class of a webinar that ended lately, once for each of its teachers who was not
    thanked. For the sweep, over all programmes."""
    rows = await conn.fetch(
        """
        select w.programme_id, w.id as webinar_id, s.session_class_id, t.person_id, s.class_name,
            r.outcome, r.headcount, r.present_ms, r.window_ms
        from webinars w
        join session_rows s on (s.programme_id, s.room_id) = (w.programme_id, w.room_id)
        join session_class_results r
            on (r.programme_id, r.session_class_id) = (s.programme_id, s.session_class_id)
        join class_teachers t on (t.programme_id, t.class_id) = (s.programme_id, s.class_id)
        where w.state in ('ended', 'archived') and w.ended_at > $1 and w.ended_at <= $2
            and s.state = 'ended' and not exists (select from agenda_thanked k
                where (k.programme_id, k.webinar_id, k.person_id)
                    = (w.programme_id, w.id, t.person_id))
        order by w.ended_at, w.id, t.person_id, s.class_name limit $3
        """,
        now - THANKS_UNTIL,
        now - THANKS_AFTER,
        AT_ONCE,
    )
    return [Shown(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Host:
    """Somebody who presented, moderated or was there for herself. `classes`, `pupils`: what
    counted of the whole webinar; `pupils` None: fewer than are told apart."""

    programme_id: UUID
    webinar_id: UUID
    person_id: UUID
    part: str
    classes: int
    pupils: int | None


async def hosts_of(conn: Connection, now: datetime) -> list[Host]:
    """Everybody else of a webinar that ended lately and was on air, who was not thanked. For the
    sweep, over all programmes."""
    rows = await conn.fetch(
        """
        select w.programme_id, w.id as webinar_id, a.person_id, a.part,
            count(r.session_class_id) filter (where r.pupils > 0) as classes,
            coalesce(sum(r.pupils), 0) as pupils
        from webinars w
        join lateral (
            select distinct on (p.person_id) p.person_id, p.part from agenda_places p
            where (p.programme_id, p.webinar_id) = (w.programme_id, w.id) and p.part <> 'teacher'
            order by p.person_id, p.part = 'presenter' desc, p.part
        ) a on true
        left join session_rows s on (s.programme_id, s.room_id) = (w.programme_id, w.room_id)
        left join session_class_results r
            on (r.programme_id, r.session_class_id) = (s.programme_id, s.session_class_id)
        where w.state in ('ended', 'archived') and w.ended_at > $1 and w.ended_at <= $2
            and w.live_at is not null and not exists (select from agenda_thanked k
                where (k.programme_id, k.webinar_id, k.person_id)
                    = (w.programme_id, w.id, a.person_id))
        group by w.programme_id, w.id, a.person_id, a.part
        order by w.id, a.person_id limit $3
        """,
        now - THANKS_UNTIL,
        now - THANKS_AFTER,
        AT_ONCE,
    )
    return [_host(row) for row in rows]


def _host(row: asyncpg.Record) -> Host:
    fields = dict(row)
    pupils = fields.pop("pupils")
    return Host(**fields, pupils=pupils if pupils >= LIMITS.pupils else None)


async def note_thanked(conn: Connection, key: Key, now: datetime) -> bool:
    """Keeps that she is thanked in this transaction; False when she was already."""
    done = await conn.execute(
        """
        insert into agenda_thanked (programme_id, webinar_id, person_id, at)
        values ($1, $2, $3, $4) on conflict do nothing
        """,
        *key,
        now,
    )
    return done == "INSERT 0 1"
