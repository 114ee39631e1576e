"""A stored release as a page shows it: in the reader's language, with what is not told marked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from babel.numbers import format_decimal
from starlette.responses import Response

from rooms.attendance import release_documents
from rooms.attendance.kpi import By
from rooms.attendance.release_documents import Document
from rooms.attendance.releases import Release, Stored
from rooms.attendance.tables import MEASURES
from rooms.errors import NotThere
from server.context import Here
from server.i18n import N_
from server.pages import kpi_words, tour_words
from server.pages.kpi_told import hours, place

# The figures of the whole, in the order in which they are read.
ORDER = tuple(word.code for word in kpi_words.WORDS)
TABLES = {
    "region_by_level": N_("By region and level"),
    "region_by_sector": N_("By region and sector"),
    "region_by_objective": N_("By region and objective"),
    "region_by_kind": N_("By region, live and on demand"),
    "region_by_network": N_("By region and network"),
}
# Of what a release holds a report: its line in every table, or its column in one.
REPORTS = {By.REGION: "regions", By.NETWORK: "networks", By.SECTOR: "sectors"}
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


@dataclass(frozen=True, slots=True)
class Cut:
    """One table of a report in a release: lines of all measures. `names`: of the measures."""

    heading: str
    name: str
    names: tuple[str, ...]
    lines: tuple[Line, ...]


# Where, what, before and after.
Change = tuple[str, str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Changed:
    """The figures that are others now, and where figures stood that are not told any more."""

    rows: list[Change]
    untold: list[str]


def page_of(here: Here, template: str, stored: Stored, **more: Any) -> Response:
    """The page of one edition."""
    read = stored.read
    return here.page(
        template,
        release=stored.release,
        read=read,
        figures=_figures(here, read),
        tables=[_shown(here, read, one) for one in read["tables"]],
        reports=_reports(here, read),
        differences=_differences(here, read),
        **more,
    )


def report_of(here: Here, template: str, stored: Stored, **more: Any) -> Response:
    """The page of one region, network or sector in an edition. Raises `NotThere`."""
    read, params = stored.read, here.request.path_params
    by = next((one for one, path in REPORTS.items() if path == params["kind"]), None)
    key = str(params["key"])
    cuts = [] if by is None else list(_cuts(here, read, by, key))
    if by is None or not cuts:
        raise NotThere("release")
    codes = (FIRST, *(name for name in MEASURES if name != FIRST))
    words = _words(here, read)
    return here.page(
        template,
        release=stored.release,
        read=read,
        called=_key(here, read, by, key),
        kind=here._(kpi_words.REPORTS[by]),
        cuts=cuts,
        definitions=[words[code] for code in codes],
        **more,
    )


def _reports(here: Here, read: Document) -> list[tuple[str, list[tuple[str, str]]]]:
    """(what they are of, (path, name) of each) of all reports in an edition."""
    found = []
    for by, path in REPORTS.items():
        keys = sorted({key for table in read["tables"] for key in _keys(table, by) if key})
        named = [(f"{path}/{key}", _key(here, read, by, key)) for key in keys]
        if named:
            found.append((here._(kpi_words.BY[by]), sorted(named, key=lambda one: one[1])))
    return found


def _keys(table: Document, by: By) -> list[str]:
    """The regions of a table, or what its columns are when they are these."""
    if by is By.REGION:
        return list(table["rows"])
    return list(table["columns"]) if table["name"] == f"region_by_{by.value}" else []


def _cuts(here: Here, read: Document, by: By, key: str) -> Iterator[Cut]:
    """What the tables tell of one of them."""
    words = _words(here, read)
    codes = (FIRST, *(name for name in MEASURES if name != FIRST))
    names = tuple(words[code]["name"] for code in codes)
    for table in read["tables"]:
        if key not in _keys(table, by):
            continue
        other = By(table["name"].removeprefix("region_by_")) if by is By.REGION else By.REGION
        if by is By.REGION:
            at = table["rows"].index(key)
            parts = list(zip(table["columns"], table["cells"][at], strict=True))
            total = table["row_totals"][at]
        else:
            at = table["columns"].index(key)
            told = (line[at] for line in table["cells"])
            parts = list(zip(table["rows"], told, strict=True))
            total = table["column_totals"][at]
        parts.sort(key=lambda one: _place_of(here, read, other, one[0]))
        lines = [
            Line(_key(here, read, other, one), _measured(here, figures, codes), None)
            for one, figures in parts
        ]
        whole = Line(here._("In all"), _measured(here, total, codes), None)
        heading, name = here._(kpi_words.HEADINGS[other]), here._(kpi_words.BY[other])
        yield Cut(heading, name, names, (*lines, whole))


def _measured(
    here: Here, figures: dict[str, int] | None, codes: tuple[str, ...]
) -> tuple[str | None, ...]:
    """All measures of a cell; None: not told."""
    return tuple(None if figures is None else _text(here, figures[code]) for code in codes)


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
    measures = (FIRST, *(name for name in MEASURES if name != FIRST))
    # Stored by key, which is in no order that a reader knows.
    columns = sorted(
        range(len(table["columns"])),
        key=lambda at: _place_of(here, read, by, table["columns"][at]),
    )
    return Shown(
        here._(called),
        here._(kpi_words.BY[by]),
        tuple(_key(here, read, by, table["columns"][at]) for at in columns),
        tuple(_sheet(here, read, table, columns, name, words[name]["name"]) for name in measures),
        table["is_withheld"],
    )


def _sheet(
    here: Here, read: Document, table: Document, columns: list[int], measure: str, name: str
) -> Sheet:
    """`columns`: where each that is shown stands in the stored table."""

    def text(figures: dict[str, int] | None) -> str | None:
        return None if figures is None else _text(here, figures[measure])

    def told(cells: list[dict[str, int] | None]) -> tuple[str | None, ...]:
        return tuple(text(cells[at]) for at in columns)

    lines = tuple(
        Line(_key(here, read, By.REGION, row), told(cells), text(total))
        for row, cells, total in zip(
            table["rows"], table["cells"], table["row_totals"], strict=True
        )
    )
    whole = Line(here._("In all"), told(table["column_totals"]), text(table["total"]))
    return Sheet(measure, name, tuple(sorted(lines, key=lambda one: one.name)), whole)


def _key(here: Here, read: Document, by: By, key: str) -> str:
    """What a key of a table is called."""
    if key in {"", "-"}:
        return here._(kpi_words.NONE.get(by, "–"))
    if by in {By.REGION, By.OBJECTIVE, By.NETWORK}:
        return release_documents.name_of(read, by.value, key, here.language)
    words = {
        By.LEVEL: tour_words.LEVELS,
        By.SECTOR: tour_words.SECTORS,
        By.KIND: kpi_words.KINDS,
    }
    return here._(words[by].get(key, key))


def _place_of(here: Here, read: Document, by: By, key: str) -> tuple[bool, int, str]:
    """Where a key stands among the others of its table."""
    return place(by, key, _key(here, read, by, key))


def _differences(here: Here, read: Document) -> Changed | None:
    """What is otherwise than in the edition before, said once each: the totals of the whole stand
    in every table. None: nothing is."""
    words, rows, untold = _words(here, read), dict[Change, None](), dict[str, None]()
    for one in read.get("differences", []):
        if one["table"] == "names":
            rows[_renamed(here, one)] = None
        elif one["table"] and not one["row"] and not one["column"]:
            continue  # the figures of the whole say it
        elif one["after"] is None:
            untold[_place(here, read, one)] = None
        else:
            name = words.get(one["measure"], {}).get("name", one["measure"])
            before, after = _before(here, one), _text(here, one["after"])
            rows[_place(here, read, one), name, before, after] = None
    return Changed(list(rows), list(untold)) if rows or untold else None


def _before(here: Here, one: Document) -> str | None:
    """What stood there; None: it was not told."""
    return here._("new") if one.get("is_new") else _text(here, one["before"])


def _renamed(here: Here, one: Document) -> Change:
    def told(name: str | dict[str, str]) -> str:
        if isinstance(name, str):
            return name
        return name.get(here.language) or next(iter(name.values()))

    what = here._(kpi_words.BY[By(one["row"])])
    return what, here._("name"), told(one["before"]), told(one["after"])


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
