"""The proof of what was taken away: a line for each kind and run, chained so that none can go.

Each line's proof is a hash over the line and the proof before it: whoever takes one out or changes
it breaks every one that follows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from rooms.connection import Connection
from rooms.scope import Scope

LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Purge:
    """So many of a kind from before `until` went at `at`. `proof` '': it is an old line."""

    what: str
    removed: int
    until: datetime
    at: datetime
    proof: str


def proof_of(previous: str, what: str, removed: int, until: datetime, at: datetime) -> str:
    """SHA-256, as hexadecimal digits, over the proof before it and the line."""
    told = f"{previous}\n{what}\n{removed}\n{text_of(until)}\n{text_of(at)}\n"
    return sha256(told.encode()).hexdigest()


def text_of(moment: datetime) -> str:
    """As it goes into a proof."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def is_whole(lines: Iterable[Purge]) -> bool:
    """Whether no line, the oldest first, was changed or taken out."""
    previous = ""
    for line in lines:
        if line.proof:
            if line.proof != proof_of(previous, line.what, line.removed, line.until, line.at):
                return False
            previous = line.proof
        elif previous:
            return False
    return True


async def prove(
    conn: Connection, programme_id: UUID, what: str, removed: int, until: datetime, at: datetime
) -> None:
    """Writes the line. One run at a time writes a programme's: purging happens on one worker."""
    previous = await conn.fetchval(
        """
        select proof from purges where programme_id = $1 and proof is not null
        order by id desc limit 1
        """,
        programme_id,
    )
    await conn.execute(
        """
        insert into purges (programme_id, what, removed, until, at, proof)
        values ($1, $2, $3, $4, $5, $6)
        """,
        programme_id,
        what,
        removed,
        until,
        at,
        proof_of(previous or "", what, removed, until, at),
    )


async def of_programme(conn: Connection, scope: Scope) -> list[Purge]:
    """All lines, the oldest first; the office's alone."""
    rows = await conn.fetch(
        """
        select what, removed, until, at, coalesce(proof, '') as proof from purges
        where programme_id = $1 and $2 order by id
        """,
        scope.programme_id,
        scope.sees_all,
    )
    return [Purge(**row) for row in rows]
