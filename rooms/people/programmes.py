"""Programmes: several in one installation, their data apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.errors import Conflict, NotThere
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Programme:
    """`school_year_starts` is a month, `pass_share` the default presence rule (0 to 1)."""

    id: UUID
    slug: str
    name: str
    country: str
    zone: str
    languages: tuple[str, ...]
    levels: tuple[str, ...]
    school_year_starts: int
    pass_share: float
    is_public: bool


def _programme(row: asyncpg.Record) -> Programme:
    return Programme(
        row["id"],
        row["slug"],
        row["name"],
        row["country"],
        row["zone"],
        tuple(row["languages"]),
        tuple(row["levels"]),
        row["school_year_starts"],
        float(row["pass_share"]),
        row["is_public"],
    )


def _there(row: asyncpg.Record | None) -> Programme:
    if row is None:
        raise NotThere("programme")
    return _programme(row)


async def create(
    conn: Connection, *, slug: str, name: str, country: str = "NL", is_public: bool = True
) -> Programme:
    """A new programme. Raises `Conflict` `slug_taken`."""
    row = await conn.fetchrow(
        """
        insert into programmes (slug, name, country, is_public) values ($1, $2, $3, $4)
        on conflict (slug) do nothing returning *
        """,
        slug,
        name,
        country,
        is_public,
    )
    if row is None:
        raise Conflict("slug_taken", slug=slug)
    return _programme(row)


async def by_slug(conn: Connection, slug: str) -> Programme:
    """The programme of a public address. Raises `NotThere`."""
    return _there(await conn.fetchrow("select * from programmes where slug = $1", slug))


async def by_id(conn: Connection, programme_id: UUID) -> Programme:
    """The programme of a scope. Raises `NotThere`."""
    return _there(await conn.fetchrow("select * from programmes where id = $1", programme_id))


async def public(conn: Connection) -> list[Programme]:
    """Those whose catalogue everybody may see, by name."""
    rows = await conn.fetch("select * from programmes where is_public order by name, slug")
    return [_programme(row) for row in rows]


async def every(conn: Connection) -> list[Programme]:
    """All programmes of the installation. For the sweep, which serves nobody in particular."""
    rows = await conn.fetch("select * from programmes order by created_at, id")
    return [_programme(row) for row in rows]


async def of_person(conn: Connection, person_id: UUID) -> list[Programme]:
    """Those in which a person holds a role, by name."""
    rows = await conn.fetch(
        """
        select * from programmes where id in (
            select programme_id from roles where person_id = $1 and ended_at is null)
        order by name, slug
        """,
        person_id,
    )
    return [_programme(row) for row in rows]


async def change(
    conn: Connection,
    scope: Scope,
    *,
    name: str,
    zone: str,
    languages: Sequence[str],
    levels: Sequence[str],
    school_year_starts: int,
    pass_share: float,
    is_public: bool,
) -> None:
    """New settings. A new `pass_share` holds for sessions made from now on."""
    await conn.execute(
        """
        update programmes set name = $2, zone = $3, languages = $4, levels = $5,
            school_year_starts = $6, pass_share = $7, is_public = $8
        where id = $1
        """,
        scope.programme_id,
        name,
        zone,
        list(languages),
        list(levels),
        school_year_starts,
        round(pass_share, 3),
        is_public,
    )
