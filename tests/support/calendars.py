"""What calendar programs read in an iCalendar text: two in Python, two in JavaScript, one in C."""

import ctypes
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import icalendar
import pytest
import vobject

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("calendars.mjs")


@dataclass(frozen=True)
class Read:
    """An entry as a calendar understood it. `starts`, `ends`: UTC in ISO form, or a day."""

    method: str
    uid: str
    sequence: int
    starts: str
    ends: str
    title: str
    words: str
    place: str
    status: str
    guests: tuple[str, ...]


Reader = Callable[[str], list[Read]]


def said(at: datetime | date) -> str:
    """As JavaScript writes it."""
    if isinstance(at, datetime):
        return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    return at.isoformat()


def by_icalendar(text: str) -> list[Read]:
    """Plone's, with which we write too."""
    calendar = icalendar.Calendar.from_ical(text)
    assert isinstance(calendar, icalendar.Calendar) and not calendar.errors
    return [_of_icalendar(str(calendar.get("method", "")), one) for one in calendar.walk("VEVENT")]


def _of_icalendar(method: str, event: Any) -> Read:
    guests = event.get("attendee", [])
    return Read(
        method=method,
        uid=str(event["uid"]),
        sequence=int(event["sequence"]),
        starts=said(event["dtstart"].dt),
        ends=said(event["dtend"].dt),
        title=str(event["summary"]),
        words=str(event.get("description", "")),
        place=str(event.get("location", "")),
        status=str(event["status"]),
        guests=tuple(str(one) for one in (guests if isinstance(guests, list) else [guests])),
    )


def by_vobject(text: str) -> list[Read]:
    """OpenStack's and Radicale's; `validate` holds it to the standard."""
    calendar = vobject.readOne(text)
    calendar.validate(raiseException=True)
    method = calendar.method.value if hasattr(calendar, "method") else ""
    return [_of_vobject(method, one) for one in getattr(calendar, "vevent_list", [])]


def _of_vobject(method: str, event: Any) -> Read:
    return Read(
        method=method,
        uid=event.uid.value,
        sequence=int(event.sequence.value),
        starts=said(event.dtstart.value),
        ends=said(event.dtend.value),
        title=event.summary.value,
        words=event.description.value if hasattr(event, "description") else "",
        place=event.location.value if hasattr(event, "location") else "",
        status=event.status.value,
        guests=tuple(one.value for one in getattr(event, "attendee_list", [])),
    )


def in_node(texts: list[str]) -> list[dict[str, list[Read]]]:
    """For each text, what ical.js and node-ical read in it."""
    node = shutil.which("node") or pytest.skip("node is not installed")
    done = subprocess.run(
        [node, str(SCRIPT), str(ROOT / "web")],
        input=json.dumps(texts).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    return [
        {
            name: [_of_node(told["method"], one) for one in told["events"]]
            for name, told in each.items()
        }
        for each in json.loads(done.stdout)
    ]


def _of_node(method: str, event: dict[str, Any]) -> Read:
    return Read(method=method, **{**event, "guests": tuple(event["guests"])})


# --- libical, on which the calendars of GNOME and KDE stand -------------------------------------


class _Time(ctypes.Structure):
    """`struct icaltimetype` of libical 3."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("year", "month", "day", "hour", "minute", "second")),
        ("is_date", ctypes.c_int),
        ("is_daylight", ctypes.c_int),
        ("zone", ctypes.c_void_p),
    )

    def said(self) -> str:
        day = f"{self.year:04}-{self.month:02}-{self.day:02}"
        return (
            day if self.is_date else f"{day}T{self.hour:02}:{self.minute:02}:{self.second:02}.000Z"
        )


def by_libical(text: str) -> list[Read]:
    """Holds it to the standard's table of what each method must and may not carry, too."""
    library = _libical()
    calendar = library.icalparser_parse_string(text.encode())
    assert calendar, "no calendar at all"
    assert library.icalcomponent_count_errors(calendar) == 0
    assert library.icalrestriction_check(calendar) == 1
    method = _values(library, calendar, b"METHOD")
    kind = library.icalcomponent_string_to_kind(b"VEVENT")
    event, found = library.icalcomponent_get_first_component(calendar, kind), []
    while event:
        found.append(_of_libical(library, method[0] if method else "", event))
        event = library.icalcomponent_get_next_component(calendar, kind)
    library.icalcomponent_free(calendar)
    return found


def _of_libical(library: ctypes.CDLL, method: str, event: int) -> Read:
    def text(name: str) -> str:
        value = getattr(library, f"icalcomponent_get_{name}")(event)
        return value.decode() if value else ""

    return Read(
        method=method,
        uid=text("uid"),
        sequence=library.icalcomponent_get_sequence(event),
        starts=library.icalcomponent_get_dtstart(event).said(),
        ends=library.icalcomponent_get_dtend(event).said(),
        title=text("summary"),
        words=text("description"),
        place=text("location"),
        status=_values(library, event, b"STATUS")[0],
        guests=tuple(_values(library, event, b"ATTENDEE")),
    )


def _values(library: ctypes.CDLL, component: int, name: bytes) -> list[str]:
    kind = library.icalproperty_string_to_kind(name)
    found, one = [], library.icalcomponent_get_first_property(component, kind)
    while one:
        found.append(library.icalproperty_get_value_as_string(one).decode())
        one = library.icalcomponent_get_next_property(component, kind)
    return found


@cache
def _libical() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libical.so.3")
    except OSError:
        pytest.skip("Debian's package libical3 is not installed")
    pointers = [ctypes.c_void_p]
    for name in ("uid", "summary", "description", "location"):
        _declare(library, f"icalcomponent_get_{name}", pointers, ctypes.c_char_p)
    for name in ("dtstart", "dtend"):
        _declare(library, f"icalcomponent_get_{name}", pointers, _Time)
    for name in ("icalcomponent_count_errors", "icalrestriction_check", "icalcomponent_free"):
        _declare(library, name, pointers, ctypes.c_int)
    for name in ("component", "property"):
        for which in ("first", "next"):
            search = f"icalcomponent_get_{which}_{name}"
            _declare(library, search, [*pointers, ctypes.c_int], ctypes.c_void_p)
    _declare(library, "icalcomponent_get_sequence", pointers, ctypes.c_int)
    _declare(library, "icalproperty_get_value_as_string", pointers, ctypes.c_char_p)
    _declare(library, "icalparser_parse_string", [ctypes.c_char_p], ctypes.c_void_p)
    return library


def _declare(library: ctypes.CDLL, name: str, takes: list[Any], gives: Any) -> None:
    function = getattr(library, name)
    function.argtypes, function.restype = takes, gives
