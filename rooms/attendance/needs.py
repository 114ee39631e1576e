"""Needs you: what waits for a coordinator, oldest first, each with the day by which it is due.

One query per kind, each through an index; each sees the viewer's regions only. A deputy's scope
holds those of whom she stands in for, so that the same queries are hers.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from rooms import planning, working_days
from rooms.connection import Connection
from rooms.errors import NotThere
from rooms.scope import Scope

# Of one kind so many are fetched at most; the rest is a number.
MOST = 200
# What happened in a lesson is remembered for so long; later the report says it, not this list.
LOOKS_BACK = timedelta(days=56)
# The teacher is asked the next school morning; a coordinator when there was no answer by then.
TEACHERS_TURN = timedelta(days=3)
# Rights that end are told so long before.
RIGHTS_AHEAD = timedelta(days=30)


class Kind(StrEnum):
    """Why it waits."""

    TOUR_REVIEW = "tour_review"
    REQUEST = "request"
    TEACHER = "teacher"
    COMPANY = "company"
    PRESENTER = "presenter"
    HEADCOUNT = "headcount"
    NO_SHOW = "no_show"
    NETWORK = "network"
    RIGHTS = "rights"
    SCHOOL_LIST = "school_list"


# Answered within so many working days of the day on which it began to wait. The other kinds bring
# their own day.
ANSWER_DAYS = {
    Kind.TOUR_REVIEW: 5,
    Kind.TEACHER: 5,
    Kind.COMPANY: 5,
    Kind.HEADCOUNT: 5,
    Kind.NO_SHOW: 10,
    Kind.NETWORK: 10,
    Kind.SCHOOL_LIST: 5,
}


@dataclass(frozen=True, slots=True)
class Need:
    """One line. `id`: of what its action is about; `name`, `place`: its words, as people typed
    them; `since`: since when it waits, local; `due`: the last day that is in time."""

    kind: Kind
    id: UUID
    name: str
    place: str
    since: date
    due: date

    def is_late(self, today: date) -> bool:
        """Whether its day is over."""
        return self.due < today


@dataclass(frozen=True, slots=True)
class Found:
    """`needs`: the oldest of each kind, oldest first; `counts`: how many there are of each
    kind that has any."""

    needs: tuple[Need, ...]
    counts: dict[Kind, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())


def due_on(kind: Kind, since: date, own: date | None) -> date:
    """The last day in time: its own where it brings one, else the kind's working days."""
    return own if own is not None else working_days.after(since, ANSWER_DAYS[kind])


def sorted_needs(needs: Sequence[Need]) -> tuple[Need, ...]:
    """Oldest first; of one day what is due first."""
    return tuple(sorted(needs, key=lambda one: (one.since, one.due, one.kind, str(one.id))))


async def of(
    conn: Connection,
    scope: Scope,
    zone: str,
    now: datetime,
    only: Kind | None = None,
    most: int = MOST,
) -> Found:
    """Everything that waits for the viewer; `only`: of one kind, its `counts` still of all;
    `most`: so many of a kind."""
    today = now.astimezone(ZoneInfo(zone)).date()
    found = await _rows(conn, scope, today, only, most)
    needs = [
        _need(kind, row, zone)
        for kind, rows in found.items()
        if only in {None, kind}
        for row in rows
    ]
    counts = {kind: found[kind][0]["total"] for kind in Kind if found[kind]}
    return Found(sorted_needs(needs), counts)


async def _rows(
    conn: Connection, scope: Scope, today: date, only: Kind | None, most: int
) -> dict[Kind, list[asyncpg.Record]]:
    """What each query finds. Those of lessons are planned for the viewer's regions, of which they
    read the last weeks; all others once, as to plan them takes longer than to look."""
    found = {}
    await planning.anew(conn)
    for kind, query in _OF_LESSONS.items():
        found[kind] = await query(conn, scope, today, most if only in {None, kind} else 1)
    await planning.for_few(conn)
    for kind, query in _OF_OTHERS.items():
        found[kind] = await query(conn, scope, today, most if only in {None, kind} else 1)
    await planning.as_usual(conn)
    return found


def _need(kind: Kind, row: asyncpg.Record, zone: str) -> Need:
    since = row["since"].astimezone(ZoneInfo(zone)).date()
    return Need(kind, row["id"], row["name"], row["place"], since, due_on(kind, since, row["due"]))


# --- one query per kind: id, name, place, since, due (or null), total ---------------------------


