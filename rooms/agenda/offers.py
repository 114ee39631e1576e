"""What a class code leads to: what runs, what is about to start, today's list, or nothing yet."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from rooms.agenda import arrivals
from rooms.agenda.arrivals import Door
from rooms.agenda.session_ends import planned_span
from rooms.agenda.sessions import last_day
from rooms.agenda.states import State
from rooms.connection import Connection

# A class code leads straight into what starts this soon, or should have started this long ago.
SOON = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Offered:
    """A session a class code can lead to: of a live room when it has a `room_id`, else of a tour.

    `starts_at` None: a day without a period. `registration_id`: of a webinar to which the class
    has not come yet; it has no `session_class_id` before it does (`arrivals.come`), and can
    be entered once its doors are open.
    """

    programme_id: UUID
    id: UUID
    session_class_id: UUID | None
    room_id: UUID | None
    state: State
    title: str
    starts_at: datetime | None
    home_until: datetime | None
    zone: str
    registration_id: UUID | None = None
    has_doors_shut: bool = False

    @property
    def home_day(self) -> date | None:
        """The last local day on which it is open at home."""
        return last_day(self.home_until, self.zone)


async def offered(
    conn: Connection, programme_id: UUID, class_id: UUID, now: datetime
) -> list[Offered]:
    """What is there for a class today: running, planned today, open at home, a room it is in,
    a webinar it is registered for.

    Nothing of a tour whose rights have ended, no plan of one that is not published now.
    """
    # Asked first: a class that comes between the two questions is in both answers, not in neither.
    doors = await arrivals.doors(conn, programme_id, class_id, now)
    rows = await conn.fetch(
        """
        select s.programme_id, s.id, s.session_class_id, s.room_id, s.state, s.zone, s.planned_on,
            s.period, s.home_until, s.title
        from session_rows s
        left join tours t on (t.programme_id, t.id) = (s.programme_id, s.tour_id)
        where s.programme_id = $1 and s.class_id = $2 and s.left_at is null
            and (t.rights_until is null or t.rights_until > ($3 at time zone s.zone)::date) and (
            (s.state = 'running' and (s.home_until is null or s.home_until > $3))
            or (s.state = 'planned' and t.state = 'published'
                and (s.planned_on = ($3 at time zone s.zone)::date
                or (s.home_until > $3 and s.planned_on <= ($3 at time zone s.zone)::date))))
        order by s.state = 'running' desc, s.started_at desc, s.period, s.created_at
        """,
        programme_id,
        class_id,
        now,
    )
    entered = {row["room_id"] for row in rows}
    left = [_registered(programme_id, one) for one in doors if one.room_id not in entered]
    return [*map(_offered, rows), *left]


def _registered(programme_id: UUID, one: Door) -> Offered:
    return Offered(
        programme_id=programme_id,
        id=one.session_id,
        session_class_id=None,
        room_id=one.room_id,
        state=State.PLANNED,
        title=one.title,
        starts_at=one.starts_at,
        home_until=None,
        zone=one.zone,
        registration_id=one.registration_id,
        has_doors_shut=not one.is_open,
    )


def _offered(row: asyncpg.Record) -> Offered:
    span = planned_span(row["planned_on"], row["period"], row["zone"])
    return Offered(
        programme_id=row["programme_id"],
        id=row["id"],
        session_class_id=row["session_class_id"],
        room_id=row["room_id"],
        state=State(row["state"]),
        title=row["title"],
        starts_at=span[0] if span and row["period"] else None,
        home_until=row["home_until"],
        zone=row["zone"],
    )


def leads_to(offers: list[Offered], now: datetime) -> Offered | None:
    """Where a class code leads at once: what runs in class, else what starts within 15 minutes,
    else a webinar that is on.

    Several that stay open at home, and nothing else: then the pupil chooses.
    """
    running = [one for one in offers if one.state is State.RUNNING]
    in_class = [one for one in running if one.home_until is None]
    soon = [
        one
        for one in offers
        if one.state is State.PLANNED and one.starts_at and _is_soon(one.starts_at, now)
        if not one.has_doors_shut
    ]
    on = [one for one in offers if one.registration_id and not one.has_doors_shut]
    for found in (in_class, soon, on, running if len(offers) == 1 else []):
        if found:
            return found[0]
    return None


def _is_soon(starts_at: datetime, now: datetime) -> bool:
    return abs(starts_at - now) <= SOON
