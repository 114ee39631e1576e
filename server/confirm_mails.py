"""The mail of the morning after: "3B, 26 pupils, 41 minutes. Right?" """

import base64
import hmac
from datetime import datetime
from uuid import UUID

from rooms.attendance import confirmations
from rooms.attendance.confirmations import Asked
from rooms.errors import NotThere
from rooms.people import persons
from server import mail
from server.config import Settings
from server.database import Connection

KIND = "confirm_class"


async def ask_due(conn: Connection, settings: Settings, now: datetime) -> int:
    """Writes the mails that are due; returns how many. For the sweep."""
    due = await confirmations.confirmations_due(conn, now)
    for asked in due:
        person = await persons.by_id(conn, asked.person_id)
        await mail.tell(
            conn,
            person,
            KIND,
            programme_id=asked.programme_id,
            once_key=f"confirm:{asked.session_class_id}",
            class_name=asked.class_name,
            tour=asked.title,
            pupils=asked.headcount,
            minutes=round(asked.present_ms / 60_000),
            link=link(settings, asked),
        )
    return len(due)


def link(settings: Settings, asked: Asked) -> str:
    """Where the count is confirmed or changed, without signing in."""
    return f"{settings.url}/attendance/confirm/{make_token(settings, asked)}"


def make_token(settings: Settings, asked: Asked) -> str:
    """Signed: it does this one thing for this one class."""
    told = asked.programme_id.bytes + asked.session_class_id.bytes + asked.person_id.bytes
    return base64.urlsafe_b64encode(_signed(settings, told) + told).decode().rstrip("=")


def read_token(settings: Settings, token: str) -> tuple[UUID, UUID, UUID]:
    """(programme, session class, person); raises `NotThere` for one we did not sign."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raise NotThere from None
    mac, told = raw[:16], raw[16:]
    if len(told) != 48 or not hmac.compare_digest(mac, _signed(settings, told)):
        raise NotThere
    return UUID(bytes=told[:16]), UUID(bytes=told[16:32]), UUID(bytes=told[32:])


def _signed(settings: Settings, told: bytes) -> bytes:
    return hmac.digest(settings.secret, b"confirm class\n" + told, "sha256")[:16]
