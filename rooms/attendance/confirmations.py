"""The morning after: who is asked whether the headcount is right."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from rooms.connection import Connection
from rooms.errors import NotThere, Refused

# Local time at which the question arrives; before the first lesson, after the alarm clock.
ASKED_AT = time(7, 30)
# Later than this the lesson is forgotten: no mail, the page still asks.
FORGOTTEN_AFTER = timedelta(days=14)
# A mail lies in many places for long: its link works this long after it was written.
LINK_LASTS = timedelta(days=7)
FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """What one mail asks of one teacher."""

    programme_id: UUID
    session_id: UUID
    session_class_id: UUID
    person_id: UUID
    class_name: str
    title: str
    local_date: date
    headcount: int
    present_ms: int
    confirmed: int | None


def next_school_morning(day: date, zone: str) -> datetime:
    """The next weekday's morning after a local day. Holidays are not known here: then it waits
    unread, which does no harm."""
    following = day + timedelta(days=1)
    while following.weekday() > FRIDAY:
        following += timedelta(days=1)
    return datetime.combine(following, ASKED_AT, ZoneInfo(zone))


async def confirmations_due(conn: Connection, now: datetime) -> list[Asked]:
    """Classes whose headcount nobody has confirmed and whose morning has come.

    Marked as asked in the caller's transaction: two sweeps do not ask twice.
    """
    rows = await conn.fetch(
        """
        select s.programme_id, s.id as session_id, s.session_class_id,
            s.organiser_id as person_id, s.class_name, s.title, s.local_date, s.zone,
            r.headcount, r.present_ms, s.confirmed
        from session_rows s
        join session_classes c on (c.programme_id, c.id) = (s.programme_id, s.session_class_id)
        join session_class_results r
            on (r.programme_id, r.session_class_id) = (s.programme_id, s.session_class_id)
        join class_teachers t on (t.programme_id, t.class_id, t.person_id)
            = (s.programme_id, s.class_id, s.organiser_id)
        where s.state = 'ended' and s.started_at is not null and s.confirmed is null
            and r.outcome <> 'no_show' and r.headcount_source <> 'corrected'
            and c.asked_to_confirm_at is null and s.ended_at > $1::timestamptz - $2::interval
        for update of c skip locked
        """,
        now,
        FORGOTTEN_AFTER,
    )
    due = [row for row in rows if next_school_morning(row["local_date"], row["zone"]) <= now]
    await conn.execute(
        "update session_classes set asked_to_confirm_at = $2 where id = any($1::uuid[])",
        [row["session_class_id"] for row in due],
        now,
    )
    return [Asked(**{name: row[name] for name in Asked.__dataclass_fields__}) for row in due]


async def row_to_confirm(
    conn: Connection,
    programme_id: UUID,
    session_class_id: UUID,
    person_id: UUID,
    now: datetime,
) -> Asked:
    """What a signed link asks. Raises `NotThere` when it asks nothing, or not her any more: she
    does not teach the class now; `Refused` `confirm_link_over` after `LINK_LASTS`."""
    row = await conn.fetchrow(
        """
        select s.programme_id, s.id as session_id, s.session_class_id, t.person_id,
            s.class_name, s.title, s.local_date, s.confirmed, r.headcount, r.present_ms,
            coalesce(c.asked_to_confirm_at, s.ended_at) < $4 as is_over
        from session_rows s
        join session_classes c on (c.programme_id, c.id) = (s.programme_id, s.session_class_id)
        join session_class_results r
            on (r.programme_id, r.session_class_id) = (s.programme_id, s.session_class_id)
        join class_teachers t on (t.programme_id, t.class_id) = (s.programme_id, s.class_id)
        where s.programme_id = $1 and s.session_class_id = $2 and t.person_id = $3
            and s.state = 'ended'
        """,
        programme_id,
        session_class_id,
        person_id,
        now - LINK_LASTS,
    )
    if row is None:
        raise NotThere("session_class")
    if row["is_over"]:
        raise Refused("confirm_link_over", days=LINK_LASTS.days)
    return Asked(**{name: row[name] for name in Asked.__dataclass_fields__})
