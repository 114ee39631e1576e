"""A spreadsheet, row by row: real types, a head that stays in sight, a sheet of definitions.

Memory does not grow with the rows: what is written leaves for a file at once. Nothing in it says
when it was made, so that the same rows give the same bytes.
"""

import html
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from rooms.attendance.cells import safe_cell
from rooms.attendance.lines import (
    Kind,
    Lines,
    Value,
    Values,
    column_names,
    day_serial,
    moment_serial,
)

# What a sheet holds by its format, without the head.
ROWS_AT_MOST = 1_048_575
# The file format wants one; never "now".
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
WIDTH = 16
# Controls, what looks like the escape of one, and blanks at an end, which XML would lose.
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_|\A\s|\s\Z")
# Of what a cell may hold the half, as some characters count for two.
LONGEST = 16_383


class Rows(Worksheet):  # type: ignore[misc]
    """A sheet that also takes whole rows as XML: by the cell it takes ten times as long.

    It leans on names of the library that are its own (`_write_single_row`, `row_data_fh` and the
    three numbers below); a test holds what it writes against the same cells written one by one.
    """

    def write_xml(self, first: int, rows: Sequence[str], columns: int) -> None:
        """Rows from `first` on (the head is 0), each with its cells from the first column on."""
        if not rows:
            return
        self._write_single_row(first)
        self.row_data_fh.write("".join(rows))
        self.previous_row = self.dim_rowmax = first + len(rows) - 1
        self.dim_colmax = columns - 1


class Workbook:
    """A file at `path` that is being written; nothing reads it before `close`.

    `definitions`: (column, what it means) for the second sheet; `titles`: of both sheets.
    """

    def __init__(
        self,
        path: Path,
        lines: Lines,
        titles: tuple[str, str],
        definitions: Sequence[tuple[str, str]],
    ) -> None:
        self._book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "tmpdir": str(path.parent), "in_memory": False}
        )
        self._book.set_properties({"created": NEVER.replace(tzinfo=None), "author": ""})
        self._head = self._book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._marked = self._book.add_format({"quote_prefix": True})
        self._wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._sheet = self._book.add_worksheet(titles[0], worksheet_class=Rows)
        self._definitions = (titles[1], list(definitions))
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(lines.columns) - 1, WIDTH)
        self._sheet.write_row(0, 0, lines.columns, self._head)
        self._columns = len(lines.columns)
        self._cells = list(zip(column_names(self._columns), lines.kinds, strict=True))
        self._styles = {Kind.DAY: day, Kind.MOMENT: moment}
        self.rows = 0

    def add(self, rows: Iterable[Values]) -> None:
        """The next rows."""
        first = self.rows + 1
        written = [self._row(str(number), row) for number, row in enumerate(rows, first + 1)]
        self._sheet.write_xml(first, written, self._columns)
        self.rows += len(written)

    def _row(self, number: str, row: Values) -> str:
        """`number`: as the sheet counts, the head is 1."""
        cells = [
            self._cell(f'<c r="{column}{number}"', kind, value)
            for (column, kind), value in zip(self._cells, row, strict=True)
            if value != ""
        ]
        return f'<row r="{number}">{"".join(cells)}</row>'

    def _cell(self, begun: str, kind: Kind, value: Value) -> str:
        """A text is never taken for a formula, also not by whoever edits it: it carries the mark
        that a typed apostrophe leaves."""
        text = str(value)
        if kind is Kind.CODE:
            return f'{begun} t="inlineStr"><is><t>{text}</t></is></c>'
        if kind is Kind.TEXT:
            style = "" if safe_cell(text) == text else f' s="{self._marked._get_xf_index()}"'
            return f'{begun}{style} t="inlineStr"><is>{_inside(text)}</is></c>'
        if kind is Kind.NUMBER:
            return f"{begun}><v>{text}</v></c>"
        if kind is Kind.SHARE:
            return f"{begun}><v>{text.removesuffix('.0')}</v></c>"
        if kind is Kind.TRUTH:
            return f'{begun} t="b"><v>{int(value)}</v></c>'
        serial = day_serial(text) if kind is Kind.DAY else moment_serial(text)
        return f'{begun} s="{self._styles[kind]._get_xf_index()}"><v>{serial}</v></c>'

    def close(self) -> None:
        """Writes the sheet of definitions and the file itself."""
        if self.rows:
            self._sheet.autofilter(0, 0, self.rows, self._columns - 1)
        title, lines = self._definitions
        sheet = self._book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 90)
        for at, (column, words) in enumerate(lines):
            style = self._head if at == 0 else self._wrapped
            sheet.write_string(at, 0, column, style)
            sheet.write_string(at, 1, words, style)
        self._book.close()


def _inside(text: str) -> str:
    """A text of people as a cell holds it; never as marks of its own, whatever it looks like."""
    keeps = ""
    if len(text) > LONGEST or _ODD.search(text):
        text = Rows._escape_control_characters(text[:LONGEST])
        keeps = ' xml:space="preserve"' if text != text.strip() else ""
    return f"<t{keeps}>{html.escape(text, quote=False)}</t>"
