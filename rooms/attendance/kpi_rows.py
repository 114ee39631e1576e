"""The rows that KPIs are counted from: one for a class in a session, one for a session as hosted.

Derived from the kept results: a class's row whenever one is kept, a session's within minutes, and
all of them are held against the results once a night. They hold no name, so that they outlive every
purge. Whose film or webinar it was, its sector, objective and organiser's region are copied when
the session ends and stay as they were; the network is the one that its school, or its organiser,
is known to have been in that day. Only rows that are not right are touched: whoever keeps the
result of one class waits for nobody who keeps others.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from rooms.connection import Connection
from rooms.scope import Scope

# Stage logs are kept for 30 days, and presenters tell their hours in that time.
HOSTING_SETTLES = timedelta(days=40)
# Longer than a worker takes from one look to the next, a start in between included.
LOOKED_BACK = timedelta(minutes=30)


async def keep(conn: Connection, session_class_ids: Sequence[UUID], now: datetime) -> None:
    """After results were kept, or lessons began to count: the rows of these classes."""
    await _classes(conn, list(session_class_ids), now)


async def settle(conn: Connection, now: datetime) -> int:
    """The rows of sessions whose classes changed lately; returns how many were not right."""
    rows = await conn.fetch(
        "select distinct session_id from kpi_classes where changed_at >= $1", now - LOOKED_BACK
    )
    return await _sessions(conn, [row["session_id"] for row in rows], None, now)


async def keep_of_school(
    conn: Connection, programme_id: UUID, school_id: UUID, now: datetime
) -> None:
    """After two schools became one, or two again: its lessons count in what it belongs to now."""
    rows = await conn.fetch(
        "select id from session_classes where programme_id = $1 and school_id = $2",
        programme_id,
        school_id,
    )
    await keep(conn, [row["id"] for row in rows], now)


async def keep_of_members(
    conn: Connection, scope: Scope, member_ids: Sequence[UUID], now: datetime
) -> None:
    """After schools or companies (by id) came into a network or left it: what counts there."""
    rows = await conn.fetch(
        """
        select id from session_classes where programme_id = $1 and school_id = any($2::uuid[])
        """,
        scope.programme_id,
        list(member_ids),
    )
    await keep(conn, [row["id"] for row in rows], now)
    rows = await conn.fetch(
        "select session_id from kpi_sessions where programme_id = $1 and company_id = any($2)",
        scope.programme_id,
        list(member_ids),
    )
    await _sessions(conn, [row["session_id"] for row in rows], None, now)


async def run(conn: Connection, now: datetime) -> int:
    """Holds every row against its result, in every programme; returns how many were not right.

    One statement for the classes and one for the sessions: the database works on streams of rows,
    this process holds none of them.
    """
    changed = await _classes(conn, None, now)
    return changed + await _sessions(conn, None, now - HOSTING_SETTLES, now)


async def is_due(conn: Connection, now: datetime) -> bool:
    """Once a day, whichever worker asks first: the others find it done."""
    found = await conn.fetchval(
        """
        insert into kpi_runs (run_at) values ($1)
        on conflict (is_only) do update set run_at = excluded.run_at
            where kpi_runs.run_at <= $1 - interval '1 day'
        returning 1
        """,
        now,
    )
    return found is not None


async def _classes(conn: Connection, ids: list[UUID] | None, now: datetime) -> int:
    """`ids` None: all of them."""
    done = await conn.execute(
        """
        with due as (
            select c.programme_id, c.id, c.session_id, c.class_id, c.school_id, c.region_id,
                c.level, coalesce(s.local_date, s.planned_on) as local_date,
                c.is_confirmed_teacher as is_counted,
                r.outcome in ('present', 'replay_only', 'declared') as passes, r.pupils,
                r.student_seconds, n.network_id
            from session_classes c
            join sessions s on (s.programme_id, s.id) = (c.programme_id, c.session_id)
            join session_class_results r on (r.programme_id, r.session_class_id)
                = (c.programme_id, c.id)
            left join network_members n on n.programme_id = c.programme_id
                and n.school_id = c.school_id
                and n.valid_from <= coalesce(s.local_date, s.planned_on)
                and (n.valid_to is null or n.valid_to > coalesce(s.local_date, s.planned_on))
            left join kpi_classes k on (k.programme_id, k.session_class_id)
                = (c.programme_id, c.id)
            where s.state = 'ended' and coalesce(s.local_date, s.planned_on) is not null
                and ($1::uuid[] is null or c.id = any($1))
                and (k.session_class_id is null
                    or (k.class_id, k.school_id, k.region_id, k.network_id, k.level, k.local_date,
                        k.is_counted, k.passes, k.pupils, k.student_seconds)
                    is distinct from (c.class_id, c.school_id, c.region_id, n.network_id, c.level,
                        coalesce(s.local_date, s.planned_on), c.is_confirmed_teacher,
                        r.outcome in ('present', 'replay_only', 'declared'), r.pupils::integer,
                        r.student_seconds))
        )
        insert into kpi_classes (programme_id, session_class_id, session_id, class_id, school_id,
            region_id, network_id, level, local_date, kind, invited, company_id, host_region_id,
            sector, objective_id, is_counted, passes, pupils, student_seconds, changed_at)
        select d.programme_id, d.id, d.session_id, d.class_id, d.school_id, d.region_id,
            d.network_id, d.level, d.local_date, h.kind, h.invited, h.company_id, h.region_id,
            h.sector, h.objective_id, d.is_counted, d.passes, d.pupils, d.student_seconds, $2
        from due d
        join kpi_hosts h on (h.programme_id, h.session_id) = (d.programme_id, d.session_id)
        order by d.local_date, d.id
        on conflict (programme_id, session_class_id) do update set
            class_id = excluded.class_id, school_id = excluded.school_id,
            region_id = excluded.region_id, network_id = excluded.network_id,
            level = excluded.level,
            local_date = excluded.local_date, is_counted = excluded.is_counted,
            passes = excluded.passes, pupils = excluded.pupils,
            student_seconds = excluded.student_seconds, changed_at = excluded.changed_at
        """,
        ids,
        now,
    )
    return _count(done)


async def _sessions(
    conn: Connection, ids: list[UUID] | None, since: datetime | None, now: datetime
) -> int:
    """`ids` None: those that have no row yet, whose attendance changed, or that ended `since`.

    A log that had its time tells nothing any more: what was measured and told before stays.
    """
    done = await conn.execute(
        """
        with attended as (
            select programme_id, session_id, min(local_date) as local_date,
                bool_or(is_counted and passes) as is_attended
            from kpi_classes where $1::uuid[] is null or session_id = any($1)
            group by programme_id, session_id
        ), due as (
            select a.* from attended a
            join sessions s on (s.programme_id, s.id) = (a.programme_id, a.session_id)
            left join kpi_sessions k on (k.programme_id, k.session_id)
                = (a.programme_id, a.session_id)
            where $1 is not null or s.ended_at >= $2 or k.session_id is null
                or k.is_attended <> a.is_attended
        )
        insert into kpi_sessions (programme_id, session_id, local_date, kind, company_id,
            region_id, network_id, sector, objective_id, is_attended, stage_seconds,
            preparation_minutes, preparation_told, preparation_untold, changed_at)
        select d.programme_id, d.session_id, d.local_date, h.kind, h.company_id, h.region_id,
            n.network_id, h.sector, h.objective_id, d.is_attended, coalesce(t.seconds, 0),
            coalesce(p.minutes, 0), coalesce(p.told, 0), coalesce(p.untold, 0), $3
        from due d
        join kpi_hosts h on (h.programme_id, h.session_id) = (d.programme_id, d.session_id)
        left join network_members n on n.programme_id = d.programme_id
            and n.company_id = h.company_id and n.valid_from <= d.local_date
            and (n.valid_to is null or n.valid_to > d.local_date)
        left join lateral (
            select sum(seconds)::bigint as seconds from kpi_stage_times t
            where (t.programme_id, t.session_id) = (d.programme_id, d.session_id)
        ) t on h.company_id is not null and h.kind = 'live'
        left join lateral (
            select sum(m.minutes)::int as minutes, count(m.minutes)::int as told,
                (count(*) - count(m.minutes))::int as untold
            from webinar_presenters e
            left join webinar_preparations m on (m.programme_id, m.webinar_id, m.person_id)
                = (e.programme_id, e.webinar_id, e.person_id)
            where e.programme_id = d.programme_id and e.webinar_id = h.webinar_id
                and e.person_id is not null and e.removed_at is null
        ) p on h.company_id is not null
        on conflict (programme_id, session_id) do update set
            local_date = excluded.local_date, network_id = excluded.network_id,
            is_attended = excluded.is_attended,
            stage_seconds = greatest(kpi_sessions.stage_seconds, excluded.stage_seconds),
            preparation_minutes = excluded.preparation_minutes,
            preparation_told = excluded.preparation_told,
            preparation_untold = excluded.preparation_untold, changed_at = excluded.changed_at
        where (kpi_sessions.local_date, kpi_sessions.network_id, kpi_sessions.is_attended)
                is distinct from (excluded.local_date, excluded.network_id, excluded.is_attended)
            or excluded.stage_seconds > kpi_sessions.stage_seconds
            or excluded.preparation_told + excluded.preparation_untold > 0
                and (kpi_sessions.preparation_minutes, kpi_sessions.preparation_told,
                    kpi_sessions.preparation_untold)
                is distinct from (excluded.preparation_minutes, excluded.preparation_told,
                    excluded.preparation_untold)
        """,
        ids,
        since,
        now,
    )
    return _count(done)


def _count(tag: str) -> int:
    """How many rows a command's tag, such as `INSERT 0 12`, tells of."""
    return int(tag.rpartition(" ")[2])
