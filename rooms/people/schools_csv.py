"""School lists as they come: pasted or uploaded, in any year's spelling of DUO's columns.

A Dutch site is BRIN (4 characters) and vestiging (2 digits), `16SW03`; some years give the two
apart, some give the whole. Lists of other countries bring columns `country;scheme;code`.
All or nothing: with one error anywhere no row is handed on, and every error names its line and
column, so that a list can be mended at once instead of a line at a time.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rooms.decoding import decoded
from rooms.errors import Refused

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 20_000
MAX_NAME = 200
MAX_ERRORS = 100
"""Nobody mends more at a time; a wrong file would fill a page with thousands."""

DELIMITERS = (";", ",", "\t")

# The first spelling that a list has is taken: a site's own name goes before its board's.
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "institution": ("INSTELLINGSCODE", "BRIN NUMMER", "BRINNUMMER", "BRIN", "INSTELLINGSNUMMER"),
    "site": ("VESTIGINGSCODE", "VESTIGINGSNUMMER", "VESTIGINGNUMMER", "VESTIGING"),
    "country": ("COUNTRY", "LAND", "LANDCODE"),
    "scheme": ("SCHEME", "CODESTELSEL"),
    "code": ("CODE", "SCHOOLCODE"),
    "name": (
        "VESTIGINGSNAAM", "NAAM VESTIGING", "INSTELLINGSNAAM VESTIGING", "INSTELLINGSNAAM",
        "SCHOOLNAAM", "NAAM", "SCHOOL", "NAME",
    ),
    "place": (
        "PLAATSNAAM", "VESTIGINGSPLAATS", "PLAATSNAAM VESTIGING", "PLAATS", "WOONPLAATS",
        "PLACE", "CITY",
    ),
    "levels": ("ONDERWIJSSTRUCTUUR", "ONDERWIJSSOORT", "NIVEAUS", "NIVEAU", "LEVELS", "LEVEL"),
}  # fmt: skip

_LEVELS: Mapping[str, str] = {
    **dict.fromkeys(("PO", "BO", "SBO", "BASISONDERWIJS", "BASIS"), "po"),
    **dict.fromkeys(("VMBO", "VBO", "MAVO", "LWOO", "VMBOBK", "VMBOGT"), "vmbo"),
    **dict.fromkeys(("PRO", "PRAKTIJK", "PRAKTIJKONDERWIJS"), "praktijk"),
    "HAVO": "havo",
    **dict.fromkeys(("VWO", "ATH", "ATHENEUM", "GYM", "GYMNASIUM"), "vwo"),
    "MBO": "mbo",
    "HBO": "hbo",
    **dict.fromkeys(("WO", "UNIVERSITEIT"), "wo"),
}  # fmt: skip
_LEVEL_ORDER = ("po", "vmbo", "praktijk", "havo", "vwo", "mbo", "hbo", "wo")

_BRIN = re.compile(r"[0-9A-Z]{4}")
_SITE = re.compile(r"[0-9]{1,2}")
_WHOLE = re.compile(r"[0-9A-Z]{4}[0-9]{2}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_SCHEME = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
_CODE = re.compile(r"[0-9A-Z][0-9A-Z./-]{0,39}")


@dataclass(frozen=True)
class SchoolRow:
    """One school site as a list has it; `line` is where its record begins, counted from 1."""

    country: str
    scheme: str
    code: str
    name: str
    place: str
    levels: tuple[str, ...]
    line: int
    unknown_levels: tuple[str, ...] = ()
    """Words in the level column that name no level we know; shown, never guessed at."""


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


def parse_schools(source: bytes | str) -> SchoolList:
    """Read a list of schools, from a file's bytes or a pasted text.

    Raises `Refused` `list_too_big` or `not_text` for what is no list at all; all else comes
    back as errors with their line and column.
    """
    if len(source) > MAX_BYTES:
        raise Refused("list_too_big", limit=MAX_BYTES)
    text = decoded(source) if isinstance(source, bytes) else source.removeprefix("\ufeff")
    try:
        return _Reading(_records(text)).whole()
    except _Broken as broken:
        return SchoolList(errors=(RowError(broken.line, "", broken.code),))


class _Broken(Exception):
    """The list cannot be read on from this line."""

    def __init__(self, line: int, code: str) -> None:
        super().__init__(code)
        self.line, self.code = line, code


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
            raise _Broken(line, "quotes_not_closed") from error
        if any(cell.strip() for cell in record):
            yield line, record


def _delimiter(text: str) -> str:
    """The one that splits the first line into the most; a name seldom holds many of any."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=first.count)


