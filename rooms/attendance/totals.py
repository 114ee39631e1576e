"""What a short list of rows comes to; a period is added up by the database (`review.py`)."""

from collections.abc import Sequence
from dataclasses import dataclass

from rooms.attendance.report import Row
from rooms.attendance.rule import pupils_reached


@dataclass(frozen=True, slots=True)
class Totals:
    """The head of a list. Device presence and headcount stand side by side, never mixed.

    `unconfirmed`: rows of teachers nobody has confirmed yet; no other figure holds them.
    """

    schools: int
    sessions: int
    classes: int
    participations: int
    pupils_reached: int
    student_minutes: int
    unconfirmed: int


def of(rows: Sequence[Row]) -> Totals:
    """Sums over the rows that pass; sessions and schools count when one class passes."""
    counted = [row for row in rows if row.is_confirmed_teacher]
    passing = [row for row in counted if row.passes]
    return Totals(
        schools=len({row.school_id for row in passing}),
        sessions=len({row.session_id for row in passing}),
        classes=len({row.class_id for row in passing}),
        participations=sum(row.pupils for row in passing),
        pupils_reached=pupils_reached((row.class_id, row.pupils) for row in passing),
        student_minutes=sum(row.student_seconds for row in counted) // 60,
        unconfirmed=len(rows) - len(counted),
    )
