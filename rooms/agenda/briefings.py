"""The briefing of a guest lesson: one page for who comes into class. Pure; words are the edge's.

What it asks of a guest holds for every lesson, so it is a list of codes and not free text.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from rooms.agenda.request_drafts import Slot
from rooms.agenda.requests import Request
from rooms.errors import NotThere

# Time enough to see the picture, hear the class, and try another way.
BE_THERE = timedelta(minutes=15)

DO = ("short", "show", "ask", "names", "teacher")
DO_NOT = ("sell", "contact", "pupils", "film", "alone")
# Walking with a camera has its own.
DO_OF_KIND = {"guest_lesson": (), "live_tour": ("route",)}
DO_NOT_OF_KIND = {"guest_lesson": (), "live_tour": ("colleagues",)}


@dataclass(frozen=True, slots=True)
class Briefing:
    """What the page says. `ages`: about how old the pupils are, None where it is not known."""

    request: Request
    slot: Slot
    be_there_at: time
    ages: tuple[int, int] | None
    do: tuple[str, ...]
    do_not: tuple[str, ...]


def of(request: Request) -> Briefing:
    """The briefing of an agreed lesson; raises `NotThere` before there is a date."""
    slot = request.slot
    if slot is None or request.webinar_id is None:
        raise NotThere("briefing")
    begins = datetime.combine(slot.day, slot.from_time)
    return Briefing(
        request,
        slot,
        (begins - BE_THERE).time(),
        ages(request.level, request.grade),
        (*DO, *DO_OF_KIND[request.kind]),
        (*DO_NOT, *DO_NOT_OF_KIND[request.kind]),
    )


def ages(level: str, grade: int | None) -> tuple[int, int] | None:
    """From and to: a Dutch class's year says how old its pupils are, at these levels only."""
    if grade is None:
        return None
    if level == "po":
        return (grade + 3, grade + 4)
    if level in {"vmbo", "praktijk", "havo", "vwo"}:
        return (grade + 11, grade + 12)
    return None
