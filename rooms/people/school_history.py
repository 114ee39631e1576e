"""What became of a school: its names, its openings and closings, who took whom over, its regions.

What the office knows before any list does is typed in here, and is kept in the same way.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.people import registry_changes
from rooms.people.registry_changes import Origin
from rooms.people.registry_files import SchoolRow
from rooms.people.registry_plan import Change, Known
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Event:
    """`was`: the words until then. `other`: the school that took it over, or that it took over
    (kind `took_over`). `source`: what told us."""

    kind: str
    on: date
    was: dict[str, Any]
    other_id: UUID | None
    other: str
    source: str


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in a region; `until`: the day on which it was in another; None: it is there today."""

    region: str
    since: date
    until: date | None

    @property
    def last_day(self) -> date | None:
        """The last one it was there; None while it is."""
        return self.until - timedelta(days=1) if self.until else None


@dataclass(frozen=True, slots=True)
class Life:
    """A school's whole history, the newest first. `closed_on` None: it is open."""

    closed_on: date | None
    successor_id: UUID | None
    successor: str
    is_unlisted: bool
    events: tuple[Event, ...]
    stays: tuple[Stay, ...]


async def life(conn: Connection, scope: Scope, school_id: UUID) -> Life:
    """What became of a school that the caller has seen (`schools.by_id`)."""
    row = await conn.fetchrow(
        """
        select s.closed_on, s.successor_id, coalesce(n.name, '') as successor, s.scheme
        from schools s left join schools n on n.id = s.successor_id where s.id = $1
        """,
        school_id,
    )
    if row is None:
        raise NotThere("school")
    return Life(
        row["closed_on"],
        row["successor_id"],
        row["successor"],
        row["scheme"] == "unlisted",
        await _events(conn, school_id),
        await _stays(conn, scope, school_id),
    )


async def _events(conn: Connection, school_id: UUID) -> tuple[Event, ...]:
    rows = await conn.fetch(
        """
        select case when e.school_id = $1 then e.kind else 'took_over' end as kind,
            e.happened_on as on, e.was, o.id as other_id, coalesce(o.name, '') as other, v.source
        from school_events e
        join registry_versions v on v.number = e.version
        left join schools o
            on o.id = case when e.school_id = $1 then e.successor_id else e.school_id end
        where e.school_id = $1 or e.successor_id = $1
        order by e.happened_on desc, e.id desc limit 200
        """,
        school_id,
    )
    return tuple(Event(**row) for row in rows)


async def _stays(conn: Connection, scope: Scope, school_id: UUID) -> tuple[Stay, ...]:
    rows = await conn.fetch(
        """
        select r.name as region, p.valid_from as since, p.valid_to as until
        from school_regions p
        join regions r on (r.programme_id, r.id) = (p.programme_id, p.region_id)
        where p.programme_id = $1 and p.school_id = $2 order by p.valid_from desc
        """,
        scope.programme_id,
        school_id,
    )
    return tuple(Stay(**row) for row in rows)


async def close(
    conn: Connection, school_id: UUID, on: date, successor_code: str, origin: Origin
) -> None:
    """The school closes on a day; with a code, another school of its code list takes it over.

    The caller has seen the school. Raises `Refused` `successor_unknown`, `successor_circle`;
    `Conflict` `school_closed`.
    """
    school = await _known(conn, school_id)
    if school.closed_on is not None:
        raise Conflict("school_closed")
    successor = await _successor(conn, school, successor_code) if successor_code else None
    change = Change(
        "merged" if successor else "closed",
        school.key,
        school.name,
        on,
        known=school,
        successor=successor.key if successor else None,
    )
    await registry_changes.carry_out(conn, None, [change], origin, on)


async def reopen(conn: Connection, school_id: UUID, on: date, origin: Origin) -> None:
    """The school is open again, or never closed; nobody takes it over then.

    Raises `Conflict` `school_open`.
    """
    school = await _known(conn, school_id)
    if school.closed_on is None:
        raise Conflict("school_open")
    change = Change("reopened", school.key, school.name, on, known=school)
    await registry_changes.carry_out(conn, None, [change], origin, on)


async def put_right(
    conn: Connection, school_id: UUID, row: SchoolRow, on: date, origin: Origin
) -> None:
    """Other words for a school, from a day on; the name it had stays with what was before.

    An unlisted school is only spelled otherwise: it has no history.
    """
    school = await _known(conn, school_id)
    kinds: list[Change] = []
    if row.name != school.name:
        was = {"name": school.name}
        kinds.append(Change("renamed", school.key, row.name, on, row, school, was))
    else_was = {
        name: value
        for name, value, now in (
            ("place", school.place, row.place),
            ("levels", list(school.levels), list(row.levels)),
        )
        if value != now
    }
    if else_was:
        kinds.append(Change("changed", school.key, row.name, on, row, school, else_was))
    if kinds and school.key[1] != "unlisted":
        await registry_changes.carry_out(conn, None, kinds, origin, on)


async def _known(conn: Connection, school_id: UUID) -> Known:
    row = await conn.fetchrow("select * from schools where id = $1 for update", school_id)
    if row is None:
        raise NotThere("school")
    return Known(
        row["id"],
        (row["country"], row["scheme"], row["code"]),
        row["name"],
        row["place"],
        tuple(row["levels"]),
        row["closed_on"],
        row["successor_id"],
    )


async def _successor(conn: Connection, school: Known, code: str) -> Known:
    """The open school of the same code list that has this code."""
    found: UUID | None = await conn.fetchval(
        """
        select id from schools
        where (country, scheme, code) = ($1, $2, $3) and closed_on is null and id <> $4
        """,
        *school.key[:2],
        code.upper().replace(" ", ""),
        school.id,
    )
    if found is None:
        raise Refused("successor_unknown", told=code[:40])
    return await _known(conn, found)
