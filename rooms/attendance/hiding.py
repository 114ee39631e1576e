"""Which cells of a table are blanked beside the small ones, and whether that hides them. No I/O."""

from dataclasses import dataclass

from rooms.attendance.flow import Flow
from rooms.attendance.tables import MEASURES, TOTAL, Limits, Place, Table


@dataclass(slots=True)
class Search:
    """Looks for cells to blank beside the small ones. `still`: where nothing can be moved; `bare`:
    rows whose totals would tell of another table's small cells, and are hidden like small ones."""

    table: Table
    rows: frozenset[str]
    columns: frozenset[str]
    hidden: set[Place]
    limits: Limits
    still: frozenset[Place]
    bare: frozenset[str] = frozenset()

    def all(self) -> Place | None:
        """Hides all that is small; returns the first that cannot be, None when everything is.

        Where every place can hold something, blanked totals are hidden by each other; elsewhere
        they are looked at like cells.
        """
        for place in self._small_cells():
            if not self.hide(place):
                return place
        if not self.still:
            return None
        return next((one for one in self._small_totals() if not self._is_hidden(one)), None)

    def exposed(self) -> list[Place]:
        """All that is small and not hidden."""
        small = [*self._small_cells(), *self._small_totals()]
        return [place for place in small if not self._is_hidden(place)]

    def _small_cells(self) -> list[Place]:
        places = [(row, column) for row in self.table.rows for column in self.table.columns]
        return sorted(filter(self._is_small, places), key=self._largest_first)

    def _small_totals(self) -> list[Place]:
        totals = [*((row, TOTAL) for row in self.rows), *((TOTAL, one) for one in self.columns)]
        return sorted(one for one in totals if self._is_bare(one) or self._is_small(one))

    def _is_bare(self, place: Place) -> bool:
        return place[0] in self.bare and place not in self.still

    def _is_small(self, place: Place) -> bool:
        return self.limits.is_small(self.table.at(place))

    def _largest_first(self, place: Place) -> tuple[int, Place]:
        return -self.table.at(place)["participations"], place

    def hide(self, place: Place) -> bool:
        """Blanks what is needed so that this cell cannot be found; False when all is not enough."""
        while not self._is_hidden(place):
            circle = self._circle(place)
            if circle is None:
                return False
            self.hidden |= circle
        return True

    def _is_hidden(self, place: Place) -> bool:
        for measure in MEASURES:
            up, down = self._flow(measure).room(place)
            if not self.limits.is_hidden(measure, self.table.at(place)[measure], up, down):
                return False
        return True

    def _flow(self, measure: str) -> Flow:
        """The network of what is blanked; a blanked total is raised where its cells are lowered."""
        flow, table, whole = Flow(), self.table, self.table.whole[measure]
        rows = frozenset(row for row in self.rows if (row, TOTAL) not in self.still)
        columns = frozenset(one for one in self.columns if (TOTAL, one) not in self.still)
        for place in self.hidden - self.still:
            most = _most(table, place, measure, rows, columns)
            value = table.cell(place)[measure]
            flow.add(place, max(0, most - value), value)
        for row in rows:
            total = table.rows[row][measure]
            flow.add((row, TOTAL), total, max(0, whole - total))
        for column in columns:
            total = table.columns[column][measure]
            flow.add((TOTAL, column), total, max(0, whole - total))
        return flow

    def _circle(self, place: Place) -> set[Place] | None:
        """Three cells that close a rectangle with it: the cheapest that hides it by itself, else
        the one that hides most; None when there is none left that adds a cell."""
        row, column = place
        best: tuple[tuple[bool, int, int, Place], set[Place]] | None = None
        for other_row in self.table.rows:
            for other_column in self.table.columns:
                circle = {(row, other_column), (other_row, column), (other_row, other_column)}
                added = circle - self.hidden
                if other_row == row or other_column == column or not added:
                    continue
                if circle & self.still:
                    continue
                lacks, hides = self._worth(place, (other_row, other_column))
                if hides == 0:
                    continue
                cost = sum(self.table.cell(one)["participations"] for one in added)
                rank = (lacks, cost if not lacks else -hides, cost, (other_row, other_column))
                if best is None or rank < best[0]:
                    best = rank, circle
        return best[1] if best else None

    def _worth(self, place: Place, across: Place) -> tuple[bool, int]:
        """(whether this rectangle alone would not do, how much the pupils could be moved)."""
        lacks, moved = False, 0
        for measure in MEASURES:
            up, down = _turn(self.table, place, across, measure)
            value = self.table.cell(place)[measure]
            lacks = lacks or not self.limits.is_hidden(measure, value, up, down)
            if measure == "participations":
                moved = up + down
        return lacks, moved


def _turn(table: Table, place: Place, across: Place, measure: str) -> tuple[int, int]:
    """How far figures move round one rectangle, up and down at `place`."""
    beside = ((place[0], across[1]), (across[0], place[1]))
    with_it, against = (place, across), beside
    up = min(
        *(_slack(table, one, measure) for one in with_it),
        *(table.cell(one)[measure] for one in against),
    )
    down = min(
        *(table.cell(one)[measure] for one in with_it),
        *(_slack(table, one, measure) for one in against),
    )
    return up, down


def _slack(table: Table, place: Place, measure: str) -> int:
    """How much more a cell could hold when the totals of its row and its column are told."""
    most = _most(table, place, measure, frozenset(), frozenset())
    return max(0, most - table.cell(place)[measure])


def _most(
    table: Table, place: Place, measure: str, rows: frozenset[str], columns: frozenset[str]
) -> int:
    """What a cell can hold: never more than a total that is told; `rows`, `columns`: are not."""
    row, column = place
    return min(
        table.whole[measure] if row in rows else table.rows[row][measure],
        table.whole[measure] if column in columns else table.columns[column][measure],
    )
