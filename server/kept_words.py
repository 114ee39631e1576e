"""How long everything is kept, in words: of each kind what it is, and its period."""

from rooms.safety.kept import KEPT, Period
from server.i18n import N_, translate

WHAT = {
    "unseen_questions": N_("Questions that nobody let through"),
    "questions": N_("Questions that everybody in the room saw"),
    "live_captions": N_("Live captions"),
    "visit_events": N_("What a device's connection did"),
    "room_events": N_("What happened in a live room: votes, hands, phases"),
    "seat_intervals": N_("When each device was there; its number is new in every lesson"),
    "class_names": N_("The name of a class and who taught it"),
    "results": N_("Of a lesson: school, level, pupils, seconds and the outcome"),
    "incident_words": N_("The words of a reported question that nobody let through"),
    "incidents": N_("What was reported from a live room"),
    "person_visits": N_("When a teacher was in a webinar by herself"),
    "person_results": N_("That a teacher was in a webinar by herself"),
    "requests": N_("Invitations to companies, and what was written"),
    "webinar_people": N_("Who made, led, presented and registered for a webinar"),
    "presenters": N_("Who presented in a live room"),
    "stream_keys": N_("Stream keys that are over"),
    "accounts": N_("Name and mail address of teachers, companies and the office"),
    "exports": N_("Who exported what"),
    "export_files": N_("Spreadsheets that were made"),
    "school_checks": N_("What a school's network let through"),
    "films": N_("Films"),
    "releases": N_("Releases of figures"),
}
PERIODS = {
    Period.QUARTER: N_("a quarter of an hour"),
    Period.DAY: N_("a day"),
    Period.MONTH: N_("30 days"),
    Period.YEAR: N_("a year"),
    Period.SCHOOL_YEAR: N_("until a month after the school year"),
    Period.TWO_YEARS: N_("until two more school years have passed"),
    Period.RIGHTS: N_("until the company's end date"),
    Period.HERS: N_("until she has it erased"),
    Period.STAYS: N_("for good, without anybody's name"),
}
# What only time does not say.
NOTES = {
    "unseen_questions": N_("Gone as soon as it is dealt with, at the latest a day afterwards."),
    "class_names": N_("Then school, level, pupils, seconds and the outcome stay."),
    "seat_intervals": N_("Then the outcome stays as it is and cannot be corrected any more."),
    "results": N_("No pupil's name is ever among it."),
}


def lines(language: str) -> list[tuple[str, str, str, str]]:
    """(kind, what it is, how long, note) of everything, in the table's order."""
    return [
        (
            what,
            translate(language, WHAT[what]),
            translate(language, PERIODS[period]),
            translate(language, NOTES.get(what, "")),
        )
        for what, period in KEPT.items()
    ]


def line(language: str, what: str) -> str:
    """One kind as a short sentence for the foot of a page."""
    period = translate(language, PERIODS[KEPT[what]])
    return f"{translate(language, WHAT[what])}: {period}."
