"""Rows that leave by the ten thousand: as texts, made into CSV, JSON and the XML of a spreadsheet.

What kind of value stands in a column is known once for all rows, which is most of the work; a row
with anything odd in it is written the careful way, so that the bytes are the same.
"""

import io
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from csv import writer as csv_writer
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

import msgspec

from rooms.attendance.cells import Cell, csv_head, safe_cell

# A row as the columns have it: numbers with a point, truths as 1 and 0, days and moments by ISO,
# nothing as ''. Words of people are as they typed them.
Texts: TypeAlias = list[str]


class Kind(StrEnum):
    """What stands in a column."""

    CODE = "code"
    """A text of ours, or an id: never a formula, nothing to escape."""
    TEXT = "text"
    """Words of people."""
    NUMBER = "number"
    SHARE = "share"
    """A number with one decimal."""
    TRUTH = "truth"
    DAY = "day"
    MOMENT = "moment"
    """UTC, or local with its offset."""


JSON_COMMA = b",\n"
JSON_END = b"\n]}\n"
_BARE = frozenset({Kind.NUMBER, Kind.SHARE, Kind.TRUTH})
_TRUTHS = {"1": "true", "0": "false"}
# What a text in JSON or CSV may hold as it is, but for quotes: everything from the blank on.
_CONTROLS = bytes(range(32))
# Behind one of these nothing can be a formula; most texts begin so.
_PLAIN = frozenset(string.ascii_letters + string.digits)
# Spreadsheets count days from here.
_DAY_ZERO = datetime(1899, 12, 30)


class Lines:
    """A table's columns in their order, and rows of it in every form."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self.columns, self.kinds = tuple(kinds), tuple(kinds.values())
        self._words = [at for at, kind in enumerate(self.kinds) if kind is Kind.TEXT]
        self._truths = [at for at, kind in enumerate(self.kinds) if kind is Kind.TRUTH]
        self._shares = [at for at, kind in enumerate(self.kinds) if kind is Kind.SHARE]
        pairs = [
            f'"{name}":%s' if kind in _BARE else f'"{name}":"%s"' for name, kind in kinds.items()
        ]
        self._json = "{" + ",".join(pairs) + "}"
        self._json_quotes = self._json.count('"')

    # --- CSV -----------------------------------------------------------------------------------

    def csv_first(self, delimiter: str) -> bytes:
        """How such a file begins: BOM and the names of the columns."""
        return csv_head(self.columns, delimiter)

    def csv(self, rows: Iterable[Texts], delimiter: str) -> bytes:
        """Lines of such a file, as `cells.csv_lines` makes of them."""
        return "".join([self._csv_line(row, delimiter) for row in rows]).encode(
            "utf-8", "backslashreplace"
        )

    def _csv_line(self, row: Texts, delimiter: str) -> str:
        cells = row[:]
        for at in self._words:
            if cells[at] and cells[at][0] not in _PLAIN:
                cells[at] = safe_cell(cells[at])
        if delimiter == ";":
            for at in self._shares:
                cells[at] = cells[at].replace(".", ",")
        line = delimiter.join(cells)
        is_plain = '"' not in line and "\n" not in line and "\r" not in line
        if is_plain and line.count(delimiter) == len(cells) - 1:
            return line + "\r\n"
        page = io.StringIO()
        csv_writer(page, delimiter=delimiter).writerow(cells)
        return page.getvalue()

    # --- JSON ----------------------------------------------------------------------------------

    def json_first(self, version: int) -> bytes:
        """How a document of such rows begins; between its parts stands `JSON_COMMA`, at its end
        `JSON_END`."""
        names = msgspec.json.encode(self.columns)
        return f'{{"version":{version},"columns":'.encode() + names + b',"rows":[\n'

    def json(self, rows: Iterable[Texts]) -> bytes:
        """Rows of such a document."""
        return JSON_COMMA.join([self._json_row(row) for row in rows])

    def _json_row(self, row: Texts) -> bytes:
        cells = row[:]
        for at in self._truths:
            cells[at] = _TRUTHS[cells[at]]
        text = self._json % tuple(cells)
        if text.count('"') == self._json_quotes and "\\" not in text:
            found = text.encode("utf-8", "surrogatepass")
            if len(found.translate(None, _CONTROLS)) == len(found):
                return found
        return msgspec.json.encode(self.values(row))

    def values(self, row: Texts) -> dict[str, Cell]:
        """A row by column, its values as they are."""
        return {
            name: _VALUES[kind](cell) if kind in _VALUES else cell
            for name, kind, cell in zip(self.columns, self.kinds, row, strict=True)
        }


_VALUES: dict[Kind, Callable[[str], Cell]] = {
    Kind.NUMBER: int,
    Kind.SHARE: float,
    Kind.TRUTH: lambda cell: cell == "1",
}


# --- spreadsheets --------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def day_serial(day: str) -> str:
    """Days since spreadsheets began to count. Rows come by time, so that few are worked out."""
    return str((date.fromisoformat(day) - _DAY_ZERO.date()).days)


@lru_cache(maxsize=1024)
def moment_serial(moment: str) -> str:
    """The same with its part of the day. They know no zones: what the clock on the wall said."""
    wall = datetime.fromisoformat(moment).replace(tzinfo=None)
    return f"{(wall - _DAY_ZERO).total_seconds() / 86_400:.16G}"


def column_names(count: int) -> Sequence[str]:
    """`A`, `B` … `Z`, `AA` …: what a spreadsheet calls its columns."""
    letters = string.ascii_uppercase
    return [(letters[at // 26 - 1] if at >= 26 else "") + letters[at % 26] for at in range(count)]
