"""Days as the product counts them: by the clock on a school's wall, not by UTC."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Amsterdam")


def local_day(at: datetime) -> date:
    """The day a moment falls on in the made schools; near midnight it is not UTC's."""
    return at.astimezone(ZONE).date()
