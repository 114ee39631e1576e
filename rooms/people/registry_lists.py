"""Lists that were read and wait for a yes: what is shown is what is done.

A list is laid beside one version of the registry. When that has changed meanwhile, nothing is done
and the list has to be looked at again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.errors import Conflict, NotThere
from rooms.people import registry, registry_changes, registry_plan
from rooms.people.registry import Version
from rooms.people.registry_changes import Origin
from rooms.people.registry_files import SchoolRow
from rooms.people.registry_plan import Known, Plan, Terms
from rooms.scope import Scope

# A list that nobody decided on for so long says nothing any more.
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A list as its page shows it. `found`: counts and the first of each kind.

    `is_of_operator`: it came from the operator's own place, for the whole installation.
    """

    id: UUID
    made_at: datetime
    source: str
    against: int
    holds_from: date
    is_complete: bool
    region: str
    found: dict[str, Any]
    state: str
    decided_at: datetime | None
    is_of_operator: bool
    schools: int


async def offer(
    conn: Connection, scope: Scope | None, rows: Sequence[SchoolRow], terms: Terms, origin: Origin
) -> tuple[UUID | None, Plan]:
    """Lays a list beside the registry and keeps it until it is decided on.

    Returns its id, None when its rows contradict the registry (`Plan.line_errors`): then it is
    not kept. The same file that waits already gives place to it.
    """
    held = await registry.latest(conn)
    plan = await _plan(conn, scope, rows, terms)
    if plan.line_errors:
        return None, plan
    await _replace(conn, scope, origin)
    list_id: UUID = await conn.fetchval(
        """
        insert into registry_lists (programme_id, made_by, made_at, source, file_sha256, against,
            holds_from, region_id, is_complete, rows, found)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id
        """,
        scope.programme_id if scope else None,
        origin.by,
        origin.now,
        origin.source,
        origin.file_sha256,
        held.number,
        terms.holds_from,
        terms.region_id,
        terms.is_complete,
        [_plain(row) for row in rows],
        {**plan.summary(), "by_region": bool(terms.regions), "schools": len(rows)},
    )
    return list_id, plan


async def _replace(conn: Connection, scope: Scope | None, origin: Origin) -> None:
    await conn.execute(
        """
        update registry_lists set state = 'dropped', decided_by = $3, decided_at = $4, rows = null
        where programme_id is not distinct from $1 and file_sha256 = $2 and state = 'waiting'
        """,
        scope.programme_id if scope else None,
        origin.file_sha256,
        origin.by,
        origin.now,
    )


async def _plan(
    conn: Connection, scope: Scope | None, rows: Sequence[SchoolRow], terms: Terms
) -> Plan:
    known = await known_for(conn, scope, rows, terms)
    return registry_plan.plan(rows, known, terms)


async def known_for(
    conn: Connection, scope: Scope | None, rows: Sequence[SchoolRow], terms: Terms
) -> list[Known]:
    """The schools with a code of these rows or of a successor; for a complete list also all it
    speaks for: those of its region, else of the programme, else of the installation."""
    codes = {row.key for row in rows}
    codes |= {(row.country, row.scheme, row.successor) for row in rows if row.successor}
    columns = [[key[at] for key in codes] for at in range(3)]
    found = await conn.fetch(
        """
        select s.id, s.country, s.scheme, s.code, s.name, s.place, s.levels, s.closed_on,
            s.successor_id, p.region_id
        from schools s
        left join school_regions p on p.programme_id = $4 and p.school_id = s.id
            and p.valid_to is null
        where s.scheme <> 'unlisted' and (
            (s.country, s.scheme, s.code) in (
                select * from unnest($1::text[], $2::text[], $3::text[]))
            or ($5 and ($4::uuid is null or p.region_id is not null)
                and ($6::uuid is null or p.region_id = $6)))
        """,
        *columns,
        scope.programme_id if scope else None,
        terms.is_complete,
        terms.region_id,
    )
    return [_known(row) for row in found]


def _known(row: asyncpg.Record) -> Known:
    return Known(
        row["id"],
        (row["country"], row["scheme"], row["code"]),
        row["name"],
        row["place"],
        tuple(row["levels"]),
        row["closed_on"],
        row["successor_id"],
        row["region_id"],
    )


def _plain(row: SchoolRow) -> list[Any]:
    """A row as plain values in the order of its fields; `asdict` takes ten times as long."""
    return [_plain_value(getattr(row, name)) for name in _FIELDS]


def _plain_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


_FIELDS = tuple(SchoolRow.__dataclass_fields__)
_DAYS = ("opened_on", "closed_on")
_WORDS = ("levels", "unknown_levels")


