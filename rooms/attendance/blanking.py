"""What may leave the programme of a set of tables: small cells are blanked, and with them enough
others that no sum gives them away.

All tables share the same rows (regions) and differ in what their columns tell apart, so that they
hang together by nothing but their row totals. A cell under 10 pupils or 3 schools is blanked with
all its figures. Then others are, until nobody who knows every published figure can find a blanked
small cell to within its protection:

1. Totals of rows, and of the columns of each table. A small one is blanked with its whole row or
   column, in every table, and so are others beside it: the figures of such rows may be moved from
   one to another, column by column, and every published sum stays.
2. Cells inside a table. Moving figures round a circle of blanked cells and totals changes no sum
   that is told; how far they can be moved is a maximum flow, and it is computed exactly. What moves
   between blanked rows can move in all other tables as well, so that no table tells of another.

Sums are taken as those of a table whose parts add up. Schools, classes and pupils reached may be in
more than one part; who knows that can exclude less, not more. Zeros are told, except in a blanked
row or column. No I/O.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rooms.attendance.flow import Flow

Figures = Mapping[str, int]
Place = tuple[str, str]

MEASURES = ("schools", "classes", "pupils_reached", "participations", "student_minutes")


@dataclass(frozen=True, slots=True)
class Limits:
    """When a cell is small, and how well it is hidden then.

    A reader is left with an interval that goes at least `share_percent` of the cell's own figure
    to both sides, and is at least as wide as the limit itself.
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


EMPTY: Figures = dict.fromkeys(MEASURES, 0)


@dataclass(frozen=True, slots=True)
class Blanks:
    """What of one table is not told. `is_withheld`: nothing of it is, but the rows' own totals."""

    rows: frozenset[str]
    columns: frozenset[str]
    cells: frozenset[Place]
    is_withheld: bool = False


@dataclass(frozen=True, slots=True)
class Blanked:
    """What of a set of tables is not told. `hides_whole`: not even the grand total."""

    rows: frozenset[str]
    tables: Mapping[str, Blanks]
    hides_whole: bool = False


def blank(
    tables: Sequence[Table], kept: Mapping[str, Blanks] | None = None, limits: Limits = LIMITS
) -> Blanked:
    """What must not be told of tables with the same rows.

    `kept`: what an earlier edition over the same days hid, by the table's name; it stays hidden.
    """
    if not tables or limits.is_small(tables[0].whole):
        hidden = Blanks(frozenset(), frozenset(), frozenset(), is_withheld=True)
        return Blanked(frozenset(), {table.name: hidden for table in tables}, hides_whole=True)
    before = kept or {}
    earlier = frozenset(key for blanks in before.values() for key in blanks.rows)
    rows = _totals(tables[0].rows, earlier, limits)
    if rows is None:
        hidden = Blanks(
            frozenset(tables[0].rows), frozenset(), frozenset(), is_withheld=True
        )  # fmt: skip
        return Blanked(hidden.rows, {table.name: hidden for table in tables})
    return Blanked(
        rows, {table.name: _inside(table, rows, before.get(table.name), limits) for table in tables}
    )


# --- totals ------------------------------------------------------------------------------------


def _totals(
    totals: Mapping[str, Figures], earlier: Iterable[str], limits: Limits
) -> frozenset[str] | None:
    """Which totals of one dimension are blanked; None when that cannot hide the small ones."""
    small = [key for key, figures in totals.items() if limits.is_small(figures)]
    hidden = {*small, *(key for key in earlier if key in totals)}
    spare = sorted(
        (key for key, figures in totals.items() if key not in hidden and any(figures.values())),
        key=lambda key: (totals[key]["participations"], key),
    )
    while not _are_hidden(small, hidden, totals, limits):
        if not spare:
            return None
        hidden.add(spare.pop(0))
    return frozenset(hidden)


