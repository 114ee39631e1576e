"""Letters: written as a row in the caller's transaction, sent later by the worker.

A kind's words stand in `web/templates/mail/<kind>.txt`: the subject, an empty line, paragraphs.
The HTML is made from the same paragraphs; one that is only an address becomes a link.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID, uuid4

import asyncpg

from rooms.people.persons import Person
from server import jobs
from server.config import Settings
from server.database import Connection
from server.i18n import N_
from server.templates import render

# Who may have a webinar in her agenda.
GUESTS = ("teacher", "editor", "presenter", "moderator", "coordinator", "bureau")
# What each kind is called on the account page, and who gets it. Kinds that are not here (a code
# to sign in, an answer to a question) cannot be stopped.
STOPPABLE: dict[str, tuple[str, tuple[str, ...]]] = {
    "confirm_class": (N_("The morning after: how many pupils were there?"), ("teacher",)),
    "film_received": (N_("A film has arrived"), ("editor",)),
    "film_ready": (N_("A film is ready"), ("editor",)),
    "film_failed": (N_("A film could not be made"), ("editor",)),
    "tour_returned": (N_("A tour was returned with reasons"), ("editor",)),
    "tour_published": (N_("A tour is published"), ("editor",)),
    "rights_ending": (N_("The rights of a tour end in a month"), ("editor",)),
    "rights_ended": (N_("A tour was taken off: its rights ended"), ("editor",)),
    "first_class": (N_("The first class watched a tour"), ("editor",)),
    "company_monthly": (N_("Once a month: how many classes watched"), ("editor",)),
    "review_asked": (N_("A tour waits for review"), ("coordinator", "bureau")),
    "webinar_invited": (N_("A webinar is in my agenda, with its entry for my calendar"), GUESTS),
    "webinar_let_in": (N_("My class waited for a webinar and has a place"), ("teacher",)),
    "webinar_changed": (N_("A webinar in my agenda is at another time"), GUESTS),
    "webinar_cancelled": (N_("A webinar in my agenda does not take place"), GUESTS),
    "webinar_day": (N_("A webinar is tomorrow"), GUESTS),
    "webinar_hour": (N_("A webinar begins in an hour"), GUESTS),
    "webinar_thanks": (N_("A webinar is over: who was there"), GUESTS),
    "request_asked": (N_("A class asks for a guest lesson"), ("editor",)),
    "request_reminder": (N_("My answer about a guest lesson is waited for"), ("teacher", "editor")),
    "request_waits": (N_("A guest lesson waits for an answer too long"), ("coordinator", "bureau")),
    "webinar_questions": (N_("Questions of a webinar that had no turn"), GUESTS),
    "company_asks": (N_("A company asks to join"), ("bureau",)),
    "teacher_asks": (N_("A teacher waits to be confirmed"), ("coordinator",)),
}
# Whoever reads these can sign in as somebody: their text is dropped once they are sent.
SECRET = frozenset(
    {
        "sign_in",
        "show",
        "company",
        "colleague",
        "invite",
        "presenter_invited",
        "captioner_invited",
        "register",
    }
)

# Minutes before each further try; after the eighth the mail has failed.
WAITS_MIN = (1, 5, 15, 60, 120, 240, 480, 480)
# A mail this long past its time has no job any more: its worker died in a bad moment.
LOST_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Letter:
    """The words of one mail, in one language."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Attached:
    """An iCalendar text beside the words, and the method it asks for (RFC 6047)."""

    method: str
    text: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A row as the worker sends it. `attempt`: which try this is, from 1."""

    id: int
    person_id: UUID | None
    to: str
    kind: str
    language: str
    subject: str
    text: str
    html: str
    message_id: str
    attempt: int
    calendar: Attached | None = None


def compose(kind: str, language: str, **values: Any) -> Letter:
    """Fills in a kind's template. Text values come in on one line: nobody adds a paragraph."""
    flat = {name: _one_line(value) for name, value in values.items()}
    head, _, body = render(f"mail/{kind}.txt", language, **flat).strip().partition("\n")
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", body) if part.strip()]
    text = "\n\n".join(paragraphs) + "\n"
    subject = " ".join(head.split())
    html = render("mail/frame.html", language, subject=subject, paragraphs=paragraphs)
    return Letter(subject, text, html)


