"""Letters about webinars to those who have one in their agenda.

The rows say what each was told last (`rooms/agenda/told.py`) and what holds now; the sweep, or
whoever has just changed something, writes the difference. A mail and the note of it are one
transaction, so that none is lost and none is written twice.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from rooms.agenda import (
    afterwards,
    calendar,
    captioners,
    plans_b,
    registrations,
    reminders,
    told,
)
from rooms.agenda.calendar import Address
from rooms.agenda.registrations import Registration
from rooms.agenda.reminders import News
from rooms.agenda.told import Guest, Host, Shown
from rooms.agenda.webinars import Webinar
from rooms.people import persons, roles
from rooms.people.persons import Person
from rooms.scope import Scope
from server import i18n, mail, sealed
from server.agenda_words import day_of, webinar_entry, when
from server.config import Settings
from server.database import Connection
from server.mail import Attached

# What the secret in the address of a thank-you mail is for.
THANKS = "webinar thanks"


async def tell_due(conn: Connection, settings: Settings, now: datetime) -> int:
    """Writes every letter that is due; returns how many. For the sweep."""
    written = await tell_changes(conn, settings, now)
    written += await _remind(conn, settings, now)
    written += await _tell_captioners(conn, now)
    written += await _thank(conn, settings, now)
    return written + await _send_digests(conn, settings, now)


async def tell_changes(conn: Connection, settings: Settings, now: datetime) -> int:
    """Invitations, changes and cancellations; returns how many letters.

    Also for the handler that has just made the change: the letter is then in its transaction.
    """
    guests = await told.changed(conn, now)
    about = await told.webinars_of(conn, guests)
    written = 0
    for guest in guests:
        webinar = about[guest.programme_id, guest.webinar_id]
        written += await _tell(conn, settings, guest, webinar, now)
    return written


async def _tell(
    conn: Connection, settings: Settings, guest: Guest, webinar: Webinar, now: datetime
) -> bool:
    held = told.held(webinar, guest)
    news = reminders.news(guest.told, held, now)
    if news is None:
        return False
    sequence = await told.note(conn, guest, webinar, held, now)
    if sequence is None:
        return False
    person = await persons.by_id(conn, guest.person_id)
    letter = await mail.tell(
        conn,
        person,
        f"webinar_{news.value}",
        programme_id=guest.programme_id,
        once_key=f"webinar:{webinar.id}:{person.id}:{sequence}",
        calendar=attached(settings, webinar, person, sequence, now, news),
        **_words(settings, webinar, guest, person),
        reason=webinar.cancel_reason,
        is_off=webinar.state == "cancelled",
        tours=await _instead(conn, settings, webinar, person.id),
    )
    return letter is not None


async def _instead(
    conn: Connection, settings: Settings, webinar: Webinar, person_id: UUID
) -> list[tuple[str, str]]:
    """(title, address) of the tours that a teacher can show in place of what is cancelled."""
    if webinar.state != "cancelled":
        return []
    base = f"{settings.url}/p/{webinar.programme_slug}/tours"
    found = await plans_b.instead(conn, webinar, person_id)
    return [(title, f"{base}/{slug}") for title, slug in found]


def attached(
    settings: Settings, webinar: Webinar, person: Person, sequence: int, now: datetime, news: News
) -> Attached:
    """The entry for her calendar: put in, moved, or taken out."""
    entry = replace(
        webinar_entry(settings, webinar, person.language, sequence),
        changed_at=now,
        is_cancelled=news is News.CANCELLED,
    )
    organiser = Address(mail.sender(settings), webinar.programme_name)
    text = calendar.by_mail(entry, organiser, Address(person.email, person.name))
    return Attached(calendar.method_of(entry).value, text)


def _words(settings: Settings, webinar: Webinar, guest: Guest, person: Person) -> dict[str, Any]:
    """What every letter about an entry fills in, in her language."""
    text = webinar.text(person.language)
    return {
        "title": text.title,
        "prepare": text.prepare,
        "company": webinar.company_name,
        "day": day_of(person.language, webinar.starts_at, webinar.zone),
        "when": when(person.language, webinar.starts_at, webinar.ends_at, webinar.zone),
        "parts": guest.parts,
        "classes": ", ".join(guest.class_names),
        "class_count": len(guest.class_names),
        "link": f"{settings.url}{webinar.path}",
        "agenda": f"{settings.url}/calendar",
        "check": f"{settings.url}/check",
    }


async def tell_let_in(
    conn: Connection, settings: Settings, webinar: Webinar, registration: Registration
) -> int:
    """Whoever waited has a place now; returns how many letters. In the moderator's transaction: a
    second press of hers tells nobody again."""
    scope, written = Scope(webinar.programme_id), 0
    for person_id in await registrations.persons_of(conn, scope, registration):
        person = await persons.by_id(conn, person_id)
        asked = f"{registration.registered_at:%Y%m%d%H%M%S}"
        letter = await mail.tell(
            conn,
            person,
            "webinar_let_in",
            programme_id=webinar.programme_id,
            once_key=f"webinar_let_in:{registration.id}:{person_id}:{asked}",
            title=webinar.text(person.language).title,
            class_name=registration.class_name,
            when=when(person.language, webinar.starts_at, webinar.ends_at, webinar.zone),
            link=f"{settings.url}{webinar.path}",
        )
        written += letter is not None
    return written


async def _remind(conn: Connection, settings: Settings, now: datetime) -> int:
    """A day and an hour before. The key holds the start: moved, it is reminded of anew."""
    guests = await told.awaiting(conn, now)
    about = await told.webinars_of(conn, guests)
    written = 0
    for guest in guests:
        webinar = about[guest.programme_id, guest.webinar_id]
        due = reminders.reminder(webinar.starts_at, guest.told_at or now, now)
        if due is None:
            continue
        person = await persons.by_id(conn, guest.person_id)
        start = f"{webinar.starts_at:%Y%m%d%H%M}"
        letter = await mail.tell(
            conn,
            person,
            f"webinar_{due.value}",
            programme_id=guest.programme_id,
            once_key=f"webinar_{due.value}:{webinar.id}:{person.id}:{start}",
            **_words(settings, webinar, guest, person),
        )
        written += letter is not None
    return written


async def _tell_captioners(conn: Connection, now: datetime) -> int:
    """Those who type have no agenda here: a letter when it is moved or off, in the language in
    which they type where that is ours."""
    due = await captioners.misled(conn, now)
    about = await told.webinars_at(conn, [(one.programme_id, one.webinar_id) for one in due])
    for one in due:
        webinar = about[one.programme_id, one.webinar_id]
        language = one.language if one.language in i18n.LANGUAGES else i18n.SOURCE
        letter = mail.compose(
            "captioner_changed",
            language,
            title=webinar.text(language).title,
            when=when(language, webinar.starts_at, webinar.ends_at, webinar.zone),
            is_off=webinar.state == "cancelled",
            reason=webinar.cancel_reason,
        )
        await mail.write(
            conn,
            programme_id=one.programme_id,
            person_id=None,
            to=one.email,
            kind="captioner_changed",
            language=language,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
        )
    return len(due)


# --- afterwards ---------------------------------------------------------------------------------


async def _thank(conn: Connection, settings: Settings, now: datetime) -> int:
    """Each teacher with the report of her classes; who stood on the stage with the sums."""
    written = 0
    shown = await told.shown_to(conn, now)
    for _, group in groupby(shown, key=lambda one: (one.webinar_id, one.person_id)):
        written += await _thank_teacher(conn, settings, list(group), now)
    for host in await told.hosts_of(conn, now):
        written += await _thank_host(conn, settings, host, now)
    return written


async def _thank_teacher(
    conn: Connection, settings: Settings, shown: Sequence[Shown], now: datetime
) -> bool:
    first = shown[0]
    rows = [
        {
            "name": one.class_name,
            "outcome": one.outcome,
            "pupils": one.headcount,
            "minutes": round(one.present_ms / 60_000),
            "of_minutes": round(one.window_ms / 60_000),
            "link": f"{settings.url}/attendance/{one.session_class_id}",
        }
        for one in shown
    ]
    key = first.programme_id, first.webinar_id, first.person_id
    return await _thanked(conn, settings, key, now, rows=rows, host=None)


async def _thank_host(conn: Connection, settings: Settings, host: Host, now: datetime) -> bool:
    key = host.programme_id, host.webinar_id, host.person_id
    return await _thanked(conn, settings, key, now, rows=[], host=host)


async def _thanked(
    conn: Connection, settings: Settings, key: told.Key, now: datetime, **values: Any
) -> bool:
    if not await told.note_thanked(conn, key, now):
        return False
    webinar = (await told.webinars_at(conn, [key[:2]]))[key[:2]]
    person = await persons.by_id(conn, key[2])
    letter = await mail.tell(
        conn,
        person,
        "webinar_thanks",
        programme_id=webinar.programme_id,
        once_key=f"webinar_thanks:{webinar.id}:{person.id}",
        title=webinar.text(person.language).title,
        company=webinar.company_name,
        link=f"{settings.url}{webinar.path}",
        thanks=f"{settings.url}/thanks/{sealed.seal(settings, THANKS, *key)}",
        **values,
    )
    return letter is not None


async def _send_digests(conn: Connection, settings: Settings, now: datetime) -> int:
    """Questions that had no turn, once: to the presenters, their company, else who leads it. The
    letter says how many; the questions stand on the page, from which they can be purged."""
    written = 0
    due = await afterwards.digests_due(conn, now)
    for webinar in (await told.webinars_at(conn, due)).values():
        questions = await afterwards.questions(conn, Scope(webinar.programme_id), webinar.id)
        for person in await _answering(conn, webinar):
            letter = await mail.tell(
                conn,
                person,
                "webinar_questions",
                programme_id=webinar.programme_id,
                once_key=f"webinar_questions:{webinar.id}:{person.id}",
                title=webinar.text(person.language).title,
                questions=len(questions),
                link=f"{settings.url}/webinars/{webinar.id}/afterwards",
            )
            written += letter is not None
    return written


async def _answering(conn: Connection, webinar: Webinar) -> list[Person]:
    scope = Scope(webinar.programme_id)
    people = {one: await persons.by_id(conn, one) for one in webinar.presenter_ids}
    if webinar.company_id is not None:
        editors = await roles.editors(conn, scope, webinar.company_id)
        people |= {one.id: one for one in editors}
    if not people:
        people = {one: await persons.by_id(conn, one) for one in webinar.moderator_ids}
    return list(people.values())
