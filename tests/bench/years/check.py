"""Holds made-up results against the product's own rule."""

import json
from uuid import UUID

from rooms.attendance import materials, results
from rooms.connection import Connection

KEPT = (
    "outcome",
    "measured_outcome",
    "reason_code",
    "reason_params",
    "window_ms",
    "present_ms",
    "headcount",
    "measured_headcount",
    "headcount_source",
    "seats",
    "seats_passed",
    "pupils",
    "student_seconds",
    "has_beamer",
    "cut_off",
    "rule_version",
)


async def against_the_rule(conn: Connection, programme: str, sample: int) -> int:
    """Judges `sample` session classes anew from their visits, spread over all outcomes; how many.

    Raises `AssertionError` at the first that is kept otherwise.
    """
    rows = await conn.fetch(
        """
        select * from (
            select r.*, row_number() over (partition by r.outcome, r.has_beamer,
                r.headcount_source, r.window_ms % 5 order by r.session_class_id) as place
            from session_class_results r
            where r.programme_id = $1 and r.intervals_purged_at is null
        ) as spread order by place, session_class_id limit $2
        """,
        programme,
        sample,
    )
    for row in rows:
        found = await materials.one(conn, row["session_class_id"])
        judged = results.judge(found)
        seats = json.loads(json.dumps([results.seat_json(one) for one in judged.seat_results]))
        wanted = {name: getattr(judged, name) for name in KEPT} | {"intervals": seats}
        kept = {name: row[name] for name in wanted}
        assert kept == wanted, _told(row["session_class_id"], kept, wanted)
    return len(rows)


def _told(session_class_id: UUID, kept: dict[str, object], wanted: dict[str, object]) -> str:
    differing = [name for name in wanted if kept[name] != wanted[name]]
    return f"{session_class_id}: " + ", ".join(
        f"{name} {kept[name]!r} instead of {wanted[name]!r}" for name in differing
    )
