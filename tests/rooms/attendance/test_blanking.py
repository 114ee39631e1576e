"""Nobody who knows every published figure finds a small one that was blanked."""

import dataclasses
from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from rooms.attendance import blanking
from rooms.attendance.blanking import Blanked
from rooms.attendance.tables import MEASURES, TOTAL, Figures, Limits, Place, Table
from tests.rooms.attendance.attack import reader_of

SMALL = Limits(pupils=4, schools=2, share_percent=20)
Cube = Mapping[tuple[str, str, str], tuple[int, int]]


def figures(schools: int, pupils: int) -> Figures:
    """A cell with so many schools and pupils; what else goes with them."""
    return {
        "schools": schools,
        "classes": schools,
        "pupils_reached": pupils,
        "participations": pupils,
        "student_minutes": 10 * pupils,
    }


def added(cells: Sequence[Figures]) -> Figures:
    return {name: sum(one[name] for one in cells) for name in MEASURES}


def tables_of(cube: Cube) -> list[Table]:
    """Two tables of the same lessons: rows by the second key, and rows by the third."""
    cells = {key: figures(*value) for key, value in cube.items()}
    rows = sorted({key[0] for key in cells})
    made = []
    for at, name in ((1, "levels"), (2, "kinds")):
        columns = sorted({key[at] for key in cells})
        made.append(
            Table(
                name,
                {r: added([one for key, one in cells.items() if key[0] == r]) for r in rows},
                {c: added([one for key, one in cells.items() if key[at] == c]) for c in columns},
                {
                    (r, c): added(
                        [one for key, one in cells.items() if (key[0], key[at]) == (r, c)]
                    )
                    for r in rows
                    for c in columns
                },
                added(list(cells.values())),
            )
        )
    return made


def nested(cells: Sequence[tuple[int, int]]) -> list[Table]:
    """By network and by level: of three regions two have a network of their own, and one network
    lies in two of them; where a network has no school everybody knows that it has none."""
    there = ("A-", "Ap", "Aq", "B-", "Br", "Bq", "C-")
    keys = [(place[0], place[1], level) for place in there for level in "xy"]
    cube = dict(zip(keys, cells, strict=True))
    by_network, by_level = tables_of(cube)
    places = {(row, column) for row in by_network.rows for column in by_network.columns}
    known = {(row, column) for row, column, _ in keys}
    return [dataclasses.replace(by_network, voids=frozenset(places - known)), by_level]


def one_table(name: str, lines: Mapping[str, Sequence[tuple[int, int]]]) -> Table:
    """A table as it is drawn: a line a row, (schools, pupils) a cell."""
    keys = [str(at) for at in range(len(next(iter(lines.values()))))]
    cells = {
        (row, keys[at]): figures(*one) for row, line in lines.items() for at, one in enumerate(line)
    }
    return Table(
        name,
        {row: added([cells[row, key] for key in keys]) for row in lines},
        {key: added([cells[row, key] for row in lines]) for key in keys},
        cells,
        added(list(cells.values())),
    )


# (schools, pupils): none, few of both, one school with many pupils, enough of both
counts = st.one_of(
    st.just((0, 0)),
    st.tuples(st.integers(1, 2), st.integers(1, 3)),
    st.just((1, 9)),
    st.just((3, 9)),
)
cubes = st.builds(
    lambda keys, values: dict(zip(keys, values, strict=True)),
    st.just([(r, c, k) for r in "ABC" for c in "xyz" for k in "lo"]),
    st.lists(counts, min_size=18, max_size=18),
)


@settings(max_examples=60)
@given(cubes)
def test_no_small_figure_can_be_found(cube: Cube) -> None:
    nothing_is_found(tables_of(cube))


@settings(max_examples=40)
@given(st.lists(counts, min_size=14, max_size=14))
def test_no_small_figure_of_a_network_inside_a_region_can_be_found(
    cells: list[tuple[int, int]],
) -> None:
    nothing_is_found(nested(cells))


def nothing_is_found(tables: Sequence[Table]) -> None:
    blanked = blanking.blank(tables, limits=SMALL)
    for measure in ("schools", "participations"):
        reader = reader_of(tables, blanked, measure)
        for name, value in secrets_of(tables, measure):
            low, high = reader.span(name)
            assert low <= value <= high
            assert is_safe(tables, measure, value, low, high), (name, value, low, high)


def is_safe(tables: Sequence[Table], measure: str, value: int, low: int, high: int) -> bool:
    """Of what is nearly all of the whole the grand total tells how large it is at most; how much
    smaller it can be is hidden like every other."""
    at_best = SMALL.is_hidden(measure, value, tables[0].whole[measure] - value, value)
    if at_best:
        return SMALL.is_hidden(measure, value, high - value, value - low)
    return low < high and (value - low) * 100 >= value * SMALL.share_percent


