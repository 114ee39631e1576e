"""What a connection in a live room did since it was last written: pure, so that it can be decided
without the database. On demand a connection tells a `Stretch` of film instead (`visits.py`).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rooms.attendance.ranges import Ranges


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed on a connection; the number makes a second copy harmless."""

    number: int
    at: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class Move:
    """A visit goes on. `present`: when its page was seen or heard, milliseconds since 1970.

    `is_away` None: nothing is known of the page itself (the live core told), so that what it last
    said of itself stands. `last_beat` orders what the page said; 0 for the live core's word.
    """

    connection: UUID
    first_at: datetime
    last_at: datetime
    present: Ranges = ()
    media_flowed: bool = False
    rung: str | None = None
    is_away: bool | None = None
    is_leaving: bool = False
    last_beat: int = 0
    events: tuple[Event, ...] = ()
