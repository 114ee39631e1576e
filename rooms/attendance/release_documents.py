"""What a release says, as one document: figures, tables with their blanks, definitions, and what
changed since the edition before. No I/O: the same facts give the same bytes.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rooms.attendance.blanking import Blanked, Blanks
from rooms.attendance.cells import Cell, exact_text, to_csv
from rooms.attendance.kpi import Attended, Hosted
from rooms.attendance.kpi_periods import Period
from rooms.attendance.published import Names
from rooms.attendance.tables import LIMITS, MEASURES, TOTAL, Figures, Place, Table

FORMAT = "porthole-release-1"
COLUMNS = ("table", "row", "row_name", "column", "column_name", "measure", "value", "is_blanked")

# What an edition tells, and by which words.
SAID = ("is_provisional", "registry", "blanking", "figures", "tables", "names")

Document = dict[str, Any]
# language → code → {"name", "definition"}
Definitions = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that goes into an edition."""

    programme: str
    programme_name: str
    zone: str
    period: Period
    is_provisional: bool
    as_of: datetime
    registry_number: int
    registry_sha256: str
    attended: Attended
    hosted: Hosted
    tables: Sequence[Table]
    blanked: Blanked
    names: Names
    definitions: Definitions
    edition: int = 1


def document(facts: Facts, before: Document | None) -> Document:
    """An edition that takes the place of `before`, which is of the same days; None: of none."""
    made: Document = {
        "format": FORMAT,
        "programme": {
            "slug": facts.programme,
            "name": facts.programme_name,
            "zone": facts.zone,
        },
        "period": {
            "since": facts.period.since.isoformat(),
            "until": facts.period.until.isoformat(),
        },
        "edition": facts.edition,
        "is_provisional": facts.is_provisional,
        "as_of": exact_text(facts.as_of),
        "registry": {"version": facts.registry_number, "sha256": facts.registry_sha256},
        "blanking": {"pupils": LIMITS.pupils, "schools": LIMITS.schools},
        "definitions": facts.definitions,
        "figures": _figures(facts),
        "tables": [_table(one, facts.blanked) for one in facts.tables],
        "names": {
            "region": facts.names.regions,
            "objective": facts.names.objectives,
            "network": facts.names.networks,
        },
    }
    if before is not None:
        made["replaces"] = {"edition": before["edition"], "sha256": sha_of(before)}
        made["differences"] = differences(before, made)
    return made