@settings(max_examples=40)
@given(cubes, st.sampled_from([(r, c, k) for r in "ABC" for c in "xyz" for k in "lo"]), counts)
def test_no_small_figure_can_be_found_with_the_edition_before(
    cube: Cube, at: tuple[str, str, str], corrected: tuple[int, int]
) -> None:
    """The reader has both, and knows of all that was told before whether it is the same now. When
    even that is too much, nothing but the grand total is told: then she does not know it."""
    early, late = tables_of(cube), tables_of({**cube, at: corrected})
    first = blanking.blank(early, limits=SMALL)
    same = {
        one.name: same_as_told(one, after, first) for one, after in zip(early, late, strict=True)
    }
    kept = None if first.hides_whole else first.tables
    second = blanking.blank(late, kept, SMALL, same)
    is_all_withheld = all(one.is_withheld for one in second.tables.values())
    if second.hides_whole or (is_all_withheld and second.rows == set(late[0].rows)):
        assert is_all_withheld
        return
    for measure in ("schools", "participations"):
        reader = reader_of(late, second, measure)
        for table in late:
            for place in same[table.name]:
                at_it = reader.names[as_named(table, place)]
                reader.low[at_it] = reader.high[at_it] = table.at(place)[measure]
        for name, value in secrets_of(late, measure):
            low, high = reader.span(name)
            assert is_safe(late, measure, value, low, high), (name, low, high)


def same_as_told(before: Table, after: Table, blanked: Blanked) -> frozenset[Place]:
    """Where an edition told what stands there in the next one too."""
    blanks = blanked.tables[before.name]
    if blanked.hides_whole:
        return frozenset()
    told = {(row, TOTAL) for row in before.rows if row not in blanked.rows}
    if not blanks.is_withheld:
        told |= {place for place in before.cells if place not in blanks.cells}
        told |= {(TOTAL, one) for one in before.columns if one not in blanks.columns}
    return frozenset(place for place in told if before.at(place) == after.at(place))


def as_named(table: Table, place: Place) -> tuple[str, ...]:
    """A place as the reader names it."""
    row, column = place
    if column == TOTAL:
        return ("row", row)
    return (table.name, "column", column) if row == TOTAL else (table.name, row, column)


def secrets_of(tables: Sequence[Table], measure: str) -> list[tuple[tuple[str, ...], int]]:
    """Every small total and cell, as the reader names it."""
    found = [
        (("row", key), one[measure]) for key, one in tables[0].rows.items() if SMALL.is_small(one)
    ]
    for table in tables:
        found += [
            ((table.name, "column", key), one[measure])
            for key, one in table.columns.items()
            if SMALL.is_small(one)
        ]
        found += [
            ((table.name, *place), one[measure])
            for place, one in table.cells.items()
            if SMALL.is_small(one)
        ]
    return found


def test_a_region_without_its_network_tells_of_no_single_school() -> None:
    """Two reports of one release: the region's, and that of the network which is all of it but one
    school. Who has both subtracts."""
    cells = {("A", "p"): (6, 90), ("A", "-"): (1, 7), ("B", "-"): (8, 120), ("B", "q"): (5, 70)}
    rows, columns = ("A", "B"), ("p", "-", "q")
    told = {place: figures(*value) for place, value in cells.items()}
    table = Table(
        "networks",
        {row: added([told[one] for one in told if one[0] == row]) for row in rows},
        {key: added([told[one] for one in told if one[1] == key]) for key in columns},
        told,
        added(list(told.values())),
        frozenset({("A", "q"), ("B", "p")}),
    )
    naive = Blanked(
        frozenset(),
        {"networks": blanking.Blanks(frozenset(), frozenset(), frozenset({("A", "-")}))},
    )
    assert reader_of([table], naive, "participations").span(("networks", "A", "-")) == (7, 7)
    blanked = blanking.blank([table])
    low, high = reader_of([table], blanked, "participations").span(("networks", "A", "-"))
    assert low <= 5 and high >= 12
    blanks = blanked.tables["networks"]
    assert not blanks.is_withheld
    assert blanked.rows == frozenset() and "q" not in blanks.columns


def test_the_reader_does_find_what_is_blanked_alone() -> None:
    """The attack is real: small cells without others beside them are found."""
    table = one_table("levels", {"A": [(9, 200), (1, 4)], "B": [(8, 180), (7, 150)]})
    alone = blanking.Blanks(frozenset(), frozenset(), frozenset({("A", "1")}))
    naive = Blanked(frozenset(), {"levels": alone})
    assert reader_of([table], naive, "participations").span(("levels", "A", "1")) == (4, 4)
    blanked = blanking.blank([table])
    assert blanked.tables["levels"].cells == set(table.cells)
    low, high = reader_of([table], blanked, "participations").span(("levels", "A", "1"))
    assert low == 0 and high >= 14


