"""A stored release as a page shows it: in the reader's language, with what is not told marked."""

from dataclasses import dataclass
from typing import Any

from babel.numbers import format_decimal
from starlette.responses import Response

from rooms.attendance import release_documents
from rooms.attendance.blanking import MEASURES
from rooms.attendance.kpi import By
from rooms.attendance.release_documents import Document
from rooms.attendance.releases import Release, Stored
from server.context import Here
from server.i18n import N_
from server.pages import kpi_words, tour_words
from server.pages.kpis import hours

# The figures of the whole, in the order in which they are read.
ORDER = tuple(word.code for word in kpi_words.WORDS)
TABLES = {
    "region_by_level": N_("By region and level"),
    "region_by_sector": N_("By region and sector"),
    "region_by_objective": N_("By region and objective"),
    "region_by_kind": N_("By region, live and on demand"),
}
FIRST = "pupils_reached"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: its name, its cells and its total, as text; None: not told."""

    name: str
    cells: tuple[str | None, ...]
    total: str | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One measure of one table."""

    measure: str
    name: str
    lines: tuple[Line, ...]
    totals: Line


@dataclass(frozen=True, slots=True)
class Shown:
    """A table with its measures, the most asked for first."""

    name: str
    by: str
    columns: tuple[str, ...]
    sheets: tuple[Sheet, ...]
    is_withheld: bool


def page_of(here: Here, template: str, stored: Stored, **more: Any) -> Response:
    """The page of one edition."""
    read = stored.read
    return here.page(
        template,
        release=stored.release,
        read=read,
        figures=_figures(here, read),
        tables=[_shown(here, read, one) for one in read["tables"]],
        differences=_differences(here, read),
        **more,
    )


def _text(here: Here, value: int | None) -> str | None:
    return None if value is None else format_decimal(value, locale=here.language)


def _words(here: Here, read: Document) -> dict[str, dict[str, str]]:
    """Names and definitions as they were stored, in the reader's language."""
    definitions = read["definitions"]
    found: dict[str, dict[str, str]] = definitions.get(here.language) or definitions["en"]
    return found


def _figures(here: Here, read: Document) -> list[dict[str, str | None]]:
    told, words = read["figures"], _words(here, read)
    return [
        {
            "name": words[code]["name"],
            "definition": words[code]["definition"],
            "figure": hours(here, told[code]) if code == "company_minutes" else _text(
                here, told[code]
            ),
            "more": _more(here, code, told),
        }
        for code in ORDER
        if code in words
    ]  # fmt: skip


def _more(here: Here, code: str, told: dict[str, Any]) -> str:
    if code == "schools" and told["registry"]:
        return here._("of {all} in the registry", all=_text(here, told["registry"]))
    if code == "company_minutes":
        return here._("not told: {untold}", untold=_text(here, told["preparation_untold"]))
    return ""


def _shown(here: Here, read: Document, table: Document) -> Shown:
    called = TABLES[table["name"]]
    by = By(table["name"].removeprefix("region_by_"))
    words = _words(here, read)
    ordered = (FIRST, *(name for name in MEASURES if name != FIRST))
    return Shown(
        here._(called),
        here._(kpi_words.BY[by]),
        tuple(_key(here, read, by, column) for column in table["columns"]),
        tuple(_sheet(here, read, table, name, words[name]["name"]) for name in ordered),
        table["is_withheld"],
    )


def _sheet(here: Here, read: Document, table: Document, measure: str, name: str) -> Sheet:
    def text(figures: dict[str, int] | None) -> str | None:
        return None if figures is None else _text(here, figures[measure])

    lines = tuple(
        Line(_key(here, read, By.REGION, row), tuple(map(text, cells)), text(total))
        for row, cells, total in zip(
            table["rows"], table["cells"], table["row_totals"], strict=True
        )
    )
    whole = Line(here._("In all"), tuple(map(text, table["column_totals"])), text(table["total"]))
    return Sheet(measure, name, tuple(sorted(lines, key=lambda one: one.name)), whole)


def _key(here: Here, read: Document, by: By, key: str) -> str:
    """What a key of a table is called."""
    if key in {"", "-"}:
        return here._(kpi_words.NONE.get(by, "–"))
    if by in {By.REGION, By.OBJECTIVE}:
        return release_documents.name_of(read, by.value, key, here.language)
    words = {
        By.LEVEL: tour_words.LEVELS,
        By.SECTOR: tour_words.SECTORS,
        By.KIND: kpi_words.KINDS,
    }
    return here._(words[by].get(key, key))


def _differences(here: Here, read: Document) -> list[tuple[str, str, str | None, str | None]]:
    """(where, what, before, after) of each figure that is another one than in the edition
    before."""
    words = _words(here, read)
    return [
        (
            _place(here, read, one),
            words.get(one["measure"], {}).get("name", one["measure"]),
            _text(here, one["before"]),
            _text(here, one["after"]),
        )
        for one in read.get("differences", [])
    ]


def _place(here: Here, read: Document, one: Document) -> str:
    if not one["table"]:
        return here._("In all")
    by = By(one["table"].removeprefix("region_by_"))
    row = _key(here, read, By.REGION, one["row"]) if one["row"] else here._("all regions")
    column = _key(here, read, by, one["column"]) if one["column"] else here._("in all")
    return f"{row}, {column}"


def document(stored: Stored) -> Response:
    """The document, byte for byte."""
    return _file(stored.release, stored.document, "application/json", "json")


def table(stored: Stored) -> Response:
    """The same figures as CSV, byte for byte."""
    return _file(stored.release, stored.csv, "text/csv; charset=utf-8", "csv")


def _file(release: Release, body: bytes, kind: str, ending: str) -> Response:
    period = release.period
    name = f"porthole-{period.since}-{period.until}-{release.edition}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=kind, headers=headers)
