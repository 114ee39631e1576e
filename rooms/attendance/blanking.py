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

A table in which that does not work is withheld: nothing but the totals of rows says anything of it.
A row of which a small cell is nearly all would give that away, so its total is blanked in every
table, with others beside it. Only of a cell that is nearly all of the whole programme nothing hides
how large it is while the grand total is told; for it no more is blanked.

Whoever has an earlier edition over the same days knows what it told and what is the same now: such
figures hide nothing, blanked or not. Where too little is left, totals of rows are blanked as well,
and at last nothing is told but the grand total: then she does not know what is the same either.

Sums are taken as those of a table whose parts add up. Schools, classes and pupils reached may be in
more than one part; who knows that can exclude less, not more. Zeros are told, except in a blanked
row or column. No I/O.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from rooms.attendance.hiding import Search
from rooms.attendance.tables import LIMITS, MEASURES, TOTAL, Figures, Limits, Place, Table


@dataclass(frozen=True, slots=True)
class Blanks:
    """What of one table is not told. `is_withheld`: nothing of it is, but the rows' own totals."""

    rows: frozenset[str]
    columns: frozenset[str]
    cells: frozenset[Place]
    is_withheld: bool = False

    def __or__(self, other: "Blanks") -> "Blanks":
        """What one of the two does not tell, or the other."""
        return Blanks(
            self.rows | other.rows,
            self.columns | other.columns,
            self.cells | other.cells,
            self.is_withheld or other.is_withheld,
        )


@dataclass(frozen=True, slots=True)
class Blanked:
    """What of a set of tables is not told. `hides_whole`: not even the grand total."""

    rows: frozenset[str]
    tables: Mapping[str, Blanks]
    hides_whole: bool = False


# By the table's name. Totals of rows stand in the column `TOTAL`, those of columns in its row.
Known = Mapping[str, frozenset[Place]]


def blank(
    tables: Sequence[Table],
    kept: Mapping[str, Blanks] | None = None,
    limits: Limits = LIMITS,
    known: Known | None = None,
) -> Blanked:
    """What must not be told of tables with the same rows.

    `kept`: what earlier editions over the same days hid, by the table's name; it stays hidden.
    `known`: where they told the figures that stand there now.
    """
    if not tables or limits.is_small(tables[0].whole):
        return _nothing_told(tables, hides_whole=True)
    before, told = kept or {}, known or {}
    wished = {key for blanks in before.values() for key in blanks.rows}
    telling = frozenset[str]()
    while True:
        still = {row for row, at in told.get(tables[0].name, ()) if at == TOTAL}
        rows = _totals(tables[0].rows, wished, limits, still)
        if rows is None:
            return _nothing_told(tables)
        found, bare = {}, set[str]()
        for table in tables:
            of_it = told.get(table.name, frozenset())
            earlier = before.get(table.name)
            found[table.name], of_rows = _inside(table, rows, earlier, limits, of_it, telling)
            bare |= of_rows
        if not bare:
            return Blanked(rows, found)
        # A total that is blanked alone is what is left of the grand one.
        more = bare - rows or {*_cheapest(tables[0].rows, rows | still)}
        if not more:
            return _nothing_told(tables)
        wished |= more
        telling |= bare


def _cheapest(totals: Mapping[str, Figures], without: Set[str]) -> list[str]:
    """The key with the fewest participations that is not among these; none when all are."""
    spare = [key for key in totals if key not in without and any(totals[key].values())]
    return sorted(spare, key=lambda key: (totals[key]["participations"], key))[:1]


def _nothing_told(tables: Sequence[Table], *, hides_whole: bool = False) -> Blanked:
    """Nothing of any table, but the grand total where that is told."""
    rows = frozenset() if hides_whole or not tables else frozenset(tables[0].rows)
    hidden = Blanks(rows, frozenset(), frozenset(), is_withheld=True)
    return Blanked(rows, {table.name: hidden for table in tables}, hides_whole)


# --- totals ------------------------------------------------------------------------------------


def _totals(
    totals: Mapping[str, Figures], earlier: Iterable[str], limits: Limits, still: Set[str]
) -> frozenset[str] | None:
    """Which totals of one dimension are blanked; None when that cannot hide the small ones.

    `still`: those that are known whatever is blanked.
    """
    small = [key for key, figures in totals.items() if limits.is_small(figures)]
    hidden = {*small, *(key for key in earlier if key in totals)}
    spare = sorted(
        (
            key
            for key, figures in totals.items()
            if key not in hidden and key not in still and any(figures.values())
        ),
        key=lambda key: (totals[key]["participations"], key),
    )
    while not _are_hidden(small, hidden - still, totals, limits):
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
    table: Table,
    rows: frozenset[str],
    before: Blanks | None,
    limits: Limits,
    known: frozenset[Place],
    bare: frozenset[str],
) -> tuple[Blanks, frozenset[str]]:
    """(what is blanked, rows whose totals have to be blanked for it as well).

    `bare`: those that were found so before, for any table: where there are voids a row's cells can
    tell how large it is at most, and so what that table hides.
    """
    still = table.voids | known
    wished = frozenset(before.columns if before else ())
    is_withheld = before is not None and before.is_withheld
    known_columns = {column for row, column in known if row == TOTAL}
    while (
        not is_withheld
        and (columns := _totals(table.columns, wished, limits, known_columns)) is not None
    ):
        at_first = _at_first(table, rows, columns, before, limits)
        search = Search(table, rows, columns, at_first, limits, still, bare)
        found = search.all()
        if found is None:
            return Blanks(rows, columns, frozenset(search.hidden)), frozenset()
        # With places that hide nothing there is less to move: then totals of columns go as well.
        more = _next_column(table, columns, found)
        if not still or more is None:
            break
        wished = columns | {more}
    withheld = Blanks(rows, frozenset(table.columns), frozenset(), is_withheld=True)
    # Of what no edition ever told anything a reader of all knows what a reader of one does.
    is_new_to_all = all(column == TOTAL for _, column in known)
    if is_new_to_all:
        known_rows = frozenset(row for row, _ in known)
        return withheld, _rows_that_tell(table, rows - known_rows, limits)
    return withheld, _bare_rows(table, withheld, limits, still)


def _rows_that_tell(table: Table, rows: frozenset[str], limits: Limits) -> frozenset[str]:
    """The rows of a withheld table whose totals give a small cell away, as it is nearly all of it.

    `rows`: those whose totals nobody knows. A cell can hold all of its row, or of all blanked ones.
    """
    apart = {name: sum(table.rows[row][name] for row in rows) for name in MEASURES}

    def is_told(row: str, figures: Figures) -> bool:
        most = apart if row in rows else table.rows[row]
        return any(
            not is_hidden(name, figures[name], most) and is_hidden(name, figures[name], table.whole)
            for name in MEASURES
        )

    def is_hidden(measure: str, value: int, most: Figures) -> bool:
        return limits.is_hidden(measure, value, most[measure] - value, value)

    small = [(row, one) for (row, _), one in table.cells.items() if limits.is_small(one)]
    return frozenset(row for row, one in small if is_told(row, one))


def _bare_rows(
    table: Table, withheld: Blanks, limits: Limits, still: frozenset[Place]
) -> frozenset[str]:
    """The rows whose totals give something away although nothing else of the table is told."""
    every = {(row, column) for row in table.rows for column in table.columns}
    search = Search(table, withheld.rows, withheld.columns, every, limits, still)
    return frozenset(row for row, _ in search.exposed() if row != TOTAL)


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
