"""How well the stage comes in at the devices of a class, as their own pages say at each beat.

A row per page that watches, of the last minutes only; the sum goes to moderators per class, and
names no device.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args
from uuid import UUID

from rooms.connection import Connection
from rooms.live.protocol import Quality, Rung

# A row is written when something changes, and as often as this while nothing does.
AGAIN_AFTER = timedelta(minutes=1)
KNOWN_FOR = timedelta(minutes=3)
# The best first.
QUALITIES: tuple[Quality, ...] = get_args(Quality)


@dataclass(frozen=True, slots=True)
class Noted:
    """What a page said of itself. `rung` 'none': nothing comes in."""

    connection: UUID
    quality: Quality
    rung: Rung


async def note(
    conn: Connection, noted: Sequence[Noted], gone: Collection[UUID], now: datetime
) -> None:
    """Keeps what pages say; forgets those that are gone, and what is old."""
    await conn.executemany(
        """
        insert into seat_quality (connection, quality, rung, at)
        values ($1, $2, nullif($3, 'none'), $4)
        on conflict (connection) do update set quality = excluded.quality, rung = excluded.rung,
            at = excluded.at
        """,
        [
            (one.connection, one.quality, one.rung, now)
            for one in sorted(noted, key=lambda one: one.connection)
        ],
    )
    await conn.execute(
        "delete from seat_quality where at < $1 or connection = any($2::uuid[])",
        now - KNOWN_FOR,
        list(gone),
    )


def weakest(qualities: Iterable[Quality]) -> tuple[Quality | None, int]:
    """The worst of them, and how many are so; None of none."""
    found = list(qualities)
    if not found:
        return None, 0
    worst = max(found, key=QUALITIES.index)
    return worst, found.count(worst)
