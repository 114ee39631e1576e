"""Letters to a company about its reach: the first class that watched, then at most monthly."""

from datetime import date, datetime, timedelta

from rooms.attendance import reach
from rooms.attendance.reach import CompanyMonth
from rooms.people import roles
from rooms.scope import Scope
from server import mail
from server.config import Settings
from server.database import Connection

# Told again within this time it is the same news; a sweep that was away longer misses it. What was
# watched without network comes in for seven days after the lesson.
NEWS_FOR = timedelta(days=14)
# The month before is told in the first days of the next.
LAST_DAY_TO_TELL = 7


async def tell_due(conn: Connection, settings: Settings, now: datetime) -> int:
    """Writes what is due; returns how many letters. For the sweep: a key keeps each to once."""
    told = await _first_classes(conn, settings, now)
    if now.day <= LAST_DAY_TO_TELL:
        told += await _months(conn, settings, now)
    return told


async def _first_classes(conn: Connection, settings: Settings, now: datetime) -> int:
    told = 0
    found = await reach.first_watched(conn, now - NEWS_FOR)
    for programme_id, company_id, tour_id, title in found:
        for person in await roles.editors(conn, Scope(programme_id), company_id):
            written = await mail.tell(
                conn,
                person,
                "first_class",
                programme_id=programme_id,
                once_key=f"first_class:{tour_id}:{person.id}",
                title=title,
                link=f"{settings.url}/studio/tours/{tour_id}/reach",
            )
            told += written is not None
    return told


async def _months(conn: Connection, settings: Settings, now: datetime) -> int:
    until = date(now.year, now.month, 1)
    first = (until - timedelta(days=1)).replace(day=1)
    told = 0
    for month in await reach.company_months(conn, first, until):
        told += await _month(conn, settings, month, first)
    return told


async def _month(conn: Connection, settings: Settings, month: CompanyMonth, first: date) -> int:
    told = 0
    for person in await roles.editors(conn, Scope(month.programme_id), month.company_id):
        written = await mail.tell(
            conn,
            person,
            "company_monthly",
            programme_id=month.programme_id,
            once_key=f"company_monthly:{month.company_id}:{first:%Y-%m}:{person.id}",
            classes=month.classes,
            pupils=month.pupils,
            link=f"{settings.url}/studio",
        )
        told += written is not None
    return told
