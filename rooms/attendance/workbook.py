"""A spreadsheet, row by row: real types, a head that stays in sight, a sheet of definitions.

Memory does not grow with the rows: what is written leaves for a file at once. Nothing in it says
when it was made, so that the same rows give the same bytes.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

import xlsxwriter

from rooms.attendance.cells import Cell, safe_cell

# What a sheet holds by its format, without the head.
ROWS_AT_MOST = 1_048_575
# The file format wants one; never "now".
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
WIDTH = 16
# Spreadsheets count days from here.
DAY_ZERO = date(1899, 12, 30)
_ZERO = datetime(1899, 12, 30)


class Workbook:
    """A file at `path` that is being written; nothing reads it before `close`.

    `definitions`: (column, what it means) for the second sheet; `titles`: of both sheets.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str],
        titles: tuple[str, str],
        definitions: Sequence[tuple[str, str]],
    ) -> None:
        self._book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "tmpdir": str(path.parent), "in_memory": False}
        )
        self._book.set_properties({"created": NEVER.replace(tzinfo=None), "author": ""})
        self._head = self._book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._marked = self._book.add_format({"quote_prefix": True})
        self._wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})
        self._sheet = self._book.add_worksheet(titles[0])
        self._definitions = (titles[1], list(definitions))
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(columns) - 1, WIDTH)
        self._sheet.write_row(0, 0, columns, self._head)
        self._columns = len(columns)
        self.rows = 0

    def add(self, rows: Iterable[Sequence[Cell | date]]) -> None:
        """The next rows."""
        for row in rows:
            self.rows += 1
            for column, cell in enumerate(row):
                self._write(column, cell)

    def _write(self, column: int, cell: Cell | date) -> None:
        """A text is never taken for a formula, also not by whoever edits it: it carries the mark
        that a typed apostrophe leaves."""
        sheet, row = self._sheet, self.rows
        if isinstance(cell, str):
            if cell:
                is_safe = safe_cell(cell) == cell
                sheet.write_string(row, column, cell, None if is_safe else self._marked)
        elif isinstance(cell, bool):
            sheet.write_boolean(row, column, cell)
        elif isinstance(cell, datetime):
            sheet.write_number(row, column, _serial(cell), self._moment)
        elif isinstance(cell, date):
            sheet.write_number(row, column, (cell - DAY_ZERO).days, self._day)
        elif cell is not None:
            sheet.write_number(row, column, cell)

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


@lru_cache(maxsize=512)
def _serial(moment: datetime) -> float:
    """Days and their part. Rows come by time, so that few are worked out."""
    return (moment - _ZERO).total_seconds() / 86_400
