"""What a list would do to the registry, decided without I/O.

The rows of a list are laid beside the schools that are known, and every difference gets a name:
new, renamed, changed, closed, merged, reopened, moved. Nothing is guessed: a school closes because
the list says so, or because a list that is said to be complete leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from rooms.people.registry_files import Key, SchoolRow

KINDS = ("new", "renamed", "changed", "closed", "merged", "reopened", "moved")
# What nobody but a person decides on: figures of the past hang on it.
GRAVE = ("closed", "merged")
SHOWN = 15


@dataclass(frozen=True, slots=True)
class Known:
    """A listed school as the registry has it. `region_id`: where it stands in the asking
    programme today."""

    id: UUID
    key: Key
    name: str
    place: str
    levels: tuple[str, ...]
    closed_on: date | None = None
    successor_id: UUID | None = None
    region_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How a list is meant. `holds_from`: the day its words hold from.

    `regions`: by the name a row's region column may give, for lists that place schools by it;
    `region_id`: where else to place all of them; neither: nobody is placed. `is_complete`: who
    is not in it has closed.
    """

    holds_from: date
    region_id: UUID | None = None
    regions: Mapping[str, UUID] = field(default_factory=dict)
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `row` None: a school that a complete list leaves out.

    `on`: the day it holds from. `was`: the words until then, as far as they change.
    `successor`: the school that takes it over.
    """

    kind: str
    key: Key
    name: str
    on: date
    row: SchoolRow | None = None
    known: Known | None = None
    was: Mapping[str, Any] = field(default_factory=dict)
    successor: Key | None = None
    region_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All that would change, and how many schools stay as they are.

    `line_errors`: (line, code, value) of rows that contradict each other or the registry; with
    one of them nothing may be done. `unplaced`: rows whose region this programme does not know.
    """

    changes: tuple[Change, ...]
    unchanged: int
    line_errors: tuple[tuple[int, str, str], ...] = ()
    unplaced: int = 0

    @property
    def is_grave(self) -> bool:
        """Whether a school closes or merges, which a person has to say yes to."""
        return any(change.kind in GRAVE for change in self.changes)

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        told = dict.fromkeys(KINDS, 0)
        for change in self.changes:
            told[change.kind] += 1
        return {**told, "unchanged": self.unchanged, "unplaced": self.unplaced}

    def summary(self) -> dict[str, Any]:
        """Counts and the first of each kind, as plain values: a page of the same size for all."""
        firsts: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
        for change in self.changes:
            if len(firsts[change.kind]) < SHOWN:
                firsts[change.kind].append(_told(change))
        return {"counts": self.counts(), "firsts": firsts}


def plan(rows: Sequence[SchoolRow], known: Sequence[Known], terms: Terms) -> Plan:
    """What `rows` would change of `known`.

    `known`: every listed school with a code of these rows, and, for a complete list, every school
    it speaks for.
    """
    by_key = {one.key: one for one in known}
    changes: list[Change] = []
    unchanged = 0
    for row in rows:
        told = list(_of_row(row, by_key.get(row.key), terms))
        changes += told
        unchanged += not told
    if terms.is_complete:
        changes += _left_out(rows, known, terms)
    return Plan(
        tuple(changes),
        unchanged,
        tuple(_contradictions(rows, by_key, terms.holds_from)),
        sum(bool(row.region) and _region(row, terms) is None for row in rows if terms.regions),
    )


def _of_row(row: SchoolRow, known: Known | None, terms: Terms) -> Iterator[Change]:
    if known is None:
        region_id = _region(row, terms)
        on = row.opened_on or terms.holds_from
        yield Change("new", row.key, row.name, on, row, region_id=region_id)
        return
    yield from _of_words(row, known, terms.holds_from)
    yield from _of_life(row, known, terms.holds_from)
    region_id = _region(row, terms)
    if (
        region_id is not None
        and region_id != known.region_id
        and not _says_closed(row, terms.holds_from)
    ):
        yield Change("moved", row.key, row.name, terms.holds_from, row, known, region_id=region_id)


