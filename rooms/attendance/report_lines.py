"""The lines that reports are filtered and summed by: one narrow row for a class in a session.

The database keeps them where the rows are written that they come from (`keep_report_lines` and its
triggers), so that no writer can forget it; here they are held against those rows.
"""

from rooms.connection import Connection

AT_ONCE = 5_000


async def settle(conn: Connection) -> int:
    """Lines that are not final although a result is kept, or that say another state than their
    session, as when both were written in the same moment; returns how many."""
    changed: int = await conn.fetchval(
        """
        select keep_report_lines(array(
            select l.session_class_id from report_lines l
            join sessions s on (s.programme_id, s.id) = (l.programme_id, l.session_id)
            left join session_class_results r on (r.programme_id, r.session_class_id)
                = (l.programme_id, l.session_class_id)
            where l.outcome is null
                and (s.state <> l.state or s.state = 'ended' and r.outcome is not null)))
        """
    )
    return changed


async def run(conn: Connection) -> int:
    """Holds every line against its rows, in every programme; returns how many were not right.

    The database works on some thousands at a time; this process holds none of them.
    """
    changed: int = await conn.fetchval(
        """
        select coalesce(sum(keep_report_lines(ids)), 0) from (
            select array_agg(id) as ids from (
                select id, row_number() over (order by id) / $1::integer as part
                from session_classes
            ) as numbered group by part
        ) as parts
        """,
        AT_ONCE,
    )
    return changed
