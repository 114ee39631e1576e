"""An agenda entry → iCalendar text (RFC 5545, 5546). Pure.

Times are written in UTC: an entry is one moment and never repeats, so it is right on both sides of
every clock change and a calendar needs no table of zones. Lines end in CRLF and are folded at 75
bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from icalendar import Calendar, Event, vCalAddress, vDuration, vText

PRODUCT = "-//Porthole//Porthole//EN"
# Whoever reads a feed need not come oftener.
READ_AGAIN_AFTER = timedelta(hours=1)
# No calendar shows these, and several stop reading at one.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]")


class Method(StrEnum):
    """What a calendar is to do with an entry that came by mail."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Address:
    """Somebody in an entry: whom it comes from, or whose it is."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One sitting as a calendar shows it.

    `uid`: the same for ever, so that what changes is the entry and not a second one. `sequence`:
    grows with every change that was told. `starts`, `ends`: moments with a zone, or local days of
    which the last is not counted. `changed_at`: when it last changed; the same entry is then the
    same text. `link`: its page; never one that lets somebody in.
    """

    uid: str
    sequence: int
    starts: datetime | date
    ends: datetime | date
    title: str
    changed_at: datetime
    words: str = ""
    place: str = ""
    link: str = ""
    is_cancelled: bool = False

    def cancelled(self) -> Entry:
        """The same entry, crossed out."""
        return replace(self, is_cancelled=True)


def by_mail(entry: Entry, organiser: Address, guest: Address) -> str:
    """What a mail carries for one guest: an invitation or change, or its cancellation.

    She registered herself, or said yes already: nobody waits for her answer.
    """
    event = _event(entry)
    event.add("organizer", _address(organiser))
    event.add("attendee", _guest(guest), encode=False)
    return _text(_calendar([event], method_of(entry)))


def method_of(entry: Entry) -> Method:
    """What an entry that comes by mail asks for; the mail's own head repeats it."""
    return Method.CANCEL if entry.is_cancelled else Method.REQUEST


def as_file(entry: Entry) -> str:
    """One entry to take along from its page; nobody is named in it."""
    return _text(_calendar([_event(entry)]))


def feed(name: str, entries: Iterable[Entry]) -> str:
    """A calendar to subscribe to, called `name`; cancelled entries stay in it, marked so."""
    calendar = _calendar([_event(entry) for entry in entries])
    calendar.add("name", vText(_clean(name)))
    calendar.add("x-wr-calname", vText(_clean(name)))
    calendar.add("refresh-interval", vDuration(READ_AGAIN_AFTER), {"value": "DURATION"})
    calendar.add("x-published-ttl", vDuration(READ_AGAIN_AFTER))
    return _text(calendar)


def _calendar(events: list[Event], method: Method | None = None) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if method is not None:
        calendar.add("method", method.value)
    for event in events:
        calendar.add_component(event)
    return calendar


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", _clean(entry.uid))
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("last-modified", entry.changed_at.astimezone(UTC))
    event.add("sequence", entry.sequence)
    event.add("dtstart", _moment(entry.starts))
    event.add("dtend", _moment(entry.ends))
    event.add("summary", _clean(entry.title))
    for name, value in (("description", entry.words), ("location", entry.place)):
        if value:
            event.add(name, _clean(value))
    if entry.link:
        event.add("url", entry.link)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if entry.is_cancelled else "OPAQUE")
    event.add("class", "PUBLIC")
    return event


def _moment(at: datetime | date) -> datetime | date:
    return at.astimezone(UTC) if isinstance(at, datetime) else at


def _address(who: Address) -> vCalAddress:
    address = vCalAddress(f"mailto:{_clean(who.email)}")
    if who.name:
        # A quotation mark has no way of being written in a parameter.
        address.params["CN"] = " ".join(_clean(who.name).replace('"', "'").split())
    return address


def _guest(who: Address) -> vCalAddress:
    address = _address(who)
    address.params["CUTYPE"] = "INDIVIDUAL"
    address.params["ROLE"] = "REQ-PARTICIPANT"
    address.params["PARTSTAT"] = "ACCEPTED"
    address.params["RSVP"] = "FALSE"
    return address


def _clean(text: str) -> str:
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _text(calendar: Calendar) -> str:
    written: bytes = calendar.to_ical(sorted=False)
    return written.decode()
