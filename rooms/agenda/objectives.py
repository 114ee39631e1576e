"""Objectives: what a programme wants to reach, in the words of its bureau, a name per language.

Whoever publishes a tour or makes a webinar says which one it serves; a teacher is never asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from rooms.connection import Connection
from rooms.errors import NotThere, Refused
from rooms.scope import Scope
from rooms.tours import choices

MAX_NAME = 120


@dataclass(frozen=True, slots=True)
class Objective:
    """`names`: by language; one of them is enough. `ended_at`: not chosen any more since then."""

    id: UUID
    names: Mapping[str, str]
    ended_at: datetime | None = None

    def name(self, language: str) -> str:
        """In the reader's language, else in the first it has."""
        return self.names.get(language) or next(iter(self.names.values()))


def checked(names: Mapping[str, str]) -> dict[str, str]:
    """The names that were typed, in the order of their languages. Raises `Refused`
    `objective_name_missing`, `objective_name_long`."""
    found = {language: names[language].strip() for language in sorted(names)}
    found = {language: name for language, name in found.items() if name}
    if not found:
        raise Refused("objective_name_missing")
    if any(len(name) > MAX_NAME for name in found.values()):
        raise Refused("objective_name_long", limit=MAX_NAME)
    return found


async def create(conn: Connection, scope: Scope, names: Mapping[str, str], now: datetime) -> UUID:
    """A new objective; raises as `checked`. The caller has judged who may."""
    objective_id: UUID = await conn.fetchval(
        "insert into objectives (programme_id, names, created_at) values ($1, $2, $3) returning id",
        scope.programme_id,
        checked(names),
        now,
    )
    return objective_id


async def rename(
    conn: Connection, scope: Scope, objective_id: UUID, names: Mapping[str, str], now: datetime
) -> None:
    """Other words for the same from now on. Raises `NotThere`, and as `checked`."""
    done = await conn.execute(
        """
        update objectives set names = $3, named_at = case when names = $3 then named_at else $4 end
        where programme_id = $1 and id = $2
        """,
        scope.programme_id,
        objective_id,
        checked(names),
        now,
    )
    if done == "UPDATE 0":
        raise NotThere("objective")


async def end(conn: Connection, scope: Scope, objective_id: UUID, now: datetime | None) -> None:
    """Not to be chosen any more, or (`now` None) again; what counted under it still does. Raises
    `NotThere`."""
    done = await conn.execute(
        "update objectives set ended_at = $3 where programme_id = $1 and id = $2",
        scope.programme_id,
        objective_id,
        now,
    )
    if done == "UPDATE 0":
        raise NotThere("objective")


async def every(conn: Connection, scope: Scope) -> list[Objective]:
    """All of the programme, those in use first, in the order in which they were made."""
    rows = await conn.fetch(
        """
        select id, names, ended_at from objectives where programme_id = $1
        order by ended_at is not null, created_at, id
        """,
        scope.programme_id,
    )
    return [_objective(row) for row in rows]


def _objective(row: asyncpg.Record) -> Objective:
    return Objective(row["id"], row["names"], row["ended_at"])


def choosable(known: Sequence[Objective], aim: "Aim", language: str) -> list[tuple[str, str]]:
    """(id, name) of those in use, and of the one that was chosen before it ended."""
    return [
        (str(one.id), one.name(language))
        for one in known
        if one.ended_at is None or one.id == aim.objective_id
    ]


# --- what a tour or a webinar counts under -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Aim:
    """Under which objective and which one of its sectors something is counted. `sector` '': the
    first of its sectors."""

    objective_id: UUID | None = None
    sector: str = ""


async def of_tour(conn: Connection, scope: Scope, tour_id: UUID) -> Aim:
    """What a tour counts under; nothing for one that is not there."""
    row = await conn.fetchrow(
        "select objective_id, main_sector from tours where programme_id = $1 and id = $2",
        scope.programme_id,
        tour_id,
    )
    return Aim(*row.values()) if row is not None else Aim()


async def of_webinar(conn: Connection, scope: Scope, webinar_id: UUID) -> Aim:
    """What a webinar counts under; nothing for one that is not there."""
    row = await conn.fetchrow(
        "select objective_id, main_sector from webinars where programme_id = $1 and id = $2",
        scope.programme_id,
        webinar_id,
    )
    return Aim(*row.values()) if row is not None else Aim()


async def aim_tour(conn: Connection, scope: Scope, tour_id: UUID, aim: Aim) -> None:
    """Sessions that end from now on count under it. The caller has judged who may. Raises
    `NotThere` for an objective of another programme or a sector nobody knows."""
    await _aim(
        conn,
        "update tours set objective_id = $3, main_sector = $4 where programme_id = $1 and id = $2",
        scope,
        tour_id,
        aim,
    )


async def aim_webinar(conn: Connection, scope: Scope, webinar_id: UUID, aim: Aim) -> None:
    """The same for a webinar."""
    await _aim(
        conn,
        """
        update webinars set objective_id = $3, main_sector = $4 where programme_id = $1 and id = $2
        """,
        scope,
        webinar_id,
        aim,
    )


async def _aim(conn: Connection, statement: str, scope: Scope, thing_id: UUID, aim: Aim) -> None:
    if aim.sector and aim.sector not in choices.SECTORS:
        raise NotThere("sector")
    known = {one.id for one in await every(conn, scope)}
    if aim.objective_id is not None and aim.objective_id not in known:
        raise NotThere("objective")
    await conn.execute(statement, scope.programme_id, thing_id, aim.objective_id, aim.sector)
