"""School lists as they come: pasted or uploaded, in any year's spelling of their columns.

What a column means is said by a mapping (`registry_mapping`); without one, a list is read as one
of DUO's, or as one that says country and code list itself. All or nothing: with one error anywhere
no row is handed on, and every error names its line and column, so that a list can be mended at
once instead of a line at a time.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from rooms.decoding import decoded
from rooms.errors import Refused
from rooms.people import registry_mapping
from rooms.people.registry_mapping import ListMapping, fits, plain

MAX_BYTES = 12 * 1024 * 1024
MAX_ROWS = 20_000
MAX_NAME = 200
MAX_CELL = 200
MAX_ERRORS = 100
"""Nobody mends more at a time; a wrong file would fill a page with thousands."""

DELIMITERS = (";", ",", "\t")

_COUNTRY = re.compile(r"[A-Z]{2}")
_SCHEME = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
_CODE = re.compile(r"[0-9A-Z][0-9A-Z./-]{0,39}")
_HTML = re.compile(r"<[A-Za-z/!?]")
_PAGE = re.compile(r"\s*<(!doctype|html|\?xml)", re.I)
_DAY_LAST = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
# Of a text in UTF-16 every second byte is nothing, more or less; of a torn file a few are.
_NULS_OF_UTF16 = 0.2

Key = tuple[str, str, str]


@dataclass(frozen=True)
class SchoolRow:
    """One school site as a list has it; `line` is where its record begins, counted from 1.

    `is_open` None: the list does not say. `successor`: the code of the school that took it over,
    of the same country and code list.
    """

    country: str
    scheme: str
    code: str
    name: str
    place: str
    levels: tuple[str, ...]
    line: int
    unknown_levels: tuple[str, ...] = ()
    """Words in the level column that name no level we know; shown, never guessed at."""
    region: str = ""
    is_open: bool | None = None
    opened_on: date | None = None
    closed_on: date | None = None
    successor: str = ""

    @property
    def key(self) -> Key:
        """(country, scheme, code): who it is."""
        return self.country, self.scheme, self.code


@dataclass(frozen=True)
class RowError:
    """What is wrong, and where: the line, the column as the list spells it, the value."""

    line: int
    column: str
    code: str
    value: str = ""


@dataclass(frozen=True)
class SchoolList:
    """Rows, or errors; never both."""

    rows: tuple[SchoolRow, ...] = ()
    errors: tuple[RowError, ...] = ()


class _Bad(Exception):
    """One cell is wrong; becomes a `RowError` where line and column are known."""

    def __init__(self, noun: str, code: str, value: str = "") -> None:
        super().__init__(code)
        self.noun, self.code, self.value = noun, code, value


class _Broken(Exception):
    """The list cannot be read on from this line."""

    def __init__(self, line: int, code: str) -> None:
        super().__init__(code)
        self.line, self.code = line, code


def parse_schools(source: bytes | str, mapping: ListMapping | None = None) -> SchoolList:
    """Read a list of schools, from a file's bytes or a pasted text.

    Raises `Refused` `list_too_big` or `not_text` for what is no list at all; all else comes
    back as errors with their line and column.
    """
    if len(source) > MAX_BYTES:
        raise Refused("list_too_big", limit=MAX_BYTES)
    try:
        text = _text(source, mapping.encodings if mapping else ())
        return _Reading(_records(text), mapping).whole()
    except _Broken as broken:
        return SchoolList(errors=(RowError(broken.line, "", broken.code),))


def _text(source: bytes | str, encodings: tuple[str, ...]) -> str:
    if isinstance(source, bytes):
        _check_nuls(source)
        source = _allowed(source, encodings) if encodings else decoded(source)
    source = source.removeprefix("\ufeff")
    if "\0" in source:
        raise _Broken(_line(source, source.index("\0")), "nul_byte")
    if _PAGE.match(source):
        raise _Broken(1, "list_is_html")
    return source


def _check_nuls(data: bytes) -> None:
    """A list with a few zero bytes is damaged; its line is told. One with many is in UTF-16."""
    nuls = data.count(b"\0")
    is_marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    if nuls and not is_marked and nuls < _NULS_OF_UTF16 * len(data):
        raise _Broken(data[: data.index(b"\0")].count(b"\n") + 1, "nul_byte")


def _allowed(data: bytes, encodings: tuple[str, ...]) -> str:
    """The text in the first encoding of the mapping that it is in."""
    for encoding in encodings:
        try:
            return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
        except UnicodeDecodeError:
            continue
    raise _Broken(1, "list_encoding")


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The records that hold anything, each with the line it begins on."""
    reader = csv.reader(io.StringIO(text, ""), delimiter=_delimiter(text), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            is_long = "field limit" in str(error)
            raise _Broken(line, "cell_too_long" if is_long else "quotes_not_closed") from error
        if any(cell.strip() for cell in record):
            yield line, record


def _delimiter(text: str) -> str:
    """The one that splits the first line into the most; a name seldom holds many of any."""
    first = next((line for line in io.StringIO(text) if line.strip()), "")
    return max(DELIMITERS, key=first.count)


@cache
def _shipped(name: str) -> ListMapping:
    return registry_mapping.shipped(name)


def _mapping_for(heads: list[str]) -> ListMapping:
    """DUO's, unless a list has a plain column of codes and no column of sites."""
    dutch, any_country = _shipped("nl-duo"), _shipped("any")
    has = set(heads).intersection
    is_foreign = has(any_country.columns["code"]) and not has(dutch.columns["code"])
    return any_country if is_foreign else dutch


@dataclass
class _Reading:
    """One list being read: its columns first, then row by row."""

    records: Iterator[tuple[int, list[str]]]
    mapping: ListMapping | None = None
    columns: dict[str, int] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    width: int = 0
    needed: int = 0
    rows: list[SchoolRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    first_lines: dict[Key, int] = field(default_factory=dict)
    levels: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)

    def whole(self) -> SchoolList:
        self._read_header()
        if not self.errors:
            self._read_rows()
        if self.errors:
            return SchoolList(errors=tuple(self.errors[:MAX_ERRORS]))
        return SchoolList(rows=tuple(self.rows))

    @property
    def how(self) -> ListMapping:
        """The mapping; chosen by the heads where none was given."""
        assert self.mapping is not None
        return self.mapping

    def _read_header(self) -> None:
        line, header = next(self.records, (1, []))
        self.width = len(header)
        names = [plain(cell) for cell in header]
        self.mapping = self.mapping or _mapping_for(names)
        for noun, spellings in self.how.columns.items():
            known = next((spelling for spelling in spellings if spelling in names), None)
            if known is not None:
                self.columns[noun] = names.index(known)
                self.spelled[noun] = header[self.columns[noun]].strip()
        self.needed = max(self.columns.values(), default=0) + 1
        self.errors += [
            RowError(line, column, "column_missing") for column in self._missing_columns()
        ]

    def _missing_columns(self) -> list[str]:
        """Of the columns that make a school's identity and name, those the list has not."""
        wanted = ["before"] if "before" in self.how.columns else []
        wanted += [noun for noun in ("country", "scheme") if not getattr(self.how, noun)]
        wanted += ["code", "name"]
        return [self.how.columns[noun][0] for noun in wanted if noun not in self.columns]

    def _read_rows(self) -> None:
        count = 0
        for line, record in self.records:
            count += 1
            if count > MAX_ROWS:
                raise _Broken(line, "too_many_rows")
            self._read_row(line, record)
        if not count:
            self.errors.append(RowError(1, "", "no_rows"))

    def _read_row(self, line: int, record: list[str]) -> None:
        try:
            row = self._row(line, record)
            self._keep(row)
        except _Bad as bad:
            column = self.spelled.get(bad.noun, "")
            self.errors.append(RowError(line, column, bad.code, bad.value[:80]))

    def _row(self, line: int, record: list[str]) -> SchoolRow:
        self._check_width(record)
        cells = {noun: " ".join(record[at].split()) for noun, at in self.columns.items()}
        country, scheme, code = _identity(self.how, cells)
        levels, unknown = self._levels(cells.get("levels", ""))
        return SchoolRow(
            country,
            scheme,
            code,
            _name(cells),
            _bounded(cells, "place"),
            levels,
            line,
            unknown,
            region=_bounded(cells, "region"),
            is_open=_is_open(self.how, cells.get("status", "")),
            opened_on=_day(cells, "opened_on"),
            closed_on=_day(cells, "closed_on"),
            successor=cells.get("successor", "").upper().replace(" ", ""),
        )

    def _levels(self, cell: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The same few cells come thousands of times."""
        if cell not in self.levels:
            self.levels[cell] = _levels(self.how, cell)
        return self.levels[cell]

    def _check_width(self, record: list[str]) -> None:
        """A torn line is no school; one that only lacks what nobody reads may end early."""
        if any(cell.strip() for cell in record[self.width :]):
            raise _Bad("", "too_many_cells", record[self.width])
        if len(record) < self.needed:
            raise _Bad("", "too_few_cells", record[-1])
        html = _HTML.search("\n".join(record))
        if html:
            told = next(cell for cell in record if _HTML.search(cell))
            raise _Bad("", "cell_html", told)

    def _keep(self, row: SchoolRow) -> None:
        if row.key in self.first_lines:
            raise _Bad("code", "school_twice", f"{row.code} ({self.first_lines[row.key]})")
        self.first_lines[row.key] = row.line
        self.rows.append(row)


def _name(cells: Mapping[str, str]) -> str:
    name = cells["name"]
    if not name:
        raise _Bad("name", "cell_empty")
    if len(name) > MAX_NAME:
        raise _Bad("name", "cell_too_long", name)
    return name


def _bounded(cells: Mapping[str, str], noun: str) -> str:
    text = cells.get(noun, "")
    if len(text) > MAX_CELL:
        raise _Bad(noun, "cell_too_long", text)
    return text


def _identity(how: ListMapping, cells: Mapping[str, str]) -> Key:
    country = _own(cells, "country", how.country, _COUNTRY)
    scheme = _own(cells, "scheme", how.scheme, _SCHEME)
    return country, scheme, _code(how, cells)


def _own(cells: Mapping[str, str], noun: str, fixed: str, form: re.Pattern[str]) -> str:
    """What the mapping says of all schools, else what this line says."""
    if fixed:
        return fixed
    value = cells[noun].upper() if noun == "country" else cells[noun].lower()
    if not value:
        raise _Bad(noun, "cell_empty")
    if not form.fullmatch(value):
        raise _Bad(noun, f"{noun}_form", value)
    return value


def _code(how: ListMapping, cells: Mapping[str, str]) -> str:
    """The code, put together where a list gives its two parts apart."""
    code, before = cells["code"].upper(), cells.get("before", "").upper()
    for noun in ("before", "code") if "before" in how.columns else ("code",):
        if not cells[noun]:
            raise _Bad(noun, "cell_empty")
    if before and how.before_shape and not fits(before, how.before_shape):
        raise _Bad("before", "before_form", before)
    if before and code.isascii() and code.isdigit() and len(code) <= how.short_digits:
        return before + code.zfill(how.short_digits)
    if not _CODE.fullmatch(code) or (how.shapes and not any(fits(code, s) for s in how.shapes)):
        raise _Bad("code", "code_form", code)
    if not code.startswith(before):
        raise _Bad("code", "site_of_another", code)
    return code


def _levels(how: ListMapping, cell: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Known levels in their usual order, and the words that name none."""
    if not cell:
        return (), ()
    known = how.levels or {}
    words = [word for word in re.split(r"[^0-9A-Z]+", plain(cell)) if word]
    found = {known[word] for word in words if word in known}
    unknown = tuple(dict.fromkeys(word for word in words if word not in known))
    return tuple(level for level in registry_mapping.LEVELS if level in found), unknown


def _is_open(how: ListMapping, cell: str) -> bool | None:
    """A word that the mapping does not know is an error: closing a school is no guess."""
    if not cell or not how.status:
        return None
    word = how.status.get(plain(cell))
    if word is None:
        raise _Bad("status", "status_unknown", cell)
    return word == "open"


def _day(cells: Mapping[str, str], noun: str) -> date | None:
    """2026-08-01, 20260801 or 1-8-2026, day before month."""
    cell = cells.get(noun, "")
    if not cell:
        return None
    last, first = _DAY_LAST.fullmatch(cell), _DAY_FIRST.fullmatch(cell)
    try:
        if last:
            return date(int(last[1]), int(last[2]), int(last[3]))
        if first:
            return date(int(first[3]), int(first[2]), int(first[1]))
    except ValueError:
        pass
    raise _Bad(noun, "day_form", cell)