def _one_line(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value


async def write(
    conn: Connection,
    *,
    programme_id: UUID | None,
    person_id: UUID | None,
    to: str,
    kind: str,
    language: str,
    subject: str,
    text: str,
    html: str,
    once_key: str | None = None,
    send_after: datetime | None = None,
    calendar: Attached | None = None,
) -> int | None:
    """Writes a mail and its job; returns its id.

    None, and nothing written, when `once_key` was used before or the person wants no more of
    this kind. `send_after` None: at once.
    """
    if person_id is not None and await is_stopped(conn, person_id, kind):
        return None
    row = await conn.fetchrow(
        """
        insert into mails (programme_id, person_id, to_address, kind, language, subject,
            text_body, html_body, message_id, once_key, send_after, calendar_method, calendar)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, coalesce($11, now()), $12, $13)
        on conflict (once_key) do nothing
        returning id, greatest(send_after - now(), interval '0') as waits
        """,
        programme_id,
        person_id,
        to,
        kind,
        language,
        subject,
        text,
        html,
        str(uuid4()),
        once_key,
        send_after,
        calendar.method if calendar else "",
        calendar.text if calendar else "",
    )
    if row is None:
        return None
    await jobs.enqueue(conn, jobs.MAIL, row["id"], after=row["waits"] or None)
    mail_id: int = row["id"]
    return mail_id


async def tell(
    conn: Connection,
    person: Person,
    kind: str,
    *,
    programme_id: UUID | None = None,
    once_key: str | None = None,
    send_after: datetime | None = None,
    calendar: Attached | None = None,
    **values: Any,
) -> int | None:
    """Composes a kind in the person's own language and writes it; as `write`."""
    letter = compose(kind, person.language, **values)
    return await write(
        conn,
        programme_id=programme_id,
        person_id=person.id,
        to=person.email,
        kind=kind,
        language=person.language,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        once_key=once_key,
        send_after=send_after,
        calendar=calendar,
    )


# Sending: the worker's side of the row


async def claim(conn: Connection, mail_id: int, now: datetime) -> Mail | None:
    """Takes a waiting mail for one try; None when it is not its time, or is done with.

    The next try's time is set at once: it is the lease, and a worker that dies leaves it behind.
    """
    row = await conn.fetchrow(
        """
        update mails set attempt = attempt + 1,
            send_after = $2 + make_interval(mins => ($3::int[])[least(attempt + 1, 8)])
        where id = $1 and state = 'waiting' and send_after <= $2 returning *
        """,
        mail_id,
        now,
        list(WAITS_MIN),
    )
    return _mail(row) if row else None


def _mail(row: asyncpg.Record) -> Mail:
    return Mail(
        row["id"],
        row["person_id"],
        row["to_address"],
        row["kind"],
        row["language"],
        row["subject"],
        row["text_body"],
        row["html_body"],
        row["message_id"],
        row["attempt"],
        Attached(row["calendar_method"], row["calendar"]) if row["calendar"] else None,
    )


async def waits(conn: Connection, mail_id: int, now: datetime) -> timedelta | None:
    """How long a waiting mail still has to wait; None when it is done with."""
    left: timedelta | None = await conn.fetchval(
        "select send_after - $2 from mails where id = $1 and state = 'waiting'", mail_id, now
    )
    return left


async def mark_sent(conn: Connection, mail: Mail, now: datetime, *, keeps_text: bool) -> None:
    """It is on its way. A text that opens a door is dropped unless `keeps_text`."""
    await conn.execute(
        """
        update mails set state = 'sent', sent_at = $2, last_error = '',
            text_body = case when $3 then '' else text_body end,
            html_body = case when $3 then '' else html_body end
        where id = $1 and state = 'waiting'
        """,
        mail.id,
        now,
        mail.kind in SECRET and not keeps_text,
    )


async def mark_failed(conn: Connection, mail: Mail, error: str) -> None:
    """It will not be tried again."""
    await _mark(conn, mail.id, "failed", error)


async def mark_stopped(conn: Connection, mail: Mail) -> None:
    """Its reader wanted no more of this kind."""
    await _mark(conn, mail.id, "stopped", "")


async def mark_waiting(conn: Connection, mail: Mail, error: str) -> None:
    """This try failed; the next has its time already."""
    await _mark(conn, mail.id, "waiting", error)


async def _mark(conn: Connection, mail_id: int, state: str, error: str) -> None:
    await conn.execute(
        "update mails set state = $2, last_error = $3 where id = $1 and state = 'waiting'",
        mail_id,
        state,
        error[:300],
    )


async def newest(conn: Connection, limit: int = 30) -> list[Mail]:
    """The last mails written, newest first. For the demo's page."""
    rows = await conn.fetch("select * from mails order by id desc limit $1", limit)
    return [_mail(row) for row in rows]


# Stopping a kind


async def is_stopped(conn: Connection, person_id: UUID, kind: str) -> bool:
    """Whether she wants no more of this kind."""
    found: bool = await conn.fetchval(
        "select exists (select from mail_stops where person_id = $1 and kind = $2)",
        person_id,
        kind,
    )
    return found


async def stopped(conn: Connection, person_id: UUID) -> set[str]:
    """The kinds she wants no more of."""
    rows = await conn.fetch("select kind from mail_stops where person_id = $1", person_id)
    return {row["kind"] for row in rows}


async def stop(conn: Connection, person_id: UUID, kind: str) -> None:
    """No more of this kind; said twice it holds once."""
    await conn.execute(
        "insert into mail_stops (person_id, kind) values ($1, $2) on conflict do nothing",
        person_id,
        kind,
    )


async def set_stops(conn: Connection, person_id: UUID, kinds: Sequence[str]) -> None:
    """Exactly these kinds are stopped."""
    await conn.execute(
        "delete from mail_stops where person_id = $1 and kind <> all($2)", person_id, list(kinds)
    )
    for kind in kinds:
        await stop(conn, person_id, kind)


def stop_token(settings: Settings, person_id: UUID, kind: str) -> str:
    """The signed end of a stop link: it does this one thing, for ever, without a sign-in."""
    told = person_id.bytes + kind.encode()
    return base64.urlsafe_b64encode(_signed(settings, told) + told).decode().rstrip("=")


def read_stop_token(settings: Settings, token: str) -> tuple[UUID, str] | None:
    """Whom and which kind a stop link means; None for one we did not sign."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        mac, told = raw[:16], raw[16:]
        person_id, kind = UUID(bytes=told[:16]), told[16:].decode()
    except ValueError:
        return None
    is_ours = hmac.compare_digest(mac, _signed(settings, told))
    return (person_id, kind) if is_ours and kind in STOPPABLE else None


def _signed(settings: Settings, told: bytes) -> bytes:
    return hmac.digest(settings.secret, b"mail stop\n" + told, "sha256")[:16]


def stop_link(settings: Settings, mail: Mail) -> str:
    """Where this mail's kind is stopped; empty for a kind that cannot be."""
    if mail.person_id is None or mail.kind not in STOPPABLE:
        return ""
    return f"{settings.url}/mail/stop/{stop_token(settings, mail.person_id, mail.kind)}"


def host_of(settings: Settings) -> str:
    """The name our mails come from when nothing else is said."""
    return urlsplit(settings.url).hostname or "localhost"


def sender(settings: Settings) -> str:
    """Our address: `?from=` of the mail URL, else its user if that is one, else porthole@host."""
    parts = urlsplit(settings.mail_url or "")
    told = parse_qs(parts.query).get("from", [""])[0] or unquote(parts.username or "")
    return told if "@" in told else f"porthole@{host_of(settings)}"


async def requeue_overdue(conn: Connection, now: datetime) -> int:
    """Puts waiting mails whose job was lost back in the queue; returns how many. For the sweep."""
    rows = await conn.fetch(
        "select id from mails where state = 'waiting' and send_after < $1 order by id limit 500",
        now - LOST_AFTER,
    )
    for row in rows:
        await jobs.enqueue(conn, jobs.MAIL, row["id"])
    return len(rows)
