"""A table that may leave the programme, and which of its figures are small. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass

Figures = Mapping[str, int]
Place = tuple[str, str]
# The row of the columns' totals, and the column of the rows'.
TOTAL = "\0total"

MEASURES = ("schools", "classes", "pupils_reached", "participations", "student_minutes")
EMPTY: Figures = dict.fromkeys(MEASURES, 0)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a cell is small, and how well it is hidden then.

    A reader is left with an interval that goes at least `share_percent` of the cell's own figure
    to both sides, and is at least as wide as the limit itself. Only of a cell that is nearly all of
    a whole programme it does not: `blanking`.
    """

    pupils: int = 10
    schools: int = 3
    share_percent: int = 20

    def is_small(self, figures: Figures) -> bool:
        """Whether a cell may not be told. Of one with nobody in it there is nothing to tell."""
        if not any(figures[name] for name in MEASURES):
            return False
        return figures["pupils_reached"] < self.pupils or figures["schools"] < self.schools

    def is_hidden(self, measure: str, value: int, up: int, down: int) -> bool:
        """Whether a figure that a reader can only place between -`down` and +`up` is hidden."""
        least = {"schools": self.schools, "classes": 1}.get(measure, self.pupils)
        side = -(-value * self.share_percent // 100)
        return up >= side and down >= side and up + down >= least


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by columns, with the totals as they were counted. A cell that is left out is empty.

    `voids`: places of which everybody knows that they are empty, such as a network without a school
    in a region. Nothing can be moved there.
    """

    name: str
    rows: Mapping[str, Figures]
    columns: Mapping[str, Figures]
    cells: Mapping[Place, Figures]
    whole: Figures
    voids: frozenset[Place] = frozenset()

    def cell(self, place: Place) -> Figures:
        """What stands at a place."""
        return self.cells.get(place, EMPTY)

    def at(self, place: Place) -> Figures:
        """What stands at a place, totals among them; nothing where it has no such row or column."""
        row, column = place
        if column == TOTAL:
            return self.rows.get(row, EMPTY)
        return self.columns.get(column, EMPTY) if row == TOTAL else self.cell(place)
