"""A school that a teacher typed in turns out to be one of the registry.

Its teachers and classes, and what was held with them, go to the registry's school; which rows went
is written down, so that the same rows can go back. Only this programme's: another programme that
was told the same school finds out for itself.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rooms.connection import Connection
from rooms.errors import Conflict, NotThere, Refused
from rooms.scope import Scope


@dataclass(frozen=True, slots=True)
class Merge:
    """One such finding. `rows`: how many rows of the programme followed."""

    id: UUID
    from_id: UUID
    from_name: str
    into_id: UUID
    into_name: str
    made_at: datetime
    rows: int


async def merge(
    conn: Connection, scope: Scope, from_id: UUID, into_id: UUID, now: datetime
) -> UUID:
    """Writes down that the two are one school; the caller then lets the rows follow.

    Raises `NotThere` when the one is not named in this programme or the other is no open school
    of its registry, `Refused` `school_listed` when the first is a listed school itself.
    """
    scheme = await conn.fetchval("select scheme from schools where id = $1 for update", from_id)
    if scheme != "unlisted":
        raise Refused("school_listed") if scheme else NotThere("school")
    is_there = await conn.fetchval(
        """
        select exists (select from school_regions p join schools s on s.id = p.school_id
            where p.programme_id = $1 and p.school_id = $2 and p.valid_to is null
                and s.scheme <> 'unlisted')
        """,
        scope.programme_id,
        into_id,
    )
    if not is_there:
        raise NotThere("school")
    merge_id: UUID = await conn.fetchval(
        """
        insert into school_merges (programme_id, from_school, into_school, made_by, made_at)
        values ($1, $2, $3, $4, $5) returning id
        """,
        scope.programme_id,
        from_id,
        into_id,
        scope.person_id,
        now,
    )
    return merge_id


async def note_rows(
    conn: Connection, scope: Scope, merge_id: UUID, what: str, row_ids: list[UUID]
) -> None:
    """Writes down which rows of a kind went along."""
    await conn.execute(
        """
        insert into school_merge_rows (programme_id, merge_id, what, row_id)
        select $1, $2, $3, id::text from unnest($4::uuid[]) as t (id)
        """,
        scope.programme_id,
        merge_id,
        what,
        row_ids,
    )


async def undo(conn: Connection, scope: Scope, merge_id: UUID, now: datetime) -> Merge:
    """Takes it back; the caller lets the rows go back. Raises `NotThere`, `Conflict`
    `merge_undone`."""
    found = await _one(conn, scope, merge_id)
    done = await conn.execute(
        """
        update school_merges set undone_by = $3, undone_at = $4
        where programme_id = $1 and id = $2 and undone_at is null
        """,
        scope.programme_id,
        merge_id,
        scope.person_id,
        now,
    )
    if done == "UPDATE 0":
        raise Conflict("merge_undone")
    return found


async def rows_of(conn: Connection, scope: Scope, merge_id: UUID, what: str) -> list[UUID]:
    """Which rows of a kind went along."""
    rows = await conn.fetch(
        """
        select row_id from school_merge_rows
        where programme_id = $1 and merge_id = $2 and what = $3
        """,
        scope.programme_id,
        merge_id,
        what,
    )
    return [UUID(row["row_id"]) for row in rows]


async def _one(conn: Connection, scope: Scope, merge_id: UUID) -> Merge:
    for found in await every(conn, scope, are_undone=True):
        if found.id == merge_id:
            return found
    raise NotThere("merge")


async def every(
    conn: Connection, scope: Scope, school_id: UUID | None = None, *, are_undone: bool = False
) -> list[Merge]:
    """The findings of this programme (about one school), the newest first."""
    rows = await conn.fetch(
        """
        select m.id, f.id as from_id, f.name as from_name, i.id as into_id, i.name as into_name,
            m.made_at, (select count(*) from school_merge_rows r
                where (r.programme_id, r.merge_id) = (m.programme_id, m.id)) as rows
        from school_merges m
        join schools f on f.id = m.from_school
        join schools i on i.id = m.into_school
        where m.programme_id = $1 and ($2::uuid is null or $2 in (m.from_school, m.into_school))
            and ($3 or m.undone_at is null)
        order by m.made_at desc
        """,
        scope.programme_id,
        school_id,
        are_undone,
    )
    return [Merge(**row) for row in rows]
