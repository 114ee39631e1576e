"""The tables that may leave the programme: a fixed list, each counted the same way every time.

Each tells the regions apart by one more thing. There are no others and no filters: two tables that
differ by one class would tell what that class did. The report of a region is its line in all of
them, that of a network or a sector its column in one, so that reports tell nothing the tables do
not, and are blanked with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from rooms.attendance.kpi_periods import Period
from rooms.attendance.tables import EMPTY, MEASURES, Figures, Table
from rooms.connection import Connection
from rooms.scope import Scope

# What each table's columns tell apart.
BY = ("level", "sector", "objective", "kind", "network")
NETWORKS = "region_by_network"


async def tables(conn: Connection, scope: Scope, period: Period) -> list[Table]:
    """All of them, of the whole programme; the caller has judged who may. By network only where
    anything counts in one."""
    found = [await _table(conn, scope, period, by) for by in BY]
    return [one for one in found if one.name != NETWORKS or any(one.columns)]


async def _table(conn: Connection, scope: Scope, period: Period, by: str) -> Table:
    rows = await conn.fetch(
        """
        with rows as materialized (
            select coalesce(k.region_id::text, '') as r, coalesce(case $4 when 'level' then k.level
                    when 'sector' then k.sector when 'objective' then k.objective_id::text
                    when 'kind' then k.kind when 'network' then k.network_id::text end, '') as c,
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
    counted = {
        (row["r"], row["c"]): _figures(row) for row in rows if (row["gr"], row["gc"]) == (0, 0)
    }
    whole = next((_figures(row) for row in rows if (row["gr"], row["gc"]) == (1, 1)), EMPTY)
    in_rows = {row["r"]: _figures(row) for row in rows if (row["gr"], row["gc"]) == (0, 1)}
    in_columns = {row["c"]: _figures(row) for row in rows if (row["gr"], row["gc"]) == (1, 0)}
    # Who is in a network is no secret: where it has nobody, nobody thinks that there is somebody.
    places = {(r, c) for r in in_rows for c in in_columns} if by == "network" else set()
    voids = frozenset(places - counted.keys())
    return Table(f"region_by_{by}", in_rows, in_columns, counted, whole, voids)


def _figures(row: asyncpg.Record) -> Figures:
    return {name: row[name] for name in MEASURES}


@dataclass(frozen=True, slots=True)
class Names:
    """What the keys in the tables are called when they are made. `changed_at`: when one of them
    got its name last; None: all are called as they always were."""

    regions: Mapping[str, str]
    objectives: Mapping[str, Mapping[str, str]]
    networks: Mapping[str, str]
    changed_at: datetime | None = None


async def names(conn: Connection, scope: Scope, of: Sequence[Table]) -> Names:
    """Of the regions, objectives and networks in tables."""
    keys = {table.name.removeprefix("region_by_"): set(table.columns) for table in of}
    keys["region"] = {key for table in of for key in table.rows}
    found: dict[str, dict[str, Any]] = {"region": {}, "objective": {}, "network": {}}
    moments = []
    for row in await conn.fetch(
        """
        select 'region' as kind, id::text, to_jsonb(name) as name, named_at from regions
        where programme_id = $1
        union all
        select 'objective', id::text, names, named_at from objectives where programme_id = $1
        union all
        select 'network', id::text, to_jsonb(name), named_at from networks where programme_id = $1
        """,
        scope.programme_id,
    ):
        if row["id"] in keys.get(row["kind"], ()):
            found[row["kind"]][row["id"]] = row["name"]
            moments.append(row["named_at"])
    latest = max((one for one in moments if one is not None), default=None)
    return Names(found["region"], found["objective"], found["network"], latest)
