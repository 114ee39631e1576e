"""The tables that may leave the programme: a fixed list, each counted the same way every time.

Each tells the regions apart by one more thing. There are no others and no filters: two tables that
differ by one class would tell what that class did.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from rooms.attendance.blanking import EMPTY, MEASURES, Figures, Table
from rooms.attendance.kpi_periods import Period
from rooms.connection import Connection
from rooms.scope import Scope

# What each table's columns tell apart.
BY = ("level", "sector", "objective", "kind")


async def tables(conn: Connection, scope: Scope, period: Period) -> list[Table]:
    """All of them, of the whole programme; the caller has judged who may."""
    return [await _table(conn, scope, period, by) for by in BY]


async def _table(conn: Connection, scope: Scope, period: Period, by: str) -> Table:
    rows = await conn.fetch(
        """
        with rows as materialized (
            select coalesce(k.region_id::text, '') as r, coalesce(case $4 when 'level' then k.level
                    when 'sector' then k.sector when 'objective' then k.objective_id::text
                    when 'kind' then k.kind end, '') as c,
                coalesce(o.reports_as, o.id) as school_id, k.class_id, k.passes, k.pupils,
                k.student_seconds
            from kpi_classes k join schools o on o.id = k.school_id
            where k.programme_id = $1 and k.local_date between $2 and $3 and k.is_counted
        ), reached as (
            select gr, gc, r, c, sum(largest)::bigint as pupils from (
                select grouping(r) as gr, grouping(c) as gc, r, c, max(pupils) as largest
                from rows where passes
                group by grouping sets ((r, c, class_id), (r, class_id), (c, class_id), (class_id))
            ) largest group by gr, gc, r, c
        )
        select f.gr, f.gc, f.r, f.c, f.schools, f.classes, f.participations, f.student_minutes,
            coalesce(p.pupils, 0)::bigint as pupils_reached
        from (
            select grouping(r) as gr, grouping(c) as gc, r, c,
                count(distinct school_id) filter (where passes) as schools,
                count(distinct class_id) filter (where passes) as classes,
                coalesce(sum(pupils) filter (where passes), 0)::bigint as participations,
                coalesce(sum(student_seconds), 0)::bigint / 60 as student_minutes
            from rows group by grouping sets ((r, c), (r), (c), ())
        ) f left join reached p on p.gr = f.gr and p.gc = f.gc
            and p.r is not distinct from f.r and p.c is not distinct from f.c
        """,
        scope.programme_id,
        period.since,
        period.until,
        by,
    )
    return Table(
        f"region_by_{by}",
        {row["r"]: _figures(row) for row in rows if (row["gr"], row["gc"]) == (0, 1)},
        {row["c"]: _figures(row) for row in rows if (row["gr"], row["gc"]) == (1, 0)},
        {(row["r"], row["c"]): _figures(row) for row in rows if (row["gr"], row["gc"]) == (0, 0)},
        next((_figures(row) for row in rows if (row["gr"], row["gc"]) == (1, 1)), EMPTY),
    )


def _figures(row: asyncpg.Record) -> Figures:
    return {name: row[name] for name in MEASURES}


@dataclass(frozen=True, slots=True)
class Names:
    """What the keys in a table are called, as they are called when it is made."""

    regions: Mapping[str, str]
    objectives: Mapping[str, Mapping[str, str]]


async def names(conn: Connection, scope: Scope) -> Names:
    """Of all regions and objectives of the programme."""
    places = await conn.fetch(
        "select id::text, name from regions where programme_id = $1", scope.programme_id
    )
    aims = await conn.fetch(
        "select id::text, names from objectives where programme_id = $1", scope.programme_id
    )
    return Names(
        {row["id"]: row["name"] for row in places}, {row["id"]: row["names"] for row in aims}
    )