def _are_hidden(
    small: Sequence[str], hidden: set[str], totals: Mapping[str, Figures], limits: Limits
) -> bool:
    """Of blanked totals only the sum is known: each may be anything up to it."""
    for measure in MEASURES:
        known = sum(totals[key][measure] for key in hidden)
        for key in small:
            value = totals[key][measure]
            down = value if len(hidden) > 1 else 0
            if not limits.is_hidden(measure, value, known - value, down):
                return False
    return True


# --- inside a table ----------------------------------------------------------------------------


def _inside(
    table: Table, rows: frozenset[str], before: Blanks | None, limits: Limits
) -> Blanks:  # fmt: skip
    withheld = Blanks(rows, frozenset(table.columns), frozenset(), is_withheld=True)
    if before is not None and before.is_withheld:
        return withheld
    wished = frozenset(before.columns if before else ())
    while (columns := _totals(table.columns, wished, limits)) is not None:
        search = _Search(
            table, rows, columns, _at_first(table, rows, columns, before, limits), limits
        )
        found = search.all()
        if found is None:
            return Blanks(rows, columns, frozenset(search.hidden))
        # With empty places there is less to move: then totals of columns go as well.
        more = _next_column(table, columns, found)
        if not table.voids or more is None:
            break
        wished = columns | {more}
    return withheld


def _at_first(
    table: Table,
    rows: frozenset[str],
    columns: frozenset[str],
    before: Blanks | None,
    limits: Limits,
) -> set[Place]:
    """Small cells, those of blanked totals, and what was blanked before."""
    kept = before.cells if before else frozenset()
    return {
        (row, column)
        for row in table.rows
        for column in table.columns
        if row in rows or column in columns or (row, column) in kept
        or limits.is_small(table.cell((row, column)))
    }  # fmt: skip


def _next_column(table: Table, columns: frozenset[str], place: Place) -> str | None:
    """The column whose total goes next, as this place is not hidden: its own, else the one with
    most beside it."""
    row, column = place
    spare = [one for one in table.columns if one not in columns]
    return max(
        spare,
        key=lambda one: (one == column, table.cell((row, one))["participations"], one),
        default=None,
    )


@dataclass(slots=True)
class _Search:
    """Looks for cells to blank beside the small ones."""

    table: Table
    rows: frozenset[str]
    columns: frozenset[str]
    hidden: set[Place]
    limits: Limits

    def all(self) -> Place | None:
        """Hides all that is small; returns the first that cannot be, None when everything is.

        Where every place can hold something, blanked totals are hidden by each other; elsewhere
        they are looked at like cells.
        """
        places = [(row, column) for row in self.table.rows for column in self.table.columns]
        for place in sorted(filter(self._is_small, places), key=self._largest_first):
            if not self.hide(place):
                return place
        if not self.table.voids:
            return None
        totals = [*((row, TOTAL) for row in self.rows), *((TOTAL, one) for one in self.columns)]
        small = (place for place in sorted(totals) if self._is_small(place))
        return next((place for place in small if not self._is_hidden(place)), None)

    def _is_small(self, place: Place) -> bool:
        return self.limits.is_small(self._figures(place))

    def _largest_first(self, place: Place) -> tuple[int, Place]:
        return -self._figures(place)["participations"], place

    def _figures(self, place: Place) -> Figures:
        """Of a cell or a total."""
        row, column = place
        if column == TOTAL:
            return self.table.rows[row]
        return self.table.columns[column] if row == TOTAL else self.table.cell(place)

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
            if not self.limits.is_hidden(measure, self._figures(place)[measure], up, down):
                return False
        return True

    def _flow(self, measure: str) -> Flow:
        """The network of what is blanked; a blanked total is raised where its cells are lowered."""
        flow, table, whole = Flow(), self.table, self.table.whole[measure]
        for place in self.hidden - table.voids:
            most = _most(table, place, measure, self.rows, self.columns)
            value = table.cell(place)[measure]
            flow.add(place, max(0, most - value), value)
        for row in self.rows:
            total = table.rows[row][measure]
            flow.add((row, TOTAL), total, max(0, whole - total))
        for column in self.columns:
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
                if circle & self.table.voids:
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


# The row of the columns' totals, and the column of the rows'.
TOTAL = "\0total"