def to_bytes(made: Document) -> bytes:
    """Canonical JSON: keys in order, no blanks between, UTF-8, one line feed at the end."""
    text = json.dumps(made, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()


def sha_of(made: Document) -> str:
    """The hash of its bytes, in hexadecimal."""
    return hashlib.sha256(to_bytes(made)).hexdigest()


def _figures(facts: Facts) -> dict[str, int | None]:
    side, host = facts.attended, facts.hosted
    of_classes: dict[str, int | None] = {
        "schools": side.schools,
        "classes": side.classes,
        "pupils_reached": side.pupils_reached,
        "participations": side.participations,
        "student_minutes": side.student_minutes,
        "sessions": side.sessions,
        "sessions_live": side.sessions_live,
        "sessions_on_demand": side.sessions_on_demand,
        "partnerships": side.partnerships,
    }
    if facts.blanked.hides_whole:
        of_classes = dict.fromkeys(of_classes)
    # What is hosted in the whole programme is what is attended in it.
    is_told = not facts.blanked.hides_whole
    return of_classes | {
        "registry": side.registry,
        "hosted": host.sessions if is_told else None,
        "hosted_live": host.sessions_live if is_told else None,
        "companies": host.companies,
        "company_minutes": host.company_minutes,
        "stage_minutes": host.stage_seconds // 60,
        "preparation_minutes": host.preparation_minutes,
        "preparation_told": host.preparation_told,
        "preparation_untold": host.preparation_untold,
    }


def _table(table: Table, blanked: Blanked) -> Document:
    """A table as it leaves; what is blanked is null."""
    blanks = blanked.tables[table.name]
    rows, columns = sorted(table.rows), sorted(table.columns)
    is_whole_told = not blanked.hides_whole

    def told(figures: Figures, is_told: bool) -> dict[str, int] | None:
        return {name: figures[name] for name in MEASURES} if is_told else None

    return {
        "name": table.name,
        "is_withheld": blanks.is_withheld,
        "rows": rows,
        "columns": columns,
        "cells": [
            [
                told(
                    table.cell((row, column)),
                    not blanks.is_withheld and (row, column) not in blanks.cells,
                )
                for column in columns
            ]
            for row in rows
        ],
        "row_totals": [
            told(table.rows[row], is_whole_told and row not in blanked.rows) for row in rows
        ],
        "column_totals": [
            told(table.columns[one], not blanks.is_withheld and one not in blanks.columns)
            for one in columns
        ],
        "total": told(table.whole, is_whole_told),
    }


def blanks_of(made: Document) -> dict[str, Blanks]:
    """What an edition hid, by table; nothing of one that hid all, for there is nothing to keep."""
    found = {}
    for table in made["tables"]:
        if table["total"] is None:
            return {}
        rows, columns = table["rows"], table["columns"]
        found[table["name"]] = Blanks(
            frozenset(_hidden(rows, table["row_totals"])),
            frozenset(_hidden(columns, table["column_totals"])),
            frozenset(
                (row, column)
                for row, line in zip(rows, table["cells"], strict=True)
                for column in _hidden(columns, line)
            ),
            table["is_withheld"],
        )
    return found


def hidden_in(earlier: Sequence[Document]) -> dict[str, Blanks]:
    """What any of these editions hid, by table: a table, a row or a column that the last one had
    not, or told nothing of, is hidden where one before it was."""
    found: dict[str, Blanks] = {}
    for made in earlier:
        for name, blanks in blanks_of(made).items():
            found[name] = found[name] | blanks if name in found else blanks
    return found


def known_of(earlier: Sequence[Document], tables: Sequence[Table]) -> dict[str, frozenset[Place]]:
    """Where any of these editions told the very figures that stand in the tables now."""
    now = {table.name: table for table in tables}
    found: dict[str, set[Place]] = {}
    for told in (table for made in earlier for table in made["tables"] if table["name"] in now):
        table = now[told["name"]]
        found.setdefault(table.name, set()).update(
            place for place, figures in _told(told) if figures == table.at(place)
        )
    return {name: frozenset(places) for name, places in found.items()}


def _told(table: Document) -> Iterator[tuple[Place, Figures | None]]:
    """Every cell and total of a table in an edition, as places of a `Table`; None: not told."""
    for row, line in zip(table["rows"], table["cells"], strict=True):
        for column, figures in zip(table["columns"], line, strict=True):
            yield (row, column), figures
    for row, figures in zip(table["rows"], table["row_totals"], strict=True):
        yield (row, TOTAL), figures
    for column, figures in zip(table["columns"], table["column_totals"], strict=True):
        yield (TOTAL, column), figures


def _hidden(keys: Sequence[str], told: Sequence[object]) -> list[str]:
    return [key for key, one in zip(keys, told, strict=True) if one is None]


# --- what changed --------------------------------------------------------------------------------


def says_the_same(one: Document, other: Document) -> bool:
    """Whether two editions of the same days tell the same, whatever their data are as of."""
    return all(one[part] == other[part] for part in SAID)


def differences(before: Document, after: Document) -> list[Document]:
    """Every figure and every name that is another one now, in a stable order; null: blanked, or not
    there. `is_new` where there was no such table, row or column before."""
    old, new = dict(figures_of(before)), dict(figures_of(after))
    figures = [
        {
            "table": place[0],
            "row": place[1],
            "column": place[2],
            "measure": place[3],
            "before": old.get(place),
            "after": new.get(place),
            **({} if place in old else {"is_new": True}),
        }
        for place in sorted(old.keys() | new.keys())
        if old.get(place) != new.get(place)
    ]
    return [*_renamed(before, after), *figures]


def _renamed(before: Document, after: Document) -> Iterator[Document]:
    """Of a table called `names` what is called otherwise: its kind and its key."""
    for kind in sorted(after["names"]):
        known = before["names"].get(kind, {})
        for key, name in sorted(after["names"][kind].items()):
            if key in known and known[key] != name:
                yield {
                    "table": "names",
                    "row": kind,
                    "column": key,
                    "measure": "name",
                    "before": known[key],
                    "after": name,
                }


# (table, row, column, measure): '' for a total, and the table of the whole figures.
Spot = tuple[str, str, str, str]


def figures_of(made: Document) -> Iterator[tuple[Spot, int | None]]:
    """Every figure in it and where it stands; None: not told."""
    for name, value in made["figures"].items():
        yield ("", "", "", name), value
    for table in made["tables"]:
        for row, column, figures in _lines(table):
            for measure in MEASURES:
                spot = (table["name"], row, column, measure)
                yield spot, None if figures is None else figures[measure]


def _lines(table: Document) -> Iterator[tuple[str, str, Mapping[str, int] | None]]:
    """Every cell and total of a table; a key without a name is written `-`."""
    rows = [row or "-" for row in table["rows"]]
    columns = [column or "-" for column in table["columns"]]
    for row, line in zip(rows, table["cells"], strict=True):
        for column, figures in zip(columns, line, strict=True):
            yield row, column, figures
    for row, figures in zip(rows, table["row_totals"], strict=True):
        yield row, "", figures
    for column, figures in zip(columns, table["column_totals"], strict=True):
        yield "", column, figures
    yield "", "", table["total"]


def to_table(made: Document, language: str) -> bytes:
    """The figures as CSV, one a line; names in a language, keys as they are."""
    return to_csv(COLUMNS, _rows(made, language))


def _rows(made: Document, language: str) -> Iterable[Sequence[Cell]]:
    for (table, row, column, measure), value in figures_of(made):
        yield (
            table,
            row,
            name_of(made, "region", row, language) if table else "",
            column,
            name_of(made, table.removeprefix("region_by_"), column, language),
            measure,
            value,
            value is None,
        )


def name_of(made: Document, kind: str, key: str, language: str) -> str:
    """What a key is called in an edition; the key itself where it has no name of its own."""
    named = made["names"].get(kind, {}).get(key, key)
    if isinstance(named, str):
        return named
    return str(named.get(language) or next(iter(named.values())))
