"""What is missing from the figures of a period before they are released. It stops nobody: who
makes the release is told once."""

from dataclasses import dataclass

from rooms.attendance.kpi_periods import Period
from rooms.connection import Connection
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Gaps:
    """Classes in lessons of a period, of the whole programme.

    `counted`: those that the figures hold; `headcounts`: of these, with pupils nobody confirmed;
    `not_final`: whose lesson still runs or has no result, so that nothing of them counts yet;
    `teachers`: of a teacher nobody has confirmed, which never count until then.
    """

    counted: int
    headcounts: int
    not_final: int
    teachers: int

    @property
    def is_any(self) -> bool:
        """Whether there is anything to say; nothing at all in the period is as well."""
        return not self.counted or any((self.headcounts, self.not_final, self.teachers))


async def of_period(conn: Connection, scope: Scope, period: Period) -> Gaps:
    """The caller has judged who may make a release: it is of the whole programme."""
    row = await conn.fetchrow(
        """
        select count(*) filter (where l.passes) as counted,
            count(*) filter (where l.passes and l.headcount_source in ('declared', 'measured'))
                as headcounts,
            count(*) filter (where l.outcome is null) as not_final,
            count(*) filter (where not l.is_confirmed_teacher) as teachers
        from report_lines l
        where l.programme_id = $1 and l.local_date between $2 and $3
            and l.state in ('running', 'ended')
        """,
        scope.programme_id,
        period.since,
        period.until,
    )
    assert row is not None
    return Gaps(**row)