async def _tours(conn: Connection, scope: Scope, _: date, most: int) -> list[asyncpg.Record]:
    return await conn.fetch(
        """
        select t.id, coalesce(x.title, '') as name, m.name as place,
            coalesce(t.asked_at, t.changed_at) as since, null::date as due,
            count(*) over () as total
        from tours t
        join companies m on (m.programme_id, m.id) = (t.programme_id, t.company_id)
        left join tour_texts x on (x.programme_id, x.tour_id, x.language)
            = (t.programme_id, t.id, t.original_language)
        where t.programme_id = $1 and t.state = 'review'
            and ($2 or m.region_id = any($3::uuid[]))
        order by t.asked_at, t.id limit $4
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        most,
    )


async def _requests(conn: Connection, scope: Scope, today: date, most: int) -> list[asyncpg.Record]:
    return await conn.fetch(
        """
        select r.id, r.subject as name, s.name || ', ' || m.name as place, r.changed_at as since,
            r.last_day as due, count(*) over () as total
        from requests r
        join companies m on (m.programme_id, m.id) = (r.programme_id, r.company_id)
        join schools s on s.id = r.school_id
        where r.programme_id = $1 and r.state in ('asked', 'proposed') and r.word_on < $5
            and ($2 or r.region_id = any($3::uuid[]) or m.region_id = any($3::uuid[]))
        order by r.changed_at, r.id limit $4
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        most,
        today,
    )


async def _teachers(conn: Connection, scope: Scope, _: date, most: int) -> list[asyncpg.Record]:
    return await conn.fetch(
        """
        select r.id, coalesce(nullif(p.name, ''), p.email) as name,
            concat_ws(', ', s.name, nullif(s.place, '')) as place, r.created_at as since,
            null::date as due, count(*) over () as total
        from roles r
        join persons p on p.id = r.person_id
        join schools s on s.id = r.school_id
        left join school_regions g on (g.programme_id, g.school_id)
            = (r.programme_id, r.school_id) and g.valid_to is null
        where r.programme_id = $1 and r.role = 'teacher' and not r.is_confirmed
            and r.ended_at is null and ($2 or g.region_id = any($3::uuid[]))
        order by r.created_at, r.id limit $4
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        most,
    )


async def _companies(conn: Connection, scope: Scope, _: date, most: int) -> list[asyncpg.Record]:
    """Only the office answers them: they stand in no region yet."""
    return await conn.fetch(
        """
        select m.id, m.name, m.place, m.created_at as since, null::date as due,
            count(*) over () as total
        from companies m
        where m.programme_id = $1 and m.state = 'asked' and $2
        order by m.created_at, m.id limit $3
        """,
        scope.programme_id,
        scope.has("bureau"),
        most,
    )


async def _presenters(
    conn: Connection, scope: Scope, today: date, most: int
) -> list[asyncpg.Record]:
    """Who is to speak before pupils, and whose certificate or yes to the code of conduct is
    missing."""
    return await conn.fetch(
        """
        select w.id, coalesce(nullif(e.name, ''), e.email) as name, coalesce(x.title, '') as place,
            e.invited_at as since, w.day as due, count(*) over () as total
        from webinars w
        join webinar_presenters e on (e.programme_id, e.webinar_id) = (w.programme_id, w.id)
            and e.removed_at is null
        left join presenter_checks k
            on (k.programme_id, k.person_id) = (e.programme_id, e.person_id)
        left join companies m on (m.programme_id, m.id) = (w.programme_id, w.company_id)
        left join webinar_texts x on (x.programme_id, x.webinar_id, x.language)
            = (w.programme_id, w.id, w.original_language)
        where w.programme_id = $1 and w.starts_at > $5::date - interval '1 day' and w.day >= $5
            and w.state in ('announced', 'open', 'live') and w.audience in ('pupils', 'mixed')
            and (k.vetted_on is null or k.conduct_accepted_at is null)
            and ($2 or coalesce(w.region_id, m.region_id) = any($3::uuid[]))
        order by e.invited_at, e.id limit $4
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        most,
        today,
    )


