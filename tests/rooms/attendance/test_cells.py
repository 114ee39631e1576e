import csv
import io
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rooms.attendance.cells import (
    Cell,
    hh_mm,
    hh_mm_ss,
    local_text,
    original_text,
    safe_cell,
    to_csv,
    utc_text,
)
from rooms.errors import Refused
from tests.support.samples import sample

FORMULAS = [
    '=HYPERLINK("http://127.0.0.1/?x="&A1,"klik")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\ttabbed",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "\u202e=1+1",
    "'=1+1",
    "' '=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20klas",
    "\u22121",
    "\ufe631",
    "\u207c1",
    "-ve (naam begint met min)",
    "+31612345678",
    "@klas3b",
]
HARMLESS = ["", "Anna", "'s-Gravenhage", "3B", "1-2", "a=b", "%0A=1+1", '"=1+1"', " Spaties "]


def starts_formula(cell: str) -> bool:
    """An independent, blunter reader than the one in the product."""
    seen = cell.lstrip(" \u00a0\ufeff\u200b\u202e\x00")
    return bool(seen) and (
        seen[0] in "\t\r\n\u2212" or unicodedata.normalize("NFKC", seen[0])[0] in "=+-@"
    )


def read(file: bytes, delimiter: str = ";") -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), ""), delimiter=delimiter))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text_and_comes_back_whole(text: str) -> None:
    assert safe_cell(text) == "'" + text
    assert original_text(safe_cell(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_is_left_alone(text: str) -> None:
    assert safe_cell(text) == text == original_text(text)


@given(st.text())
@example("''=1")
@example("'")
def test_no_text_starts_a_formula_and_none_is_lost(text: str) -> None:
    assert not starts_formula(safe_cell(text))
    assert original_text(safe_cell(text)) == text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_the_file_reads_back_cell_by_cell(text: str) -> None:
    for delimiter in (";", ","):
        (row,) = read(to_csv([], [[text, "end"]], delimiter), delimiter)[1:]
        assert [original_text(cell) for cell in row] == [text, "end"]


@pytest.mark.parametrize("name", ["csv/blns.txt", "csv/formula-injection-names.csv"])
def test_the_naughty_samples_come_through(name: str) -> None:
    text = sample(name).read_bytes().decode("utf-8")
    cells = text.split("\n") + [
        c for row in csv.reader(io.StringIO(text, ""), delimiter=";") for c in row
    ]
    written = read(to_csv(["text"], ([cell] for cell in cells)))[1:]
    assert len(written) == len(cells)
    for cell, row in zip(cells, written, strict=True):
        (shown,) = row or [""]
        assert not starts_formula(shown)
        assert original_text(shown) == cell


def test_the_file_is_what_excel_wants() -> None:
    file = to_csv(["class", "naïve"], [["3B", "é"]])
    assert file == "\ufeffclass;naïve\r\n3B;é\r\n".encode()


def test_values_have_one_form_each() -> None:
    row: list[Cell] = [None, True, False, -3, 0.61, Decimal("1E-7"), 1e16]
    row.append(datetime(2026, 3, 10, 8, tzinfo=UTC))
    assert read(to_csv([], [row]))[1] == [
        "", "1", "0", "-3", "0,61", "0,0000001", "10000000000000000", "2026-03-10T08:00:00Z",
    ]  # fmt: skip
    assert read(to_csv([], [row], ","), ",")[1][4] == "0.61"


def test_a_column_name_is_a_cell_too() -> None:
    assert read(to_csv(["=A1"], []))[0] == ["'=A1"]


def test_a_lone_surrogate_does_not_cost_the_report() -> None:
    assert b"\\ud800" in to_csv([], [["\ud800"]])


def test_another_delimiter_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        to_csv([], [], "|")
    assert refused.value.code == "csv_delimiter_unknown"


def test_times_are_told_in_utc_and_with_their_offset() -> None:
    moment = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    later = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert utc_text(moment) == "2026-10-25T00:30:00Z"
    assert local_text(moment, "Europe/Amsterdam") == "2026-10-25T02:30:00+02:00"
    assert local_text(later, "Europe/Amsterdam") == "2026-10-25T02:30:00+01:00"


@pytest.mark.parametrize(
    ("length_ms", "short", "long"),
    [
        (0, "00:00", "00:00:00"),
        (29_999, "00:00", "00:00:30"),
        (30_000, "00:01", "00:00:30"),
        (2_465_499, "00:41", "00:41:05"),
        (360_000_000, "100:00", "100:00:00"),
    ],
)
def test_lengths_round_to_the_nearest(length_ms: int, short: str, long: str) -> None:
    assert (hh_mm(length_ms), hh_mm_ss(length_ms)) == (short, long)