def _row(values: list[Any]) -> SchoolRow:
    told = dict(zip(_FIELDS, values, strict=True))
    days = {name: date.fromisoformat(told[name]) if told[name] else None for name in _DAYS}
    return SchoolRow(**{**told, **days, **{name: tuple(told[name]) for name in _WORDS}})


async def by_id(conn: Connection, scope: Scope, list_id: UUID) -> Waiting:
    """A list of this programme, or of the operator. Raises `NotThere`."""
    row = await conn.fetchrow(
        """
        select l.id, l.made_at, l.source, l.against, l.holds_from, l.is_complete,
            coalesce(r.name, '') as region, l.found, l.state, l.decided_at,
            l.programme_id is null as is_of_operator
        from registry_lists l
        left join regions r on (r.programme_id, r.id) = (l.programme_id, l.region_id)
        where l.id = $2 and (l.programme_id = $1 or l.programme_id is null)
        """,
        scope.programme_id,
        list_id,
    )
    if row is None:
        raise NotThere("list")
    return _waiting(row)


def _waiting(row: asyncpg.Record) -> Waiting:
    return Waiting(**row, schools=row["found"]["schools"])


async def waiting(conn: Connection, scope: Scope) -> list[Waiting]:
    """Lists that wait for this programme's office, the newest first."""
    rows = await conn.fetch(
        """
        select l.id, l.made_at, l.source, l.against, l.holds_from, l.is_complete,
            coalesce(r.name, '') as region, l.found, l.state, l.decided_at,
            l.programme_id is null as is_of_operator
        from registry_lists l
        left join regions r on (r.programme_id, r.id) = (l.programme_id, l.region_id)
        where l.state = 'waiting' and (l.programme_id = $1 or l.programme_id is null)
        order by l.made_at desc limit 20
        """,
        scope.programme_id,
    )
    return [_waiting(row) for row in rows]


async def apply(conn: Connection, scope: Scope | None, list_id: UUID, now: datetime) -> Version:
    """Does what the list's page said. `scope` None: the worker, with a list of the operator.

    Raises `NotThere`; `Conflict` `list_decided`, or `registry_changed` when the registry is not
    the one the list was laid beside.
    """
    held = await registry.hold(conn)
    row = await _taken(conn, scope, list_id)
    # What the operator's own place told holds for all programmes and places no school in one.
    own = scope if row["programme_id"] else None
    rows = [_row(told) for told in row["rows"]]
    terms = Terms(
        row["holds_from"],
        row["region_id"],
        await _regions(conn, own) if row["found"]["by_region"] else {},
        row["is_complete"],
    )
    plan = await _plan(conn, own, rows, terms)
    if held.number != row["against"] or plan.counts() != row["found"]["counts"]:
        raise Conflict("registry_changed")
    by = scope.person_id if scope else None
    origin = Origin(row["source"], now, row["file_sha256"], by)
    version = await registry_changes.carry_out(conn, own, plan.changes, origin, terms.holds_from)
    await _decide(conn, list_id, "applied", by, now)
    return version


async def _taken(conn: Connection, scope: Scope | None, list_id: UUID) -> asyncpg.Record:
    row = await conn.fetchrow(
        """
        select * from registry_lists
        where id = $2 and (programme_id = $1 or programme_id is null) for update
        """,
        scope.programme_id if scope else None,
        list_id,
    )
    if row is None:
        raise NotThere("list")
    if row["state"] != "waiting":
        raise Conflict("list_decided")
    return row


async def _regions(conn: Connection, scope: Scope | None) -> dict[str, UUID]:
    return await region_names(conn, scope) if scope else {}


async def region_names(conn: Connection, scope: Scope) -> dict[str, UUID]:
    """The programme's regions by the name a list's column may give."""
    rows = await conn.fetch(
        "select id, name from regions where programme_id = $1", scope.programme_id
    )
    return {row["name"].casefold(): row["id"] for row in rows}


async def drop(conn: Connection, scope: Scope, list_id: UUID, now: datetime) -> None:
    """Nothing is done with the list. Raises as `apply`."""
    await _taken(conn, scope, list_id)
    await _decide(conn, list_id, "dropped", scope.person_id, now)


async def _decide(
    conn: Connection, list_id: UUID, state: str, by: UUID | None, now: datetime
) -> None:
    await conn.execute(
        """
        update registry_lists set state = $2, decided_by = $3, decided_at = $4, rows = null
        where id = $1
        """,
        list_id,
        state,
        by,
        now,
    )


async def forget_old(conn: Connection, now: datetime) -> int:
    """Drops what nobody decided on in time; how many."""
    done = await conn.execute(
        """
        update registry_lists set state = 'dropped', decided_at = $2, rows = null
        where state = 'waiting' and made_at < $1
        """,
        now - KEPT,
        now,
    )
    return int(done.removeprefix("UPDATE "))