@dataclass
class _Reading:
    """One list being read: its columns first, then row by row."""

    records: Iterator[tuple[int, list[str]]]
    columns: dict[str, int] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    width: int = 0
    rows: list[SchoolRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    first_lines: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def whole(self) -> SchoolList:
        self._read_header()
        if not self.errors:
            self._read_rows()
        if self.errors:
            return SchoolList(errors=tuple(self.errors[:MAX_ERRORS]))
        return SchoolList(rows=tuple(self.rows))

    def _read_header(self) -> None:
        line, header = next(self.records, (1, []))
        self.width = len(header)
        names = [_plain_header(cell) for cell in header]
        for noun, spellings in _SPELLINGS.items():
            known = next((spelling for spelling in spellings if spelling in names), None)
            if known is not None:
                self.columns[noun] = names.index(known)
                self.spelled[noun] = header[self.columns[noun]].strip()
        self.errors += [
            RowError(line, column, "column_missing") for column in self._missing_columns()
        ]

    def _missing_columns(self) -> list[str]:
        """Either a code of any country, or both parts of a Dutch one; and a name."""
        identity = ["country", "scheme", "code"] if self._is_foreign() else ["institution", "site"]
        return [_SPELLINGS[n][0] for n in [*identity, "name"] if n not in self.columns]

    def _is_foreign(self) -> bool:
        return "code" in self.columns and "site" not in self.columns

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
        if any(cell.strip() for cell in record[self.width :]):
            raise _Bad("", "too_many_cells", record[self.width])
        cells = {
            noun: " ".join(record[at].split()) if at < len(record) else ""
            for noun, at in self.columns.items()
        }
        country, scheme, code = _foreign(cells) if self._is_foreign() else _dutch(cells)
        levels, unknown = _levels(cells.get("levels", ""))
        return SchoolRow(
            country, scheme, code, _name(cells), cells.get("place", ""), levels, line, unknown
        )

    def _keep(self, row: SchoolRow) -> None:
        key = (row.country, row.scheme, row.code)
        if key in self.first_lines:
            noun = "code" if self._is_foreign() else "site"
            raise _Bad(noun, "school_twice", f"{row.code} ({self.first_lines[key]})")
        self.first_lines[key] = row.line
        self.rows.append(row)


def _plain_header(cell: str) -> str:
    """One spelling for `Brin_nummer`, `BRIN-NUMMER` and `brin nummer `."""
    plain = unicodedata.normalize("NFKC", cell).strip().strip("\"'").upper()
    return re.sub(r"[\s_\-]+", " ", plain)


def _name(cells: Mapping[str, str]) -> str:
    name = cells["name"]
    if not name:
        raise _Bad("name", "cell_empty")
    if len(name) > MAX_NAME:
        raise _Bad("name", "cell_too_long", name)
    return name


def _dutch(cells: Mapping[str, str]) -> tuple[str, str, str]:
    """BRIN and vestiging, apart or as one, to the whole code."""
    brin, site = cells["institution"].upper(), cells["site"].upper()
    for noun, value in (("institution", brin), ("site", site)):
        if not value:
            raise _Bad(noun, "cell_empty")
    if not _BRIN.fullmatch(brin):
        raise _Bad("institution", "brin_form", brin)
    if _SITE.fullmatch(site):
        return "NL", "brin", f"{brin}{site:0>2}"
    if not _WHOLE.fullmatch(site):
        raise _Bad("site", "site_form", site)
    if not site.startswith(brin):
        raise _Bad("site", "site_of_another", site)
    return "NL", "brin", site


def _foreign(cells: Mapping[str, str]) -> tuple[str, str, str]:
    country, scheme = cells["country"].upper(), cells["scheme"].lower()
    code = cells["code"].upper()
    for noun, value, form in (
        ("country", country, _COUNTRY),
        ("scheme", scheme, _SCHEME),
        ("code", code, _CODE),
    ):
        if not value:
            raise _Bad(noun, "cell_empty")
        if not form.fullmatch(value):
            raise _Bad(noun, f"{noun}_form", value)
    return country, scheme, code


def _levels(cell: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Known levels in their usual order, and the words that name none."""
    words = [word for word in re.split(r"[^0-9A-Za-z]+", cell.upper()) if word]
    known = {_LEVELS[word] for word in words if word in _LEVELS}
    unknown = tuple(dict.fromkeys(word for word in words if word not in _LEVELS))
    return tuple(level for level in _LEVEL_ORDER if level in known), unknown
