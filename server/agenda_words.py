"""How an agenda entry reads: its time in words, and the entry as a calendar takes it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_timezone_location

from rooms.agenda.calendar import Entry
from rooms.agenda.webinars import Webinar
from server import mail
from server.config import Settings


def when(language: str, starts: datetime, ends: datetime | None, zone: str) -> str:
    """`Monday 2 March 2026, 10:00–10:50 (Amsterdam)`: local time where it takes place. `ends`
    None: the day alone."""
    local = starts.astimezone(ZoneInfo(zone))
    day = format_date(local, "EEEE d MMMM y", locale=language)
    if ends is None:
        return day
    place = get_timezone_location(zone, locale=language, return_city=True)
    return f"{day}, {_clock(language, starts, zone)}–{_clock(language, ends, zone)} ({place})"


def _clock(language: str, at: datetime, zone: str) -> str:
    return format_time(at, "HH:mm", tzinfo=ZoneInfo(zone), locale=language)


def day_of(language: str, at: datetime, zone: str) -> str:
    """`2 March`, local."""
    return format_date(at.astimezone(ZoneInfo(zone)), "d MMMM", locale=language)


def webinar_entry(
    settings: Settings, webinar: Webinar, language: str, sequence: int | None = None
) -> Entry:
    """A webinar as an entry. `sequence`: of one person's, where her mails have a count of their
    own. Nothing in it lets anybody in: its link is the page that everybody has."""
    text = webinar.text(language)
    link = f"{settings.url}{webinar.path}"
    words = [part for part in (text.description, text.prepare, link) if part]
    return Entry(
        uid=f"webinar-{webinar.id}@{mail.host_of(settings)}",
        sequence=max(webinar.sequence, sequence or 0),
        starts=webinar.starts_at,
        ends=webinar.ends_at,
        title=text.title,
        changed_at=webinar.changed_at,
        words="\n\n".join(words),
        place=link,
        link=link,
        is_cancelled=webinar.state == "cancelled",
    )