async def _headcounts(
    conn: Connection, scope: Scope, today: date, most: int
) -> list[asyncpg.Record]:
    """Lessons that count, with pupils nobody has confirmed although the teacher was asked."""
    return await conn.fetch(
        """
        select c.id, c.class_name as name, o.name as place, s.ended_at as since,
            null::date as due, count(*) over () as total
        from report_lines l
        join sessions s on (s.programme_id, s.id) = (l.programme_id, l.session_id)
        join session_classes c on (c.programme_id, c.id) = (l.programme_id, l.session_class_id)
        join session_class_results r on (r.programme_id, r.session_class_id)
            = (l.programme_id, l.session_class_id)
        join schools o on o.id = l.school_id
        where l.programme_id = $1 and l.local_date between $5 and $6
            and l.outcome in ('present', 'declared', 'replay_only')
            and l.headcount_source in ('declared', 'measured') and c.confirmed is null
            and r.intervals_purged_at is null and ($2 or l.region_id = any($3::uuid[]))
        order by s.ended_at, c.id limit $4
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        most,
        today - LOOKS_BACK,
        today - TEACHERS_TURN,
    )


async def _no_shows(conn: Connection, scope: Scope, today: date, most: int) -> list[asyncpg.Record]:
    return await _with_outcome(conn, scope, today, most, "no_show")


async def _networks(conn: Connection, scope: Scope, today: date, most: int) -> list[asyncpg.Record]:
    return await _with_outcome(conn, scope, today, most, "unknown_network")


async def _with_outcome(
    conn: Connection, scope: Scope, today: date, most: int, outcome: str
) -> list[asyncpg.Record]:
    """Lessons that came out so and that nobody has looked at yet."""
    return await conn.fetch(
        """
        select c.id, c.class_name as name, o.name as place, s.ended_at as since,
            null::date as due, count(*) over () as total
        from report_lines l
        join sessions s on (s.programme_id, s.id) = (l.programme_id, l.session_id)
        join session_classes c on (c.programme_id, c.id) = (l.programme_id, l.session_class_id)
        join schools o on o.id = l.school_id
        where l.programme_id = $1 and l.local_date >= $5
            and l.outcome = $6 and ($2 or l.region_id = any($3::uuid[]))
            and not exists (select from needs_seen n
                where (n.programme_id, n.session_class_id)
                    = (l.programme_id, l.session_class_id))
        order by s.ended_at, c.id limit $4
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        most,
        today - LOOKS_BACK,
        outcome,
    )


async def _rights(conn: Connection, scope: Scope, today: date, most: int) -> list[asyncpg.Record]:
    """Published tours whose film is taken off soon, unless the company declares its rights anew."""
    return await conn.fetch(
        """
        select t.id, coalesce(x.title, '') as name, m.name as place,
            greatest(t.published_at, (t.rights_until - $5::integer)::timestamp at time zone 'UTC')
                as since,
            t.rights_until as due, count(*) over () as total
        from tours t
        join companies m on (m.programme_id, m.id) = (t.programme_id, t.company_id)
        left join tour_texts x on (x.programme_id, x.tour_id, x.language)
            = (t.programme_id, t.id, t.original_language)
        where t.programme_id = $1 and t.state = 'published' and t.rights_until <= $6
            and ($2 or m.region_id = any($3::uuid[]))
        order by t.rights_until, t.id limit $4
        """,
        scope.programme_id,
        scope.sees_all,
        scope.region_ids,
        most,
        RIGHTS_AHEAD.days,
        today + RIGHTS_AHEAD,
    )


async def _school_lists(conn: Connection, scope: Scope, _: date, most: int) -> list[asyncpg.Record]:
    """Only the office says yes to them; those of the operator's own place wait for any office."""
    return await conn.fetch(
        """
        select l.id, l.source as name, '' as place, l.made_at as since, null::date as due,
            count(*) over () as total
        from registry_lists l
        where l.state = 'waiting' and (l.programme_id = $1 or l.programme_id is null) and $2
        order by l.made_at, l.id limit $3
        """,
        scope.programme_id,
        scope.has("bureau"),
        most,
    )


Query = Callable[[Connection, Scope, date, int], Awaitable[list[asyncpg.Record]]]
_OF_LESSONS: dict[Kind, Query] = {
    Kind.HEADCOUNT: _headcounts,
    Kind.NO_SHOW: _no_shows,
    Kind.NETWORK: _networks,
}
_OF_OTHERS: dict[Kind, Query] = {
    Kind.TOUR_REVIEW: _tours,
    Kind.REQUEST: _requests,
    Kind.TEACHER: _teachers,
    Kind.COMPANY: _companies,
    Kind.PRESENTER: _presenters,
    Kind.RIGHTS: _rights,
    Kind.SCHOOL_LIST: _school_lists,
}


# --- looked at ----------------------------------------------------------------------------------


async def see(conn: Connection, scope: Scope, session_class_id: UUID, now: datetime) -> None:
    """The viewer has looked at what happened in a lesson of her regions: it leaves the list, for
    everybody. Raises `NotThere`; done twice it stays the first one's."""
    is_there = await conn.fetchval(
        """
        select 1 from session_classes c
        join session_class_results r on (r.programme_id, r.session_class_id)
            = (c.programme_id, c.id)
        where c.programme_id = $1 and c.id = $2 and ($3 or c.region_id = any($4::uuid[]))
            and r.outcome in ('no_show', 'unknown_network')
        """,
        scope.programme_id,
        session_class_id,
        scope.sees_all,
        scope.region_ids,
    )
    if is_there is None:
        raise NotThere("session_class")
    await conn.execute(
        "insert into needs_seen values ($1, $2, $3, $4) on conflict do nothing",
        scope.programme_id,
        session_class_id,
        scope.person_id,
        now,
    )
