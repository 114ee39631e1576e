"""Which column of a school list is what: a mapping, as a TOML file.

The lists of each country name their columns in their own way. A mapping says which head is the
code, the name, the place, the levels; how a code looks; which words mean which level, and which
mean that a school is open or closed. `docs/mappings/README.md` explains it to who writes one.
A mapping that cannot be used is refused with the line of the mistake.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rooms.errors import Refused

MAX_BYTES = 100_000
LEVELS = ("po", "vmbo", "praktijk", "havo", "vwo", "mbo", "hbo", "wo")
COLUMNS = (
    "country", "scheme", "name", "place", "levels", "region", "status", "opened_on", "closed_on",
    "successor",
)  # fmt: skip
ENCODINGS: Mapping[str, str] = {
    "utf-8": "utf-8", "windows-1252": "cp1252", "iso-8859-1": "cp1252", "utf-16": "utf-16",
    "iso-8859-15": "iso8859-15", "windows-1250": "cp1250",
}  # fmt: skip

_FOLDER = Path(__file__).parent / "mappings"
_COUNTRY = re.compile(r"[A-Z]{2}")
_SCHEME = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
_SHAPE = re.compile(r"[0-9A-Z./-]{1,40}")


@dataclass(frozen=True)
class ListMapping:
    """How a list is to be read. Heads and words are kept in their plain spelling.

    `country`, `scheme`: of every school, or "" when each line says its own. `shapes`: how a whole
    code may look (9 a digit, A a letter, X either, all else itself); none: any code.
    `before`: columns of what stands before a code of `short_digits` digits.
    """

    country: str
    scheme: str
    columns: Mapping[str, tuple[str, ...]]
    shapes: tuple[str, ...] = ()
    before_shape: str = ""
    short_digits: int = 0
    levels: Mapping[str, str] | None = None
    status: Mapping[str, str] | None = None
    encodings: tuple[str, ...] = ()


def plain(text: str) -> str:
    """One spelling for `Brin_nummer`, `BRIN-NUMMER` and `brin nummer `, accents aside."""
    decomposed = unicodedata.normalize("NFKD", text).strip().strip("\"'").upper()
    bare = "".join(one for one in decomposed if not unicodedata.combining(one))
    return re.sub(r"[\s_\-']+", " ", bare).strip()


def fits(text: str, shape: str) -> bool:
    """Whether a code looks like this."""
    return _pattern(shape).fullmatch(text) is not None


@cache
def _pattern(shape: str) -> re.Pattern[str]:
    return re.compile("".join(_KINDS.get(one, re.escape(one)) for one in shape))


_KINDS: Mapping[str, str] = {"9": "[0-9]", "A": "[A-Z]", "X": "[0-9A-Z]"}


def read(source: bytes | str) -> ListMapping:
    """A mapping from its file. Raises `Refused` with the line, such as `mapping_key_unknown`."""
    return _Reading(_text(source)).whole()


def shipped(name: str) -> ListMapping:
    """One of ours: `nl-duo` or `any`."""
    return read((_FOLDER / f"{name}.toml").read_bytes())


def _text(source: bytes | str) -> str:
    if len(source) > MAX_BYTES:
        raise Refused("mapping_too_big", line=1)
    try:
        return source if isinstance(source, str) else source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1 if isinstance(source, bytes) else 1
        raise Refused("mapping_not_utf8", line=line) from None


class _Reading:
    """One mapping being read; every mistake is told with the line it stands on."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self.told: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            at = re.search(r"at line (\d+)", str(error))
            line = int(at[1]) if at else text.count("\n") + 1
            raise Refused("mapping_not_toml", line=line) from None
        except RecursionError:  # brackets in brackets, thousands deep
            raise Refused("mapping_not_toml", line=1) from None

    def whole(self) -> ListMapping:
        self._known("", self.told, ("country", "scheme", "encodings", "code", "columns", "levels",
                                    "status"))  # fmt: skip
        code = self._table("code")
        self._known("code", code, ("columns", "shapes", "before", "before_shape", "short_digits"))
        columns = self._columns(code)
        country = self._own("country", _COUNTRY, columns)
        scheme = self._own("scheme", _SCHEME, columns)
        return ListMapping(
            country,
            scheme,
            columns,
            shapes=tuple(self._shape("shapes", one) for one in self._list("code", code, "shapes")),
            before_shape=self._shape("before_shape", code.get("before_shape", ""), may_lack=True),
            short_digits=self._digits(code),
            levels=self._words("levels", LEVELS),
            status=self._words("status", ("open", "closed")),
            encodings=self._encodings(),
        )

    def _columns(self, code: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        table = self._table("columns")
        self._known("columns", table, COLUMNS)
        told = {"code": self._heads("code", code, "columns")}
        if "before" in code:
            told["before"] = self._heads("code", code, "before")
        for noun in COLUMNS:
            if noun in table:
                told[noun] = self._heads("columns", table, noun)
        for noun, section in (("code", "code"), ("name", "columns")):
            if not told.get(noun):
                raise self._wrong("mapping_key_missing", section, "", noun)
        return told

    def _heads(self, section: str, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        return tuple(plain(one) for one in self._list(section, table, key))

    def _own(self, key: str, form: re.Pattern[str], columns: Mapping[str, Any]) -> str:
        value = self.told.get(key, "")
        if not value and key not in columns:
            raise self._wrong("mapping_key_missing", "", "", key)
        if value and not (isinstance(value, str) and form.fullmatch(value)):
            raise self._wrong("mapping_value", "", key, key)
        return str(value)

    def _shape(self, key: str, shape: Any, *, may_lack: bool = False) -> str:
        if shape == "" and may_lack:
            return ""
        if not isinstance(shape, str) or not _SHAPE.fullmatch(shape):
            raise self._wrong("mapping_value", "code", key, key)
        return shape

    def _digits(self, code: Mapping[str, Any]) -> int:
        digits = code.get("short_digits", 0)
        if type(digits) is not int or not 0 <= digits <= 10:
            raise self._wrong("mapping_value", "code", "short_digits", "short_digits")
        return digits

    def _words(self, section: str, allowed: tuple[str, ...]) -> dict[str, str]:
        table = self._table(section, may_lack=True)
        self._known(section, table, allowed)
        told: dict[str, str] = {}
        for meaning in table:
            for word in self._list(section, table, meaning):
                if told.setdefault(plain(word), meaning) != meaning:
                    raise self._wrong("mapping_word_twice", section, meaning, word)
        return told

    def _encodings(self) -> tuple[str, ...]:
        names = self._list("", self.told, "encodings")
        for name in names:
            if name.lower() not in ENCODINGS:
                raise self._wrong("mapping_encoding", "", "encodings", name)
        return tuple(ENCODINGS[name.lower()] for name in names)

    def _table(self, section: str, *, may_lack: bool = False) -> dict[str, Any]:
        table = self.told.get(section)
        if table is None and may_lack:
            return {}
        if table is None:
            raise self._wrong("mapping_key_missing", "", "", section)
        if not isinstance(table, dict):
            raise self._wrong("mapping_value", "", section, section)
        return table

    def _known(self, section: str, table: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
        for key in table:
            if key not in allowed:
                raise self._wrong("mapping_key_unknown", section, key, key)

    def _list(self, section: str, table: Mapping[str, Any], key: str) -> list[str]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self._wrong("mapping_value", section, key, key)
        return value

    def _wrong(self, code: str, section: str, key: str, told: str) -> Refused:
        return Refused(code, line=_line_of(self.text, section, key), key=told[:80])


def _line_of(text: str, section: str, key: str) -> int:
    """Where a key stands, else its section, else the first line."""
    here, found = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        head = re.match(r"\s*\[\s*\"?([^\]\"]+?)\"?\s*\]", line)
        if head:
            here = head[1]
            found = number if here == (section or key) else found
        name = re.match(r"\s*\"?([^=\"#\[]+?)\"?\s*=", line)
        if name and here == section and name[1] == key:
            return number
    return found
