"""Regions of a programme; its coordinators and schools stand in them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rooms.connection import Connection
from rooms.errors import Conflict, NotThere
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Region:
    """`schools`: how many stand in it now."""

    id: UUID
    name: str
    schools: int = 0


async def create(conn: Connection, scope: Scope, name: str) -> Region:
    """A new region. Raises `Conflict` `region_name_taken`."""
    region_id = await conn.fetchval(
        """
        insert into regions (programme_id, name) values ($1, $2)
        on conflict (programme_id, name) do nothing returning id
        """,
        scope.programme_id,
        name,
    )
    if region_id is None:
        raise Conflict("region_name_taken", name=name)
    return Region(region_id, name)


async def find_or_create(conn: Connection, scope: Scope, name: str) -> Region:
    """The region of that name, made when it is new."""
    region_id = await conn.fetchval(
        """
        insert into regions (programme_id, name) values ($1, $2)
        on conflict (programme_id, name) do update set name = excluded.name returning id
        """,
        scope.programme_id,
        name,
    )
    return Region(region_id, name)


async def rename(conn: Connection, scope: Scope, region_id: UUID, name: str, now: datetime) -> None:
    """Another name from now on. Raises `NotThere`, `Conflict` `region_name_taken`."""
    taken = await conn.fetchval(
        "select true from regions where programme_id = $1 and name = $2 and id <> $3",
        scope.programme_id,
        name,
        region_id,
    )
    if taken:
        raise Conflict("region_name_taken", name=name)
    done = await conn.execute(
        """
        update regions set name = $3, named_at = case when name = $3 then named_at else $4 end
        where programme_id = $1 and id = $2
        """,
        scope.programme_id,
        region_id,
        name,
        now,
    )
    if done == "UPDATE 0":
        raise NotThere("region")


async def every(conn: Connection, scope: Scope) -> list[Region]:
    """All regions of the programme, by name."""
    rows = await conn.fetch(
        """
        select r.id, r.name, count(s.school_id)::int as schools
        from regions r
        left join school_regions s on s.programme_id = r.programme_id and s.region_id = r.id
            and s.valid_to is null
        where r.programme_id = $1
        group by r.id, r.name order by r.name
        """,
        scope.programme_id,
    )
    return [Region(row["id"], row["name"], row["schools"]) for row in rows]


async def by_id(conn: Connection, scope: Scope, region_id: UUID) -> Region:
    """One region. Raises `NotThere`."""
    row = await conn.fetchrow(
        "select id, name from regions where programme_id = $1 and id = $2",
        scope.programme_id,
        region_id,
    )
    if row is None:
        raise NotThere("region")
    return Region(row["id"], row["name"])
