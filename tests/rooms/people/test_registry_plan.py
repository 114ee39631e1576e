"""What a list would do, decided on plain values."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from rooms.people.registry_files import SchoolRow
from rooms.people.registry_plan import KINDS, Known, Terms, plan

DAY = date(2026, 8, 1)
TWENTE, OOST = uuid4(), uuid4()


def row(code: str, name: str = "", **more: Any) -> SchoolRow:
    told = {"place": "Almelo", "levels": ("havo",), "line": 2, **more}
    return SchoolRow("NL", "brin", code, name or f"School {code}", **told)


def known(code: str, name: str = "", **more: Any) -> Known:
    told = {"place": "Almelo", "levels": ("havo",), "region_id": TWENTE, **more}
    return Known(uuid4(), ("NL", "brin", code), name or f"School {code}", **told)


def kinds(rows: list[SchoolRow], schools: list[Known], **terms: Any) -> list[tuple[str, str]]:
    made = plan(rows, schools, Terms(DAY, **terms))
    assert made.line_errors == ()
    return [(change.kind, change.key[2]) for change in made.changes]


def test_the_same_list_again_changes_nothing() -> None:
    made = plan([row("A"), row("B")], [known("A"), known("B")], Terms(DAY, is_complete=True))
    assert made.changes == () and made.unchanged == 2 and not made.is_grave


def test_every_difference_has_its_name() -> None:
    rows = [
        row("A"), row("B", "Other"), row("C", place="Hengelo"), row("D"),
        row("E", is_open=False, successor="A"), row("F", closed_on=date(2026, 7, 31)),
    ]  # fmt: skip
    schools = [known("B"), known("C"), known("D", closed_on=date(2020, 1, 1)), known("E"),
               known("F"), known("G")]  # fmt: skip
    made = plan(rows, schools, Terms(DAY, is_complete=True))
    told = {change.kind: change for change in made.changes if change.key[2] != "G"}
    assert kinds(rows, schools, is_complete=True) == [
        ("new", "A"), ("renamed", "B"), ("changed", "C"), ("reopened", "D"), ("merged", "E"),
        ("closed", "F"), ("closed", "G"),
    ]  # fmt: skip
    assert told["renamed"].was == {"name": "School B"}
    assert told["changed"].was == {"place": "Almelo"}
    assert told["closed"].on == date(2026, 7, 31) and told["renamed"].on == DAY
    assert told["merged"].successor == ("NL", "brin", "A")
    assert made.is_grave


def test_what_is_empty_changes_nothing() -> None:
    assert kinds([row("A", place="", levels=())], [known("A")]) == []


def test_a_complete_list_closes_only_what_it_speaks_of() -> None:
    schools = [
        known("A"),
        known("PO", levels=("po",)),
        known("BOTH", levels=("po", "havo")),
        known("NONE", levels=()),
        known("OVER", closed_on=date(2020, 1, 1)),
    ]
    assert kinds([row("B")], schools, is_complete=True) == [("new", "B"), ("closed", "A")]
    assert kinds([row("B")], schools) == [("new", "B")]


def test_a_school_comes_into_the_region_of_the_list_or_of_its_line() -> None:
    schools = [known("A"), known("B", region_id=None)]
    rows = [row("A", region="Oost"), row("B", region="twente"), row("C", region="Elsewhere")]
    assert kinds(rows, schools, region_id=OOST) == [("moved", "A"), ("moved", "B"), ("new", "C")]
    by_name = {"oost": OOST, "twente": TWENTE}
    made = plan(rows, schools, Terms(DAY, regions=by_name))
    assert [(c.kind, c.region_id) for c in made.changes] == [
        ("moved", OOST), ("moved", TWENTE), ("new", None),
    ]  # fmt: skip
    assert made.unplaced == 1


def test_successors_that_cannot_be_are_told_with_their_line() -> None:
    rows = [row("A", successor="B", line=2), row("B", successor="A", line=3),
            row("C", successor="Z", line=4)]  # fmt: skip
    assert plan(rows, [], Terms(DAY)).line_errors == (
        (2, "successor_circle", "B"), (3, "successor_circle", "A"), (4, "successor_unknown", "Z"),
    )  # fmt: skip


def test_who_took_a_school_over_is_not_taken_over_by_it() -> None:
    first = known("A")
    second = known("B", closed_on=date(2025, 8, 1), successor_id=first.id)
    back = row("A", successor="B", line=2)
    circle = ((2, "successor_circle", "B"),)
    assert plan([back], [first, second], Terms(DAY)).line_errors == circle
    assert kinds([back, row("B")], [first, second]) == [("merged", "A"), ("reopened", "B")]


@given(
    st.lists(st.sampled_from("ABCDEFGH"), unique=True),
    st.lists(st.sampled_from("ABCDEFGH"), unique=True),
    st.booleans(),
    st.sampled_from([None, TWENTE, OOST]),
)
def test_counts_add_up_to_the_rows(
    listed: list[str], there: list[str], is_complete: bool, region_id: UUID | None
) -> None:
    rows, schools = [row(code) for code in listed], [known(code) for code in there]
    made = plan(rows, schools, Terms(DAY, region_id, is_complete=is_complete))
    counts = made.counts()
    touched = {change.key for change in made.changes if change.row}
    assert len(touched) + counts["unchanged"] == len(rows)
    assert counts["new"] == len(set(listed) - set(there))
    assert sum(counts[kind] for kind in KINDS) == len(made.changes)


def test_a_closing_to_come_closes_nothing_yet() -> None:
    later = row("A", closed_on=date(2026, 8, 2), successor="B", is_open=False)
    assert kinds([later, row("B")], [known("A"), known("B")]) == []
