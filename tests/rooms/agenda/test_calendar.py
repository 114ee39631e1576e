"""Agenda entries as calendars read them: five programs, both clock changes, hostile words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.agenda.calendar import Address, Entry, as_file, by_mail, feed
from tests.support.calendars import (
    Read,
    Reader,
    by_icalendar,
    by_libical,
    by_vobject,
    in_node,
    said,
)

OFFICE = Address("post@porthole.example", 'Jet-Net "Twente"; \\ , : ^')
NOOR = Address("noor@school.example", "Noor\r\nATTENDEE:mailto:evil@x.example")
CHANGED = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
HOSTILE = (
    "Eén tour; met, komma's \\ en 🛥️ “aanhalingstekens”",
    "BEGIN:VEVENT\r\nEND:VCALENDAR\r\n",
    "x" * 600 + "é🛥" * 200,
    "a\x00b\x0bc\x85d\u2028e\x1bf",
    "line one\n\n line two; not \\ a line",
    "<script>alert(1)</script>",
    "=?UTF-8?Q?=22?= %0D%0A {{ 7*7 }}",
    "مرحبا \u202e שלום 한국어 Ω≈ç√",
)


def an_entry(starts: datetime | None = None, **changes: object) -> Entry:
    at = starts or datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    entry = Entry(
        uid="webinar-7f3a@porthole.example",
        sequence=3,
        starts=at,
        ends=at + timedelta(minutes=50),
        title="Build a dyke",
        changed_at=CHANGED,
        words="Bring a sponge.\nhttps://porthole.example/p/jet/webinars/7f3a",
        place="Online",
        link="https://porthole.example/p/jet/webinars/7f3a",
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def seen(text: str) -> str:
    """The text as a calendar shows it: without what nobody sees."""
    unseen = {*map(chr, range(32)), "\x7f", *map(chr, range(0x80, 0xA0)), "\u2028", "\u2029"}
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(one for one in lines if one in "\n\t" or one not in unseen)


def what(entry: Entry, method: str, guests: Sequence[Address] = ()) -> Read:
    """What every calendar has to find in it."""
    return Read(
        method=method,
        uid=entry.uid,
        sequence=entry.sequence,
        starts=said(entry.starts),
        ends=said(entry.ends),
        title=seen(entry.title),
        words=seen(entry.words),
        place=entry.place,
        status="CANCELLED" if entry.is_cancelled else "CONFIRMED",
        guests=tuple(f"mailto:{one.email}" for one in guests),
    )


# The nights of the changes in Amsterdam: 02:30 comes twice there in autumn, never in spring.
MOMENTS = [
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2026, 3, 27, 10, 0, tzinfo=ZoneInfo("Europe/Amsterdam")),
    datetime(2026, 3, 30, 10, 0, tzinfo=ZoneInfo("Europe/Amsterdam")),
    datetime(2026, 10, 23, 10, 0, tzinfo=ZoneInfo("Atlantic/Canary")),
    datetime(2026, 10, 26, 10, 0, tzinfo=ZoneInfo("Atlantic/Canary")),
]


def texts() -> list[tuple[str, list[Read]]]:
    """Mails, files and feeds, each with what has to be found in it."""
    entries = [
        an_entry(),
        an_entry(is_cancelled=True, sequence=4),
        *map(an_entry, MOMENTS),
        *(an_entry(title=one, words=one) for one in HOSTILE if seen(one).strip()),
        an_entry(starts=None, words="", place="", link=""),
        replace(an_entry(), starts=date(2026, 3, 29), ends=date(2026, 3, 30)),
    ]
    found = []
    for entry in entries:
        method = "CANCEL" if entry.is_cancelled else "REQUEST"
        found.append((by_mail(entry, OFFICE, NOOR), [what(entry, method, [NOOR])]))
        found.append((as_file(entry), [what(entry, "")]))
    series = [replace(one, uid=f"webinar-{i}@x") for i, one in enumerate(entries)]
    found.append((feed('Agenda "Jet"; Net,', series), [what(one, "") for one in series]))
    return found


@pytest.mark.parametrize("read", [by_icalendar, by_vobject, by_libical])
def test_a_calendar_reads_what_was_said(read: Reader) -> None:
    for text, wanted in texts():
        assert read(text) == wanted


def test_two_javascript_calendars_read_what_was_said() -> None:
    told = texts()
    for (_, wanted), found in zip(told, in_node([text for text, _ in told]), strict=True):
        assert found == {"ical.js": wanted, "node-ical": wanted}


def test_the_text_keeps_to_the_line() -> None:
    for text, _ in texts():
        lines = text.encode().split(b"\r\n")
        assert lines[-1] == b"" and max(map(len, lines)) <= 75
        assert not any(b"\n" in line or b"\r" in line for line in lines)
        for line in lines:
            line.decode()  # no letter is cut in two
        assert "evil@x.example" not in text or "CN=" in text
        assert text.count("BEGIN:VEVENT\r\n") == text.count("\r\nEND:VEVENT\r\n")


# A backslash before an n is two signs; node-ical alone takes them for the end of a line.
BACKSLASH = "C:\\new\\\\name"


@pytest.mark.parametrize("read", [by_icalendar, by_vobject, by_libical])
def test_a_backslash_stays_one(read: Reader) -> None:
    entry = an_entry(title=BACKSLASH)
    assert read(as_file(entry)) == [what(entry, "")]


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_words_come_back(title: str, words: str) -> None:
    entry = an_entry(title=f"x{title}x", words=f"x{words}x")
    (found,) = by_icalendar(as_file(entry))
    assert found.uid == entry.uid and found.starts == said(entry.starts)
    for read, said_ in ((found.title, entry.title), (found.words, entry.words)):
        assert read.startswith("x") and read.endswith("x")
        assert len(read) <= len(said_)


def test_an_empty_feed_is_a_calendar() -> None:
    text = feed("Nothing yet", [])
    assert by_icalendar(text) == []
    assert "X-WR-CALNAME:Nothing yet\r\n" in text


def test_the_same_entry_is_the_same_text() -> None:
    assert feed("A", [an_entry()]) == feed("A", [an_entry()])
