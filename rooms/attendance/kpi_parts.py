"""What classes did in a period, told apart by several things at once, as a report of a place does.

The figures are those of `kpi.report` for each of these by itself, which a test holds them against;
all from one look at the rows, which are few where one place is asked for.
"""

from collections.abc import Sequence

from rooms import planning
from rooms.attendance.kpi import Asked, Attended, By, part_values
from rooms.connection import Connection
from rooms.scope import Scope

Parts = dict[By, tuple[tuple[str, Attended], ...]]


async def of(conn: Connection, scope: Scope, asked: Asked, bys: Sequence[By]) -> Parts:
    """By key of each of `bys`, '' for: none. Without registry, partnerships and what was hosted."""
    await planning.anew(conn)
    rows = await conn.fetch(
        """
        with rows as (
            select k.region_id, k.network_id, k.level, k.sector, k.objective_id, k.kind, k.month,
                k.class_id, k.school_id, k.session_id, k.kind = 'live' as is_live, k.is_counted,
                k.is_counted and k.passes as passes, k.pupils, k.student_seconds
            from kpi_part($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) k
            where not k.is_agreed
        ), parts as materialized (
            -- under each key its classes and its sessions, each once
            select case 0 when grouping(region_id) then 'region'
                    when grouping(network_id) then 'network' when grouping(level) then 'level'
                    when grouping(sector) then 'sector'
                    when grouping(objective_id) then 'objective' when grouping(kind) then 'kind'
                    else 'month' end as by,
                coalesce(region_id::text, network_id::text, level, sector, objective_id::text,
                    kind, month, '') as key,
                class_id, school_id, session_id, is_live, bool_or(passes) as passes,
                max(pupils) filter (where passes) as largest,
                sum(pupils) filter (where passes) as participations,
                sum(student_seconds) filter (where is_counted) as seconds,
                count(*) filter (where not is_counted) as unconfirmed
            from rows
            group by grouping sets ((region_id), (network_id), (level), (sector), (objective_id),
                    (kind), (month)),
                grouping sets ((class_id, school_id), (session_id, is_live))
        ), of_classes as (
            select by, key, count(distinct coalesce(o.reports_as, o.id)) filter (where passes)
                    as schools,
                coalesce(sum(participations), 0)::bigint as participations,
                coalesce(sum(seconds), 0)::bigint as student_seconds,
                sum(unconfirmed)::bigint as unconfirmed
            from parts p join schools o on o.id = p.school_id
            where by = any($14::text[]) group by by, key
        ), of_sessions as (
            select by, key, count(*) as sessions, count(*) filter (where is_live) as sessions_live
            from parts where session_id is not null and passes group by by, key
        ), reached as (
            select by, key, count(*) as classes, sum(largest)::bigint as pupils_reached from (
                select by, key, class_id, max(largest) as largest from parts
                where class_id is not null and passes group by by, key, class_id
            ) as largest group by by, key
        )
        select c.by, c.key, c.schools, coalesce(r.classes, 0) as classes,
            coalesce(s.sessions, 0) as sessions, coalesce(s.sessions_live, 0) as sessions_live,
            coalesce(s.sessions - s.sessions_live, 0) as sessions_on_demand, c.participations,
            coalesce(r.pupils_reached, 0) as pupils_reached, c.student_seconds, c.unconfirmed
        from of_classes c
        left join of_sessions s on (s.by, s.key) = (c.by, c.key)
        left join reached r on (r.by, r.key) = (c.by, c.key)
        order by c.by, c.key
        """,
        *part_values(scope, asked, *bys),
        list(bys),
    )
    await planning.as_usual(conn)
    found: dict[By, list[tuple[str, Attended]]] = {by: [] for by in bys}
    for row in rows:
        values = {name: value for name, value in row.items() if name not in {"by", "key"}}
        found[By(row["by"])].append((row["key"], Attended(**values)))
    return {by: tuple(told) for by, told in found.items()}
