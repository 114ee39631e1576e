"""All that the rule needs about a class in a session: its window, devices and corrections."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from rooms.agenda.sessions import chosen_ranges, frozen_rule
from rooms.attendance.ranges import Range, Ranges
from rooms.attendance.rule import (
    EPOCH,
    Headcount,
    Rule,
    SeatKind,
    Window,
    WindowKind,
    actual_window,
    film_window,
    narrowed,
    scheduled_window,
)
from rooms.connection import Connection
from rooms.errors import NotThere


@dataclass(frozen=True, slots=True)
class SeenVisit:
    """A visit as its row has it.

    `watched`: the film ranges it told; in a live room when its page was seen or heard, in
    milliseconds since 1970.
    """

    started_at: datetime
    seen_until: datetime
    ended_at: datetime | None
    end_reason: str | None
    watched: Ranges
    has_media: bool
    is_late: bool


@dataclass(frozen=True, slots=True)
class SeenSeat:
    """A device in the order they came, the first is 1; all that "why?" may say of it."""

    number: int
    kind: SeatKind
    is_waiting: bool
    visits: tuple[SeenVisit, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """Everything the rule needs about one session class, and the corrections laid over it."""

    programme_id: UUID
    session_class_id: UUID
    rule: Rule
    window: Window
    headcount: Headcount
    showing_declared_reason: str | None
    seats: tuple[SeenSeat, ...]
    corrected_headcount: int | None
    corrected_outcome: str | None

    @property
    def is_live(self) -> bool:
        """Whether it is of a live room, whose window lies on the clock and not in a film."""
        return self.window.kind is not WindowKind.FILM


async def of(conn: Connection, session_class_ids: list[UUID]) -> list[Material]:
    """What there is about these session classes, in the order asked; a missing one is left out."""
    classes = await _classes(conn, session_class_ids)
    live = {row["session_id"] for row in classes.values() if row["film_ms"] is None}
    on_air = await _on_air(conn, sorted(live))
    seats = await _seats(conn, session_class_ids)
    corrections = await _corrections(conn, session_class_ids)
    return [
        _material(
            classes[key],
            _window(classes[key], on_air),
            seats.get(key, ()),
            corrections.get(key, {}),
        )
        for key in session_class_ids
        if key in classes
    ]


async def one(conn: Connection, session_class_id: UUID) -> Material:
    """What there is about one session class; raises `NotThere`."""
    found = await of(conn, [session_class_id])
    if not found:
        raise NotThere("session_class")
    return found[0]


async def _classes(conn: Connection, ids: list[UUID]) -> dict[UUID, asyncpg.Record]:
    rows = await conn.fetch(
        """
        select c.programme_id, c.id, c.session_id, c.declared, c.confirmed,
            c.showing_declared_reason, c.lesson_from, c.lesson_until, s.chosen, s.pass_share,
            s.gap_grace_s, s.rule_version, s.window_kind, s.scheduled_from, s.scheduled_until,
            v.duration_ms as film_ms
        from session_classes c
        join sessions s on (s.programme_id, s.id) = (c.programme_id, c.session_id)
        left join video_versions v on (v.programme_id, v.id) = (s.programme_id, s.version_id)
        where c.id = any($1::uuid[])
        """,
        ids,
    )
    return {row["id"]: row for row in rows}


async def _on_air(
    conn: Connection, session_ids: list[UUID]
) -> dict[UUID, list[tuple[datetime, datetime]]]:
    """The spans on air of live sessions, each to where it was last seen."""
    rows = await conn.fetch(
        """
        select session_id, started_at, seen_until from on_air
        where session_id = any($1::uuid[]) order by started_at
        """,
        session_ids,
    )
    found: dict[UUID, list[tuple[datetime, datetime]]] = {}
    for row in rows:
        found.setdefault(row["session_id"], []).append((row["started_at"], row["seen_until"]))
    return found


def _window(row: asyncpg.Record, on_air: dict[UUID, list[tuple[datetime, datetime]]]) -> Window:
    if row["film_ms"] is not None:
        return film_window(row["film_ms"], chosen_ranges(row["chosen"]))
    if row["window_kind"] == WindowKind.SCHEDULED:
        window = scheduled_window(row["scheduled_from"], row["scheduled_until"])
    else:
        # Each span says itself until when it is known to have gone on.
        window = actual_window(on_air.get(row["session_id"], ()), EPOCH)
    if row["lesson_from"] is None:
        return window
    return narrowed(window, row["lesson_from"], row["lesson_until"])


async def _seats(conn: Connection, ids: list[UUID]) -> dict[UUID, tuple[SeenSeat, ...]]:
    rows = await conn.fetch(
        """
        select s.session_class_id, s.id as seat_id, s.kind, s.is_waiting,
            row_number() over (partition by s.session_class_id
                order by s.created_at, s.id) as number
        from seats s where s.session_class_id = any($1::uuid[])
        order by s.session_class_id, number
        """,
        ids,
    )
    visits = await _visits(conn, [row["seat_id"] for row in rows])
    found: dict[UUID, tuple[SeenSeat, ...]] = {}
    for row in rows:
        seat = SeenSeat(
            row["number"],
            SeatKind(row["kind"]),
            row["is_waiting"],
            visits.get(row["seat_id"], ()),
        )
        known = found.get(row["session_class_id"], ())
        found[row["session_class_id"]] = (*known, seat)
    return found


async def _visits(conn: Connection, seat_ids: list[UUID]) -> dict[UUID, tuple[SeenVisit, ...]]:
    rows = await conn.fetch(
        """
        select seat_id, started_at, seen_until, ended_at, end_reason, watched,
            media_flowed or not media_wanted as has_media, is_late
        from visits where seat_id = any($1::uuid[]) order by started_at, id
        """,
        seat_ids,
    )
    found: dict[UUID, tuple[SeenVisit, ...]] = {}
    for row in rows:
        values = {**row, "watched": tuple(_range(one) for one in row["watched"])}
        seat_id = values.pop("seat_id")
        found[seat_id] = (*found.get(seat_id, ()), SeenVisit(**values))
    return found


def _range(one: "asyncpg.Range[int]") -> Range:
    assert one.lower is not None and one.upper is not None
    return one.lower, one.upper


async def _corrections(conn: Connection, ids: list[UUID]) -> dict[UUID, dict[str, str]]:
    """The correction in force per field: the newest that was not undone."""
    rows = await conn.fetch(
        """
        select distinct on (session_class_id, field) session_class_id, field, corrected
        from corrections where session_class_id = any($1::uuid[]) and undone_at is null
        order by session_class_id, field, at desc, id
        """,
        ids,
    )
    found: dict[UUID, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["session_class_id"], {})[row["field"]] = row["corrected"]
    return found


def _material(
    row: asyncpg.Record, window: Window, seats: tuple[SeenSeat, ...], corrected: dict[str, str]
) -> Material:
    headcount = corrected.get("headcount")
    return Material(
        programme_id=row["programme_id"],
        session_class_id=row["id"],
        rule=frozen_rule(row["pass_share"], row["gap_grace_s"], row["rule_version"]),
        window=window,
        headcount=Headcount(row["declared"], row["confirmed"]),
        showing_declared_reason=row["showing_declared_reason"],
        seats=seats,
        corrected_headcount=None if headcount is None else int(headcount),
        corrected_outcome=corrected.get("outcome"),
    )
