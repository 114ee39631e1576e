"""The words for an invitation's codes, marked here, translated where they are shown."""

from datetime import date, timedelta

from babel.dates import format_date

from rooms.agenda.request_states import State
from server.i18n import N_, translate

KINDS = {
    "guest_lesson": N_("Guest lesson"),
    "live_tour": N_("Live tour of the company"),
}

# What it is, for whoever has never seen one.
KIND_HINTS = {
    "guest_lesson": N_("Somebody of the company tells and answers questions, live on the screen."),
    "live_tour": N_("Somebody walks through the company with a camera; the class looks along."),
}

SETUP = {
    "screen": N_("a large screen for the whole class"),
    "sound": N_("loudspeakers that everybody hears"),
    "microphone": N_("a microphone, so that the class can be heard"),
    "phones": N_("pupils may use their phones"),
    "laptops": N_("a laptop or tablet for each pupil"),
    "workshop": N_("tables to work at with hands and tools"),
}

STATES = {
    State.ASKED: (N_("waits for the company"), "info"),
    State.PROPOSED: (N_("date proposed"), "caution"),
    State.ACCEPTED: (N_("agreed"), "good"),
    State.DECLINED: (N_("declined"), "stop"),
    State.WITHDRAWN: (N_("withdrawn"), "quiet"),
    State.EXPIRED: (N_("no answer in time"), "quiet"),
}

# What was agreed and then called off.
OFF = (N_("cancelled"), "stop")

EVENTS = {
    "asked": N_("asked"),
    "propose": N_("proposed a date"),
    "accept": N_("agreed on a date"),
    "decline": N_("declined"),
    "accept_date": N_("agreed to the date"),
    "decline_date": N_("the date does not suit"),
    "withdraw": N_("withdrew it"),
    "cancel": N_("called the lesson off"),
    "expire": N_("ended without an answer"),
    "word": N_("the coordinators got word that it waits"),
}


def week(language: str, monday: date) -> str:
    """A school week in words: "week 50, 7–11 Dec", "week 49, 30 Nov – 4 Dec"."""
    number, friday = monday.isocalendar().week, monday + timedelta(days=4)
    is_one_month = monday.month == friday.month
    begins = str(monday.day) if is_one_month else _short(language, monday) + " "
    ends = _short(language, friday) if is_one_month else " " + _short(language, friday)
    words = translate(language, N_("week {number}, {days}"))
    return words.format(number=number, days=f"{begins}–{ends}")


def _short(language: str, value: date) -> str:
    return format_date(value, "d MMM", locale=language)


def day(language: str, value: date) -> str:
    """A day in full."""
    return format_date(value, "EEEE d MMMM y", locale=language)


def setup(language: str, codes: tuple[str, ...]) -> list[str]:
    """What there is in the classroom, in words."""
    return [translate(language, SETUP[code]) for code in codes if code in SETUP]
