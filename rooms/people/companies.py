"""Companies of a programme: asked by themselves or added by the bureau, then active."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from slugify import slugify

from rooms.connection import Connection
from rooms.errors import Conflict, NotThere
from rooms.scope import Scope

# Until somebody of the programme has looked, a company may try with one small film.
ASKED_QUOTA_BYTES = 5_000_000_000
QUOTA_BYTES = 200_000_000_000


@dataclass(frozen=True, slots=True)
class Company:
    """`state`: asked, active, refused, ended. `slug` is unique in its programme."""

    id: UUID
    slug: str
    name: str
    about: str
    place: str
    region_id: UUID | None
    state: str
    quota_bytes: int
    created_at: datetime


def _company(row: asyncpg.Record) -> Company:
    return Company(
        row["id"],
        row["slug"],
        row["name"],
        row["about"],
        row["place"],
        row["region_id"],
        row["state"],
        row["quota_bytes"],
        row["created_at"],
    )


async def create(
    conn: Connection,
    scope: Scope,
    *,
    name: str,
    about: str = "",
    place: str = "",
    region_id: UUID | None = None,
    state: str = "active",
) -> Company:
    """A new company under a slug made from its name. Raises `NotThere` for a strange region."""
    quota = QUOTA_BYTES if state == "active" else ASKED_QUOTA_BYTES
    base = slugify(name, max_length=40, word_boundary=True) or "company"
    for number in range(1, 100):
        slug = base if number == 1 else f"{base}-{number}"
        try:
            row = await conn.fetchrow(
                """
                insert into companies
                    (programme_id, slug, name, about, place, region_id, state, quota_bytes)
                values ($1, $2, $3, $4, $5, $6, $7, $8)
                on conflict (programme_id, slug) do nothing returning *
                """,
                scope.programme_id,
                slug,
                name,
                about,
                place,
                region_id,
                state,
                quota,
            )
        except asyncpg.ForeignKeyViolationError:
            raise NotThere("region") from None
        if row is not None:
            return _company(row)
    raise Conflict("slug_taken", slug=base)


async def by_id(conn: Connection, scope: Scope, company_id: UUID) -> Company:
    """One company of the programme. Raises `NotThere`."""
    row = await conn.fetchrow(
        "select * from companies where programme_id = $1 and id = $2",
        scope.programme_id,
        company_id,
    )
    if row is None:
        raise NotThere("company")
    return _company(row)


async def every(conn: Connection, scope: Scope) -> list[Company]:
    """All of the programme: those that wait for an answer first, then by name."""
    rows = await conn.fetch(
        """
        select * from companies where programme_id = $1
        order by state <> 'asked', name, slug
        """,
        scope.programme_id,
    )
    return [_company(row) for row in rows]


async def active(conn: Connection, scope: Scope) -> list[tuple[str, str]]:
    """(id, name) of each that was let in, by name: thousands to choose from."""
    rows = await conn.fetch(
        """
        select id::text as id, name from companies
        where programme_id = $1 and state = 'active' order by name, slug
        """,
        scope.programme_id,
    )
    return [(row["id"], row["name"]) for row in rows]


async def of_person(conn: Connection, scope: Scope) -> list[Company]:
    """Those the person of this scope works for, by name."""
    rows = await conn.fetch(
        """
        select * from companies where programme_id = $1 and id = any($2)
            and state in ('asked', 'active')
        order by name
        """,
        scope.programme_id,
        scope.company_ids,
    )
    return [_company(row) for row in rows]


async def change(
    conn: Connection, scope: Scope, company_id: UUID, *, name: str, about: str, place: str
) -> None:
    """New words about a company. Raises `NotThere`."""
    done = await conn.execute(
        """
        update companies set name = $3, about = $4, place = $5
        where programme_id = $1 and id = $2
        """,
        scope.programme_id,
        company_id,
        name,
        about,
        place,
    )
    if done == "UPDATE 0":
        raise NotThere("company")


async def place(conn: Connection, scope: Scope, company_id: UUID, region_id: UUID | None) -> None:
    """The region whose coordinators look at its tours; None: those of the whole programme.

    Raises `NotThere` for a strange company or region.
    """
    try:
        done = await conn.execute(
            "update companies set region_id = $3 where programme_id = $1 and id = $2",
            scope.programme_id,
            company_id,
            region_id,
        )
    except asyncpg.ForeignKeyViolationError:
        raise NotThere("region") from None
    if done == "UPDATE 0":
        raise NotThere("company")


async def accept(
    conn: Connection, scope: Scope, company_id: UUID, region_id: UUID | None = None
) -> None:
    """Lets a company in that asked, in a region or in the whole programme.

    Raises `Conflict` `company_answered` when it has an answer, `NotThere` as `place` does.
    """
    await _answer(conn, scope, company_id, "active", QUOTA_BYTES)
    await place(conn, scope, company_id, region_id)


async def refuse(conn: Connection, scope: Scope, company_id: UUID) -> None:
    """Turns a company away that asked. Raises `Conflict` `company_answered`."""
    await _answer(conn, scope, company_id, "refused", 0)


async def _answer(
    conn: Connection, scope: Scope, company_id: UUID, state: str, quota_bytes: int
) -> None:
    await by_id(conn, scope, company_id)
    done = await conn.execute(
        """
        update companies set state = $3, quota_bytes = $4
        where programme_id = $1 and id = $2 and state = 'asked'
        """,
        scope.programme_id,
        company_id,
        state,
        quota_bytes,
    )
    if done == "UPDATE 0":
        raise Conflict("company_answered")