def _of_words(row: SchoolRow, known: Known, on: date) -> Iterator[Change]:
    """Another name is a renaming, with the name it had kept; what is empty changes nothing."""
    if row.name != known.name:
        was = {"name": known.name}
        yield Change("renamed", row.key, row.name, on, row, known, was)
    was_else: dict[str, Any] = {}
    if row.place and row.place != known.place:
        was_else["place"] = known.place
    if row.levels and row.levels != known.levels:
        was_else["levels"] = list(known.levels)
    if was_else:
        yield Change("changed", row.key, row.name, on, row, known, was_else)


def _of_life(row: SchoolRow, known: Known, on: date) -> Iterator[Change]:
    if _says_closed(row, on):
        successor = (row.country, row.scheme, row.successor) if row.successor else None
        if known.closed_on is None or (successor and known.successor_id is None):
            kind = "merged" if successor else "closed"
            yield Change(
                kind, row.key, row.name, row.closed_on or on, row, known, successor=successor
            )
    elif known.closed_on is not None:
        yield Change("reopened", row.key, row.name, on, row, known)


def _says_closed(row: SchoolRow, on: date) -> bool:
    """A closing that is yet to come closes nothing: the list of that time will say it again."""
    if row.closed_on and row.closed_on > on:
        return False
    return row.is_open is False or (row.is_open is None and bool(row.closed_on or row.successor))


def _region(row: SchoolRow, terms: Terms) -> UUID | None:
    if terms.regions:
        return terms.regions.get(row.region.casefold())
    return terms.region_id


def _left_out(rows: Sequence[SchoolRow], known: Sequence[Known], terms: Terms) -> Iterator[Change]:
    """Open schools of the kinds the list speaks of, which are not in it.

    A list of secondary schools says nothing about primary ones: a school closes only when all its
    levels are among those of the list. Of a school without levels nothing is known, and it stays.
    """
    told = {row.key for row in rows}
    schemes = {row.key[:2] for row in rows}
    levels = {level for row in rows for level in row.levels}
    for one in known:
        is_spoken_of = one.key[:2] in schemes and one.levels and levels.issuperset(one.levels)
        if one.closed_on is None and one.key not in told and is_spoken_of:
            yield Change("closed", one.key, one.name, terms.holds_from, None, one)


def _contradictions(
    rows: Sequence[SchoolRow], known: Mapping[Key, Known], on: date
) -> Iterator[tuple[int, str, str]]:
    """Successors nobody knows, and schools that would be taken over in a circle."""
    listed = {row.key: row for row in rows}
    follows = _follows(listed, known, on)
    for row in rows:
        if not row.successor:
            continue
        key = follows[row.key]
        if key not in listed and key not in known:
            yield row.line, "successor_unknown", row.successor
        elif _is_circle(row.key, follows):
            yield row.line, "successor_circle", row.successor


def _follows(
    listed: Mapping[Key, SchoolRow], known: Mapping[Key, Known], on: date
) -> dict[Key, Key]:
    """Who is taken over by whom: as the registry has it, but for those that open again, and as the
    list says."""
    ids = {one.id: key for key, one in known.items()}
    stay = (
        (key, ids[one.successor_id])
        for key, one in known.items()
        if one.successor_id in ids and (key not in listed or _says_closed(listed[key], on))
    )
    told = (
        (key, (row.country, row.scheme, row.successor))
        for key, row in listed.items()
        if row.successor
    )
    return {**dict(stay), **dict(told)}


def _is_circle(key: Key, follows: Mapping[Key, Key]) -> bool:
    seen = {key}
    while key in follows:
        key = follows[key]
        if key in seen:
            return True
        seen.add(key)
    return False


def _told(change: Change) -> dict[str, Any]:
    """A change as a page shows it."""
    row = change.row
    return {
        "code": change.key[2],
        "name": change.name,
        "place": row.place if row else change.known.place if change.known else "",
        "levels": list(row.levels) if row else [],
        "unknown_levels": list(row.unknown_levels) if row else [],
        "was": dict(change.was),
        "on": change.on.isoformat(),
        "successor": change.successor[2] if change.successor else "",
    }