def test_large_tables_are_told_whole() -> None:
    table = one_table("levels", {"A": [(9, 200), (5, 44)], "B": [(8, 180), (0, 0)]})
    blanked = blanking.blank([table])
    assert (blanked.rows, blanked.hides_whole) == (frozenset(), False)
    assert blanked.tables["levels"] == blanking.Blanks(frozenset(), frozenset(), frozenset())


def test_a_small_region_is_blanked_in_every_table_with_another_beside_it() -> None:
    lines = {"A": [(9, 200), (9, 90)], "B": [(1, 30), (1, 20)], "C": [(4, 70), (3, 60)]}
    tables = [one_table("levels", lines), one_table("kinds", lines)]
    blanked = blanking.blank(tables)
    assert blanked.rows == {"B", "C"}
    for table in tables:
        wanted = {(row, column) for row in "BC" for column in "01"}
        assert blanked.tables[table.name].cells >= wanted


def test_a_programme_that_is_small_itself_tells_nothing() -> None:
    table = one_table("levels", {"A": [(1, 5), (0, 0)], "B": [(1, 3), (0, 0)]})
    blanked = blanking.blank([table])
    assert blanked.hides_whole and blanked.tables["levels"].is_withheld


def test_no_row_tells_how_large_a_cell_of_a_withheld_table_is() -> None:
    """Two schools have nearly all of a region, and beside them nothing can be moved: the table is
    withheld, and the region's own total would still tell what they have."""
    levels = one_table(
        "levels", {"A": [(2, 400), (1, 30)], "B": [(9, 300), (0, 0)], "C": [(8, 200), (0, 0)]}
    )
    other = {"A": [(3, 430), (0, 0)], "B": [(5, 150), (4, 150)], "C": [(4, 100), (4, 100)]}
    tables = [levels, one_table("kinds", other)]
    bare = Blanked(
        frozenset(),
        {
            "levels": blanking.Blanks(frozenset(), frozenset("01"), frozenset(), is_withheld=True),
            "kinds": blanking.Blanks(frozenset(), frozenset(), frozenset()),
        },
    )
    assert reader_of(tables, bare, "participations").span(("levels", "A", "0")) == (0, 430)
    blanked = blanking.blank(tables)
    assert blanked.rows == {"A", "C"}
    low, high = reader_of(tables, blanked, "participations").span(("levels", "A", "0"))
    assert low == 0 and high == 630
    kinds = blanked.tables["kinds"]
    assert not kinds.is_withheld and ("B", "0") not in kinds.cells


def test_no_other_table_tells_how_large_a_bare_row_is() -> None:
    """A region's total is blanked for a table that is withheld; in the table by network it has one
    network only, whose own total would tell how large the region is at most."""
    there = ("A-", "Ap", "Aq", "B-", "Br", "Bq", "C-")
    some = {("B", "q", "x"): (2, 18), ("B", "r", "y"): (2, 18), ("C", "-", "x"): (1, 1),
            ("C", "-", "y"): (1, 9)}  # fmt: skip
    tables = nested([some.get((at[0], at[1], level), (0, 0)) for at in there for level in "xy"])
    nothing_is_found(tables)


def test_what_was_hidden_before_stays_hidden() -> None:
    lines = {"A": [(9, 200), (3, 40)], "B": [(8, 180), (7, 150)], "C": [(8, 100), (6, 90)]}
    table = one_table("levels", lines)
    before = blanking.Blanks(frozenset(), frozenset(), frozenset({("A", "1"), ("C", "0")}))
    after = blanking.blank([table], {"levels": before})
    assert after.tables["levels"].cells >= before.cells


def test_a_table_that_was_withheld_takes_no_other_along_after_a_correction() -> None:
    """A school may take part in both kinds: sums of its parts are more than it, and a table of two
    columns with one small cell tells nothing, before the correction and after it."""

    def tables(corrected: int) -> list[Table]:
        rows = {
            "A": {"levels": [(16, 800), (9, 662 - corrected)], "kinds": [(16, 1394), (2, 68)]},
            "B": {"levels": [(9, 500), (8, 400)], "kinds": [(9, 450), (8, 450)]},
        }
        totals = {"A": figures(16, 1462 - corrected), "B": figures(9, 900)}
        rows["A"]["kinds"][0] = (16, 1394 - corrected)
        made = [
            one_table(name, {key: rows[key][name] for key in rows}) for name in ("levels", "kinds")
        ]
        return [dataclasses.replace(one, rows=totals) for one in made]

    early, late = tables(0), tables(5)
    first = blanking.blank(early)
    assert [one.is_withheld for one in first.tables.values()] == [False, True]
    same = {
        one.name: same_as_told(one, after, first) for one, after in zip(early, late, strict=True)
    }
    second = blanking.blank(late, first.tables, known=same)
    assert second == first
