"""Rows that leave by the ten thousand: as values, made into CSV, JSON and the XML of a spreadsheet.

What kind of value stands in a column is known once for all rows, which is most of the work; the
tests hold the bytes against those of `cells.csv_lines` and of a plain JSON object.
"""

import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

from rooms.attendance.cells import csv_head, csv_lines

Value: TypeAlias = str | int | float | bool
# A row as the columns have it: days and moments by ISO, what is not known as ''. Words of people
# are as they typed them.
Values: TypeAlias = Sequence[Value]


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
_TYPES: dict[Kind, type] = {Kind.NUMBER: int, Kind.SHARE: float, Kind.TRUTH: bool}
# Words come again from row to row, as names of classes and schools do.
_WORDS_KEPT = 8192
# Spreadsheets count days from here.
_DAY_ZERO = datetime(1899, 12, 30)


class Lines:
    """A table's columns in their order, and rows of it in every form."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self.columns, self.kinds = tuple(kinds), tuple(kinds.values())
        self._words, self._numbers, self._shares, self._truths = [
            [at for at, kind in enumerate(self.kinds) if kind is wanted]
            for wanted in (Kind.TEXT, Kind.NUMBER, Kind.SHARE, Kind.TRUTH)
        ]
        self._line = msgspec.defstruct(
            "Line", [(name, _TYPES.get(kind, str)) for name, kind in kinds.items()], gc=False
        )
        self._encoder = msgspec.json.Encoder()

    # --- CSV -----------------------------------------------------------------------------------

    def csv_first(self, delimiter: str) -> bytes:
        """How such a file begins: BOM and the names of the columns."""
        return csv_head(self.columns, delimiter)

    def csv(self, rows: Iterable[Values], delimiter: str) -> bytes:
        """Lines of such a file, as `cells.csv_lines` makes of them."""
        written = _CSV_WORDS[delimiter]
        return "".join([self._csv_line(row, delimiter, written) for row in rows]).encode(
            "utf-8", "backslashreplace"
        )

    def _csv_line(self, row: Values, delimiter: str, written: Callable[[str], str]) -> str:
        cells: list[Any] = list(row)
        for at in self._words:
            if cells[at]:
                cells[at] = written(cells[at])
        for at in self._numbers:
            value = cells[at]
            cells[at] = _FIGURES[value] if 0 <= value < _SMALL else str(value)
        for at in self._shares:
            cells[at] = _share(cells[at], _DECIMAL_MARKS[delimiter])
        for at in self._truths:
            cells[at] = "1" if cells[at] else "0"
        return delimiter.join(cells) + "\r\n"

    # --- JSON ----------------------------------------------------------------------------------

    def json_first(self, version: int) -> bytes:
        """How a document of such rows begins; between its parts stands `JSON_COMMA`, at its end
        `JSON_END`."""
        names = msgspec.json.encode(self.columns)
        return f'{{"version":{version},"columns":'.encode() + names + b',"rows":[\n'

    def json(self, rows: Iterable[Values]) -> bytes:
        """Rows of such a document."""
        line, encode = self._line, self._encoder.encode
        return JSON_COMMA.join([encode(line(*row)) for row in rows])

    def values(self, row: Values) -> dict[str, Value]:
        """A row by column."""
        return dict(zip(self.columns, row, strict=True))


_DECIMAL_MARKS = {";": ",", ",": "."}
# Most numbers are so small, and to look one up takes a fifth of the time of writing it.
_SMALL = 10_000
_FIGURES = tuple(map(str, range(_SMALL)))


@lru_cache(maxsize=4096)
def _share(value: float, mark: str) -> str:
    return str(value).replace(".", mark)


def _csv_words(delimiter: str) -> Callable[[str], str]:
    """How words of people stand between two delimiters: in quotes if need be, never a formula."""

    @lru_cache(maxsize=_WORDS_KEPT)
    def written(text: str) -> str:
        # A line of one cell would put an empty one in quotes.
        line = csv_lines([["", text]], delimiter).decode()
        return line[len(delimiter) : -len("\r\n")]

    return written


_CSV_WORDS = {delimiter: _csv_words(delimiter) for delimiter in _DECIMAL_MARKS}


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
