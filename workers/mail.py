"""Sends what stands in `mails`: by SMTP, or into an outbox folder when there is no mail server."""

import asyncio
import logging
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib
from pgqueuer.domain.errors import RetryRequested

from server import mail
from server.config import Settings
from server.database import Connection
from server.mail import Attached, Mail
from workers.floor import Floor

log = logging.getLogger(__name__)

SMTP_TIMEOUT_S = 30.0
SUBMISSION_PORT, TLS_PORT = 587, 465
# A refused sign-in at the mail server is the operator's to mend: the mail waits for it.
AUTHENTICATION_CODES = range(530, 540)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong, without addresses, and whether another try is of no use."""

    what: str
    is_final: bool


def utc_now() -> datetime:
    """The wall clock; tests give another."""
    return datetime.now(UTC)


async def send(floor: Floor, mail_id: int, clock: Callable[[], datetime] = utc_now) -> None:
    """One try at one mail. Raises pgqueuer's `RetryRequested` while it is worth another.

    Delivered twice at worst, when we die between the server's yes and our commit; both copies
    carry one Message-ID.
    """
    async with floor.pool.acquire() as conn:
        taken = await mail.claim(conn, mail_id, clock())
        if taken is None:
            await _wait(conn, mail_id, clock(), "not its time yet")
            return
        if taken.person_id and await mail.is_stopped(conn, taken.person_id, taken.kind):
            await mail.mark_stopped(conn, taken)
            return
    trouble = await _try(floor.settings, taken, clock())
    async with floor.pool.acquire() as conn:
        if trouble is None:
            await mail.mark_sent(conn, taken, clock(), keeps_text=floor.settings.is_demo)
        else:
            await _settle(conn, taken, trouble, clock())


async def _wait(conn: Connection, mail_id: int, now: datetime, why: str) -> None:
    left = await mail.waits(conn, mail_id, now)
    if left is not None:
        raise RetryRequested(left, why)


async def _settle(conn: Connection, taken: Mail, trouble: Trouble, now: datetime) -> None:
    """Gives up, or leaves the mail for its next try."""
    if trouble.is_final or taken.attempt >= len(mail.WAITS_MIN):
        log.error("mail %d (%s) has failed: %s", taken.id, taken.kind, trouble.what)
        await mail.mark_failed(conn, taken, trouble.what)
        return
    log.warning("mail %d (%s) waits: %s", taken.id, taken.kind, trouble.what)
    await mail.mark_waiting(conn, taken, trouble.what)
    await _wait(conn, taken.id, now, trouble.what)


async def _try(settings: Settings, taken: Mail, now: datetime) -> Trouble | None:
    """None when it is away."""
    message = letter(settings, taken, now)
    try:
        if settings.mail_url is None:
            await asyncio.to_thread(_keep, settings.home / "outbox", taken, message)
        else:
            await _deliver(settings.mail_url, message)
    except aiosmtplib.SMTPRecipientsRefused as error:
        codes = [refused.code for refused in error.recipients]
        return Trouble(f"recipient refused {codes}", all(code >= 500 for code in codes))
    except aiosmtplib.SMTPResponseException as error:
        is_ours = error.code in AUTHENTICATION_CODES
        return Trouble(f"{type(error).__name__} {error.code}", error.code >= 500 and not is_ours)
    except (aiosmtplib.SMTPException, OSError) as error:
        return Trouble(type(error).__name__, False)
    return None


def letter(settings: Settings, taken: Mail, now: datetime) -> EmailMessage:
    """The row as a message, text and HTML side by side."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = f"Porthole <{mail.sender(settings)}>"
    message["To"] = taken.to
    message["Subject"] = taken.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{taken.message_id}@{mail.host_of(settings)}>"
    message["Content-Language"] = taken.language
    # Holiday answers to machines help nobody (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    if link := mail.stop_link(settings, taken):
        message["List-Unsubscribe"] = f"<{link}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(taken.text)
    if taken.html:
        message.add_alternative(taken.html, subtype="html")
    if taken.calendar is not None:
        _add_calendar(message, taken.calendar)
    return message


def _add_calendar(message: EmailMessage, calendar: Attached) -> None:
    """Once as what the mail is, for calendars that act on it, and once as a file for people.

    In base64, as some way-stations fold long lines of their own accord.
    """
    about = {"method": calendar.method, "charset": "utf-8"}
    told = calendar.text.encode()
    message.add_alternative(told, maintype="text", subtype="calendar", params=about)
    message.add_attachment(told, maintype="application", subtype="ics", filename="invite.ics")


async def _deliver(mail_url: str, message: EmailMessage) -> None:
    """Hands the message to the server of `smtp://` (TLS where it is offered) or `smtps://`."""
    parts = urlsplit(mail_url)
    is_tls = parts.scheme == "smtps"
    await aiosmtplib.send(
        message,
        hostname=parts.hostname,
        port=parts.port or (TLS_PORT if is_tls else SUBMISSION_PORT),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=is_tls,
        tls_context=ssl.create_default_context(),
        timeout=SMTP_TIMEOUT_S,
    )


def _keep(folder: Path, taken: Mail, message: EmailMessage) -> None:
    """Puts the message into the outbox, whole or not at all, readable by its owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"{taken.id:08d}-{taken.kind}.eml"
    draft = target.with_suffix(".part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(bytes(message))
    draft.replace(target)
