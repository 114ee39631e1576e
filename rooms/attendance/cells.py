"""What leaves as a table: cells that start no formula, CSV a Dutch Excel opens, times, lengths.

A spreadsheet runs a cell that starts with `=`, `+`, `-` or `@`, also behind a blank, a tab or
an invisible character, and some take the full-width twins. Such a text gets one apostrophe in
front: nothing is lost, and `original_text` takes exactly that apostrophe away again.
"""

from __future__ import annotations

import codecs
import csv
import io
import string
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from rooms.errors import Refused

Cell = str | int | float | Decimal | bool | datetime | None

DELIMITERS = (";", ",")
MARK = "'"
# As far a moment is written.
SECOND = len("2026-03-10T08:00:00")
_STARTERS = frozenset("=+-@")
_MINUS_SIGN = "\u2212"
_LINE_STARTERS = frozenset("\t\r\n")
# Behind one of these nothing can be a formula; most texts begin so.
_PLAIN = frozenset(string.ascii_letters + string.digits)


def safe_cell(text: str) -> str:
    """The text, with an apostrophe in front if a spreadsheet could take it for a formula."""
    if not text or text[0] in _PLAIN:
        return text
    return MARK + text if _may_start_formula(text) else text


def original_text(cell: str) -> str:
    """What `safe_cell` was given."""
    is_marked = cell.startswith(MARK) and _may_start_formula(cell[1:])
    return cell[1:] if is_marked else cell


def _may_start_formula(text: str) -> bool:
    """Looks behind apostrophes too: else `'=1` and a marked `=1` would be the same cell."""
    bare = text.lstrip(MARK)
    for character in bare:
        if character in _LINE_STARTERS:
            return True
        if not _is_unseen(character):
            plain = unicodedata.normalize("NFKC", character)
            return plain[0] in _STARTERS or character == _MINUS_SIGN
    return False


def _is_unseen(character: str) -> bool:
    """Blanks, controls, zero-width and direction marks, the byte order mark."""
    return character == MARK or unicodedata.category(character)[0] in "ZC"


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]], delimiter: str = ";") -> bytes:
    """A CSV file: UTF-8 with BOM, lines ended by CR LF, as Excel and RFC 4180 want it.

    With `;` numbers get a decimal comma: where Excel splits on `;` it reads `1.5` as 1 May.
    """
    return csv_head(columns, delimiter) + csv_lines(rows, delimiter)


def csv_head(columns: Sequence[str], delimiter: str = ";") -> bytes:
    """How such a file begins: BOM and the names of the columns."""
    return codecs.BOM_UTF8 + csv_lines([columns], delimiter)


def csv_lines(rows: Iterable[Sequence[Cell]], delimiter: str = ";") -> bytes:
    """Lines of such a file, for one that is sent in parts."""
    if delimiter not in DELIMITERS:
        raise Refused("csv_delimiter_unknown", delimiter=delimiter)
    page = io.StringIO()
    writer = csv.writer(page, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL)
    writer.writerows([_written(cell, delimiter) for cell in row] for row in rows)
    # A lone surrogate is no text; shown as an escape it does not cost the whole report.
    return page.getvalue().encode("utf-8", "backslashreplace")


def _written(cell: Cell, delimiter: str) -> str:
    """One value as it stands in the file. Only texts can be formulas, so only they are marked."""
    if isinstance(cell, str):
        return safe_cell(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, datetime):
        return utc_text(cell)
    return _number(cell, "," if delimiter == ";" else ".")


def _number(value: float | Decimal, decimal_mark: str) -> str:
    """Never in scientific notation: not every reader knows it."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return format(exact, "f").replace(".", decimal_mark)


def utc_text(moment: datetime) -> str:
    """`2026-03-10T08:00:00Z`, to the second."""
    return moment.astimezone(UTC).isoformat()[:SECOND] + "Z"


def exact_text(moment: datetime) -> str:
    """The same with its microseconds, where it has any."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def local_text(moment: datetime, zone: str) -> str:
    """`2026-03-10T09:00:00+01:00`: the hour turned back in autumn stays told apart."""
    return moment.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


def hh_mm(length_ms: int) -> str:
    """Hours and minutes to the nearest minute, `00:41`. For reading; sums use milliseconds."""
    minutes = (length_ms + 30_000) // 60_000
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def hh_mm_ss(length_ms: int) -> str:
    """Hours, minutes, seconds to the nearest second, `00:41:05`."""
    seconds = (length_ms + 500) // 1000
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
