"""What a school's network lets through of live picture, as one of its teachers tried it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from rooms.connection import Connection
from rooms.scope import Scope

# The best first.
RUNGS = ("udp", "tcp", "turn")


@dataclass(frozen=True, slots=True)
class SchoolCheck:
    """`rungs`: per way (`udp`, `tcp`, `turn`) what came of it, and after how many milliseconds."""

    at: datetime
    rungs: Mapping[str, Any]
    device: str

    @property
    def best(self) -> str:
        """The best way that worked; '' when none did."""
        works = (one for one in RUNGS if self.rungs.get(one, {}).get("result") == "works")
        return next(works, "")


async def keep(
    conn: Connection,
    scope: Scope,
    school_id: UUID,
    rungs: Mapping[str, Any],
    device: str,
    now: datetime,
) -> None:
    """Keeps a result with a school of the scope's teacher. The caller has seen that it is hers."""
    await conn.execute(
        """
        insert into school_checks (programme_id, school_id, at, rungs, device)
        values ($1, $2, $3, $4, $5)
        """,
        scope.programme_id,
        school_id,
        now,
        dict(rungs),
        device[:120],
    )


async def latest(conn: Connection, scope: Scope, school_id: UUID) -> SchoolCheck | None:
    """The newest result of a school in this programme; None when nobody tried."""
    row = await conn.fetchrow(
        """
        select at, rungs, device from school_checks
        where programme_id = $1 and school_id = $2 order by at desc, id desc limit 1
        """,
        scope.programme_id,
        school_id,
    )
    return SchoolCheck(**row) if row else None


async def drop(conn: Connection, programme_id: UUID, before: datetime) -> int:
    """Results from before a moment; how many."""
    done = await conn.execute(
        "delete from school_checks where programme_id = $1 and at < $2", programme_id, before
    )
    return int(done.removeprefix("DELETE "))
